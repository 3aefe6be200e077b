"""Rubrics: criteria with levels, and filled-in sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from coursecrew.domain.errors import Invalid, Problem

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Level:
    """One step of a criterion: its points and the full text that describes it."""

    points: Decimal
    text: str


class Sort(StrEnum):
    """What kind of answer a criterion asks for."""

    LEVELS = "levels"  # one of some described steps
    RANGE = "range"  # a number between the first level and the last, in steps
    CHECKLIST = "checklist"  # whatever of the levels holds; their points are added up
    TEXT = "text"  # words alone; it counts nothing


class Comments(StrEnum):
    """Whether a criterion asks for a comment."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Criterion:
    """One row of a rubric; `weight` is its share among the criteria, in any unit.

    Of a range `levels` are its two ends, of a checklist its items. `words` is the least length of a
    comment that is required.
    """

    id: str
    title: str
    weight: Decimal
    levels: tuple[Level, ...]
    hint: str = ""
    team_only: bool = False  # does not apply to somebody who works alone by decision
    sort: Sort = Sort.LEVELS
    step: Decimal = Decimal(1)  # of a range
    comments: Comments = Comments.OPTIONAL
    words: int = 0

    @property
    def counts(self) -> bool:
        """Whether it has points at all."""
        return self.sort is not Sort.TEXT

    @property
    def least(self) -> Decimal:
        """The points of the worst mark."""
        if self.sort is Sort.CHECKLIST or not self.levels:
            return Decimal(0)
        return min(level.points for level in self.levels)

    @property
    def most(self) -> Decimal:
        """The points of the best mark."""
        if not self.counts or not self.levels:
            return Decimal(0)
        if self.sort is Sort.CHECKLIST:
            return sum((level.points for level in self.levels), Decimal(0))
        return max(level.points for level in self.levels)

    def accepts(self, mark: Mark) -> bool:
        """Whether these points can be given here."""
        if self.sort is Sort.RANGE:
            inside = self.least <= mark.points <= self.most
            return inside and (mark.points - self.least) % self.step == 0
        if self.sort is Sort.CHECKLIST:
            if any(not 0 <= place < len(self.levels) for place in mark.ticked):
                return False
            return mark.points == sum((self.levels[p].points for p in set(mark.ticked)), Decimal(0))
        return self.counts and mark.points in {level.points for level in self.levels}

    def said(self, mark: Mark) -> str:
        """The words of the mark: the level, or the items that hold."""
        if self.sort is Sort.CHECKLIST:
            return "; ".join(self.levels[p].text for p in sorted(set(mark.ticked)) if p < len(self.levels))
        if self.sort is Sort.RANGE:
            return ""
        return next((level.text for level in self.levels if level.points == mark.points), "")


@dataclass(frozen=True)
class Rubric:
    """What work is judged by."""

    criteria: tuple[Criterion, ...] = ()
    number: int = 1  # structural version

    def criterion(self, id: str) -> Criterion | None:
        """The criterion of that id."""
        return next((criterion for criterion in self.criteria if criterion.id == id), None)

    def judged(self, sheet: Sheet) -> tuple[Criterion, ...]:
        """The criteria that count under this sheet: one for teams only, without a mark, does not apply."""
        return tuple(c for c in self.criteria if c.counts and (c.id in sheet or not c.team_only))

    def for_one(self) -> tuple[Criterion, ...]:
        """The criteria that apply to somebody who works alone."""
        return tuple(c for c in self.criteria if not c.team_only)

    def same_structure(self, other: Rubric) -> bool:
        """Whether only wording differs: a mark means the same under both."""

        def shape(rubric: Rubric) -> list[tuple[object, ...]]:
            return [
                (c.id, c.weight, tuple(level.points for level in c.levels), c.team_only, c.sort, c.step)
                for c in rubric.criteria
            ]

        return shape(self) == shape(other)


@dataclass(frozen=True)
class Mark:
    """What one judge gave for one criterion; `given` is false while there is a comment alone."""

    points: Decimal = Decimal(0)
    comment: str = ""
    given: bool = True
    ticked: tuple[int, ...] = ()  # of a checklist: which items hold, by their place


Sheet = Mapping[str, Mark]


def score(rubric: Rubric, sheet: Sheet) -> Decimal:
    """The weighted score of a complete sheet, 0-100, unrounded.

    Each criterion counts `points / most` of its weight; weights are rescaled to the sum of those that
    apply.
    """
    judged = rubric.judged(sheet)
    total = sum((criterion.weight for criterion in judged), Decimal(0))
    if not total:
        return Decimal(0)
    gained = sum((sheet[c.id].points / c.most * c.weight for c in judged if c.most), Decimal(0))
    return gained / total * HUNDRED


def checked_sheet(rubric: Rubric, sheet: Sheet, *, alone: bool = False, comments: bool = True) -> Sheet:
    """Refuse a sheet with a criterion missing, points that cannot be given, or a comment too short.

    `comments` is false where none are asked for, as in practice.

    `alone`: the work of one person by decision, so that marks for teams only are left out.
    """
    asked = rubric.for_one() if alone else rubric.criteria
    problems = []
    for criterion in asked:
        mark = sheet.get(criterion.id)
        if criterion.counts and (mark is None or not mark.given):
            problems.append(Problem(f"level-{criterion.id}", "level_missing", (("title", criterion.title),)))
        elif criterion.counts and mark is not None and not criterion.accepts(mark):
            problems.append(Problem(f"level-{criterion.id}", "level_unknown", (("title", criterion.title),)))
        if comments and criterion.comments is Comments.REQUIRED:
            have, least = len(mark.comment.split()) if mark else 0, max(1, criterion.words)
            if have < least:
                values = (("title", criterion.title), ("least", least), ("have", have))
                problems.append(Problem(f"comment-{criterion.id}", "comment_words", values))
    if problems:
        raise Invalid(*problems)
    return {criterion.id: sheet[criterion.id] for criterion in asked if criterion.id in sheet}


def sheet_from(document: Mapping[str, Any]) -> dict[str, Mark]:
    """Read a stored sheet."""
    return {
        key: Mark(
            Decimal(value["points"]),
            value.get("comment", ""),
            given=value.get("given", True),
            ticked=tuple(value.get("ticked", ())),
        )
        for key, value in document.items()
    }


def sheet_to(sheet: Sheet) -> dict[str, Any]:
    """A sheet as it is stored."""
    return {
        key: {"points": str(mark.points), "comment": mark.comment}
        | ({} if mark.given else {"given": False})
        | ({"ticked": list(mark.ticked)} if mark.ticked else {})
        for key, mark in sheet.items()
    }
