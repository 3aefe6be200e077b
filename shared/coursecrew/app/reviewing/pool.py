"""The pool: works that wait for reviews, and how a reviewer comes by one.

The row of a work in the pool guards its slots: it is locked, its count of leases and reviews is checked
and saved. A reviewer's own row makes two presses at once one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from coursecrew.app.bonds import is_mentor
from coursecrew.app.records import BYLINES, FILLED, MEMBERSHIPS, POOL, REVIEWINGS, REVIEWS, SUBMISSIONS, WORKS
from coursecrew.app.reviewing.dealing import deal_out
from coursecrew.app.reviewing.places import (
    Judge,
    Place,
    judge_of,
    looked_at_again,
    may_judge_without_work,
    place_of,
)
from coursecrew.app.reviewing.practising import must_have_practised
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.coverage import coverage, is_corner
from coursecrew.domain.errors import AlreadyExists, Closed, Conflict, NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.review_rules import Allocation, Reviewers, SelfReview
from coursecrew.domain.reviewing import (
    ALL_STAFF,
    BESIDE,
    DONE,
    EXTRA,
    LIVE,
    Cause,
    PoolWork,
    Review,
    Reviewing,
    ReviewState,
    Stage,
)
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState

PAGE = 50
FIRST_PAGE = 4  # nearly always one of these is lawful
FREED_BY_A_TAKE = 20  # upkeep frees the others
SMALL_CLASS = 40  # works up to which a take looks ahead
MOST_REVIEWS_SEEN = 2_000  # in such a class
ROUNDS = 5  # how often a take looks again after others were faster


# --- works come in ---


def gather(unit: UnitOfWork, place: Place, *, limit: int = 200) -> int:
    """Bring works that were handed in since the last look into the pool; returns how many.

    From here on they cannot be withdrawn. A work that comes late joins at once; a revised one when the
    round before is over.
    """
    if place.window.is_before(unit.now):
        return 0
    works = unit.store.find(WORKS, activity=place.of.id, state=WorkState.SUBMITTED.value, limit=limit)
    works = [work for work in works if work.round <= place.round]
    for found in works:
        work = unit.store.get(WORKS, found.id, lock=True)
        if work.state is not WorkState.SUBMITTED:
            continue  # somebody else was here, or the team took it back
        submission = unit.store.get(SUBMISSIONS, work.submission)
        barred = unit.store.count(BYLINES, submission=submission.id, in_force=True)
        due = place.window_of(work.round).due
        try:
            row = unit.store.add(
                POOL,
                PoolWork(
                    unit.new_id(), place.activity.id, work.id, work.team, submission.id,
                    submission.handed_in_at, unit.chance.randrange(1 << 30), barred=barred,
                    late=due is not None and unit.now > due, round=work.round,
                ),
            )  # fmt: skip
            if work.round > 1:
                follow(unit, place, row)
        except AlreadyExists:
            _open_again(unit, place, work.id, submission.id)
        unit.store.save(WORKS, replace(work, state=WorkState.IN_REVIEW))
    return len(works)


def gathered(unit: UnitOfWork, activity_id: str) -> Place:
    """The peer review with the works that came meanwhile; the first revised one begins a new round."""
    place = place_of(unit, activity_id)
    if gather(unit, place):
        place = place_of(unit, activity_id)
    deal_out(unit, place)
    return place


def follow(unit: UnitOfWork, place: Place, work: PoolWork) -> None:
    """Give a revised work to those who reviewed it before, under the same numbers as then."""
    before = unit.store.find(POOL, activity=place.activity.id, team=work.team, round=work.round - 1, limit=1)
    if not before:
        return
    reviews = unit.store.find(REVIEWS, pool=before[0].id, limit=200)
    again = [review for review in reviews if review.counts and review.cause is not Cause.FILL_IN]
    until = place.window_of(work.round).due
    for review in again:
        unit.store.add(
            REVIEWS,
            Review(
                unit.new_id(), place.activity.id, work.id, work.team, review.reviewer, review.by_team,
                ReviewState.LEASED, Cause.DUTY, review.place, review.alias, unit.now,
                until or unit.now + 3 * place.rules.lease, rubric=place.activity.settings.rubric.number,
            ),
        )  # fmt: skip
    if again:
        unit.store.save(POOL, replace(work, taken=work.taken + len(again)))
    more = 1 if place.rules.allocation is Allocation.DEADLINE else 0
    keys = [review.reviewer for review in again]
    rows = unit.store.find(REVIEWINGS, activity=place.activity.id, reviewer=keys, limit=len(keys))
    for row in rows if again else ():  # saved in any case: whoever takes a work now sees that there is more
        unit.store.save(REVIEWINGS, replace(row, duty=row.duty + more))


def _open_again(unit: UnitOfWork, place: Place, work: str, submission: str) -> None:
    """A work that was taken out of the pool and comes again, with another version."""
    row = unit.store.find(POOL, activity=place.activity.id, work=work, limit=1)[0]
    unit.store.save(POOL, replace(row, submission=submission, open=True))


# --- a reviewer takes one ---


def take(unit: UnitOfWork, actor: Actor, activity_id: str) -> str:
    """Take the work that needs a review most, or the one already in hand; returns the review's id.

    Of lawful works the one with the fewest reviews and leases comes first. Where each has enough, an
    extra review of the least reviewed one is written, up to two beyond. Refusals say what to wait for.
    """
    place = gathered(unit, activity_id)
    judge = judge_of(unit, actor, place)
    require(actor, Action.TAKE_REVIEW, judge.subject)
    if judge.by_team and judge.team is None:
        raise Conflict("review_needs_team")
    place.window.must_be_open(unit.now, Step.REVIEW)
    if place.stage in (Stage.STAFF, Stage.OVER):
        raise Closed(Step.REVIEW.value, closes=place.due)
    if not judge.has_done:
        raise Conflict("own_work_first", title=place.of.settings.title)
    if not may_judge_without_work(place, judge):
        raise Conflict("no_work_no_review", title=place.of.settings.title)
    must_have_practised(unit, actor, place)
    if place.rules.own_review is SelfReview.BEFORE and owes_own_review(unit, place, judge):
        raise Conflict("own_review_first")
    return pull(unit, place, judge)


def pull(unit: UnitOfWork, place: Place, judge: Judge) -> str:
    """What a reviewer who may take one has in hand, or the neediest work; returns the review's id."""
    judge = waited_for(unit, place, judge)
    held = judge.holds(unit.now)
    if held:
        return held.id
    owes = done_by(judge) < (judge.row.owed if judge.row else place.duty)
    if place.stage is Stage.OPEN and not owes:
        raise Conflict("duty_done", have=done_by(judge))
    return take_neediest(unit, place, judge, Cause.DUTY if owes else Cause.VOLUNTEER).id


def owes_own_review(unit: UnitOfWork, place: Place, judge: Judge) -> bool:
    """Whether their own work is here and they have yet to judge it, in this round."""
    if place.rules.own_review is SelfReview.OFF or judge.team is None:
        return False
    rows = unit.store.find(POOL, activity=place.activity.id, team=judge.team.id, order="rounds", limit=1)
    own = judge.own_review
    done = own is not None and own.submitted_at is not None and bool(rows) and own.pool == rows[0].id
    return bool(rows) and not done


def take_own(unit: UnitOfWork, actor: Actor, activity_id: str) -> str:
    """Begin, or go on with, the review of one's own work; returns its id. It never counts."""
    place = gathered(unit, activity_id)
    judge = judge_of(unit, actor, place)
    require(actor, Action.TAKE_REVIEW, judge.subject)
    if place.rules.own_review is SelfReview.OFF or judge.team is None:
        raise NotFound("page")
    rows = unit.store.find(POOL, activity=activity_id, team=judge.team.id, order="rounds", limit=1)
    if not rows:
        raise Conflict("own_work_first", title=place.of.settings.title)
    if judge.own_review and judge.own_review.pool == rows[0].id:
        return judge.own_review.id
    return unit.store.add(
        REVIEWS,
        Review(
            unit.new_id(), activity_id, rows[0].id, judge.team.id, judge.key, judge.by_team,
            ReviewState.LEASED, Cause.OWN, 0, 0, unit.now, None,
            rubric=place.activity.settings.rubric.number,
        ),
    ).id  # fmt: skip


def take_as_staff(unit: UnitOfWork, actor: Actor, activity_id: str, team: str) -> str:
    """Begin, or go on with, the staff's own score of a team's work; returns its id."""
    place = gathered(unit, activity_id)
    rows = unit.store.find(POOL, activity=activity_id, team=team, order="rounds", limit=1)
    if not rows:
        raise NotFound("work")
    work = rows[0]
    require(actor, Action.SCORE_WORK, staff_subject(unit, actor, place, work))
    known = unit.store.find(REVIEWS, pool=work.id, reviewer=ALL_STAFF, limit=1)
    if known:
        return known[0].id
    return unit.store.add(
        REVIEWS,
        Review(
            unit.new_id(), activity_id, work.id, team, reviewer=ALL_STAFF, by_team=False,
            state=ReviewState.LEASED, cause=Cause.STAFF, place=0, alias=0, taken_at=unit.now,
            lease_until=None, rubric=place.activity.settings.rubric.number,
        ),
    ).id  # fmt: skip


def staff_subject(unit: UnitOfWork, actor: Actor, place: Place, work: PoolWork) -> Subject:
    """What a staff member's rights to judge a work depend on: nobody judges their own."""
    named = unit.store.count(BYLINES, submission=work.submission, person=actor.person, in_force=True) > 0
    member = unit.store.count(MEMBERSHIPS, team=work.team, person=actor.person) > 0
    return Subject(team=work.team, graded_by_self=named or member, mentor=is_mentor(unit, actor, work.team))


def done_by(judge: Judge) -> int:
    """How many of their reviews count for what they owe; filling in counts for the work alone."""
    return sum(review.state in DONE and review.cause is not Cause.FILL_IN for review in judge.reviews)


def locked_row(unit: UnitOfWork, place: Place, reviewer: str) -> Reviewing:
    """A reviewer's own row, held until the end of the use case; made at their first review."""
    rows = unit.store.find(REVIEWINGS, activity=place.activity.id, reviewer=reviewer, limit=1)
    if rows:
        row = unit.store.get(REVIEWINGS, rows[0].id, lock=True)
        return replace(row, duty=place.duty_of(row))
    return unit.store.add(REVIEWINGS, Reviewing(unit.new_id(), place.activity.id, reviewer, duty=place.duty))


def waited_for(unit: UnitOfWork, place: Place, judge: Judge) -> Judge:
    """The reviewer as they are once nobody else takes for them: with their row held, where there is one.

    Two who take for them for the first time meet when they make the row: the later one begins again.
    """
    if judge.row is None:
        return judge
    row = unit.store.get(REVIEWINGS, judge.row.id, lock=True)
    return looked_at_again(unit, place, judge, replace(row, duty=place.duty_of(row)))


def take_neediest(unit: UnitOfWork, place: Place, judge: Judge, cause: Cause) -> Review:
    """The review of the work that needs one most, begun by a reviewer who was waited for.

    Refused where nothing is left for them.
    """
    most = place.rules.per_work + (0 if cause is Cause.FILL_IN else EXTRA)
    work = _locked_work(unit, place, judge, most)
    if work is None:
        raise Conflict("nothing_to_review")
    unit.store.save(POOL, replace(work, taken=work.taken + 1))
    row = judge.row or Reviewing(unit.new_id(), place.activity.id, judge.key, duty=place.duty)
    row = replace(row, places=row.places + 1)
    if judge.row:
        unit.store.save(REVIEWINGS, row)
    else:
        unit.store.add(REVIEWINGS, row)
    return unit.store.add(
        REVIEWS,
        Review(
            unit.new_id(), place.activity.id, work.id, work.team, judge.key, judge.by_team,
            ReviewState.LEASED, cause, row.places, alias_of(unit, work, place.rules.per_work), unit.now,
            lease_end(place, unit.now, unit.now), rubric=place.activity.settings.rubric.number,
            extra=work.taken >= place.rules.per_work,
        ),
    )  # fmt: skip


def _locked_work(unit: UnitOfWork, place: Place, judge: Judge, most: int) -> PoolWork | None:
    """The work to take, locked: the neediest lawful one that nobody else holds at this moment.

    Databases look at a row's condition again after a wait, but not at the order: so what others hold is
    skipped, and a row that changed since it was found is compared before it is taken. Where all that is
    as needy is held, the first of it is waited for. Holds that ran out are freed before a work that has
    any is taken; in a small class at once, since there it is looked ahead.
    """
    small = not unit.store.reaches(POOL, SMALL_CLASS + 1, **_in_pool(place))
    freed = small
    if small:
        free_lapsed(unit, place.activity.id, limit=FREED_BY_A_TAKE)
    leave = _corners(unit, place, judge) if small else None
    for _ in range(ROUNDS):
        held: PoolWork | None = None
        for found in _lawful(unit, place, judge, most, leave):
            if held is not None and found.taken > held.taken:
                break
            if found.taken and not freed:
                freed = True
                if free_lapsed(unit, place.activity.id, limit=FREED_BY_A_TAKE):
                    break  # a work that had a hold a moment ago may need it more
            work = unit.store.try_lock(POOL, found.id)
            if work is None:
                held = held or found
                continue
            if not work.open or work.taken > found.taken:
                break  # others were here since it was found; look again
            return work
        else:
            if held is None:
                if freed or not free_lapsed(unit, place.activity.id, limit=FREED_BY_A_TAKE):
                    return None
                freed = True
        if held is not None:
            unit.store.get(POOL, held.id, lock=True)
    # Others were faster each time: whatever is lawful still.
    for found in _lawful(unit, place, judge, most):
        work = unit.store.get(POOL, found.id, lock=True)
        if work.open and work.taken < most:
            return work
    return None


def _in_pool(place: Place) -> dict[str, Any]:
    """The works that may be taken now."""
    return {"activity": place.activity.id, "round": place.round, "open": True}


def _corners(unit: UnitOfWork, place: Place, judge: Judge) -> Callable[[PoolWork], bool]:
    """Which works this reviewer had better leave to others, so that every work can still get its reviews.

    Asked in small classes only, where each reviewer counts; in large ones there is always somebody else.
    """
    works = unit.store.find(POOL, order="pull", limit=SMALL_CLASS, **_in_pool(place))
    members = unit.store.find(MEMBERSHIPS, team_set=place.team_set.id, limit=SMALL_CLASS * 2 + 1)
    if len(members) > SMALL_CLASS * 2:
        return lambda _work: False
    by_team = place.rules.reviewers is Reviewers.TEAM
    home = {row.team if by_team else row.person: row.team for row in members}
    rows = unit.store.find(REVIEWINGS, activity=place.activity.id, limit=len(home) + 1)
    reviews = unit.store.find(REVIEWS, activity=place.activity.id, limit=MOST_REVIEWS_SEEN)
    had = {(row.reviewer, row.pool) for row in reviews}
    known = {row.reviewer: row for row in rows}
    left = {key: place.duty_of(known.get(key)) for key in home}
    for row in rows:
        if row.reviewer in left:
            left[row.reviewer] -= row.waived
    for review in reviews:
        if review.reviewer in left and review.cause not in BESIDE and review.state in (*LIVE, *DONE):
            left[review.reviewer] -= 1
    team = {work.id: work.team for work in works}
    needs = {work.id: work.need(place.rules.per_work) for work in works}
    supply = {key: max(0, owed) for key, owed in left.items()}

    def may(reviewer: str, work: str) -> bool:
        return home.get(reviewer) != team[work] and (reviewer, work) not in had

    best = coverage(needs, supply, may)
    return lambda work: is_corner(needs, supply, may, judge.key, work.id, best)


def _lawful(
    unit: UnitOfWork, place: Place, judge: Judge, most: int, leave: Callable[[PoolWork], bool] | None = None
) -> Iterator[PoolWork]:
    """Works that this reviewer may take, the neediest first; what is barred is skipped page by page.

    What had better be left to others comes last.
    """
    later: list[PoolWork] = []
    order = "rescue" if _rescue(place) else "pull"
    after: PoolWork | None = None
    limit = FIRST_PAGE
    while True:
        page = unit.store.find(POOL, order=order, after=after, limit=limit, **_in_pool(place))
        lawful = [work for work in page if work.taken < most and not judge.bars.bar(work)]
        for work in lawful:
            if leave is not None and leave(work):
                later.append(work)
            else:
                yield work
        # By either order none behind this page has room: no work has more reviews in than it has taken.
        if len(page) < limit or (page[-1].taken if order == "pull" else page[-1].submitted) >= most:
            yield from later
            return
        after, limit = page[-1], PAGE


def _rescue(place: Place) -> bool:
    """Whether time is nearly up: then works without any finished review come first."""
    return place.due is not None and place.now > place.due - 2 * place.rules.lease


def alias_of(unit: UnitOfWork, work: PoolWork, per_work: int) -> int:
    """A number that says nothing about when its bearer came: drawn among those free for this work."""
    untouched = work.version == 1  # since it came in: nobody has had it
    used = set() if untouched else {row.alias for row in unit.store.find(REVIEWS, pool=work.id, limit=200)}
    free = [number for number in range(1, max(per_work + EXTRA, len(used) + 1) + 1) if number not in used]
    return unit.chance.choice(free)


def lease_end(place: Place, taken_at: datetime, now: datetime) -> datetime:
    """Until when a work is held: a lease from now, at most three from taking, never past the feedback.

    Staff alone take works after that.
    """
    lease = place.rules.lease
    ends = [now + lease, taken_at + 3 * lease]
    if place.feedback_at and place.feedback_at > now:
        ends.append(place.feedback_at)
    return min(ends)


# --- holds that ran out ---


def free_lapsed(unit: UnitOfWork, activity_id: str, *, limit: int = 200) -> int:
    """Free the slots of holds that ran out; what was written stays with its writer."""
    about: dict[str, Any] = {
        "activity": activity_id,
        "state": ReviewState.LEASED.value,
        "lease_until": FILLED,  # what stands beside the peers' reviews has no end
        "order": "lapsing",
    }
    first = unit.store.find(REVIEWS, limit=1, **about)
    if not first or first[0].is_live(unit.now):
        return 0  # as nearly always: none is read that still holds
    rows = unit.store.find(REVIEWS, limit=limit, **about)
    over = [row for row in rows if not row.is_live(unit.now)]
    for found in over:
        let_go(unit, found, ReviewState.LAPSED)
    return len(over)


def let_go(unit: UnitOfWork, found: Review, state: ReviewState, *, reason: str = "") -> Review:
    """Free the slot of a review in hand; the work's row is locked first, as everywhere."""
    work = unit.store.get(POOL, found.pool, lock=True)
    review = unit.store.get(REVIEWS, found.id)
    if review.state is not ReviewState.LEASED:
        return review
    unit.store.save(POOL, replace(work, taken=work.taken - 1))
    return unit.store.save(REVIEWS, replace(review, state=state, lease_until=None, reason=reason))


def pool_work(unit: UnitOfWork, place: Place, pool_id: str) -> PoolWork:
    """A work in this very pool."""
    work = unit.store.get(POOL, pool_id)
    if work.activity != place.activity.id:
        raise NotFound("work")
    return work
