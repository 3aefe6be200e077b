"""What a person was told and has not put away yet."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.records import NOTICES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Actor

SHOWN = 5


def unread(unit: UnitOfWork, activity_id: str, person: str, *, limit: int = SHOWN) -> list[Notice]:
    """The person's newest notices of this activity that they have not put away."""
    return unit.store.find(
        NOTICES, activity=activity_id, person=person, read=False, order="newest", limit=limit
    )


def put_away(unit: UnitOfWork, actor: Actor, activity_id: str, until: str) -> int:
    """Put away the notices shown, up to the newest one on the page; later ones stay."""
    rows = unread(unit, activity_id, actor.person, limit=200)
    shown = [row for row in rows if row.id <= until]
    for row in shown:
        unit.store.save(NOTICES, replace(row, read=True))
    return len(shown)
