"""Turns of roles, as far as the moves between teams need them: whoever goes has no role any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coursecrew.app.marks import take_marks
from coursecrew.app.records import ROLE_TURNS
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.charters import RoleTurn

MOST_OPEN = 200


def open_turns(unit: UnitOfWork, team: str) -> list[RoleTurn]:
    """Who has which role in the team now."""
    return unit.store.find(ROLE_TURNS, team=team, until=None, limit=MOST_OPEN)


def end_turns(unit: UnitOfWork, team: str, people: Sequence[str]) -> None:
    """End every turn of these people in a team that they leave, or are no longer active in.

    Their marks in its draft go as well: with the membership ends the right to see who is here.
    The caller clears `duty` on memberships that stay.
    """
    if not people:
        return
    for turn in unit.store.find(ROLE_TURNS, team=team, person=list(people), until=None, limit=MOST_OPEN):
        unit.store.save(ROLE_TURNS, replace(turn, until=unit.now))
    take_marks(unit, team, people)
