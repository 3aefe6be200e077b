"""Grades out of reviews: each author's, with the whole of its making."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.grading import put_grade
from coursecrew.app.records import BYLINES, GRADES, POOL, REVIEWINGS, REVIEWS, WORKS
from coursecrew.app.reviewing.places import Place, place_of
from coursecrew.app.teams import members_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import Conflict
from coursecrew.domain.grading import Grade
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.review_grades import Owed, compose_reviewed, compose_unreviewed
from coursecrew.domain.review_rules import Reviewers
from coursecrew.domain.reviewing import COUNTED, DONE, PoolWork, Review, Stage
from coursecrew.domain.submissions import Work, WorkState

MARK_AT_ONCE = 50  # works


def mark_all(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> tuple[int, str]:
    """Work out the grades of a page of works; returns how many, and where the next page begins ("": done).

    A work with fewer reviews than the least that make a mark gets none: it waits in the staff's queue.
    """
    require(actor, Action.RELEASE_FEEDBACK)
    place = place_of(unit, activity_id)
    if place.stage not in (Stage.STAFF, Stage.OVER) and place.due is not None:
        raise Conflict("reviewing_goes_on", due=place.due)
    last = unit.store.get(POOL, after) if after else None
    works = unit.store.find(POOL, activity=activity_id, open=True, after=last, limit=MARK_AT_ONCE)
    marked = sum(bool(mark_work(unit, place, work, by=actor.person, cause="reviewed")) for work in works)
    if len(works) < MARK_AT_ONCE:
        marked += _mark_missed(unit, place, by=actor.person)
        return marked, ""
    return marked, works[-1].id


def mark_work(unit: UnitOfWork, place: Place, work: PoolWork, *, by: str, cause: str) -> list[Grade]:
    """Compose the grades of a work's authors out of the reviews that count now."""
    rows = unit.store.find(REVIEWS, pool=work.id, limit=200)
    counted = sorted((row for row in rows if row.state in COUNTED), key=lambda row: row.alias)
    if len(counted) < min(place.rules.enough, place.rules.per_work):
        return []
    named = [row.person for row in unit.store.find(BYLINES, submission=work.submission, in_force=True)]
    grades = _graded(unit, place, work.team, named, counted, by=by, cause=cause)
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
            marked += bool(_graded(unit, place, work.team, people, None, by=by, cause="missed"))
        if len(page) < 200:
            return marked
        last = page[-1]


def _graded(
    unit: UnitOfWork,
    place: Place,
    team: str,
    named: list[str],
    reviews: list[Review] | None,
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
    weights = (rules.weight_product, rules.weight_review)
    result = []
    for person in counted:
        old = known.get(person)
        override = old.override if old else None
        if reviews is None:
            account = compose_unreviewed(owed=owed[person], weights=weights, override=override)
        else:
            account = compose_reviewed(
                rubric,
                [review.sheet for review in reviews],
                rules.method,
                per_work=rules.per_work,
                owed=owed[person],
                weights=weights,
                override=override,
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
        done[review.reviewer] += 1
    result = {}
    for person in people:
        key = team if by_team else person
        row = rows.get(key)
        result[person] = Owed(
            duty=row.duty if row else place.rules.per_work, done=done[key], waived=row.waived if row else 0
        )
    return result
