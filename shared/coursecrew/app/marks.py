"""The marks of who has a draft open, as rows: taken away with the right to look, and swept."""

from __future__ import annotations

from collections.abc import Sequence

from coursecrew.app.records import PRESENCES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.presence import HERE_FOR

MOST = 200  # marks that are looked at


def take_marks(unit: UnitOfWork, team: str, people: Sequence[str]) -> None:
    """Take away the marks of people who may no longer look into a team's draft."""
    for row in unit.store.find(PRESENCES, team=team, person=list(people), limit=MOST):
        unit.store.remove(PRESENCES, row.id)


def forget_marks(unit: UnitOfWork) -> int:
    """Remove marks of pages that were closed, some at a time; returns how many."""
    rows = unit.store.find(PRESENCES, order="oldest", limit=MOST)
    old = [row for row in rows if unit.now - row.seen_at > HERE_FOR]
    for row in old:
        unit.store.remove(PRESENCES, row.id)
    return len(old)
