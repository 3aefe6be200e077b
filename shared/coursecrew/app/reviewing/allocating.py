"""A work given to a reviewer by hand of the course staff, or taken back unwritten."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.records import POOL, REVIEWINGS, REVIEWS, TEAMS
from coursecrew.app.reviewing.places import bars_of, place_of
from coursecrew.app.reviewing.pool import alias_of, let_go, locked_row
from coursecrew.app.teams import members_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotFound, Problem
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.review_rules import Reviewers
from coursecrew.domain.reviewing import EXTRA, Cause, Review, ReviewState


def give_review(unit: UnitOfWork, actor: Actor, activity_id: str, pool_id: str, reviewer: str) -> Review:
    """Give a work to a reviewer, as one more of theirs; refused where they may not judge it."""
    require(actor, Action.GIVE_REVIEW)
    place = place_of(unit, activity_id)
    work = unit.store.get(POOL, pool_id)
    if work.activity != place.activity.id:
        raise NotFound("work")
    by_team = place.rules.reviewers is Reviewers.TEAM
    if by_team:
        teams = unit.store.find(TEAMS, id=reviewer, team_set=place.team_set.id, limit=1)
        people = [row.person for row in members_of(unit, reviewer)] if teams else []
    else:
        known = participants_of(unit, place.activity.course, [reviewer])
        people = [reviewer] if reviewer in known and known[reviewer].takes_part else []
    if not people:
        raise Invalid(Problem("reviewer", "no_reviewer"))
    reviews = unit.store.find(REVIEWS, activity=activity_id, reviewer=reviewer, limit=200)
    bar = bars_of(unit, place, people, reviews).bar(work)
    if bar:
        raise Invalid(Problem("reviewer", f"reviewer_{bar}"))
    row = locked_row(unit, place, reviewer)
    work = unit.store.get(POOL, pool_id, lock=True)  # after the reviewer's row, as whoever takes one does
    if not work.open or work.taken >= place.rules.per_work + EXTRA:
        raise Conflict("work_full", most=place.rules.per_work + EXTRA)
    unit.store.save(REVIEWINGS, replace(row, places=row.places + 1))
    unit.store.save(POOL, replace(work, taken=work.taken + 1))
    until = place.due if place.due and place.due > unit.now else unit.now + 3 * place.rules.lease
    return unit.store.add(
        REVIEWS,
        Review(
            unit.new_id(), activity_id, work.id, work.team, reviewer, by_team, ReviewState.LEASED,
            Cause.HAND, row.places + 1, alias_of(unit, work, place.rules.per_work), unit.now, until,
            rubric=place.activity.settings.rubric.number, extra=work.taken >= place.rules.per_work,
        ),
    )  # fmt: skip


def take_back(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> Review:
    """Take a work back from a reviewer who has written nothing yet; its slot is free at once."""
    require(actor, Action.GIVE_REVIEW)
    place = place_of(unit, activity_id)
    found = unit.store.get(REVIEWS, review_id)
    if found.activity != place.activity.id:
        raise NotFound("review")
    if not found.may("drop"):
        raise AlreadyDecided(what="review", state=found.state.value)
    if not found.is_empty:
        raise Conflict("written_already")
    return let_go(unit, found, ReviewState.DROPPED)
