"""Pages of the tool's own, outside the element: refusals, the page of a launch, the picker."""

from __future__ import annotations

import base64
import logging
import secrets
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, g, render_template, request

from coursecrew.ui.reader import N_, direction, translations
from coursecrew_lti.launch import Rejected

if TYPE_CHECKING:
    from coursecrew_lti.tool import Tool

LOG = logging.getLogger("coursecrew.launch")

# What a teacher reads: what happened, and what to do. Codes not named here are answered by the last.
CLOCKS = N_("Your learning platform’s clock and ours are too far apart, or you waited too long.")
OPEN_AGAIN = N_("Go back to your course and open it from there.")
ASK_ADMIN = N_("Ask the people who run your learning platform, and show them this page.")
SAID = {
    "state_missing": (N_("This page is opened from a course, not by its address."), OPEN_AGAIN),
    "state_unknown": (N_("This opening was used before, or waited too long."), OPEN_AGAIN),
    "nonce": (N_("This opening was used before, or waited too long."), OPEN_AGAIN),
    "token_missing": (N_("Your learning platform did not say who you are."), OPEN_AGAIN),
    "oidc_error": (N_("Your learning platform did not let you in here."), OPEN_AGAIN),
    "browser_mismatch": (
        N_("Your browser kept back the note by which we know that it was you who opened this."),
        N_("Many browsers do so inside the frame of another page. In a window of its own it works."),
    ),
    "deployment_unknown": (
        N_("Your learning platform is known here, but this place in it is not let in yet."),
        N_("Whoever runs this tool sees the request and can let it in."),
    ),
    "registration_unknown": (N_("This learning platform is not known here."), ASK_ADMIN),
    "registration_disabled": (N_("This learning platform is switched off here."), ASK_ADMIN),
    "jwks_unavailable": (
        N_("Your learning platform did not give us the keys to check who you are."),
        N_("It may be busy. Open it again from your course in a few minutes."),
    ),
    "exp": (CLOCKS, OPEN_AGAIN),
    "iat": (CLOCKS, OPEN_AGAIN),
    "message_type": (
        N_("Your learning platform asked for something that Coursecrew does not offer."),
        N_("It offers team assignments, and choosing one for a course."),
    ),
    "sub_missing": (
        N_("Your learning platform did not say who you are."),
        N_("If its privacy settings hold back the id of a person, an administrator has to allow it."),
    ),
    "too_many": (N_("Many people are coming in at this moment."), N_("Wait a minute and open it again.")),
    "invite": (N_("This registration address was used before, or is too old."), N_("Ask for a new one.")),
    "": (N_("What your learning platform sent does not hold together, so nobody was let in."), ASK_ADMIN),
}  # fmt: skip


def tool() -> Tool:
    """The tool behind this request."""
    found: Tool = current_app.extensions["coursecrew"]
    return found


def language() -> str:
    """The language of this request's page: the launch's, else the browser's."""
    chosen: str | None = g.get("language")
    return chosen or request.accept_languages.best or "en"


def reference() -> str:
    """A short word by which this request is found in the log."""
    if "reference" not in g:
        g.reference = base64.b32encode(secrets.token_bytes(5)).decode()
    word: str = g.reference
    return word


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """A whole page in the reader's language."""
    catalogue = translations(language())
    body = render_template(
        template,
        _=catalogue.gettext,
        language=language(),
        direction=direction(language()),
        nonce=script_nonce,
        **values,
    )
    return Response(body, status, mimetype="text/html", headers={"Cache-Control": "private, no-store"})


def script_nonce() -> str:
    """What the one script inside a page must carry."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    nonce: str = g.nonce
    return nonce


def refuse(rejected: Rejected, event: str, **more: Any) -> Response:
    """The page of a refused login or launch, and its one line in the log."""
    log(event, "refused", reason=rejected.code, status=rejected.status, **rejected.about)
    g.frames = None  # it does nothing, and has to be readable wherever it appears
    happened, after = SAID.get(rejected.code, SAID[""])
    catalogue = translations(language())
    answer = page(
        "refused.html",
        status=rejected.status,
        happened=catalogue.gettext(happened),
        after=catalogue.gettext(after),
        code=rejected.code,
        reference=reference(),
        **{"again": None, "return_url": "", **more},
    )
    if rejected.status == 429:
        answer.headers["Retry-After"] = "60"
    return answer


def log(event: str, result: str, **about: Any) -> None:
    """One line for one decision, in the form `name=value`."""
    tool().counts[event, result, str(about.get("reason", ""))] += 1
    level = logging.INFO if result == "accepted" else logging.WARNING
    told = " ".join(f"{name}={_quoted(value)}" for name, value in about.items() if value not in ("", None))
    LOG.log(level, "event=%s result=%s %s reference=%s", event, result, told, reference())


def _quoted(value: object) -> str:
    """A value that cannot break the line or pretend to be another field."""
    text = "".join(sign if sign.isprintable() else "?" for sign in str(value))[:200]
    return '"' + text.replace('"', "'") + '"' if " " in text or "=" in text or '"' in text else text
