"""Holding a review back for the staff's look: passed, with words taken out, or rejected.

A held review keeps its slot and counts for the duty of whoever wrote it; it counts for the work, and
its authors read it, once it is passed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from coursecrew.app.records import (
    POOL,
    REJOINDERS,
    REVIEW_VERSIONS,
    REVIEWS,
    SUBMISSIONS,
    TEAMS,
    WORKS,
)
from coursecrew.app.reviewing.places import Place, place_of
from coursecrew.app.reviewing.rounds import open_next_round
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import AlreadyDecided, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.rejoinders import Rejoinder
from coursecrew.domain.review_hints import whole_text
from coursecrew.domain.review_rules import Feedback
from coursecrew.domain.reviewing import PoolWork, Review, ReviewState, ReviewVersion
from coursecrew.domain.rubrics import Sheet
from coursecrew.domain.submissions import Submission, WorkState
from coursecrew.domain.teams import Team

QUEUE = 50


# --- what comes in ---


def held_by_words(place: Place, review: Review) -> str:
    """ "word" where a listed word stands in the review, "" else; whole words, whatever their case."""
    listed = [word.strip() for word in place.activity.settings.listed_words if word.strip()]
    if not listed:
        return ""
    pattern = r"(?<!\w)(?:" + "|".join(re.escape(word) for word in listed) + r")(?!\w)"
    return "word" if re.search(pattern, whole_text(review.sheet, review.text), re.IGNORECASE) else ""


def to_be_held(place: Place, review: Review) -> str:
    """Why a review that was just handed in is held: a listed word, the author's wish, or not at all."""
    return held_by_words(place, review) or ("look" if place.rules.hold_days else "")


def hold(
    unit: UnitOfWork, place: Place, work: PoolWork, review: Review, why: str, *, counted: bool
) -> Review:
    """Hold a review; `counted` says whether it had counted already. One held for a look passes by itself."""
    if counted:
        unit.store.save(POOL, replace(work, submitted=work.submitted - 1))
    until = unit.now + place.hold_for if why == "look" else None
    review = unit.store.save(REVIEWS, replace(review, state=ReviewState.HELD, held_for=why, held_until=until))
    unit.record(
        Kind.REVIEW_HELD, activity=place.activity.id, course=place.activity.course, by="", team=work.team
    )
    return review


def count_review(unit: UnitOfWork, place: Place, work: PoolWork) -> PoolWork:
    """One more review is in: the work may be complete, and its authors read them if the author says so."""
    work = unit.store.save(POOL, replace(work, submitted=work.submitted + 1))
    if work.submitted < place.rules.per_work:
        return work
    row = unit.store.get(WORKS, work.work)
    if row.state is WorkState.IN_REVIEW:
        unit.store.save(WORKS, replace(row, state=WorkState.REVIEWED))
    if place.rules.feedback is Feedback.COMPLETE and work.released_at is None:
        release_work(unit, place, work)
    return work


def release_work(unit: UnitOfWork, place: Place, work: PoolWork) -> None:
    """Let the authors of a work read its reviews, and tell them; where there is a next round, it opens."""
    unit.store.save(POOL, replace(work, released_at=unit.now))
    unit.record(
        Kind.FEEDBACK_RELEASED, activity=place.activity.id, course=place.activity.course, by="",
        team=work.team,
    )  # fmt: skip
    open_next_round(unit, place, work)


# --- the staff's list ---


@dataclass(frozen=True)
class HeldRow:
    """One review that waits for a look, with who wrote it and about whom."""

    review: Review
    team: Team
    writer: Participant | None
    flagged: Rejoinder | None = None


def held_reviews(unit: UnitOfWork, actor: Actor, activity_id: str) -> list[HeldRow]:
    """Reviews that are held, and those whose authors flagged them: a fixed number of queries."""
    require(actor, Action.LOOK_AT_REVIEWS)
    place = place_of(unit, activity_id)
    bound: dict[str, Any] = {"team": list(actor.limited_to)} if actor.limited_to else {}
    rows = unit.store.find(REVIEWS, activity=activity_id, state=ReviewState.HELD.value, limit=QUEUE, **bound)
    flags = unit.store.find(REJOINDERS, activity=activity_id, flagged=True, limit=QUEUE, **bound)
    ids = [row.review for row in flags]
    flagged = unit.store.find(REVIEWS, id=ids, limit=len(ids)) if ids else []
    by_review = {row.review: row for row in flags}
    rows += [row for row in flagged if row.state is ReviewState.SUBMITTED]
    ids = sorted({row.team for row in rows})
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    people = participants_of(unit, place.activity.course, [row.written_by for row in rows])
    return [HeldRow(row, teams[row.team], people.get(row.written_by), by_review.get(row.id)) for row in rows]


@dataclass(frozen=True)
class HeldReview:
    """One review under the staff's eyes, with the work that it is about."""

    place: Place
    review: Review
    work: PoolWork
    team: Team
    submission: Submission
    writer: Participant | None


def look_at_held(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> HeldReview:
    """A review to decide about."""
    place, work, review = _judged(unit, actor, activity_id, review_id, lock=False)
    people = participants_of(unit, place.activity.course, [review.written_by])
    return HeldReview(
        place, review, work, unit.store.get(TEAMS, work.team), unit.store.get(SUBMISSIONS, work.submission),
        people.get(review.written_by),
    )  # fmt: skip


def _judged(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, *, lock: bool = True
) -> tuple[Place, PoolWork, Review]:
    place = place_of(unit, activity_id)
    found = unit.store.get(REVIEWS, review_id)
    if found.activity != place.activity.id:
        raise NotFound("review")
    work = unit.store.get(POOL, found.pool, lock=lock)
    require(actor, Action.MODERATE_REVIEW, Subject(team=work.team))
    review = unit.store.get(REVIEWS, review_id)
    return place, work, review


def pass_review(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> Review:
    """Let a held review count as it is."""
    place, work, review = _judged(unit, actor, activity_id, review_id)
    if not review.may("pass"):
        raise AlreadyDecided(what="review", state=review.state.value)
    return _passed(unit, place, work, review)


def _passed(unit: UnitOfWork, place: Place, work: PoolWork, review: Review) -> Review:
    review = unit.store.save(REVIEWS, replace(review, state=ReviewState.SUBMITTED, held_until=None))
    count_review(unit, place, work)
    return review


def redact_review(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, sheet: Sheet, *, text: str
) -> Review:
    """Pass a review with other words: comments as staff leave them, marks as they were given.

    What was written stays with the review's versions, which staff alone read.
    """
    place, work, review = _judged(unit, actor, activity_id, review_id)
    if not (review.may("pass") or review.may("hold")):
        raise AlreadyDecided(what="review", state=review.state.value)
    kept = {
        id: replace(mark, comment=sheet[id].comment.strip() if id in sheet else "")
        for id, mark in review.sheet.items()
    }
    number = review.number + 1
    unit.store.add(
        REVIEW_VERSIONS,
        ReviewVersion(unit.new_id(), review.id, number, kept, text.strip(), actor.person, unit.now),
    )
    changed = replace(review, sheet=kept, text=text.strip(), number=number, redacted=True)
    if review.state is ReviewState.HELD:
        return _passed(unit, place, work, changed)
    return unit.store.save(REVIEWS, changed)


def reject_review(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, *, reason: str) -> Review:
    """Leave a held review out for good; its slot is free again, and its writer reads why."""
    place, work, review = _judged(unit, actor, activity_id, review_id)
    if not review.may("pass"):
        raise AlreadyDecided(what="review", state=review.state.value)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    unit.store.save(POOL, replace(work, taken=work.taken - 1))
    review = unit.store.save(
        REVIEWS,
        replace(review, state=ReviewState.EXCLUDED, held_until=None, reason=reason.strip()[:1000]),
    )
    tell_writer(unit, place, review, Kind.REVIEW_REJECTED, by=actor.person)
    return review


def hold_review(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> Review:
    """Hold a review that counts already, until staff have decided."""
    place, work, review = _judged(unit, actor, activity_id, review_id)
    if not review.may("hold") or not review.counts:
        raise AlreadyDecided(what="review", state=review.state.value)
    return hold(unit, place, work, review, "staff", counted=True)


def tell_writer(unit: UnitOfWork, place: Place, review: Review, kind: Kind, *, by: str = "") -> None:
    """Tell whoever wrote a review something; nothing in it says whose work it was."""
    unit.record(
        kind, activity=place.activity.id, course=place.activity.course, by=by,
        team=review.reviewer if review.by_team else "",
        people=[] if review.by_team else [review.reviewer],
    )  # fmt: skip


def pass_due(unit: UnitOfWork, place: Place, *, limit: int = 200) -> int:
    """Let reviews count whose days of being held are over; those with a listed word wait on."""
    rows = unit.store.find(REVIEWS, activity=place.activity.id, state=ReviewState.HELD.value, limit=limit)
    over = [row for row in rows if row.held_until is not None and row.held_until <= unit.now]
    for row in over:
        _passed(unit, place, unit.store.get(POOL, row.pool, lock=True), row)
    return len(over)
