"""The contribution log: what each member did, beside their own words. Never a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

REMARK_LENGTH = 1000
ONE_EDIT = timedelta(minutes=10)  # saves that follow each other within this are one edit


@dataclass(frozen=True)
class Effort:
    """How often a person edited a team's draft, and how many words they wrote anew in it."""

    id: str
    activity: str
    team: str
    person: str
    edits: int
    words: int
    last_at: datetime
    version: int = 1


@dataclass(frozen=True)
class Remark:
    """What a member says about their own part."""

    id: str
    activity: str
    team: str
    person: str
    text: str
    at: datetime
    version: int = 1


def words_changed(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    """How many words stand in a draft now that did not before.

    Words that only moved do not count, and taking words away is no lesser work than none: it counts
    as an edit without new words. Parts that are the same cost nothing to compare.
    """
    total = 0
    for part, text in after.items():
        old = before.get(part, "")
        if text != old:
            total += (Counter(text.split()) - Counter(old.split())).total()
    return total


def edited(effort: Effort, words: int, now: datetime) -> tuple[int, int]:
    """Edits and words after one more save; a save soon after the last one belongs to the same edit."""
    more = 0 if now - effort.last_at < ONE_EDIT else 1
    return effort.edits + more, effort.words + words
