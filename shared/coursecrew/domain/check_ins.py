"""The check-in: five statements in under two minutes, and what may be shown of the answers.

Means are shown from three answers on. While a check-in is open they are shown only once everybody
in the team has answered: a mean that moves with each further answer would tell that answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from coursecrew.domain.errors import Invalid, Problem

STATEMENTS = ("step", "fair", "voice", "time", "together")
LOWEST, HIGHEST = 1, 9
SHOWN_FROM = 3
NOTE_LENGTH = 1000
PERIODS_SHOWN = 12


class NoteFor(StrEnum):
    """Who reads the note of a check-in."""

    TEAM = "team"
    MENTOR = "mentor"
    STAFF = "staff"


@dataclass(frozen=True)
class CheckInRule:
    """Whether teams are asked, and every how many days; part of the settings."""

    on: bool = True
    every_days: int = 7


@dataclass(frozen=True)
class CheckIn:
    """What one member answered in one period, which began at `opens`."""

    id: str
    activity: str
    team: str
    person: str
    opens: datetime
    answers: Mapping[str, int]
    at: datetime
    problem: bool = False  # "we have a problem"
    note: str = ""
    note_for: NoteFor = NoteFor.TEAM
    named: bool = False  # the course staff may see whose answers these are
    counted: bool = True  # False: came when the means had been shown, and would be told by their moving
    version: int = 1


@dataclass(frozen=True)
class Period:
    """One round of check-ins: answers can be given and changed from `opens` until `closes`."""

    opens: datetime
    closes: datetime


class Shown(StrEnum):
    """Whether the means of a period are shown, or why not."""

    MEANS = "means"
    TOO_FEW = "too_few"  # fewer than three answers
    WAITING = "waiting"  # three answers or more, and somebody can still answer


@dataclass(frozen=True)
class Summary:
    """What may be told of one period: counts and means on the scale 1 to 9, never an answer.

    `problem` is whether somebody said that there is a problem; `None` where it is not told.
    """

    opens: datetime
    answered: int
    shown: Shown
    means: Mapping[str, Decimal]
    overall: Decimal | None = None
    problem: bool | None = None


def period_at(anchor: datetime, every_days: int, now: datetime) -> Period:
    """The period that `now` lies in; the first one begins at `anchor`, and before it nothing else."""
    length = timedelta(days=max(1, every_days))
    number = max(0, (now - anchor) // length)
    opens = anchor + number * length
    return Period(opens, opens + length)


def checked_answers(answers: Mapping[str, object]) -> dict[str, int]:
    """The five answers as whole numbers from 1 to 9; refused with each statement that has none."""
    found: dict[str, int] = {}
    problems = []
    for statement in STATEMENTS:
        value = answers.get(statement)
        if isinstance(value, int) and LOWEST <= value <= HIGHEST:
            found[statement] = value
        else:
            problems.append(Problem(f"answer-{statement}", "answer_missing"))
    if problems:
        raise Invalid(*problems)
    return found


def summaries(
    check_ins: Iterable[CheckIn],
    *,
    open_period: datetime | None,
    members: Iterable[str],
    always_tell_problem: bool = False,
) -> tuple[Summary, ...]:
    """What may be told of each period, the newest first.

    `open_period` is when the running period began (`None`: all are over), `members` who can still
    answer in it. That somebody sees a problem is told to the team under the same rule as means;
    mentor and course staff, who are asked for help by it, read it at once (`always_tell_problem`).
    """
    rows = sorted(check_ins, key=lambda row: row.opens, reverse=True)
    return tuple(
        _summary(opens, list(found), open_period, set(members), tell=always_tell_problem)
        for opens, found in groupby(rows, key=lambda row: row.opens)
    )


def was_shown(others: Iterable[CheckIn], waited_for: Iterable[str]) -> bool:
    """Whether the means stood there before somebody came who was not waited for.

    `others` are the answers given before that, `waited_for` the members who could answer then.
    """
    counted = {row.person for row in others if row.counted}
    return len(counted) >= SHOWN_FROM and not set(waited_for) - counted


def _summary(
    opens: datetime, rows: Sequence[CheckIn], open_period: datetime | None, members: set[str], *, tell: bool
) -> Summary:
    missing = members - {row.person for row in rows}
    said = any(row.problem for row in rows)
    rows = [row for row in rows if row.counted]
    if len(rows) < SHOWN_FROM:
        shown = Shown.TOO_FEW
    elif opens == open_period and missing:
        shown = Shown.WAITING
    else:
        shown = Shown.MEANS
    if shown is not Shown.MEANS:
        return Summary(opens, len(rows), shown, {}, None, said if tell else None)
    means = {
        statement: Decimal(sum(row.answers.get(statement, 0) for row in rows)) / len(rows)
        for statement in STATEMENTS
    }
    overall = sum(means.values(), Decimal(0)) / len(STATEMENTS)
    return Summary(opens, len(rows), shown, means, overall, said)
