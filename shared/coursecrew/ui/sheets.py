"""A filled-in sheet out of its form, whatever each criterion asks for."""

from __future__ import annotations

from decimal import Decimal

from coursecrew.domain.rubrics import Criterion, Mark, Rubric, Sort
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Request

LONGEST_COMMENT = 10_000


def read_marks(request: Request, reading: Reading, rubric: Rubric) -> dict[str, Mark]:
    """The marks of a form; a comment without a mark is kept, too."""
    sheet: dict[str, Mark] = {}
    for criterion in rubric.criteria:
        comment = reading.text(f"comment-{criterion.id}", most=LONGEST_COMMENT)
        mark = _mark(request, reading, criterion, comment)
        if mark.given or comment:
            sheet[criterion.id] = mark
    return sheet


def _mark(request: Request, reading: Reading, criterion: Criterion, comment: str) -> Mark:
    name = f"level-{criterion.id}"
    if criterion.sort is Sort.TEXT:
        return Mark(comment=comment, given=False)
    if criterion.sort is Sort.CHECKLIST:
        # One empty value goes along, so that nothing ticked can be told from nothing said.
        values = reading.many(name)
        ticked = tuple(int(value) for value in values if value.isdecimal())
        points = sum(
            (criterion.levels[place].points for place in ticked if place < len(criterion.levels)), Decimal(0)
        )
        return Mark(points, comment, given=bool(values), ticked=ticked)
    if not request.field(name).strip():
        return Mark(comment=comment, given=False)
    points_given = reading.number(name)
    return Mark(points_given if points_given is not None else Decimal(0), comment)
