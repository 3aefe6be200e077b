"""Figures of a run over all its teams: kept with the run, brought up to date by each move by hand.

`Formation.result` holds, once a run is done:
- `teams`, `largest`, and `parts` (`sum`, `inverse`, `zeros` of team scores), from which the one score
  of all teams follows without reading any team;
- `rules`: for each rule its number, the wish it came from, and either `missed`, `sum` of values and
  `shared` over all teams, or, for a sensitive rule, how many teams miss it and nothing else;
- `figures` of the class by rule, `None` for sensitive ones; `weakest`, `passes`, `stopped_by`, `proven`,
  `versions`, `wanted` (pairs that want each other, and how many of them are together).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.domain.formations import Formation
from coursecrew.domain.wishes import Wish

MILLION = 1_000_000
FEW_TEAMS = 5  # with fewer, a sensitive rule is missed by "some" or "none"


@dataclass(frozen=True)
class RuleSaid:
    """One rule over all teams of a run.

    `wish` says which of the run's `wishes` it came from (an index), `missed` in how many of `of` teams
    it is not met: `None` where saying so would point at somebody, then `some` alone tells, and where it
    is `untold`, nothing. Of a sensitive rule, teams that an instructor fixed are not in `of`. `mean`
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
    untold: bool = False


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


def millionths(score: float) -> int:
    """A score as it is stored."""
    return round(score * MILLION)


def parts_of(scores: Iterable[int]) -> dict[str, Any]:
    """What the score of all teams is made of."""
    parts: dict[str, Any] = {"teams": 0, "sum": 0, "inverse": 0.0, "zeros": 0}
    for score in scores:
        _count(parts, score, 1)
    return parts


def exchanged(parts: Mapping[str, Any], before: Iterable[int], after: Iterable[int]) -> dict[str, Any]:
    """The parts once teams of scores `before` have scores `after`."""
    changed = dict(parts)
    for score in before:
        _count(changed, score, -1)
    for score in after:
        _count(changed, score, 1)
    return changed


def _count(parts: dict[str, Any], score: int, times: int) -> None:
    parts["teams"] += times
    parts["sum"] += times * score
    if score > 0:
        parts["inverse"] += times * MILLION / score
    else:
        parts["zeros"] += times


def score_of(parts: Mapping[str, Any]) -> int:
    """The score of all teams, in millionths: the engine's goal, a mean that weak teams pull down."""
    teams: int = parts["teams"]
    if not teams:
        return MILLION
    if parts["zeros"]:
        mean: float = parts["sum"] / teams
        return round(mean - abs(mean) / 2)
    return millionths(teams / parts["inverse"])


def sensitive_said(missed: int, teams: int, fixed: int = 0) -> dict[str, Any]:
    """How many teams miss a sensitive rule, too vaguely to point at one where teams are few.

    `fixed` more teams, which hold people that an instructor put together, are not among the `teams`:
    else somebody could put two people together and read whether one of them had refused the other.
    """
    if teams >= FEW_TEAMS:
        return {"missed": missed, "some": missed > 0, **({"of": teams} if fixed else {})}
    if fixed:
        return {"missed": None, "some": False, "untold": True}
    return {"missed": None, "some": missed > 0}


def count_reasons(rules: Sequence[dict[str, Any]], reasons: Sequence[Mapping[str, Any]], times: int) -> None:
    """Add (or with −1 take away) what one team's reasons say to the figures of the open rules."""
    by_number = {rule["rule"]: rule for rule in rules}
    for reason in reasons:
        rule = by_number[reason["rule"]]
        rule["missed"] += times * (not reason["met"])
        rule["sum"] += times * reason["value"]
        if "shared" in reason["said"]:
            rule["shared"] += times * reason["said"]["shared"]
            rule["shared_of"] += times


def unmet_of(reasons: Iterable[Mapping[str, Any]]) -> int:
    """How many open rules a team does not meet."""
    return sum(not reason["met"] for reason in reasons)


def unmet(run: Formation) -> int:
    """(Team, rule) pairs that are not met, sensitive rules left out."""
    return sum(rule["missed"] for rule in run.result.get("rules", ()) if not rule["sensitive"])


def rules_said(run: Formation) -> tuple[RuleSaid, ...]:
    """The rules of a run over all its teams; empty before it is done."""
    teams = run.result.get("teams", 0)
    said = []
    for rule in run.result.get("rules", ()):
        open_one = not rule["sensitive"]
        said.append(
            RuleSaid(
                rule=rule["rule"],
                wish=rule["wish"],
                about=rule["about"],
                kind=rule["kind"],
                weight=rule["weight"],
                must=rule["must"],
                sensitive=rule["sensitive"],
                missed=rule["missed"],
                some=rule["missed"] > 0 if open_one else rule["some"],
                of=rule.get("of", teams),
                untold=rule.get("untold", False),
                mean=millionths(rule["sum"] / teams) if open_one and teams else None,
                shared=round(100 * rule["shared"] / rule["shared_of"])
                if open_one and rule["shared_of"]
                else None,
            )
        )
    return tuple(said)


def changes(
    before: Formation, after: Formation, wishes: tuple[Sequence[Wish], Sequence[Wish]]
) -> list[Change]:
    """What the later run wished differently."""
    olds, news = ({(wish.about, wish.aim): wish for wish in some} for some in wishes)
    found = []
    for key in [*news, *(key for key in olds if key not in news)]:
        old, new = olds.get(key), news.get(key)
        about, aim = key[0], key[1].value
        if old is None or new is None:
            found.append(Change("new" if old is None else "gone", about, aim))
            continue
        for what in ("weight", "amount", "values", "must"):
            if getattr(old, what) != getattr(new, what):
                found.append(Change(what, about, aim, getattr(old, what), getattr(new, what)))
    for what in ("together", "apart"):
        one, other = before.pairs.get(what, []), after.pairs.get(what, [])
        if sorted(map(sorted, one)) != sorted(map(sorted, other)):
            found.append(Change(what, before=len(one), after=len(other)))
    for what in ("size", "section"):
        if before.rules.get(what) != after.rules.get(what):
            found.append(Change(what, before=before.rules.get(what), after=after.rules.get(what)))
    return found
