"""Whose names stand on a work, corrected by staff; and what a missed round means for one person.

A work is handed in with the names of those who were active members then. Who joins later stands on
no earlier work: for such a round staff choose to add the name, to excuse the person, or to count it as
missed. Every correction has a reason, is kept beside what was before, and composes the grades of those
it touches again; a released grade is returned again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from coursecrew.app.grading import excuse_person, miss_person, recompose, release_grade, take_back_grade
from coursecrew.app.records import ACTIVITIES, BYLINES, GRADES, MEMBERSHIPS, SUBMISSIONS, WORKS
from coursecrew.app.submissions import HANDED_IN
from coursecrew.app.teams import members_of, participant_of, participants_of, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import AlreadyExists, Conflict, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.grading import Grade
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.submissions import Byline, Submission, Work, WorkState
from coursecrew.domain.teams import Team


class Round(StrEnum):
    """What a round that somebody was not part of means for them."""

    ADD = "add"  # their name is put on the work
    EXCUSE = "excuse"
    MISSED = "missed"  # counts as zero


@dataclass(frozen=True)
class Names:
    """A team's work with the names on it, and members whose name is not there."""

    team: Team
    work: Work | None
    submission: Submission | None
    named: tuple[str, ...]
    beside: tuple[str, ...]  # members now who are not named
    people: Mapping[str, Participant]
    grades: Mapping[str, Grade]


def look_at_names(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Names:
    """Whose names stand on the team's work here."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    _may_correct(unit, actor, team)
    work = _work_of(unit, activity, team)
    submission = unit.store.get(SUBMISSIONS, work.submission) if work and work.submission else None
    rows = unit.store.find(BYLINES, submission=submission.id, in_force=True) if submission else []
    named = tuple(row.person for row in rows)
    beside = tuple(row.person for row in members_of(unit, team.id) if row.person not in named)
    keys = [*named, *beside]
    grades = unit.store.find(GRADES, activity=activity.id, person=keys) if keys else []
    return Names(
        team, work, submission, named, beside, participants_of(unit, activity.course, keys),
        {grade.person: grade for grade in grades},
    )  # fmt: skip


def _may_correct(unit: UnitOfWork, actor: Actor, team: Team) -> None:
    mine = unit.store.count(MEMBERSHIPS, team=team.id, person=actor.person) > 0
    require(actor, Action.CORRECT_BYLINE, Subject(team=team.id, graded_by_self=mine))


def _work_of(unit: UnitOfWork, activity: Activity, team: Team) -> Work | None:
    found = unit.store.find(WORKS, activity=activity.id, team=team.id, order="latest", limit=1)
    return found[0] if found else None


def correct_byline(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, person: str, *, named: bool, reason: str
) -> list[Grade]:
    """Put a name on the team's work, or take it off, with a reason; returns the grades made anew.

    Whoever is taken off has no grade from it any more: theirs is taken back, out of the gradebook too.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    _may_correct(unit, actor, team)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    found = _work_of(unit, activity, team)
    if found is None or not found.submission or found.state not in HANDED_IN:
        raise Conflict("nothing_handed_in")
    work = unit.store.get(WORKS, found.id, lock=True)
    who = participant_of(unit, activity.course, person)
    if who is None:
        raise NotFound("person")
    rows = unit.store.find(BYLINES, submission=work.submission, limit=200)
    mine = next((row for row in rows if row.person == person), None)
    if (mine is not None and mine.in_force) == named:
        return []
    if named:
        _add(unit, activity, work, who, mine)
    elif mine is not None:
        if sum(row.in_force for row in rows) < 2:
            raise Conflict("last_name")
        unit.store.save(BYLINES, replace(mine, in_force=False))
    unit.store.save(WORKS, work)  # of two corrections at once, the second sees the first
    unit.record(
        Kind.BYLINE_CORRECTED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=[person], name=team.name, named=named, reason=reason.strip()[:255],
    )  # fmt: skip
    grades = recompose(unit, activity, work, by=actor.person, cause="byline")
    if any(grade.released_at for grade in grades):
        # Whoever is added late reads their grade as early as the others.
        grades = [release_grade(unit, activity, grade) for grade in grades]
    if not named:
        take_back_grade(unit, activity.id, person, by=actor.person)
    return grades


def _add(unit: UnitOfWork, activity: Activity, work: Work, who: Participant, old: Byline | None) -> None:
    if not who.takes_part:
        raise Conflict("takes_no_part", name=who.name)
    elsewhere = unit.store.find(BYLINES, activity=activity.id, person=who.person, in_force=True)
    if any(row.team != work.team for row in elsewhere):
        raise Conflict("on_byline_elsewhere", name=who.name)
    if old:
        unit.store.save(BYLINES, replace(old, in_force=True))
        return
    try:
        unit.store.add(BYLINES, Byline(unit.new_id(), activity.id, work.submission, work.team, who.person))
    except AlreadyExists:
        return  # somebody else added the same name at the same moment


def settle_round(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, person: str, choice: Round, *, reason: str
) -> list[Grade]:
    """What this round means for a member who is not named on the team's work: add, excuse or missed."""
    if choice is Round.ADD:
        return correct_byline(unit, actor, activity_id, team_id, person, named=True, reason=reason)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    _may_correct(unit, actor, team)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    if not unit.store.count(MEMBERSHIPS, team=team.id, person=person):
        raise NotFound("person")
    work = _work_of(unit, activity, team)
    if work is None or work.state is WorkState.DRAFTING:
        raise Conflict("nothing_handed_in")
    if unit.store.count(BYLINES, activity=activity.id, person=person, in_force=True):
        raise Conflict("on_byline")
    settle = excuse_person if choice is Round.EXCUSE else miss_person
    grade = settle(unit, activity, team.id, person, by=actor.person)
    unit.record(
        Kind.ROUND_SETTLED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=[person], name=team.name, choice=choice.value, reason=reason.strip()[:255],
    )  # fmt: skip
    return [grade]
