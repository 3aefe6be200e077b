"""From a path to its screen: `serve` is what every host calls, for every request.

How to add a screen
-------------------
1. A screen is a function `(scene, request, **params)` in a module of `ui/screens`.
   - A GET screen reads with `run(scene.ports, use_case, …)` and returns
     `page(scene, request, "file.html", title=…, …)`; `page` is in `ui/pages.py`. It changes nothing.
   - A POST screen reads its form with `Reading(request, scene.reader)` (`ui/forms.py`), acts with
     `do(scene, request, use_case, …)` (`ui/pages.py`), which uses the form's request key, and
     returns `Next("path/to/show", _("Saved."))`; `serve` shows that path in the same answer.
2. The module lists them: `ROUTES = (get("people", people), post("people/name", name, form="people"))`,
   and `SCREENS` below names the module. `<id>` in a path is one segment, passed on by that name;
   it may stand in `form`, too.
3. A refusal needs no code in a screen: use cases raise it. On a POST, `serve` renders `form` again
   with the refusal's status; templates show fields through `fields`, which prefers typed text to
   stored text and knows each field's error, and may look at `refusal`. On a GET it becomes a page.
4. Sentences: `_ = scene.reader.gettext` in Python, `_("…")` in templates; `ui/errors.py` has every
   sentence that says no. `templates/_macros.html` has the components; each form starts with
   `{{ m.key() }}` (the request key). Links inside are `href="#/people"`, anchors `href="#field-x"`.
5. A new or changed sentence: run `python -m tests.write_catalogue`; a test says if you forgot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from coursecrew.app.activities import Entered, Placed, acting_as, enter
from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, Settings, from_document
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew.ui.http import Next, Request, Response, Route
from coursecrew.ui.pages import refusal_page
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens import (
    alerts,
    appeals,
    changes,
    charter,
    check_in,
    classroom,
    contributions,
    discussion,
    drafting,
    forming,
    identity,
    mentoring,
    moderation,
    opening,
    people,
    plan,
    platform_groups,
    practice,
    privacy,
    reminding,
    review_answer,
    review_desk,
    review_feedback,
    review_room,
    reviewing,
    rubric_files,
    sandbox,
    scoring,
    settings,
    solo,
    submission,
    survey,
    survey_builder,
    teaching,
    team,
    why_team,
)

SCREENS: tuple[ModuleType, ...] = (
    team,
    why_team,
    changes,
    charter,
    drafting,
    submission,
    privacy,
    settings,
    rubric_files,
    teaching,
    scoring,
    people,
    plan,
    check_in,
    discussion,
    contributions,
    identity,
    forming,
    survey,
    survey_builder,
    mentoring,
    reminding,
    sandbox,
    alerts,
    solo,
    platform_groups,
    opening,
    reviewing,
    review_desk,
    review_feedback,
    review_answer,
    review_room,
    moderation,
    practice,
    appeals,
    classroom,
)
ROUTES: tuple[Route, ...] = tuple(route for module in SCREENS for route in module.ROUTES)
# First words of paths that are there for every kind of activity, and those of a peer review alone.
FOR_BOTH = frozenset(
    {"settings", "people", "privacy", "grades", "release", "result", "notices", "unsubscribe"}
)
# Where everybody hands in a work of their own in a peer review, these, too.
FOR_WRITING = frozenset(
    {"draft", "here", "versions", "files", "hand-in", "confirm", "take-back", "submission", "late"}
)
FOR_REVIEWS = frozenset({"reviews", "feedback", "room", "practice", "appeals"})
BEFORE_PUBLISHING = frozenset(
    {"team", "reviews", "privacy", "privacy/read"}
)  # "team" says that it is not ready
_SEGMENT = re.compile(r"<(\w+)>")
_PATTERNS: Mapping[Route, re.Pattern[str]] = {
    route: re.compile(_SEGMENT.sub(r"(?P<\1>[\\w.:~-]{1,80})", route.path)) for route in ROUTES
}
_LIGHT = {route: pattern for route, pattern in _PATTERNS.items() if route.light}


def serve(scene: Scene, request: Request) -> Response:
    """Answer one request of one person: enter the activity, find the screen, show or do.

    Every refusal becomes a page; every other exception is a fault and leaves to the host, which
    answers with `errors.fault`.
    """
    request = replace(request, path=request.path.strip("/"))
    arrived = scene
    try:
        light = _light(scene, request)
        if light:
            return light
        scene = _entered(scene)
        if not (request.method == "POST" and scene.actor.looks_on):  # who looks on is told that first
            _must_be_ready(scene, request.path or start(scene))
        path = request.path or start(scene)
        if path == "team" and scene.activity.kind == PEER_REVIEW and scene.settings.review.own_works:
            path = "reviews"
        route, values = _find(request.method, path)
        _must_be_of_its_kind(scene, route)
        if route.method == "POST":
            return _act(arrived, scene, request, route, values)
        return _show(scene, request, path)
    except Refusal as refusal:
        return refusal_page(replace(scene, path=request.path), refusal)


def _must_be_ready(scene: Scene, path: str) -> None:
    """Before it is published, learners see that it is not ready and nothing beyond: no screen of theirs
    may make a team set, say, by being looked at."""
    actor = scene.actor
    runs_it = actor.is_staff or actor.may_author or actor.role in (Role.AUTHOR, Role.ADMIN)
    if not (scene.activity.is_visible or runs_it or path in BEFORE_PUBLISHING):
        raise Conflict("not_published")


def start(scene: Scene) -> str:
    """The path where this person begins."""
    if scene.shell.in_studio:
        return "settings"
    if scene.activity.kind == PEER_REVIEW:
        rules = scene.settings.review
        if scene.actor.is_staff and not (rules.of or rules.own_works):
            return "settings"  # nothing is chosen yet that could be reviewed
        return "room" if scene.actor.is_staff else "reviews"
    return "teaching" if scene.actor.is_staff else "team"


def _must_be_of_its_kind(scene: Scene, route: Route) -> None:
    """Each kind of activity has screens of its own; a guessed path of another kind leads nowhere."""
    first = route.path.partition("/")[0]
    own_works = scene.activity.kind == PEER_REVIEW and scene.settings.review.own_works
    if first in FOR_BOTH or (own_works and first in FOR_WRITING):
        return
    if (first in FOR_REVIEWS) is not (scene.activity.kind == PEER_REVIEW):
        raise NotFound("page")


def _light(scene: Scene, request: Request) -> Response | None:
    """The answer of a screen that enters no activity; `None` for all others."""
    for route, pattern in _LIGHT.items():
        match = pattern.fullmatch(request.path)
        if match and route.method == request.method:
            answer: Response = route.screen(scene, request, **match.groupdict())
            return answer
    return None


def _show(scene: Scene, request: Request, path: str) -> Response:
    """The GET screen of a path."""
    if path == "team" and scene.activity.kind == PEER_REVIEW and scene.settings.review.own_works:
        path = "reviews"  # where screens of writing lead back to
    route, values = _find("GET", path)
    _must_be_of_its_kind(scene, route)
    answer: Response = route.screen(replace(scene, path=path), request, **values)
    return answer


def _act(arrived: Scene, scene: Scene, request: Request, route: Route, values: Mapping[str, str]) -> Response:
    """Do what a POST asks, then show the next path; on a refusal, the form again as it was typed.

    `arrived` is the scene as the host gave it. Entering again starts from there: a role that was
    named in this course must not come back as if the platform had told it.
    """
    try:
        if scene.actor.looks_on:
            # The host may let staff look on under a learner's own key.
            raise NotAllowed("look_on")
        answer: Next | Response = route.screen(replace(scene, path=request.path), request, **values)
    except Refusal as refusal:
        return _form_again(arrived, request, route, values, refusal)
    if isinstance(answer, Response):
        return answer
    fresh = replace(_entered(arrived), said=answer.said)
    return _show(fresh, Request("GET", answer.path), answer.path or start(fresh))


def _form_again(
    scene: Scene, request: Request, route: Route, values: Mapping[str, str], refusal: Refusal
) -> Response:
    path = _SEGMENT.sub(lambda match: values[match[1]], route.form)
    scene = replace(_entered(scene), refusal=refusal, posted=request.path)
    try:
        return _show(scene, replace(request, method="GET", path=path), path)
    except Refusal as closed:
        # Whoever may not even see the form (or found it gone) reads the first reason, but not what
        # was wrong in a form that is not theirs.
        first = closed if isinstance(refusal, Invalid) else refusal
        return refusal_page(replace(scene, path=request.path), first)


def _find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    wanted = "POST" if method == "POST" else "GET"
    for route, pattern in _PATTERNS.items():
        match = pattern.fullmatch(path)
        if match and route.method == wanted:
            return route, match.groupdict()
    raise NotFound("page")


def _entered(scene: Scene) -> Scene:
    """The scene with the activity as it is now, and the actor with rights named in this course."""
    entrance = _look_in if scene.shell.in_studio else enter
    entered = run(scene.ports, entrance, scene.actor, scene.placed)
    return replace(scene, actor=acting_as(scene.actor, entered.participant), entered=entered)


def _look_in(unit: UnitOfWork, actor: Actor, placed: Placed) -> Entered:
    """In an editing tool: the document being edited, over what is in force; nothing is written.

    A draft that an author has not published must not take effect, and an author opening an editor
    is not somebody who came into the course.
    """
    found = unit.store.find(ACTIVITIES, course=placed.course, place=placed.place, limit=1)
    try:
        settings = from_document(placed.wish or {})
    except Invalid:
        settings = found[0].settings if found else Settings(title=placed.title)
    activity = (
        found[0] if found else Activity("", placed.course, placed.place, placed.name, placed.kind, settings)
    )
    return Entered(replace(activity, settings=settings), None, None)
