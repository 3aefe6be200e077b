"""Writing a review: saved as one goes, handed in, put away, or given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coursecrew.app.records import POOL, REVIEW_VERSIONS, REVIEWINGS, REVIEWS, SUBMISSIONS
from coursecrew.app.reviewing.fill_ins import fill_in, is_named
from coursecrew.app.reviewing.holding import count_review, held_by_words, hold, to_be_held
from coursecrew.app.reviewing.marking import mark_work
from coursecrew.app.reviewing.places import Judge, Place, judge_of, place_of
from coursecrew.app.reviewing.pool import lease_end, let_go, locked_row, staff_subject, take
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import AlreadyDecided, Closed, Conflict, Invalid, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.merging import merge
from coursecrew.domain.people import Actor, unturned
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.review_hints import hints, whole_text
from coursecrew.domain.reviewing import (
    BESIDE,
    EXTRA,
    FREE_DROPS,
    LONGEST_TEXT,
    Cause,
    PoolWork,
    Review,
    ReviewState,
    ReviewVersion,
)
from coursecrew.domain.rubrics import Mark, Sheet, checked_sheet
from coursecrew.domain.schedule import Step

OTHERS = 50  # of a reviewer's own reviews that a new one is compared with


def own(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, *, write: bool = False
) -> tuple[Place, Judge, Review]:
    """A review and its writer; refused for everybody else, whatever they guess."""
    place = place_of(unit, activity_id)
    review = unit.store.get(REVIEWS, review_id)
    if review.activity != place.activity.id:
        raise NotFound("review")
    judge = judge_of(unit, actor, place, alone=review.cause is Cause.FILL_IN)
    work = unit.store.get(POOL, review.pool)
    if review.cause is Cause.STAFF:
        require(actor, Action.SCORE_WORK, staff_subject(unit, actor, place, work))
        return place, judge, review
    mine = review.reviewer == (judge.key if review.by_team else actor.person)
    action = Action.WRITE_REVIEW if write else Action.READ_OWN_REVIEW
    named = review.cause is Cause.FILL_IN and is_named(unit, actor, place)
    if review.cause is Cause.FILL_IN and write:
        require(actor, Action.FILL_IN_REVIEW, Subject(named=named))
    require(actor, action, replace(judge.subject, own=mine, named=named))
    # A work that became one's own, or one's mentees', after it was taken is read no further.
    if review.cause is not Cause.OWN and judge.bars.bar(work) in ("own_work", "mentored"):
        raise Conflict("review_became_own")
    return place, judge, review


def own_review(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> tuple[Place, Review]:
    """A review that the actor may write now; refused for everybody else and when time is over."""
    place, _judge, review = own(unit, actor, activity_id, review_id, write=True)
    _must_be_time(place, actor, review)
    return place, review


def _locked(unit: UnitOfWork, review: Review) -> tuple[PoolWork, Review]:
    """The work's row, held; then the review as it is now."""
    work = unit.store.get(POOL, review.pool, lock=True)
    return work, unit.store.get(REVIEWS, review.id)


def save_review(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, sheet: Sheet, *, text: str, seen: int
) -> Review:
    """Keep what was written so far; the hold begins anew.

    `seen` is the number of saves on the form. Others of the team who wrote in other places meanwhile are
    joined; where both wrote in the same place, both are shown. A hold that ran out is taken up again
    where the work still has room.
    """
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_time(place, actor, found)
    return _written(unit, actor, place, found, sheet, text, seen)


def _must_be_time(place: Place, actor: Actor, review: Review) -> None:
    """A review is written and changed until feedback goes out; staff take the time they need."""
    if may_be_late(actor, review):
        return
    if place.feedback_at is not None and place.now > place.feedback_at:
        raise Closed(Step.REVIEW.value, closes=place.feedback_at)


def may_be_late(actor: Actor, review: Review) -> bool:
    """Whether it may still be written when feedback went out: what staff write for a work."""
    return review.cause is Cause.STAFF or (review.cause is Cause.FILL_IN and actor.is_staff)


def _written(
    unit: UnitOfWork, actor: Actor, place: Place, found: Review, sheet: Sheet, text: str, seen: int
) -> Review:
    work, review = _locked(unit, found)
    if not review.may("save"):
        raise AlreadyDecided(what="review", state=review.state.value)
    over = work.released_at is not None and review.state is ReviewState.SUBMITTED
    if over and review.cause is not Cause.STAFF:
        raise Conflict("review_released")
    sheet, text = _checked(place.activity, sheet, text)
    sheet, text = _joined(unit, review, sheet, text, seen)
    if (sheet, text) == (dict(review.sheet), review.text) and review.number:
        return _renewed(unit, place, work, review)
    number = review.number + 1
    unit.store.add(
        REVIEW_VERSIONS,
        ReviewVersion(unit.new_id(), review.id, number, sheet, text, actor.person, unit.now),
    )
    changed = replace(review, sheet=sheet, text=text, number=number, written_by=actor.person)
    return _renewed(unit, place, work, changed)


def _renewed(unit: UnitOfWork, place: Place, work: PoolWork, review: Review) -> Review:
    """The review saved, its hold begun anew; taken up again where it had run out and there is room."""
    if review.cause in BESIDE:
        return unit.store.save(REVIEWS, review)
    room = work.open and work.taken < place.rules.per_work + EXTRA
    if review.state is ReviewState.LEASED and not review.is_live(unit.now):
        review = replace(review, lease_until=lease_end(place, unit.now, unit.now))  # nobody took the slot yet
    elif review.state is ReviewState.LEASED:
        longer = lease_end(place, review.taken_at, unit.now)
        # a work that was dealt or given is held until reviews are due: saving shortens nothing
        review = replace(review, lease_until=max(longer, review.lease_until or longer))
    elif review.state is ReviewState.LAPSED and room:
        unit.store.save(POOL, replace(work, taken=work.taken + 1))
        review = replace(
            review,
            state=ReviewState.LEASED,
            taken_at=unit.now,
            lease_until=lease_end(place, unit.now, unit.now),
            extra=work.taken >= place.rules.per_work,
        )
    return unit.store.save(REVIEWS, review)


def _checked(activity: Activity, sheet: Sheet, text: str) -> tuple[dict[str, Mark], str]:
    """What was written as it is kept: known criteria only, known levels only, no longer than allowed."""
    problems = []
    kept: dict[str, Mark] = {}
    for criterion in activity.settings.rubric.criteria:
        mark = sheet.get(criterion.id)
        if mark is None:
            continue
        comment = unturned(mark.comment.replace("\r\n", "\n")).strip()
        if len(comment) > LONGEST_TEXT:
            values = (("most", LONGEST_TEXT), ("have", len(comment)))
            problems.append(Problem(f"comment-{criterion.id}", "text_too_long", values))
        if mark.given and not criterion.accepts(mark):
            problems.append(Problem(f"level-{criterion.id}", "level_unknown", (("title", criterion.title),)))
        if mark.given or comment:
            kept[criterion.id] = replace(mark, comment=comment)
    text = unturned(text.replace("\r\n", "\n")).strip()
    if len(text) > LONGEST_TEXT:
        problems.append(Problem("text", "text_too_long", (("most", LONGEST_TEXT), ("have", len(text)))))
    if problems:
        raise Invalid(*problems)
    return kept, text


def _joined(
    unit: UnitOfWork, review: Review, sheet: dict[str, Mark], text: str, seen: int
) -> tuple[dict[str, Mark], str]:
    """One's own writing joined with what others of the team saved since; refused where both overlap."""
    if seen == review.number:
        return sheet, text
    rows = unit.store.find(REVIEW_VERSIONS, review=review.id, number=seen, limit=1) if seen else []
    base_sheet: Mapping[str, Mark] = rows[0].sheet if rows else {}
    base_text = rows[0].text if rows else ""
    clashes: list[dict[str, str]] = []
    result: dict[str, Mark] = {}
    for id in dict.fromkeys((*review.sheet, *sheet)):
        mine, theirs, before = sheet.get(id), review.sheet.get(id), base_sheet.get(id)
        joined = _joined_mark(id, mine, theirs, before, clashes)
        if joined is not None:
            result[id] = joined
    whole = _joined_text("text", text, review.text, base_text, clashes)
    if clashes:
        raise Stale(what="review", clashes=clashes, by=review.written_by, at=None, seen=review.number)
    return result, whole


def _joined_mark(
    id: str, mine: Mark | None, theirs: Mark | None, before: Mark | None, clashes: list[dict[str, str]]
) -> Mark | None:
    nothing = Mark(given=False)
    mine, theirs, before = mine or nothing, theirs or nothing, before or nothing
    given = [mark for mark in (mine, theirs) if (mark.points, mark.given) != (before.points, before.given)]
    if len({(mark.points, mark.given) for mark in given}) > 1:
        clashes.append(
            {
                "place": f"level-{id}", "yours": str(mine.points), "theirs": str(theirs.points),
                "before": str(before.points) if before.given else "",
            }
        )  # fmt: skip
    chosen = given[0] if given else before
    comment = _joined_text(f"comment-{id}", mine.comment, theirs.comment, before.comment, clashes)
    joined = replace(chosen, comment=comment)
    return joined if joined.given or joined.comment else None


def _joined_text(place: str, mine: str, theirs: str, before: str, clashes: list[dict[str, str]]) -> str:
    merged = merge(before, mine, theirs)
    if merged.overlaps:
        clashes.append({"place": place, "yours": mine, "theirs": theirs, "before": before})
        return theirs
    return merged.text


def hand_in_or_hint(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    review_id: str,
    sheet: Sheet,
    *,
    text: str,
    seen: int,
    english: bool = True,
) -> Review:
    """Hand the review in; where a hint was not seen yet, it is kept, and the hints are shown once."""
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_time(place, actor, found)
    _must_be_complete(place, sheet, text)
    if found.state is ReviewState.SUBMITTED or found.cause in BESIDE:
        return submit_review(unit, actor, activity_id, review_id, sheet, text=text, seen=seen)
    work = unit.store.get(POOL, found.pool)
    others = unit.store.find(REVIEWS, activity=activity_id, reviewer=found.reviewer, limit=OTHERS)
    fresh = hints(
        sheet,
        text,
        work=unit.store.get(SUBMISSIONS, work.submission).texts,
        other=[whole_text(row.sheet, row.text) for row in others if row.team != found.team],
        seen=found.nudged.split(),
        english=english,
    )
    if not fresh:
        return submit_review(unit, actor, activity_id, review_id, sheet, text=text, seen=seen)
    review = _written(unit, actor, place, found, sheet, text, seen)
    return unit.store.save(REVIEWS, replace(review, nudged=" ".join([*review.nudged.split(), *fresh])))


def _must_be_complete(place: Place, sheet: Sheet, text: str) -> None:
    """Refuse a review in which something lacks, by the name of its row."""
    problems: list[Problem] = []
    try:
        checked_sheet(place.activity.settings.rubric, sheet)
    except Invalid as wrong:
        problems += wrong.problems
    if place.rules.overall and not text.strip():
        problems.append(Problem("text", "review_text_missing"))
    if problems:
        raise Invalid(*problems)


def submit_review(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, sheet: Sheet, *, text: str, seen: int
) -> Review:
    """Hand the review in: everything that is asked for is there. It may be changed until feedback goes out.

    A row that lacks something is refused by name; nothing typed is lost.
    """
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_time(place, actor, found)
    _must_be_complete(place, sheet, text)
    review = _written(unit, actor, place, found, sheet, text, seen)
    if review.state is ReviewState.LAPSED:
        raise Conflict("slot_filled")
    work, review = _locked(unit, review)
    first = review.state is not ReviewState.SUBMITTED
    if first:
        review = replace(
            review,
            state=ReviewState.SUBMITTED,
            submitted_at=review.submitted_at or unit.now,
            lease_until=None,
        )
    if review.cause in BESIDE:
        review = unit.store.save(REVIEWS, review)
        if review.cause is Cause.STAFF and work.scored_at is not None:
            mark_work(unit, place, work, by=actor.person, cause="scored")
        return review
    held = to_be_held(place, review) if first else held_by_words(place, review)
    if held:
        return hold(unit, place, work, review, held, counted=not first)
    if not first:
        return unit.store.save(REVIEWS, review)
    review = unit.store.save(REVIEWS, review)
    count_review(unit, place, work)
    unit.record(
        Kind.REVIEW_SUBMITTED, activity=place.activity.id, course=place.activity.course, by=actor.person,
        team=work.team,
    )  # fmt: skip
    return review


# --- giving a work back ---


def drop_review(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> str:
    """Give a work back unwritten; twice that costs nothing. Returns the id of the next one, or ""."""
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_in_hand(found)
    if not found.is_empty:
        raise Conflict("drop_written")
    row = locked_row(unit, place, found.reviewer)
    if row.drops >= FREE_DROPS:
        raise Conflict("drops_used", most=FREE_DROPS)
    unit.store.save(REVIEWINGS, replace(row, drops=row.drops + 1))
    let_go(unit, found, ReviewState.DROPPED)
    return _next(unit, actor, place, found)


def declare_conflict(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> str:
    """Say that one is too close to the authors to judge them; the work goes to somebody else."""
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_in_hand(found)
    locked_row(unit, place, found.reviewer)  # before the work's row, as whoever takes one does
    let_go(unit, found, ReviewState.CONFLICT)
    work = unit.store.get(POOL, found.pool)
    unit.store.save(POOL, replace(work, barred=work.barred + 1))
    return _next(unit, actor, place, found)


def report_work(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, *, reason: str) -> str:
    """Tell the course staff that something is wrong with a work; another one comes in its place."""
    place, _judge, found = own(unit, actor, activity_id, review_id, write=True)
    _must_be_in_hand(found)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    locked_row(unit, place, found.reviewer)
    let_go(unit, found, ReviewState.REPORTED, reason=unturned(reason).strip()[:1000])
    unit.record(
        Kind.WORK_REPORTED, activity=place.activity.id, course=place.activity.course, by=actor.person,
        team=found.team,
    )  # fmt: skip
    return _next(unit, actor, place, found)


def _must_be_in_hand(review: Review) -> None:
    if not review.may("drop"):
        raise AlreadyDecided(what="review", state=review.state.value)


def _next(unit: UnitOfWork, actor: Actor, place: Place, given_back: Review) -> str:
    """The next work at once; where there is none, what is owed becomes one less."""
    fills_in = given_back.cause is Cause.FILL_IN
    try:
        return (fill_in if fills_in else take)(unit, actor, place.activity.id)
    except Conflict as refusal:
        if refusal.code != "nothing_to_review" or fills_in:
            return ""
    except Closed:
        return ""
    row = locked_row(unit, place, given_back.reviewer)
    unit.store.save(REVIEWINGS, replace(row, waived=row.waived + 1))
    return ""
