"""People who come late, are away or come back, teams that become one, and whose names stand on a work."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app import latecomers, mergers
from coursecrew.app.absences import mark_by_hand, say_present
from coursecrew.app.activities import team_set_of
from coursecrew.app.bylines import Names, Round, correct_byline, look_at_names, settle_round
from coursecrew.app.latecomers import SeatFit
from coursecrew.app.left_teams import read_left_draft
from coursecrew.app.mergers import (
    Effect,
    MergerView,
    Small,
    decide_merger,
    effect_of,
    look_at_merger,
    partners,
    propose_merger,
    settle_merger,
    small_teams,
)
from coursecrew.app.records import ACTIVITIES, MERGERS, TEAMS
from coursecrew.app.teams import participant_of, place, team_here
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import NotFound
from coursecrew.domain.grading import Grade, GradeState
from coursecrew.domain.mergers import Merger, MergerState
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.submissions import words
from coursecrew.domain.teams import Team, TeamSet
from coursecrew.ui.changes import merger_said, score_said
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.charter import parts_of
from coursecrew.ui.screens.drafting import file_rows

LISTED = 50


# --- a learner's own presses ---


def present(scene: Scene, request: Request) -> Next:
    """ "I am still here", or "I am back"."""
    do(scene, request, say_present)
    return Next("team", scene.reader.gettext("You count as active in your team."))


def yes(scene: Scene, request: Request, merger: str) -> Next:
    """Say yes to two teams becoming one."""
    return _said(scene, do(scene, request, decide_merger, merger, agrees=True))


def no(scene: Scene, request: Request, merger: str) -> Next:
    """Say no to two teams becoming one."""
    return _said(scene, do(scene, request, decide_merger, merger, agrees=False))


def _said(scene: Scene, merger: Merger) -> Next:
    _ = scene.reader.gettext
    said = {
        MergerState.DONE: _("Enough of you said yes: the two teams are one now."),
        MergerState.REFUSED: _("Enough of you said no: the teams stay two."),
    }
    return Next("team", said.get(merger.state, _("Your answer is kept.")))


def before(scene: Scene, request: Request, id: str, version: str = "") -> Response:
    """What a team wrote that is part of another now, for those who were in it."""
    _, reader = scene.reader.gettext, scene.reader
    left = run(scene.ports, read_left_draft, scene.actor, scene.activity.id, id, version=version)
    title = _("What %(team)s wrote", team=left.team.name)
    home = [] if not scene.actor.is_staff else [Crumb(_("Teams"), "teams")]
    crumbs = [*home, Crumb(title, f"team/before/{id}" if version else "")]
    if version:
        crumbs.append(Crumb(_("Version %(number)s", number=left.draft.number)))
    return page(
        scene,
        request,
        "before.html",
        title=title if not version else crumbs[-1].text,
        crumbs=crumbs,
        left=left,
        line=_(
            "%(team)s became part of %(into)s on %(moment)s. Only those who were in it then, and the course "
            "staff, can read this.",
            team=left.team.name,
            into=left.into.name,
            moment=reader.moment(left.merged_at),
        ),
        versions=[
            (
                row,
                left.people[row.author].name if row.author in left.people else _("somebody"),
                sum(words(text) for text in row.texts.values()),
            )
            for row in ([] if version else left.versions)
        ],
        files=[] if version else file_rows(scene, left.files, left.people),
        charter=parts_of(scene.settings, left.charter) if left.charter and not version else [],
        posts=[
            (row, left.people[row.author].name if row.author in left.people else _("somebody"))
            for row in ([] if version else left.posts)
        ],
        back=f"team/before/{id}" if version else "teams" if scene.actor.is_staff else "draft",
    )


def before_version(scene: Scene, request: Request, id: str, version: str) -> Response:
    """One saved version of what such a team wrote."""
    return before(scene, request, id, version)


# --- people who came late ---


def late(scene: Scene, request: Request) -> Response:
    """People without a team, each with the teams that fit best."""
    _, reader = scene.reader.gettext, scene.reader
    found = run(scene.ports, latecomers.look_at_latecomers, scene.actor, scene.activity.id)
    pool = found.pool
    return page(
        scene,
        request,
        "late.html",
        title=_("People without a team"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Without a team"))],
        found=found,
        rows=[
            (row, [(seat, seat_said(seat, found.team_set, reader)) for seat in row.seats])
            for row in found.rows
        ],
        seated=sum(bool(row.seats) for row in found.rows),
        pool=pool,
        pool_names=reader.listed([person.name for person in pool.people]) if pool else "",
        pool_score=score_said(pool.score) if pool else "",
        pool_other=score_said(pool.alternative) if pool else "",
    )


def seat_said(seat: SeatFit, team_set: TeamSet, reader: Reader) -> str:
    """How full the team is, and what its score would do."""
    _ = reader.gettext
    full = _("%(size)s of %(max)s", size=seat.team.size, max=team_set.max)
    if seat.before is None or seat.after is None:
        return full
    return _(
        "%(full)s, score %(before)s → %(after)s",
        full=full, before=score_said(seat.before), after=score_said(seat.after),
    )  # fmt: skip


def late_place(scene: Scene, request: Request) -> Next:
    """Place one person in the team that was chosen for them."""
    reading = Reading(request, scene.reader)
    person, team = reading.text("person"), reading.text("team", required="not_a_choice")
    reading.check()
    placed = do(scene, request, place, person, team)
    return Next("teams/late", scene.reader.gettext("Placed in %(team)s; they are told.", team=placed.name))


def late_offer(scene: Scene, request: Request) -> Next:
    """Offer one person the seats that fit best."""
    number = do(scene, request, latecomers.offer_three, request.field("person"))
    n_ = scene.reader.ngettext
    return Next(
        "teams/late",
        n_("%(number)s seat is offered for 7 days.", "%(number)s seats are offered for 7 days.", number),
    )


def late_all(scene: Scene, request: Request) -> Next:
    """Place everybody who is listed by fit."""
    number = do(scene, request, latecomers.place_all)
    n_ = scene.reader.ngettext
    return Next(
        "teams/late", n_("%(number)s person has a team now.", "%(number)s people have a team now.", number)
    )


def late_pool(scene: Scene, request: Request) -> Next:
    """Make a new team of people without one."""
    people = Reading(request, scene.reader).many("person")
    team = do(scene, request, latecomers.make_pool_team, people)
    return Next("teams/late", scene.reader.gettext("%(team)s is made; they are told.", team=team.name))


# --- teams that become one ---


@dataclass(frozen=True)
class Overview:
    """Small teams, and proposals that wait."""

    team_set: TeamSet
    small: list[Small]
    open: list[tuple[Merger, Team, Team]]


def _read_overview(unit: UnitOfWork, actor: Actor, activity_id: str) -> Overview:
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PROPOSE_MERGER)
    team_set = team_set_of(unit, activity)
    rows = unit.store.find(MERGERS, team_set=team_set.id, state=mergers.WAITING_STATES, limit=LISTED)
    ids = {id for row in rows for id in (row.team, row.into)}
    teams = {team.id: team for team in unit.store.find(TEAMS, id=sorted(ids), limit=len(ids))} if ids else {}
    return Overview(
        team_set,
        small_teams(unit, team_set, limit=LISTED),
        sorted(((row, teams[row.team], teams[row.into]) for row in rows), key=lambda one: one[0].until),
    )


def overview(scene: Scene, request: Request) -> Response:
    """Teams below the smallest size, and proposals to join two of them."""
    _, reader = scene.reader.gettext, scene.reader
    found = run(scene.ports, _read_overview, scene.actor, scene.activity.id)
    waiting = {id for row, _team, _into in found.open for id in (row.team, row.into)}
    return page(
        scene,
        request,
        "mergers.html",
        title=_("Small teams"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Small teams"))],
        found=found,
        states=MergerState,
        waiting=waiting,
        reader_now=reader.now,
    )


def merger(scene: Scene, request: Request, id: str) -> Response:
    """One proposal, for the instructor to decide."""
    _, reader = scene.reader.gettext, scene.reader
    view, by, team_set = run(scene.ports, _read_merger, scene.actor, scene.activity.id, id)
    said = merger_said(view, reader, smallest=team_set.min, by=by.name if by else "", for_staff=True)
    title = _("%(team)s and %(into)s", team=view.team.team.name, into=view.into.team.name)
    waits = view.merger.state in mergers.WAITS
    return page(
        scene,
        request,
        "merger.html",
        title=title,
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Small teams"), "teams/mergers"), Crumb(title)],
        merger=said,
        waits=waits,
        may_join=waits and reader.now > view.merger.until,
        outcome=_outcome(view.merger, reader),
    )


def _outcome(merger: Merger, reader: Reader) -> str:
    _ = reader.gettext
    moment = reader.moment(merger.decided_at) if merger.decided_at else ""
    return {
        MergerState.DONE: _("The teams became one on %(moment)s.", moment=moment),
        MergerState.REFUSED: _("Refused on %(moment)s; the teams stay two.", moment=moment),
        MergerState.MOOT: _("It no longer stands: one of the teams has changed."),
    }.get(merger.state, "")


def _read_merger(
    unit: UnitOfWork, actor: Actor, activity_id: str, merger_id: str
) -> tuple[MergerView, Participant | None, TeamSet]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PROPOSE_MERGER)
    team_set = team_set_of(unit, activity)
    row = unit.store.get(MERGERS, merger_id)
    if row.team_set != team_set.id:
        raise NotFound("merger")
    by = participant_of(unit, activity.course, row.by) if row.by else None
    return look_at_merger(unit, activity, row), by, team_set


def settle(scene: Scene, request: Request, id: str) -> Next:
    """Join the two teams, or refuse, with a reason."""
    reading = Reading(request, scene.reader)
    reason = reading.text("reason", required="reason_missing", most=1000)
    reading.check()
    join = request.field("act") == "join"
    done = do(scene, request, settle_merger, id, join=join, reason=reason)
    _ = scene.reader.gettext
    said = _("The two teams are one now.") if done.state is MergerState.DONE else _("Refused; both are told.")
    return Next("teams/mergers", said)


@dataclass(frozen=True)
class Choice:
    """A team, the teams it could be joined with, and what joining with one of them would do."""

    team: Team
    team_set: TeamSet
    partners: list[Team]
    effect: Effect | None
    open: Merger | None


def _read_choice(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, partner: str) -> Choice:
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PROPOSE_MERGER)
    team = team_here(unit, activity, team_id)
    team_set = team_set_of(unit, activity)
    others = partners(unit, team_set, team, limit=LISTED)
    chosen = next((other for other in others if other.id == partner), None)
    effect = effect_of(unit, team_set, team, chosen) if chosen else None
    return Choice(team, team_set, others, effect, mergers.merger_of(unit, team.id))


def choose_partner(scene: Scene, request: Request, id: str) -> Response:
    """Choose a team to join with, see what that does, and propose it."""
    _ = scene.reader.gettext
    wanted = request.query.get("with", "") or request.field("partner")
    found = run(scene.ports, _read_choice, scene.actor, scene.activity.id, id, wanted)
    effect = found.effect
    title = _("Join %(team)s with another team", team=found.team.name)
    return page(
        scene,
        request,
        "merge_team.html",
        title=title,
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(found.team.name, f"teams/{id}"), Crumb(_("Join"))],
        found=found,
        effect=effect,
        other=next((t for t in (effect.team, effect.into) if t.id != id), None) if effect else None,
        scores=[score_said(score) for score in (*effect.before, effect.after)] if effect else [],
    )


def propose(scene: Scene, request: Request, id: str) -> Next:
    """Propose to both teams that they become one."""
    reading = Reading(request, scene.reader)
    partner = reading.text("partner", required="not_a_choice")
    why = reading.text("why", required="reason_missing", most=1000)
    reading.check()
    made = do(scene, request, propose_merger, id, partner, why=why)
    _ = scene.reader.gettext
    return Next(
        "teams/mergers",
        _("Both teams are asked until %(moment)s.", moment=scene.reader.moment(made.until)),
    )


# --- who is away ---


def mark(scene: Scene, request: Request, id: str) -> Next:
    """Say by hand that a member is away, or here."""
    reading = Reading(request, scene.reader)
    person = reading.text("member", required="not_a_choice")
    reason = reading.text("reason", required="reason_missing", most=255)
    reading.check()
    marked = do(
        scene, request, mark_by_hand, id, person, active=request.field("state") == "here", reason=reason
    )
    _ = scene.reader.gettext
    said = _("Counts as active again.") if marked.active else _("Counts as inactive; the team is told.")
    return Next(f"teams/{id}", said)


# --- whose names stand on a work ---


def names(scene: Scene, request: Request, id: str) -> Response:
    """Whose names stand on a team's work, and what the round means for members who are not named."""
    _, reader = scene.reader.gettext, scene.reader
    found = run(scene.ports, look_at_names, scene.actor, scene.activity.id, id)
    title = _("Names on the work of %(team)s", team=found.team.name)

    def line(person: str) -> tuple[str, str, str]:
        known = found.people.get(person)
        return person, known.name if known else _("former member"), _grade_said(found, person, reader)

    return page(
        scene,
        request,
        "names.html",
        title=title,
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(found.team.name, f"teams/{id}"), Crumb(_("Names"))],
        found=found,
        named=[line(person) for person in found.named],
        beside=[line(person) for person in found.beside],
        rounds=Round,
    )


def _grade_said(found: Names, person: str, reader: Reader) -> str:
    _ = reader.gettext
    grade: Grade | None = found.grades.get(person)
    if grade is None or grade.state is GradeState.PROVISIONAL:
        return _("no grade yet")
    if grade.state is GradeState.EXCUSED or grade.total is None:
        return _("excused")
    value = reader.grade(grade.total)
    if grade.released_at:
        return _("%(grade)s, released", grade=value)
    return _("%(grade)s, not released", grade=value)


def take_off(scene: Scene, request: Request, id: str) -> Next:
    """Take a name off the work."""
    reading = Reading(request, scene.reader)
    person = reading.text("person", required="not_a_choice")
    reason = reading.text("reason", required="reason_missing", most=255)
    reading.check()
    do(scene, request, _corrected, id, person, named=False, reason=reason)
    return Next(f"teams/{id}/names", scene.reader.gettext("Taken off; grades are made again."))


def settle_names(scene: Scene, request: Request, id: str) -> Next:
    """Add a member to the names, excuse them, or count the round as missed."""
    reading = Reading(request, scene.reader)
    person = reading.text("member", required="not_a_choice")
    choice = reading.choice("choice", Round)
    reason = reading.text("why", required="reason_missing", most=255)
    reading.check()
    do(scene, request, _settled, id, person, choice, reason=reason)
    _ = scene.reader.gettext
    said = {
        Round.ADD: _("The name stands on the work; grades are made again."),
        Round.EXCUSE: _("Excused from this work; they are told."),
        Round.MISSED: _("Counts as missed; they are told."),
    }
    return Next(f"teams/{id}/names", said[choice])


def _corrected(
    unit: UnitOfWork, actor: Actor, activity_id: str, team: str, person: str, *, named: bool, reason: str
) -> int:
    """How many grades a correction made again: an answer that a repeated request can be given again."""
    return len(correct_byline(unit, actor, activity_id, team, person, named=named, reason=reason))


def _settled(
    unit: UnitOfWork, actor: Actor, activity_id: str, team: str, person: str, choice: Round, *, reason: str
) -> int:
    return len(settle_round(unit, actor, activity_id, team, person, choice, reason=reason))


ROUTES = (
    post("team/present", present, form="team"),
    post("merger/<merger>/yes", yes, form="team"),
    post("merger/<merger>/no", no, form="team"),
    get("team/before/<id>", before),
    get("team/before/<id>/<version>", before_version),
    get("teams/late", late),
    post("teams/late/place", late_place, form="teams/late"),
    post("teams/late/offer", late_offer, form="teams/late"),
    post("teams/late/all", late_all, form="teams/late"),
    post("teams/late/pool", late_pool, form="teams/late"),
    get("teams/mergers", overview),
    get("teams/mergers/<id>", merger),
    post("teams/mergers/<id>/settle", settle, form="teams/mergers/<id>"),
    get("teams/<id>/merge", choose_partner),
    post("teams/<id>/merge", propose, form="teams/<id>/merge"),
    post("teams/<id>/presence", mark, form="teams/<id>"),
    get("teams/<id>/names", names),
    post("teams/<id>/names/off", take_off, form="teams/<id>/names"),
    post("teams/<id>/names/settle", settle_names, form="teams/<id>/names"),
)
