"""Team sets, teams, the membership log, seats and waiting lists.

Membership is a log. Beside it stands the *open* membership as a row of its own, so that "one team
per learner and set" is a unique key. Both are written in one transaction, and nothing of a
person's history is ever deleted.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line

INVITATION_LASTS = timedelta(days=7)
WAITING_LISTS_EACH = 3
DECLINE_WITHIN = timedelta(hours=24)
PITCH_LENGTH = 280
NAME_LENGTH = 60
MOTTO_LENGTH = 140
SIGNS = ("drop", "leaf", "kite", "star", "wave", "hill", "sun", "bridge")
COLOURS = ("blue", "green", "amber", "red", "violet", "grey")
_WORD = re.compile(r"\w+")


class Happened(StrEnum):
    """What the membership log tells."""

    INVITED = "invited"
    REQUESTED = "requested"
    DECLINED = "declined"
    JOINED = "joined"
    WAITLISTED = "waitlisted"
    PROMOTED = "promoted"
    LEFT = "left"
    MOVED = "moved"
    REMOVED = "removed"
    INACTIVE = "inactive"
    ACTIVE = "active"
    MERGED = "merged"
    SOLO = "solo"


# Events after which the person is a member of the team, and after which no longer.
COMES = frozenset({Happened.JOINED, Happened.PROMOTED, Happened.MOVED, Happened.MERGED, Happened.SOLO})
GOES = frozenset({Happened.LEFT, Happened.REMOVED})


@dataclass(frozen=True)
class TeamSet:
    """A named set of teams in a course run, shared by assignments.

    `version` guards everything that a crowd does to the set at once, such as a random split.
    """

    id: str
    course: str
    name: str
    min: int
    ideal: int
    max: int
    join: str
    public: bool
    lock_at: datetime | None = None
    publish_at: datetime | None = None
    version: int = 1

    def is_locked(self, now: datetime) -> bool:
        """Whether only staff may still move people."""
        return self.lock_at is not None and now > self.lock_at

    def is_published(self, now: datetime) -> bool:
        """Whether learners see who is in which team."""
        return self.publish_at is None or now >= self.publish_at


@dataclass(frozen=True)
class Team:
    """A team with its number of seats taken; the row that guards its seats."""

    id: str
    team_set: str
    name: str
    name_key: str
    size: int = 0
    motto: str = ""
    leader: str = ""
    open: bool = True  # anybody may join; closed: by invitation or request
    created_by: str = ""
    state: str = "active"  # or "dissolved": empty, kept for its history; "merged" into another
    merged_into: str = ""
    sign: str = ""  # the drawn sign and its colour, such as "kite-blue"; empty: one goes by the id
    charter: str = ""  # the version of its charter in force
    held: bool = False  # a name or motto waits for the course staff, since it has a listed word
    wanted_name: str = ""
    wanted_motto: str = ""
    version: int = 1

    def has_room(self, team_set: TeamSet) -> bool:
        """Whether a seat is free."""
        return self.size < team_set.max


@dataclass(frozen=True)
class Membership:
    """Somebody's open membership: in this team now."""

    id: str
    team_set: str
    team: str
    person: str
    since: datetime
    active: bool = True
    duty: str = ""  # the roles that the person has in the team now, in one line
    asked_at: datetime | None = None  # not seen for long: asked whether they are still there
    version: int = 1


@dataclass(frozen=True)
class MembershipEvent:
    """One row of the log; never changed, never removed."""

    id: str
    team_set: str
    team: str
    person: str
    event: Happened
    at: datetime
    actor: str
    reason: str = ""


@dataclass(frozen=True)
class Waiting:
    """A place on a team's waiting list; first come, first served by id."""

    id: str
    team_set: str
    team: str
    person: str
    since: datetime


@dataclass(frozen=True)
class Asking:
    """An invitation by the team, or a request by the person; open until answered or expired."""

    id: str
    team_set: str
    team: str
    person: str
    kind: str  # "invited", "requested", or "offered": a seat for somebody who came late
    by: str
    at: datetime
    expires: datetime
    state: str = "open"  # accepted, declined, withdrawn, expired
    version: int = 1

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state == "open" and now <= self.expires


@dataclass(frozen=True)
class Card:
    """A card on the seeking board, gone when its person is placed."""

    id: str
    team_set: str
    person: str
    pitch: str
    skills: str = ""
    hours: str = ""
    at: datetime | None = None
    version: int = 1


def members_at(log: Iterable[MembershipEvent], team: str, moment: datetime) -> frozenset[str]:
    """Who was in the team at that moment: the fold of the log up to it."""
    inside: set[str] = set()
    for row in sorted(log, key=lambda row: (row.at, row.id)):
        if row.at > moment:
            break
        if row.team == team and row.event in COMES:
            inside.add(row.person)
        elif row.team == team and row.event in GOES:
            inside.discard(row.person)
    return frozenset(inside)


def name_key(name: str) -> str:
    """The form under which team names clash: case folded, marks and spaces evened out."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def checked_name(name: str) -> str:
    """A team name without stray spaces; refused when empty or too long."""
    clean = one_line(name)
    if not clean:
        raise Invalid(Problem("name", "name_missing"))
    if len(clean) > NAME_LENGTH:
        raise Invalid(Problem("name", "name_too_long", (("most", NAME_LENGTH),)))
    return clean


def checked_motto(motto: str) -> str:
    """A motto in one line; refused when it is too long."""
    clean = one_line(motto)
    if len(clean) > MOTTO_LENGTH:
        raise Invalid(Problem("motto", "motto_too_long", (("most", MOTTO_LENGTH),)))
    return clean


def sign_of(team: Team) -> tuple[str, str]:
    """The team's drawn sign and its colour; a team that chose none has one that goes by its id.

    A sign is decoration beside a name: two teams may have the same one.
    """
    shape, _, colour = team.sign.partition("-")
    if shape in SIGNS and colour in COLOURS:
        return shape, colour
    number = zlib.crc32(team.id.encode())
    return SIGNS[number % len(SIGNS)], COLOURS[number // len(SIGNS) % len(COLOURS)]


def checked_sign(shape: str, colour: str) -> str:
    """A sign as it is stored; refused when it is none of ours."""
    if shape not in SIGNS:
        raise Invalid(Problem("sign", "not_a_choice"))
    if colour not in COLOURS:
        raise Invalid(Problem("colour", "not_a_choice"))
    return f"{shape}-{colour}"


def has_listed(text: str, words: Iterable[str]) -> bool:
    """Whether a name or motto has a listed word or phrase: whole words, letter case apart."""
    plain = f" {' '.join(_WORD.findall(name_key(text)))} "
    listed = (" ".join(_WORD.findall(name_key(word))) for word in words)
    return any(word and f" {word} " in plain for word in listed)


def name_suggestions(name: str, taken: Iterable[str]) -> list[str]:
    """Three free names close to one that is taken."""
    keys = {name_key(other) for other in taken}
    tries = (f"{name} {word}" for word in ("2", "North", "South", "Blue", "Green", "3", "4", "5", "6", "7"))
    return [candidate for candidate in tries if name_key(candidate) not in keys][:3]


def even_sizes(people: int, rules: TeamSet) -> list[int]:
    """Sizes of teams for an even split, differing by at most one, all within min and max.

    Zero people give no team; fewer people than `min` give one team, which is flagged, not refused.
    Raises `Invalid` where no number of teams fits, naming the class sizes nearby that would.
    """
    if people == 0:
        return []
    if people < rules.min:
        return [people]
    counts = [n for n in range(1, people + 1) if rules.min * n <= people <= rules.max * n]
    if not counts:
        raise Invalid(
            Problem(
                "team_min", "sizes_impossible", (("people", people), ("min", rules.min), ("max", rules.max))
            )
        )
    teams = min(counts, key=lambda n: (abs(people / n - rules.ideal), n))
    small, more = divmod(people, teams)
    return [small + 1] * more + [small] * (teams - more)
