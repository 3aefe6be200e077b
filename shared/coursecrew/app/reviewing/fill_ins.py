"""Reviews that are missing after the volunteers: by the course staff, and by mentors whom they named.

A named mentor takes works like any reviewer, in the staff's stage only, and never one of a team that
they mentor or are in. The naming holds as long as they mentor some team of the team set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from coursecrew.app.bonds import mentored_by
from coursecrew.app.records import (
    FILL_IN_REVIEWERS,
    MENTORSHIPS,
    PARTICIPANTS,
    POOL,
    QUEUE_TOLD,
    REVIEWS,
    TEAMS,
)
from coursecrew.app.reminders import put_away_about
from coursecrew.app.reviewing.places import Judge, Place, judge_of, place_of
from coursecrew.app.reviewing.pool import gathered, let_go, locked_row, take_neediest, waited_for
from coursecrew.app.teams import participant_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import AlreadyExists, Closed, Conflict, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.mentoring import active_only
from coursecrew.domain.people import STAFF, Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.reviewing import (
    ALL_STAFF,
    TELL_AGAIN_AFTER,
    Cause,
    FillInReviewer,
    PoolWork,
    QueueTold,
    Review,
    ReviewState,
    Stage,
)
from coursecrew.domain.schedule import Step

MOST_NAMED = 200
MOST_BONDS = 1_000
LOOKED_AT = 200  # works with the fewest reviews


# --- taking one ---


def fill_in(unit: UnitOfWork, actor: Actor, activity_id: str) -> str:
    """Take a work that lacks reviews, once volunteers had their turn; returns the review's id.

    Mentors whom the staff named do so until feedback goes out, the staff at any time after it, too.
    """
    place = gathered(unit, activity_id)
    judge = judge_of(unit, actor, place, alone=True)
    require(actor, Action.FILL_IN_REVIEW, replace(judge.subject, named=is_named(unit, actor, place)))
    if place.stage not in (Stage.STAFF, Stage.OVER):
        raise Conflict("not_staffs_turn")
    if not actor.is_staff:
        if place.stage is Stage.OVER:
            raise Closed(Step.REVIEW.value, closes=place.feedback_at)
        if judge.participant and judge.participant.takes_part and not judge.has_done:
            raise Conflict("own_work_first", title=place.of.settings.title)
    judge = replace(judge, bars=replace(judge.bars, within=frozenset(actor.limited_to)))
    judge = waited_for(unit, place, judge)
    held = judge.holds(unit.now)
    if held and held.cause is Cause.FILL_IN:
        return held.id
    return take_neediest(unit, place, judge, Cause.FILL_IN).id


def is_named(unit: UnitOfWork, actor: Actor, place: Place) -> bool:
    """Whether the actor is a mentor here, still in the course, whom the staff named to fill in."""
    rows = unit.store.find(FILL_IN_REVIEWERS, activity=place.activity.id, person=actor.person, limit=1)
    if not rows or not _holds(rows[0], unit) or not mentored_by(unit, place.team_set.id, actor.person):
        return False
    known = participant_of(unit, actor.course, actor.person)
    return known is not None and known.active and not known.excluded


def _holds(row: FillInReviewer, unit: UnitOfWork) -> bool:
    return row.until is None or row.until > unit.now


@dataclass(frozen=True)
class FillIns:
    """What somebody whom the staff named has before them, and what they filled in so far."""

    named: bool = False
    waiting: int = 0  # works that lack reviews and are not barred, as far as is looked
    reviews: tuple[Review, ...] = ()


def fill_ins_for(unit: UnitOfWork, actor: Actor, place: Place, judge: Judge) -> FillIns:
    """Whether the actor fills in here, and what waits for them now; `judge` is how they stand here else."""
    if not is_named(unit, actor, place):
        return FillIns()
    if judge.by_team:
        judge = judge_of(unit, actor, place, alone=True)
    theirs = tuple(review for review in judge.reviews if review.cause is Cause.FILL_IN)
    works = _fewest(unit, place) if place.stage is Stage.STAFF else []
    most = place.rules.per_work
    waiting = sum(work.taken < most and not judge.bars.bar(work) for work in works)
    return FillIns(named=True, waiting=waiting, reviews=theirs)


def _fewest(unit: UnitOfWork, place: Place) -> list[PoolWork]:
    return unit.store.find(
        POOL, activity=place.activity.id, round=place.round, open=True, order="rescue", limit=LOOKED_AT
    )


# --- naming ---


@dataclass(frozen=True)
class MentorRow:
    """A mentor of the team set, with the teams they mentor and whether they fill in."""

    person: Participant
    teams: tuple[str, ...]
    named: bool


def mentors_for_filling_in(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Place, list[MentorRow]]:
    """All mentors of the teams here, by name: a fixed number of queries."""
    require(actor, Action.NAME_FILL_IN)
    place = place_of(unit, activity_id)
    bonds = active_only(unit.store.find(MENTORSHIPS, team_set=place.team_set.id, limit=MOST_BONDS), unit.now)
    people = participants_of(unit, place.activity.course, {bond.person for bond in bonds})
    ids = sorted({bond.team for bond in bonds})
    teams = {team.id: team.name for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    named = {row.person for row in _named(unit, place)}
    rows = [
        MentorRow(
            person,
            tuple(sorted(teams[bond.team] for bond in bonds if bond.person == key and bond.team in teams)),
            key in named,
        )
        for key, person in people.items()
        if person.active and not person.excluded
    ]
    return place, sorted(rows, key=lambda row: (row.person.name.casefold(), row.person.person))


def _named(unit: UnitOfWork, place: Place) -> list[FillInReviewer]:
    rows = unit.store.find(FILL_IN_REVIEWERS, activity=place.activity.id, limit=MOST_NAMED)
    return [row for row in rows if _holds(row, unit)]


def name_fill_in(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> FillInReviewer:
    """Let a mentor write missing reviews here; naming again changes nothing."""
    require(actor, Action.NAME_FILL_IN)
    place = place_of(unit, activity_id)
    known = participant_of(unit, place.activity.course, person)
    if known is None or not known.active or known.excluded or known.looks_on:
        raise NotFound("person")
    if not mentored_by(unit, place.team_set.id, person):
        raise Conflict("mentors_nobody", name=known.name)
    rows = unit.store.find(FILL_IN_REVIEWERS, activity=activity_id, person=person, limit=1)
    if rows and _holds(rows[0], unit):
        return rows[0]
    if rows:
        row = unit.store.save(FILL_IN_REVIEWERS, replace(rows[0], by=actor.person, at=unit.now, until=None))
    else:
        row = unit.store.add(
            FILL_IN_REVIEWERS, FillInReviewer(unit.new_id(), activity_id, person, actor.person, unit.now)
        )
    unit.record(
        Kind.FILL_IN_NAMED, activity=activity_id, course=place.activity.course, by=actor.person,
        people=[person],
    )  # fmt: skip
    return row


def end_fill_in(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> None:
    """A mentor fills in no longer: what they have in hand is free again, what they wrote stays theirs."""
    require(actor, Action.NAME_FILL_IN)
    place = place_of(unit, activity_id)
    rows = unit.store.find(FILL_IN_REVIEWERS, activity=activity_id, person=person, limit=1)
    if not rows:
        raise NotFound("person")
    if not _holds(rows[0], unit):
        return
    unit.store.save(FILL_IN_REVIEWERS, replace(rows[0], until=unit.now))
    in_hand = unit.store.find(
        REVIEWS, activity=activity_id, reviewer=person, state=ReviewState.LEASED.value,
        cause=Cause.FILL_IN.value, limit=LOOKED_AT,
    )  # fmt: skip
    if in_hand:
        locked_row(unit, place, person)  # before the works' rows, as whoever takes one does
    for review in in_hand:
        let_go(unit, review, ReviewState.LAPSED)
    unit.record(
        Kind.FILL_IN_ENDED, activity=activity_id, course=place.activity.course, by=actor.person,
        people=[person],
    )  # fmt: skip


# --- telling ---


def tell_of_missing(unit: UnitOfWork, place: Place) -> int:
    """Tell that works lack reviews, once a day: staff and named mentors, after feedback the staff alone.

    Returns 1 where it was told now, 0 else. A work that staff have scored lacks nothing any more. What
    was told the day before is put away, so that the page says it once.
    """
    if place.stage not in (Stage.STAFF, Stage.OVER):
        return 0
    told = unit.store.find(QUEUE_TOLD, activity=place.activity.id, limit=1)
    if told and unit.now < told[0].at + TELL_AGAIN_AFTER:
        return 0
    lacking = _lacking(unit, place)
    if not lacking:
        return 0
    if told:
        unit.store.save(QUEUE_TOLD, replace(told[0], at=unit.now))
    else:
        try:
            unit.store.add(QUEUE_TOLD, QueueTold(unit.new_id(), place.activity.id, unit.now))
        except AlreadyExists:
            return 0  # somebody else tells it
    course, item = place.activity.course, place.activity.id
    roles = sorted(role.value for role in STAFF)
    staff = unit.store.find(PARTICIPANTS, course=course, role=roles, active=True)
    mentors = [row.person for row in _named(unit, place)]
    put_away_about(unit, item, [*(row.person for row in staff), *mentors])
    about = {"activity": place.activity.id, "course": course, "by": "", "item": item}
    unit.record(Kind.REVIEWS_MISSING, **about, count=lacking, over=place.stage is Stage.OVER)
    if mentors and place.stage is Stage.STAFF:
        unit.record(Kind.FILL_IN_WANTED, **about, people=mentors)
    return 1


def _lacking(unit: UnitOfWork, place: Place) -> int:
    """How many works are below what they need: all reviews, or after feedback enough for a mark.

    Scores of the staff are looked for among those with the fewest reviews, where they are written first.
    """
    least = place.rules.enough if place.stage is Stage.OVER else place.rules.per_work
    tally = unit.store.tally(POOL, "submitted", activity=place.activity.id, round=place.round, open=True)
    short = sum(count for have, count in tally.items() if have < least)
    ids = [work.id for work in _fewest(unit, place) if work.submitted < least] if short else []
    scored = (
        unit.store.find(
            REVIEWS, pool=ids, reviewer=ALL_STAFF, state=ReviewState.SUBMITTED.value, limit=len(ids)
        )
        if ids
        else []
    )
    return short - len(scored)
