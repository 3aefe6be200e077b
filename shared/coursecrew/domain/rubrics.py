"""Rubrics: criteria with levels, and filled-in sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coursecrew.domain.errors import Invalid, Problem

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Level:
    """One step of a criterion: its points and the full text that describes it."""

    points: Decimal
    text: str


@dataclass(frozen=True)
class Criterion:
    """One row of a rubric; `weight` is its share among the criteria, in any unit."""

    id: str
    title: str
    weight: Decimal
    levels: tuple[Level, ...]
    hint: str = ""
    team_only: bool = False  # does not apply to somebody who works alone by decision

    @property
    def most(self) -> Decimal:
        """The points of the best level."""
        return max(level.points for level in self.levels)


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
        return tuple(c for c in self.criteria if c.id in sheet or not c.team_only)

    def for_one(self) -> tuple[Criterion, ...]:
        """The criteria that apply to somebody who works alone."""
        return tuple(c for c in self.criteria if not c.team_only)

    def same_structure(self, other: Rubric) -> bool:
        """Whether only wording differs: a mark means the same under both."""

        def shape(rubric: Rubric) -> list[tuple[str, Decimal, tuple[Decimal, ...], bool]]:
            return [
                (c.id, c.weight, tuple(level.points for level in c.levels), c.team_only)
                for c in rubric.criteria
            ]

        return shape(self) == shape(other)


@dataclass(frozen=True)
class Mark:
    """What one judge gave for one criterion; `given` is false while there is a comment alone."""

    points: Decimal = Decimal(0)
    comment: str = ""
    given: bool = True


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


def checked_sheet(rubric: Rubric, sheet: Sheet, *, alone: bool = False) -> Sheet:
    """Refuse a sheet with a criterion missing, or points that no level has.

    `alone`: the work of one person by decision, so that marks for teams only are left out.
    """
    asked = rubric.for_one() if alone else rubric.criteria
    problems = []
    for criterion in asked:
        mark = sheet.get(criterion.id)
        if mark is None:
            problems.append(Problem(f"level-{criterion.id}", "level_missing", (("title", criterion.title),)))
        elif mark.points not in {level.points for level in criterion.levels}:
            problems.append(Problem(f"level-{criterion.id}", "level_unknown", (("title", criterion.title),)))
    if problems:
        raise Invalid(*problems)
    return {criterion.id: sheet[criterion.id] for criterion in asked}


def sheet_from(document: Mapping[str, Any]) -> dict[str, Mark]:
    """Read a stored sheet."""
    return {
        key: Mark(Decimal(value["points"]), value.get("comment", ""), given=value.get("given", True))
        for key, value in document.items()
    }


def sheet_to(sheet: Sheet) -> dict[str, Any]:
    """A sheet as it is stored."""
    return {
        key: {"points": str(mark.points), "comment": mark.comment} | ({} if mark.given else {"given": False})
        for key, mark in sheet.items()
    }
