"""How a grade out of reviews was made, line by line: each with the arithmetic that anybody can redo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coursecrew.domain.grading import Line
from coursecrew.ui.charts import Bar
from coursecrew.ui.reader import Reader


@dataclass(frozen=True)
class AccountRow:
    """One line of the making: its name, how it comes about, and what it adds."""

    name: str
    how: str
    points: str
    total: bool = False


BARS = frozenset({"peers", "calibrated", "staff", "appeal", "weighted"})


def bar(reader: Reader, line: Line) -> Bar:
    """One step of the picture of how the grade was made."""
    _ = reader.gettext
    if line.code in ("peers", "calibrated"):
        return Bar(_("What reviewers gave"), line.before, line.after, reader.grade(line.after))
    names = {
        "staff": _("With the staff’s score"),
        "appeal": _("After your question"),
        "weighted": _("With what else counts"),
    }
    kind = "plus" if line.change >= 0 else "minus"
    return Bar(names[line.code], line.before, line.after, reader.signed(line.change), kind)


def _points(reader: Reader, criteria: Sequence[Mapping[str, Any]]) -> str:
    """Each criterion's points and the value made of them."""
    return "; ".join(
        f"{entry['title']}: {', '.join(reader.points(Decimal(p)) for p in entry['points'])}"
        f" → {exact(Decimal(entry['value']))}"
        for entry in criteria
    )


def _terms(reader: Reader, criteria: Sequence[Mapping[str, Any]]) -> str:
    """(3.5 ÷ 4 × 50) + …, as one would add them up."""
    return " + ".join(
        f"{exact(Decimal(entry['value']))} ÷ {reader.points(Decimal(entry['most']))}"
        f" × {exact(Decimal(entry['weight']))}"
        for entry in criteria
    )


def _how_peers(reader: Reader, line: Line) -> AccountRow:
    """Each criterion's value out of its reviews, then the weighted sum."""
    _, values = reader.gettext, line.values
    ways = {
        "median": _("the middle value (of an even number, the mean of the middle two)"),
        "mean": _("the mean"),
        "trimmed": _("the mean without the highest and the lowest (below five reviews the middle value)"),
    }
    criteria = values.get("criteria", ())
    how = _(
        "%(have)s of %(of)s reviews. Of the points for each criterion, %(way)s: %(given)s. Then value ÷ most "
        "points × weight: %(terms)s",
        have=values["reviews"], of=values["per_work"], way=ways[values["method"]],
        given=_points(reader, criteria), terms=_terms(reader, criteria),
    )  # fmt: skip
    return AccountRow(_("What reviewers gave"), how, reader.grade(line.after))


def _how_calibrated(reader: Reader, line: Line) -> AccountRow:
    """Each review's points, its reviewer's usual deviation, its weight; then the weighted mean."""
    _, values = reader.gettext, line.values
    rows = values.get("reviews", ())
    parts = "; ".join(
        _(
            "review %(alias)s: %(points)s, usually %(habit)s on %(others)s other works, so %(corrected)s, "
            "weight %(weight)s",
            alias=row["alias"], points=exact(_number(row["points"])),
            habit=signed_exactly(_number(row["correction"])), others=row["others"],
            corrected=exact(_number(row["corrected"])), weight=exact(_number(row["weight"])),
        )
        + (" " + _("(lowered: far from the others)") if row["clipped"] else "")
        for row in rows
    )  # fmt: skip
    terms = " + ".join(
        f"{exact(_number(row['weight']))} × {exact(_number(row['corrected']))}" for row in rows
    )
    weights = " + ".join(exact(_number(row["weight"])) for row in rows)
    how = _(
        "%(have)s reviews, each corrected by how its reviewer usually differs from others on other works, "
        "and weighed by how steady they are: %(parts)s. Then (%(terms)s) ÷ (%(weights)s)",
        have=len(rows), parts=parts, terms=terms, weights=weights,
    )  # fmt: skip
    if values.get("shift"):
        how += " " + _(
            "Of each correction, %(shift)s is for everybody: all reviewers together differ so much from the "
            "course staff.",
            shift=signed_exactly(_number(values["shift"])),
        )
    if not values.get("corrects", True):
        how += " " + _("Nothing was corrected: in this class it would have helped nobody.")
    return AccountRow(_("What reviewers gave"), how, reader.grade(line.after))


def _how_staff(reader: Reader, line: Line) -> AccountRow:
    _, values = reader.gettext, line.values
    share = int(values["share"])
    given = _points(reader, values.get("criteria", ()))
    terms = _terms(reader, values.get("criteria", ()))
    how = _(
        "the course staff gave %(given)s: %(terms)s = %(score)s. Then %(score)s × %(share)s %% + "
        "%(peers)s × %(rest)s %%",
        given=given, terms=terms, score=exact(Decimal(values["score"])), share=share,
        peers=exact(Decimal(values["peers"])), rest=100 - share,
    )  # fmt: skip
    return AccountRow(_("With the staff’s score"), how, reader.grade(line.after))


def _how_appeal(reader: Reader, line: Line) -> AccountRow:
    _ = reader.gettext
    terms = " + ".join(
        _(
            "%(title)s: (%(now)s − %(was)s) ÷ %(most)s × %(weight)s",
            title=entry["title"], now=exact(Decimal(entry["now"])), was=exact(Decimal(entry["was"])),
            most=reader.points(Decimal(entry["most"])), weight=exact(Decimal(entry["weight"])),
        )
        for entry in line.values["criteria"]
    )  # fmt: skip
    how = _("decided after your team asked: %(terms)s", terms=terms)
    return AccountRow(_("After your question"), how, reader.signed(line.change))


def _how_reviewing(reader: Reader, line: Line) -> AccountRow:
    how = reader.gettext(
        "written %(done)s, let go %(waived)s, owed %(duty)s: (written + let go) ÷ owed × 100, at most 100",
        **{name: line.values[name] for name in ("done", "waived", "duty")},
    )
    return AccountRow(reader.gettext("Reviews you wrote"), how, reader.grade(line.after))


def _how_training(reader: Reader, line: Line) -> AccountRow:
    how = reader.gettext(
        "the best of your tries at each sample, together %(shares)s, ÷ %(samples)s samples",
        shares=line.values["shares"], samples=line.values["samples"],
    )  # fmt: skip
    return AccountRow(reader.gettext("Practice"), how, reader.grade(line.after))


def _how_weighted(reader: Reader, line: Line) -> AccountRow:
    _, values = reader.gettext, line.values
    names = {"product": _("work"), "review": _("reviews"), "training": _("practice")}
    weights = dict(zip(names, values["weights"], strict=False))
    how = " + ".join(
        _(
            "%(what)s %(value)s × %(share)s %%",
            what=name,
            value=exact(Decimal(values[key])),
            share=weights[key],
        )
        for key, name in names.items()
        if key in values and weights.get(key)
    )
    return AccountRow(_("Together"), how, reader.grade(line.after))


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def exact(number: Decimal) -> str:
    """A number as one works with it by hand: no zeros behind, six places at most."""
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def signed_exactly(number: Decimal) -> str:
    """The same with a sign before it."""
    return f"{'−' if number < 0 else '+'}{exact(abs(number))}"


HOW: Mapping[str, Callable[[Reader, Line], AccountRow]] = {
    "peers": _how_peers,
    "calibrated": _how_calibrated,
    "staff": _how_staff,
    "appeal": _how_appeal,
    "reviewing": _how_reviewing,
    "training": _how_training,
    "weighted": _how_weighted,
}
