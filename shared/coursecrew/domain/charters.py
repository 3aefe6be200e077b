"""What a team agrees on, signed by its members, and who has which part in the team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CharterVersion:
    """A team's agreement as somebody saved it; a change asks for new signatures."""

    id: str
    team: str
    number: int
    texts: dict[str, str]  # by the id of the part
    by: str
    at: datetime


@dataclass(frozen=True)
class Signature:
    """Somebody signed a version."""

    id: str
    charter: str
    team: str
    person: str
    at: datetime


@dataclass(frozen=True)
class RoleTurn:
    """Somebody has, or had, a role in the team; the record of its rotation."""

    id: str
    team: str
    person: str
    role: str
    since: datetime
    by: str
    until: datetime | None = None
    version: int = 1
