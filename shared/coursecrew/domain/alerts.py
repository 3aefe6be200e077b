"""Signs that a team needs help, with their reasons; what staff say about them moves the limits.

An alert is about a team, never a rank of people. `false alarm` raises the limit of that team for
that kind, so that the same thing is not reported again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

REST = timedelta(days=5)  # after somebody saw to it, the same sign is left alone for so long
LOOK_EVERY = timedelta(hours=1)
LEAST_EDITS = 10  # fewer say nothing about who does the work

SILENT_DAYS, SILENT_MORE = 5, 2
EDITS_PERCENT, EDITS_MORE = 70, 10
LATE_DAYS, LATE_MORE = 3, 2
LOW_MEAN, LOW_FALL = 4, 2


class Sign(StrEnum):
    """What was noticed."""

    SILENT = "silent"  # nobody was active
    ONE_HAND = "one_hand"  # one person does nearly all edits
    ABSENT = "absent"  # members are inactive
    SMALL = "small"  # fewer members than the least
    LOW = "low"  # the check-in's mean is low, or fell
    LATE = "late"  # a milestone is overdue


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    RESOLVED = "resolved"  # staff saw to it
    FALSE = "false"  # staff say that it was none
    OVER = "over"  # it went away by itself


@dataclass(frozen=True)
class Alert:
    """One sign about one team. `slot` is "open" while it is open, so that there is one at a time."""

    id: str
    activity: str
    team_set: str
    team: str
    sign: Sign
    state: AlertState
    slot: str
    at: datetime
    values: dict[str, Any] = field(default_factory=dict)
    decided_at: datetime | None = None
    by: str = ""
    version: int = 1


@dataclass(frozen=True)
class Watch:
    """When the teams of an activity were last looked at."""

    id: str
    activity: str
    at: datetime
    version: int = 1


@dataclass(frozen=True)
class TeamFacts:
    """What is known about a team, as far as alerts depend on it."""

    draft_open: bool
    last_seen: datetime | None  # the latest visit, edit or arrival of any member
    edits: Mapping[str, int]  # by person
    members: tuple[str, ...]
    inactive: tuple[str, ...]
    least: int  # the smallest size that a team of this set should have
    solo: bool = False  # one person by decision
    mean: float | None = None  # of the latest check-in with enough answers, 1-9
    mean_before: float | None = None
    overdue: tuple[tuple[str, datetime], ...] = ()  # milestones that are not done: title, due


def signs(facts: TeamFacts, now: datetime, false_alarms: Mapping[Sign, int]) -> dict[Sign, dict[str, Any]]:
    """What is to be noticed about a team now, each sign with the values that its reason names."""
    found: dict[Sign, dict[str, Any]] = {}

    def alarms(sign: Sign) -> int:
        return false_alarms.get(sign, 0)

    days = SILENT_DAYS + SILENT_MORE * alarms(Sign.SILENT)
    if facts.draft_open and facts.members and facts.last_seen and now - facts.last_seen >= timedelta(days):
        found[Sign.SILENT] = {"since": facts.last_seen.isoformat()}
    total = sum(facts.edits.values())
    limit = EDITS_PERCENT + EDITS_MORE * alarms(Sign.ONE_HAND)
    if len(facts.members) > 1 and total >= LEAST_EDITS:
        person, most = max(facts.edits.items(), key=lambda one: (one[1], one[0]))
        if most * 100 > limit * total:
            found[Sign.ONE_HAND] = {"person": person, "share": most * 100 // total, "edits": total}
    if len(facts.inactive) > alarms(Sign.ABSENT):
        found[Sign.ABSENT] = {"people": list(facts.inactive)}
    missing = facts.least - (len(facts.members) - len(facts.inactive))
    if facts.members and not facts.solo and missing > alarms(Sign.SMALL):
        found[Sign.SMALL] = {"have": facts.least - missing, "least": facts.least}
    if facts.mean is not None:
        low = facts.mean <= LOW_MEAN - alarms(Sign.LOW)
        fall = LOW_FALL + alarms(Sign.LOW)
        fell = facts.mean_before is not None and facts.mean_before - facts.mean >= fall
        if low or fell:
            found[Sign.LOW] = {"mean": round(facts.mean, 1), "before": _rounded(facts.mean_before)}
    patience = timedelta(LATE_DAYS + LATE_MORE * alarms(Sign.LATE))
    late = [(title, due) for title, due in facts.overdue if now - due >= patience]
    if late:
        title, due = min(late, key=lambda one: one[1])
        found[Sign.LATE] = {"title": title, "due": due.isoformat(), "more": len(late) - 1}
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
