"""From reviews to a grade: criterion by criterion, then what the reviews that somebody owed count.

The order and the arithmetic are those of the account: every number stands on the page of whoever is graded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Extras:
    """What stands beside the peers' marks: the staff's sheet, what appeals put in place, practice.

    `rulings` are points by criterion. `training` is the best share of each sample, of 100, and how many
    samples there are. `calibrated` is how each review entered a calibrated score, in its own order.
    """

    staff: Sheet | None = None
    staff_share: int = 0
    rulings: Mapping[str, Decimal] = field(default_factory=dict)
    training: tuple[int, int] = (0, 0)
    calibrated: Mapping[str, Any] | None = None


def compose_reviewed(
    rubric: Rubric,
    sheets: Sequence[Sheet],
    method: Method,
    *,
    per_work: int,
    owed: Owed,
    weights: tuple[int, int, int],
    override: Decimal | None = None,
    extras: Extras = Extras(),
) -> Account:
    """The grade of one author out of the reviews of their work and those that they owed.

    Without any review that counts, the staff's sheet alone makes the score.
    """
    values = criterion_values(rubric, sheets, Method.MEAN if method is Method.CALIBRATED else method)
    peers = work_score(rubric, values)
    lines: list[Line] = []
    if sheets and method is Method.CALIBRATED and extras.calibrated is not None:
        peers = Fraction(Decimal(str(extras.calibrated["grade"])))
        lines.append(Line("calibrated", Decimal(0), _decimal(peers), dict(extras.calibrated)))
    elif sheets:
        shown = Method.MEAN if method is Method.CALIBRATED else method
        lines.append(
            Line("peers", Decimal(0), _decimal(peers), _peers(rubric, sheets, values, shown, per_work))
        )
    score = _decimal(peers)
    if extras.staff is not None and (extras.staff_share or not sheets):
        share = 100 if not sheets else extras.staff_share
        theirs = criterion_values(rubric, [extras.staff], Method.MEAN)
        staff = _decimal(work_score(rubric, theirs))
        after = (staff * share + score * (100 - share)) / HUNDRED
        lines.append(
            Line(
                "staff", score, after,
                {
                    **_peers(rubric, [extras.staff], theirs, Method.MEAN, 1),
                    "score": staff, "peers": score, "share": share,
                },
            )
        )  # fmt: skip
        values = _blended(values, theirs, share)
        score = after
    score = _with_rulings(rubric, values, score, extras.rulings, lines)
    return _with_components(lines, score, owed, weights, override, extras.training)


def _blended(
    peers: Mapping[str, Fraction], staff: Mapping[str, Fraction], share: int
) -> Mapping[str, Fraction]:
    """Each criterion's value with the staff's share; where one side says nothing, the other alone."""
    part = Fraction(share, 100)
    return {
        id: staff[id] * part + peers[id] * (1 - part)
        if id in staff and id in peers
        else staff.get(id, peers.get(id, Fraction(0)))
        for id in {**peers, **staff}
    }


def _with_rulings(
    rubric: Rubric,
    values: Mapping[str, Fraction],
    score: Decimal,
    rulings: Mapping[str, Decimal],
    lines: list[Line],
) -> Decimal:
    """The score with what was decided about appeals: the difference in each criterion, by its weight."""
    judged = [criterion for criterion in rubric.criteria if criterion.id in values and criterion.most]
    total = sum((Fraction(criterion.weight) for criterion in judged), Fraction(0))
    asked = [criterion for criterion in judged if criterion.id in rulings]
    if not asked or not total:
        return score
    change = Fraction(0)
    shown = []
    for criterion in asked:
        ruling, weight = rulings[criterion.id], Fraction(criterion.weight) / total * 100
        change += (Fraction(ruling) - values[criterion.id]) / Fraction(criterion.most) * weight
        shown.append(
            {
                "title": criterion.title, "was": _decimal(values[criterion.id]), "now": ruling,
                "most": criterion.most, "weight": _decimal(weight),
            }
        )  # fmt: skip
    after = min(HUNDRED, max(Decimal(0), score + _decimal(change)))
    lines.append(Line("appeal", score, after, {"criteria": shown}))
    return after


def compose_unreviewed(
    *,
    owed: Owed,
    weights: tuple[int, int, int],
    override: Decimal | None = None,
    training: tuple[int, int] = (0, 0),
) -> Account:
    """The grade of somebody whose team handed in nothing: zero for the work, and it says so."""
    lines = [Line("missed", Decimal(0), Decimal(0))]
    return _with_components(lines, Decimal(0), owed, weights, override, training)


def _with_components(
    lines: list[Line],
    product: Decimal,
    owed: Owed,
    weights: tuple[int, int, int],
    override: Decimal | None,
    training: tuple[int, int],
) -> Account:
    total = product
    parts = {"product": product}
    if weights[1]:
        parts["review"] = _decimal(owed.share * 100)
        lines.append(
            Line(
                "reviewing", Decimal(0), parts["review"],
                {"duty": owed.duty, "done": owed.done, "waived": owed.waived},
            )
        )  # fmt: skip
    if weights[2]:
        shares, samples = training
        parts["training"] = _decimal(Fraction(shares, samples)) if samples else HUNDRED
        lines.append(Line("training", Decimal(0), parts["training"], {"shares": shares, "samples": samples}))
    if len(parts) > 1:
        names = ("product", "review", "training")
        total = (
            sum(
                (parts[name] * weight for name, weight in zip(names, weights, strict=True) if name in parts),
                Decimal(0),
            )
            / HUNDRED
        )
        lines.append(Line("weighted", product, total, {**parts, "weights": list(weights)}))
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
