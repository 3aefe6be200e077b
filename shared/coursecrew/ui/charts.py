"""Small charts as SVG, each beside a table with the same numbers.

Coordinates are per cent of whatever width the chart gets, so one drawing fits a phone and a desk.
In languages read from right to left the picture is mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

# Room at the far end for the value printed behind the longest bar.
REACH = Decimal(82)
GRID = (0, 20, 40, 60, 80, 100)


@dataclass(frozen=True)
class Bar:
    """One row: from where to where, what is printed behind it, and what kind of step it is."""

    label: str
    start: Decimal
    end: Decimal
    text: str
    kind: str = "part"  # part, sum, plus, minus, below, done
    strong: bool = False


def bar(row: Bar, *, top: Decimal = Decimal(100), rtl: bool = False, grid: Sequence[int] = GRID) -> Markup:
    """The drawing of one row; `top` is the number at the end of the scale."""
    low, high = sorted((row.start, row.end))
    left, width = _place(low, top), _place(high, top) - _place(low, top)
    parts = [
        *(_line(_place(Decimal(mark), Decimal(100)), rtl) for mark in grid),
        f'<rect class="bar {row.kind}" x="{_x(left + width if rtl else left, rtl)}%" y="4" rx="2"'
        f' width="{max(width, Decimal("0.4")):.2f}%" height="20"/>',
        f'<text x="{_x(left + width, rtl)}%" dx="{-8 if rtl else 8}" y="19"'
        f' text-anchor="{"end" if rtl else "start"}" class="{"strong" if row.strong else "plain"}">'
        f"{escape(row.text)}</text>",
    ]
    return _drawing(parts, height=28)


def scale(*, top: Decimal = Decimal(100), rtl: bool = False, grid: Sequence[int] = GRID) -> Markup:
    """The numbers under a chart."""
    parts = [
        f'<text class="mark" x="{_x(_place(Decimal(mark), Decimal(100)), rtl)}%" y="14">'
        f"{(top * mark / 100).normalize():f}</text>"
        for mark in grid
    ]
    return _drawing(parts, height=20)


def score_bar(value: Decimal, most: Decimal, *, rtl: bool = False) -> Markup:
    """One value on a short scale with all its numbers."""
    steps = range(int(most) + 1) if most == int(most) and most <= 10 else (0, int(most))
    end = _span(value, most)
    start = _span(Decimal(0), most)
    begin = start if not rtl else end
    parts = [
        '<rect class="track" x="3%" y="6" width="94%" height="5" rx="2.5"/>',
        f'<rect class="bar part" x="{_x(begin, rtl)}%" y="6" rx="2.5"'
        f' width="{end - start:.2f}%" height="5"/>',
        f'<circle class="bar sum" cx="{_x(end, rtl)}%" cy="8.5" r="7"/>',
        *(
            f'<text class="mark" x="{_x(_span(Decimal(step), most), rtl)}%" y="32">{step}</text>'
            for step in steps
        ),
    ]
    return _drawing(parts, height=36)


@dataclass(frozen=True)
class Column:
    """One standing bar: the name under it, its height from 0 to 1, and what kind it is."""

    label: str
    value: float
    kind: str = "part"  # part, sum (named elsewhere on the page), below (look first), none (no bar)
    text: str = ""  # printed on the bar; empty: only in the table beside the chart


COLUMN_MARKS = ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))
_GROUND, _FLOOR, _LEFT = 16, 116, Decimal(7)  # pixels from the top; room for the scale in per cent
_FEW = 12  # so many names stand side by side on a phone


def columns(
    rows: Sequence[Column], *, rtl: bool = False, marks: Sequence[tuple[float, str]] = COLUMN_MARKS
) -> Markup:
    """Standing bars, in reading order; where many, names thin out when narrow.

    Heights are from 0 to 1; `marks` say what stands beside the scale at which height.
    """
    parts = []
    for mark, name in marks:
        y = _height(mark)
        parts.append(
            f'<line class="grid" x1="{_x(_LEFT, rtl)}%" x2="{_x(Decimal(100), rtl)}%" y1="{y}" y2="{y}"/>'
        )
        parts.append(f'<text class="mark edge" x="{_x(Decimal(0), rtl)}%" y="{y + 4}">{name}</text>')
    step = (100 - _LEFT) / max(len(rows), _FEW // 2)
    width = step * Decimal("0.8")
    for at, row in enumerate(rows):
        left, middle = _LEFT + step * at + (step - width) / 2, _x(_LEFT + step * at + step / 2, rtl)
        top = min(_height(max(0.0, min(1.0, row.value))), _FLOOR - 1)
        if row.kind != "none":
            parts.append(
                f'<rect class="bar {row.kind}" x="{_x(left + width if rtl else left, rtl)}%" y="{top}" rx="2"'
                f' width="{width:.2f}%" height="{_FLOOR - top}"/>'
            )
        if row.text and len(rows) <= _FEW // 2:
            parts.append(f'<text class="mark strong" x="{middle}%" y="{top - 4}">{escape(row.text)}</text>')
        elif row.text:
            # The first one would stand over the scale, and any over bars that are higher beside it.
            narrow = len(rows) > _FEW
            place = f' edge" x="{_x(left, rtl)}%"' if narrow and at == 0 else f'" x="{middle}%"'
            near = max(one.value for one in rows[max(0, at - 1) : at + 4]) if narrow else row.value
            y = _height(max(0.0, min(1.0, near))) - 4
            parts.append(f'<text class="mark strong{place} y="{y}">{escape(row.text)}</text>')
        strong = row.kind not in ("part", "none")
        thin = "" if len(rows) <= _FEW or strong or at % 5 == 0 else " thin"
        parts.append(
            f'<text class="mark{" strong" if strong else ""}{thin}" x="{middle}%" y="{_FLOOR + 16}">'
            f"{escape(row.label)}</text>"
        )
    return _drawing(parts, height=_FLOOR + 22)


def key(kind: str) -> Markup:
    """A patch of a bar's colour, for the legend that says it in words."""
    return Markup(  # noqa: S704 - one of our own words
        f'<svg aria-hidden="true"><rect class="bar {kind}" width="12" height="12" rx="2"/></svg>'
    )


def _height(value: float) -> int:
    return round(_FLOOR - value * (_FLOOR - _GROUND))


def progress(value: int, most: int, *, rtl: bool = False) -> Markup:
    """A bar that fills up; the words beside it say the same."""
    width = Decimal(100) * min(value, most) / most if most else Decimal(0)
    left = 100 - width if rtl else Decimal(0)
    parts = [
        '<rect class="track" width="100%" height="8" rx="4"/>',
        f'<rect class="bar sum" x="{left:.2f}%" width="{width:.2f}%" height="8" rx="4"/>',
    ]
    return _drawing(parts, height=8)


def _place(value: Decimal, top: Decimal) -> Decimal:
    return value / top * REACH if top else Decimal(0)


def _span(value: Decimal, most: Decimal) -> Decimal:
    return 3 + (value / most * 94 if most else Decimal(0))


def _x(at: Decimal, rtl: bool) -> str:  # noqa: FBT001 - one letter of arithmetic, used above only
    return f"{100 - at if rtl else at:.2f}"


def _line(at: Decimal, rtl: bool) -> str:  # noqa: FBT001
    return f'<line class="grid" x1="{_x(at, rtl)}%" x2="{_x(at, rtl)}%" y1="0" y2="28"/>'


def _drawing(parts: Sequence[str], *, height: int) -> Markup:
    inside = "".join(parts)
    return Markup(f'<svg class="drawing" width="100%" height="{height}" aria-hidden="true">{inside}</svg>')  # noqa: S704 - texts are escaped above
