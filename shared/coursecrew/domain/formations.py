"""A run that forms teams, and the teams it proposes, as they are kept.

The run's row is the truth about background work: whoever takes it up claims it for a while, tells
in it how far it came, and looks in it whether somebody asked to stop. A run whose claim is over is
taken up again from its beginning; the same seed and budget give the same teams.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """How far a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # the rules clash, or the answers cannot be read; `problems` says why
    CANCELLED = "cancelled"  # stopped before there was anything to show
    PUBLISHING = "publishing"  # teams are being written, some at a time
    PUBLISHED = "published"
    UNDOING = "undoing"  # published teams are being taken back, some at a time


WORKED_ON = (RunState.WAITING, RunState.RUNNING, RunState.PUBLISHING, RunState.UNDOING)


@dataclass(frozen=True)
class Formation:
    """One run. `wishes` and `pairs` are as the instructor set them, `rules` as the engine read them."""

    id: str
    activity: str
    course: str
    team_set: str
    number: int  # 1, 2, … within the team set
    state: RunState
    by: str
    at: datetime
    seed: int
    wishes: list[dict[str, Any]] = field(default_factory=list)
    pairs: dict[str, list[list[str]]] = field(default_factory=dict)  # together, apart: keys of persons
    rules: dict[str, Any] = field(default_factory=dict)
    changed: str = ""  # what is different from the run before, in words of the instructor's language
    learners: int = 0
    answered: int = 0
    passes: int = 0  # made so far
    of: int = 0  # passes planned
    best: dict[str, Any] = field(default_factory=dict)  # so far; empty where sensitive rules are in play
    result: dict[str, Any] = field(default_factory=dict)  # figures of all teams (`app/formation_figures`)
    problems: list[dict[str, Any]] = field(default_factory=list)  # field, code, values (keys of persons)
    stop: bool = False  # somebody asked to stop with the best so far
    claimed_until: datetime | None = None
    done_at: datetime | None = None
    published_at: datetime | None = None  # first; stays when the teams are taken back
    sensitive_gone: bool = False  # the sensitive answers it used are deleted
    version: int = 1


@dataclass(frozen=True)
class FormedTeam:
    """A team that a run proposes. `score` is in millionths, without sensitive rules."""

    id: str
    formation: str
    number: int
    name: str
    members: list[str]
    size: int
    score: int
    unmet: int  # rules that it does not meet, sensitive ones left out
    reasons: list[dict[str, Any]]  # by rule: value, weight, bound, met, why, said (`explaining.Reason`)
    locked: bool = False
    team: str = ""  # the team made of it when the run was published
    version: int = 1
