"""Members who are not seen: asked after a week, inactive three days later, back with one press.

Inactive means that nobody waits for them: they need not confirm, and stand unticked in the list of
names when work is handed in. They stay members, and nothing of theirs is touched.

A membership is one for all activities that share a team set, and so is the question: a visit to any
of them answers it, and nobody is asked twice. Upkeep reads a set page by page and changes one member
in one transaction, after looking again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.activities import activities_of
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, MEMBERSHIP_EVENTS, MEMBERSHIPS, TEAM_SETS, TEAMS, VISITS, WORKS
from coursecrew.app.teams import mark_presence, participants_of, standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.mergers import Presence, presence_due
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Happened, Membership, TeamSet

PAGE = 200
AT_WORK = (WorkState.DRAFTING, WorkState.CONFIRMING)


# --- what people press ---


def say_present(unit: UnitOfWork, actor: Actor, activity_id: str) -> Membership:
    """ "I am still here", or "I am back": the question is settled, and the person counts again."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, Action.SAY_PRESENT, here.subject)
    if here.membership is None:
        raise NotFound("own_team")
    if not here.membership.active:
        return mark_presence(unit, activity, here.membership, active=True, by=actor.person)
    if here.membership.asked_at is not None:
        return unit.store.save(MEMBERSHIPS, replace(here.membership, asked_at=None))
    return here.membership


def mark_by_hand(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, person: str, *, active: bool, reason: str
) -> Membership:
    """Staff say that a member is away, or back, with a reason that only staff read."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team = team_here(unit, activity, team_id)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    rows = unit.store.find(MEMBERSHIPS, team_set=team.team_set, person=person, limit=1)
    if not rows or rows[0].team != team.id:
        raise NotFound("person")
    if rows[0].active == active:
        return rows[0]
    return mark_presence(unit, activity, rows[0], active=active, by=actor.person, reason=reason.strip())


@dataclass(frozen=True)
class Away:
    """Since when a member is inactive, and why."""

    since: datetime
    reason: str
    by: str


def away(unit: UnitOfWork, members: Sequence[Membership]) -> dict[str, Away]:
    """Since when the inactive among these members of one team are, by person: one query at most."""
    gone = [row.person for row in members if not row.active]
    if not gone:
        return {}
    rows = unit.store.find(
        MEMBERSHIP_EVENTS,
        team_set=members[0].team_set, person=gone, event=Happened.INACTIVE.value, limit=1000,
    )  # fmt: skip
    found: dict[str, Away] = {}
    for row in sorted(rows, key=lambda row: row.at):
        found[row.person] = Away(row.at, row.reason, row.actor)
    return found


# --- what time does by itself (called by upkeep) ---


def look_for_absent(ports: Ports, activities: Iterable[Activity]) -> int:
    """Ask, mark and clear where it is due, in every team set somebody works with; returns how many."""
    now = ports.clock.now()
    changed = 0
    for team_set in open_sets(ports, activities):
        last: Membership | None = None
        while True:
            page, due = run(ports, _page, team_set, now, last)
            for membership in due:
                changed += run(ports, _settle, team_set, membership.id)
            if len(page) < PAGE:
                break
            last = page[-1]
    return changed


def open_sets(ports: Ports, activities: Iterable[Activity]) -> list[TeamSet]:
    """The team sets of activities whose draft step is open now, each once."""
    now = ports.clock.now()
    names = dict.fromkeys(
        (activity.course, activity.settings.teams.name)
        for activity in activities
        if activity.window(Step.DRAFT).is_open(now)
    )
    found: list[TeamSet] = []
    for course, name in names:
        found += run(ports, _sets_called, course, name)
    return found


def _sets_called(unit: UnitOfWork, course: str, name: str) -> list[TeamSet]:
    return unit.store.find(TEAM_SETS, course=course, name=name, limit=1)


def _page(
    unit: UnitOfWork, team_set: TeamSet, now: datetime, after: Membership | None
) -> tuple[list[Membership], list[Membership]]:
    """A page of members, and those for whom something is due: a fixed number of queries."""
    page = unit.store.find(MEMBERSHIPS, team_set=team_set.id, after=after, limit=PAGE)
    active = [row for row in page if row.active]
    due = _due(unit, team_set, active, now)
    return page, [row for row in active if due[row.id] is not Presence.FINE]


def _due(
    unit: UnitOfWork, team_set: TeamSet, members: Sequence[Membership], now: datetime
) -> dict[str, Presence]:
    if not members:
        return {}
    activities = activities_of(unit, team_set)
    people = participants_of(unit, team_set.course, (row.person for row in members))
    began = _working_since(unit, team_set, activities, {row.team for row in members}, now)
    seen: dict[str, datetime] = {}
    ids = [activity.id for activity in activities]
    for visit in unit.store.find(
        VISITS, activity=ids, person=[row.person for row in members], limit=len(ids) * len(members) or 1
    ):
        seen[visit.person] = max(visit.last_at, seen.get(visit.person, visit.last_at))
    return {
        row.id: presence_due(
            since=row.since,
            asked_at=row.asked_at,
            seen_at=seen.get(row.person),
            working_since=began.get(row.team),
            now=now,
        )
        if row.person in people and people[row.person].takes_part
        else Presence.FINE
        for row in members
    }


def _working_since(
    unit: UnitOfWork, team_set: TeamSet, activities: Sequence[Activity], teams: set[str], now: datetime
) -> Mapping[str, datetime]:
    """Since when each team has something to do; a team that has handed everything in is left out.

    So is somebody who works alone where that is allowed: nobody waits for them.
    """
    writing = [activity for activity in activities if activity.window(Step.DRAFT).is_open(now)]
    if not writing:
        return {}
    ids = [activity.id for activity in writing]
    works = unit.store.find(WORKS, activity=ids, team=sorted(teams), limit=len(ids) * len(teams) * 4)
    done = {(work.activity, work.team) for work in works if work.state not in AT_WORK}
    rows = unit.store.find(TEAMS, id=sorted(teams), limit=len(teams))
    result: dict[str, datetime] = {}
    for team in rows:
        if team.size < 2 and team_set.min < 2:
            continue
        begun = [_opened(activity) for activity in writing if (activity.id, team.id) not in done]
        moments = [moment for moment in begun if moment is not None]
        if moments:
            result[team.id] = min(moments)
    return result


def _opened(activity: Activity) -> datetime | None:
    """When the draft step opened to learners."""
    moments = [m for m in (activity.window(Step.DRAFT).opens, activity.published_at) if m is not None]
    return max(moments, default=None)


def _settle(unit: UnitOfWork, team_set: TeamSet, membership_id: str) -> bool:
    """Look once more at one member, and do what is due; whether something was."""
    rows = unit.store.find(MEMBERSHIPS, id=membership_id, limit=1)
    if not rows or not rows[0].active:
        return False
    membership = rows[0]
    due = _due(unit, team_set, [membership], unit.now)[membership.id]
    if due is Presence.FINE:
        return False
    if due is Presence.SEEN:
        unit.store.save(MEMBERSHIPS, replace(membership, asked_at=None))
        return True
    writing = [a for a in activities_of(unit, team_set) if a.window(Step.DRAFT).is_open(unit.now)]
    if due is Presence.GONE:
        mark_presence(unit, writing[0], membership, active=False, by="", reason="not seen")
        return True
    team = unit.store.get(TEAMS, membership.team)
    unit.store.save(MEMBERSHIPS, replace(membership, asked_at=unit.now))
    unit.record(
        Kind.ABSENCE_ASKED, activity=writing[0].id, course=writing[0].course, by="", team=team.id,
        people=[membership.person], name=team.name,
    )  # fmt: skip
    return True
