"""Who did what in a team, in plain numbers beside each member's own words. Never a score."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app import contributions as acts
from coursecrew.app.contributions import Contributions, Line
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.people import Actor
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.plan import around, name_of


@dataclass(frozen=True)
class Shown:
    """One line of the log with the name of whom it is about."""

    line: Line
    name: str
    you: bool


def contributions(scene: Scene, request: Request) -> Response:
    """The log of one's own team, and the box for one's own words."""
    found = run(scene.ports, acts.own_contributions, scene.actor, scene.activity.id)
    return _page(scene, request, found, [Crumb(scene.reader.gettext("Who did what"))], may_write=True)


def of_team(scene: Scene, request: Request, id: str) -> Response:
    """A team's log, for the course staff."""
    found = run(scene.ports, acts.contributions_of, scene.actor, scene.activity.id, id)
    crumbs = around(scene, found.circle, scene.reader.gettext("Who did what"))
    return _page(scene, request, found, crumbs, may_write=False)


def _page(
    scene: Scene, request: Request, found: Contributions, crumbs: list[Crumb], *, may_write: bool
) -> Response:
    _, me = scene.reader.gettext, scene.actor.person
    own = next((line.remark for line in found.lines if line.person == me), "")
    return page(
        scene,
        request,
        "contributions.html",
        title=_("Who did what in %(name)s", name=found.circle.team.name),
        crumbs=crumbs,
        found=found,
        may_write=may_write,
        own=own,
        rows=[
            Shown(line, name_of(line.person, found.people, scene.reader), line.person == me)
            for line in found.lines
        ],
    )


def remark(scene: Scene, request: Request) -> Next:
    """Say something about one's own part."""
    reading = Reading(request, scene.reader)
    text = reading.text("remark", most=1000)
    reading.check()
    do(scene, request, write, text)
    return Next("contributions", scene.reader.gettext("Saved. It stands beside your numbers."))


def write(unit: UnitOfWork, actor: Actor, activity_id: str, text: str) -> bool:
    """Whether there is a remark now: a plain value, which a repeated request can be given again."""
    return acts.write_remark(unit, actor, activity_id, text) is not None


ROUTES = (
    get("contributions", contributions),
    post("contributions/remark", remark, form="contributions"),
    get("teams/<id>/contributions", of_team),
)
