"""`coursecrew form-teams`: teams from traits and wishes, with reasons that can be recomputed."""

from __future__ import annotations

import argparse
import json
import math
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coursecrew import __version__
from coursecrew.cli.tables import Problems, WrongInput, read_table, read_text, written
from coursecrew.cli.tables import write_files as _write_files
from coursecrew.domain.formation.rules import CannotForm, Fault, Rules, Source, read_rules

if TYPE_CHECKING:
    from coursecrew.domain.formation.forming import Plan
    from coursecrew.domain.formation.traits import Roster


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `form-teams` and return its parser."""
    parser = subparsers.add_parser(
        "form-teams",
        help="form teams from traits and wishes",
        description="Form teams: sizes and pairs never break, weighted rules are met as well as can be. The "
        "same learners, rules and seed give the same teams wherever --seconds was not reached.",
    )
    parser.add_argument(
        "learners", type=Path, metavar="LEARNERS.csv", help="learner and one column for each attribute"
    )
    parser.add_argument("--rules", type=Path, required=True, metavar="RULES.toml", help="sizes, rules, pairs")
    parser.add_argument("--out", type=Path, required=True, metavar="TEAMS.csv", help="learner,team")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="a whole number (default 0)")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="ceiling of the time spent searching")
    parser.add_argument("--keep", type=Path, metavar="TEAMS.csv", help="teams that stay: learner,team")
    parser.add_argument("--explain", type=Path, metavar="FILE.json", help="write why, by team and rule")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Form teams, write them, print the score line; return 0."""
    from coursecrew.domain.formation.forming import Budget, form_teams

    start = time.monotonic()
    problems = Problems()
    rules = _rules(arguments.rules, problems)
    roster = _roster(arguments.learners, problems)
    keep = _kept(arguments.keep, problems) if arguments.keep is not None else {}
    if rules is None or roster is None or problems.lines:
        raise WrongInput(problems.lines)
    try:
        plan = form_teams(
            roster,
            rules,
            seed=arguments.seed,
            budget=Budget(seconds=arguments.seconds),
            clock=time.monotonic,
            since=start,
            keep=keep,
        )
    except CannotForm as refusal:
        raise WrongInput(_lines(refusal.faults, arguments)) from refusal
    teams = sorted((key, team.name) for team in plan.teams for key in team.members)
    texts = {arguments.out: _csv(teams)}
    if arguments.explain is not None:
        texts[arguments.explain] = _explanation(roster, rules, plan)
    _write_files(texts)
    for key in plan.gone:
        print(f"{key} of a kept team is not in {arguments.learners.name}")
    print(f"score {plan.score:.4f} unmet {plan.unmet} seconds {time.monotonic() - start:.1f}")
    return 0


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if not 0 <= seed < 2**64:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 up")
    return seed


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds above 0")
    return seconds


def _rules(path: Path, problems: Problems) -> Rules | None:
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        return read_rules(tomllib.loads(text.removeprefix("\ufeff")))
    except tomllib.TOMLDecodeError as error:
        problems.add(path.name, f"not TOML ({error})")
    except CannotForm as refusal:
        problems.lines.extend(_line(path.name, fault) for fault in refusal.faults)
    return None


def _roster(path: Path, problems: Problems) -> Roster | None:
    from coursecrew.domain.formation.traits import roster_from_rows

    table = read_table(path, ["learner"], problems)
    rows = [(row.number, row.cells.get("learner", ""), row.cells) for row in table.rows]
    try:
        return roster_from_rows(rows, columns=table.columns)
    except CannotForm as refusal:
        problems.lines.extend(_line(path.name, fault) for fault in refusal.faults)
    return None


def _kept(path: Path, problems: Problems) -> Mapping[str, list[str]]:
    keep: dict[str, list[str]] = {}
    for row in read_table(path, ["learner", "team"], problems).rows:
        learner, team = row.text("learner"), row.optional_text("team")
        if learner and team:  # no team: to be placed anew
            keep.setdefault(team, []).append(learner)
    return keep


def _lines(faults: tuple[Fault, ...], arguments: argparse.Namespace) -> list[str]:
    files = {Source.LEARNERS: arguments.learners, Source.RULES: arguments.rules, Source.KEPT: arguments.keep}
    return [_line(files[fault.source].name, fault) for fault in faults]


def _line(file: str, fault: Fault) -> str:
    """`FILE place: sentence`, the form that every command uses."""
    line = f"{file} {fault}" if fault.place else f"{file}: {fault}"
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _csv(teams: list[tuple[str, str]]) -> str:
    import csv
    import io

    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("learner", "team"))
    writer.writerows((written(key), written(team)) for key, team in teams)
    return out.getvalue()


def _explanation(roster: Roster, rules: Rules, plan: Plan) -> str:
    import numpy
    import scipy

    from coursecrew.domain.formation.forming import explain_plan

    document = explain_plan(roster, rules, plan)
    document["versions"] = {
        "coursecrew": __version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
