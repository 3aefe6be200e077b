"""What a person was told and has not put away yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coursecrew.app.records import NOTICES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.events import Kind
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Actor

SHOWN = 5
# What is told with words of a team's own.
INSIDE = frozenset(
    {
        Kind.TASK_BLOCKED, Kind.TASK_FREED, Kind.TASK_GIVEN, Kind.MILESTONE_LATE, Kind.POST_WRITTEN,
        Kind.PERSON_MENTIONED, Kind.DECISION_PINNED,
    }
)  # fmt: skip


def unread(unit: UnitOfWork, activity_id: str, person: str, *, limit: int = SHOWN) -> list[Notice]:
    """The person's newest notices of this activity that they have not put away."""
    return unit.store.find(
        NOTICES, activity=activity_id, person=person, read=False, order="newest", limit=limit
    )


def still_theirs(notices: Sequence[Notice], team: str) -> list[Notice]:
    """Those that somebody now in this team ("" for none) may read.

    What was said inside a team is told to nobody who has left it.
    """
    return [one for one in notices if one.kind not in INSIDE or one.detail.get("team", "") == team]


def put_away(unit: UnitOfWork, actor: Actor, activity_id: str, until: str) -> int:
    """Put away the notices shown, up to the newest one on the page; later ones stay."""
    rows = unread(unit, activity_id, actor.person, limit=200)
    shown = [row for row in rows if row.id <= until]
    for row in shown:
        unit.store.save(NOTICES, replace(row, read=True))
    return len(shown)
