"""A record of any type with every column filled, or with everything empty that may be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any

from coursecrew.app.records import Column, RecordType, Sort
from coursecrew.domain.grading import Account, Line
from coursecrew.domain.rejoinders import Stance, Uptake
from tests.builders import a_rubric, marks, settings

_numbers = count(1)
# Half an hour east of a whole zone, with microseconds: what a careless column would lose.
MOMENT = datetime(2026, 3, 29, 2, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
INNER: dict[str, Any] = {
    "from_document": settings(),
    "rubric_from": a_rubric(),
    "sheet_from": marks("3", "2.5", "0"),
    "points_from": {"text": Uptake(Stance.PARTLY, "Costs come in spring.", "where", 3)},
    "account_from": Account(
        (Line("team_grade", Decimal("0"), Decimal("87.50"), {"n": "3"}),), Decimal("87.50")
    ),
    "_as_list": [{"rule": 1, "why": "2 of 3 hours 🎈"}, {}],
    "_as_tuple": ("ένα", "två"),
    "_plain": {"where": "Zoë wrote “½” \u0000 and 🎈", "deep": {"list": [1, None, "x"]}},
}


def fresh_key() -> str:
    return f"{next(_numbers):032x}"


def sample(kind: RecordType[Any], *, empty: bool = False, **given: Any) -> Any:
    """A record that clashes with no other."""
    made = {name: _value(name, column, empty=empty) for name, column in kind.columns.items()}
    return kind.build(**(made | given))


def _value(name: str, column: Column, *, empty: bool) -> Any:
    if name == "version":
        return 1
    if column.null and empty:
        return None
    if isinstance(column.load, type) and issubclass(column.load, StrEnum):
        return list(column.load)[-1]
    if column.sort is Sort.KEY:
        return fresh_key()
    if column.sort is Sort.TEXT:
        return f"Zoë 🎈{fresh_key()}".ljust(column.length, "ü")[: column.length]
    if column.sort is Sort.LONG:
        return "Ünï🎈 " * 20_000
    if column.sort is Sort.JSON:
        assert column.load is not None
        return INNER[column.load.__name__]
    if column.sort is Sort.TIME:
        return MOMENT
    if column.sort is Sort.NUMBER:
        return Decimal("87.50")
    return next(_numbers) if column.sort is Sort.WHOLE else True
