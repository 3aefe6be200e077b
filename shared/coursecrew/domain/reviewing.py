"""Peer review: who judges what, how long a work is held, and how far it is from its reviews.

Words: a *duty* is the reviews that somebody owes; a *lease* is the time-limited hold on a review slot;
the *pool* is the works that may be taken. The machine of a review is kept here as one table of moves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from coursecrew.domain.rubrics import Sheet
from coursecrew.domain.schedule import Window

EXTRA = 2  # reviews above k that a work may get, so that nothing written is lost
FREE_DROPS = 2
FILL_AFTER = timedelta(hours=24)  # after the due time: the staff's turn
TELL_AGAIN_AFTER = timedelta(hours=24)  # while works still lack reviews
FEEDBACK_AFTER = timedelta(hours=72)  # after the due time: works with enough reviews are scored
LONGEST_TEXT = 10_000


class ReviewState(StrEnum):
    """Where a review stands."""

    LEASED = "leased"
    SUBMITTED = "submitted"
    LAPSED = "lapsed"  # the hold ran out; the text stays with its writer
    DROPPED = "dropped"
    CONFLICT = "conflict"  # the reviewer knows the authors too well
    REPORTED = "reported"  # something is wrong with the work; the staff look
    HELD = "held"
    EXCLUDED = "excluded"


# States in which a review holds its work's slot.
LIVE = frozenset({ReviewState.LEASED, ReviewState.SUBMITTED, ReviewState.HELD})
# States in which a review counts for its work.
COUNTED = frozenset({ReviewState.SUBMITTED})
# States in which it counts for the duty of whoever wrote it.
DONE = frozenset({ReviewState.SUBMITTED, ReviewState.HELD, ReviewState.EXCLUDED})

MOVES: Mapping[str, frozenset[ReviewState]] = {
    "save": frozenset({ReviewState.LEASED, ReviewState.LAPSED, ReviewState.SUBMITTED}),
    "submit": frozenset({ReviewState.LEASED, ReviewState.LAPSED, ReviewState.SUBMITTED}),
    "drop": frozenset({ReviewState.LEASED}),
    "conflict": frozenset({ReviewState.LEASED}),
    "report": frozenset({ReviewState.LEASED}),
    "lapse": frozenset({ReviewState.LEASED}),
    "resume": frozenset({ReviewState.LAPSED}),
    "exclude": frozenset({ReviewState.SUBMITTED, ReviewState.HELD}),
    "hold": frozenset({ReviewState.SUBMITTED}),
    "pass": frozenset({ReviewState.HELD}),
}


class Cause(StrEnum):
    """How a review came to be somebody's."""

    DUTY = "duty"
    VOLUNTEER = "volunteer"  # more than was owed
    FILL_IN = "fill_in"  # where reviews were missing: by the course staff, or a mentor whom they named
    HAND = "hand"  # given by the course staff
    DEALT = "dealt"  # with all others, when reviewing opened
    OWN = "own"  # of one's own work; never counts
    STAFF = "staff"  # the staff's own score, beside the peers'


ALL_STAFF = "staff"  # the reviewer's key of the score that the course staff write together
# Causes of reviews that stand beside the peers' and hold no slot.
BESIDE = frozenset({Cause.OWN, Cause.STAFF})


@dataclass(frozen=True)
class PoolWork:
    """A work as it stands in the pool: the row that guards its slots.

    `taken` counts live leases and submitted reviews, `submitted` those that are in; `barred` how many
    people may not judge it. `tie` is a seeded number that decides where all else is equal.
    """

    id: str
    activity: str  # the peer review
    work: str
    team: str
    submission: str
    handed_in: datetime
    tie: int
    taken: int = 0
    submitted: int = 0
    barred: int = 0
    open: bool = True  # may be taken
    late: bool = False  # came after works were dealt out at the deadline
    released_at: datetime | None = None  # its authors read their reviews
    scored_at: datetime | None = None
    round: int = 1
    version: int = 1

    def need(self, per_work: int) -> int:
        """How many slots are free below `per_work`."""
        return max(0, per_work - self.taken)


@dataclass(frozen=True)
class Review:
    """One judgement of one work. `reviewer` is a person, or a team that writes together."""

    id: str
    activity: str
    pool: str
    team: str  # whose work it is
    reviewer: str
    by_team: bool
    state: ReviewState
    cause: Cause
    place: int  # "Work 3" towards the reviewer
    alias: int  # "Reviewer 2" towards the authors
    taken_at: datetime
    lease_until: datetime | None
    sheet: Sheet = field(default_factory=dict)
    text: str = ""
    rubric: int = 1  # structural version of the rubric it was written by
    number: int = 0  # saves so far; what an editor's page saw
    written_by: str = ""  # who saved last
    submitted_at: datetime | None = None
    reason: str = ""  # of dropping, reporting, excluding
    extra: bool = False  # beyond the reviews that the work needed
    held_until: datetime | None = None  # then it counts by itself; `None` while held: until staff decide
    held_for: str = ""  # why it is held: "look", "word", "flag", "staff"
    redacted: bool = False  # staff took words out; what was written stays with the versions
    nudged: str = ""  # codes of the hints that its writer has seen, with blanks between
    version: int = 1

    @property
    def counts(self) -> bool:
        """Whether it counts for its work, as one of the peers' reviews."""
        return self.state in COUNTED and self.cause not in BESIDE

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written yet."""
        return not self.text.strip() and not self.sheet

    def may(self, move: str) -> bool:
        """Whether the machine allows the move from here."""
        return self.state in MOVES[move]

    def is_live(self, now: datetime) -> bool:
        """Whether it holds its slot at this moment."""
        over = self.lease_until is not None and self.lease_until < now
        return self.state in LIVE and not (self.state is ReviewState.LEASED and over)


@dataclass(frozen=True)
class ReviewVersion:
    """A review as somebody saved it; the base when several people write one."""

    id: str
    review: str
    number: int
    sheet: Sheet
    text: str
    by: str
    at: datetime
    submitted: bool = False


@dataclass(frozen=True)
class Reviewing:
    """What one reviewer owes in one peer review, and what was let go."""

    id: str
    activity: str
    reviewer: str
    duty: int
    waived: int = 0
    drops: int = 0
    places: int = 0  # how many works were numbered for them
    version: int = 1

    @property
    def owed(self) -> int:
        """Reviews still asked of them, before any is done."""
        return max(0, self.duty - self.waived)


@dataclass(frozen=True)
class FillInReviewer:
    """A mentor whom the course staff named to write reviews that are missing, in one peer review."""

    id: str
    activity: str
    person: str
    by: str
    at: datetime
    until: datetime | None = None  # over from that moment on
    version: int = 1


@dataclass(frozen=True)
class QueueTold:
    """When it was last told that works of a peer review lack reviews."""

    id: str
    activity: str
    at: datetime
    version: int = 1


@dataclass(frozen=True)
class PeerCalibration:
    """What was learned about reviewers when grades were worked out, as plain values.

    `works` and `habits` are keyed by work in the pool and by reviewer. Kept so that an appeal or an
    exclusion uses the same class constants: a mark given up never lowers a grade.
    """

    id: str
    activity: str
    round: int
    at: datetime
    constants: Mapping[str, Any]
    works: Mapping[str, Any]
    habits: Mapping[str, Any]
    version: int = 1


class Stage(StrEnum):
    """Where a peer review stands on the way to "every work has its reviews"."""

    BEFORE = "before"
    OPEN = "open"
    VOLUNTEERS = "volunteers"  # due, and whoever likes takes what is left
    STAFF = "staff"  # the rest stands in the staff's queue
    OVER = "over"  # feedback goes out with what is there


def stage_of(window: Window, now: datetime) -> Stage:
    """The stage at a moment; a step without a due date stays open until it closes."""
    if window.is_before(now):
        return Stage.BEFORE
    due = window.due or window.closes
    if due is None or now <= due:
        return Stage.OPEN
    if now <= due + FILL_AFTER:
        return Stage.VOLUNTEERS
    return Stage.STAFF if now <= feedback_at(due) else Stage.OVER


def feedback_at(due: datetime) -> datetime:
    """When authors read their reviews at the latest, if nothing else is decided."""
    return due + FEEDBACK_AFTER


@dataclass(frozen=True)
class Bars:
    """What keeps one reviewer from works: their teams now and before, bylines, bonds, and own choices."""

    teams: Collection[str] = ()
    mentored: Collection[str] = ()
    seen: Collection[str] = ()  # works that they judged, hold, dropped or declared a conflict with
    named_on: Collection[str] = ()  # submissions that name them
    within: Collection[str] = ()  # a TA who was given some teams judges works of those alone; empty: all

    def bar(self, work: PoolWork) -> str:
        """Why this work is not for them; "" where nothing stands against it."""
        if work.submission in self.named_on or work.team in self.teams:
            return "own_work"
        if work.team in self.mentored:
            return "mentored"
        if self.within and work.team not in self.within:
            return "not_given"
        return "seen" if work.id in self.seen else ""


def first_lawful(works: Iterable[PoolWork], bars: Bars, most: int) -> PoolWork | None:
    """The first work below `most` that is not barred, in the order in which they come."""
    return next((work for work in works if work.open and work.taken < most and not bars.bar(work)), None)


def expected_reviews(per_work: int, *, absent: float = 0.15, abandoned: float = 0.05) -> float:
    """Reviews that a work can be expected to get, when some never come and some let go.

    The rates are a judgement for a course without a past of its own.
    """
    return per_work * (1 - absent) * (1 - abandoned)
