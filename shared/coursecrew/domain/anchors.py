"""Comments at a passage of a work: where they hang, and whether that passage is still there.

An anchor is a paragraph of a part, with the very words it was put on. When the words have changed
since, the comment says so instead of pointing at something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

LONGEST_REMARK = 2_000
LONGEST_QUOTE = 500
MOST_REMARKS = 200  # in one review
_GAP = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True)
class ReviewRemark:
    """A comment at a passage, or a reply to one (`parent`)."""

    id: str
    activity: str
    review: str
    parent: str
    prompt: str
    place: int  # number of the paragraph within the part, from 0
    quote: str
    text: str
    by_authors: bool  # a reply of the authors' side
    by: str
    at: datetime
    gone: bool = False
    version: int = 1


def paragraphs(text: str) -> list[str]:
    """A text's paragraphs, as blank lines part them."""
    return [part for part in (one.strip("\n") for one in _GAP.split(text)) if part.strip()]


def anchor(texts: Mapping[str, str], prompt: str, place: int, words: str = "") -> str:
    """The quote that an anchor keeps: the chosen words of the paragraph, or its beginning.

    "" where there is no such paragraph, or the words are not in it.
    """
    parts = paragraphs(texts.get(prompt, ""))
    if not 0 <= place < len(parts):
        return ""
    words = " ".join(words.split())
    if words:
        return words[:LONGEST_QUOTE] if words in " ".join(parts[place].split()) else ""
    return " ".join(parts[place].split())[:LONGEST_QUOTE]


def found_at(texts: Mapping[str, str], remark: ReviewRemark) -> int | None:
    """The paragraph in which the quoted words stand now, its own first; `None` where they are gone."""
    parts = [" ".join(part.split()) for part in paragraphs(texts.get(remark.prompt, ""))]
    if remark.place < len(parts) and remark.quote in parts[remark.place]:
        return remark.place
    return next((number for number, part in enumerate(parts) if remark.quote in part), None)
