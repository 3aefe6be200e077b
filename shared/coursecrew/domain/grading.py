"""From sheets to a grade, and the account of how it came about.

The order is fixed: the work's score, (later: factor, not rated), lateness,
components and weights, override; rounded once, half up, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from coursecrew.domain.rubrics import Rubric, Sheet, score
from coursecrew.domain.schedule import LatePolicy, Window, lateness

HUNDRED = Decimal(100)
CENT = Decimal("0.01")


class GradeState(StrEnum):
    """Where a person's grade stands."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    RELEASED = "released"
    EXCUSED = "excused"


@dataclass(frozen=True)
class StaffScore:
    """What staff gave a submission, criterion by criterion."""

    id: str
    activity: str
    work: str
    submission: str
    sheet: Sheet
    rubric: Rubric
    by: str
    at: datetime
    comment: str = ""
    complete: bool = True
    version: int = 1


@dataclass(frozen=True)
class Line:
    """One step of the composition: what changed, by which rule, and what stands afterwards."""

    code: str
    before: Decimal
    after: Decimal
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> Decimal:
        """What this step added or took."""
        return self.after - self.before


@dataclass(frozen=True)
class Account:
    """A grade with the whole of its making, recomputable by hand."""

    lines: tuple[Line, ...]
    total: Decimal

    @property
    def shown(self) -> Decimal:
        """The total as people read it."""
        return rounded(self.total)


@dataclass(frozen=True)
class Grade:
    """One person's grade in one assignment, in its present version."""

    id: str
    activity: str
    person: str
    team: str
    number: int
    state: GradeState
    total: Decimal | None
    account: Account | None
    at: datetime
    override: Decimal | None = None
    override_reason: str = ""
    override_by: str = ""
    released_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True)
class GradeVersion:
    """An earlier state of a grade, kept for ever, with what caused the next."""

    id: str
    activity: str
    person: str
    number: int
    state: GradeState
    total: Decimal | None
    account: Account | None
    at: datetime
    cause: str
    by: str


@dataclass(frozen=True)
class Lateness:
    """What a person's own due time makes of the moment the work was handed in."""

    handed_in: datetime | None
    window: Window
    policy: LatePolicy

    @property
    def past_close(self) -> bool:
        """Whether it came after the person's own closing time."""
        return self.handed_in is not None and self.window.is_over(self.handed_in)

    @property
    def units(self) -> int:
        """Units begun after the due time and grace."""
        if self.handed_in is None:
            return 0
        return self.policy.units(lateness(self.handed_in, self.window.due))

    @property
    def penalty(self) -> Decimal:
        """Points per hundred it costs this person."""
        if self.handed_in is None:
            return Decimal(0)
        return self.policy.penalty(lateness(self.handed_in, self.window.due), past_close=self.past_close)

    def apply(self, earned: Decimal) -> Decimal:
        """What is left of what was earned."""
        if self.handed_in is None:
            return earned
        late = lateness(self.handed_in, self.window.due)
        return self.policy.apply(earned, late, past_close=self.past_close)


def compose(rubric: Rubric, sheet: Sheet, late: Lateness, *, override: Decimal | None = None) -> Account:
    """The grade of one member out of the staff's sheet, the person's lateness and an override."""
    work = score(rubric, sheet)
    values: dict[str, Any] = {"criteria": _criteria(rubric, sheet)}
    left_out = [c.title for c in rubric.criteria if c not in rubric.judged(sheet)]
    if left_out:
        values["left_out"] = left_out
    lines = [Line("work", Decimal(0), work, values)]
    after = late.apply(work)
    if late.units or late.past_close:
        lines.append(
            Line(
                "late",
                work,
                after,
                {
                    "handed_in": late.handed_in,
                    "due": late.window.due,
                    "units": late.units,
                    "points": late.policy.points,
                    "penalty": late.penalty,
                    "cap": late.policy.cap,
                    "floor": late.policy.floor,
                    "past_close": late.past_close,
                    "basis": late.policy.basis.value,
                },
            )
        )
    lines.append(Line("product", Decimal(0), after))
    return _overridden(lines, after, override)


def missed(*, override: Decimal | None = None) -> Account:
    """The grade of a member whose team handed in nothing: zero, and it says so."""
    lines = [Line("missed", Decimal(0), Decimal(0))]
    return _overridden(lines, Decimal(0), override)


def _overridden(lines: list[Line], total: Decimal, override: Decimal | None) -> Account:
    if override is not None:
        lines = [*lines, Line("override", total, override)]
        total = override
    return Account(tuple(lines), total)


def _criteria(rubric: Rubric, sheet: Sheet) -> list[dict[str, Any]]:
    judged = rubric.judged(sheet)
    weights = sum((criterion.weight for criterion in judged), Decimal(0))
    return [
        {
            "id": criterion.id,
            "title": criterion.title,
            "points": sheet[criterion.id].points,
            "most": criterion.most,
            "weight": criterion.weight / weights * HUNDRED if weights else Decimal(0),
            "comment": sheet[criterion.id].comment,
        }
        for criterion in judged
    ]


def rounded(number: Decimal) -> Decimal:
    """Two places, half up: the only rounding, done where a number is shown or returned."""
    return number.quantize(CENT, rounding=ROUND_HALF_UP)


# --- stored forms ---


def account_to(account: Account | None) -> dict[str, Any] | None:
    """An account as plain JSON values; numbers as text, unrounded."""
    if account is None:
        return None
    return {
        "total": str(account.total),
        "lines": [
            {
                "code": line.code,
                "before": str(line.before),
                "after": str(line.after),
                "values": _plain(line.values),
            }
            for line in account.lines
        ],
    }


def account_from(document: dict[str, Any] | None) -> Account | None:
    """Read a stored account; the values of its lines stay plain."""
    if document is None:
        return None
    lines: Sequence[dict[str, Any]] = document["lines"]
    return Account(
        tuple(Line(x["code"], Decimal(x["before"]), Decimal(x["after"]), x["values"]) for x in lines),
        Decimal(document["total"]),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value
