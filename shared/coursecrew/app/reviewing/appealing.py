"""Appeals: one per criterion and work, for the team, within a week; not decided by whoever gave the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from coursecrew.app.records import APPEALS, BYLINES, PARTICIPANTS, POOL, REVIEWS, TEAMS
from coursecrew.app.reviewing.marking import mark_work
from coursecrew.app.reviewing.places import Place, judge_of, place_of
from coursecrew.app.reviewing.pool import staff_subject
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.appeals import (
    APPEAL_WITHIN,
    DECISIONS,
    OPEN_STATES,
    Appeal,
    AppealState,
    checked_reason,
)
from coursecrew.domain.errors import (
    AlreadyDecided,
    AlreadyExists,
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
)
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, Role, unturned
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.reviewing import Cause, PoolWork, Review, ReviewState
from coursecrew.domain.schedule import Step
from coursecrew.domain.teams import Team

MOST = 200


@dataclass(frozen=True)
class OwnAppeals:
    """The appeals about one's team's work, and until when there may be more."""

    place: Place
    work: PoolWork
    appeals: Mapping[str, Appeal]  # criterion -> the one appeal
    until: datetime | None


def own_appeals(unit: UnitOfWork, actor: Actor, activity_id: str) -> OwnAppeals:
    """For the people on the byline of the team's latest work, once grades are released."""
    place = place_of(unit, activity_id)
    judge = judge_of(unit, actor, place)
    if judge.team is None:
        raise NotFound("own_team")
    rows = unit.store.find(POOL, activity=activity_id, team=judge.team.id, order="rounds", limit=1)
    if not rows:
        raise NotFound("work")
    work = rows[0]
    named = unit.store.count(BYLINES, submission=work.submission, person=actor.person, in_force=True) > 0
    require(
        actor, Action.APPEAL,
        Subject(team=work.team, in_byline=named, takes_part=judge.subject.takes_part),
    )  # fmt: skip
    released = place.activity.released_at
    if not place.rules.appeals or released is None:
        raise Conflict("no_appeal_yet")
    known = unit.store.find(APPEALS, activity=activity_id, team=work.team, limit=MOST)
    mine = {row.criterion: row for row in known if row.submission == work.submission}
    return OwnAppeals(place, work, mine, released + APPEAL_WITHIN)


def make_appeal(unit: UnitOfWork, actor: Actor, activity_id: str, criterion: str, *, reason: str) -> Appeal:
    """Ask that the score of one criterion be looked at again; it may go either way."""
    found = own_appeals(unit, actor, activity_id)
    if found.until is not None and unit.now > found.until:
        raise Closed(Step.RESULTS.value, closes=found.until)
    if found.place.activity.settings.rubric.criterion(criterion) is None:
        raise Invalid(Problem("criterion", "not_a_choice"))
    reason = checked_reason(unturned(reason))
    try:
        appeal = unit.store.add(
            APPEALS,
            Appeal(
                unit.new_id(), activity_id, found.work.team, found.work.id, found.work.submission, criterion,
                reason, actor.person, unit.now,
            ),
        )  # fmt: skip
    except AlreadyExists:
        raise Conflict("appealed_already") from None
    unit.record(
        Kind.APPEAL_MADE, activity=activity_id, course=found.place.activity.course, by=actor.person,
        team=found.work.team,
    )  # fmt: skip
    return appeal


# --- the staff's side ---


@dataclass(frozen=True)
class AppealRow:
    """An appeal in the staff's list."""

    appeal: Appeal
    team: Team
    mine_to_decide: bool


def appeals_here(unit: UnitOfWork, actor: Actor, activity_id: str) -> list[AppealRow]:
    """Appeals, those that wait first: a fixed number of queries."""
    require(actor, Action.LOOK_AT_REVIEWS)
    place = place_of(unit, activity_id)
    bound: dict[str, Any] = {"team": list(actor.limited_to)} if actor.limited_to else {}
    rows = unit.store.find(APPEALS, activity=activity_id, order="oldest", limit=MOST, **bound)
    ids = sorted({row.team for row in rows})
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    scored = _scored_by(unit, place, sorted({row.pool for row in rows}))
    alone = _only_staff(unit, actor, place)
    shown = [
        AppealRow(row, teams[row.team], alone or actor.person not in scored.get(row.pool, frozenset()))
        for row in rows
    ]
    return sorted(shown, key=lambda row: row.appeal.state not in OPEN_STATES)


def _scored_by(unit: UnitOfWork, place: Place, pools: list[str]) -> dict[str, frozenset[str]]:
    """Who of the staff wrote a review or score of each work."""
    if not pools:
        return {}
    causes = [Cause.STAFF.value, Cause.FILL_IN.value]
    rows = unit.store.find(REVIEWS, pool=pools, cause=causes, limit=20 * len(pools))
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.pool, set()).update({row.written_by} - {""})
    return {pool: frozenset(people) for pool, people in found.items()}


def _only_staff(unit: UnitOfWork, actor: Actor, place: Place) -> bool:
    """Whether nobody else of the staff could decide."""
    roles = [Role.INSTRUCTOR.value, Role.TA.value]
    rows = unit.store.find(PARTICIPANTS, course=place.activity.course, role=roles, active=True, limit=50)
    return not [row for row in rows if row.person != actor.person]


@dataclass(frozen=True)
class AppealView:
    """One appeal with what it is about."""

    place: Place
    appeal: Appeal
    work: PoolWork
    team: Team
    reviews: tuple[Review, ...]
    asked_by: Participant | None
    may_decide: bool


def look_at_appeal(unit: UnitOfWork, actor: Actor, activity_id: str, appeal_id: str) -> AppealView:
    """An appeal for staff who do not judge their own work."""
    place, appeal, work = _appeal(unit, actor, activity_id, appeal_id)
    rows = unit.store.find(REVIEWS, pool=work.id, limit=200)
    shown = [row for row in rows if row.counts or (row.cause is Cause.STAFF and _is_in(row))]
    people = participants_of(unit, place.activity.course, [appeal.by])
    scored = _scored_by(unit, place, [work.id]).get(work.id, frozenset())
    return AppealView(
        place, appeal, work, unit.store.get(TEAMS, work.team), tuple(shown), people.get(appeal.by),
        actor.person not in scored or _only_staff(unit, actor, place),
    )  # fmt: skip


def _is_in(review: Review) -> bool:
    return review.state is ReviewState.SUBMITTED


def _appeal(
    unit: UnitOfWork, actor: Actor, activity_id: str, appeal_id: str, *, lock: bool = False
) -> tuple[Place, Appeal, PoolWork]:
    place = place_of(unit, activity_id)
    appeal = unit.store.get(APPEALS, appeal_id, lock=lock)
    if appeal.activity != place.activity.id:
        raise NotFound("page")
    work = unit.store.get(POOL, appeal.pool)
    require(actor, Action.DECIDE_APPEAL, staff_subject(unit, actor, place, work))
    return place, appeal, work


def take_up(unit: UnitOfWork, actor: Actor, activity_id: str, appeal_id: str) -> Appeal:
    """Say that one is looking at it."""
    _place, appeal, _work = _appeal(unit, actor, activity_id, appeal_id, lock=True)
    if appeal.state is not AppealState.OPEN:
        raise AlreadyDecided(what="appeal", state=appeal.state.value)
    return unit.store.save(APPEALS, replace(appeal, state=AppealState.IN_REVIEW, decided_by=actor.person))


def decide(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    appeal_id: str,
    outcome: AppealState,
    *,
    answer: str,
    points: Decimal | None,
) -> Appeal:
    """Answer all members at once; what is upheld puts the staff's points in the criterion's place.

    Whoever wrote a review of that work does not decide, unless there is nobody else of the staff.
    """
    place, appeal, work = _appeal(unit, actor, activity_id, appeal_id, lock=True)
    if appeal.state not in OPEN_STATES:
        raise AlreadyDecided(what="appeal", state=appeal.state.value)
    scored = _scored_by(unit, place, [work.id]).get(work.id, frozenset())
    if actor.person in scored and not _only_staff(unit, actor, place):
        raise NotAllowed("decide_own_score")
    problems = []
    if not answer.strip():
        problems.append(Problem("answer", "answer_missing"))
    if outcome not in DECISIONS:
        problems.append(Problem("outcome", "not_a_choice"))
    criterion = place.activity.settings.rubric.criterion(appeal.criterion)
    changes = outcome in (AppealState.UPHELD, AppealState.PARTLY)
    if changes and (points is None or criterion is None or not 0 <= points <= criterion.most):
        most = criterion.most if criterion else Decimal(0)
        problems.append(Problem("points", "points_within", (("most", most),)))
    if problems:
        raise Invalid(*problems)
    appeal = unit.store.save(
        APPEALS,
        replace(
            appeal, state=outcome, answer=unturned(answer).strip()[:5000], value=points if changes else None,
            decided_by=actor.person, decided_at=unit.now,
        ),
    )  # fmt: skip
    if changes:
        mark_work(unit, place, work, by=actor.person, cause="appeal")
    named = [row.person for row in unit.store.find(BYLINES, submission=appeal.submission, in_force=True)]
    unit.record(
        Kind.APPEAL_DECIDED, activity=activity_id, course=place.activity.course, by=actor.person,
        people=named,
    )  # fmt: skip
    return appeal
