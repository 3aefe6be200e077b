"""The `coursecrew` command: the core's engines on plain files.

Each module of this package that stands in `COMMANDS` offers `add_parser(subparsers)` and
`run(arguments) -> int`; what reads and writes CSV for all of them is in `tables`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol

from coursecrew import __version__
from coursecrew.cli import (
    allocate_reviews,
    form_teams,
    grade_reviews,
    match_mentors,
    merge_drafts,
    rate_teammates,
)
from coursecrew.cli.tables import WrongInput

WRONG_INPUT = 2


class Command(Protocol):
    """A module with one command."""

    def add_parser(
        self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser], /
    ) -> argparse.ArgumentParser:
        """Add the command's own parser and return it."""

    def run(self, arguments: argparse.Namespace, /) -> int:
        """Do it and return the exit code; wrong input is raised as `WrongInput`."""


COMMANDS: tuple[Command, ...] = (
    form_teams,
    allocate_reviews,
    grade_reviews,
    rate_teammates,
    match_mentors,
    merge_drafts,
)


class _Parser(argparse.ArgumentParser):
    """A parser that answers wrong arguments as wrong files are answered: one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; the reference's table is written from it."""
    parser = _Parser(prog="coursecrew", description="Coursecrew's engines on plain files.")
    parser.add_argument("--version", action="version", version=f"coursecrew {__version__}")
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser] = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=_Parser
    )
    for command in COMMANDS:
        command.add_parser(subparsers).set_defaults(run=command.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named in `argv` (default: the process's own arguments); return its exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except WrongInput as wrong:
        print(*wrong.lines, sep="\n", file=sys.stderr)
        return WRONG_INPUT
    return code
