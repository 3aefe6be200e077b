"""Whether a notice still says something true: reminders stop when the thing is done or out of reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from coursecrew.app.nudges import still_waits
from coursecrew.app.records import MEMBERSHIPS, NOTICES, TASKS, TEAM_MILESTONES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.notices import MOST_REMINDERS, TELLS, Notice, Pace, Telling


def put_away_about(unit: UnitOfWork, item: str, people: Iterable[str]) -> None:
    """Put away what these people were told about something that is settled now."""
    keys = sorted(set(people))
    if not keys:
        return
    for notice in unit.store.find(NOTICES, person=keys, item=item, read=False, limit=1000):
        unit.store.save(NOTICES, replace(notice, read=True))


def told_enough(unit: UnitOfWork, telling: Telling, kind: Kind, person: str, item: str) -> bool:
    """Whether this person was told so often about this item that once more would be too much."""
    if telling.pace is Pace.EACH or not item:
        return False
    about = {"person": person, "item": item, "kind": kind.value}
    if telling.pace is Pace.ONCE:
        return unit.store.count(NOTICES, **about, read=False) > 0
    return unit.store.count(NOTICES, **about) >= MOST_REMINDERS


def is_still_due(unit: UnitOfWork, notice: Notice) -> bool:
    """Whether a notice of the paced kinds should still go out by mail.

    Not when the person has put it away, is no longer in the team, or the thing is done.
    """
    telling = TELLS.get(notice.kind)
    if telling is None or telling.pace is Pace.EACH or not notice.item:
        return True
    if notice.read:
        return False
    check = STILL.get(notice.kind)
    return check is None or check(unit, notice)


def _blocked(unit: UnitOfWork, notice: Notice) -> bool:
    try:
        task = unit.store.get(TASKS, notice.item)
    except NotFound:
        return False
    return task.is_blocked and task.blocked_by == notice.person and _is_inside(unit, notice)


def _late(unit: UnitOfWork, notice: Notice) -> bool:
    try:
        row = unit.store.get(TEAM_MILESTONES, notice.item)
    except NotFound:
        return False
    return row.state == "late" and _is_inside(unit, notice)


def _is_inside(unit: UnitOfWork, notice: Notice) -> bool:
    team = notice.detail.get("team", "")
    return unit.store.count(MEMBERSHIPS, team=team, person=notice.person) > 0


def _nudged(unit: UnitOfWork, notice: Notice) -> bool:
    return still_waits(unit, notice.activity, notice.detail["about"], notice.item, notice.person)


STILL: Mapping[Kind, Callable[[UnitOfWork, Notice], bool]] = {
    Kind.NUDGED: _nudged,
    Kind.TASK_BLOCKED: _blocked,
    Kind.MILESTONE_LATE: _late,
    Kind.POST_WRITTEN: _is_inside,
    Kind.PERSON_MENTIONED: _is_inside,
}
