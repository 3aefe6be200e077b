"""Forming teams: runs are asked for, looked at, changed by hand, published and taken back.

A run is worked on in the background (`formation_work`); everything here is one press. What is
shown of sensitive rules is in how many teams they are not met, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import Problem
from coursecrew.domain.formations import FormedTeam, Formation
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.wishes import Wish

ROWS = 20  # teams on one page of the review
MOST_BARS = 60  # team scores in the picture
FEW_TEAMS = 5  # with fewer, a sensitive rule is missed by "some" or "none"


@dataclass(frozen=True)
class FormedRow:
    """A proposed team with its people, in the order of `team.members`; who left us is not among them."""

    team: FormedTeam
    people: tuple[Participant, ...]


@dataclass(frozen=True)
class RuleSaid:
    """One rule over all teams of a run.

    `wish` says which of the run's `wishes` it came from (an index), `missed` in how many of `of` teams
    it is not met: `None` where saying so would point at somebody, then `some` alone tells. `mean`
    (of the values, in millionths) and `shared` (mean hours or values in common, in hundredths) are
    `None` for sensitive rules and where there is no such figure.
    """

    rule: int
    wish: int
    about: str
    kind: str
    weight: float
    must: bool
    sensitive: bool
    missed: int | None
    some: bool
    of: int
    mean: int | None = None
    shared: int | None = None


@dataclass(frozen=True)
class Bar:
    """A team in the picture of scores."""

    id: str
    number: int
    name: str
    score: int  # millionths


@dataclass(frozen=True)
class Review:
    """What an instructor sees of a run. All figures leave sensitive rules out.

    `problems` are why a run failed, with people's names in their values. `score` is the one figure of
    all teams (a mean that weak teams pull down), `weakest` the lowest team score, both in millionths
    and `None` before the run is done. `unmet` counts (team, rule) pairs, musts among them.
    """

    run: Formation
    rows: tuple[FormedRow, ...]  # this page, weakest first
    after: str  # id for the next page, "" on the last
    bars: tuple[Bar, ...]  # the weakest, at most `MOST_BARS`
    teams: int
    score: int | None
    weakest: int | None
    unmet: int
    rules: tuple[RuleSaid, ...]
    problems: tuple[Problem, ...]
    may_publish: bool
    may_take_back: bool
    left_out: tuple[Participant, ...] = ()  # not published: had a team or no longer take part (at most 50)


@dataclass(frozen=True)
class TeamDetail:
    """A proposed team, its reasons, and when its members are free.

    `free` counts members free in each hour of a week (0 is Monday 00:00 UTC), `answered` how many gave
    hours; both are empty or 0 where no open question asks for hours.
    """

    run: Formation
    team: FormedTeam
    people: tuple[Participant, ...]
    free: tuple[int, ...]
    answered: int


@dataclass(frozen=True)
class Tried:
    """What a move or swap would do; scores in millionths, sensitive rules left out.

    `refused` is empty, or why it cannot be done, with people's names in its values.
    """

    one: FormedTeam
    other: FormedTeam
    before: tuple[int, int]
    after: tuple[int, int]
    reasons_before: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    reasons_after: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    all_before: int
    all_after: int
    refused: Problem | None
    people: Mapping[str, Participant]  # of both teams, by key


@dataclass(frozen=True)
class Suggestion:
    """A swap that helps: with whom, and the scores afterwards (millionths)."""

    team: FormedTeam
    partner: Participant
    after: tuple[int, int]
    all_after: int


@dataclass(frozen=True)
class RunComparison:
    """Two runs side by side: each with its rules over all teams and its figures (millionths).

    `regrouped` is how many learners have at least one different team-mate; `None` where the class is
    too large to look at everybody for a page.
    """

    one: Formation
    other: Formation
    scores: tuple[int, int]
    weakest: tuple[int, int]
    unmet: tuple[int, int]
    teams: tuple[int, int]
    rules: tuple[tuple[RuleSaid, ...], tuple[RuleSaid, ...]]
    changes: tuple[Change, ...]
    regrouped: int | None


@dataclass(frozen=True)
class Change:
    """What differs between the wishes of two runs.

    `what` is "new", "gone", "weight", "amount", "values", "must", "together", "apart", "size" or "section";
    `about` and `aim` name the wish (empty for pairs, sizes and section), `before` and `after` are
    plain values.
    """

    what: str
    about: str = ""
    aim: str = ""
    before: Any = None
    after: Any = None


def start_run(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    wishes: Sequence[Wish],
    together: Sequence[Sequence[str]] = (),
    apart: Sequence[Sequence[str]] = (),
    keep_locked_of: str = "",
    seed: int | None = None,
) -> Formation:
    """Ask for teams of everybody who takes part and has none; a worker forms them.

    `together` and `apart` hold groups of persons' keys. `keep_locked_of` is a run whose locked teams stay
    as they are. The same people, answers, wishes and seed give the same teams.

    Refused with `Conflict("formation_running")` while another run of the set is worked on,
    `Conflict("nobody_to_form")`, and `Invalid` with a problem for each clash that can be seen at once.
    """
    raise NotImplementedError


def stop_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Stop with the best so far; a run that nobody works on is cancelled. Repeating it changes nothing."""
    raise NotImplementedError


def runs_of(unit: UnitOfWork, actor: Actor, activity_id: str, *, limit: int = 20) -> list[Formation]:
    """The runs of the activity's team set, newest first."""
    raise NotImplementedError


def run_of(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """One run, for the page that polls it: state, `passes` of `of`, `best`."""
    raise NotImplementedError


def review(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, *, after: str = "", limit: int = ROWS
) -> Review:
    """A run with a page of its teams, weakest first; `after` is the id of the last team seen."""
    raise NotImplementedError


def team_detail(unit: UnitOfWork, actor: Actor, activity_id: str, formed_team_id: str) -> TeamDetail:
    """A proposed team with everything that may be said about it."""
    raise NotImplementedError


def try_exchange(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    run_id: str,
    *,
    one: str,
    other: str = "",
    person: str,
    partner: str = "",
) -> Tried:
    """What it would do to move `person` from formed team `one` to `other`, and `partner` back; changes nothing.

    Without `other` nothing can be tried: `Invalid` at the field "other".
    """
    raise NotImplementedError


def exchange(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    run_id: str,
    *,
    one: str,
    other: str,
    person: str,
    partner: str = "",
    seen_one: int,
    seen_other: int,
) -> str:
    """Move or swap; `seen_…` are the versions of the teams that the person saw. Returns the run's id.

    `Stale(what="formed_team")` when somebody moved people there meanwhile; `Invalid` where `try_exchange`
    refuses.
    """
    raise NotImplementedError


def suggest_partners(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, *, team: str, person: str
) -> list[Suggestion]:
    """The three swaps that help most, looked for in at most sixty teams; none if nothing helps."""
    raise NotImplementedError


def lock_team(
    unit: UnitOfWork, actor: Actor, activity_id: str, formed_team_id: str, *, locked: bool
) -> FormedTeam:
    """Keep a proposed team as it is: nobody is moved in or out, and a next run may keep it."""
    raise NotImplementedError


def compare_runs(
    unit: UnitOfWork, actor: Actor, activity_id: str, one_id: str, other_id: str
) -> RunComparison:
    """Two runs side by side."""
    raise NotImplementedError


def publish_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Make real teams of a run: some at once, the others by the worker. Repeating it changes nothing.

    Whoever meanwhile got a team or no longer takes part is left out.
    """
    raise NotImplementedError


def take_back_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Dissolve the teams that a run made; refused (`Conflict("work_handed_in")`) after the first submission.

    Drafts and the history of the teams stay. Repeating it changes nothing.
    """
    raise NotImplementedError


def explanation(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Iterator[str]:
    """Why teams are as they are, as pieces of one JSON text like `coursecrew form-teams --explain`.

    To be read to its end inside the transaction. Learners are called what files call them: their keys.
    """
    raise NotImplementedError
