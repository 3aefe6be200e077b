"""The bond of a mentor with a team: named by the course staff, looked up at every request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Mentorship:
    """Somebody mentors a team, in every activity of its team set; a new bond is a new row.

    `reads_draft` is what the team allows: whether the mentor reads the draft while it is written.
    """

    id: str
    team_set: str
    team: str
    person: str
    since: datetime
    by: str
    until: datetime | None = None  # over from that moment on; empty: it goes on
    ended_by: str = ""
    reads_draft: bool = True
    reads_talk: bool = False  # the team added this mentor to its discussion
    version: int = 1

    def is_active(self, now: datetime) -> bool:
        """Whether the bond holds: from its beginning, and no longer at the very moment it ends."""
        return self.since <= now and (self.until is None or now < self.until)


def active_only(rows: Iterable[Mentorship], now: datetime) -> list[Mentorship]:
    """The bonds that hold now."""
    return [row for row in rows if row.is_active(now)]
