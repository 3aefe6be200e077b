"""What comes of reviews: authors read them, staff see that every work has its own, leave one out, release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from coursecrew.app.bonds import is_mentor
from coursecrew.app.records import APPEALS, BYLINES, GRADES, MEMBERSHIPS, POOL, REVIEWS, SUBMISSIONS, TEAMS
from coursecrew.app.reviewing.answering import answers_to
from coursecrew.app.reviewing.dealing import deal_out
from coursecrew.app.reviewing.fill_ins import FillIns, fill_ins_for, tell_of_missing
from coursecrew.app.reviewing.holding import pass_due, release_work, tell_writer
from coursecrew.app.reviewing.marking import mark_work
from coursecrew.app.reviewing.places import Judge, Place, judge_of, place_of
from coursecrew.app.reviewing.pool import (
    done_by,
    free_lapsed,
    gather,
    pool_work,
    staff_subject,
)
from coursecrew.app.reviewing.practising import Practised, practised
from coursecrew.app.reviewing.remarks import remarks_of
from coursecrew.app.reviewing.review_files import files_for_reviewer
from coursecrew.app.submissions import HANDED_IN
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.anchors import ReviewRemark
from coursecrew.domain.appeals import OPEN_STATES
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, is_allowed, require
from coursecrew.domain.rejoinders import Rejoinder
from coursecrew.domain.review_rules import MOST_ROUNDS, Anonymity, Feedback, Reviewers, SelfReview
from coursecrew.domain.reviewing import BESIDE, Cause, PoolWork, Review, ReviewState, Stage
from coursecrew.domain.submissions import Submission
from coursecrew.domain.teams import Team

RELEASE_AT_ONCE = 200
MOST_OFFERED = 500  # people or teams to choose from when a work is given by hand
OTHERS = 20  # works looked at to see whether somebody could have reviewed


@dataclass(frozen=True)
class Home:
    """Where somebody stands in a peer review: what they owe, what they wrote, what their authors' side is."""

    place: Place
    judge: Judge
    duty: int
    done: int
    works: Mapping[str, PoolWork]  # of the reviews
    teams: Mapping[str, Team]  # names that may be shown to a reviewer, where the mode allows
    own: PoolWork | None  # the own team's work in the pool, of the latest round
    practice: Practised
    owes_own: bool  # they have yet to judge their own work
    earlier: PoolWork | None = None  # the own work of the round before, released
    withheld: int = 0  # files of the own work that its reviewers do not see
    fills_in: FillIns = field(default_factory=FillIns)

    @property
    def reviews(self) -> tuple[Review, ...]:
        """All that the reader writes here: as a learner, alone or with the team, and filling in."""
        more = [review for review in self.fills_in.reviews if review not in self.judge.reviews]
        return (*self.judge.reviews, *more)


def look_at_home(unit: UnitOfWork, actor: Actor, activity_id: str) -> Home:
    """The learner's first page: a fixed number of queries."""
    place = place_of(unit, activity_id)
    judge = judge_of(unit, actor, place)
    require(actor, Action.LOOK_AT_ACTIVITY, judge.subject)
    fills_in = fill_ins_for(unit, actor, place, judge)
    pools = sorted({review.pool for review in (*judge.reviews, *fills_in.reviews)})
    works = {row.id: row for row in unit.store.find(POOL, id=pools, limit=len(pools))} if pools else {}
    open_names = place.rules.anonymity is not Anonymity.DOUBLE
    ids = sorted({work.team for work in works.values()}) if open_names else []
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    mine = (
        unit.store.find(POOL, activity=activity_id, team=judge.team.id, order="rounds", limit=MOST_ROUNDS)
        if judge.team
        else []
    )
    duty = place.duty_of(judge.row) - (judge.row.waived if judge.row else 0)
    own = mine[0] if mine else None
    return Home(
        place,
        judge,
        max(0, duty),
        done_by(judge),
        works,
        teams,
        own,
        practised(unit, place, actor.person),
        _owes_own(place, judge, own),
        next((row for row in mine if row.released_at is not None and row is not own), None),
        files_for_reviewer(unit, place.rules.anonymity, own.submission).withheld if own else 0,
        fills_in,
    )


def _owes_own(place: Place, judge: Judge, work: PoolWork | None) -> bool:
    """Whether they have handed in and have yet to judge that work themselves."""
    if place.rules.own_review is SelfReview.OFF or judge.work is None or judge.work.state not in HANDED_IN:
        return False
    own = judge.own_review
    done = own is not None and own.submitted_at is not None
    return not (done and own is not None and work is not None and own.pool == work.id)


@dataclass(frozen=True)
class Received:
    """The reviews of one work, as its authors or staff read them."""

    place: Place
    work: PoolWork
    team: Team
    reviews: tuple[Review, ...]
    reviewers: Mapping[str, Participant]  # empty where the mode hides them from this reader
    reviewer_teams: Mapping[str, Team]
    for_staff: bool
    own: Review | None  # the authors' own, handed in
    staff: Review | None  # the staff's score, handed in
    answers: Mapping[str, Rejoinder]
    remarks: Mapping[str, list[ReviewRemark]]
    submission: Submission
    rounds: tuple[PoolWork, ...]  # all rounds of this work that this reader may read
    may_answer: bool
    may_score: bool
    in_hand: tuple[tuple[Review, str], ...] = ()  # for staff: reviews being written, and by whom
    offered: tuple[tuple[str, str], ...] = ()  # for staff: to whom the work may be given
    interval: tuple[Decimal, Decimal] | None = None  # for staff, where marks are corrected by habits


def received_reviews(unit: UnitOfWork, actor: Actor, activity_id: str, whose: str = "") -> Received:
    """The reviews of a team's work: for its authors once released, for staff at any time.

    `whose` is a team, or a work in the pool; one's own team if "" is given. Whoever still owes reviews
    reads those they got some days later.
    """
    place = place_of(unit, activity_id)
    judge = judge_of(unit, actor, place)
    team = whose or (judge.team.id if judge.team else "")
    if not team:
        raise NotFound("own_team")
    named_work = unit.store.find(POOL, activity=place.activity.id, id=team, limit=1)
    if named_work:
        team = named_work[0].team
    found = unit.store.find(POOL, activity=place.activity.id, team=team, order="rounds", limit=MOST_ROUNDS)
    if not found:
        raise NotFound("work")
    work = named_work[0] if named_work else _latest_to_read(found)
    named = unit.store.count(BYLINES, submission=work.submission, person=actor.person, in_force=True) > 0
    about = Subject(
        team=team,
        in_byline=named,
        member=judge.team is not None and judge.team.id == team,
        takes_part=judge.subject.takes_part,
        mentor=is_mentor(unit, actor, team),
    )
    require(actor, Action.READ_FEEDBACK, about)
    for_staff = actor.is_staff and not named
    if not for_staff:
        _must_be_readable(unit, actor, place, judge, work)
    rows = unit.store.find(REVIEWS, pool=work.id, limit=200)
    shown = {ReviewState.EXCLUDED, ReviewState.REPORTED, ReviewState.HELD} if for_staff else set()
    reviews = sorted(
        (row for row in rows if row.counts or (row.cause not in BESIDE and row.state in shown)),
        key=lambda row: row.alias,
    )
    named_mode = place.rules.anonymity is Anonymity.NAMED
    people: Mapping[str, Participant] = {}
    teams: Mapping[str, Team] = {}
    if for_staff or named_mode:
        people = participants_of(
            unit, place.activity.course, [row.written_by if row.by_team else row.reviewer for row in reviews]
        )
    if for_staff or place.rules.anonymity in (Anonymity.NAMED, Anonymity.TEAM_NAME):
        teams = _reviewer_teams(unit, place, reviews)
    beside = {row.cause: row for row in rows if row.state is ReviewState.SUBMITTED and row.cause in BESIDE}
    ids = [row.id for row in reviews]
    answers = answers_to(unit, ids)
    if for_staff:
        answers = {key: row for key, row in answers.items() if row.sent_at is not None}
    may_score = for_staff and is_allowed(actor, Action.SCORE_WORK, staff_subject(unit, actor, place, work))
    own = next(
        (
            row
            for row in rows
            if row.cause is Cause.OWN
            and row.state is ReviewState.SUBMITTED
            and (row.by_team or for_staff or row.reviewer == actor.person)
        ),
        None,
    )
    return Received(
        place, work, unit.store.get(TEAMS, work.team), tuple(reviews), people, teams, for_staff, own,
        beside.get(Cause.STAFF), answers, remarks_of(unit, ids), unit.store.get(SUBMISSIONS, work.submission),
        tuple(row for row in reversed(found) if for_staff or row.released_at is not None),
        named and place.rules.rejoinder and work.released_at is not None, may_score,
        *_for_giving(unit, actor, place, work, rows), _interval(unit, work) if for_staff else None,
    )  # fmt: skip


def _interval(unit: UnitOfWork, work: PoolWork) -> tuple[Decimal, Decimal] | None:
    """Between what the work's score lies in about nine of ten cases, as it was worked out last."""
    named = unit.store.find(BYLINES, submission=work.submission, in_force=True, limit=1)
    grades = unit.store.find(GRADES, activity=work.activity, person=named[0].person, limit=1) if named else []
    lines = grades[0].account.lines if grades and grades[0].account else ()
    for line in lines:
        if line.code == "calibrated" and line.values.get("low") and line.values.get("high"):
            return Decimal(line.values["low"]), Decimal(line.values["high"])
    return None


def _for_giving(
    unit: UnitOfWork, actor: Actor, place: Place, work: PoolWork, reviews: Sequence[Review]
) -> tuple[tuple[tuple[Review, str], ...], tuple[tuple[str, str], ...]]:
    """Who writes a review of this work now, and who else might; for whoever gives works by hand."""
    if not is_allowed(actor, Action.GIVE_REVIEW):
        return (), ()
    had = {row.reviewer for row in reviews}
    if place.rules.reviewers is Reviewers.TEAM:
        rows = unit.store.find(TEAMS, team_set=place.team_set.id, limit=MOST_OFFERED)
        names = {row.id: row.name for row in rows if row.id != work.team}
    else:
        members = unit.store.find(MEMBERSHIPS, team_set=place.team_set.id, limit=MOST_OFFERED)
        keys = [row.person for row in members if row.team != work.team]
        people = participants_of(unit, place.activity.course, keys)
        names = {key: one.name for key, one in people.items() if one.takes_part}
    live = [row for row in reviews if row.state is ReviewState.LEASED and row.cause not in BESIDE]
    writing = tuple((row, names.get(row.reviewer, "")) for row in live)
    others = sorted((name, key) for key, name in names.items() if key not in had)
    return writing, tuple((key, name) for name, key in others)


def _latest_to_read(rounds: Sequence[PoolWork]) -> PoolWork:
    """The latest round whose reviews are released, else the latest."""
    return next((row for row in rounds if row.released_at is not None), rounds[0])


def _must_be_readable(unit: UnitOfWork, actor: Actor, place: Place, judge: Judge, work: PoolWork) -> None:
    """Refuse before release, and for some days after it whoever still owes reviews."""
    if work.released_at is None:
        raise Conflict("feedback_not_yet", at=place.feedback_at)
    if not place.rules.owing_days or not judge.subject.takes_part or not judge.key:
        return
    row = judge.row
    owed = place.duty_of(row) - (row.waived if row else 0)
    later = work.released_at + timedelta(days=place.rules.owing_days)
    if done_by(judge) < owed and unit.now < later and _could_review(unit, place, judge):
        raise Conflict("owes_reviews", at=later)


def _could_review(unit: UnitOfWork, place: Place, judge: Judge) -> bool:
    """Whether there were works that they could have judged; nobody waits for what was never there."""
    works = unit.store.find(POOL, activity=place.activity.id, limit=OTHERS)
    return any(not judge.bars.bar(work) or work.id in judge.bars.seen for work in works)


def _reviewer_teams(unit: UnitOfWork, place: Place, reviews: Sequence[Review]) -> dict[str, Team]:
    """Reviewer's key -> team: the team that wrote, or the one that the person is in."""
    by_person = {row.reviewer for row in reviews if not row.by_team}
    member: dict[str, str] = {row.reviewer: row.reviewer for row in reviews if row.by_team}
    if by_person:
        rows = unit.store.find(
            MEMBERSHIPS, team_set=place.team_set.id, person=sorted(by_person), limit=len(by_person)
        )
        member |= {row.person: row.team for row in rows}
    ids = sorted(set(member.values()))
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    return {key: teams[team] for key, team in member.items() if team in teams}


# --- staff: the page that proves that every work has its reviews ---


@dataclass(frozen=True)
class ProofRow:
    """One work: how many reviews are in, in hand, and missing."""

    work: PoolWork
    team: Team
    missing: int
    since: datetime | None  # since when it waits in the staff's queue


@dataclass(frozen=True)
class Proof:
    """Where a peer review stands, for staff."""

    place: Place
    rows: tuple[ProofRow, ...]
    works: int
    complete: int
    nothing: int
    reports: tuple[Review, ...]
    more: str


def proof(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "", limit: int = 50) -> Proof:
    """A page of works, those that lack most first: a fixed number of queries."""
    require(actor, Action.LOOK_AT_REVIEWS)
    place = place_of(unit, activity_id)
    bound = {"team": list(actor.limited_to)} if actor.limited_to else {}
    last = pool_work(unit, place, after) if after else None
    works = unit.store.find(
        POOL, activity=activity_id, round=place.round, open=True, order="fewest", after=last,
        limit=limit + 1, **bound,
    )  # fmt: skip
    tally = unit.store.tally(POOL, "submitted", activity=activity_id, round=place.round, open=True, **bound)
    ids = [work.team for work in works]
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    per_work = place.rules.per_work
    reports = unit.store.find(REVIEWS, activity=activity_id, state=ReviewState.REPORTED.value, limit=50)
    rows = tuple(
        ProofRow(
            work, teams[work.team], max(0, per_work - work.submitted),
            _queued_since(place, work),
        )
        for work in works[:limit]
    )  # fmt: skip
    return Proof(
        place,
        rows,
        sum(tally.values()),
        sum(count for have, count in tally.items() if have >= per_work),
        tally.get(0, 0),
        tuple(row for row in reports if actor.may_see_team(row.team)),
        works[limit - 1].id if len(works) > limit else "",
    )


@dataclass(frozen=True)
class Waiting:
    """How much waits for the course staff: held reviews, and questions about marks."""

    held: int
    appeals: int


def waiting_for_staff(unit: UnitOfWork, actor: Actor, activity_id: str) -> Waiting:
    """Two counts, within the teams that this member of staff sees."""
    require(actor, Action.LOOK_AT_REVIEWS)
    bound: dict[str, Any] = {"team": list(actor.limited_to)} if actor.limited_to else {}
    return Waiting(
        unit.store.count(REVIEWS, activity=activity_id, state=ReviewState.HELD.value, **bound),
        unit.store.count(
            APPEALS, activity=activity_id, state=sorted(state.value for state in OPEN_STATES), **bound
        ),
    )


def _queued_since(place: Place, work: PoolWork) -> datetime | None:
    if place.stage not in (Stage.STAFF, Stage.OVER) or work.submitted >= place.rules.per_work:
        return None
    return place.due


def release_feedback(unit: UnitOfWork, actor: Actor, activity_id: str) -> int:
    """Let all authors read their reviews now; returns how many works this press released."""
    place = place_of(unit, activity_id)
    require(actor, Action.RELEASE_FEEDBACK)
    return release_some_feedback(unit, place)


def release_some_feedback(unit: UnitOfWork, place: Place) -> int:
    """Release the reviews of up to so many works that have any."""
    rows = unit.store.find(
        POOL, activity=place.activity.id, round=place.round, released_at=None, limit=RELEASE_AT_ONCE
    )
    for row in rows:
        release_work(unit, place, unit.store.get(POOL, row.id, lock=True))
    return len(rows)


def exclude_review(
    unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str, *, reason: str
) -> Review:
    """Leave a review out of the score, with a reason; grades are made again and both sides are told."""
    place = place_of(unit, activity_id)
    require(actor, Action.EXCLUDE_REVIEW)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    found = unit.store.get(REVIEWS, review_id)
    if found.activity != place.activity.id:
        raise NotFound("review")
    work = unit.store.get(POOL, found.pool, lock=True)
    review = unit.store.get(REVIEWS, review_id)
    if not review.may("exclude"):
        raise AlreadyDecided(what="review", state=review.state.value)
    had = 1 if review.counts else 0
    if review.cause in BESIDE:
        raise NotFound("review")
    work = unit.store.save(POOL, replace(work, taken=work.taken - 1, submitted=work.submitted - had))
    review = unit.store.save(
        REVIEWS, replace(review, state=ReviewState.EXCLUDED, reason=reason.strip()[:1000])
    )
    # Two tellings: neither side's may hold the other's key.
    unit.record(
        Kind.REVIEW_EXCLUDED, activity=place.activity.id, course=place.activity.course, by=actor.person,
        team=work.team,
    )  # fmt: skip
    tell_writer(unit, place, review, Kind.REVIEW_EXCLUDED, by=actor.person)
    if work.scored_at is not None:
        mark_work(unit, place, work, by=actor.person, cause="review_excluded")
    return review


# --- what time does by itself ---


def keep_reviewing(unit: UnitOfWork, activity_id: str) -> int:
    """One step of upkeep: works come in, holds run out, feedback goes out when its time has come."""
    place = place_of(unit, activity_id)
    moved = gather(unit, place) + free_lapsed(unit, activity_id) + pass_due(unit, place)
    moved += deal_out(unit, place) + tell_of_missing(unit, place)
    if place.stage is Stage.OVER and place.rules.feedback is Feedback.DEADLINE:
        moved += release_some_feedback(unit, place)
    return moved
