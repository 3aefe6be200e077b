"""The sandbox: what somebody tries out where no judge looks, and who may see it.

Nothing here is graded, counted, searched or exported. Who may read an item is a pure function of
the item and of where the reader stands at that moment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line, unturned

TITLE_LENGTH = 120
TEXT_LENGTH = 100_000
REMARK_LENGTH = 10_000
REASON_WORDS = 5  # a reason to break the glass says more than a word
GLASS_LASTS = timedelta(hours=1)


class Audience(StrEnum):
    """Who reads an item."""

    ME = "me"
    ME_MENTOR = "me_mentor"
    TEAM = "team"
    TEAM_MENTOR = "team_mentor"

    @property
    def has_team(self) -> bool:
        """Whether the writer's team reads along."""
        return self in (Audience.TEAM, Audience.TEAM_MENTOR)

    @property
    def has_mentor(self) -> bool:
        """Whether the mentors named at that moment read along."""
        return self in (Audience.ME_MENTOR, Audience.TEAM_MENTOR)


class Saying(StrEnum):
    """What a remark is; while judgement is held, only the first three are offered."""

    WORKS = "works"
    WONDER = "wonder"
    TRY = "try"
    FREE = "free"


@dataclass(frozen=True)
class Item:
    """Something tried out.

    `team` is the writer's team when the audience was chosen, "" for an item of nobody else;
    `mentors` are those who were named by that choice; `authors` everybody who wrote in it.
    `number` rises with each save, so that a yes is a yes to what was read.
    """

    id: str
    activity: str
    person: str
    team: str
    audience: Audience
    mentors: tuple[str, ...]
    authors: tuple[str, ...]
    title: str
    text: str
    number: int
    holds: bool  # judgement is held
    at: datetime
    edited_at: datetime
    edited_by: str
    version: int = 1


@dataclass(frozen=True)
class Remark:
    """What somebody of the audience said about an item."""

    id: str
    item: str
    person: str
    saying: Saying
    text: str
    at: datetime


@dataclass(frozen=True)
class SandboxFile:
    """A file of an item: whoever reads the item reads it, and it goes when the item goes.

    `stored` is the random name under which `Files` keeps the bytes.
    """

    id: str
    activity: str
    item: str
    name: str
    kind: str  # media type by content
    size: int  # bytes as they are kept
    checksum: str  # SHA-256 of the bytes as they are kept
    stored: str
    cleaned: bool  # location and camera data were taken out of a picture
    by: str
    at: datetime


@dataclass(frozen=True)
class Yes:
    """An author agrees that this state of an item goes into the draft."""

    id: str
    item: str
    person: str
    number: int
    at: datetime


@dataclass(frozen=True)
class Glass:
    """Somebody's sandbox was opened by an administrator: who, when, and why. Never removed."""

    id: str
    course: str
    activity: str
    person: str  # whose sandbox
    by: str
    reason: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Reader:
    """Where somebody stands towards an item, at this moment."""

    person: str
    team: str  # the team they are in, or ""
    mentors: Collection[str]  # ids of the teams they mentor now


def may_read(item: Item, reader: Reader) -> bool:
    """Whether an item is meant for this person now.

    An item shared with a team belongs to that team: whoever left it reads it no longer, its writer
    included. An item of one's own stays with its writer; a mentor reads it as long as both bonds
    hold: theirs with the team, and the writer's choice that named them.
    """
    as_mentor = bool(item.team) and reader.person in item.mentors and item.team in reader.mentors
    if item.audience.has_mentor and as_mentor:
        return True
    if item.audience.has_team:
        return bool(item.team) and reader.team == item.team
    return reader.person == item.person


def may_write(item: Item, reader: Reader) -> bool:
    """Whether this person may change it: its writer, or the team it is shared with; no mentor."""
    if item.audience.has_team:
        return bool(item.team) and reader.team == item.team
    return reader.person == item.person


def may_delete(item: Item, reader: Reader, members: Collection[str]) -> bool:
    """Whether this person may take it away: its writer, or, once they have left, who wrote along."""
    if not may_write(item, reader):
        return False
    return reader.person == item.person or (item.person not in members and reader.person in item.authors)


def checked_item(title: str, text: str) -> tuple[str, str]:
    """Title and text as they are kept; refused when both are empty or one is too long."""
    title, text = one_line(title), unturned(text.replace("\r\n", "\n")).strip()
    problems = []
    if not title:
        problems.append(Problem("title", "sandbox_title"))
    for name, value, most in (("title", title, TITLE_LENGTH), ("text", text, TEXT_LENGTH)):
        if len(value) > most:
            problems.append(Problem(name, "text_too_long", (("most", most), ("have", len(value)))))
    if problems:
        raise Invalid(*problems)
    return title, text


def checked_reason(reason: str) -> str:
    """A reason to break the glass: a sentence, not a word."""
    clean = unturned(reason).strip()[:1000]
    if len(clean.split()) < REASON_WORDS:
        raise Invalid(Problem("reason", "glass_reason", (("least", REASON_WORDS),)))
    return clean
