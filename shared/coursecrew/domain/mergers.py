"""Teams that became too small, and proposals to join two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SILENT = timedelta(days=7)  # without a visit while a step is open: the member is asked
ANSWER_WITHIN = timedelta(days=3)  # then the member is marked as inactive
DECIDE_WITHIN = timedelta(days=3)  # then the instructor decides a merger


class MergerState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    STAFF = "staff"  # the time to vote is over: the instructor decides
    DONE = "done"
    REFUSED = "refused"
    MOOT = "moot"  # one of the teams grew or went meanwhile


@dataclass(frozen=True)
class Merger:
    """A proposal: everybody of `team` joins `into`."""

    id: str
    activity: str
    team_set: str
    team: str
    into: str
    state: MergerState
    at: datetime
    until: datetime
    by: str = ""  # who proposed it; empty: by itself
    why: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""
    version: int = 1


@dataclass(frozen=True)
class MergerVote:
    """What one active member of one of the two teams says."""

    id: str
    merger: str
    team: str
    person: str
    agrees: bool
    at: datetime
    version: int = 1


def has_majority(votes: int, active: int) -> bool:
    """Whether more than half of a side's active members agree; nobody left agrees to everything."""
    return votes * 2 > active or active == 0
