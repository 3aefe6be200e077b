"""`coursecrew allocate-reviews`: who reviews whom, out of one table of works and authors."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coursecrew.cli.tables import Problems, WrongInput, read_table, shown, write_tables

if TYPE_CHECKING:
    from coursecrew.domain.allocation import TooFewReviewers, Work

CONFLICT = "declared conflict"
NAMES_SHOWN = 5


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `allocate-reviews` and return its parser."""
    parser = subparsers.add_parser(
        "allocate-reviews",
        help="give every work exactly K reviewers",
        description="Give every work exactly K reviewers among the authors. Nobody reviews their own "
        "work or their own team's, and duties differ by at most one among those who can take more.",
    )
    parser.add_argument("works", type=Path, metavar="WORKS.csv", help="work,author[,team][,conflicts]")
    parser.add_argument("--per-work", type=int, required=True, metavar="K", help="reviews for each work")
    parser.add_argument("--out", type=Path, required=True, metavar="PAIRS.csv", help="reviewer,work,order")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same pairs (default 0)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Allocate and write the pairs; return 0."""
    from coursecrew.domain.allocation import TooFewReviewers, allocate

    problems = Problems()
    if arguments.per_work < 1:
        problems.add("--per-work", "must be at least 1")
    if arguments.seed < 0:
        problems.add("--seed", "must not be negative")
    works = _works(arguments.works, problems)
    problems.stop_if_any()
    try:
        pairs = allocate(works, arguments.per_work, seed=arguments.seed)
    except TooFewReviewers as refusal:
        raise WrongInput(_lines(arguments.works.name, refusal)) from refusal
    rows = [(pair.reviewer, pair.work, pair.order) for pair in pairs]
    write_tables({arguments.out: (("reviewer", "work", "order"), rows)})
    return 0


def _works(path: Path, problems: Problems) -> list[Work]:
    """The works of the table, each with all its authors and everybody whom its rows bar."""
    from coursecrew.domain.allocation import Work

    table = read_table(path, ("work", "author"), problems)
    authors: dict[str, list[str]] = {}
    teams: dict[str, str] = {}
    barred: dict[str, dict[str, str]] = {}
    for row in table.rows:
        work, author = row.text("work"), row.text("author")
        if not work or not author:
            continue
        if author in authors.setdefault(work, []):
            row.wrong(f"{shown(author)} stands at work {shown(work)} twice", "author")
        authors[work].append(author)
        team = row.optional_text("team")
        if team and teams.setdefault(work, team) != team:
            row.wrong(f"work {shown(work)} has another team, {shown(teams[work])}, in a row above", "team")
        barred.setdefault(work, {}).update(dict.fromkeys(row.items("conflicts"), CONFLICT))
    return [Work(work, tuple(authors[work]), teams.get(work, ""), barred[work]) for work in authors]


def _lines(file: str, refusal: TooFewReviewers) -> list[str]:
    wanted, largest = refusal.per_work, refusal.largest
    lines = [f"{file}: {wanted} reviews per work are not possible; the largest possible number is {largest}"]
    for short in refusal.short:
        lines.append(
            f"work {shown(short.work)}: {short.possible} of {wanted} reviewers possible "
            f"({short.people} people, {_barred(short.barred)})"
        )
    if refusal.starved:
        works, reviewers = refusal.starved.works, refusal.starved.reviewers
        lines.append(
            f"{_named('work', works)} need {refusal.starved.slots} reviews; who may give them, "
            f"{_named('reviewer', reviewers)}, can take {refusal.starved.load}"
        )
    lines.append("ways out: fewer reviews per work, lift a bar, or let staff take the rest")
    return lines


def _barred(reasons: Sequence[tuple[str, int]]) -> str:
    total = sum(count for _, count in reasons)
    if len(reasons) == 1:
        return f"{total} barred: {reasons[0][0]}"
    if not reasons:
        return "nobody barred"
    return f"{total} barred: " + ", ".join(f"{count} {reason}" for reason, count in reasons)


def _named(what: str, names: Sequence[str]) -> str:
    some = ", ".join(shown(name) for name in names[:NAMES_SHOWN]) + (
        ", …" if len(names) > NAMES_SHOWN else ""
    )
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({some})"
