"""Choosing an activity from the platform: a teacher names one, the platform gets its link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request
from joserfc import jwt

from coursecrew.domain.people import Role
from coursecrew.ui.reader import translations
from coursecrew_lti import places
from coursecrew_lti import registration as registrations
from coursecrew_lti.browser import Session
from coursecrew_lti.launch import CLAIM, Rejected
from coursecrew_lti.messages import as_uuid, checked_kind
from coursecrew_lti.pages import language, log, page, refuse, tool
from coursecrew_lti.registration import CUSTOM, Registration
from coursecrew_lti.tool import Tool
from coursecrew_lti.views import held_session

PICKER = Blueprint("picker", __name__)
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MAXIMUM = 100
LASTS = 300


@PICKER.post("/lti/pick")
def pick() -> Response:
    """Make the activity that was named, and send its link back to the platform."""
    this, session = tool(), held_session()
    if session is None or session.kind != places.PICKER or session.course is None:
        return refuse(Rejected("state_unknown"), "pick")
    g.language = session.language or None
    if session.role not in (Role.INSTRUCTOR, Role.AUTHOR):
        return refuse(Rejected("not_a_teacher"), "pick")
    title = " ".join(request.form.get("title", "").split())[:200]
    kind = checked_kind(request.form.get("kind", ""))
    wanted = request.form.get("act", "add") != "cancel" and bool(title)
    with this.begin() as connection:
        registration = registrations.get(connection, session.registration)
        if registration is None or not registration.active:
            return refuse(Rejected("registration_disabled"), "pick")
        items = []
        if wanted:
            place = places.pick_place(
                connection, registration=session.registration, course=session.course, title=title,
                kind=kind, ids=this.ids, now=this.wall(),
            )  # fmt: skip
            items.append(content_item(place.item, title, kind))
    log("pick", "accepted", registration=registration.id, items=len(items))
    return _back(this, session, registration, items)


def content_item(item: str, title: str, kind: str) -> dict[str, Any]:
    """The link as the platform keeps it.

    Our id in `custom` is the only thing that survives a course copy on every platform; the sort beside
    it is for a course that is restored at another site, where nobody knows the id. There is no `url`:
    Moodle would bind the link by matching addresses instead of by our registration.
    """
    return {
        "type": "ltiResourceLink",
        "title": title,
        "custom": {"coursecrew_item": as_uuid(item), "coursecrew_kind": kind, **CUSTOM},
        "lineItem": {
            "label": title,
            "scoreMaximum": MAXIMUM,
            "resourceId": as_uuid(item),
            "tag": places.TOTAL,
        },
    }


def response_token(
    this: Tool, session: Session, registration: Registration, items: list[dict[str, Any]]
) -> str:
    """The signed answer; `data` goes back as it came, and not at all where none came."""
    settings: Mapping[str, Any] = session.message["deep_linking"]
    key, now = this.signing_key(), int(this.wall().timestamp())
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": now,
        "exp": now + LASTS,
        "nonce": secrets.token_hex(16),
        CLAIM + "deployment_id": session.message["deployment"],
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        DL + "content_items": items,
    }
    if settings.get("data") is not None:
        claims[DL + "data"] = settings["data"]
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)


def _back(this: Tool, session: Session, registration: Registration, items: list[dict[str, Any]]) -> Response:
    _ = translations(language()).gettext
    address = session.message["deep_linking"]["deep_link_return_url"]
    g.frames = session.message.get("frames", [])
    g.hands_over = True
    return page(
        "returned.html",
        title=_("Back to your course") if items else _("Nothing was added."),
        action=address,
        jwt=response_token(this, session, registration, items),
    )
