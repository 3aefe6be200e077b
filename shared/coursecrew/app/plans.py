"""The team's plan: tasks of the team, milestones reached or late, and who waits for whom.

`state_of` and `states_of` are the one place that says how a plan stands: the team's own page, its
mentors, the course staff and alerts all read it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coursecrew.app.circle import Circle, circle_of, own_circle
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, TASKS, TEAM_MILESTONES, TEAM_SETS, TEAMS, WORKS
from coursecrew.app.reminders import put_away_about
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, one_line
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.plans import (
    MOST_OPEN_TASKS,
    MOST_REMINDERS,
    OPEN,
    REMIND_EVERY,
    WHAT_LENGTH,
    Blocker,
    MilestoneState,
    Task,
    TaskState,
    TeamMilestone,
    blockers,
    checked_task,
    milestone_states,
    next_milestone,
)
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Team

PAGE = 50
DONE_SHOWN = 20
CHUNK = 200
NOTED_WITHIN = timedelta(days=7)  # a date that passed earlier is old news


@dataclass(frozen=True)
class PlanState:
    """How a team's plan stands: its milestones by date, and what waits for whom, longest first."""

    team: str
    milestones: tuple[MilestoneState, ...]
    blockers: tuple[Blocker, ...]
    tasks: tuple[Task, ...]  # the open ones

    @property
    def next(self) -> MilestoneState | None:
        """The milestone to look at: the first late one, else the next."""
        return next_milestone(self.milestones)

    @property
    def late(self) -> tuple[MilestoneState, ...]:
        """Milestones whose date is over."""
        return tuple(state for state in self.milestones if state.late_by)


@dataclass(frozen=True)
class Plan:
    """Everything on the page of a plan."""

    circle: Circle
    state: PlanState
    tasks: tuple[Task, ...]  # open ones, those with a date first
    done: tuple[Task, ...]  # the latest
    done_count: int
    people: dict[str, Participant]


def state_of(unit: UnitOfWork, activity: Activity, team: Team | str) -> PlanState:
    """How one team's plan stands: two queries. Rights are the caller's to check."""
    team_id = team if isinstance(team, str) else team.id
    return states_of(unit, activity, [team_id])[team_id]


def states_of(unit: UnitOfWork, activity: Activity, teams: Sequence[str]) -> dict[str, PlanState]:
    """The same for many teams with as many queries as for one; for at most a page of teams."""
    if not teams:
        return {}
    about: dict[str, Any] = {"activity": activity.id, "team": list(teams)}
    limit = len(teams) * (MOST_OPEN_TASKS + PAGE)
    tasks = unit.store.find(TASKS, **about, state=[one.value for one in OPEN], limit=limit)
    milestones = activity.settings.milestones
    marks = unit.store.find(TEAM_MILESTONES, **about, limit=limit) if milestones else []
    found = {}
    for team in teams:
        mine = [task for task in tasks if task.team == team]
        own = [mark for mark in marks if mark.team == team]
        found[team] = PlanState(
            team,
            milestone_states(milestones, own, mine, unit.now),
            blockers(mine, unit.now),
            tuple(mine),
        )
    return found


def own_plan(unit: UnitOfWork, actor: Actor, activity_id: str) -> Plan:
    """The plan of the actor's own team."""
    return _plan(unit, own_circle(unit, actor, activity_id, Action.READ_PLAN))


def plan_of(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Plan:
    """A team's plan, for its mentors and the course staff."""
    return _plan(unit, circle_of(unit, actor, activity_id, team_id, Action.READ_PLAN))


def _plan(unit: UnitOfWork, circle: Circle) -> Plan:
    state = state_of(unit, circle.activity, circle.team)
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id}
    open_ = unit.store.find(
        TASKS, **about, state=[one.value for one in OPEN], order="due", limit=MOST_OPEN_TASKS
    )
    done = unit.store.find(TASKS, **about, state=TaskState.DONE.value, order="done", limit=DONE_SHOWN)
    count = unit.store.count(TASKS, **about, state=TaskState.DONE.value)
    keys = {*circle.people, *(mark.reached_by for mark in state.milestones)}
    keys |= {key for task in (*open_, *done) for key in (task.owner, task.blocked_by, task.done_by)}
    people = participants_of(unit, circle.activity.course, keys - {""})
    dated = [task for task in open_ if task.due], [task for task in open_ if not task.due]
    return Plan(circle, state, (*dated[0], *dated[1]), tuple(done), count, people)


def read_task(unit: UnitOfWork, actor: Actor, activity_id: str, task_id: str) -> tuple[Circle, Task]:
    """A task of the actor's own team, to change it."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_PLAN)
    return circle, _task(unit, circle, task_id)


# --- what the team does ---


@dataclass(frozen=True)
class TaskWish:
    """A task as a form says it."""

    title: str
    owner: str = ""
    due: datetime | None = None
    milestone: str = ""
    state: TaskState = TaskState.TODO
    blocked_by: str = ""
    blocked_for: str = ""


def add_task(unit: UnitOfWork, actor: Actor, activity_id: str, wish: TaskWish) -> Task:
    """Write down something to do; whoever is to do it is told."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_PLAN, writes=True)
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id}
    if unit.store.count(TASKS, **about, state=[one.value for one in OPEN]) >= MOST_OPEN_TASKS:
        raise Conflict("too_many_tasks", most=MOST_OPEN_TASKS)
    task = Task(unit.new_id(), circle.activity.id, circle.team.id, "", actor.person, unit.now)
    task = unit.store.add(TASKS, _with(unit, actor, circle, task, wish))
    _tell_owner(unit, actor, circle, task, before="")
    _tell_blocker(unit, actor, circle, task)
    return task


def change_task(unit: UnitOfWork, actor: Actor, activity_id: str, task_id: str, wish: TaskWish) -> Task:
    """Change a task: any member may.

    Whoever it begins to wait for is told, and its owner when it can go on.
    """
    circle = own_circle(unit, actor, activity_id, Action.WRITE_PLAN, writes=True)
    old = _task(unit, circle, task_id, lock=True)
    task = unit.store.save(TASKS, _with(unit, actor, circle, old, wish))
    _tell_owner(unit, actor, circle, task, before=old.owner)
    if old.is_blocked and (not task.is_blocked or task.blocked_by != old.blocked_by):
        _freed(unit, actor, circle, old, task)
    if task.is_blocked and (not old.is_blocked or task.blocked_by != old.blocked_by):
        _tell_blocker(unit, actor, circle, task)
    return task


def set_state(unit: UnitOfWork, actor: Actor, activity_id: str, task_id: str, state: TaskState) -> Task:
    """One press on a task: begun, done, to do again, or "it can go on now"."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_PLAN)
    task = _task(unit, circle, task_id)
    if state is TaskState.BLOCKED or task.state is state:
        return task
    wish = TaskWish(task.title, task.owner, task.due, task.milestone, state)
    if wish.owner not in circle.people:
        wish = replace(wish, owner="")  # whoever had it has left
    return change_task(unit, actor, activity_id, task_id, wish)


def _with(unit: UnitOfWork, actor: Actor, circle: Circle, task: Task, wish: TaskWish) -> Task:
    title, blocked_by = checked_task(
        title=wish.title, owner=wish.owner, blocked_by=wish.blocked_by, state=wish.state,
        members=circle.people,
    )  # fmt: skip
    known = {milestone.id for milestone in circle.activity.settings.milestones}
    done = wish.state is TaskState.DONE
    same = task.is_blocked and task.blocked_by == blocked_by
    return replace(
        task,
        title=title,
        owner=wish.owner,
        due=wish.due,
        milestone=wish.milestone if wish.milestone in known else "",
        state=wish.state,
        blocked_by=blocked_by,
        blocked_for=one_line(wish.blocked_for)[:WHAT_LENGTH] if blocked_by else "",
        blocked_at=(task.blocked_at if same else unit.now) if blocked_by else None,
        reminded=(task.reminded if same else 1) if blocked_by else 0,
        remind_at=(task.remind_at if same else unit.now + REMIND_EVERY) if blocked_by else None,
        done_at=(task.done_at or unit.now) if done else None,
        done_by=(task.done_by or wish.owner or actor.person) if done else "",
    )


def _tell_owner(unit: UnitOfWork, actor: Actor, circle: Circle, task: Task, *, before: str) -> None:
    if task.owner and task.owner not in (before, actor.person) and task.is_open:
        _record(unit, actor, circle, Kind.TASK_GIVEN, task, [task.owner])


def _tell_blocker(unit: UnitOfWork, actor: Actor, circle: Circle, task: Task) -> None:
    if task.is_blocked:
        _record(unit, actor, circle, Kind.TASK_BLOCKED, task, [task.blocked_by], item=task.id)


def _freed(unit: UnitOfWork, actor: Actor, circle: Circle, old: Task, task: Task) -> None:
    put_away_about(unit, old.id, [old.blocked_by])
    if task.is_open and not task.is_blocked and task.owner and task.owner != actor.person:
        _record(unit, actor, circle, Kind.TASK_FREED, task, [task.owner])


def _record(
    unit: UnitOfWork, actor: Actor, circle: Circle, kind: Kind, task: Task, people: list[str], item: str = ""
) -> None:
    unit.record(
        kind, activity=circle.activity.id, course=circle.activity.course, by=actor.person,
        team=circle.team.id, people=people, title=task.title, person=task.owner or actor.person,
        what=task.blocked_for, item=item,
    )  # fmt: skip


def mark_milestone(
    unit: UnitOfWork, actor: Actor, activity_id: str, milestone_id: str, *, reached: bool
) -> TeamMilestone | None:
    """Say that the team reached a milestone, or take that back; `None` when there is nothing to take."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_PLAN, writes=True)
    if milestone_id not in {milestone.id for milestone in circle.activity.settings.milestones}:
        raise NotFound("milestone")
    about: dict[str, Any] = {"team": circle.team.id, "milestone": milestone_id}
    about["activity"] = circle.activity.id
    found: list[TeamMilestone] = unit.store.find(TEAM_MILESTONES, **about, limit=1)
    if not reached:
        if found and found[0].state == "reached":
            unit.store.remove(TEAM_MILESTONES, found[0].id)
        return None
    if found and found[0].state == "reached":
        return found[0]
    if found:
        put_away_about(unit, found[0].id, circle.people)
        return unit.store.save(
            TEAM_MILESTONES, replace(found[0], state="reached", at=unit.now, by=actor.person)
        )
    mark = TeamMilestone(
        unit.new_id(), circle.activity.id, circle.team.id, milestone_id, "reached", unit.now, actor.person
    )
    return unit.store.add(TEAM_MILESTONES, mark)


def _task(unit: UnitOfWork, circle: Circle, task_id: str, *, lock: bool = False) -> Task:
    task = unit.store.get(TASKS, task_id, lock=lock)
    if task.activity != circle.activity.id or task.team != circle.team.id:
        # Whether another team has such a task is nobody's business.
        raise NotFound("task")
    return task


# --- what the course staff see of all teams ---


@dataclass(frozen=True)
class BlockerRow:
    """A task that waits, with its team and how that team's plan stands."""

    blocker: Blocker
    team: Team
    state: PlanState


@dataclass(frozen=True)
class Reached:
    """How many teams reached a milestone, of those that there are."""

    title: str
    due: datetime | None
    reached: int


@dataclass(frozen=True)
class Plans:
    """One page over all teams: what waits longest, and how many teams reached each milestone."""

    rows: tuple[BlockerRow, ...]
    more: str  # the last task's id, when there are more
    waiting: int
    teams: int
    milestones: tuple[Reached, ...]
    people: dict[str, Participant]


def all_plans(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Plans:
    """What waits for whom in all teams, the longest waiting first: a page, with a fixed number of queries.

    A TA who was given some teams sees those.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.LOOK_AT_PLANS)
    only: dict[str, Any] = {"team": list(actor.teams)} if actor.teams and not actor.is_instructor else {}
    last = None
    if after:
        last = unit.store.get(TASKS, after)
        if last.activity != activity.id or (only and last.team not in actor.teams):
            raise NotFound("task")
    about: dict[str, Any] = {"activity": activity.id, **only}
    blocked: dict[str, Any] = {**about, "state": TaskState.BLOCKED.value}
    tasks = unit.store.find(TASKS, **blocked, order="blocked", after=last, limit=PAGE + 1)
    shown = tasks[:PAGE]
    ids = sorted({task.team for task in shown})
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=PAGE)} if ids else {}
    states = states_of(unit, activity, ids)
    keys = {key for task in shown for key in (task.owner, task.blocked_by)} - {""}
    sets = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    count: dict[str, Any] = {"team_set": sets[0].id if sets else "", "state": "active"}
    if only:
        count["id"] = list(actor.teams)
    reached = (
        unit.store.tally(TEAM_MILESTONES, "milestone", **about, state="reached")
        if activity.settings.milestones
        else {}
    )
    milestones = milestone_states(activity.settings.milestones, (), (), unit.now)
    rows = tuple(
        BlockerRow(blockers([task], unit.now)[0], teams[task.team], states[task.team])
        for task in shown
        if task.team in teams
        and teams[task.team].state == "active"  # not of a team that was joined to another
    )
    more = shown[-1].id if len(tasks) > PAGE else ""
    waiting = unit.store.count(TASKS, **blocked)
    return Plans(
        rows,
        more,
        waiting if more or after else len(rows),
        unit.store.count(TEAMS, **count),
        tuple(
            Reached(one.milestone.title, one.milestone.due, reached.get(one.milestone.id, 0))
            for one in milestones
        ),
        participants_of(unit, activity.course, keys),
    )


# --- what time does by itself (called by upkeep) ---

_MAY_REMIND = list(range(1, MOST_REMINDERS))


def remind_blockers(unit: UnitOfWork, *, limit: int = 100) -> int:
    """Tell those whom tasks wait for again, two days after the last time, three times in all."""
    rows = unit.store.find(
        TASKS, state=TaskState.BLOCKED.value, reminded=_MAY_REMIND, order="reminding", limit=limit
    )
    due = [task for task in rows if task.remind_at is not None and task.remind_at <= unit.now]
    for task in due:
        activity = unit.store.get(ACTIVITIES, task.activity)
        unit.store.save(TASKS, replace(task, reminded=task.reminded + 1, remind_at=unit.now + REMIND_EVERY))
        unit.record(
            Kind.TASK_BLOCKED, activity=activity.id, course=activity.course, by="", team=task.team,
            people=[task.blocked_by], title=task.title, person=task.owner or task.by, what=task.blocked_for,
            item=task.id,
        )  # fmt: skip
    return len(due)


def note_late(unit: UnitOfWork, activity_id: str, milestone_id: str, teams: Sequence[str]) -> int:
    """Note for these teams that a milestone's date is over, and tell those who have not reached it."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    about: dict[str, Any] = {"activity": activity_id, "milestone": milestone_id}
    over = _finished(unit, activity_id, teams)
    known = {
        row.team for row in unit.store.find(TEAM_MILESTONES, **about, team=list(teams), limit=len(teams))
    }
    fresh = [team for team in teams if team not in known and team not in over]
    for team in fresh:
        row = TeamMilestone(
            unit.new_id(), activity_id, team, milestone_id, "late", unit.now, reminded=1,
            remind_at=unit.now + REMIND_EVERY,
        )  # fmt: skip
        _tell_late(unit, activity, unit.store.add(TEAM_MILESTONES, row))
    return len(fresh)


def remind_late(unit: UnitOfWork, *, limit: int = 100) -> int:
    """Tell teams of a late milestone again, two days after the last time, three times in all."""
    rows = unit.store.find(
        TEAM_MILESTONES, state="late", reminded=_MAY_REMIND, order="reminding", limit=limit
    )
    due = [row for row in rows if row.remind_at is not None and row.remind_at <= unit.now]
    for row in due:
        row = unit.store.save(
            TEAM_MILESTONES,
            replace(row, reminded=row.reminded + 1, remind_at=unit.now + REMIND_EVERY),
        )
        _tell_late(unit, unit.store.get(ACTIVITIES, row.activity), row)
    return len(due)


def _tell_late(unit: UnitOfWork, activity: Activity, row: TeamMilestone) -> None:
    milestone = next((one for one in activity.settings.milestones if one.id == row.milestone), None)
    # The author may have moved the date, or taken the milestone away.
    if milestone is None or milestone.due is None or unit.now <= milestone.due:
        return
    if _finished(unit, activity.id, [row.team]):
        return
    unit.record(
        Kind.MILESTONE_LATE, activity=activity.id, course=activity.course, by="", team=row.team,
        title=milestone.title, due=milestone.due.isoformat(), item=row.id,
    )  # fmt: skip


def _finished(unit: UnitOfWork, activity_id: str, teams: Sequence[str]) -> set[str]:
    """Which of these teams have nothing left to do: reminding them of a milestone would be noise."""
    works = unit.store.find(WORKS, activity=activity_id, team=list(teams), limit=len(teams) * 5)
    return {work.team for work in works if work.state not in (WorkState.DRAFTING, WorkState.CONFIRMING)}


def keep_plans(ports: Ports, activities: Sequence[Activity]) -> int:
    """Note milestones that are late, and remind those whom something waits for; how many were told."""
    told = 0
    for activity in activities:
        for milestone in activity.settings.milestones:
            now = ports.clock.now()
            if milestone.due is not None and milestone.due < now < milestone.due + NOTED_WITHIN:
                told += _note_everywhere(ports, activity, milestone.id)
    for remind in (remind_blockers, remind_late):
        while done := run(ports, remind):
            told += done
    return told


def _note_everywhere(ports: Ports, activity: Activity, milestone_id: str) -> int:
    told, last = 0, None
    while True:
        page = run(ports, _some_teams, activity, last)
        ids = [team.id for team in page if team.size]
        if ids:
            told += run(ports, note_late, activity.id, milestone_id, ids)
        if len(page) < CHUNK:
            return told
        last = page[-1]


def _some_teams(unit: UnitOfWork, activity: Activity, after: Team | None) -> list[Team]:
    sets = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    if not sets:
        return []
    return unit.store.find(TEAMS, team_set=sets[0].id, state="active", after=after, limit=CHUNK)


def waiting_for(tasks: Sequence[Task], person: str) -> list[Task]:
    """Tasks of others that wait for this person, the longest waiting first."""
    mine = [task for task in tasks if task.is_blocked and task.blocked_by == person]
    return sorted(mine, key=lambda task: (task.blocked_at or task.at, task.id))
