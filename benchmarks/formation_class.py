"""The class that team formation is measured on: skills, fields, marks, hours, wishes in ten time zones.

`GENERATOR` is part of every stored best-known value: another generator is another class.
"""

from __future__ import annotations

import random

from coursecrew.domain.formation.rules import Kind, Rule, Rules, Sizes
from coursecrew.domain.formation.traits import HOURS_A_WEEK, Roster, roster_of, week_text

GENERATOR = 1
ZONES = (-8, -5, -3, 0, 1, 2, 3, 5.5, 8, 9)
ZONE_WEIGHTS = (3, 6, 2, 6, 4, 3, 2, 5, 3, 2)

RULES = (
    Rule("skill", Kind.DIVERSE, 3),
    Rule("field", Kind.DIVERSE, 2),
    Rule("gpa", Kind.BALANCED, 2),
    Rule("effort", Kind.SIMILAR, 2),
    Rule("gender", Kind.NO_ISOLATION, 5, values=("woman",)),
    Rule("availability", Kind.OVERLAP, 5, min_hours=6),
    Rule("topics", Kind.TOPIC, 3),
)


def a_class(learners: int, seed: int) -> tuple[Roster, Rules]:
    """The class of that size and seed, and what its instructor wants."""
    chance = random.Random(seed * 1_000_003 + learners)
    popularity = [chance.gammavariate(3, 1) for _ in range(12)]
    rows = [(f"p{number:06}", _answers(chance, popularity)) for number in range(learners)]
    mixed = [key for key, _ in rows]
    chance.shuffle(mixed)
    pairs = [(mixed[at], mixed[at + 1]) for at in range(0, learners // 10 - 1, 2)]
    rules = Rules(Sizes(3, 4, 5), RULES, together=tuple(pairs[::2]), apart=tuple(pairs[1::2]))
    return roster_of(rows), rules


def _answers(chance: random.Random, popularity: list[float]) -> dict[str, str]:
    topics = sorted(range(12), key=lambda at: -(chance.random() ** (1 / popularity[at])))[:3]
    gender = chance.choices(("woman", "man", "other", ""), (28, 62, 3, 7))[0]
    return {
        "availability": _hours(chance),
        "skill": _unless(chance, 0.04, f"s{chance.randrange(5)}"),
        "field": _unless(chance, 0.05, f"f{chance.randrange(8)}"),
        "gpa": _unless(chance, 0.06, f"{min(4.0, max(1.0, chance.gauss(2.9, 0.6))):.2f}"),
        "effort": _unless(chance, 0.05, str(min(25, max(1, round(chance.lognormvariate(1.8, 0.45)))))),
        "gender": gender,
        "topics": _unless(chance, 0.05, ";".join(f"t{topic:02}" for topic in topics)),
    }


def _unless(chance: random.Random, share: float, text: str) -> str:
    return "" if chance.random() < share else text


def _hours(chance: random.Random) -> str:
    zone = chance.choices(ZONES, ZONE_WEIGHTS)[0]
    evening = chance.random() < 0.7
    silent = chance.random() < 0.03
    free = set()
    for day in range(7):
        start = (18 if day < 5 else 9) if evening else 9
        start += chance.randint(-1, 2)
        for hour in range(start, start + chance.randint(2, 5)):
            if chance.random() < 0.85:
                # Half an hour's offset: an hour counts if half of it is free.
                free.add((day * 24 + hour - int(zone)) % HOURS_A_WEEK)
    return "" if silent else week_text(free)
