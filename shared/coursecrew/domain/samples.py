"""Practice: samples that staff have rated, tried by reviewers before they judge others.

Passed is whoever is within one level of the staff on at least four of five criteria. Tries are free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from coursecrew.domain.rubrics import Criterion, Rubric, Sheet, Sort, sheet_from, sheet_to

MOST_SAMPLES = 5
NEAR_ENOUGH = Fraction(4, 5)
LONGEST_SAMPLE = 20_000


@dataclass(frozen=True)
class Sample:
    """A work that staff rated; the comments in the sheet say why. `model` is shown with its ratings."""

    id: str
    title: str
    text: str
    sheet: Sheet = field(default_factory=dict)
    model: bool = False


@dataclass(frozen=True)
class SampleTry:
    """One person's try at one sample; `share` is the hundredths of criteria that were near."""

    id: str
    activity: str
    sample: str
    person: str
    sheet: Sheet
    share: int
    passed: bool
    at: datetime


def is_near(criterion: Criterion, mine: Sheet, theirs: Sheet) -> bool:
    """Whether a mark is at most one level away from the staff's; without levels, a quarter of the points."""
    mark, other = mine.get(criterion.id), theirs.get(criterion.id)
    if mark is None or other is None or not mark.given:
        return False
    if criterion.sort is not Sort.LEVELS:
        return abs(mark.points - other.points) * 4 <= criterion.most - criterion.least
    steps = sorted({level.points for level in criterion.levels})
    if mark.points not in steps or other.points not in steps:
        return False
    return abs(steps.index(mark.points) - steps.index(other.points)) <= 1


def nearness(rubric: Rubric, mine: Sheet, theirs: Sheet) -> Fraction:
    """The share of the criteria rated by staff in which a try is near."""
    asked = [criterion for criterion in rubric.criteria if criterion.counts and criterion.id in theirs]
    if not asked:
        return Fraction(1)
    return Fraction(sum(is_near(criterion, mine, theirs) for criterion in asked), len(asked))


def best_share(tries: Mapping[str, int], samples: int) -> Fraction:
    """Training, 0 to 1: the mean of the best try at each sample; one never tried counts nothing."""
    return Fraction(sum(tries.values()), 100 * samples) if samples else Fraction(1)


def samples_from(rows: Any) -> tuple[Sample, ...]:
    """Read stored samples."""
    return tuple(
        Sample(
            str(row["id"]),
            str(row.get("title", "")),
            str(row.get("text", "")),
            sheet_from(row.get("sheet") or {}),
            bool(row.get("model", False)),
        )
        for row in rows
    )


def samples_to(samples: tuple[Sample, ...]) -> list[dict[str, Any]]:
    """Samples as plain JSON values."""
    return [
        {"id": one.id, "title": one.title, "text": one.text, "sheet": sheet_to(one.sheet), "model": one.model}
        for one in samples
    ]
