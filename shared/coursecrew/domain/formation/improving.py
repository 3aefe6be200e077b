"""Making teams better: parts of all teams are handed out anew by an assignment over the whole class.

A pass takes a part out of every team, prices every part in every rest, and solves the assignment
problem: all ways to hand the parts out are searched at once, pair swaps and rotations of any length
are special cases. Parts have equal size, so sizes never change, and everybody always has one team.
Noise that fades over the passes keeps early passes from settling too soon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from coursecrew.domain.formation.planning import SEARCH_STEPS, Section
from coursecrew.domain.formation.pricing import BROKEN, Floats, Market, Positions, Pricing, losses
from coursecrew.domain.formation.rules import CannotForm, Fault, Source

GROUP = 1250  # teams in one assignment
BLOCK = 64  # parts priced together: such a block stays in cache
DENSE_BELOW = 150  # teams for which the dense solver is faster
CANDIDATES = 30  # cheapest parts kept per rest for the sparse solver
NOISE_TABLE = 1 << 18
QUIET = 0.05  # share of the passes at the end without noise
SETTLING = 0.85  # share of the seconds after which a late run drops its noise


class Stop(StrEnum):
    """Why a search ended."""

    CONVERGED = "converged"
    BUDGET = "budget"
    TIME = "time"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Progress:
    """How far a search is; given to the caller after each pass."""

    passes: int
    of: int
    loss: float  # of the best teams so far
    broken: int  # hard rules not met in them
    worst: float  # lowest team score in them


@dataclass(frozen=True)
class Watch:
    """What a search listens to: a clock in seconds, its ceiling, the caller's report and wish to stop."""

    clock: Callable[[], float] | None = None
    until: float | None = None  # on `clock`
    settle_from: float | None = None  # on `clock`
    report: Callable[[Progress], None] | None = None
    cancelled: Callable[[], bool] | None = None

    def stop(self) -> Stop | None:
        """Why to stop now, if at all."""
        if self.cancelled is not None and self.cancelled():
            return Stop.CANCELLED
        return Stop.TIME if self._past(self.until) else None

    @property
    def is_late(self) -> bool:
        """Whether so little time is left that the teams should settle."""
        return self._past(self.settle_from)

    def _past(self, moment: float | None) -> bool:
        return self.clock is not None and moment is not None and self.clock() >= moment


@dataclass(frozen=True)
class State:
    """Teams with their scores."""

    members: Positions  # (teams, largest size), filled up with `Pricing.empty`
    scores: Floats
    broken: NDArray[np.intp]  # hard rules not met, by team

    @property
    def rank(self) -> tuple[int, float]:
        """Smaller is better: hard rules first, then the loss."""
        return int(self.broken.sum()), float(losses(self.scores).sum())


@dataclass(frozen=True)
class Outcome:
    """The best teams of a search."""

    state: State
    passes: int
    stopped_by: Stop


def deal(section: Section, empty: int, chance: np.random.Generator) -> Positions:
    """Deal units at random into teams of the planned sizes, pairs that stay apart respected.

    Returns positions (teams, largest size). Raises `CannotForm` with the pairs left over if no
    arrangement was found.
    """
    tied = {at for pair in section.apart for at in pair}
    placed_first = [unit for unit in section.units if len(unit) > 1 or unit[0] in tied]
    others = [unit[0] for unit in section.units if len(unit) == 1 and unit[0] not in tied]
    far: dict[int, set[int]] = {}
    for one, other in section.apart:
        far.setdefault(one, set()).add(other)
        far.setdefault(other, set()).add(one)
    teams: list[list[int]] | None = None
    for _ in range(30):
        teams = _deal_first(section, placed_first, far, chance)
        if teams is not None:
            break
    if teams is None:
        teams = _place_exactly(section, placed_first, far)
    members = np.full((len(section.sizes), max(section.sizes)), empty, dtype=np.intp)
    shuffled = iter(chance.permutation(np.array(others, dtype=np.intp)).tolist())
    for at, (team, size) in enumerate(zip(teams, section.sizes, strict=True)):
        members[at, :size] = team + [next(shuffled) for _ in range(size - len(team))]
    return members


def _deal_first(
    section: Section, units: list[tuple[int, ...]], far: dict[int, set[int]], chance: np.random.Generator
) -> list[list[int]] | None:
    teams: list[list[int]] = [[] for _ in section.sizes]
    room = list(section.sizes)
    mixed = [units[at] for at in chance.permutation(len(units))]
    mixed.sort(key=lambda unit: (-len(unit), -sum(len(far.get(at, ())) for at in unit)))

    def fits(team: int, unit: tuple[int, ...], away: set[int]) -> bool:
        return room[team] >= len(unit) and (not away or away.isdisjoint(teams[team]))

    for unit in mixed:
        away = set().union(*(far.get(at, set()) for at in unit))
        found = next(
            (at for at in chance.integers(len(room), size=20).tolist() if fits(at, unit, away)), None
        )
        if found is None:
            found = next((at for at in chance.permutation(len(room)).tolist() if fits(at, unit, away)), None)
        if found is None:
            return None
        teams[found].extend(unit)
        room[found] -= len(unit)
    return teams


def _place_exactly(
    section: Section, units: list[tuple[int, ...]], far: dict[int, set[int]]
) -> list[list[int]]:
    ordered = sorted(units, key=lambda u: (-len(u), -sum(len(far.get(at, ())) for at in u), u))
    teams: list[list[int]] = [[] for _ in section.sizes]
    room = list(section.sizes)
    most, steps = 0, SEARCH_STEPS

    def place(number: int) -> bool:
        nonlocal most, steps
        most, steps = max(most, number), steps - 1
        if number == len(ordered):
            return True
        unit = ordered[number]
        away = set().union(*(far.get(at, set()) for at in unit))
        tried = set()
        for at in range(len(room)):
            kind = (room[at], tuple(teams[at]))
            if steps > 0 and kind not in tried and room[at] >= len(unit) and away.isdisjoint(teams[at]):
                tried.add(kind)
                teams[at].extend(unit)
                room[at] -= len(unit)
                if place(number + 1):
                    return True
                del teams[at][-len(unit) :]
                room[at] += len(unit)
        return False

    if len(ordered) > 400 or not place(0):
        raise CannotForm(
            [NoStart(Source.RULES, "together, apart", "no teams hold all pairs", ordered[most:])]
        )
    return teams


@dataclass(frozen=True)
class NoStart(Fault):
    """No arrangement was found; `units` are the positions left over."""

    units: list[tuple[int, ...]]


class Search:
    """One section's search, pass by pass."""

    def __init__(self, section: Section, pricing: Pricing, chance: np.random.Generator) -> None:
        self.pricing = pricing
        self.chance = chance
        self.unit_size = np.ones(pricing.empty + 1, dtype=np.intp)
        self.unit_size[pricing.empty] = 0
        self.unit = np.arange(pricing.empty + 1)
        for unit in section.units:
            for at in unit:
                self.unit_size[at] = len(unit)
                self.unit[at] = unit[0]
        self.sizes = np.array(section.sizes, dtype=np.intp)
        longer = sorted({len(unit) for unit in section.units if len(unit) > 2})
        self.part_sizes = [k for k in longer if k < max(section.sizes)]
        self.noise = chance.random(
            NOISE_TABLE if len(section.sizes) >= DENSE_BELOW else 1 << 14, dtype=np.float32
        )
        self.seen: list[Positions] | None = None  # a list, to collect every team of a search
        self.without: Floats | None = None  # by team and seat: the loss of the rest if this seat leaves
        self.stale = np.ones(len(section.sizes), dtype=np.bool_)

    def start(self, members: Positions) -> State:
        """Score dealt teams."""
        scores, broken = self.pricing.scores(members)
        self.without, self.stale = None, np.ones(len(members), dtype=np.bool_)
        return State(members, scores, broken)

    def run(self, state: State, passes: int, watch: Watch, *, before: int, of: int, heat: float) -> Outcome:
        """Make up to `passes` passes and return the best teams met; the start counts too.

        `heat` is the noise of the first pass, in units of loss; `before` and `of` are for progress.
        """
        best, rank = state, state.rank
        settling = False
        for done in range(passes):
            stop = watch.stop()
            if stop is not None:
                return Outcome(best, done, stop)
            settling = settling or watch.is_late
            left = 1 - done / passes
            temperature = 0.0 if settling or left <= QUIET else heat * left * left
            state = self.improve(state, temperature)
            if state.rank < rank:
                best, rank = state, state.rank
            if watch.report is not None:
                worst = float(best.scores.min(initial=1.0))
                watch.report(Progress(before + done + 1, of, rank[1], rank[0], worst))
        return Outcome(best, passes, Stop.TIME if settling else Stop.BUDGET)

    def improve(self, state: State, temperature: float) -> State:
        """Make one pass; without noise the teams never get worse."""
        size = self._part_size()
        by_misfit = self.chance.random() < 0.5
        parts = self._parts(state, size, by_misfit=by_misfit)
        teams = np.flatnonzero(parts[:, 0] >= 0)
        if len(teams) < 2:
            return state
        members = state.members.copy()
        scores, broken = state.scores.copy(), state.broken.copy()
        teams = self.chance.permutation(teams)
        for group in np.array_split(teams, -(-len(teams) // GROUP)):
            self._hand_out(members, group, parts[group], temperature)
        changed = np.flatnonzero((members != state.members).any(axis=1))
        if changed.size:
            scores[changed], broken[changed] = self.pricing.scores(members[changed])
            self.stale[changed] = True
            if self.seen is not None:
                self.seen.append(members[changed])
        return State(members, scores, broken)

    def _part_size(self) -> int:
        draw = self.chance.random()
        if self.part_sizes and draw < 0.1:
            return self.part_sizes[int(draw * 10 * len(self.part_sizes))]
        return 1 if self.chance.random() < 2 / 3 else 2

    def _hand_out(self, members: Positions, group: Positions, parts: Positions, temperature: float) -> None:
        """Give each team of the group the part that the assignment finds for its rest."""
        size = parts.shape[1]
        teams = members[group]
        keep = np.ones(teams.shape, dtype=np.bool_)
        np.put_along_axis(keep, parts, values=False, axis=1)
        rests = teams[keep].reshape(len(group), -1)
        part_members = teams[~keep].reshape(len(group), size)
        market = self.pricing.open(rests, part_members)
        if len(group) < DENSE_BELOW:
            costs = market.costs(0, len(group))
            if temperature > 0:
                costs += temperature * self._noise(len(group), len(group))
            part, rest = linear_sum_assignment(costs)
        else:
            part, rest = self._sparse(market, len(group), temperature)
        taken = np.empty(len(group), dtype=np.intp)
        taken[rest] = part
        joined = np.concatenate([rests, part_members[taken]], axis=1)
        joined.sort(axis=1)  # empty seats have the highest position
        members[group] = joined

    def _noise(self, rows: int, columns: int) -> NDArray[np.float32]:
        offsets = self.chance.integers(0, len(self.noise) - columns, size=rows)
        return np.lib.stride_tricks.sliding_window_view(self.noise, columns)[offsets]

    def _sparse(self, market: Market, teams: int, temperature: float) -> tuple[Positions, Positions]:
        """Solve with the cheapest parts of each rest; a sample of parts tells what cheap is."""
        offsets = self.chance.integers(0, len(self.noise) - teams, size=teams)
        windows = np.lib.stride_tricks.sliding_window_view(self.noise * np.float32(temperature), teams)
        sample = min(teams, 4 * BLOCK)
        blocks = [
            self._block(market, start, min(start + BLOCK, sample), windows, offsets, temperature)
            for start in range(0, sample, BLOCK)
        ]
        wanted = max(1, round(CANDIDATES * sample / teams))
        cheap = np.partition(np.concatenate(blocks), min(wanted, sample - 1), axis=0)[min(wanted, sample - 1)]
        entries: list[tuple[Positions, Positions, NDArray[np.float32]]] = []
        for start in range(0, teams, BLOCK):
            stop = min(start + BLOCK, teams)
            at = start // BLOCK
            if at < len(blocks) and start + len(blocks[at]) == stop:
                costs = blocks[at]
            else:
                costs = self._block(market, start, stop, windows, offsets, temperature)
            chosen = costs <= cheap
            row = np.arange(stop - start)
            chosen[row, row + start] = True  # staying is always possible
            chosen[row, costs.argmin(axis=1)] = True
            flat = np.flatnonzero(chosen)
            entries.append((flat // teams + start, flat % teams, costs.ravel()[flat]))
        part, rest, cost = (np.concatenate(column) for column in zip(*entries, strict=True))
        matrix = csr_matrix((cost.astype(np.float64), (part, rest)), shape=(teams, teams))
        found: tuple[Positions, Positions] = min_weight_full_bipartite_matching(matrix)
        return found

    def _block(
        self,
        market: Market,
        start: int,
        stop: int,
        windows: NDArray[np.float32],
        offsets: Positions,
        temperature: float,
    ) -> NDArray[np.float32]:
        costs = market.costs(start, stop)
        if temperature > 0:
            costs += windows[offsets[start:stop]]
        return costs

    def _parts(self, state: State, size: int, *, by_misfit: bool) -> Positions:
        """Seats (teams, size) that leave each team; −1 where a team sits this pass out.

        Units leave whole, and at least one member must stay.
        """
        members = state.members
        wishes = self.chance.random(members.shape)
        if by_misfit:
            wishes = self._losses_without(state) + 1e-9 * wishes
        lengths = self.unit_size[members]
        out = np.full((len(members), size), -1, dtype=np.intp)
        may = self.sizes > size
        if size == 1:
            wishes[lengths != 1] = np.inf
            seat = wishes.argmin(axis=1)
            may = may & (lengths.max(axis=1, initial=0, where=lengths == 1) == 1)
            out[may, 0] = seat[may]
            return out
        if size == 2:
            return self._pairs(members, wishes, lengths, may, out)
        for team in np.flatnonzero(may):
            seats: list[int] = []
            for seat in np.argsort(wishes[team], kind="stable"):
                length = lengths[team, seat]
                if length and seat not in seats and len(seats) + length <= size:
                    seats += np.flatnonzero(
                        self.unit[members[team]] == self.unit[members[team, seat]]
                    ).tolist()
            if len(seats) == size:
                out[team] = seats
        return out

    def _pairs(
        self, members: Positions, wishes: Floats, lengths: Positions, may: NDArray[np.bool_], out: Positions
    ) -> Positions:
        team = np.arange(len(members))
        blocked = (lengths < 1) | (lengths > 2)
        # A single learner leaves with another single, or not at all.
        singles = (lengths == 1).sum(axis=1)
        blocked |= (lengths == 1) & (singles < 2)[:, None]
        wishes[blocked] = np.inf
        first = wishes.argmin(axis=1)
        may = may & ~blocked[team, first]
        mate = self.unit[members] == self.unit[members[team, first]][:, None]
        mate |= (lengths == 1) & (lengths[team, first] == 1)[:, None]
        mate[team, first] = False
        mixed = self.chance.random(members.shape)
        mixed[~mate] = np.inf
        out[may] = np.stack([first, mixed.argmin(axis=1)], axis=1)[may]
        return out

    def _losses_without(self, state: State) -> Floats:
        """The loss of each team's rest if the member in a seat left; empty seats are infinite."""
        members = state.members
        seats = members.shape[1]
        if self.without is None:
            self.without = np.full(members.shape, np.inf)
        teams = np.flatnonzero(self.stale)
        if teams.size and seats > 1:
            some = members[teams]
            rests = np.stack([np.delete(some, seat, axis=1) for seat in range(seats)], axis=1)
            scores, broken = self.pricing.scores(rests.reshape(-1, seats - 1))
            lost = (losses(scores) + BROKEN * broken).reshape(len(teams), seats)
            lost[some == self.pricing.empty] = np.inf
            self.without[teams] = lost
        self.stale[:] = False
        return self.without.copy()
