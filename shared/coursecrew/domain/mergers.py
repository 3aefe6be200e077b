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


class Presence(StrEnum):
    """What is due for a member of a team."""

    FINE = "fine"
    ASK = "ask"  # not seen for long: ask whether they are still there
    GONE = "gone"  # asked, and no sign since: counts as inactive
    SEEN = "seen"  # asked, and seen since (or nothing to be there for any more): ask no longer


def presence_due(
    *,
    since: datetime,
    asked_at: datetime | None,
    seen_at: datetime | None,
    working_since: datetime | None,
    now: datetime,
) -> Presence:
    """What is due for an active member.

    `since` is when they came into the team, `seen_at` their last visit to any activity of the team
    set, `working_since` when the team's present work began (`None`: nothing is to be done now). Days
    without anything to do are no silence.
    """
    if asked_at is not None:
        if working_since is None or (seen_at is not None and seen_at >= asked_at):
            return Presence.SEEN
        return Presence.GONE if now - asked_at >= ANSWER_WITHIN else Presence.FINE
    if working_since is None:
        return Presence.FINE
    last = max(moment for moment in (since, seen_at, working_since) if moment is not None)
    return Presence.ASK if now - last >= SILENT else Presence.FINE


def has_majority(votes: int, active: int) -> bool:
    """Whether more than half of a side's active members agree; nobody left agrees to everything."""
    return votes * 2 > active or active == 0


def is_refused(noes: int, active: int) -> bool:
    """Whether more than half of a side's active members are against it."""
    return noes * 2 > active
