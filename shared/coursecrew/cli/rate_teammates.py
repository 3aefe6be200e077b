"""`coursecrew rate-teammates`: a factor for each member out of the team's ratings."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from coursecrew.cli.tables import NUMBER, Problems, read_table, shown, write_tables
from coursecrew.domain.evaluation import Formula, Scheme, TeammateRating, rate


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `rate-teammates` and return its parser."""
    parser = subparsers.add_parser(
        "rate-teammates",
        help="turn teammates' ratings into a factor for each member",
        description="Turn teammates' ratings into a factor for each member; 1 is an equal share. "
        "Rows in which rater and ratee are the same are self-ratings; empty points mean: cannot judge.",
    )
    parser.add_argument("ratings", type=Path, metavar="RATINGS.csv", help="team,rater,ratee,criterion,points")
    parser.add_argument("--formula", choices=[formula.value for formula in Formula], required=True)
    parser.add_argument("--weight", type=_number, default=Fraction(1), metavar="W", help="0 to 1 (default 1)")
    parser.add_argument("--cap", type=_number, metavar="C", help="the most a factor can be, at least 1")
    parser.add_argument("--floor", type=_number, metavar="F", help="the least a factor can be, 0 to 1")
    parser.add_argument(
        "--max-points", type=_number, metavar="M", help="the most one rating can be, summed over criteria"
    )
    parser.add_argument(
        "--min-raters", type=int, default=1, metavar="N", help="with fewer the factor is 1 (default 1)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FACTORS.csv", help="team,member,factor,flags"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Compute the factors and write them; return 0."""
    problems = Problems()
    if not 0 <= arguments.weight <= 1:
        problems.add("--weight", "must lie between 0 and 1")
    if arguments.cap is not None and arguments.cap < 1:
        problems.add("--cap", "must be at least 1")
    if arguments.floor is not None and not 0 <= arguments.floor <= 1:
        problems.add("--floor", "must lie between 0 and 1")
    if arguments.max_points is not None and arguments.max_points <= 0:
        problems.add("--max-points", "must be above 0")
    elif arguments.max_points is None and arguments.formula == Formula.SKILL:
        problems.add("--max-points", "must be given for skill")
    if arguments.min_raters < 1:
        problems.add("--min-raters", "must be at least 1")
    ratings = _ratings(arguments.ratings, problems)
    problems.stop_if_any()
    scheme = Scheme(
        Formula(arguments.formula),
        arguments.weight,
        arguments.cap,
        arguments.floor,
        arguments.max_points,
        arguments.min_raters,
    )
    rows = [(f.team, f.member, f.factor, ";".join(f.flags)) for f in rate(ratings, scheme)]
    write_tables({arguments.out: (("team", "member", "factor", "flags"), rows)})
    return 0


def _ratings(path: Path, problems: Problems) -> list[TeammateRating]:
    table = read_table(path, ("team", "rater", "ratee", "criterion", "points"), problems)
    ratings = []
    seen = set()
    for row in table.rows:
        team, points = row.text("team"), row.quantity("points")
        rater, ratee, criterion = (row.optional_text(name) for name in ("rater", "ratee", "criterion"))
        if points is not None and not (rater and ratee):
            row.wrong("these points have nobody who gave or got them", "ratee" if rater else "rater")
        if points is not None and points < 0:
            row.wrong("points must not be negative", "points")
        place = (team, rater, ratee, criterion)
        if rater and ratee and place in seen:
            row.wrong(f"{shown(rater)} rates {shown(ratee)} twice here", "ratee")
        seen.add(place)
        if rater or ratee:
            ratings.append(TeammateRating(team, rater, ratee, criterion, points))
    return ratings


def _number(text: str) -> Fraction:
    """An exact number out of an argument: a decimal, or a percentage such as 50%."""
    percent = text.endswith("%")
    digits = text.removesuffix("%")
    try:
        if not NUMBER.fullmatch(digits):
            raise InvalidOperation
        number = Fraction(Decimal(digits))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"“{shown(text)}” is not a number") from None
    return number / 100 if percent else number
