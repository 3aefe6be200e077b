"""From reviews to a grade: criterion by criterion, then what the reviews that somebody owed count.

The order and the arithmetic are those of the account: every number stands on the page of whoever is graded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from coursecrew.domain.averages import EXACTLY, Method
from coursecrew.domain.grading import HUNDRED, Account, Line
from coursecrew.domain.rubrics import Rubric, Sheet


@dataclass(frozen=True)
class Owed:
    """What somebody owed in reviews, and what of it is done or let go."""

    duty: int
    done: int
    waived: int = 0

    @property
    def share(self) -> Fraction:
        """The part that is done, 0 to 1; without a duty all of it."""
        if self.duty <= 0:
            return Fraction(1)
        return min(Fraction(1), Fraction(self.done + self.waived, self.duty))


def criterion_values(rubric: Rubric, sheets: Sequence[Sheet], method: Method) -> Mapping[str, Fraction]:
    """One value for each criterion that somebody judged, in its own points, unrounded."""
    exactly = EXACTLY[method]
    values: dict[str, Fraction] = {}
    for criterion in rubric.criteria:
        points = [sheet[criterion.id].points for sheet in sheets if _is_given(sheet, criterion.id)]
        if points:
            values[criterion.id] = exactly(points)
    return values


def _is_given(sheet: Sheet, id: str) -> bool:
    return id in sheet and sheet[id].given


def work_score(rubric: Rubric, values: Mapping[str, Fraction]) -> Fraction:
    """The work's score, 0 to 100: each criterion counts its share of the weights."""
    judged = [criterion for criterion in rubric.criteria if criterion.id in values and criterion.most]
    total = sum((Fraction(criterion.weight) for criterion in judged), Fraction(0))
    if not total:
        return Fraction(0)
    gained = sum(
        (values[c.id] / Fraction(c.most) * Fraction(c.weight) for c in judged),
        Fraction(0),
    )
    return gained / total * 100


def compose_reviewed(
    rubric: Rubric,
    sheets: Sequence[Sheet],
    method: Method,
    *,
    per_work: int,
    owed: Owed,
    weights: tuple[int, int],
    override: Decimal | None = None,
) -> Account:
    """The grade of one author out of the reviews of their work and those that they owed."""
    values = criterion_values(rubric, sheets, method)
    score = _decimal(work_score(rubric, values))
    lines = [Line("peers", Decimal(0), score, _peers(rubric, sheets, values, method, per_work))]
    return _with_components(lines, score, owed, weights, override)


def compose_unreviewed(*, owed: Owed, weights: tuple[int, int], override: Decimal | None = None) -> Account:
    """The grade of somebody whose team handed in nothing: zero for the work, and it says so."""
    return _with_components([Line("missed", Decimal(0), Decimal(0))], Decimal(0), owed, weights, override)


def _with_components(
    lines: list[Line], product: Decimal, owed: Owed, weights: tuple[int, int], override: Decimal | None
) -> Account:
    total = product
    if weights[1]:
        review = _decimal(owed.share * 100)
        lines.append(
            Line(
                "reviewing", Decimal(0), review,
                {"duty": owed.duty, "done": owed.done, "waived": owed.waived},
            )
        )  # fmt: skip
        total = (product * weights[0] + review * weights[1]) / HUNDRED
        lines.append(
            Line(
                "weighted", product, total,
                {"product": product, "review": review, "weights": list(weights)},
            )
        )  # fmt: skip
    if override is not None:
        lines.append(Line("override", total, override))
        total = override
    return Account(tuple(lines), total)


def _peers(
    rubric: Rubric, sheets: Sequence[Sheet], values: Mapping[str, Fraction], method: Method, per_work: int
) -> dict[str, Any]:
    judged = [criterion for criterion in rubric.criteria if criterion.id in values]
    together = sum((criterion.weight for criterion in judged), Decimal(0))
    return {
        "method": method.value,
        "reviews": len(sheets),
        "per_work": per_work,
        "criteria": [
            {
                "id": criterion.id,
                "title": criterion.title,
                "points": [sheet[criterion.id].points for sheet in sheets if _is_given(sheet, criterion.id)],
                "value": _decimal(values[criterion.id]),
                "most": criterion.most,
                "weight": criterion.weight / together * HUNDRED if together else Decimal(0),
            }
            for criterion in judged
        ],
    }


def _decimal(value: Fraction) -> Decimal:
    """A decimal of 28 digits: what the page writes out and the total is made of."""
    return Decimal(value.numerator) / Decimal(value.denominator)
