"""What screens are made with: `page` renders a part, `do` acts once for each request key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from coursecrew.app.teams import participant_of
from coursecrew.app.unit_of_work import UnitOfWork, once, run
from coursecrew.domain.errors import Refusal
from coursecrew.domain.people import Actor
from coursecrew.ui.errors import Explained, explain
from coursecrew.ui.forms import Fields
from coursecrew.ui.http import Request, Response
from coursecrew.ui.render import render
from coursecrew.ui.scene import Scene

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Crumb:
    """A step of the way back; the last one has no path."""

    text: str
    path: str = ""


def page(
    scene: Scene,
    request: Request,
    template: str,
    *,
    title: str,
    eyebrow: str = "",
    crumbs: Sequence[Crumb] = (),
    **values: Any,
) -> Response:
    """A screen's part. Templates get `values` beside `scene`, `reader`, `settings`, `fields`, `refusal`.

    `crumbs` lead back to the activity, whose title stands first by itself; the first screen of an
    activity has an `eyebrow` instead.
    """
    refusal = explained(scene, scene.refusal) if scene.refusal else None
    typed = request.form if scene.refusal else {}
    home = Crumb(scene.settings.title or scene.reader.gettext("The activity"), "")
    body = render(
        scene,
        template,
        title=title,
        eyebrow=eyebrow,
        crumbs=[home, *crumbs] if crumbs else [],
        fields=Fields(typed, refusal.fields if refusal else {}),
        refusal=refusal,
        query=request.query,
        **values,
    )
    return Response(body, status=refusal.status if refusal else 200, headers=_NOT_KEPT)


def refusal_page(scene: Scene, refusal: Refusal) -> Response:
    """A refusal that has no form to go back to."""
    said = explained(scene, refusal)
    body = render(
        replace(scene, refusal=None),
        "refusal.html",
        title=said.happened,
        eyebrow="",
        crumbs=[],
        fields=Fields(),
        refusal=None,
        said_next=said.next,
        query={},
    )
    headers = {**_NOT_KEPT}
    if refusal.code == "slow_down":
        headers["Retry-After"] = str(refusal.values.get("seconds", 1))
    return Response(body, status=said.status, headers=headers)


def explained(scene: Scene, refusal: Refusal) -> Explained:
    """The refusal in words, with the name of whoever it speaks of instead of their key."""
    key = refusal.values.get("by")
    if not key:
        return explain(refusal, scene.reader)
    participant = run(scene.ports, participant_of, scene.placed.course, key)
    return explain(refusal, scene.reader, by=participant.name if participant else "")


def do(
    scene: Scene,
    request: Request,
    use_case: Callable[Concatenate[UnitOfWork, Actor, str, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a use case on the scene's activity once for the form's request key.

    The key is bound to the path, so that it cannot call up the answer of another act.
    """
    return once(
        scene.ports, scene.actor.person, press_key(request), use_case, scene.actor, scene.activity.id,
        *args, **kwargs,
    )  # fmt: skip


def press_key(request: Request) -> str:
    """The form's request key, bound to its path; "" for a form without one."""
    key = request.field("request_key")
    return hashlib.sha256(f"{request.path}\n{key}".encode()).hexdigest() if key else ""


# What one person reads is for them alone, also on a shared machine.
_NOT_KEPT = {"Cache-Control": "private, no-store"}
