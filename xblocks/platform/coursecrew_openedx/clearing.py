"""What happens to one learner when the platform's staff delete their state in a block."""

from __future__ import annotations

from typing import Any

from coursecrew.app.grading import take_back_grade
from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew_openedx.people import account_by_anonymous_id, key_of
from coursecrew_openedx.ports import ports


def clear(block: Any, *, anonymous_id: str, course: str, place: str) -> bool:
    """Withdraw the learner's own grade and leave the team's work; returns whether there was one."""
    account = account_by_anonymous_id(block, anonymous_id)
    if account is None:
        return False
    bundle = ports()
    cleared = run(bundle, _take_back, course, place, key_of(account.id))
    if cleared:
        bundle.queue.nudge()
    return cleared


def _take_back(unit: UnitOfWork, course: str, place: str, person: str) -> bool:
    found = unit.store.find(ACTIVITIES, course=course, place=place, limit=1)
    return bool(found) and take_back_grade(unit, found[0].id, person, by="")
