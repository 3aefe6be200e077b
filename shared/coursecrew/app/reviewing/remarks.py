"""Comments at passages of a work, and the threads of replies under them."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.records import BYLINES, POOL, REVIEW_REMARKS, REVIEWS, SUBMISSIONS
from coursecrew.app.reviewing.holding import tell_writer
from coursecrew.app.reviewing.places import judge_of, place_of
from coursecrew.app.reviewing.writing import own_review
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.anchors import LONGEST_REMARK, MOST_REMARKS, ReviewRemark, anchor
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, unturned
from coursecrew.domain.permissions import Action, Subject, require


def remarks_of(unit: UnitOfWork, reviews: list[str]) -> dict[str, list[ReviewRemark]]:
    """The comments at passages in these reviews, by review, oldest first: one query."""
    found: dict[str, list[ReviewRemark]] = {id: [] for id in reviews}
    if not reviews:
        return found
    rows = unit.store.find(
        REVIEW_REMARKS, review=reviews, gone=False, order="oldest", limit=MOST_REMARKS * len(reviews)
    )
    for row in rows:
        found[row.review].append(row)
    return found


def add_remark(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    review_id: str,
    *,
    prompt: str,
    place: int,
    words: str,
    text: str,
) -> ReviewRemark:
    """Say something at a paragraph of the work; `words` are the very words it is about, if any.

    The hold on the work begins anew, as with every save.
    """
    _where, review = own_review(unit, actor, activity_id, review_id)
    work = unit.store.get(POOL, review.pool)
    if not review.may("save"):
        raise AlreadyDecided(what="review", state=review.state.value)
    if work.released_at is not None:
        raise Conflict("review_released")
    text = _checked(text)
    quote = anchor(unit.store.get(SUBMISSIONS, work.submission).texts, prompt, place, words)
    if not quote:
        raise Invalid(Problem("words", "words_not_there"))
    if unit.store.count(REVIEW_REMARKS, review=review.id) >= MOST_REMARKS:
        raise Conflict("too_many_remarks", most=MOST_REMARKS)
    return unit.store.add(
        REVIEW_REMARKS,
        ReviewRemark(
            unit.new_id(), activity_id, review.id, "", prompt, place, quote, text,
            by_authors=False, by=actor.person, at=unit.now,
        ),
    )  # fmt: skip


def remove_remark(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, remark_id: str
) -> ReviewRemark:
    """Take back a comment of one's own review, while its authors have not read it."""
    _where, review = own_review(unit, actor, activity_id, review_id)
    remark = unit.store.get(REVIEW_REMARKS, remark_id)
    if remark.review != review.id:
        raise NotFound("review")
    if unit.store.get(POOL, review.pool).released_at is not None:
        raise Conflict("review_released")
    return unit.store.save(REVIEW_REMARKS, replace(remark, gone=True))


def reply(unit: UnitOfWork, actor: Actor, activity_id: str, remark_id: str, *, text: str) -> ReviewRemark:
    """Reply under a comment: for the authors and whoever wrote the review, once it is released."""
    first = unit.store.get(REVIEW_REMARKS, remark_id)
    if first.activity != activity_id or first.gone:
        raise NotFound("review")
    found = unit.store.get(REVIEWS, first.review)
    work = unit.store.get(POOL, found.pool)
    place = place_of(unit, activity_id)
    judge = judge_of(unit, actor, place)
    named = unit.store.count(BYLINES, submission=work.submission, person=actor.person, in_force=True) > 0
    mine = found.reviewer == (judge.key if found.by_team else actor.person)
    if not mine:
        require(
            actor, Action.ANSWER_REVIEW,
            Subject(team=work.team, in_byline=named, takes_part=judge.subject.takes_part),
        )  # fmt: skip
    else:
        require(actor, Action.WRITE_REVIEW, replace(judge.subject, own=True))
    if work.released_at is None or not found.counts:
        raise NotFound("review")
    text = _checked(text)
    made = unit.store.add(
        REVIEW_REMARKS,
        ReviewRemark(
            unit.new_id(), activity_id, found.id, first.parent or first.id, first.prompt, first.place,
            first.quote, text, not mine, actor.person, unit.now,
        ),
    )  # fmt: skip
    if mine:
        unit.record(
            Kind.REMARK_REPLIED, activity=activity_id, course=place.activity.course, by="", team=work.team,
            item=first.id,
        )  # fmt: skip
    else:
        tell_writer(unit, place, found, Kind.REMARK_REPLIED)
    return made


def _checked(text: str) -> str:
    text = unturned(text.replace("\r\n", "\n")).strip()
    if not text:
        raise Invalid(Problem("remark", "remark_missing"))
    if len(text) > LONGEST_REMARK:
        raise Invalid(Problem("remark", "text_too_long", (("most", LONGEST_REMARK), ("have", len(text)))))
    return text
