"""A rubric as a CSV file, to take it elsewhere and bring it back: one line for each level or item.

Lines of one criterion stand together and repeat its title. A criterion without levels has one line with
no points. Cells that a spreadsheet would take for a formula get an apostrophe before them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from coursecrew.domain.csv_cells import escaped, plain_cell
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.rubrics import Comments, Criterion, Level, Rubric, Sort

E = TypeVar("E", Sort, Comments)
COLUMNS = ("criterion", "weight", "sort", "points", "text", "comments", "words", "step", "team_only")
MOST_BYTES = 200_000


def rubric_to_csv(rubric: Rubric) -> str:
    """All criteria with their levels; the header names the columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for criterion in rubric.criteria:
        for level in criterion.levels or (None,):
            writer.writerow(
                [
                    escaped(criterion.title), str(criterion.weight), criterion.sort.value,
                    str(level.points) if level else "", escaped(level.text) if level else "",
                    criterion.comments.value, str(criterion.words), str(criterion.step),
                    "yes" if criterion.team_only else "",
                ]
            )  # fmt: skip
    return out.getvalue()


def rubric_from_csv(content: bytes) -> Rubric:
    """Read such a file; refused with the line and column of everything that does not fit."""
    if len(content) > MOST_BYTES:
        raise Invalid(Problem("file", "csv_too_large", (("most", MOST_BYTES),)))
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        rows = list(reader)
    except UnicodeDecodeError:
        raise Invalid(Problem("file", "csv_encoding")) from None
    except csv.Error:
        raise Invalid(Problem("file", "csv_broken")) from None
    missing = [name for name in ("criterion", "points", "text") if name not in (reader.fieldnames or ())]
    if missing:
        raise Invalid(Problem("file", "csv_columns", (("missing", ", ".join(missing)),)))
    problems: list[Problem] = []
    found: dict[str, Criterion] = {}
    for number, row in enumerate(rows, start=2):
        title = plain_cell(row.get("criterion"))
        if not title:
            problems.append(_wrong(number, "criterion", row))
            continue
        known = found.get(title) or _criterion(f"criterion{len(found) + 1}", title, row, number, problems)
        found[title] = known
        if (row.get("points") or "").strip():
            level = Level(_number(row, "points", number, problems), plain_cell(row.get("text")))
            found[title] = _with_level(known, level)
    if not found and not problems:
        problems.append(Problem("file", "rubric_empty"))
    if problems:
        raise Invalid(*problems)
    return Rubric(tuple(found.values()))


def _criterion(
    id: str, title: str, row: Mapping[str, str | None], number: int, problems: list[Problem]
) -> Criterion:
    return Criterion(
        id, title, _number(row, "weight", number, problems, Decimal(1)), (),
        sort=_word(row, "sort", Sort.LEVELS, number, problems),
        comments=_word(row, "comments", Comments.OPTIONAL, number, problems),
        words=int(_number(row, "words", number, problems, Decimal(0))),
        step=_number(row, "step", number, problems, Decimal(1)),
        team_only=bool((row.get("team_only") or "").strip()),
    )  # fmt: skip


def _with_level(criterion: Criterion, level: Level) -> Criterion:
    return replace(criterion, levels=(*criterion.levels, level))


def _number(
    row: Mapping[str, str | None],
    column: str,
    number: int,
    problems: list[Problem],
    usual: Decimal = Decimal(0),
) -> Decimal:
    text = (row.get(column) or "").strip().replace(",", ".")
    if not text:
        return usual
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        problems.append(_wrong(number, column, row))
        return usual
    return value


def _word(row: Mapping[str, str | None], column: str, usual: E, number: int, problems: list[Problem]) -> E:
    text = (row.get(column) or "").strip()
    if not text:
        return usual
    try:
        return type(usual)(text)
    except ValueError:
        problems.append(_wrong(number, column, row))
        return usual


def _wrong(number: int, column: str, row: Mapping[str, str | None]) -> Problem:
    what = (row.get(column) or "").strip()[:60]
    return Problem("file", "rubric_row", (("row", number), ("column", column), ("what", f"“{what}”")))
