"""The team's plan: milestones dated by the author, tasks by the team, and who waits for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line

MOST_MILESTONES = 12
MOST_OPEN_TASKS = 200
MILESTONE_LENGTH = 120
TASK_LENGTH = 200
WHAT_LENGTH = 200
REMIND_EVERY = timedelta(hours=48)
MOST_REMINDERS = 3


@dataclass(frozen=True)
class Milestone:
    """Something the author wants every team to reach by a date; part of the settings."""

    id: str
    title: str
    due: datetime | None = None


class TaskState(StrEnum):
    """Where a task stands."""

    TODO = "todo"
    DOING = "doing"
    BLOCKED = "blocked"
    DONE = "done"


OPEN = (TaskState.TODO, TaskState.DOING, TaskState.BLOCKED)


@dataclass(frozen=True)
class Task:
    """One thing to do in a team.

    `blocked_by` is the member whom it waits for, `blocked_for` what is missing, in the team's words.
    `remind_at` is when that member is told again, `reminded` how often they were told.
    """

    id: str
    activity: str
    team: str
    title: str
    by: str
    at: datetime
    owner: str = ""
    due: datetime | None = None
    milestone: str = ""
    state: TaskState = TaskState.TODO
    blocked_by: str = ""
    blocked_for: str = ""
    blocked_at: datetime | None = None
    reminded: int = 0
    remind_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state is not TaskState.DONE

    @property
    def is_blocked(self) -> bool:
        """Whether it waits for somebody."""
        return self.state is TaskState.BLOCKED


@dataclass(frozen=True)
class TeamMilestone:
    """That a team reached a milestone, or that it was told that it is late."""

    id: str
    activity: str
    team: str
    milestone: str
    state: str  # "reached" or "late"
    at: datetime
    by: str = ""
    reminded: int = 0
    remind_at: datetime | None = None
    version: int = 1


class Reach(StrEnum):
    """Where a team stands with a milestone."""

    REACHED = "reached"
    LATE = "late"  # its date is over
    NEXT = "next"  # the first one that is still ahead
    LATER = "later"


@dataclass(frozen=True)
class MilestoneState:
    """A milestone as one team stands with it; `late_by` is zero unless it is late."""

    milestone: Milestone
    reach: Reach
    reached_at: datetime | None = None
    reached_by: str = ""
    late_by: timedelta = timedelta(0)
    open_tasks: int = 0


@dataclass(frozen=True)
class Blocker:
    """A task that waits for somebody, and for how long."""

    task: Task
    since: datetime
    age: timedelta


def milestone_states(
    milestones: Sequence[Milestone], marks: Iterable[TeamMilestone], tasks: Iterable[Task], now: datetime
) -> tuple[MilestoneState, ...]:
    """Each milestone as the team stands with it, in the order of their dates (undated ones last)."""
    reached = {mark.milestone: mark for mark in marks if mark.state == "reached"}
    open_tasks = Counter(task.milestone for task in tasks if task.is_open)
    states: list[MilestoneState] = []
    is_next = True
    for milestone in in_order(milestones):
        mark = reached.get(milestone.id)
        if mark:
            reach, late = Reach.REACHED, timedelta(0)
        elif milestone.due is not None and now > milestone.due:
            reach, late = Reach.LATE, now - milestone.due
        else:
            reach, late = (Reach.NEXT if is_next else Reach.LATER), timedelta(0)
            is_next = False
        states.append(
            MilestoneState(
                milestone,
                reach,
                mark.at if mark else None,
                mark.by if mark else "",
                late,
                open_tasks[milestone.id],
            )
        )
    return tuple(states)


def in_order(milestones: Sequence[Milestone]) -> list[Milestone]:
    """Milestones by date; those without one come last, as the author wrote them."""
    dated = sorted((m for m in milestones if m.due is not None), key=lambda m: (m.due, m.id))
    return [*dated, *(m for m in milestones if m.due is None)]


def next_milestone(states: Sequence[MilestoneState]) -> MilestoneState | None:
    """What the team should look at: the first late one, else the next; `None` when all are reached."""
    late = next((state for state in states if state.reach is Reach.LATE), None)
    return late or next((state for state in states if state.reach is Reach.NEXT), None)


def blockers(tasks: Iterable[Task], now: datetime) -> tuple[Blocker, ...]:
    """Tasks that wait for somebody, the longest waiting first."""
    waiting = [(task.blocked_at or task.at, task) for task in tasks if task.is_blocked]
    return tuple(
        Blocker(task, since, max(now - since, timedelta(0)))
        for since, task in sorted(waiting, key=lambda pair: (pair[0], pair[1].id))
    )


def checked_task(
    *, title: str, owner: str, blocked_by: str, state: TaskState, members: Iterable[str]
) -> tuple[str, str]:
    """A task's title in one line and whom it waits for; refused where something is missing or circular."""
    problems = []
    clean, inside = one_line(title), set(members)
    if not clean:
        problems.append(Problem("title", "task_title_missing"))
    if len(clean) > TASK_LENGTH:
        problems.append(Problem("title", "text_too_long", (("most", TASK_LENGTH), ("have", len(clean)))))
    if owner and owner not in inside:
        problems.append(Problem("owner", "not_a_choice"))
    if state is TaskState.BLOCKED:
        if not blocked_by:
            problems.append(Problem("blocked_by", "blocked_by_missing"))
        elif blocked_by not in inside:
            problems.append(Problem("blocked_by", "not_a_choice"))
        elif blocked_by == owner:
            problems.append(Problem("blocked_by", "blocked_by_owner"))
    if problems:
        raise Invalid(*problems)
    return clean, blocked_by if state is TaskState.BLOCKED else ""
