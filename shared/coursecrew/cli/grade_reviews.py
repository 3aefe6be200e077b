"""`coursecrew grade-reviews`: one grade for each work out of its reviews."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from coursecrew.cli.tables import Problems, read_table, shown, write_tables

if TYPE_CHECKING:
    from coursecrew.domain.peer_grades import Rating, StaffRating

METHODS = ("mean", "median", "trimmed", "calibrated")


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `grade-reviews` and return its parser."""
    parser = subparsers.add_parser(
        "grade-reviews",
        help="make one grade for each work out of its reviews",
        description="Make one grade for each work, in the unit of the points: the sum over criteria. "
        "`calibrated` corrects reviews by their reviewers' habits and also writes the out name with "
        "`.reviewers` before its ending.",
    )
    parser.add_argument("reviews", type=Path, metavar="REVIEWS.csv", help="work,reviewer,criterion,points")
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument(
        "--known", type=Path, metavar="STAFF.csv", help="work,points[,criterion]: what staff gave"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="GRADES.csv", help="work,grade,low,high,reviews"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Grade and write the files; return 0."""
    from coursecrew.domain.averages import Method
    from coursecrew.domain.peer_grades import grade

    problems = Problems()
    ratings, works = _ratings(arguments.reviews, problems)
    known = _known(arguments.known, ratings, problems) if arguments.known else []
    problems.stop_if_any()
    method = Method(arguments.method)
    grades = grade(ratings, method, known=known, works=works)
    rows = [(made.work, made.grade, made.low, made.high, made.reviews) for made in grades.works]
    tables = {arguments.out: (("work", "grade", "low", "high", "reviews"), rows)}
    if method is Method.CALIBRATED:
        habits = [
            (habit.reviewer, habit.bias, habit.reliability, habit.reviews) for habit in grades.reviewers
        ]
        beside = arguments.out.with_name(f"{arguments.out.stem}.reviewers{arguments.out.suffix}")
        write_tables(tables | {beside: (("reviewer", "bias", "reliability", "reviews"), habits)})
    else:
        write_tables(tables)
    return 0


def _ratings(path: Path, problems: Problems) -> tuple[list[Rating], set[str]]:
    """The filled rows, and all works named; a row without points says only that the work is there."""
    from coursecrew.domain.peer_grades import Rating

    table = read_table(path, ("work", "reviewer", "criterion", "points"), problems)
    ratings = []
    works = set()
    seen = set()
    for row in table.rows:
        work, points = row.text("work"), row.quantity("points")
        reviewer, criterion = row.optional_text("reviewer"), row.optional_text("criterion")
        if not work:
            continue
        works.add(work)
        if reviewer and (work, reviewer, criterion) in seen:
            row.wrong(f"{shown(reviewer)} stands twice at work {shown(work)} and this criterion", "reviewer")
        seen.add((work, reviewer, criterion))
        if points is None:
            continue
        if not reviewer:
            row.wrong("these points have no reviewer", "reviewer")
            continue
        ratings.append(Rating(work, reviewer, criterion, points))
    return ratings, works


def _known(path: Path, ratings: Iterable[Rating], problems: Problems) -> list[StaffRating]:
    """What staff gave: a work in all, or criterion by criterion."""
    from coursecrew.domain.peer_grades import StaffRating

    table = read_table(path, ("work", "points"), problems)
    criteria = {rating.criterion for rating in ratings}
    given: dict[str, dict[str, Decimal]] = {}
    for row in table.rows:
        work, points = row.text("work"), row.quantity("points")
        criterion = row.optional_text("criterion")
        if not work or points is None:
            continue
        before = given.setdefault(work, {})
        if criterion in before:
            row.wrong(f"work {shown(work)} stands here twice", "work")
        elif before and "" in {criterion, *before} and "" not in criteria:
            row.wrong(f"work {shown(work)} has points in all and by criterion", "criterion")
        elif criterion and criterion not in criteria:
            row.wrong(f"no review has the criterion {shown(criterion)}", "criterion")
        before[criterion] = points
    return [
        StaffRating(work, points, criterion)
        for work, row_ in given.items()
        for criterion, points in row_.items()
    ]
