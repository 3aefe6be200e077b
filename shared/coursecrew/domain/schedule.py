"""Steps, windows, extensions, and what lateness costs.

Times are aware UTC. An act in the due second itself is on time: a window is open while
`opens <= now <= closes`, both ends included, to the whole second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from coursecrew.domain.errors import Closed, NotOpen

HUNDRED = Decimal(100)


class Step(StrEnum):
    """Ordered parts of an assignment. `draft` and `results` are always there."""

    FORM = "form"
    DRAFT = "draft"
    REVIEW = "review"  # of a peer review
    RESULTS = "results"


@dataclass(frozen=True)
class Window:
    """When a step opens, is due and closes; `None` leaves that end open."""

    opens: datetime | None = None
    due: datetime | None = None
    closes: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether somebody may act now."""
        return not self.is_before(now) and not self.is_over(now)

    def is_before(self, now: datetime) -> bool:
        """Whether the step has yet to open."""
        return self.opens is not None and now < self.opens

    def is_over(self, now: datetime) -> bool:
        """Whether the step has closed; the closing second itself still counts."""
        return self.closes is not None and whole_second(now) > self.closes

    def must_be_open(self, now: datetime, step: Step) -> None:
        """Refuse with the date that matters when nobody may act now."""
        if self.is_before(now):
            raise NotOpen(step.value, opens=self.opens)
        if self.is_over(now):
            raise Closed(step.value, closes=self.closes)

    def extended(self, *extensions: Extension) -> Window:
        """This window with the latest due and closing time of the extensions given."""
        due = latest(self.due, *(extension.due for extension in extensions))
        closes = latest(self.closes, *(extension.closes or extension.due for extension in extensions))
        return Window(self.opens, due, closes)


@dataclass(frozen=True)
class Extension:
    """A later due date for one team or one person, given by staff with a reason."""

    id: str
    activity: str
    team: str  # "" when it is for a person
    person: str  # "" when it is for a team
    due: datetime
    closes: datetime | None
    reason: str
    by: str
    at: datetime


class Basis(StrEnum):
    """What a late percentage is taken of: the maximum (as Canvas does) or what was earned."""

    MAX = "max"
    EARNED = "earned"


@dataclass(frozen=True)
class LatePolicy:
    """What lateness costs: nothing within the grace, then points for each unit begun."""

    grace: timedelta = timedelta(minutes=15)
    unit: timedelta = timedelta(days=1)
    points: Decimal = Decimal(10)
    cap: Decimal = Decimal(50)
    floor: Decimal = Decimal(0)
    basis: Basis = Basis.MAX

    def units(self, late: timedelta) -> int:
        """How many units have begun; the grace is not subtracted once it is passed."""
        if late <= self.grace:
            return 0
        return -(-late // self.unit)

    def penalty(self, late: timedelta, *, past_close: bool = False) -> Decimal:
        """Points per hundred that lateness costs; past a person's own closing time the cap."""
        if past_close:
            return self.cap
        return min(self.cap, self.units(late) * self.points)

    def apply(self, earned: Decimal, late: timedelta, *, past_close: bool = False) -> Decimal:
        """Return what is left of `earned` (0-100); work at or below the floor loses nothing."""
        penalty = self.penalty(late, past_close=past_close)
        deduction = penalty if self.basis is Basis.MAX else penalty / HUNDRED * earned
        return max(min(earned, self.floor), earned - deduction)


def lateness(handed_in: datetime, due: datetime | None) -> timedelta:
    """How long after `due` the work was handed in, never negative, in elapsed seconds."""
    if due is None:
        return timedelta(0)
    return max(timedelta(0), whole_second(handed_in) - due)


def whole_second(moment: datetime) -> datetime:
    """The second an act fell in: an act in the due second itself is on time."""
    return moment.replace(microsecond=0)


def latest(*moments: datetime | None) -> datetime | None:
    """The latest moment; an open end (`None` first) stays open only if nothing else is given."""
    if moments and moments[0] is None:
        return None
    return max((moment for moment in moments if moment is not None), default=None)
