"""The calibrated score: what reviewers' habits make of a class's reviews, with the constants kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from coursecrew.app.records import PEER_CALIBRATIONS, REVIEWS, TEAMS
from coursecrew.app.reviewing.places import Place, place_of
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.averages import Method
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.reviewing import Cause, PeerCalibration, Review, ReviewState
from coursecrew.domain.rubrics import score

if TYPE_CHECKING:
    from coursecrew.domain.peer_grades import Constants, Counted, PeerGrade

PAGE = 1_000


def calibrated_works(unit: UnitOfWork, place: Place, *, anew: bool) -> dict[str, Mapping[str, Any]]:
    """Each work's calibrated score with the making of it, by work in the pool.

    `anew` learns the class's constants again and keeps them; else the stored ones are used, so that a
    review raised on appeal never lowers that work's score.
    """
    from coursecrew.domain.peer_grades import Rating, StaffRating, grade  # numpy only where it is wanted

    reviews = _reviews(unit, place)
    rubric = place.activity.settings.rubric
    counted = [review for review in reviews if review.counts]
    ratings = [Rating(row.pool, row.reviewer, "", score(rubric, row.sheet)) for row in counted]
    known = [
        StaffRating(row.pool, score(rubric, row.sheet))
        for row in reviews
        if row.cause is Cause.STAFF and row.state is ReviewState.SUBMITTED
    ]
    stored = stored_calibration(unit, place)
    constants = _constants(stored.constants) if stored and stored.constants and not anew else None
    result = grade(
        ratings, Method.CALIBRATED, known=known, scale=(Decimal(0), Decimal(100)), constants=constants
    )
    if anew or stored is None:
        _keep(unit, place, stored, result.constants, result.reviewers)
    aliases = {(row.pool, row.reviewer): row.alias for row in counted}
    corrects = result.constants is not None and result.constants.corrects
    shift = result.constants.shift if result.constants else 0.0
    return {
        one.work: _made(one, aliases, corrects=corrects, shift=shift) for one in result.works if one.counted
    }


def _made(
    one: PeerGrade, aliases: Mapping[tuple[str, str], int], *, corrects: bool, shift: float
) -> Mapping[str, Any]:
    """One work's score as its page writes it out: reviews by their numbers, never by their writers."""
    # In shares of the reviews, so that six places on the page are enough to redo it.
    unit = len(one.counted) / sum(row.weight for row in one.counted)
    rows = [
        _review(row, aliases.get((one.work, row.reviewer), 0), unit)
        for row in sorted(one.counted, key=lambda row: aliases.get((one.work, row.reviewer), 0))
    ]
    value = sum(row["weight"] * row["corrected"] for row in rows) / sum(row["weight"] for row in rows)
    return {
        "grade": Decimal(repr(round(min(100.0, max(0.0, value)), 9))),
        "low": one.low,
        "high": one.high,
        "corrects": corrects,
        "shift": shift,
        "reviews": rows,
    }


def _review(row: Counted, alias: int, unit: float) -> dict[str, Any]:
    return {
        "alias": alias,
        "points": round(row.points, 6),
        "correction": round(row.correction, 6),
        "others": row.other_works,
        "corrected": round(row.corrected, 6),
        "weight": round(row.weight * unit, 6),
        "clipped": row.is_clipped,
    }


def _reviews(unit: UnitOfWork, place: Place) -> list[Review]:
    """All reviews of a peer review that are in, page by page."""
    rows: list[Review] = []
    last: Review | None = None
    while True:
        page = unit.store.find(
            REVIEWS, activity=place.activity.id, state=ReviewState.SUBMITTED.value, after=last, limit=PAGE
        )
        rows += page
        if len(page) < PAGE:
            return rows
        last = page[-1]


def stored_calibration(unit: UnitOfWork, place: Place) -> PeerCalibration | None:
    """What was learned when grades were worked out last; staff alone read it."""
    found = unit.store.find(PEER_CALIBRATIONS, activity=place.activity.id, round=place.round, limit=1)
    return found[0] if found else None


def _keep(
    unit: UnitOfWork, place: Place, old: PeerCalibration | None, constants: Constants | None, habits: Any
) -> None:
    learned = {
        habit.reviewer: {"bias": habit.bias, "reliability": habit.reliability, "reviews": habit.reviews}
        for habit in habits
    }
    document = asdict(constants) if constants else {}
    if old is None:
        unit.store.add(
            PEER_CALIBRATIONS,
            PeerCalibration(unit.new_id(), place.activity.id, place.round, unit.now, document, {}, learned),
        )
    else:
        unit.store.save(PEER_CALIBRATIONS, replace(old, at=unit.now, constants=document, habits=learned))


def _constants(document: Mapping[str, Any]) -> Constants:
    from coursecrew.domain.peer_grades import Constants

    return Constants(**{**document, "shares": tuple(document["shares"])})


@dataclass(frozen=True)
class HabitRow:
    """How one reviewer usually differs from others; `None` where too little is known."""

    name: str
    bias: float | None
    reliability: float | None
    reviews: int


@dataclass(frozen=True)
class Habits:
    """What was learned about reviewers, for staff; never a penalty by itself."""

    place: Place
    rows: tuple[HabitRow, ...]
    calibration: PeerCalibration | None


def reviewers_habits(unit: UnitOfWork, actor: Actor, activity_id: str) -> Habits:
    """Reviewers with what is usual for them, the farthest from others first: a fixed number of queries."""
    require(actor, Action.READ_HABITS)
    place = place_of(unit, activity_id)
    stored = stored_calibration(unit, place)
    if stored is None:
        return Habits(place, (), None)
    keys = sorted(stored.habits)
    teams = {row.id: row.name for row in unit.store.find(TEAMS, id=keys, limit=len(keys))} if keys else {}
    people = participants_of(unit, place.activity.course, [key for key in keys if key not in teams])
    names = teams | {key: one.name for key, one in people.items()}
    rows = [HabitRow(names.get(key, ""), **stored.habits[key]) for key in keys]
    rows.sort(key=lambda row: (-abs(row.bias or 0), row.name))
    return Habits(place, tuple(rows), stored)
