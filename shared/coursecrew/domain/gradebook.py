"""The desired state of one gradebook cell, and how its delivery goes on after each answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=24)


class Component(StrEnum):
    """What a gradebook column holds; also the tag of its line item."""

    TOTAL = "total"
    PRODUCT = "product"
    REVIEW = "review"
    TRAINING = "training"
    PARTICIPATION = "participation"


class Delivery(StrEnum):
    """Where the delivery of a cell stands."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"  # the gradebook says no for good; staff read why and may send again


@dataclass(frozen=True)
class Cell:
    """One learner's cell: what it should say, and what the gradebook answered last.

    `wanted` is the newest wish and always wins; `None` clears the cell. `stamp` is the timestamp
    of the last send: the next one must be later by a second, since some gradebooks compare whole
    seconds.
    """

    id: str
    activity: str
    person: str
    component: Component
    wanted: Decimal | None
    wanted_number: int  # the grade's version, so that the same version is never sent twice
    comment: str = ""
    handed_in_at: datetime | None = None
    state: Delivery = Delivery.WAITING
    sent_number: int = 0
    sent_value: Decimal | None = None
    sent_at: datetime | None = None
    stamp: datetime | None = None
    tries: int = 0
    next_try: datetime | None = None
    answer: str = ""  # code of the gradebook's last answer
    version: int = 1

    def asked(
        self,
        value: Decimal | None,
        number: int,
        *,
        comment: str,
        handed_in_at: datetime | None,
        now: datetime,
    ) -> Cell:
        """Wish a new value; the delivery starts afresh."""
        return replace(
            self, wanted=value, wanted_number=number, comment=comment, handed_in_at=handed_in_at,
            state=Delivery.WAITING, tries=0, next_try=now, answer="",
        )  # fmt: skip

    def next_stamp(self, now: datetime) -> datetime:
        """A timestamp later than every earlier one for this cell, by at least a second."""
        if self.stamp is None:
            return now
        return max(now, self.stamp + timedelta(seconds=1))

    def sent(self, number: int, value: Decimal | None, stamp: datetime, now: datetime) -> Cell:
        """The gradebook took this version; a newer wish that came meanwhile keeps waiting."""
        done = number == self.wanted_number
        return replace(
            self, sent_number=number, sent_value=value, sent_at=now, stamp=stamp, tries=0, answer="ok",
            state=Delivery.SENT if done else Delivery.WAITING, next_try=None if done else now,
        )  # fmt: skip

    def later(self, answer: str, stamp: datetime | None, now: datetime, *, wait: timedelta) -> Cell:
        """Try again after `wait`; the answer is kept for staff to read."""
        return replace(
            self, answer=answer, tries=self.tries + 1, next_try=now + wait, stamp=stamp or self.stamp
        )

    def refused(self, answer: str) -> Cell:
        """The gradebook will never take this; staff see the reason."""
        return replace(self, state=Delivery.REFUSED, answer=answer, next_try=None, tries=self.tries + 1)


def wait_after(tries: int, jitter: float) -> timedelta:
    """A minute, doubled for each try, at most a day, spread by up to a quarter (`jitter` 0-1)."""
    wait: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 16))
    return wait * (1 + jitter / 4)
