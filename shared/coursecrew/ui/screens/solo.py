"""Alone in a team: how one wants to go on, and what the instructor decides."""

from __future__ import annotations

from coursecrew.app import solo as acts
from coursecrew.app.solo import Alone
from coursecrew.app.teams import Standing, members_of, standing
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.solo import Wanted
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Wait
from coursecrew.ui.scene import Scene


def _alone(unit: UnitOfWork, actor: Actor, activity: Activity) -> tuple[Standing, Alone]:
    here = standing(unit, actor, activity)
    require(actor, Action.ASK_SOLO, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    found = acts.alone_in(unit, here.team, members_of(unit, here.team.id), actor.person)
    if found is None:
        raise Conflict("solo_not_yet")
    return here, found


def form(scene: Scene, request: Request) -> Response:
    """How somebody alone wants to go on."""
    _ = scene.reader.gettext
    here, alone = run(scene.ports, _alone, scene.actor, scene.activity)
    title = _("How do you want to go on?")
    return page(
        scene,
        request,
        "alone.html",
        title=title,
        crumbs=[Crumb(title)],
        here=here,
        alone=alone,
        choices=[
            (Wanted.SOLO.value, _("Alone"), _("The same task and rubric; your grade counts like any other.")),
            (Wanted.MERGE.value, _("With another team"), _("The course staff look for a team with room.")),
        ],
    )


def ask(scene: Scene, request: Request) -> Next:
    """Say so."""
    reading = Reading(request, scene.reader)
    wanted, why = reading.choice("wanted", Wanted), reading.text("why", most=1000)
    reading.check()
    asked = do(scene, request, acts.ask_solo, wanted, why=why)
    _ = scene.reader.gettext
    return Next(
        "team",
        _(
            "The course staff are told. If nobody decides until %(until)s, you go on alone.",
            until=scene.reader.moment(asked.until),
        ),
    )


# --- the instructor ---


def asks(scene: Scene, request: Request) -> Response:
    """People alone in a team who wait for a decision."""
    reader = scene.reader
    _, n_ = reader.gettext, reader.ngettext
    rows, more = run(
        scene.ports, acts.open_asks, scene.actor, scene.activity.id, after=request.query.get("after", "")
    )
    panel = Panel(
        _("Your next step"),
        n_("Decide for %(number)s person", "Decide for %(number)s people", len(rows))
        if rows
        else _("Nobody waits for you"),
        [_("They have been alone in a team for 5 days. Without a decision they go on alone.")]
        if rows
        else [_("Somebody alone in a team for 5 days may ask here how to go on.")],
        [],
        [
            Wait(
                _("Whoever goes on alone has the same task and rubric, and a grade as valid as any."),
                sign="info",
                quiet=True,
            )
        ],
    )
    return page(
        scene,
        request,
        "asks_alone.html",
        title=_("Alone in a team"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Alone in a team"))],
        panel=panel,
        rows=rows,
        wants={
            Wanted.SOLO: _("wants to go on alone"),
            Wanted.MERGE: _("wants to go on with another team"),
        },
        more=rows[-1].ask.id if more else "",
    )


def decide(scene: Scene, request: Request, ask: str) -> Next:
    """Decide for one person."""
    reading = Reading(request, scene.reader)
    decided = reading.choice("decided", Wanted)
    reading.check()
    row = do(scene, request, acts.decide_solo, ask, decided)
    _ = scene.reader.gettext
    if decided is Wanted.MERGE:
        return Next(f"teams/{row.team}", _("Decided. Now propose a team to join this one with."))
    return Next("teams/alone", _("Decided: they go on alone, and are told."))


ROUTES = (
    get("team/alone", form),
    post("team/alone", ask, form="team/alone"),
    get("teams/alone", asks),
    post("teams/alone/<ask>/decide", decide, form="teams/alone"),
)
