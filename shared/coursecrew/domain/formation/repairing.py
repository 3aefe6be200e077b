"""Teams after the start: late joiners, teams that shrank, moves by hand, two results compared.

Everything here is a proposal; nobody is moved by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from coursecrew.domain.formation.explaining import TeamAccount, explain_team
from coursecrew.domain.formation.judging import judge
from coursecrew.domain.formation.pricing import BROKEN, NEVER, Floats, Positions, Pricing, losses
from coursecrew.domain.formation.rules import Rules
from coursecrew.domain.formation.traits import Criterion, Figures, Roster, criteria_of

FORBIDDEN = NEVER / 2


@dataclass(frozen=True)
class Scale:
    """A class ready for judging changes: its learners, its rules without those to leave out, its prices."""

    roster: Roster
    rules: Rules
    criteria: tuple[Criterion, ...]
    pricing: Pricing
    numbers: Mapping[str, int]
    apart: frozenset[tuple[int, int]]  # both ways round


def make_scale(
    roster: Roster,
    rules: Rules,
    *,
    largest: int,
    figures: Sequence[Figures] | None = None,
    without: Iterable[int] = (),
) -> Scale:
    """Prepare a class once for any number of changes.

    `figures` are those stored with the plan (`Plan.figures`), so that newcomers are judged on the
    same scale. `without` names rules by number that are left out, such as sensitive ones whose
    answers are deleted already.
    """
    left_out = set(without)
    kept = tuple(rule for number, rule in enumerate(rules.rules, start=1) if number not in left_out)
    some = None
    if figures is not None:
        some = [taken for number, taken in enumerate(figures, start=1) if number not in left_out]
    rules = Rules(rules.sizes, kept, rules.together, rules.apart, rules.section)
    criteria = criteria_of(roster, rules, largest=largest, figures=some)
    numbers = roster.numbers
    apart = {
        (numbers[one], numbers[other])
        for group in rules.apart
        for one in group
        for other in group
        if one != other and one in numbers and other in numbers
    }
    return Scale(
        roster, rules, criteria, Pricing(criteria, len(roster.keys), sorted(apart)), numbers, frozenset(apart)
    )


def _filled(scale: Scale, teams: Sequence[Sequence[str]]) -> Positions:
    """Teams as positions, filled up."""
    widest = max([1, *map(len, teams)])
    members = np.full((len(teams), widest), scale.pricing.empty, dtype=np.intp)
    for at, team in enumerate(teams):
        members[at, : len(team)] = [scale.numbers[key] for key in team]
    return members


def _losses(scale: Scale, members: Positions) -> Floats:
    scores, broken = scale.pricing.scores(members)
    return losses(scores) + BROKEN * broken


@dataclass(frozen=True)
class Seat:
    """A seat offered to somebody who comes late."""

    team: str
    rise: float  # of the loss; below 0 the team gains


@dataclass(frozen=True)
class Placement:
    """Where a late joiner fits: the best team and the next ones; no seat means the pool."""

    learner: str
    seats: tuple[Seat, ...]

    @property
    def team(self) -> str | None:
        """The best team, `None` for the pool."""
        return self.seats[0].team if self.seats else None


def place_late(
    scale: Scale,
    teams: Mapping[str, Sequence[str]],
    late: Sequence[str],
    *,
    closed: Iterable[str] = (),
    offers: int = 3,
) -> tuple[Placement, ...]:
    """Find a seat for each late joiner, by the smallest rise of the loss.

    `teams` holds member keys by name; `closed` names teams that take nobody now, such as those that
    have submitted this round. Several joiners are placed by one assignment, one seat per team and
    round, so that nobody's best seat depends on the order of names. Teams never exceed the maximum,
    never hold a pair that stays apart, and never mix sections.
    """
    now = {name: list(members) for name, members in teams.items() if name not in set(closed)}
    waiting = list(late)
    placed: dict[str, Placement] = {}
    while waiting:
        names = sorted(name for name, members in now.items() if len(members) < scale.rules.sizes.max)
        # Equal rises go to the smaller team, then to the name.
        names.sort(key=lambda name: len(now[name]))
        if not names:
            break
        rises = _rises(scale, [now[name] for name in names], waiting)
        chosen, column = linear_sum_assignment(rises)
        taken = [
            (at, to)
            for at, to in zip(chosen.tolist(), column.tolist(), strict=True)
            if rises[at, to] < FORBIDDEN
        ]
        if not taken:
            break
        for at, to in taken:
            order = [to, *(other for other in np.argsort(rises[at], kind="stable").tolist() if other != to)][
                :offers
            ]
            seats = tuple(Seat(names[n], float(rises[at, n])) for n in order if rises[at, n] < FORBIDDEN)
            placed[waiting[at]] = Placement(waiting[at], seats)
        for at, to in taken:
            now[names[to]].append(waiting[at])
        waiting = [learner for learner in waiting if learner not in placed]
    return tuple(placed.get(learner, Placement(learner, ())) for learner in late)


def _rises(scale: Scale, teams: Sequence[Sequence[str]], late: Sequence[str]) -> Floats:
    """Rise of the loss (joiners, teams); `FORBIDDEN` or more where the seat cannot be given."""
    members = _filled(scale, teams)
    joiners = _filled(scale, [[learner] for learner in late])
    before = _losses(scale, members)
    rises = scale.pricing.open(members, joiners).costs(0, len(late)).astype(np.float64) - before[None, :]
    if scale.rules.section is not None:
        cells = np.array([*scale.roster.cells[scale.rules.section], ""])
        rises[cells[joiners[:, :1]] != cells[members[:, 0]][None, :]] = NEVER
    return rises


@dataclass(frozen=True)
class Move:
    """One learner goes from one team to another."""

    learner: str
    source: str
    target: str


@dataclass(frozen=True)
class Repair:
    """A proposal for teams that fell below the minimum."""

    teams: Mapping[str, tuple[str, ...]]  # all teams afterwards; dissolved ones are not in it
    moves: tuple[Move, ...]
    unmended: tuple[str, ...]  # teams still below the minimum: nobody fits


def repair(
    scale: Scale,
    teams: Mapping[str, Sequence[str]],
    *,
    keep_names: Sequence[str] = (),
    split: bool = True,
) -> Repair:
    """Mend teams below the minimum with few moves, then small loss.

    `teams` holds the remaining members by name; teams at the minimum or above give nobody away and
    take somebody only if that mends what otherwise cannot be mended. Lone members join other small
    teams first; small teams are then dissolved into others or merged. Of two that merge, the one
    earlier in `keep_names` keeps its name, then the larger, then the first by name. Pairs apart,
    sections and the maximum hold; `together` holds because only whole units move. Without `split`
    teams move as wholes only.
    """
    mender = _Mender(scale, teams, keep_names)
    mender.mend(split=split)
    return mender.result()


class _Mender:
    """The state of one repair: teams as they are so far, and who moved."""

    def __init__(self, scale: Scale, teams: Mapping[str, Sequence[str]], keep_names: Sequence[str]) -> None:
        self.scale = scale
        self.sizes = scale.rules.sizes
        self.teams = {name: list(members) for name, members in teams.items() if members}
        self.first = {key: name for name, members in self.teams.items() for key in members}
        rank = {name: at for at, name in enumerate(keep_names)}
        self.order = {name: (rank.get(name, len(rank)), -len(self.teams[name]), name) for name in self.teams}
        self.unit = self._units()

    def _units(self) -> dict[str, frozenset[str]]:
        unit: dict[str, frozenset[str]] = {}
        for group in self.scale.rules.together:
            joined = frozenset(group).union(*(unit.get(key, frozenset()) for key in group))
            unit.update(dict.fromkeys(joined, joined))
        return unit

    def mend(self, *, split: bool = True) -> None:
        """Lone members first, then the splitting of every third small team, then merging, then seats."""
        self._join([name for name in self._small() if len(self.teams[name]) == 1], self._small())
        if split:
            self._split()
        while True:
            small = self._small()
            if len(small) < 2 or not self._merge(small):
                break
        left = self._small()
        if left:
            healthy = [name for name in self.teams if name not in set(left)]
            self._join(left, healthy)

    def _small(self) -> list[str]:
        return sorted(name for name, members in self.teams.items() if len(members) < self.sizes.min)

    def _join(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Let whole teams join others, each target once a round, cheapest together."""
        sources = [name for name in sources if name in self.teams]
        while sources:
            wanted = [name for name in targets if name in self.teams and name not in set(sources)]
            wanted = [name for name in wanted if len(self.teams[name]) < self.sizes.max]
            if not wanted:
                return
            costs = self._costs(sources, wanted)
            at, to = linear_sum_assignment(costs)
            pairs = [
                (sources[a], wanted[t])
                for a, t in zip(at.tolist(), to.tolist(), strict=True)
                if costs[a, t] < FORBIDDEN
            ]
            if not pairs:
                return
            for source, target in pairs:
                self._pour(source, target)
            sources = [name for name in sources if name in self.teams]

    def _costs(self, sources: Sequence[str], targets: Sequence[str]) -> Floats:
        """Loss of each source (rows) in each target, `NEVER` where it cannot go as a whole."""
        rests = _filled(self.scale, [self.teams[name] for name in targets])
        parts = _filled(self.scale, [self.teams[name] for name in sources])
        costs = self.scale.pricing.open(rests, parts).costs(0, len(sources)).astype(np.float64)
        costs -= _losses(self.scale, rests)[None, :]
        size = np.array([len(self.teams[name]) for name in targets])
        add = np.array([len(self.teams[name]) for name in sources])
        costs[add[:, None] + size[None, :] > self.sizes.max] = NEVER
        if self.scale.rules.section is not None:
            cells = np.array([*self.scale.roster.cells[self.scale.rules.section], ""])
            costs[cells[parts[:, :1]] != cells[rests[:, 0]][None, :]] = NEVER
        return costs

    def _pour(self, source: str, target: str) -> None:
        """Move everybody of one team into another."""
        self.teams[target] += self.teams.pop(source)

    def _split(self) -> None:
        """Small teams whose members each mend another small team: two moves mend three teams.

        Only where single members suffice, that is with teams one below the minimum. Merging two
        such teams of n moves n; splitting one into n others moves n as well but mends n + 1.
        """
        short = [name for name in self._small() if len(self.teams[name]) == self.sizes.min - 1]
        group = self.sizes.min  # one gives, the others each take one
        if group < 3:
            return
        givers = len(short) // group
        if not givers:
            return
        single = [name for name in short if not any(self._tied(key) for key in self.teams[name])]
        worst = dict(
            zip(
                short,
                _losses(self.scale, _filled(self.scale, [self.teams[n] for n in short])).tolist(),
                strict=True,
            )
        )
        single.sort(key=lambda name: (-worst[name], name))
        giving = single[:givers]
        targets = [name for name in short if name not in set(giving)]
        people = [key for name in giving for key in self.teams[name]]
        if not people or len(targets) < len(people):
            return
        costs = _rises(self.scale, [self.teams[name] for name in targets], people)
        at, to = linear_sum_assignment(costs)
        goal = {
            people[a]: targets[t]
            for a, t in zip(at.tolist(), to.tolist(), strict=True)
            if costs[a, t] < FORBIDDEN
        }
        for name in giving:
            if all(key in goal for key in self.teams[name]):  # half a split mends nothing
                for key in self.teams.pop(name):
                    self.teams[goal[key]].append(key)

    def _tied(self, key: str) -> bool:
        return any(other != key and other in self.first for other in self.unit.get(key, ()))

    def _merge(self, small: Sequence[str]) -> bool:
        """Pair small teams by one assignment; whether any pair was found."""
        half = len(small) // 2
        by_size = sorted(small, key=lambda name: (-len(self.teams[name]), name))
        stay, go = by_size[:-half], by_size[-half:]
        costs = self._costs(go, stay)
        at, to = linear_sum_assignment(costs)
        merged = False
        for a, t in zip(at.tolist(), to.tolist(), strict=True):
            if costs[a, t] < FORBIDDEN:
                one, other = sorted((go[a], stay[t]), key=lambda name: self.order[name])
                # Who keeps the name is the members' matter, who moves follows from it.
                self._pour(other, one)
                merged = True
        return merged

    def result(self) -> Repair:
        """What came of it."""
        teams = {name: tuple(sorted(self.teams[name])) for name in sorted(self.teams)}
        moves = sorted(
            (
                Move(key, self.first[key], name)
                for name, members in teams.items()
                for key in members
                if self.first[key] != name
            ),
            key=lambda move: move.learner,
        )
        return Repair(teams, tuple(moves), tuple(self._small()))


@dataclass(frozen=True)
class Effect:
    """What a move or swap by hand would do to the two teams, sensitive rules left out."""

    before: tuple[TeamAccount, TeamAccount]
    after: tuple[TeamAccount, TeamAccount]
    refused: str  # why it cannot be done, empty if it can


def try_exchange(
    scale: Scale,
    teams: Mapping[str, Sequence[str]],
    one: str,
    other: str,
    *,
    out: Sequence[str],
    back: Sequence[str] = (),
) -> Effect:
    """The effect of sending learners `out` of team `one` to `other`, and `back` in exchange."""
    first = [key for key in teams[one] if key not in set(out)] + list(back)
    second = [key for key in teams[other] if key not in set(back)] + list(out)

    def account(members: Sequence[str]) -> TeamAccount:
        return explain_team(scale.criteria, [scale.numbers[key] for key in members])

    refused = _refusal(scale, first) or _refusal(scale, second)
    if not refused:
        refused = _torn(scale, set(first), set(second))
    return Effect((account(teams[one]), account(teams[other])), (account(first), account(second)), refused)


def _refusal(scale: Scale, members: Sequence[str]) -> str:
    sizes = scale.rules.sizes
    if members and not sizes.min <= len(members) <= sizes.max:
        return f"a team of {len(members)} is outside {sizes}"
    for at, one in enumerate(members):
        for other in members[:at]:
            if (scale.numbers[one], scale.numbers[other]) in scale.apart:
                return f"{other} and {one} stay apart"
    if scale.rules.section is not None:
        cells = scale.roster.cells[scale.rules.section]
        if len({cells[scale.numbers[key]] for key in members}) > 1:
            return "a team cannot cross sections"
    return ""


def _torn(scale: Scale, first: set[str], second: set[str]) -> str:
    for group in scale.rules.together:
        for one, other in pairwise(group):
            if (one in first and other in second) or (one in second and other in first):
                return f"{one} and {other} stay together"
    return ""


@dataclass(frozen=True)
class Comparison:
    """Two results side by side."""

    broken: tuple[int, int]
    loss: tuple[float, float]
    score: tuple[float, float]
    unmet: tuple[tuple[int, int], ...]  # by rule
    weakest: tuple[tuple[str, ...], tuple[str, ...]]  # the five lowest scores
    same_team: Mapping[str, str]  # the second's name of each team of the first, by most shared members
    regrouped: int  # learners with at least one different team-mate


def compare(
    scale: Scale, first: Mapping[str, Sequence[str]], second: Mapping[str, Sequence[str]]
) -> Comparison:
    """Compare two sets of teams of the same class."""
    sides = [first, second]
    judged = [
        judge(scale.criteria, [[scale.numbers[key] for key in team] for team in side.values()])
        for side in sides
    ]
    # Sensitive rules stay out of which teams are weakest.
    weakest = []
    for side in sides:
        scores = {
            name: explain_team(scale.criteria, [scale.numbers[k] for k in team]).score
            for name, team in side.items()
        }
        weakest.append(tuple(sorted(scores, key=lambda name: (scores[name], name))[:5]))
    mates = [{key: frozenset(team) for team in side.values() for key in team} for side in sides]
    one, other = judged
    counts = [
        [sum(not row[at].met for row in j.verdicts) for at in range(len(scale.criteria))] for j in judged
    ]
    return Comparison(
        broken=(one.broken, other.broken),
        loss=(one.loss, other.loss),
        score=(one.goal, other.goal),
        unmet=tuple(zip(*counts, strict=True)),
        weakest=(weakest[0], weakest[1]),
        same_team=_same_teams(first, second),
        regrouped=sum(mates[0][key] != mates[1].get(key) for key in mates[0]),
    )


def _same_teams(first: Mapping[str, Sequence[str]], second: Mapping[str, Sequence[str]]) -> dict[str, str]:
    names, others = list(first), list(second)
    column = {key: at for at, name in enumerate(others) for key in second[name]}
    shared = np.zeros((len(names), len(others)))
    for at, name in enumerate(names):
        for key in first[name]:
            if key in column:
                shared[at, column[key]] += 1
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {
        names[a]: others[b] for a, b in zip(rows.tolist(), columns.tolist(), strict=True) if shared[a, b] > 0
    }
