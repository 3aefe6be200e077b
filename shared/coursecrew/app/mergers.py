"""Teams with too few active members: proposed to each other, and joined when both agree.

A team below the smallest size is never taken apart by itself. Upkeep proposes to join two of them, or
an instructor proposes any two; more than half of the active members on both sides have to agree. After
three days the instructor decides.

What is joined and what is not: everybody of one team goes to the other, absent members too. The draft
of the team that keeps its name goes on; the other draft lies beside it, readable to those who were in
that team, and to staff. What was handed in, names, grades and given time stay as they are, and nobody
loses time they were promised.

Two teams may be joined while neither has handed in, in every activity that is still to close: what a
team handed in is not everybody's, and cannot be taken up again by others. Empty teams are not joined
with anybody; a team in which nobody is active is not proposed by itself, since nobody there is helped,
but an instructor may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coursecrew.app.absences import open_sets
from coursecrew.app.activities import activities_of, team_set_of
from coursecrew.app.bonds import end_bonds
from coursecrew.app.fitting import Fit, Room, at_work, fit_of, members_by_team
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    ASKINGS,
    DRAFTS,
    EXTENSIONS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGER_VOTES,
    MERGERS,
    TASKS,
    TEAM_SETS,
    TEAMS,
    WAITING,
    WORKS,
)
from coursecrew.app.sandbox import return_to_writers
from coursecrew.app.solo import solo_teams
from coursecrew.app.teams import members_of, participants_of, standing, team_here
from coursecrew.app.turns import end_turns
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, JoinRule
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Problem, StaleWrite
from coursecrew.domain.events import Kind
from coursecrew.domain.mergers import (
    DECIDE_WITHIN,
    SILENT,
    Merger,
    MergerState,
    MergerVote,
    has_majority,
    is_refused,
)
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.plans import TaskState
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState, words
from coursecrew.domain.teams import Happened, Membership, MembershipEvent, Team, TeamSet

MOST_SMALL = 200  # small teams looked at in one step of upkeep
MOST_AWAY = 1000  # inactive members looked at to find teams that shrank
WAITS = (MergerState.OPEN, MergerState.STAFF)
WAITING_STATES = [state.value for state in WAITS]
TRIES = 3


# --- which teams are too small ---


@dataclass(frozen=True)
class Small:
    """A team below the smallest size, and how many of its members are active."""

    team: Team
    active: int


def small_teams(unit: UnitOfWork, team_set: TeamSet, *, limit: int = MOST_SMALL) -> list[Small]:
    """Teams with fewer active members than the set asks for, by size; empty ones are left out.

    Six queries. Among very many inactive members the first thousand are looked at.
    """
    if team_set.min < 2:
        few: list[Team] = []
    else:
        few = unit.store.find(
            TEAMS, team_set=team_set.id, state="active", size=list(range(1, team_set.min)), order="size",
            limit=limit,
        )  # fmt: skip
    gone = unit.store.find(MEMBERSHIPS, team_set=team_set.id, active=False, limit=MOST_AWAY)
    away: dict[str, int] = {}
    for row in gone:
        away[row.team] = away.get(row.team, 0) + 1
    ids = sorted(set(away) - {team.id for team in few})
    more = unit.store.find(TEAMS, id=ids, limit=len(ids)) if ids else []
    shrunk = [team for team in more if team.state == "active" and team.size - away[team.id] < team_set.min]
    alone = solo_teams(unit, [team.id for team in (*few, *shrunk)])  # by decision: nothing is to be mended
    found = [
        Small(team, team.size - away.get(team.id, 0)) for team in (*few, *shrunk) if team.id not in alone
    ]
    return sorted(found, key=lambda one: (one.team.size, one.team.name_key))[:limit]


def count_small(unit: UnitOfWork, team_set: TeamSet) -> int:
    """How many teams are too small, as far as `small_teams` looks."""
    return len(small_teams(unit, team_set))


def count_waiting(unit: UnitOfWork, team_set: TeamSet) -> int:
    """How many proposals wait for the instructor."""
    return unit.store.count(MERGERS, team_set=team_set.id, state=MergerState.STAFF.value)


# --- looking at a proposal ---


@dataclass(frozen=True)
class Side:
    """One of the two teams of a proposal."""

    team: Team
    members: tuple[Membership, ...]
    yes: int
    no: int
    words: int  # in its draft here

    @property
    def active(self) -> int:
        """How many members have a say."""
        return sum(row.active for row in self.members)


@dataclass(frozen=True)
class MergerView:
    """A proposal with both teams and what was said; who said what is nobody's business but their own."""

    merger: Merger
    team: Side  # goes
    into: Side  # keeps its name
    people: Mapping[str, Participant]
    mine: bool | None = None  # what the reader said

    @property
    def size(self) -> int:
        """How many the joined team has."""
        return self.team.team.size + self.into.team.size

    @property
    def active(self) -> int:
        """How many of them are active."""
        return self.team.active + self.into.active


def merger_of(unit: UnitOfWork, team_id: str) -> Merger | None:
    """The proposal that waits about this team: two queries at most."""
    rows = unit.store.find(MERGERS, team=team_id, state=WAITING_STATES, limit=1)
    rows = rows or unit.store.find(MERGERS, into=team_id, state=WAITING_STATES, limit=1)
    return rows[0] if rows else None


def look_at_merger(unit: UnitOfWork, activity: Activity, merger: Merger, person: str = "") -> MergerView:
    """A proposal as those see it who have a say; rights are the caller's to check. Five queries."""
    ids = [merger.team, merger.into]
    rooms = members_by_team(unit, unit.store.find(TEAMS, id=ids, limit=2))
    votes = unit.store.find(MERGER_VOTES, merger=merger.id, limit=200)
    written = _words(unit, [activity.id], ids)
    people = participants_of(
        unit, activity.course, (row.person for rows in rooms.members.values() for row in rows)
    )

    def side(id: str) -> Side:
        return _side(rooms.teams[id], rooms.members[id], votes, written.get(id, 0))

    said = {vote.person: vote.agrees for vote in votes}
    return MergerView(merger, side(merger.team), side(merger.into), people, said.get(person))


def _side(team: Team, members: Sequence[Membership], votes: Iterable[MergerVote], written: int = 0) -> Side:
    counted = {row.person for row in members if row.active}
    said = [vote.agrees for vote in votes if vote.person in counted]
    return Side(team, tuple(members), sum(said), len(said) - sum(said), written)


def _words(unit: UnitOfWork, activities: Sequence[str], teams: Sequence[str]) -> dict[str, int]:
    """How many words stand in the newest drafts of these teams."""
    works = unit.store.find(WORKS, activity=list(activities), team=list(teams), limit=1000)
    team_of = {work.id: work.team for work in works}
    if not team_of:
        return {}
    counts: dict[str, int] = {}
    for draft in unit.store.find(DRAFTS, work=sorted(team_of), limit=len(team_of)):
        team = team_of[draft.work]
        counts[team] = counts.get(team, 0) + sum(words(text) for text in draft.texts.values())
    return counts


@dataclass(frozen=True)
class Effect:
    """What joining two teams does: sizes, scores (millionths, `None` where nothing is known), a warning."""

    team: Team
    into: Team
    size: int
    active: int
    before: tuple[int | None, int | None]
    after: int | None
    apart: bool  # somebody of one side stays apart from somebody of the other


def effect_of(unit: UnitOfWork, team_set: TeamSet, one: Team, other: Team) -> Effect:
    """What it would do to join two teams; which of them keeps its name is decided by what they wrote."""
    goes, stays = in_order(unit, team_set, one, other)
    rooms = members_by_team(unit, [goes, stays])
    active = {id: [row.person for row in rows if row.active] for id, rows in rooms.members.items()}
    fit = fit_of(unit, team_set, rooms.keys)
    mine, theirs = active[goes.id], active[stays.id]
    return Effect(
        goes,
        stays,
        goes.size + stays.size,
        len(mine) + len(theirs),
        (fit.score(mine), fit.score(theirs)),
        fit.score([*mine, *theirs]),
        fit.apart(rooms.keys[goes.id], rooms.keys[stays.id]),
    )


def in_order(unit: UnitOfWork, team_set: TeamSet, one: Team, other: Team) -> tuple[Team, Team]:
    """Which of two teams goes, and which keeps its name.

    The one with the newer submission keeps it, then the one with the larger draft, then the larger
    team, then the first by name.
    """
    ids = [activity.id for activity in activities_of(unit, team_set)]
    works = unit.store.find(WORKS, activity=ids, team=[one.id, other.id], limit=1000) if ids else []
    written = _words(unit, ids, [one.id, other.id]) if ids else {}

    def rank(team: Team) -> tuple[float, int, int]:
        pressed = [w.pressed_at.timestamp() for w in works if w.team == team.id and w.pressed_at]
        return max(pressed, default=0.0), written.get(team.id, 0), team.size

    stays, goes = sorted(sorted((one, other), key=lambda t: t.name_key), key=rank, reverse=True)
    return goes, stays


def partners(unit: UnitOfWork, team_set: TeamSet, team: Team, *, limit: int = 50) -> list[Team]:
    """Teams that this one could be joined with, the smallest first."""
    seats = team_set.max - team.size
    if seats < 1 or not team.size or team.id not in at_work(unit, team_set, [team.id], alone=True):
        return []
    found = unit.store.find(
        TEAMS, team_set=team_set.id, state="active", size=list(range(1, seats + 1)), order="size",
        limit=limit + 1,
    )  # fmt: skip
    others = [other for other in found if other.id != team.id]
    working = at_work(unit, team_set, [other.id for other in others], alone=True)
    return [other for other in others if other.id in working][:limit]


# --- proposing and deciding ---


def propose_merger(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, partner_id: str, *, why: str
) -> Merger:
    """Propose to both teams that they become one."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PROPOSE_MERGER)
    one, other = team_here(unit, activity, team_id), team_here(unit, activity, partner_id)
    if not why.strip():
        raise Invalid(Problem("why", "reason_missing"))
    return _propose(unit, activity, one, other, by=actor.person, why=why.strip()[:1000])


def _propose(
    unit: UnitOfWork, activity: Activity, one: Team, other: Team, *, by: str, why: str = ""
) -> Merger:
    team_set = team_set_of(unit, activity)
    _must_fit(unit, team_set, one, other)
    for team in (one, other):
        if merger_of(unit, team.id):
            raise Conflict("merger_open", name=team.name)
    team, into = in_order(unit, team_set, one, other)
    merger = unit.store.add(
        MERGERS,
        Merger(
            unit.new_id(), activity.id, team_set.id, team.id, into.id, MergerState.OPEN, unit.now,
            unit.now + DECIDE_WITHIN, by, why,
        ),
    )  # fmt: skip
    # Raises both versions: of two who propose for one team at once, the second comes again.
    for row in sorted((team, into), key=lambda row: row.id):
        unit.store.save(TEAMS, row)
    _tell(unit, activity, Kind.MERGER_PROPOSED, team, into, by=by, why=why, until=merger.until.isoformat())
    return merger


def _must_fit(unit: UnitOfWork, team_set: TeamSet, one: Team, other: Team) -> None:
    if one.id == other.id:
        raise Conflict("merger_same")
    for team in (one, other):
        if team.state != "active":
            raise NotFound("team")
        if not team.size:
            raise Conflict("merger_empty", name=team.name)
    if one.size + other.size > team_set.max:
        raise Conflict("merger_too_large", size=one.size + other.size, max=team_set.max)
    working = at_work(unit, team_set, [one.id, other.id], alone=True)
    for team in (one, other):
        if team.id not in working:
            raise Conflict("merger_handed_in", name=team.name)


def _tell(
    unit: UnitOfWork, activity: Activity, kind: Kind, team: Team, into: Team, *, by: str, **more: str
) -> None:
    """Tell both teams: one event, which names the members of the one beside the other."""
    unit.record(
        kind, activity=activity.id, course=activity.course, by=by, team=into.id,
        people=[row.person for row in members_of(unit, team.id)], name=into.name, other=team.name, **more,
    )  # fmt: skip


def decide_merger(
    unit: UnitOfWork, actor: Actor, activity_id: str, merger_id: str, *, agrees: bool
) -> Merger:
    """Say yes or no; the last yes that is needed joins the teams, and enough of a no ends it.

    Somebody who counts as inactive has no say until they are back.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    merger = _merger_here(unit, activity, merger_id)
    here = standing(unit, actor, activity)
    own = here.membership.team if here.membership else ""
    is_member = own in (merger.team, merger.into)
    require(actor, Action.DECIDE_MERGER, replace(here.subject, member=is_member))
    if here.membership and not here.membership.active:
        raise Conflict("back_first")
    if merger.state is not MergerState.OPEN or unit.now > merger.until:
        raise Conflict("merger_over", state=_over(merger))
    found = unit.store.find(MERGER_VOTES, merger=merger.id, person=actor.person, limit=1)
    if found:
        unit.store.save(MERGER_VOTES, replace(found[0], team=own, agrees=agrees, at=unit.now))
    else:
        unit.store.add(
            MERGER_VOTES, MergerVote(unit.new_id(), merger.id, own, actor.person, agrees, unit.now)
        )
    # Raises the version: of two who say the last word at once, one comes again and sees the other's.
    merger = unit.store.save(MERGERS, merger)
    return _counted(unit, activity, merger, by=actor.person)


def _over(merger: Merger) -> str:
    return MergerState.STAFF.value if merger.state is MergerState.OPEN else merger.state.value


def _counted(unit: UnitOfWork, activity: Activity, merger: Merger, *, by: str) -> Merger:
    """Do what the votes say, if they say anything yet."""
    votes = unit.store.find(MERGER_VOTES, merger=merger.id, limit=200)
    sides = [
        _side(unit.store.get(TEAMS, id), members_of(unit, id), votes) for id in (merger.team, merger.into)
    ]
    if all(has_majority(side.yes, side.active) for side in sides):
        return _merge(unit, activity, merger, by=by)
    if any(is_refused(side.no, side.active) for side in sides):
        return _refused(unit, activity, merger, by="", reason="")
    return merger


def _refused(unit: UnitOfWork, activity: Activity, merger: Merger, *, by: str, reason: str) -> Merger:
    team, into = unit.store.get(TEAMS, merger.team), unit.store.get(TEAMS, merger.into)
    _tell(unit, activity, Kind.MERGER_REFUSED, team, into, by=by, reason=reason)
    return unit.store.save(
        MERGERS, replace(merger, state=MergerState.REFUSED, decided_at=unit.now, decided_by=by)
    )


def settle_merger(
    unit: UnitOfWork, actor: Actor, activity_id: str, merger_id: str, *, join: bool, reason: str
) -> Merger:
    """The instructor's word: join the teams once their three days are over, or end it with a reason."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PROPOSE_MERGER)
    merger = _merger_here(unit, activity, merger_id)
    if merger.state not in WAITS:
        raise Conflict("merger_over", state=merger.state.value)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    if not join:
        return _refused(unit, activity, merger, by=actor.person, reason=reason.strip()[:1000])
    if unit.now <= merger.until:
        raise Conflict("merger_early", until=merger.until)
    return _merge(unit, activity, merger, by=actor.person)


def _merger_here(unit: UnitOfWork, activity: Activity, merger_id: str) -> Merger:
    merger = unit.store.get(MERGERS, merger_id)
    if merger.team_set != team_set_of(unit, activity).id:
        raise NotFound("merger")
    return merger


# --- joining ---


def _merge(unit: UnitOfWork, activity: Activity, merger: Merger, *, by: str) -> Merger:
    """Everybody of `team` goes to `into`; what each side wrote before stays where it is."""
    team_set = unit.store.get(TEAM_SETS, merger.team_set)
    locked = {id: unit.store.get(TEAMS, id, lock=True) for id in sorted((merger.team, merger.into))}
    team, into = locked[merger.team], locked[merger.into]
    open_ones = [a for a in activities_of(unit, team_set) if not a.window(Step.DRAFT).is_over(unit.now)]
    _hold_works(unit, open_ones, (team, into))
    _must_fit(unit, team_set, team, into)
    moving = members_of(unit, team.id)
    if len(moving) != team.size:
        raise StaleWrite()  # somebody came or went while this transaction had its own view
    people = [row.person for row in moving]
    end_turns(unit, team.id, people)
    for row in moving:
        unit.store.save(MEMBERSHIPS, replace(row, team=into.id, since=unit.now, asked_at=None, duty=""))
        for place, event in ((team.id, Happened.LEFT), (into.id, Happened.MERGED)):
            unit.store.add(
                MEMBERSHIP_EVENTS,
                MembershipEvent(unit.new_id(), team_set.id, place, row.person, event, unit.now, by, "merged"),
            )
    _keep_promised_time(unit, open_ones, team, people, by=by)
    _lay_down_work(unit, open_ones, team)
    _move_open_tasks(unit, open_ones, team, into)
    _close_what_waits(unit, team_set, team, merger)
    into = unit.store.save(
        TEAMS, replace(into, size=into.size + team.size, leader=into.leader or team.leader)
    )
    unit.store.save(TEAMS, replace(team, size=0, state="merged", merged_into=into.id, open=False))
    merger = unit.store.save(
        MERGERS, replace(merger, state=MergerState.DONE, decided_at=unit.now, decided_by=by)
    )
    unit.record(
        Kind.TEAMS_MERGED, activity=activity.id, course=activity.course, by=by, team=into.id,
        name=into.name, other=team.name,
    )  # fmt: skip
    return merger


def _hold_works(unit: UnitOfWork, activities: Sequence[Activity], teams: Sequence[Team]) -> None:
    """Hold the works, so that neither team hands in between being looked at and being joined."""
    if not activities:
        return
    works = unit.store.find(
        WORKS, activity=[a.id for a in activities], team=[team.id for team in teams], limit=1000
    )
    for id in sorted(work.id for work in works):
        unit.store.get(WORKS, id, lock=True)


def _keep_promised_time(
    unit: UnitOfWork, activities: Sequence[Activity], team: Team, people: Sequence[str], *, by: str
) -> None:
    """What time the team was given, its members keep, each for themselves."""
    if not activities:
        return
    ids = [activity.id for activity in activities]
    for given in unit.store.find(EXTENSIONS, activity=ids, team=team.id):
        for person in people:
            unit.store.add(
                EXTENSIONS,
                replace(given, id=unit.new_id(), team="", person=person, by=given.by or by, at=unit.now),
            )


def _lay_down_work(unit: UnitOfWork, activities: Sequence[Activity], team: Team) -> None:
    """Nothing has to be handed in any more by a team without members; its draft stays as it is."""
    if not activities:
        return
    ids = [activity.id for activity in activities]
    for work in unit.store.find(WORKS, activity=ids, team=team.id, state=WorkState.DRAFTING.value):
        unit.store.save(WORKS, replace(work, state=WorkState.EXCUSED, reason="merged"))


def _move_open_tasks(unit: UnitOfWork, activities: Sequence[Activity], team: Team, into: Team) -> None:
    """What is still to be done is done by the joined team; what was done stays with those who did it."""
    if not activities:
        return
    open_states = [state.value for state in TaskState if state is not TaskState.DONE]
    ids = [activity.id for activity in activities]
    for task in unit.store.find(TASKS, activity=ids, team=team.id, state=open_states, limit=1000):
        unit.store.save(TASKS, replace(task, team=into.id))


def _close_what_waits(unit: UnitOfWork, team_set: TeamSet, team: Team, merger: Merger) -> None:
    for waiting in unit.store.find(WAITING, team=team.id):
        unit.store.remove(WAITING, waiting.id)
        unit.store.add(
            MEMBERSHIP_EVENTS,
            MembershipEvent(
                unit.new_id(), team_set.id, team.id, waiting.person, Happened.DECLINED, unit.now, "", "merged"
            ),
        )
    for asking in unit.store.find(ASKINGS, team=team.id, state="open"):
        unit.store.save(ASKINGS, replace(asking, state="withdrawn"))
    end_bonds(unit, team.id)
    return_to_writers(unit, team.id)
    end_proposals(unit, [merger.team, merger.into], but=merger.id)


def end_proposals(unit: UnitOfWork, teams: Sequence[str], *, but: str = "") -> None:
    """Proposals about these teams no longer stand, but the one named: the teams have changed or gone."""
    ids = list(teams)
    waiting = {
        row.id: row
        for row in (
            *unit.store.find(MERGERS, team=ids, state=WAITING_STATES),
            *unit.store.find(MERGERS, into=ids, state=WAITING_STATES),
        )
        if row.id != but
    }
    for row in waiting.values():
        unit.store.save(MERGERS, replace(row, state=MergerState.MOOT, decided_at=unit.now))


# --- what time does by itself (called by upkeep) ---


def tend_mergers(ports: Ports, activities: Iterable[Activity]) -> int:
    """Propose where teams shrank, and let open proposals run out; returns how many changed."""
    changed = 0
    for team_set in open_sets(ports, activities):
        for one, other in _pairs(ports, team_set):
            changed += run(ports, _propose_by_itself, team_set, one, other)
    last: Merger | None = None
    while True:
        page = run(ports, _open_mergers, last)
        for merger in page:
            changed += run(ports, _tend, merger.id)
        if len(page) < MOST_SMALL:
            return changed
        last = page[-1]


def _open_mergers(unit: UnitOfWork, after: Merger | None) -> list[Merger]:
    return unit.store.find(MERGERS, state=MergerState.OPEN.value, after=after, limit=MOST_SMALL)


def _tend(unit: UnitOfWork, merger_id: str) -> int:
    """See whether an open proposal still makes sense, was agreed to meanwhile, or has run out."""
    merger = unit.store.get(MERGERS, merger_id)
    if merger.state is not MergerState.OPEN:
        return 0
    activity = unit.store.get(ACTIVITIES, merger.activity)
    team_set = unit.store.get(TEAM_SETS, merger.team_set)
    team, into = unit.store.get(TEAMS, merger.team), unit.store.get(TEAMS, merger.into)
    try:
        _must_fit(unit, team_set, team, into)
    except (Conflict, NotFound):
        fits = False
    else:
        fits = True
    small = any(
        sum(row.active for row in members_of(unit, id)) < team_set.min for id in (merger.team, merger.into)
    )
    if not fits or (not merger.by and not small):
        unit.store.save(MERGERS, replace(merger, state=MergerState.MOOT, decided_at=unit.now))
        return 1
    after = _counted(unit, activity, merger, by="")
    if after.state is not MergerState.OPEN:
        return 1
    if unit.now <= merger.until:
        return 0
    unit.store.save(MERGERS, replace(merger, state=MergerState.STAFF))
    unit.record(
        Kind.MERGER_WAITS, activity=activity.id, course=activity.course, by="", team=into.id,
        name=into.name, other=team.name,
    )  # fmt: skip
    return 1


def _propose_by_itself(unit: UnitOfWork, team_set: TeamSet, one: str, other: str) -> int:
    small = {row.team.id: row.team for row in small_teams(unit, team_set)}
    if one not in small or other not in small:
        return 0
    sharing = [a for a in activities_of(unit, team_set) if a.window(Step.DRAFT).is_open(unit.now)]
    if not sharing:
        return 0
    try:
        _propose(unit, sharing[0], small[one], small[other], by="")
    except (Conflict, NotFound):
        return 0  # somebody came or handed in meanwhile: nothing was written
    return 1


def _pairs(ports: Ports, team_set: TeamSet) -> list[tuple[str, str]]:
    """Which small teams to propose to each other: the engine's mending, whole teams only.

    Pairs that the seats of absent members do not allow, or that said no before, are kept apart and
    the others tried again.
    """
    found = run(ports, _mendable, team_set)
    if found is None:
        return []
    rooms, refused = found
    return run(ports, _mended, team_set, rooms, refused)


def _mendable(unit: UnitOfWork, team_set: TeamSet) -> tuple[Room, set[frozenset[str]]] | None:
    """Small teams that may be joined with others now, and the pairs of them that said no before."""
    rows = [row for row in small_teams(unit, team_set) if row.active]
    if len(rows) < 2:
        return None
    ids = [row.team.id for row in rows]
    working = at_work(unit, team_set, ids, alone=True)
    past = unit.store.find(MERGERS, team=ids, limit=10_000) + unit.store.find(MERGERS, into=ids, limit=10_000)
    waiting = {id for merger in past if merger.state in WAITS for id in (merger.team, merger.into)}
    refused = {frozenset((m.team, m.into)) for m in past if m.state is MergerState.REFUSED}
    rooms = members_by_team(unit, [row.team for row in rows if row.team.id in working - waiting])
    ripe = [id for id in rooms.teams if _is_ripe(unit, team_set, rooms.members[id])]
    if len(ripe) < 2:
        return None
    return Room({id: rooms.teams[id] for id in ripe}, {id: rooms.members[id] for id in ripe}), refused


def _is_ripe(unit: UnitOfWork, team_set: TeamSet, members: Sequence[Membership]) -> bool:
    """Whether a small team will not fill up by itself: teams are made, or nobody has come for a week."""
    if team_set.is_locked(unit.now) or team_set.join == JoinRule.FORMED.value:
        return True
    return all(unit.now - row.since >= SILENT for row in members)


def _mended(
    unit: UnitOfWork, team_set: TeamSet, rooms: Room, refused: set[frozenset[str]]
) -> list[tuple[str, str]]:
    fit = fit_of(unit, team_set, rooms.keys)
    left = {id: [row.person for row in rows if row.active] for id, rows in rooms.members.items()}
    chosen: list[tuple[str, str]] = []
    while len(left) > 1:
        pairs = _mended_once(fit, team_set, rooms, left, refused)
        if not pairs:
            break
        # Of several that would go to one team, one is proposed; the others are looked at again.
        for one, other in pairs:
            if one in left and other in left:
                chosen.append((one, other))
                del left[one], left[other]
    return chosen


def _mended_once(
    fit: Fit,
    team_set: TeamSet,
    rooms: Room,
    active: Mapping[str, Sequence[str]],
    refused: set[frozenset[str]],
) -> list[tuple[str, str]]:
    from coursecrew.domain.formation.repairing import make_scale, repair

    scale, away = fit.scale, set(refused)
    pairs: list[tuple[str, str]] = []
    for _ in range(TRIES):
        more = [(active[a][0], active[b][0]) for a, b in map(sorted, away) if a in active and b in active]
        tried = make_scale(
            scale.roster,
            replace(scale.rules, apart=(*scale.rules.apart, *more)),
            largest=team_set.max,
            figures=[criterion.figures for criterion in scale.criteria],
        )
        goals = {(move.source, move.target) for move in repair(tried, active, split=False).moves}
        bad = {pair for pair in goals if sum(rooms.teams[id].size for id in pair) > team_set.max}
        pairs = sorted(goals - bad)
        if not bad:
            break
        away |= {frozenset(pair) for pair in bad}
    return pairs
