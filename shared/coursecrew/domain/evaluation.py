"""From teammates' ratings to a factor for each member: how much their share differs from an equal one.

All arithmetic is exact (`Fraction`; roots are `Decimal` with 28 digits) and rounded by whoever shows
a figure, once. Formulas and where they come from:

- `webpa`: WebPA (Loughborough University), shares of each rater's points, self-ratings count;
- `webpa-others` and `contribution`: the same without self-ratings; `contribution` enters and shows
  points to split as TEAMMATES (National University of Singapore) does, the factor is the same number;
- `root`: the square root of own mean received over the team's mean, as FeedbackFruits publishes it;
- `skill`: the mean received over the maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

ONE = Fraction(1)
HUNDRED = Fraction(100)
ROOTS = Context(prec=28)
MOVES = Fraction(1, 10)
# A self-booster takes 1.3 of an equal share and gets at most 0.95 from the others.
HIGH_BY_SELF = Fraction(13, 10)
LOW_BY_OTHERS = Fraction(95, 100)


class Formula(StrEnum):
    """How ratings become a factor."""

    NONE = "none"
    WEBPA = "webpa"
    WEBPA_OTHERS = "webpa-others"
    CONTRIBUTION = "contribution"
    ROOT = "root"
    SKILL = "skill"


class Flag(StrEnum):
    """What staff should know before they use a factor."""

    DID_NOT_RATE = "did_not_rate"
    UNRATED = "unrated"
    FEW_RATERS = "few_raters"
    CAPPED = "capped"
    FLOORED = "floored"
    DEPENDS_ON_ONE = "depends_on_one"
    SAME_FOR_ALL = "same_for_all"
    SELF_HIGH = "self_high"


@dataclass(frozen=True)
class TeammateRating:
    """What one member gave another, or themselves, for one criterion; `None` is "cannot judge"."""

    team: str
    rater: str
    ratee: str
    criterion: str
    points: Decimal | None


@dataclass(frozen=True)
class Scheme:
    """How factors are made; the order is formula, floor, cap, weight.

    `most` is the maximum of a rating summed over criteria (`skill` needs it). With fewer raters than
    `min_raters`, the person themselves not counted, the factor is 1 and staff decide.
    """

    formula: Formula
    weight: Fraction = ONE
    cap: Fraction | None = None
    floor: Fraction | None = None
    most: Fraction | None = None
    min_raters: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise ValueError("weight lies between 0 and 1")
        if self.cap is not None and self.cap < 1:
            raise ValueError("a cap is at least 1")
        if self.floor is not None and not 0 <= self.floor <= 1:
            raise ValueError("a floor lies between 0 and 1")
        if self.formula is Formula.SKILL and (self.most is None or self.most <= 0):
            raise ValueError("skill needs the maximum of a rating")
        if self.min_raters < 1:
            raise ValueError("at least one rater is needed")

    def clip(self, factor: Fraction) -> Fraction:
        """The factor within floor and cap."""
        if self.floor is not None:
            factor = max(factor, self.floor)
        return factor if self.cap is None else min(factor, self.cap)

    def weigh(self, factor: Fraction) -> Fraction:
        """`1 + weight · (factor - 1)`: what is left of it when the evaluation counts in part."""
        return 1 + self.weight * (factor - 1)


Row = Mapping[str, Fraction]  # by ratee; "cannot judge" is absent


@dataclass(frozen=True)
class Ratings:
    """A team's ratings as a table: `rows` by rater, each summed over criteria."""

    members: tuple[str, ...]
    rows: Mapping[str, Row]

    def without_self(self) -> Ratings:
        """The same without what people gave themselves."""
        rows = {
            rater: {ratee: s for ratee, s in row.items() if ratee != rater}
            for rater, row in self.rows.items()
        }
        return Ratings(self.members, rows)

    def without_rater(self, rater: str) -> Ratings:
        """The same without one member's row."""
        return Ratings(self.members, {name: row for name, row in self.rows.items() if name != rater})

    def counting(self) -> Ratings:
        """The rows that say something: an empty one or one of zeros is no row."""
        return Ratings(self.members, {rater: row for rater, row in self.rows.items() if any(row.values())})

    def received(self, member: str) -> list[Fraction]:
        """What this member got, from each rater who could judge."""
        return [row[member] for row in self.rows.values() if member in row]


@dataclass(frozen=True)
class Factor:
    """A member's factor: from the formula, and with floor, cap and weight; 1 is an equal share."""

    team: str
    member: str
    factor: Fraction
    by_formula: Fraction
    flags: tuple[Flag, ...]


def rate(ratings: Iterable[TeammateRating], scheme: Scheme) -> tuple[Factor, ...]:
    """The factors of all members of all teams, sorted by team and member.

    Members are all who rate or are rated. Raises `ValueError` if somebody rated the same person
    twice for one criterion.
    """
    ratings = list(ratings)
    criteria = sorted({rating.criterion for rating in ratings if rating.points is not None})
    teams: dict[str, list[TeammateRating]] = {}
    for rating in ratings:
        teams.setdefault(rating.team, []).append(rating)
    return tuple(
        factor for team in sorted(teams) for factor in factors_of(team, teams[team], criteria, scheme)
    )


def factors_of(
    team: str, ratings: Sequence[TeammateRating], criteria: Sequence[str], scheme: Scheme
) -> tuple[Factor, ...]:
    """The factors of one team, sorted by member."""
    sheets = _sheets(ratings)
    table = summed(sheets, criteria)
    others = table.without_self().counting()
    counted = counted_rows(table, scheme.formula).without_self()
    by_formula = values(table, scheme)
    moved = _moved_by_one(table, scheme)
    factors = []
    for member in table.members:
        raters = len(counted.received(member))
        value = by_formula[member]
        flags = set(_flags_of_rater(member, sheets, table, others))
        if raters == 0:
            flags.add(Flag.UNRATED)
        elif raters < scheme.min_raters:
            flags.add(Flag.FEW_RATERS)
            value = ONE
        else:
            if scheme.cap is not None and value > scheme.cap:
                flags.add(Flag.CAPPED)
            if scheme.floor is not None and value < scheme.floor:
                flags.add(Flag.FLOORED)
            if member in moved:
                flags.add(Flag.DEPENDS_ON_ONE)
        weighed = scheme.weigh(scheme.clip(value))
        factors.append(
            Factor(team, member, weighed, by_formula[member], tuple(f for f in Flag if f in flags))
        )
    return tuple(factors)


def values(table: Ratings, scheme: Scheme) -> dict[str, Fraction]:
    """What the formula makes of a team's ratings, before floor, cap and weight; nobody rated: all 1."""
    counted = counted_rows(table, scheme.formula)
    rated = [member for member in table.members if counted.without_self().received(member)]
    made = FORMULAS[scheme.formula](counted, rated, scheme)
    return {member: made.get(member, ONE) for member in table.members}


def counted_rows(table: Ratings, formula: Formula) -> Ratings:
    """The rows that a formula looks at: with self-ratings in `webpa` alone, never a row of zeros."""
    return (table if formula is Formula.WEBPA else table.without_self()).counting()


def without_each_rater(table: Ratings, scheme: Scheme) -> dict[str, dict[str, Fraction]]:
    """For each rater all members' values as they would be without that rater's row."""
    return {rater: values(table.without_rater(rater), scheme) for rater in sorted(table.rows)}


# --- formulas: counted rows, who was rated by somebody else, scheme → values of the rated ---


def _none(_: Ratings, rated: Sequence[str], __: Scheme) -> dict[str, Fraction]:
    return dict.fromkeys(rated, ONE)


def _shares_received(counted: Ratings, rated: Sequence[str], _: Scheme) -> dict[str, Fraction]:
    return _shares(counted, rated)


def _root(counted: Ratings, rated: Sequence[str], _: Scheme) -> dict[str, Fraction]:
    means = {member: _mean(counted.received(member)) for member in rated}
    # The mean of the means: the pooled mean would favour people who were rated more often.
    usual = _mean(list(means.values())) if means else ONE
    return {member: _square_root(own / usual) for member, own in means.items()}


def _skill(counted: Ratings, rated: Sequence[str], scheme: Scheme) -> dict[str, Fraction]:
    most = scheme.most or ONE
    return {member: _mean(counted.received(member)) / most for member in rated}


FORMULAS: dict[Formula, Callable[[Ratings, Sequence[str], Scheme], dict[str, Fraction]]] = {
    Formula.NONE: _none,
    Formula.WEBPA: _shares_received,
    Formula.WEBPA_OTHERS: _shares_received,
    Formula.CONTRIBUTION: _shares_received,
    Formula.ROOT: _root,
    Formula.SKILL: _skill,
}


def _shares(table: Ratings, rated: Sequence[str]) -> dict[str, Fraction]:
    """Mean of the shares received, scaled so that those who were rated sum to their number.

    A row counts the same whether its rater is generous or strict: each value is divided by the mean
    of its own row.
    """
    received: dict[str, list[Fraction]] = {member: [] for member in rated}
    for row in table.rows.values():
        per_share = sum(row.values(), Fraction(0)) / len(row)
        for ratee, points in row.items():
            if ratee in received:
                received[ratee].append(points / per_share)
    means = {member: _mean(shares) for member, shares in received.items()}
    total = sum(means.values(), Fraction(0))
    return {member: value * len(means) / total for member, value in means.items()} if total else {}


# --- points to split: what is entered and shown beside the factor ---


@dataclass(frozen=True)
class Contribution:
    """The whole arithmetic of points to split, unrounded; 100 is an equal share.

    `claimed` are the rows as entered, scaled to 100 for each input; `received` the same without
    self, on the scale of `perceived`, which is what the team makes of each member; `shown` is
    `perceived` on the scale of what that member entered, for their own page.
    """

    claimed: Mapping[str, Row]
    received: Mapping[str, Row]
    perceived: Row
    shown: Mapping[str, Row]


def contribution(table: Ratings) -> Contribution:
    """Recompute points to split for a team; a row is what a member entered, themselves included."""
    claimed = {rater: _to_hundred(row) for rater, row in table.rows.items()}
    inner = {
        rater: _to_hundred(row) for rater, row in Ratings(table.members, claimed).without_self().rows.items()
    }
    scaled = Ratings(table.members, inner).counting()
    means = {member: _mean(scaled.received(member)) for member in table.members if scaled.received(member)}
    total = sum(means.values(), Fraction(0))
    scale = HUNDRED * len(means) / total if total else ONE
    perceived = {member: value * scale for member, value in means.items()}
    received = {rater: {ratee: s * scale for ratee, s in row.items()} for rater, row in inner.items()}
    shown = {member: _as_seen_by(table.rows.get(member, {}), perceived) for member in table.members}
    return Contribution(claimed, received, perceived, shown)


def _to_hundred(row: Row) -> dict[str, Fraction]:
    total = sum(row.values(), Fraction(0))
    return {ratee: points * HUNDRED * len(row) / total if total else points for ratee, points in row.items()}


def _as_seen_by(entered: Row, perceived: Row) -> dict[str, Fraction]:
    both = entered.keys() & perceived.keys()
    given = sum((entered[member] for member in both), Fraction(0))
    seen = sum((perceived[member] for member in both), Fraction(0))
    scale = given / seen if given and seen else ONE
    return {member: value * scale for member, value in perceived.items()}


# --- tables and flags ---


def _sheets(ratings: Iterable[TeammateRating]) -> dict[tuple[str, str], dict[str, Fraction]]:
    """By rater and ratee the points for each criterion judged; members without any are there empty."""
    sheets: dict[tuple[str, str], dict[str, Fraction]] = {}
    for rating in ratings:
        sheet = sheets.setdefault((rating.rater, rating.ratee), {})
        if rating.points is None:
            continue
        if rating.criterion in sheet:
            raise ValueError(f"{rating.rater} rated {rating.ratee} twice for criterion {rating.criterion!r}")
        sheet[rating.criterion] = Fraction(rating.points)
    return sheets


def summed(sheets: Mapping[tuple[str, str], Mapping[str, Fraction]], criteria: Sequence[str]) -> Ratings:
    """Sum over criteria; one that the rater left out takes their mean for that person."""
    rows: dict[str, dict[str, Fraction]] = {}
    for (rater, ratee), sheet in sheets.items():
        row = rows.setdefault(rater, {})
        if sheet:
            row[ratee] = _mean(list(sheet.values())) * len(criteria)
    members = sorted({name for pair in sheets for name in pair if name})
    return Ratings(tuple(members), {rater: row for rater, row in rows.items() if row})


def _flags_of_rater(
    member: str,
    sheets: Mapping[tuple[str, str], Mapping[str, Fraction]],
    table: Ratings,
    others: Ratings,
) -> Iterable[Flag]:
    row = others.rows.get(member, {})
    if not row and len(table.members) > 1:
        yield Flag.DID_NOT_RATE
    given = [sheets[member, ratee] for ratee in row]
    if len(given) > 1 and all(sheet == given[0] for sheet in given):
        yield Flag.SAME_FOR_ALL
    whole = table.rows.get(member, {})
    total = sum(whole.values(), Fraction(0))
    if member in whole and total:
        by_self = whole[member] * len(whole) / total
        by_others = _shares(others, [name for name in table.members if others.received(name)])
        if by_self >= HIGH_BY_SELF and member in by_others and by_others[member] <= LOW_BY_OTHERS:
            yield Flag.SELF_HIGH


def _moved_by_one(table: Ratings, scheme: Scheme) -> set[str]:
    """Members whose factor would move by more than 0.10 without one of the raters."""
    alone = replace(scheme, min_raters=1)

    def final(rows: Ratings) -> dict[str, Fraction]:
        return {member: scheme.weigh(scheme.clip(value)) for member, value in values(rows, alone).items()}

    now = final(table)
    without = [final(table.without_rater(rater)) for rater in table.rows]
    return {member for member in table.members for then in without if abs(then[member] - now[member]) > MOVES}


def _mean(numbers: Sequence[Fraction]) -> Fraction:
    return sum(numbers, Fraction(0)) / len(numbers)


def _square_root(number: Fraction) -> Fraction:
    quotient = ROOTS.divide(Decimal(number.numerator), Decimal(number.denominator))
    return Fraction(ROOTS.sqrt(quotient))
