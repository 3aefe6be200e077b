"""What a team agrees on, signed by its members, and who has which part in the team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import unturned
from coursecrew.domain.wishes import CharterPart

PART_LENGTH = 4_000
DUTY_LENGTH = 80


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


# --- what was agreed ---


def checked_charter(
    parts: Sequence[CharterPart], old: Mapping[str, str], wanted: Mapping[str, str]
) -> dict[str, str]:
    """The texts of a charter after a save: those of parts asked for here, and all others as they were.

    Another assignment of the same teams may ask for other parts; what stands there stays. Refused
    when a part is too long, or when nothing is said anywhere.
    """
    problems: list[Problem] = []
    texts = dict(old)
    for part in parts:
        text = unturned(wanted.get(part.id, old.get(part.id, ""))).strip()
        if len(text) > PART_LENGTH:
            values = (("most", PART_LENGTH), ("have", len(text)))
            problems.append(Problem(f"text-{part.id}", "text_too_long", values))
        texts[part.id] = text
    if parts and not any(texts[part.id] for part in parts):
        problems.append(Problem(f"text-{parts[0].id}", "charter_empty"))
    if problems:
        raise Invalid(*problems)
    return texts


def unsigned(active: Iterable[str], signed: Iterable[str]) -> tuple[str, ...]:
    """Which of the active members have not signed, in the order given."""
    have = set(signed)
    return tuple(person for person in active if person not in have)


# --- who has which role ---


def holders(turns: Iterable[RoleTurn]) -> dict[str, str]:
    """Who has each role now: role -> person; a role of nobody is absent."""
    return {turn.role: turn.person for turn in turns if turn.until is None}


def rotated(
    roles: Sequence[str], now: Mapping[str, str], members: Sequence[str], active: Iterable[str]
) -> dict[str, str]:
    """Each role with the member who comes next, in the order in which `members` joined.

    Members who are not active are passed over; the last is followed by the first. A role that
    nobody has stays so, unless nobody has any: then they are dealt out in that order.
    """
    there = set(active)
    order = [person for person in members if person in there]
    if not order:
        return {}
    given = {}
    for role in roles:
        if now.get(role) in members:
            place = members.index(now[role])
            after = [*members[place + 1 :], *members[: place + 1]]
            given[role] = next(person for person in after if person in there)
    if not given:
        given = {role: order[number % len(order)] for number, role in enumerate(roles)}
    return given


def duty(roles: Iterable[str]) -> str:
    """Somebody's roles as one short line for their card."""
    line = ", ".join(roles)
    return line if len(line) <= DUTY_LENGTH else f"{line[: DUTY_LENGTH - 1]}…"
