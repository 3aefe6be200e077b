"""Which mentor for which team: most teams matched, then the largest total fit.

An assignment problem with capacities: mentor j offers slots 0 … capacity-1, a slot costs
`2 - fit`, a later slot of the same mentor a trifle more, and staying alone costs more than anything
a trade could gain. Up to `DENSE` teams it is solved over all lawful pairs (scipy's
`linear_sum_assignment`, after Crouse, "On implementing 2D rectangular assignment algorithms", IEEE
Trans. Aerosp. Electron. Syst. 52, 2016); above, over each team's best mentors, and again with twice as
many if that leaves a team alone whom a maximum matching over all pairs would serve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching, min_weight_full_bipartite_matching

HOURS_A_WEEK = 168
ENOUGH_HOURS = 2
DENSE = 300
CANDIDATES = 40
SLOT_PRICE = 1e-6
# Among equal fits each team looks at other mentors first, or all would list the same forty.
NOISE = 1e-3


@dataclass(frozen=True)
class Mentor:
    """Who may take up to `capacity` teams; capacity 0 is on leave. `conflicts` names teams."""

    id: str
    capacity: int
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hours: frozenset[int] | None = None  # of the week, 0 = Monday 00:00 UTC; None: not given
    conflicts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Team:
    """Who wants help with `tags`; a team that names no language takes any."""

    id: str
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hours: frozenset[int] | None = None


@dataclass(frozen=True)
class Match:
    """A team with its mentor, or without one, and what a person needs to know about why.

    `fit` is 0 to 1: half the share of wanted tags the mentor has, half the shared weekly hours up to
    two; a half of which nothing is known counts as one half.
    """

    team: str
    mentor: str | None
    fit: float | None
    shared_tags: tuple[str, ...] = ()
    wanted_tags: tuple[str, ...] = ()
    shared_hours: tuple[int, ...] | None = None
    languages: tuple[str, ...] = ()
    teams_of_mentor: int = 0
    capacity: int = 0
    limit: Limit | None = None


@dataclass(frozen=True)
class Limit:
    """Why a team stayed alone: how many mentors there are, and how far each hard rule lets them."""

    mentors: int
    on_leave: int
    speaking: int  # with room at all, and a common language
    lawful: int  # of these, without a conflict
    languages: tuple[str, ...]


def match(
    mentors: Sequence[Mentor],
    teams: Sequence[Team],
    *,
    fixed: Mapping[str, str] | None = None,
    barred: frozenset[tuple[str, str]] = frozenset(),
    seed: int = 0,
) -> tuple[Match, ...]:
    """Give as many teams as possible a mentor, with the largest total fit; one row a team, by id.

    `fixed` maps teams to mentors who already accepted; `barred` are further pairs (team, mentor) that
    must not be, such as those of an earlier run when a second mentor is sought.
    """
    mentors = sorted(mentors, key=lambda mentor: mentor.id)
    teams = sorted(teams, key=lambda team: team.id)
    fixed = fixed or {}
    taken = [list(fixed.values()).count(mentor.id) for mentor in mentors]
    pairing = Pairing.of(mentors, teams, barred)
    free = [number for number, team in enumerate(teams) if team.id not in fixed]
    room = np.array([max(0, m.capacity - t) for m, t in zip(mentors, taken, strict=True)], dtype=np.int64)
    found = assign(pairing.fit[free], pairing.lawful[free], room, seed)
    place = {mentor.id: number for number, mentor in enumerate(mentors)}
    of_team = [place[fixed[team.id]] if team.id in fixed else -1 for team in teams]
    for number, mentor in zip(free, found.tolist(), strict=True):
        of_team[number] = mentor
    loads = np.bincount([mentor for mentor in of_team if mentor >= 0], minlength=len(mentors))
    return tuple(
        _explained(team, mentors[at], pairing.fit[number, at], int(loads[at]))
        if at >= 0
        else Match(team.id, None, None, wanted_tags=team.tags, limit=_limit(team, mentors, barred))
        for number, (team, at) in enumerate(zip(teams, of_team, strict=True))
    )


# --- fit and hard rules, for all pairs at once ---


@dataclass(frozen=True)
class Pairing:
    """For every team (row) and mentor (column) the fit, and whether they may work together."""

    fit: NDArray[np.float64]
    lawful: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        mentors: Sequence[Mentor],
        teams: Sequence[Team],
        barred: frozenset[tuple[str, str]] = frozenset(),
    ) -> Pairing:
        """Compare all mentors with all teams; names of tags and languages in folded case."""
        has = _presence([m.tags for m in mentors], [t.tags for t in teams])
        wants = _presence([t.tags for t in teams], [m.tags for m in mentors])
        wanted = np.array([len(_folded(team.tags)) for team in teams], dtype=np.float64)[:, None]
        # Counts are small whole numbers, exact in single precision; shares are taken in double.
        found = (wants @ has.T).astype(np.float64)
        tags = np.where(wanted > 0, found / np.maximum(wanted, 1), 0.5)
        shared = _weeks([t.hours for t in teams]) @ _weeks([m.hours for m in mentors]).T
        hours = np.minimum(1, shared.astype(np.float64) / ENOUGH_HOURS)
        hours[[number for number, team in enumerate(teams) if team.hours is None]] = 0.5
        hours[:, [number for number, mentor in enumerate(mentors) if mentor.hours is None]] = 0.5
        speaks = _presence([m.languages for m in mentors], [t.languages for t in teams])
        asks = _presence([t.languages for t in teams], [m.languages for m in mentors])
        lawful = (asks @ speaks.T) > 0
        lawful[[number for number, team in enumerate(teams) if not _folded(team.languages)]] = True
        place = {team.id: number for number, team in enumerate(teams)}
        column = {mentor.id: number for number, mentor in enumerate(mentors)}
        for number, mentor in enumerate(mentors):
            for name in mentor.conflicts & place.keys():
                lawful[place[name], number] = False
        for name, other in barred:
            if name in place and other in column:
                lawful[place[name], column[other]] = False
        return cls(0.5 * tags + 0.5 * hours, lawful)


def _folded(names: Sequence[str]) -> dict[str, str]:
    """Names by their folded form, in order, without empty ones."""
    return {name.strip().casefold(): name.strip() for name in names if name.strip()}


def _presence(rows: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Who names what: rows x all names of both sides, 1 where named."""
    names = sorted({name for row in (*rows, *others) for name in _folded(row)})
    place = {name: number for number, name in enumerate(names)}
    table = np.zeros((len(rows), len(names)), dtype=np.float32)
    for number, row in enumerate(rows):
        table[number, [place[name] for name in _folded(row)]] = 1
    return table


def _weeks(weeks: Sequence[frozenset[int] | None]) -> NDArray[np.float32]:
    table = np.zeros((len(weeks), HOURS_A_WEEK), dtype=np.float32)
    for number, hours in enumerate(weeks):
        table[number, sorted(hours or ())] = 1
    return table


# --- the assignment ---


def assign(
    fit: NDArray[np.float64], lawful: NDArray[np.bool_], room: NDArray[np.int64], seed: int = 0
) -> NDArray[np.int64]:
    """For each team (row of `fit` and `lawful`) the number of its mentor, or -1 where it stays alone."""
    teams = len(fit)
    room = np.minimum(room, teams)
    lawful = lawful & (room > 0)
    if not lawful.any():
        return np.full(teams, -1, dtype=np.int64)
    if teams <= DENSE:
        return _dense(fit, lawful, room)
    candidates, most = CANDIDATES, teams
    while True:
        found = _sparse(fit, lawful, room, candidates, seed)
        matched = int(np.count_nonzero(found >= 0))
        if matched < teams == most:
            most = _most_matched(lawful, room)
        if matched >= most or candidates >= fit.shape[1]:
            return found
        candidates *= 2


def _slots(room: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each place on offer its mentor, and which of that mentor's places it is."""
    owner = np.repeat(np.arange(len(room)), room)
    first = np.repeat(np.cumsum(room) - room, room)
    return owner, np.arange(len(owner)) - first


def _dense(fit: NDArray[np.float64], lawful: NDArray[np.bool_], room: NDArray[np.int64]) -> NDArray[np.int64]:
    teams = len(fit)
    owner, rank = _slots(room)
    alone = float(teams + 1)
    cost = np.full((teams, len(owner) + teams), alone)
    # A place that the rules forbid costs more than everybody staying alone.
    cost[:, : len(owner)] = np.where(
        lawful[:, owner], 2 - fit[:, owner] + SLOT_PRICE * rank, alone * (teams + 1)
    )
    rows, columns = linear_sum_assignment(cost)
    found = np.full(teams, -1, dtype=np.int64)
    served = columns < len(owner)
    found[rows[served]] = owner[columns[served]]
    return found


def _sparse(
    fit: NDArray[np.float64],
    lawful: NDArray[np.bool_],
    room: NDArray[np.int64],
    candidates: int,
    seed: int,
) -> NDArray[np.int64]:
    teams = len(fit)
    best = _best_candidates(fit, lawful, candidates, seed)
    team, which = np.nonzero(np.take_along_axis(lawful, best, axis=1))
    mentor = best[team, which]
    room = np.minimum(room, np.bincount(mentor, minlength=len(room)))
    owner, rank = _slots(room)
    first = np.cumsum(room) - room
    edges = np.repeat(np.arange(len(team)), room[mentor])
    slot = first[mentor[edges]] + _within(room[mentor])
    cost = 2 - fit[team[edges], mentor[edges]] + SLOT_PRICE * rank[slot]
    rows = np.concatenate([team[edges], np.arange(teams)])
    columns = np.concatenate([slot, len(owner) + np.arange(teams)])
    costs = np.concatenate([cost, np.full(teams, float(teams + 1))])
    graph = csr_array(coo_array((costs, (rows, columns)), shape=(teams, len(owner) + teams)))
    rows, columns = min_weight_full_bipartite_matching(graph)
    found = np.full(teams, -1, dtype=np.int64)
    served = columns < len(owner)
    found[rows[served]] = owner[columns[served]]
    return found


def _within(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 … count-1 for each of the counts, one after the other."""
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return np.arange(int(counts.sum())) - first


def _best_candidates(
    fit: NDArray[np.float64], lawful: NDArray[np.bool_], candidates: int, seed: int
) -> NDArray[np.int64]:
    """Each team's best mentors (columns), ties broken by seeded noise."""
    teams, mentors = fit.shape
    if candidates >= mentors:
        return np.tile(np.arange(mentors), (teams, 1))
    chance = np.random.PCG64(seed).random_raw(teams * mentors).reshape(teams, mentors)
    worth = np.where(lawful, fit, -1.0) + NOISE * (chance / 2.0**64)
    return np.argpartition(-worth, candidates, axis=1)[:, :candidates]


def _most_matched(lawful: NDArray[np.bool_], room: NDArray[np.int64]) -> int:
    """How many teams a maximum matching over all lawful pairs serves."""
    owner, _ = _slots(room)
    graph = csr_array(lawful[:, owner].astype(np.int8))
    return int(np.count_nonzero(maximum_bipartite_matching(graph, perm_type="column") >= 0))


# --- why ---


def _explained(team: Team, mentor: Mentor, fit: float, teams_of_mentor: int) -> Match:
    wanted, has = _folded(team.tags), _folded(mentor.tags)
    asks, speaks = _folded(team.languages), _folded(mentor.languages)
    known = team.hours is not None and mentor.hours is not None
    return Match(
        team.id,
        mentor.id,
        float(fit),
        shared_tags=tuple(name for key, name in wanted.items() if key in has),
        wanted_tags=tuple(wanted.values()),
        shared_hours=tuple(sorted((team.hours or frozenset()) & (mentor.hours or frozenset())))
        if known
        else None,
        languages=tuple(name for key, name in asks.items() if key in speaks),
        teams_of_mentor=teams_of_mentor,
        capacity=mentor.capacity,
    )


def _limit(team: Team, mentors: Sequence[Mentor], barred: frozenset[tuple[str, str]]) -> Limit:
    asks = _folded(team.languages)
    working = [mentor for mentor in mentors if mentor.capacity > 0]
    speaking = [m for m in working if not asks or asks.keys() & _folded(m.languages).keys()]
    lawful = [m for m in speaking if team.id not in m.conflicts and (team.id, m.id) not in barred]
    return Limit(len(mentors), len(mentors) - len(working), len(speaking), len(lawful), tuple(asks.values()))
