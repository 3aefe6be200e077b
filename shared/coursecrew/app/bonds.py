"""Who mentors which team at this moment: what every right of a mentor is asked from.

The right is never kept anywhere: each use case looks the bond up in its own transaction, so that it
is gone in the moment the bond ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coursecrew.app.records import MENTORSHIPS
from coursecrew.app.teams import Standing
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.mentoring import Mentorship, active_only
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Subject

MOST_TEAMS = 200  # of one mentor, on one page


def mentors_of(unit: UnitOfWork, team: str) -> list[Mentorship]:
    """The bonds of a team that hold now."""
    return active_only(unit.store.find(MENTORSHIPS, team=team), unit.now)


def mentored_by(unit: UnitOfWork, team_set: str, person: str) -> list[Mentorship]:
    """The bonds of a person in a team set that hold now."""
    return mentored_by_any(unit, team_set, [person])


def mentored_by_any(unit: UnitOfWork, team_set: str, people: Sequence[str]) -> list[Mentorship]:
    """The bonds of these people in a team set that hold now: one query."""
    rows = unit.store.find(
        MENTORSHIPS, team_set=team_set, person=list(people), limit=MOST_TEAMS * len(people)
    ) if people else []  # fmt: skip
    return active_only(rows, unit.now)


def mentor_subject(unit: UnitOfWork, actor: Actor, here: Standing, team: str) -> Subject:
    """What rights towards a team hang on: membership as `here` has it, and a bond as mentor.

    Somebody excluded from the course, or who left it, mentors nobody.
    """
    base = replace(here.subject, team=team, member=here.team is not None and here.team.id == team)
    known = here.participant
    if known is None or not known.active or known.excluded:
        return base
    mine = [row for row in mentors_of(unit, team) if row.person == actor.person]
    return replace(base, mentor=bool(mine), open_draft=any(row.reads_draft for row in mine))


def is_mentor(unit: UnitOfWork, actor: Actor, team: str) -> bool:
    """Whether the actor mentors that team now."""
    return any(row.person == actor.person for row in mentors_of(unit, team))


def end_bonds(unit: UnitOfWork, team: str) -> None:
    """Nobody mentors a team that became part of another one; who mentors that one is said there."""
    for bond in mentors_of(unit, team):
        unit.store.save(MENTORSHIPS, replace(bond, until=unit.now))
