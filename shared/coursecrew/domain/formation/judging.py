"""What teams are worth, in plain Python: the judge of every result and the oracle of the fast prices.

The goal is gruepr's: the harmonic mean of team scores, so that no team pays for the others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from coursecrew.domain.formation.rules import NEEDS_TWO, Kind, Trait
from coursecrew.domain.formation.traits import Answer, Criterion

UNKNOWN = 0.5  # the value of a rule about which a team gave fewer than two answers
TOLERANCE = 1e-9
EDGE = 0.02  # below this score the loss goes on as a straight line

Answers = Sequence[Answer | None]


def _spread_of_numbers(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    numbers = [float(answer) for answer in known if isinstance(answer, int | float)]
    span = criterion.figures.range
    return min(1.0, (max(numbers) - min(numbers)) / span) if span > 0 else 0.0


def _spread_of_choices(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    most = min(len(known), len(criterion.figures.options))
    return min(1.0, (len(set(known)) - 1) / (most - 1)) if most > 1 else 0.0


def _spread_of_lists(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    if not criterion.figures.can_differ:
        return 0.0
    pairs = list(combinations([set(answer) for answer in known if isinstance(answer, tuple)], 2))
    return math.fsum(1 - len(one & other) / len(one | other) for one, other in pairs) / len(pairs)


SPREADS: dict[Trait, Callable[[Criterion, Sequence[Answer], int], float]] = {
    Trait.NUMBER: _spread_of_numbers,
    Trait.CHOICE: _spread_of_choices,
    Trait.LIST: _spread_of_lists,
}


def _diverse(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    return SPREADS[criterion.trait](criterion, known, size)


def _similar(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    return 1 - SPREADS[criterion.trait](criterion, known, size)


def _balanced(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    figures = criterion.figures
    if criterion.trait is Trait.NUMBER:
        mean = math.fsum(float(answer) for answer in known if isinstance(answer, int | float)) / len(known)
        if figures.deviation <= 0:
            return 1.0
        return max(0.0, 1 - abs(mean - figures.mean) / figures.deviation)
    counts = Counter(str(answer) for answer in known)
    least = least_distance(figures.shares, len(known))
    distance = share_distance([counts[option] for option in figures.options], figures.shares, len(known))
    # An option that nobody of the class had when the figures were taken is as far away as can be.
    distance += sum(n for option, n in counts.items() if option not in figures.options) / len(known) / 2
    return min(1.0, max(0.0, (1 - distance) / (1 - least)))


def share_distance(counts: Sequence[int], shares: Sequence[float], answers: int) -> float:
    """Half the sum of differences between the shares of `counts` among `answers` and `shares`; 0 to 1."""
    return math.fsum(abs(n / answers - share) for n, share in zip(counts, shares, strict=True)) / 2


@lru_cache(maxsize=4096)
def least_distance(shares: tuple[float, ...], answers: int) -> float:
    """The smallest `share_distance` that so many answers can reach: seats by largest remainder."""
    seats = [math.floor(share * answers + TOLERANCE) for share in shares]
    remainders = sorted(range(len(shares)), key=lambda at: (seats[at] - shares[at] * answers, at))
    for at in remainders[: answers - sum(seats)]:
        seats[at] += 1
    return share_distance(seats, shares, answers)


def _no_isolation(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    values = criterion.rule.values
    return sum(holders(known, value) != 1 for value in values) / len(values)


def holders(known: Sequence[Answer], value: str) -> int:
    """How many are known to hold the value."""
    return sum(value in answer if isinstance(answer, tuple) else answer == value for answer in known)


def _role_cover(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    cover = criterion.figures.cover
    return min(filled_roles(criterion.rule.values, known), cover) / cover


def filled_roles(roles: Sequence[str], known: Sequence[Answer]) -> int:
    """The most roles that different members can fill: a matching by augmenting paths."""
    holds = [set(answer) if isinstance(answer, tuple) else {answer} for answer in known]
    filler: dict[str, int] = {}

    def place(member: int, tried: set[str]) -> bool:
        for role in roles:
            if role in holds[member] and role not in tried:
                tried.add(role)
                if role not in filler or place(filler[role], tried):
                    filler[role] = member
                    return True
        return False

    return sum(place(member, set()) for member in range(len(holds)))


def _overlap(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    return min(1.0, shared(known) / criterion.wanted)


def shared(known: Sequence[Answer]) -> int:
    """Hours free for all who answered, or list values common to all who answered."""
    if isinstance(known[0], tuple):
        return len(set(known[0]).intersection(*(set(a) for a in known[1:] if isinstance(a, tuple))))
    free = (1 << 168) - 1
    for answer in known:
        free &= answer if isinstance(answer, int) else 0
    return free.bit_count()


def _topic(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    return best_topic(criterion, known)[1]


def best_topic(criterion: Criterion, known: Sequence[Answer]) -> tuple[str, float]:
    """The topic with the highest mean utility, first by name on a tie, and that utility.

    The topic ranked p-th among the class's longest ranking of L gives 1 − (p − 1) / L, otherwise 0.
    """
    longest = max(criterion.figures.longest, 1)
    steps: Counter[str] = Counter()
    for answer in known:
        for place, topic in enumerate(answer if isinstance(answer, tuple) else ()):
            steps[topic] += max(0, longest - place)
    topic = min(steps, key=lambda name: (-steps[name], name))
    return topic, steps[topic] / longest / len(known)


def _not_again(criterion: Criterion, known: Sequence[Answer], size: int) -> float:
    pairs = size * (size - 1) // 2
    return 1 - repeated_pairs(known) / pairs if pairs else 1.0


def repeated_pairs(known: Sequence[Answer]) -> int:
    """How many pairs share a former team."""
    lists = [set(answer) for answer in known if isinstance(answer, tuple)]
    return sum(bool(one & other) for one, other in combinations(lists, 2))


VALUES: dict[Kind, Callable[[Criterion, Sequence[Answer], int], float]] = {
    Kind.SIMILAR: _similar,
    Kind.DIVERSE: _diverse,
    Kind.BALANCED: _balanced,
    Kind.NO_ISOLATION: _no_isolation,
    Kind.ROLE_COVER: _role_cover,
    Kind.OVERLAP: _overlap,
    Kind.TOPIC: _topic,
    Kind.NOT_AGAIN: _not_again,
}


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one team."""

    value: float  # 0 to 1
    met: bool
    answered: int
    size: int


def verdict(criterion: Criterion, members: Sequence[int]) -> Verdict:
    """Value the rule in the team of these learners (positions in the roster)."""
    known = [answer for at in members if (answer := criterion.answers[at]) is not None]
    if len(known) < 2 and criterion.rule.kind in NEEDS_TWO:
        return Verdict(UNKNOWN, met=True, answered=len(known), size=len(members))
    value = VALUES[criterion.rule.kind](criterion, known, len(members))
    bound = criterion.rule.met_from
    return Verdict(value, bound is None or value >= bound - TOLERANCE, len(known), len(members))


def team_score(criteria: Sequence[Criterion], verdicts: Sequence[Verdict]) -> float:
    """The weighted mean of values; 1 where nothing has weight."""
    weight = math.fsum(criterion.rule.weight for criterion in criteria)
    if weight <= 0:
        return 1.0
    total = math.fsum(c.rule.weight * v.value for c, v in zip(criteria, verdicts, strict=True))
    return total / weight


def goal(scores: Sequence[float]) -> float:
    """The harmonic mean of team scores; with a score of 0 or less, mean − |mean| / 2; 1 without teams."""
    if not scores:
        return 1.0
    if min(scores) <= 0:
        mean = math.fsum(scores) / len(scores)
        return mean - abs(mean) / 2
    return len(scores) / math.fsum(1 / score for score in scores)


def team_loss(score: float) -> float:
    """What the search lowers, summed over teams: 1 / score, and a straight line below `EDGE`.

    It orders results as the harmonic mean does, and unlike that also gains from every help to a
    team whose score is 0.
    """
    return 1 / score if score >= EDGE else 1 / EDGE + (EDGE - score) / EDGE**2


@dataclass(frozen=True)
class Judgement:
    """What a set of teams is worth."""

    verdicts: tuple[tuple[Verdict, ...], ...]  # by team, then by rule
    scores: tuple[float, ...]
    goal: float
    loss: float
    broken: int  # (team, rule) pairs in which a hard rule is not met
    unmet: int  # the same of all other rules with weight

    @property
    def rank(self) -> tuple[int, float]:
        """Smaller is better: hard rules first, then the loss."""
        return (self.broken, self.loss)


def judge(criteria: Sequence[Criterion], teams: Sequence[Sequence[int]]) -> Judgement:
    """Judge teams, each given as the positions of its members in the roster."""
    verdicts = tuple(tuple(verdict(criterion, team) for criterion in criteria) for team in teams)
    scores = tuple(team_score(criteria, row) for row in verdicts)
    missed = [
        c.rule.is_hard
        for row in verdicts
        for c, v in zip(criteria, row, strict=True)
        if c.rule.weight and not v.met
    ]
    return Judgement(
        verdicts=verdicts,
        scores=scores,
        goal=goal(scores),
        loss=math.fsum(map(team_loss, scores)),
        broken=sum(missed),
        unmet=len(missed) - sum(missed),
    )
