"""What team formation is compared with: a random deal, pair swaps, annealing by pair swaps.

They optimise the same goal on the same class. Where numba happens to be installed they are compiled,
which is to their favour: ratios to plain Python ones flatter and are labelled so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.formation_class import RULES
from coursecrew.domain.formation.judging import EDGE

try:
    from numba import njit  # type: ignore[import-not-found]

    COMPILED = True
except ImportError:  # plain Python, and said so in the table

    def njit(function):
        return function

    COMPILED = False
    np.seterr(over="ignore")  # counting bits overflows on purpose

WEIGHTS = tuple(float(rule.weight) for rule in RULES)
MIN_HOURS = float(RULES[5].min_hours)
WORST = 1e9  # of a team that holds a pair to be kept apart


def columns(criteria: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """The class as plain arrays: −1 or NaN where a learner gave no answer."""
    skill, field, gpa, effort, gender, hours, topics = criteria

    def codes(c: Any) -> np.ndarray:
        known = {option: at for at, option in enumerate(c.figures.options)}
        return np.array([-1 if a is None else known[str(a)] for a in c.answers], dtype=np.int64)

    def numbers(c: Any) -> np.ndarray:
        return np.array([math.nan if a is None else float(a) for a in c.answers])

    woman = np.array([a == "woman" for a in gender.answers], dtype=np.int64)
    words = np.array(
        [[(a or 0) >> (56 * w) & ((1 << 56) - 1) for w in range(3)] for a in hours.answers], dtype=np.int64
    )
    places = np.zeros((len(topics.answers), 12))
    for at, ranked in enumerate(topics.answers):
        for place, topic in enumerate(ranked or ()):
            places[at, int(topic[1:])] = 1 - place / topics.figures.longest
    figures = np.array(
        [
            len(skill.figures.options),
            len(field.figures.options),
            gpa.figures.mean,
            gpa.figures.deviation,
            effort.figures.range,
        ]
    )
    return codes(skill), codes(field), numbers(gpa), numbers(effort), woman, words, places, figures


@njit
def spread(codes, members, size, options):
    answers, different = 0, 0
    for a in range(size):
        code = codes[members[a]]
        if code < 0:
            continue
        answers += 1
        new = 1
        for b in range(a):
            if codes[members[b]] == code:
                new = 0
        different += new
    if answers < 2:
        return 0.5
    return (different - 1) / (min(answers, options) - 1)


@njit
def bits(word):
    word = word - ((word >> 1) & 0x5555555555555555)
    word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F
    return ((word * 0x0101010101010101) & 0x7FFFFFFFFFFFFFFF) >> 56


@njit
def team_loss(members, size, skill, field, gpa, effort, woman, words, places, figures):
    total = 3 * spread(skill, members, size, figures[0]) + 2 * spread(field, members, size, figures[1])
    count, mean, low, high, efforts = 0, 0.0, math.inf, -math.inf, 0
    women, known, rankers = 0, 0, 0
    first, second, third = -1, -1, -1
    wish = np.zeros(12)
    for a in range(size):
        one = members[a]
        if not math.isnan(gpa[one]):
            count += 1
            mean += gpa[one]
        if not math.isnan(effort[one]):
            efforts += 1
            low = min(low, effort[one])
            high = max(high, effort[one])
        women += woman[one]
        if words[one, 0] | words[one, 1] | words[one, 2]:
            known += 1
            first &= words[one, 0]
            second &= words[one, 1]
            third &= words[one, 2]
        ranked = 0
        for t in range(12):
            wish[t] += places[one, t]
            ranked |= places[one, t] > 0
        rankers += ranked
    total += 2 * (max(0.0, 1 - abs(mean / count - figures[2]) / figures[3]) if count > 1 else 0.5)
    total += 2 * (1 - (high - low) / figures[4] if efforts > 1 else 0.5)
    total += 5 * (women != 1)
    total += 5 * (min(1.0, (bits(first) + bits(second) + bits(third)) / MIN_HOURS) if known > 1 else 0.5)
    total += 3 * (wish.max() / rankers if rankers > 1 else 0.5)
    score = total / 22
    return 1 / score if score >= EDGE else 1 / EDGE + (EDGE - score) / EDGE**2


@njit
def is_apart(members, size, at, foes):
    for foe in foes[members[at]]:
        if foe >= 0:
            for b in range(size):
                if members[b] == foe:
                    return True
    return False


@njit
def swaps(teams, sizes, tied, foes, seed, tries, hot, cold, c):
    """Exchange pairs of learners `tries` times; with no heat only what is not worse is taken."""
    np.random.seed(seed)
    count = len(teams)
    loss = np.empty(count)
    for t in range(count):
        loss[t] = team_loss(teams[t], sizes[t], c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
    taken = 0
    for step in range(tries):
        t, u = np.random.randint(count), np.random.randint(count)
        if t == u:
            continue
        a, b = np.random.randint(sizes[t]), np.random.randint(sizes[u])
        one, other = teams[t, a], teams[u, b]
        if tied[one] or tied[other]:
            continue
        teams[t, a], teams[u, b] = other, one
        if is_apart(teams[t], sizes[t], a, foes) or is_apart(teams[u], sizes[u], b, foes):
            teams[t, a], teams[u, b] = one, other
            continue
        x = team_loss(teams[t], sizes[t], c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
        y = team_loss(teams[u], sizes[u], c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
        rise = x + y - loss[t] - loss[u]
        heat = hot * (cold / hot) ** (step / tries) if hot > 0 else 0.0
        if rise <= 0 or (heat > 0 and np.random.random() < math.exp(-rise / heat)):
            if rise < -1e-12:
                taken += 1
            loss[t], loss[u] = x, y
        else:
            teams[t, a], teams[u, b] = one, other
    return loss.sum(), taken


class Peers:
    """The peers on one class, each with a CPU clock and a budget."""

    def __init__(self, criteria, section, deal: Callable[[], np.ndarray], clock: Callable[[], float]) -> None:
        self.columns = columns(criteria)
        self.sizes = np.array(section.sizes)
        self.deal, self.clock = deal, clock
        people = sum(map(len, section.units))
        # Learners who move together stay where they were dealt: single exchanges cannot move them.
        self.tied = np.zeros(people + 1, dtype=np.bool_)
        for unit in section.units:
            if len(unit) > 1:
                self.tied[list(unit)] = True
        self.foes = np.full((people + 1, 1), -1, dtype=np.int64)
        for one, other in section.apart:
            self.foes[one, 0], self.foes[other, 0] = other, one
        self.people = people
        self._swap(self.deal(), 1, 10, 0.0)  # compiles

    def _swap(self, teams, seed, tries, hot, cold=0.003):
        return swaps(teams, self.sizes, self.tied, self.foes, seed, tries, hot, cold, self.columns)

    def loss(self, teams) -> float:
        return self._swap(teams.copy(), 1, 0, 0.0)[0]

    def random_deal(self) -> float:
        return self.loss(self.deal())

    def _rate(self) -> float:
        """Tries a second, measured on a throw-away class."""
        start, tries = self.clock(), 500
        while True:
            self._swap(self.deal(), 1, tries, 0.03)
            spent = self.clock() - start
            if spent > 0.3:
                return tries / spent
            start, tries = self.clock(), tries * 2

    def pair_swap(self, seconds: float) -> float:
        """Take any improvement; restart when 60 tries a learner bring nothing, below 2,000 learners."""
        start, best, turn = self.clock(), math.inf, 0
        while self.clock() - start < seconds:
            teams = self.deal()
            while True:
                turn += 1
                loss, taken = self._swap(teams, turn, min(60 * self.people, 60_000 if COMPILED else 600), 0.0)
                best = min(best, loss)
                if self.clock() - start >= seconds:
                    return best
                if self.people < 2000 and not taken:
                    break
        return best

    def annealing(self, seconds: float) -> float:
        """One run from hot to cold, of as many tries as the seconds hold."""
        hot = 0.1 if self.people < 500 else 0.03
        return self._swap(self.deal(), 1, max(1, int(self._rate() * seconds)), hot)[0]
