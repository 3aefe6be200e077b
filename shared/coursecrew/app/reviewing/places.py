"""Where a peer review takes place, and who judges there: whose works, from when to when, and who may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coursecrew.app.activities import team_set_of
from coursecrew.app.bonds import mentored_by_any
from coursecrew.app.records import (
    ACTIVITIES,
    BYLINES,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    POOL,
    REVIEWINGS,
    REVIEWS,
    TEAMS,
    WORKS,
)
from coursecrew.app.submissions import HANDED_IN, deadlines_of
from coursecrew.app.teams import members_of, membership_of, participant_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Subject
from coursecrew.domain.review_rules import PEER_REVIEW, TEAM_ASSIGNMENT, Allocation, Reviewers, ReviewRules
from coursecrew.domain.reviewing import Bars, Cause, Review, Reviewing, Stage, feedback_at, stage_of
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.submissions import Work, WorkState
from coursecrew.domain.teams import Happened, Membership, Team, TeamSet

# Events after which somebody was in that team; an invitation alone bars nobody.
WAS_IN = frozenset(
    {
        Happened.JOINED, Happened.PROMOTED, Happened.LEFT, Happened.MOVED, Happened.REMOVED,
        Happened.INACTIVE, Happened.ACTIVE, Happened.MERGED, Happened.SOLO,
    }
)  # fmt: skip
MOST_REVIEWS = 200  # of one reviewer in one peer review


@dataclass(frozen=True)
class Place:
    """A peer review, the team assignment whose works it judges, and where it stands now."""

    activity: Activity
    of: Activity
    team_set: TeamSet
    now: datetime
    round: int = 1  # the one that is reviewed now

    @property
    def rules(self) -> ReviewRules:
        """What the author decided."""
        return self.activity.settings.review

    @property
    def window(self) -> Window:
        """When the reviews of this round are written."""
        return self.window_of(self.round)

    def window_of(self, number: int) -> Window:
        """When the reviews of a round are written; a later one begins with the first revised work."""
        first = self.activity.window(Step.REVIEW)
        if number <= 1 or not self.rules.later:
            return first
        return Window(first.opens, self.rules.later[min(number, self.rules.rounds) - 2].review, None)

    @property
    def stage(self) -> Stage:
        """Where the peer review stands on the way to "every work has its reviews"."""
        return stage_of(self.window, self.now)

    @property
    def due(self) -> datetime | None:
        """When reviews are due; `None` without a date."""
        return self.window.due or self.window.closes

    @property
    def feedback_at(self) -> datetime | None:
        """When reviewing is over for good; `None` without a date."""
        return feedback_at(self.due) if self.due else None

    @property
    def duty(self) -> int:
        """How many reviews somebody owes up to this round."""
        return self.rules.per_work * self.round

    def duty_of(self, row: Reviewing | None) -> int:
        """What somebody owes: as many as were dealt to them, or as many as each work needs."""
        if row is None:
            return self.duty
        return row.duty if self.rules.allocation is Allocation.DEADLINE else max(row.duty, self.duty)

    @property
    def hold_for(self) -> timedelta:
        """How long a review waits for the staff's look."""
        return timedelta(days=self.rules.hold_days)

    @property
    def is_last_round(self) -> bool:
        """Whether no work is revised after this round."""
        return self.round >= self.rules.rounds


def place_of(unit: UnitOfWork, activity_id: str) -> Place:
    """The peer review of that id; refused where the assignment that it names is not in this course.

    Where everybody hands in a work of their own, the works are those of this very activity, and each
    person is a team of one.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    if activity.kind != PEER_REVIEW:
        raise NotFound("page")
    found = [activity]
    if not activity.settings.review.own_works:
        found = unit.store.find(
            ACTIVITIES,
            course=activity.course,
            name=activity.settings.review.of,
            kind=TEAM_ASSIGNMENT,
            limit=1,
        )
    if not found:
        raise Conflict("reviewed_gone", name=activity.settings.review.of)
    number = _latest_round(unit, activity)
    place = Place(activity, found[0], team_set_of(unit, found[0]), unit.now, number)
    return replace(place, round=number + 1) if _next_begins(unit, place) else place


def _latest_round(unit: UnitOfWork, activity: Activity) -> int:
    """The latest round of which a work is in the pool; no round that was promised is ever taken away."""
    if activity.settings.review.rounds == 1:
        return 1
    rows = unit.store.find(POOL, activity=activity.id, order="rounds", limit=1)
    return rows[0].round if rows else 1


def _next_begins(unit: UnitOfWork, place: Place) -> bool:
    """Whether the next round begins: this one is over, and a revised work is handed in."""
    if place.is_last_round:
        return False
    revised = unit.store.find(
        WORKS, activity=place.of.id, state=WorkState.SUBMITTED.value, order="latest", limit=1
    )
    return bool(revised) and revised[0].round > place.round and round_is_over(unit, place)


def round_is_over(unit: UnitOfWork, place: Place) -> bool:
    """Whether the authors of all works of this round have their reviews, or could."""
    waits = unit.store.count(POOL, activity=place.activity.id, round=place.round, released_at=None)
    return place.stage is Stage.OVER or waits == 0


@dataclass(frozen=True)
class Judge:
    """Whoever writes reviews here, as one: a person, or a team together."""

    key: str  # "" for somebody who judges nothing here
    by_team: bool
    participant: Participant | None
    team: Team | None
    bars: Bars
    work: Work | None  # of the own team
    has_done: bool  # handed in, or can no longer
    reviews: tuple[Review, ...]  # all of theirs on works of others, in the order they were taken
    row: Reviewing | None
    own_review: Review | None = None  # of their own work

    @property
    def subject(self) -> Subject:
        """What rights depend on."""
        return Subject(
            team=self.team.id if self.team else "",
            member=self.team is not None,
            takes_part=bool(self.participant and self.participant.takes_part),
        )

    def holds(self, now: datetime) -> Review | None:
        """The review that they have in hand."""
        live = [row for row in self.reviews if row.is_live(now) and row.submitted_at is None]
        return live[-1] if live else None


def judge_of(unit: UnitOfWork, actor: Actor, place: Place, *, alone: bool = False) -> Judge:
    """The actor as a reviewer here: a fixed number of queries, however many works there are.

    `alone` asks for them by themselves where teams write together; what their team has had they still
    get no second time.
    """
    membership = membership_of(unit, place.team_set.id, actor.person)
    team = unit.store.get(TEAMS, membership.team) if membership else None
    together = place.rules.reviewers is Reviewers.TEAM
    by_team = together and not alone
    key = (team.id if team else "") if by_team else actor.person
    keys = [key, team.id] if together and alone and team else [key]
    own = [membership] if membership else []
    now = members_of(unit, team.id) if by_team and team else own
    people = [row.person for row in now] if by_team and team else [actor.person]
    # The row before the reviews: while it stays as it is, so do they (see `looked_at_again`).
    rows = unit.store.find(REVIEWINGS, activity=place.activity.id, reviewer=key, limit=1) if key else []
    reviews = unit.store.find(
        REVIEWS, activity=place.activity.id, reviewer=keys, order="place", limit=MOST_REVIEWS
    ) if key else []  # fmt: skip
    theirs = [review for review in reviews if review.reviewer == key]
    works = (
        unit.store.find(WORKS, activity=place.of.id, team=team.id, order="latest", limit=1) if team else []
    )
    work = works[0] if works else None
    return Judge(
        key=key,
        by_team=by_team,
        participant=participant_of(unit, actor.course, actor.person),
        team=team,
        bars=bars_of(unit, place, people, reviews, now=now),
        work=work,
        has_done=_has_done(unit, place, actor, team, work),
        reviews=tuple(review for review in theirs if review.cause is not Cause.OWN),
        row=rows[0] if rows else None,
        own_review=next((review for review in reversed(theirs) if review.cause is Cause.OWN), None),
    )


def looked_at_again(unit: UnitOfWork, place: Place, judge: Judge, row: Reviewing) -> Judge:
    """The same reviewer with their reviews as they are now, after a wait for their row.

    Whoever takes a work for them changes `row`: where it is as it was, their reviews are, too.
    """
    if judge.row is not None and row.version == judge.row.version:
        return replace(judge, row=row)
    reviews = unit.store.find(
        REVIEWS, activity=place.activity.id, reviewer=judge.key, order="place", limit=MOST_REVIEWS
    )
    return replace(
        judge,
        row=row,
        bars=replace(judge.bars, seen=frozenset(judge.bars.seen) | {row.pool for row in reviews}),
        reviews=tuple(review for review in reviews if review.cause is not Cause.OWN),
    )


def bars_of(
    unit: UnitOfWork,
    place: Place,
    people: list[str],
    reviews: list[Review],
    now: Sequence[Membership] | None = None,
) -> Bars:
    """What keeps these people from works: their teams now and before, their names, their bonds.

    `now` are their memberships, where the caller has them.
    """
    if now is None:
        now = unit.store.find(MEMBERSHIPS, team_set=place.team_set.id, person=people)
    before = unit.store.find(MEMBERSHIP_EVENTS, team_set=place.team_set.id, person=people, limit=1000)
    named = unit.store.find(BYLINES, activity=place.of.id, person=people, limit=1000)
    mentored = [bond.team for bond in mentored_by_any(unit, place.team_set.id, people)]
    return Bars(
        teams=frozenset({row.team for row in now} | {row.team for row in before if row.event in WAS_IN}),
        mentored=frozenset(mentored),
        seen=frozenset(row.pool for row in reviews),
        named_on=frozenset(row.submission for row in named),
    )


def _has_done(unit: UnitOfWork, place: Place, actor: Actor, team: Team | None, work: Work | None) -> bool:
    """Whether nobody could copy: they have handed in, or can no longer."""
    if work is not None and (work.state in HANDED_IN or work.state in (WorkState.MISSED, WorkState.EXCUSED)):
        return True
    own = deadlines_of(unit, place.of, team.id if team else "", [actor.person], work).of(actor.person)
    return own.is_over(place.now)


def may_judge_without_work(place: Place, judge: Judge) -> bool:
    """Whether somebody who handed in nothing judges all the same."""
    handed_in = judge.work is not None and judge.work.state in HANDED_IN
    return handed_in or place.rules.without_work
