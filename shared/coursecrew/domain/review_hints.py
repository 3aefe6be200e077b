"""Hints to whoever hands a review in: local rules, each said once, none of which stops anybody.

Nothing leaves the machine, and nothing of it is kept but which hints were seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from coursecrew.domain.rubrics import Sheet

FEW_WORDS = 15
ALIKE = 0.8
_WORD = re.compile(r"[\w’']+")
# In English; a course in another language gets the rules that need no words.
_PRAISE = set(
    re.findall(
        r"\w+",
        "good great nice excellent awesome perfect amazing fantastic wonderful super brilliant cool love "
        "well done job work really very everything all is was it this that i the a an and",
    )
)
_SUGGEST = re.compile(
    r"\b(could|should|might|try|consider|suggest|instead|add|adding|next|maybe|perhaps|would|improve|"
    r"better if|more|missing|why|how)\b|\?",
    re.IGNORECASE,
)
_HARSH = {"stupid", "idiot", "idiotic", "garbage", "trash", "rubbish", "terrible", "awful", "useless",
          "lazy", "pathetic"}  # fmt: skip


def hints(
    sheet: Sheet,
    text: str,
    *,
    work: Mapping[str, str],
    other: Sequence[str],
    seen: Collection[str] = (),
    english: bool = True,
) -> list[str]:
    """The codes of what a reviewer may want to look at once more; those already seen are left out.

    `work` are the work's texts, `other` the whole texts of the same reviewer's other reviews.
    Rules that know words are for texts in `english`.
    """
    whole = whole_text(sheet, text)
    words = [word.casefold() for word in _WORD.findall(whole)]
    found = []
    if len(words) < FEW_WORDS:
        found.append("short")
    if english and words and set(words) <= _PRAISE:
        found.append("praise_only")
    if english and not _SUGGEST.search(whole):
        found.append("no_suggestion")
    if english and set(words) & _HARSH:
        found.append("harsh")
    if any(likeness(words, [word.casefold() for word in _WORD.findall(one)]) >= ALIKE for one in other):
        found.append("same_as_other")
    if words and not _refers(words, work):
        found.append("no_reference")
    return [code for code in found if code not in seen]


def whole_text(sheet: Sheet, text: str) -> str:
    """Everything a reviewer wrote, as one text."""
    return "\n".join([*(mark.comment for mark in sheet.values() if mark.comment), text]).strip()


def likeness(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """The share of neighbouring word pairs that two texts have in common, 0 to 1 (Jaccard)."""
    one, two = set(pairwise(mine)), set(pairwise(theirs))
    return len(one & two) / len(one | two) if one and two else 0.0


def _refers(words: Sequence[str], work: Mapping[str, str]) -> bool:
    """Whether at least two of the longer words occur in the work."""
    theirs = {word.casefold() for part in work.values() for word in _WORD.findall(part)}
    long = {word for word in words if len(word) > 3}
    return len(long & theirs) >= 2
