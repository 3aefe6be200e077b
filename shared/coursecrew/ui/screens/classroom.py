"""Teams as the course staff see them: place, move, split, import, export, extend, excuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from coursecrew.app.absences import Away, away
from coursecrew.app.activities import team_set_of
from coursecrew.app.charters import CharterView, charter_of, signed_counts
from coursecrew.app.exchange import Plan, Rejected, Row, apply_import, export_teams, plan_import, read_rows
from coursecrew.app.mergers import merger_of
from coursecrew.app.records import ACTIVITIES, ROLE_TURNS, TEAMS
from coursecrew.app.solo import solo_teams
from coursecrew.app.submissions import WorkView, excuse, extend, look_at_work
from coursecrew.app.team_roles import TURNS_SHOWN
from coursecrew.app.teams import (
    TeamRow,
    all_memberships,
    decide_name,
    make_team,
    participants_of,
    place,
    split_evenly,
    take_out,
    team_here,
    team_rows,
    unplaced,
)
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.charters import RoleTurn
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.mergers import Merger
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, is_allowed, require
from coursecrew.domain.teams import Team, TeamSet
from coursecrew.ui.changes import away_said
from coursecrew.ui.errors import say_problem
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.charter import parts_of, record_rows, signatures, standing
from coursecrew.ui.screens.workspace import space_part

PAGE = 50


@dataclass(frozen=True)
class Teams:
    """A page of teams, and the first people without one."""

    team_set: TeamSet
    rows: list[TeamRow]
    without: list[Participant]
    choices: list[TeamRow]  # teams that somebody may be placed in, smallest first
    signed: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # team -> signed of active members
    held: list[Team] = field(default_factory=list)  # names that wait for staff


def read_teams(unit: UnitOfWork, actor: Actor, activity_id: str, after: str) -> Teams:
    """The teams' page: a fixed number of queries."""
    require(actor, Action.LOOK_AT_TEAMS)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team_set = team_set_of(unit, activity)
    last = unit.store.get(TEAMS, after) if after else None
    only = actor.limited_to
    rows = team_rows(unit, activity.course, team_set, after=last, limit=PAGE, only=only)
    smallest = unit.store.find(TEAMS, team_set=team_set.id, state="active", order="size", limit=PAGE)
    return Teams(
        team_set,
        rows,
        [] if only else unplaced(unit, activity, team_set, limit=PAGE),
        [TeamRow(team, (), ()) for team in smallest if team.has_room(team_set)],
        signed=signed_counts(unit, rows) if activity.settings.charter.parts else {},
        held=held_names(unit, actor, team_set),
    )


def held_names(unit: UnitOfWork, actor: Actor, team_set: TeamSet) -> list[Team]:
    """Teams whose name or motto waits for staff, as far as this actor may decide."""
    some: dict[str, Any] = {"id": list(actor.limited_to)} if actor.limited_to else {}
    return unit.store.find(TEAMS, team_set=team_set.id, held=True, limit=PAGE, **some)


def teams(scene: Scene, request: Request) -> Response:
    """All teams, and who has none."""
    found = run(scene.ports, read_teams, scene.actor, scene.activity.id, request.query.get("after", ""))
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "teams.html",
        title=_("Teams"),
        crumbs=[Crumb(_("Teams"))],
        found=found,
        may_place=is_allowed(scene.actor, Action.PLACE_PEOPLE),
        more=found.rows[-1].team.id if len(found.rows) == PAGE else "",
    )


def place_now(scene: Scene, request: Request) -> Next:
    """Put somebody without a team into one."""
    reading = Reading(request, scene.reader)
    person, team = (
        reading.text("person", required="not_a_choice"),
        reading.text("team", required="not_a_choice"),
    )
    reading.check()
    placed = do(scene, request, place, person, team)
    return Next("teams", scene.reader.gettext("Placed in %(team)s.", team=placed.name))


def make(scene: Scene, request: Request) -> Next:
    """Make an empty team."""
    made = do(scene, request, make_team, name=request.field("name"))
    return Next("teams", scene.reader.gettext("%(team)s is there, still empty.", team=made.name))


def split(scene: Scene, request: Request) -> Next:
    """Place everybody without a team by lot."""
    made = do(scene, request, split_count)
    n_ = scene.reader.ngettext
    return Next("teams", n_("%(number)s team made.", "%(number)s teams made.", made))


def split_count(unit: UnitOfWork, actor: Actor, activity_id: str) -> int:
    """How many teams a split made: an answer that a repeated request can be given again."""
    return len(split_evenly(unit, actor, activity_id))


# --- one team ---


@dataclass(frozen=True)
class Agreed:
    """What staff see of a team's charter and of who had which role."""

    charter: CharterView
    turns: list[RoleTurn]
    people: Mapping[str, Participant]


def read_agreed(unit: UnitOfWork, actor: Actor, activity: Activity, team: Team) -> Agreed:
    """A team's charter and roles beside its members: a fixed number of queries."""
    charter = charter_of(unit, actor, activity, team)
    turns = unit.store.find(ROLE_TURNS, team=team.id, order="newest", limit=TURNS_SHOWN)
    keys = {turn.person for turn in turns} | set(charter.signed or ())
    return Agreed(charter, turns, participants_of(unit, activity.course, keys))


def read_team(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> tuple[WorkView, Teams]:
    """A team with its work, and where its members could go."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    team_set = team_set_of(unit, activity)
    require(actor, Action.LOOK_AT_TEAMS, Subject(team=team_id))
    others = unit.store.find(TEAMS, team_set=team_set.id, state="active", order="size", limit=PAGE)
    rows = [TeamRow(other, (), ()) for other in others if other.has_room(team_set) and other.id != team_id]
    return look_at_work(unit, activity, team), Teams(team_set, [], [], rows)


@dataclass(frozen=True)
class Changed:
    """What the team's page says about members who are away, and about joining with another team."""

    away: Mapping[str, str]  # inactive member -> since when, and why
    into: Team | None  # the team that it is part of now
    small: bool  # too few active members
    proposal: Merger | None


def read_changed(unit: UnitOfWork, view: WorkView, team_set: TeamSet) -> tuple[dict[str, Away], Changed]:
    """Who is away since when, and whether a proposal about the team waits: four queries at most."""
    merged = unit.store.get(TEAMS, view.team.merged_into) if view.team.merged_into else None
    small = bool(view.members) and len(view.active) < team_set.min
    small = small and view.team.id not in solo_teams(unit, [view.team.id])
    return away(unit, view.members), Changed({}, merged, small, merger_of(unit, view.team.id))


def team(scene: Scene, request: Request, id: str) -> Response:
    """One team: members to move, more time, excuse."""
    view, found = run(scene.ports, read_team, scene.actor, scene.activity.id, id)
    agreed = run(scene.ports, read_agreed, scene.actor, scene.activity, view.team)
    gone, changed = run(scene.ports, read_changed, view, found.team_set)
    charter = agreed.charter
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "classroom_team.html",
        title=view.team.name,
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(view.team.name)],
        view=view,
        found=found,
        changed=replace(changed, away={person: away_said(one, scene.reader) for person, one in gone.items()}),
        may_place=is_allowed(scene.actor, Action.PLACE_PEOPLE),
        may_open=not view.submission and view.draft.number > 0 and is_allowed(scene.actor, Action.OPEN_DRAFT),
        may_extend=is_allowed(scene.actor, Action.EXTEND),
        space=space_part(scene, id),
        charter=charter,
        charter_now=standing(charter, scene.reader),
        charter_parts=parts_of(scene.settings, charter.version),
        signatures=signatures(charter.signed or {}, agreed.people, scene.reader),
        unsigned=scene.reader.listed(
            [view.people[key].name for key in charter.missing if key in view.people]
        ),
        record=record_rows(agreed.turns, agreed.people, scene.reader),
        window=view.deadlines.base.extended(*(e for e in view.deadlines.extensions if e.team)),
        extension_name=lambda e: (
            view.people[e.person].name if e.person in view.people else _("the whole team")
        ),
    )


def move(scene: Scene, request: Request, id: str) -> Next:
    """Move a member to another team, or take them out."""
    reading = Reading(request, scene.reader)
    person, target = (
        reading.text("person", required="not_a_choice"),
        reading.text("to", required="not_a_choice"),
    )
    reason = reading.text("reason", most=255)
    run(scene.ports, team_here, scene.activity, id)
    reading.check()
    _ = scene.reader.gettext
    if target == "none":
        do(scene, request, take_out, person, reason=reason)
        return Next(f"teams/{id}", _("Taken out. What was handed in stays readable to them."))
    placed = do(scene, request, place, person, target, reason=reason)
    return Next(f"teams/{id}", _("Moved to %(team)s.", team=placed.name))


def more_time(scene: Scene, request: Request, id: str) -> Next:
    """Give the team or one member a later due time."""
    reading = Reading(request, scene.reader)
    due, reason, who = reading.moment("due"), reading.text("reason", most=255), reading.text("who")
    run(scene.ports, team_here, scene.activity, id)
    if due is None:
        reading.problems.append(Problem("due", "not_a_time"))
        raise Invalid(*reading.problems)
    reading.check()
    given = do(scene, request, extend, team="" if who else id, person=who, due=due, reason=reason)
    _ = scene.reader.gettext
    return Next(f"teams/{id}", _("More time given: due %(when)s now.", when=scene.reader.moment(given.due)))


def decide(scene: Scene, request: Request, id: str) -> Next:
    """Pass or reject a name or motto that was held."""
    accept = request.field("act") == "pass"
    team = do(scene, request, decide_name, id, accept=accept)
    _ = scene.reader.gettext
    if accept:
        return Next("teams", _("Passed. The team is called %(name)s now.", name=team.name))
    return Next("teams", _("Not passed. The team is told, and may choose another."))


def excuse_now(scene: Scene, request: Request, id: str) -> Next:
    """Excuse the team from this assignment."""
    do(scene, request, excuse, id, reason=request.field("reason"))
    return Next(f"teams/{id}", scene.reader.gettext("Excused. Nothing has to be handed in."))


# --- CSV ---


def exchange(scene: Scene, request: Request) -> Response:
    """Import and export, before a file was read."""
    require(scene.actor, Action.PLACE_PEOPLE)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "teams_csv.html",
        title=_("Teams from a file"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("From a file"))],
        plan=None,
        text="",
        rejected=[],
        names={},
    )


def import_file(scene: Scene, request: Request) -> Response | Next:
    """Dry run of a file, or, when its plan was confirmed, the import itself."""
    require(scene.actor, Action.PLACE_PEOPLE)
    uploads = [upload for upload in request.files.get("file", ()) if upload.name]
    content = uploads[0].content.read() if uploads else request.field("text").encode()
    if not content.strip():
        raise Invalid(Problem("file", "file_missing"))
    rows = read_rows(content)
    people = _resolved(scene, rows)
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    if request.field("act") == "apply":
        moved = do(scene, request, apply_count, rows, people)
        return Next("teams", n_("%(number)s person placed.", "%(number)s people placed.", moved))
    plan: Plan = run(scene.ports, plan_import, scene.actor, scene.activity.id, rows, people)
    return page(
        scene,
        request,
        "teams_csv.html",
        title=_("Teams from a file"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("From a file"))],
        plan=plan,
        text=content.decode("utf-8-sig"),
        rejected=[rejection(one, scene.reader) for one in plan.rejected],
        names={person: user for user, person in people.items() if person},
    )


def apply_count(
    unit: UnitOfWork, actor: Actor, activity_id: str, rows: list[Row], people: Mapping[str, str | None]
) -> int:
    """How many people an import placed."""
    return len(apply_import(unit, actor, activity_id, rows, people).moves)


def _resolved(scene: Scene, rows: list[Row]) -> dict[str, str | None]:
    course = scene.activity.course
    return {
        user: scene.ports.people.person_for(course, user) for user in {row.user for row in rows if row.user}
    }


def rejection(one: Rejected, reader: Reader) -> str:
    """Why a line of the file cannot be taken, with its row."""
    why = say_problem(Problem("file", one.code, one.values), reader)
    return reader.gettext("Row %(row)s: %(why)s", row=one.row.number, why=why)


def export(scene: Scene, request: Request) -> Response:
    """The teams as a CSV file."""

    def write(unit: UnitOfWork, actor: Actor) -> list[str]:
        require(actor, Action.LOOK_AT_TEAMS)
        return [row.person for row in all_memberships(unit, team_set_of(unit, scene.activity).id)]

    keys = run(scene.ports, write, scene.actor)
    handles = scene.ports.people.handles(scene.activity.course, keys)
    body = run(scene.ports, export_teams, scene.actor, scene.activity.id, handles)
    headers = {
        "Content-Disposition": 'attachment; filename="teams.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(body, kind="text/csv; charset=utf-8", headers=headers)


ROUTES = (
    get("teams", teams),
    post("teams/place", place_now, form="teams"),
    post("teams/make", make, form="teams"),
    post("teams/split", split, form="teams"),
    get("teams/file", exchange),
    post("teams/file", import_file, form="teams/file"),
    get("teams/export", export),
    get("teams/<id>", team),
    post("teams/<id>/move", move, form="teams/<id>"),
    post("teams/<id>/extend", more_time, form="teams/<id>"),
    post("teams/<id>/excuse", excuse_now, form="teams/<id>"),
    post("teams/<id>/name", decide, form="teams"),
)
