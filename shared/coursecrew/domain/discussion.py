"""The team's discussion: threads and posts, mentions, decisions, and how long one may change a post."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line, unturned

EDIT_WITHIN = timedelta(minutes=15)
POST_LENGTH = 10_000
THREAD_LENGTH = 120


@dataclass(frozen=True)
class Post:
    """One post; `thread` is the id of the thread's first post, or "" if this is the first.

    A deleted post stays as a stub without its text. `pinned` marks a decision of the team. `linked`
    is a version of the draft, `linked_number` its number as people know it. `last_at` is kept with
    the first post of a thread: when anybody wrote in it last.
    """

    id: str
    activity: str
    team: str
    author: str
    text: str
    at: datetime
    last_at: datetime
    thread: str = ""
    title: str = ""
    state: str = "posted"  # or "deleted"
    edited_at: datetime | None = None
    mentions: tuple[str, ...] = ()
    linked: str = ""
    linked_number: int = 0
    pinned: bool = False
    pinned_at: datetime | None = None
    pinned_by: str = ""
    version: int = 1

    @property
    def is_deleted(self) -> bool:
        """Whether only a stub is left."""
        return self.state == "deleted"

    @property
    def first(self) -> str:
        """The id of the thread it stands in."""
        return self.thread or self.id

    def edit_until(self) -> datetime:
        """Until when its writer may change it; that moment itself counts."""
        return self.at + EDIT_WITHIN


@dataclass(frozen=True)
class ReadMark:
    """Up to when somebody has read a team's discussion."""

    id: str
    activity: str
    team: str
    person: str
    at: datetime
    version: int = 1


def checked_post(text: str) -> str:
    """A post's text; refused when blank or too long."""
    clean = unturned(text).replace("\r\n", "\n").strip()
    if not clean:
        raise Invalid(Problem("text", "post_missing"))
    if len(clean) > POST_LENGTH:
        raise Invalid(Problem("text", "text_too_long", (("most", POST_LENGTH), ("have", len(clean)))))
    return clean


def checked_title(title: str) -> str:
    """What a thread is about, in one line; refused when blank or too long."""
    clean = one_line(title)
    if not clean:
        raise Invalid(Problem("title", "thread_title_missing"))
    if len(clean) > THREAD_LENGTH:
        raise Invalid(Problem("title", "text_too_long", (("most", THREAD_LENGTH), ("have", len(clean)))))
    return clean


def mentions_in(text: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Who is named with an @ in a text: `names` are what each person is called.

    The whole name counts, and the first word of it where it belongs to one person only. Letter case
    does not matter; a longer name wins over a shorter one that it begins with.
    """
    called: dict[str, set[str]] = {}
    for person, own in names.items():
        for name in own:
            words = name.casefold().split()
            if not words:
                continue
            called.setdefault(" ".join(words), set()).add(person)
            called.setdefault(words[0], set()).add(person)
    found: list[str] = []
    for start in (match.end() for match in re.finditer(r"(?<!\w)@", text)):
        rest = " ".join(text[start : start + 200].casefold().split(" "))
        for name in sorted(called, key=len, reverse=True):
            ends = rest[len(name) : len(name) + 1]
            if rest.startswith(name) and not (ends.isalnum() or ends == "_"):
                if len(called[name]) == 1:
                    found += called[name]
                break
    return tuple(dict.fromkeys(found))
