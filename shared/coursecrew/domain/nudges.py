"""Reminders that somebody who waits sends to whom they wait for: what they are about, and limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MOST = 3
APART = timedelta(days=1)
QUIET_FROM, QUIET_UNTIL = 21, 8  # on the receiver's clock


class About(StrEnum):
    """What is waited for."""

    CONFIRM = "confirm"  # a yes to what was handed in
    HAND_IN = "hand_in"  # the leader hands in
    SIGN = "sign"  # the charter
    SEAT = "seat"  # a team's answer to somebody who asks for a seat
    INVITATION = "invitation"  # somebody's answer to an invitation
    TASK = "task"  # what blocks another's task


@dataclass(frozen=True)
class Nudge:
    """One reminder that was sent. `item` is what it is about: a submission, a charter, a request."""

    id: str
    activity: str
    team: str
    item: str
    about: About
    person: str  # who was reminded; "" for a whole team
    by: str
    at: datetime


class Why(StrEnum):
    """Why a reminder cannot be sent now."""

    ENOUGH = "enough"  # three were sent
    TODAY = "today"  # less than a day ago


def held_back(sent: Iterable[Nudge], now: datetime, *, told: int = 0) -> Why | None:
    """Whether one more reminder about the same thing to the same person is too much, and why.

    `told` is how often the person was reminded of it by itself: that counts, too.
    """
    times = [row.at for row in sent]
    if len(times) + told >= MOST:
        return Why.ENOUGH
    if times and now - max(times) < APART:
        return Why.TODAY
    return None


def after_quiet(now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `now` on that is not at night on that clock: `now` itself by day."""
    local = now.astimezone(zone)
    if QUIET_UNTIL <= local.hour < QUIET_FROM:
        return now
    day = local.date() + timedelta(days=1 if local.hour >= QUIET_FROM else 0)
    morning = datetime(day.year, day.month, day.day, QUIET_UNTIL, tzinfo=zone)
    return morning.astimezone(now.tzinfo)
