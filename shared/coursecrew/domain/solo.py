"""Somebody alone in a team: after some days they say what they want, and then it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ALONE = timedelta(days=5)  # alone for so long: the person is asked
DECIDE_WITHIN = timedelta(days=3)  # then, without a decision, they go on alone


class Wanted(StrEnum):
    """What somebody alone asks for."""

    SOLO = "solo"
    MERGE = "merge"


class SoloState(StrEnum):
    """Where the question stands."""

    ASKED = "asked"
    SOLO = "solo"  # a team of one, by decision
    MERGE = "merge"  # to be joined with another team
    MOOT = "moot"  # somebody came, or the person left, meanwhile


@dataclass(frozen=True)
class SoloAsk:
    """What one person alone in a team asked for, and what became of it."""

    id: str
    activity: str
    team_set: str
    team: str
    person: str
    wanted: Wanted
    state: SoloState
    at: datetime
    until: datetime  # then it is decided by itself
    why: str = ""
    decided_at: datetime | None = None
    by: str = ""  # who decided; empty: time did
    version: int = 1


def may_ask(*, size: int, alone_since: datetime | None, merger_open: bool, now: datetime) -> bool:
    """Whether somebody may say now how they want to go on."""
    return size == 1 and not merger_open and alone_since is not None and now - alone_since >= ALONE
