"""Signs that a team needs help: looked for by upkeep in chunks, seen to by the course staff.

What a sign rests on is computed here from rows that the team's own pages show, too. Nothing of the
sandbox is among them, and no single answer of a check-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coursecrew.app.check_ins import open_period, summaries_of
from coursecrew.app.plans import states_of
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    ALERTS,
    EFFORTS,
    EXTENSIONS,
    MEMBERSHIPS,
    TEAM_SETS,
    TEAMS,
    VISITS,
    WATCHES,
    WORKS,
)
from coursecrew.app.solo import solo_teams
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.alerts import LOOK_EVERY, REST, Alert, AlertState, Sign, TeamFacts, Watch, signs
from coursecrew.domain.errors import AlreadyDecided, NotFound
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import Work, WorkState
from coursecrew.domain.teams import Membership, Team, TeamSet

CHUNK = 100  # teams of one step
PAGE = 50
OPEN = "open"
KEPT = [one.value for one in (AlertState.OPEN, AlertState.FALSE, AlertState.RESOLVED)]


# --- looking ---


def look_for_signs(ports: Ports, activities: Iterable[Activity]) -> int:
    """Look at the teams of these activities, each activity once an hour; returns how many alerts changed.

    Each chunk of teams is one transaction, so that a large class holds nobody up.
    """
    changed = 0
    for activity in activities:
        if not run(ports, _begin, activity.id):
            continue
        last: Team | None = None
        while True:
            page, more = run(ports, _look, activity, last)
            changed += more
            if len(page) < CHUNK:
                break
            last = page[-1]
    return changed


def _begin(unit: UnitOfWork, activity_id: str) -> bool:
    """Whether it is time to look at an activity again; two workers at once look once."""
    found = unit.store.find(WATCHES, activity=activity_id, limit=1)
    if not found:
        unit.store.add(WATCHES, Watch(unit.new_id(), activity_id, unit.now))
        return True
    if unit.now - found[0].at < LOOK_EVERY:
        return False
    unit.store.save(WATCHES, replace(found[0], at=unit.now))
    return True


def _look(unit: UnitOfWork, activity: Activity, after: Team | None) -> tuple[list[Team], int]:
    sets = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    if not sets:
        return [], 0
    page = unit.store.find(TEAMS, team_set=sets[0].id, state="active", after=after, limit=CHUNK)
    if not page:
        return [], 0
    ids = [team.id for team in page]
    facts = _facts(unit, activity, sets[0], page)
    kept = unit.store.find(ALERTS, activity=activity.id, team=ids, state=KEPT, limit=len(ids) * 100)
    changed = 0
    for team in page:
        own = [row for row in kept if row.team == team.id]
        changed += _settle(unit, activity, sets[0], team, facts[team.id], own)
    return page, changed


def _settle(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, team: Team, facts: TeamFacts, own: list[Alert]
) -> int:
    """Bring a team's alerts in line with what is seen: new ones, and those that went away."""
    wrong: dict[Sign, int] = {}
    for row in own:
        if row.state is AlertState.FALSE:
            wrong[row.sign] = wrong.get(row.sign, 0) + 1
    found = signs(facts, unit.now, wrong)
    open_ = {row.sign: row for row in own if row.state is AlertState.OPEN}
    changed = 0
    for sign, values in found.items():
        if sign in open_:
            if open_[sign].values != values:
                unit.store.save(ALERTS, replace(open_[sign], values=values))
            continue
        if not _rests(own, sign, unit.now):
            unit.store.add(
                ALERTS,
                Alert(
                    unit.new_id(), activity.id, team_set.id, team.id, sign, AlertState.OPEN, OPEN, unit.now,
                    values,
                ),
            )  # fmt: skip
            changed += 1
    for sign, row in open_.items():
        if sign not in found:
            over = replace(row, state=AlertState.OVER, slot=row.id, decided_at=unit.now)
            unit.store.save(ALERTS, over)
            changed += 1
    return changed


def _rests(own: Sequence[Alert], sign: Sign, now: datetime) -> bool:
    """Whether somebody saw to this sign so lately that it is left alone."""
    times = [row.decided_at for row in own if row.sign is sign and row.state is AlertState.RESOLVED]
    return any(moment is not None and now - moment < REST for moment in times)


def _facts(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, page: Sequence[Team]
) -> dict[str, TeamFacts]:
    """What is known about these teams: a fixed number of queries, and one a team for check-ins."""
    ids = [team.id for team in page]
    seats = sum(team.size for team in page) + CHUNK
    rows = unit.store.find(MEMBERSHIPS, team=ids, limit=seats)
    people = sorted({row.person for row in rows})
    visits = unit.store.find(VISITS, activity=activity.id, person=people, limit=len(people)) if people else []
    seen = {row.person: row.last_at for row in visits}
    works = _latest(unit.store.find(WORKS, activity=activity.id, team=ids, order="latest", limit=CHUNK * 5))
    edits = unit.store.find(EFFORTS, activity=activity.id, team=ids, limit=seats * 4)
    alone = solo_teams(unit, ids)
    longer = unit.store.find(EXTENSIONS, activity=activity.id, team=ids, limit=1000)
    plans = states_of(unit, activity, ids) if activity.settings.milestones else {}
    base = activity.window(Step.DRAFT)
    checks = open_period(activity, unit.now) is not None
    found = {}
    for team in page:
        members = [row for row in rows if row.team == team.id]
        inside = {row.person for row in members}
        work = works.get(team.id)
        window = base.extended(*(row for row in longer if row.team == team.id))
        writing = (work is None or work.state is WorkState.DRAFTING) and window.is_open(unit.now)
        mean, before = _means(unit, activity, team, members) if checks and len(members) > 2 else (None, None)
        found[team.id] = TeamFacts(
            draft_open=activity.is_visible and writing,
            last_seen=_last_seen(members, seen, work, window.opens),
            edits={row.person: row.edits for row in edits if row.team == team.id and row.person in inside},
            members=tuple(row.person for row in members),
            inactive=tuple(row.person for row in members if not row.active),
            least=team_set.min,
            solo=team.id in alone,
            mean=mean,
            mean_before=before,
            overdue=_overdue(plans.get(team.id)),
        )
    return found


def _latest(works: Iterable[Work]) -> dict[str, Work]:
    found: dict[str, Work] = {}
    for work in works:
        found.setdefault(work.team, work)
    return found


def _last_seen(
    members: Sequence[Membership], seen: Mapping[str, datetime], work: Work | None, opens: datetime | None
) -> datetime | None:
    """When anybody of the team was last here; waiting for the draft to open is no silence."""
    times = [row.since for row in members]
    times += [seen[row.person] for row in members if row.person in seen]
    times += [moment for moment in (work.edited_at if work else None, opens) if moment]
    return max(times, default=None)


def _means(
    unit: UnitOfWork, activity: Activity, team: Team, members: Sequence[Membership]
) -> tuple[float | None, float | None]:
    """The mean of the latest check-in that may be told, and of the one before."""
    people = [row.person for row in members]  # as the pages wait for them
    told = [row for row in summaries_of(unit, activity, team.id, people) if row.overall is not None]
    now, before = (*told, None, None)[:2]
    return (
        float(now.overall) if now and now.overall is not None else None,
        float(before.overall) if before and before.overall is not None else None,
    )


def _overdue(plan: Any) -> tuple[tuple[str, datetime], ...]:
    if plan is None:
        return ()
    return tuple(
        (state.milestone.title, state.milestone.due) for state in plan.late if state.milestone.due is not None
    )


# --- what the course staff see and do ---


@dataclass(frozen=True)
class AlertRow:
    """An open alert with the team it is about."""

    alert: Alert
    team: Team


@dataclass(frozen=True)
class Alerts:
    """A page of open alerts, newest first."""

    rows: tuple[AlertRow, ...]
    people: dict[str, Participant]
    more: str  # the id after which the next page begins


def _teams_of(actor: Actor) -> dict[str, Any]:
    """The teams whose alerts an assistant of some teams sees; everything for others."""
    return {"team": sorted(actor.limited_to)} if actor.limited_to else {}


def open_alerts(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Alerts:
    """Open alerts of the teams that the actor looks after: four queries at most."""
    require(actor, Action.READ_ALERTS)
    last = _alert(unit, activity_id, after) if after else None
    rows = unit.store.find(
        ALERTS, activity=activity_id, state=AlertState.OPEN.value, order="newest", after=last,
        limit=PAGE + 1, **_teams_of(actor),
    )  # fmt: skip
    page = rows[:PAGE]
    ids = sorted({row.team for row in page})
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    activity = unit.store.get(ACTIVITIES, activity_id)
    named = {key for row in page for key in people_of(row)}
    people = participants_of(unit, activity.course, named)
    return Alerts(
        tuple(AlertRow(row, teams[row.team]) for row in page if row.team in teams),
        people,
        page[-1].id if len(rows) > PAGE else "",
    )


def people_of(alert: Alert) -> list[str]:
    """Keys of the people whom an alert's reason names."""
    return [alert.values["person"]] if "person" in alert.values else list(alert.values.get("people", ()))


def count_alerts(unit: UnitOfWork, actor: Actor, activity_id: str) -> int:
    """How many alerts are open, for the staff's first page: one query."""
    require(actor, Action.READ_ALERTS)
    return unit.store.count(ALERTS, activity=activity_id, state=AlertState.OPEN.value, **_teams_of(actor))


def decide_alert(
    unit: UnitOfWork, actor: Actor, activity_id: str, alert_id: str, *, false: bool = False
) -> Alert:
    """Say that one saw to it, or that it was none: then this team's limit for that sign is raised."""
    alert = _alert(unit, activity_id, alert_id, lock=True)
    require(actor, Action.READ_ALERTS, Subject(team=alert.team))
    if alert.state is not AlertState.OPEN:
        raise AlreadyDecided(what="alert", state="alert")
    state = AlertState.FALSE if false else AlertState.RESOLVED
    return unit.store.save(
        ALERTS, replace(alert, state=state, slot=alert.id, decided_at=unit.now, by=actor.person)
    )


def _alert(unit: UnitOfWork, activity_id: str, alert_id: str, *, lock: bool = False) -> Alert:
    alert = unit.store.get(ALERTS, alert_id, lock=lock)
    if alert.activity != activity_id:
        raise NotFound("alert")
    return alert
