"""Rejoinders: the authors' one answer to a review, and what they make of each of its comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.records import BYLINES, DRAFT_VERSIONS, POOL, REJOINDERS, REVIEW_REMARKS, REVIEWS, WORKS
from coursecrew.app.reviewing.holding import tell_writer
from coursecrew.app.reviewing.places import Place, judge_of, place_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.anchors import MOST_REMARKS
from coursecrew.domain.errors import AlreadyDecided, Closed, Invalid, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, unturned
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.rejoinders import REJOIN_WITHIN, Rejoinder, Uptake, checked_rejoinder
from coursecrew.domain.reviewing import PoolWork, Review
from coursecrew.domain.schedule import Step


@dataclass(frozen=True)
class Comment:
    """One comment of a review: of a criterion, about the whole ("text"), or at a passage."""

    key: str
    title: str
    text: str


@dataclass(frozen=True)
class Answering:
    """A review that its authors answer, with what they have of an answer so far."""

    place: Place
    work: PoolWork
    review: Review
    comments: tuple[Comment, ...]
    answer: Rejoinder
    until: datetime | None
    versions: tuple[int, ...]  # numbers of the next round's draft, to link a change by


def answer_at(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> Answering:
    """The review to answer: for the people on the work's byline, once they may read it."""
    place = place_of(unit, activity_id)
    review = unit.store.get(REVIEWS, review_id)
    if review.activity != place.activity.id:
        raise NotFound("review")
    work = unit.store.get(POOL, review.pool)
    judge = judge_of(unit, actor, place)
    named = unit.store.count(BYLINES, submission=work.submission, person=actor.person, in_force=True) > 0
    require(
        actor, Action.ANSWER_REVIEW,
        Subject(team=work.team, in_byline=named, takes_part=judge.subject.takes_part),
    )  # fmt: skip
    if not place.rules.rejoinder or work.released_at is None or not review.counts:
        raise NotFound("review")
    known = unit.store.find(REJOINDERS, review=review.id, limit=1)
    answer = known[0] if known else Rejoinder("", activity_id, review.id, work.team)
    return Answering(
        place, work, review, comments_of(unit, place.activity, review), answer,
        work.released_at + REJOIN_WITHIN, _versions(unit, place, work),
    )  # fmt: skip


def comments_of(unit: UnitOfWork, activity: Activity, review: Review) -> tuple[Comment, ...]:
    """Everything a review says in words, each with a key that stays."""
    said = [
        Comment(criterion.id, criterion.title, review.sheet[criterion.id].comment)
        for criterion in activity.settings.rubric.criteria
        if criterion.id in review.sheet and review.sheet[criterion.id].comment
    ]
    if review.text.strip():
        said.append(Comment("text", "", review.text))
    remarks = unit.store.find(
        REVIEW_REMARKS, review=review.id, parent="", gone=False, order="oldest", limit=MOST_REMARKS
    )
    return (*said, *(Comment(remark.id, remark.quote, remark.text) for remark in remarks))


def _versions(unit: UnitOfWork, place: Place, work: PoolWork) -> tuple[int, ...]:
    """The versions of the team's revision, in which a change can be pointed at."""
    works = unit.store.find(WORKS, activity=place.of.id, team=work.team, order="latest", limit=1)
    if not works or works[0].round <= work.round:
        return ()
    rows = unit.store.find(DRAFT_VERSIONS, work=works[0].id, order="newest", limit=50)
    return tuple(sorted({row.number for row in rows if row.number > 1}, reverse=True))


def save_answer(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    review_id: str,
    *,
    text: str,
    scales: Mapping[str, int],
    why: str,
    points: Mapping[str, Uptake],
    flagged: bool,
    seen: int,
    send: bool,
) -> Rejoinder:
    """Keep the team's answer, or send it: one per review, any member until then. It changes no score.

    `seen` is the answer's version on the form (0: none yet). Once sent, only what is made of the
    comments may still change, since the change itself may come later.
    """
    found = answer_at(unit, actor, activity_id, review_id)
    old = found.answer
    if (old.version if old.id else 0) != seen:
        raise Stale(what="answer", clashes=[], by=old.by, at=old.at, seen=old.version)
    if found.until is not None and unit.now > found.until and old.sent_at is None:
        raise Closed(Step.REVIEW.value, closes=found.until)
    keys = {comment.key for comment in found.comments}
    if set(points) - keys:
        raise Invalid(Problem("text", "not_a_choice"))
    if old.sent_at is not None:
        if send:
            raise AlreadyDecided(what="answer", state="sent")
        answer = replace(old, points=dict(points), by=actor.person, at=unit.now)
        return unit.store.save(REJOINDERS, checked_rejoinder(answer, sending=True))
    answer = replace(
        old,
        text=unturned(text.replace("\r\n", "\n")).strip(),
        helpful=scales.get("helpful", 0),
        specific=scales.get("specific", 0),
        kind=scales.get("kind", 0),
        why=unturned(why).strip(),
        flagged=flagged,
        points=dict(points),
        by=actor.person,
        at=unit.now,
        sent_at=unit.now if send else None,
    )
    answer = checked_rejoinder(answer, sending=send)
    if old.id:
        answer = unit.store.save(REJOINDERS, answer)
    else:
        answer = unit.store.add(REJOINDERS, replace(answer, id=unit.new_id()))
    if send:
        tell_writer(unit, found.place, found.review, Kind.REJOINDER_SENT)
        if flagged:
            unit.record(
                Kind.REVIEW_FLAGGED, activity=activity_id, course=found.place.activity.course,
                by=actor.person, team=found.work.team,
            )  # fmt: skip
    return answer


def answers_to(unit: UnitOfWork, reviews: list[str]) -> dict[str, Rejoinder]:
    """The answers to these reviews, by review: one query."""
    if not reviews:
        return {}
    rows = unit.store.find(REJOINDERS, review=reviews, limit=len(reviews))
    return {row.review: row for row in rows}
