"""Grades out of reviews: each author's, with the whole of its making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coursecrew.app.grading import put_grade
from coursecrew.app.records import APPEALS, BYLINES, GRADES, POOL, REVIEWINGS, REVIEWS, WORKS
from coursecrew.app.reviewing.calibrating import calibrated_works
from coursecrew.app.reviewing.places import Place, bars_of, place_of
from coursecrew.app.reviewing.practising import training_of
from coursecrew.app.teams import members_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Conflict
from coursecrew.domain.grading import Grade
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.review_grades import Extras, Owed, compose_reviewed, compose_unreviewed
from coursecrew.domain.review_rules import Reviewers
from coursecrew.domain.reviewing import BESIDE, DONE, EXTRA, Cause, PoolWork, Review, ReviewState, Stage
from coursecrew.domain.submissions import Work, WorkState

MARK_AT_ONCE = 50  # works


def mark_all(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> tuple[int, str]:
    """Work out the grades of a page of works; returns how many, and where the next page begins ("": done).

    A work with fewer reviews than the least that make a mark gets none, unless staff scored it: it waits
    in the staff's queue. Of several rounds the last one counts.
    """
    require(actor, Action.RELEASE_FEEDBACK)
    place = place_of(unit, activity_id)
    if place.stage not in (Stage.STAFF, Stage.OVER) and place.due is not None:
        raise Conflict("reviewing_goes_on", due=place.due)
    last = unit.store.get(POOL, after) if after else None
    works = unit.store.find(
        POOL, activity=activity_id, round=place.round, open=True, after=last, limit=MARK_AT_ONCE
    )
    calibrated = calibration(unit, place, anew=not after) if works else {}
    marked = sum(
        bool(mark_work(unit, place, work, by=actor.person, cause="reviewed", calibrated=calibrated))
        for work in works
    )
    if len(works) < MARK_AT_ONCE:
        marked += _mark_missed(unit, place, by=actor.person)
        return marked, ""
    return marked, works[-1].id


def calibration(unit: UnitOfWork, place: Place, *, anew: bool) -> Mapping[str, Mapping[str, Any]]:
    """How each work's calibrated score is made; nothing where the author chose another way."""
    if place.rules.method is not Method.CALIBRATED:
        return {}
    return calibrated_works(unit, place, anew=anew)


def mark_work(
    unit: UnitOfWork,
    place: Place,
    work: PoolWork,
    *,
    by: str,
    cause: str,
    calibrated: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Grade]:
    """Compose the grades of a work's authors out of the reviews that count now."""
    rows = unit.store.find(REVIEWS, pool=work.id, limit=200)
    counted = sorted((row for row in rows if row.counts), key=lambda row: row.alias)
    staff = next(
        (row for row in rows if row.cause is Cause.STAFF and row.state is ReviewState.SUBMITTED), None
    )
    if len(counted) < min(place.rules.enough, place.rules.per_work):
        if staff is None:
            return []
        counted = []  # too few to make a mark: the staff's own stands alone
    named = [row.person for row in unit.store.find(BYLINES, submission=work.submission, in_force=True)]
    if calibrated is None:
        calibrated = calibration(unit, place, anew=False)
    extras = Extras(
        staff=staff.sheet if staff else None,
        staff_share=place.rules.staff_share,
        rulings={
            row.criterion: row.value
            for row in unit.store.find(APPEALS, pool=work.id, limit=50)
            if row.value is not None
        },
        calibrated=calibrated.get(work.id),
    )
    grades = _graded(unit, place, work.team, named, counted, extras, by=by, cause=cause)
    if work.scored_at is None:
        fresh = unit.store.get(POOL, work.id)
        unit.store.save(POOL, replace(fresh, scored_at=unit.now))
    return grades


def _mark_missed(unit: UnitOfWork, place: Place, *, by: str) -> int:
    """Grade the members of teams that handed in nothing: zero for the work, and what they owed beside it."""
    marked, last = 0, None
    while True:
        page: list[Work] = unit.store.find(
            WORKS, activity=place.of.id, state=WorkState.MISSED.value, after=last, limit=200
        )
        for work in page:
            people = [row.person for row in members_of(unit, work.team) if row.active]
            marked += bool(_graded(unit, place, work.team, people, None, Extras(), by=by, cause="missed"))
        if len(page) < 200:
            return marked
        last = page[-1]


def _graded(
    unit: UnitOfWork,
    place: Place,
    team: str,
    named: list[str],
    reviews: list[Review] | None,
    extras: Extras,
    *,
    by: str,
    cause: str,
) -> list[Grade]:
    people = participants_of(unit, place.activity.course, named)
    counted = [key for key in named if key in people and people[key].takes_part]
    if not counted:
        return []
    known = {row.person: row for row in unit.store.find(GRADES, activity=place.activity.id, person=counted)}
    owed = owed_by(unit, place, team, counted)
    rules, rubric = place.rules, place.activity.settings.rubric
    training = training_of(unit, place, counted)
    samples = sum(not sample.model for sample in place.activity.settings.samples)
    result = []
    for person in counted:
        old = known.get(person)
        override = old.override if old else None
        trained = (sum(training[person].values()), samples)
        if reviews is None:
            account = compose_unreviewed(
                owed=owed[person], weights=rules.weights, override=override, training=trained
            )
        else:
            account = compose_reviewed(
                rubric,
                [review.sheet for review in reviews],
                rules.method,
                per_work=rules.per_work,
                owed=owed[person],
                weights=rules.weights,
                override=override,
                extras=replace(extras, training=trained),
            )
        result.append(put_grade(unit, place.activity, team, person, old, account, by=by, cause=cause))
    return result


def owed_by(unit: UnitOfWork, place: Place, team: str, people: list[str]) -> dict[str, Owed]:
    """What each of these members of a team owed in reviews, and did: together, or each alone."""
    by_team = place.rules.reviewers is Reviewers.TEAM
    keys = [team] if by_team else people
    rows = {
        row.reviewer: row for row in unit.store.find(REVIEWINGS, activity=place.activity.id, reviewer=keys)
    }
    written = unit.store.find(
        REVIEWS,
        activity=place.activity.id,
        reviewer=keys,
        state=sorted(state.value for state in DONE),
        limit=200 * len(keys),
    )
    done: dict[str, int] = dict.fromkeys(keys, 0)
    for review in written:
        done[review.reviewer] += review.cause not in (*BESIDE, Cause.FILL_IN)
    owed = {}
    for key in keys:
        row = rows.get(key)
        duty, waived = place.duty_of(row), row.waived if row else 0
        missing = duty - waived - done[key]
        if missing > 0:
            members = people if by_team else [key]
            waived += max(0, missing - could_still_take(unit, place, key, members))
        owed[key] = Owed(duty=duty, done=done[key], waived=waived)
    return {person: owed[team if by_team else person] for person in people}


def could_still_take(unit: UnitOfWork, place: Place, key: str, people: list[str]) -> int:
    """How many works they could lawfully have taken and did not: what was never there is not owed."""
    reviews = unit.store.find(REVIEWS, activity=place.activity.id, reviewer=key, limit=200)
    bars = bars_of(unit, place, people, reviews)
    works = unit.store.find(
        POOL, activity=place.activity.id, round=place.round, open=True, order="pull", limit=200
    )
    most = place.rules.per_work + EXTRA
    return sum(work.taken < most and not bars.bar(work) for work in works)
