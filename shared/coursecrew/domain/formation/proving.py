"""The best teams of a small class, with proof.

All admissible teams are listed and priced; choosing teams so that each learner is in exactly one,
with the least loss, is a set partitioning problem. Its linear relaxation, solved over columns of
negative reduced cost, gives a lower limit of the loss; teams whose reduced cost exceeds the gap to
the best known result cannot be in a better one, and HiGHS decides among the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csc_matrix

from coursecrew.domain.formation.improving import State, Watch
from coursecrew.domain.formation.planning import Section
from coursecrew.domain.formation.pricing import Floats, Positions, Pricing, losses

MOST_TEAMS = 1_400_000  # listed: all teams of four of sixty learners, all of five of forty-five
LISTED_AT_ONCE = 16_384
NEW_COLUMNS = 1_500
SLACK = 1e-7
FIRST_CHOICE = 500  # teams in the first integer problem
MOST_CHOICE = 10_000  # beyond it, and beyond so many nodes, a proof is not worth the wait
NODES = 40
MOST_RECOMBINED = 40  # teams in a class; beyond it the integer problem takes minutes
RECOMBINED = 400  # teams out of which a search's best are recombined
RECOMBINING_NODES = 5


@dataclass(frozen=True)
class Proof:
    """What a proof found: the best teams, a lower limit of their loss, and whether both meet."""

    state: State
    limit: float | None  # None where hard rules are broken in every result
    proven: bool


def can_list(section: Section) -> bool:
    """Whether the teams of a section are few enough to be listed."""
    learners = sum(map(len, section.units))
    return sum(comb(learners, size) for size in set(section.sizes)) <= MOST_TEAMS


def can_recombine(section: Section) -> bool:
    """Whether a section is too large to be listed and small enough for an integer problem."""
    return 1 < len(section.sizes) <= MOST_RECOMBINED and not can_list(section)


def prove(
    section: Section, pricing: Pricing, known: State, watch: Watch, *, nodes: int = NODES
) -> Proof | None:
    """Find the best teams and prove it, from the best `known`; `None` if there was no time for a limit.

    With fewer `nodes` of each integer problem it gives up the proof earlier and is rarely worse.
    """
    problem = Partition(section, pricing, _list_teams(section, pricing))
    if not known.broken.any() and problem.broken.any():  # what breaks a hard rule cannot be better
        problem = Partition(section, pricing, problem.teams[problem.broken == 0])
    best = problem.cost(known)
    relaxed = problem.relax(known.members, watch)
    if relaxed is None:
        return None
    reduced, limit = relaxed
    shown = limit if known.broken.sum() == 0 else None
    if best <= limit + SLACK:
        return Proof(known, shown, proven=True)
    chosen, is_final = problem.choose(reduced, limit, best, watch, nodes=nodes)
    state = known if chosen is None else problem.state(chosen)
    final = state.rank[1] if is_final and state.broken.sum() == 0 else shown
    return Proof(state, final, proven=is_final)


def recombine(section: Section, pricing: Pricing, seen: Positions, known: State, watch: Watch) -> State:
    """The best set of teams out of those `seen` during a search, of different restarts too.

    Only the teams with the least reduced costs are tried, `known` among them, so the result is never
    worse. It is a heuristic: nothing is proven.
    """
    teams = np.sort(np.concatenate([seen, known.members]), axis=1)
    problem = Partition(section, pricing, np.unique(teams, axis=0))
    relaxed = problem.relax(known.members, watch)
    if relaxed is None:
        return known
    cheapest = np.argsort(relaxed[0], kind="stable")[:RECOMBINED]
    solved = problem.solve(np.union1d(cheapest, problem.find(known.members)), watch, nodes=RECOMBINING_NODES)
    if solved is None or not solved[0].size:
        return known
    state = problem.state(solved[0])
    return state if state.rank < known.rank else known


def _list_teams(section: Section, pricing: Pricing) -> Positions:
    """Every admissible team, filled up."""
    learners = np.array(sorted(chain.from_iterable(section.units)), dtype=np.intp)
    widest = max(section.sizes)
    listed = []
    for size in sorted(set(section.sizes)):
        count = comb(len(learners), size)
        flat: Iterable[int] = chain.from_iterable(combinations(range(len(learners)), size))
        picked = learners[np.fromiter(flat, dtype=np.intp, count=count * size).reshape(count, size)]
        picked = picked[_admissible(picked, section, pricing.empty)]
        filled = np.full((len(picked), widest), pricing.empty, dtype=np.intp)
        filled[:, :size] = picked
        listed.append(filled)
    return np.concatenate(listed)


def _admissible(teams: Positions, section: Section, empty: int) -> NDArray[np.bool_]:
    sound = np.ones(len(teams), dtype=np.bool_)
    for unit in section.units:
        if len(unit) > 1:
            inside = np.isin(teams, unit).sum(axis=1)
            sound &= (inside == 0) | (inside == len(unit))
    for pair in section.apart:
        sound &= np.isin(teams, pair).sum(axis=1) < 2
    return sound


def _score(pricing: Pricing, teams: Positions) -> tuple[Floats, NDArray[np.intp]]:
    blocks = [pricing.scores(teams[at : at + LISTED_AT_ONCE]) for at in range(0, len(teams), LISTED_AT_ONCE)]
    return np.concatenate([score for score, _ in blocks]), np.concatenate([missed for _, missed in blocks])


class Partition:
    """Each learner in exactly one team, as many teams of each size as planned, least cost."""

    def __init__(self, section: Section, pricing: Pricing, teams: Positions) -> None:
        self.teams = teams
        self.scores, self.broken = _score(pricing, teams)
        # Enough that no gain pays for a broken hard rule, far less than in the search: solvers need it so.
        self.fine = 2 + float(losses(np.zeros(1))[0]) * len(section.sizes)
        self.costs = losses(self.scores) + self.fine * self.broken
        self.sizes = (teams < pricing.empty).sum(axis=1)
        learners = sorted(chain.from_iterable(section.units))
        kinds = sorted(set(section.sizes))
        self.row = np.full(pricing.empty + 1, len(learners) + len(kinds), dtype=np.intp)
        self.row[learners] = np.arange(len(learners))
        self.size_row = len(learners) + np.searchsorted(kinds, self.sizes)
        self.wanted = np.array([1.0] * len(learners) + [float(section.sizes.count(kind)) for kind in kinds])

    def cost(self, state: State) -> float:
        """What a set of teams costs here."""
        return float(losses(state.scores).sum() + self.fine * state.broken.sum())

    def state(self, chosen: Positions) -> State:
        """Chosen teams in their canonical order: larger ones first, then by first member."""
        order = chosen[np.lexsort((self.teams[chosen, 0], -self.sizes[chosen]))]
        return State(self.teams[order], self.scores[order], self.broken[order])

    def find(self, members: Positions) -> Positions:
        """Where these teams stand in the list; their rows are sorted as the list's are."""
        wanted = set(map(tuple, np.sort(members, axis=1).tolist()))
        likely = np.flatnonzero(np.isin(self.teams[:, 0], members.min(axis=1)))
        rows = map(tuple, self.teams[likely].tolist())
        return likely[[row in wanted for row in rows]]

    def columns(self, chosen: Positions) -> csc_matrix:
        """The constraint matrix of these teams."""
        rows = np.concatenate([self.row[self.teams[chosen]], self.size_row[chosen][:, None]], axis=1)
        column = np.broadcast_to(np.arange(len(chosen))[:, None], rows.shape)
        filled = rows < len(self.wanted)
        shape = (len(self.wanted), len(chosen))
        return csc_matrix((np.ones(int(filled.sum())), (rows[filled], column[filled])), shape=shape)

    def relax(self, known: Positions, watch: Watch) -> tuple[Floats, float] | None:
        """Reduced costs of all teams at the optimum of the relaxation, and its value."""
        active = self._first(known)
        while True:
            if watch.stop() is not None:
                return None
            solved = linprog(
                self.costs[active],
                A_eq=self.columns(active),
                b_eq=self.wanted,
                bounds=(0, None),
                method="highs",
            )
            if solved.status != 0:
                return None
            duals = np.append(solved.eqlin.marginals, 0.0)
            reduced = self.costs - duals[self.row[self.teams]].sum(axis=1) - duals[self.size_row]
            order = np.argsort(reduced, kind="stable")[:NEW_COLUMNS]
            new = np.setdiff1d(order[reduced[order] < -SLACK], active)
            if not new.size:
                return reduced, float(duals[:-1] @ self.wanted)
            active = np.concatenate([active, new])

    def _first(self, known: Positions) -> Positions:
        """The known teams and some cheap ones for every learner: a relaxation that can be solved."""
        ordered = np.argsort(self.costs, kind="stable")
        some = set(self.find(known).tolist())
        counts = np.zeros(len(self.row), dtype=np.intp)
        for at in ordered[: 40 * len(self.wanted)].tolist():
            if (counts[self.teams[at]] < 20).any():
                some.add(at)
                counts[self.teams[at]] += 1
        return np.array(sorted(some), dtype=np.intp)

    def choose(
        self, reduced: Floats, limit: float, best: float, watch: Watch, *, nodes: int
    ) -> tuple[Positions | None, bool]:
        """The cheapest choice if it beats `best`, and whether that is final.

        A choice that costs at most `limit` + d uses only teams of reduced cost up to d. So few teams
        are tried first; once the cheapest choice among them is that cheap, no other can beat it.
        """
        ordered = np.sort(reduced, kind="stable")
        count = FIRST_CHOICE
        found: Positions | None = None
        while True:
            gap = best - limit + SLACK
            reach = min(gap, float(ordered[min(count, len(ordered)) - 1]))
            solved = self.solve(np.flatnonzero(reduced <= reach), watch, nodes=nodes)
            if solved is None:
                return found, False
            chosen, is_optimal = solved
            cost = float(self.costs[chosen].sum()) if chosen.size else np.inf
            if cost < best - SLACK:
                best, found = cost, chosen
            if not is_optimal:
                return found, False
            if reach >= gap or best - limit <= reach:
                return found, True
            if chosen.size and nodes < NODES:  # more teams to choose among cost the most and bring the least
                return found, False
            within = int(np.searchsorted(ordered, best - limit + SLACK, side="right"))
            count = len(ordered) if within <= MOST_CHOICE else 4 * count
            if count > MOST_CHOICE and within > MOST_CHOICE:
                return found, False

    def solve(self, left: Positions, watch: Watch, *, nodes: int) -> tuple[Positions, bool] | None:
        """The cheapest choice among some teams (empty if there is none), and whether it is known to be."""
        options: dict[str, float] = {"mip_rel_gap": 0.0, "node_limit": nodes}
        if watch.stop() is not None:
            return None
        if watch.clock is not None and watch.until is not None:
            options["time_limit"] = max(0.01, watch.until - watch.clock())
        solved = milp(
            self.costs[left],
            constraints=LinearConstraint(self.columns(left), self.wanted, self.wanted),
            integrality=np.ones(len(left)),
            bounds=(0, 1),
            options=options,
        )
        if solved.x is None:
            return left[:0], solved.status == 2
        return left[np.flatnonzero(solved.x > 0.5)], solved.status == 0
