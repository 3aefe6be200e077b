"""A learner takes the next work to review: how long on PostgreSQL, and who is left with nothing.

    python -m benchmarks.pulling            1,000 and 100,000 works; drop-out with 2,000 works
    python -m benchmarks.pulling --small    100 and 5,000 works; drop-out with 500

The first table is the product's own code, with its commit, in a pool of so many works of which every
third is in hand; what counts is that it takes no longer in the large one. *Take* is what has to wait
for others: the reviewer's row held, holds that ran out freed, the neediest lawful work found and
locked, counted and leased. *Press* is the whole use case: besides, the rights, dates, own work and bars
of that reviewer, looked up one by one. Beside them stands the shortest statement there is, by the same
library, as a measure of the machine.

The second is a model of a week in which some never come and some abandon what they took: works are
handed in uniformly over three days before reviewing opens, 5 % over the two days after it; reviewers
come at some time of the rest of the week, take one work after another, write for 0.2 to 1.5 hours, and
are gone for good when they abandon one, whose hold lapses after a day. Beside the product's order stand
"oldest first" and chance.
"""

from __future__ import annotations

import heapq
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from benchmarks.report import Report, arguments
from coursecrew.app.memory import ONE_TENANT
from coursecrew.app.ports import Ports
from coursecrew.app.records import POOL, REVIEWS, WORKS, RecordType
from coursecrew.app.reviewing.places import judge_of, place_of
from coursecrew.app.reviewing.pool import pull, take
from coursecrew.app.unit_of_work import run
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import ReviewRules
from coursecrew.domain.reviewing import Cause, PoolWork, Review, ReviewState
from coursecrew.domain.schedule import Window
from coursecrew.domain.submissions import Work, WorkState
from coursecrew_lti.migrations import migrate
from coursecrew_lti.store import make_engine, transaction
from coursecrew_lti.tables import TABLES
from tests import services
from tests.builders import CLOSES, START, a_peer_review, actor, an_assignment, come_in, world

PER_WORK = 3
BATCH = 5_000
WARM = 5  # presses that are not timed
STATEMENTS = 1_000
SHORTEST = text("select 1")
WEEK, OPENS, LEASE = 24.0 * 7, 24.0 * 3, 24.0  # hours; handing in begins at 0


# --- how long a take takes ---


@dataclass(frozen=True)
class Timed:
    """Milliseconds of each press and of each take, and of the shortest statement."""

    press: list[float]
    take: list[float]
    statement: float


def timed(size: int, takes: int) -> Timed:
    """Presses by that many people and takes by as many others, out of a pool of that many works."""
    with services.fresh_postgres() as url:
        engine = make_engine(url)
        migrate(engine)
        try:
            ports = replace(world(START), transaction=lambda: transaction(engine, ONE_TENANT))
            of = an_assignment(ports)
            people = [actor(f"p{number}") for number in range(2 * takes + WARM)]
            come_in(ports, *people)
            activity = a_peer_review(
                ports, of, ReviewRules(per_work=PER_WORK), Window(START, CLOSES + timedelta(days=30))
            )
            _fill(engine, of.id, activity.id, size)
            ports.clock.move_to(CLOSES + timedelta(days=1))
            presses = [_press(ports, who, activity.id) for who in people[: takes + WARM]][WARM:]
            alone = [_take(ports, who, activity.id) for who in people[takes + WARM :]]
            return Timed(presses, alone, _statement(engine))
        finally:
            engine.dispose()


def _press(ports: Ports, who: Actor, activity: str) -> float:
    """The whole use case."""
    begun = time.perf_counter()
    run(ports, take, who, activity)
    return (time.perf_counter() - begun) * 1000


def _take(ports: Ports, who: Actor, activity: str) -> float:
    """The part of it that guards the works, once it is known who asks."""
    place = run(ports, place_of, activity)
    judge = run(ports, judge_of, who, place)
    begun = time.perf_counter()
    run(ports, pull, place, judge)
    return (time.perf_counter() - begun) * 1000


def _statement(engine: Any) -> float:
    with engine.connect() as connection:
        begun = time.perf_counter()
        for _ in range(STATEMENTS):
            connection.execute(SHORTEST).scalar_one()
        return (time.perf_counter() - begun) * 1000 / STATEMENTS


def _fill(engine: Any, of: str, activity: str, size: int) -> None:
    """Works in the pool, straight into the tables: handed in one after the other."""
    with engine.begin() as connection:
        for begin in range(0, size, BATCH):
            numbers = range(begin, min(begin + BATCH, size))
            works = [_work(of, number) for number in numbers]
            pool = [_pool(activity, number) for number in numbers]
            held = [_review(activity, number) for number in numbers if _is_held(number)]
            connection.execute(TABLES[WORKS.table].insert(), [_row(WORKS, row) for row in works])
            connection.execute(TABLES[POOL.table].insert(), [_row(POOL, row) for row in pool])
            connection.execute(TABLES[REVIEWS.table].insert(), [_row(REVIEWS, row) for row in held])
    with engine.connect() as connection:
        connection.exec_driver_sql("analyze")
        connection.commit()


def _work(of: str, number: int) -> Work:
    return Work(f"w{number:031d}", of, f"t{number:031d}", state=WorkState.IN_REVIEW)


def _pool(activity: str, number: int) -> PoolWork:
    at = START + timedelta(seconds=number)
    return PoolWork(
        f"q{number:031d}", activity, f"w{number:031d}", f"t{number:031d}", f"s{number:031d}", at, tie=number,
        taken=int(_is_held(number)),
    )  # fmt: skip


def _is_held(number: int) -> bool:
    """Whether somebody is writing about that work now: every third is in hand."""
    return number % 3 == 0


def _review(activity: str, number: int) -> Review:
    return Review(
        f"r{number:031d}", activity, f"q{number:031d}", f"t{number:031d}", f"x{number:031d}", by_team=False,
        state=ReviewState.LEASED, cause=Cause.DUTY, place=1, alias=1, taken_at=CLOSES,
        lease_until=CLOSES + timedelta(days=2, seconds=number),
    )  # fmt: skip


def _row(kind: RecordType[Any], record: Any) -> dict[str, Any]:
    stored = {name: column.to_stored(getattr(record, name)) for name, column in kind.columns.items()}
    return {**stored, "tenant": ONE_TENANT}


# --- who is left with nothing ---

Counts = NDArray[np.int64]
Hours = NDArray[np.float64]
Order = Callable[[Counts, Counts, Hours, float, Random], int]


def fewest_first(
    taken: np.ndarray, submitted: np.ndarray, handed_in: np.ndarray, at: float, chance: Random
) -> int:
    """The product's order; in the last two holds before the end, finished reviews come before holds."""
    if at > WEEK - 2 * LEASE:
        return int(np.lexsort((handed_in, taken, submitted))[0])
    return int(np.lexsort((handed_in, taken))[0])


def oldest_first(
    taken: np.ndarray, submitted: np.ndarray, handed_in: np.ndarray, at: float, chance: Random
) -> int:
    """Whichever was handed in first and has fewer than it needs."""
    return int(np.argmin(handed_in))


def by_chance(
    taken: np.ndarray, submitted: np.ndarray, handed_in: np.ndarray, at: float, chance: Random
) -> int:
    """Any that has fewer than it needs."""
    return chance.randrange(len(taken))


def week(order: Order, works: int, never: float, abandon: float, seed: int) -> tuple[float, float]:
    """Reviews a work, and the share of works with none, when reviews are due."""
    chance = Random(seed)
    handed_in = np.array(
        [
            chance.uniform(OPENS, OPENS + 48) if chance.random() < 0.05 else chance.uniform(0, OPENS)
            for _ in range(works)
        ]
    )
    taken, submitted = np.zeros(works, int), np.zeros(works, int)
    events: list[tuple[float, int, int, int]] = []  # at, kind (0 lapse, 1 submit, 2 come), person, work
    left = [PER_WORK] * works
    seen: list[set[int]] = [{person} for person in range(works)]
    for person in range(works):
        if chance.random() >= never:
            begins = max(OPENS, handed_in[person])
            heapq.heappush(events, (begins + chance.betavariate(2, 1.2) * (WEEK - begins), 2, person, -1))
    while events:
        at, kind, person, work = heapq.heappop(events)
        if at > WEEK:
            break
        if kind == 0:
            taken[work] -= 1
        elif kind == 1:
            submitted[work] += 1
            heapq.heappush(events, (at + chance.expovariate(1 / 6), 2, person, -1))
        elif left[person]:
            open_ = np.flatnonzero((handed_in <= at) & (taken < PER_WORK))
            open_ = open_[[number not in seen[person] for number in open_]]
            if not len(open_):
                continue
            chosen = int(open_[order(taken[open_], submitted[open_], handed_in[open_], at, chance)])
            taken[chosen] += 1
            seen[person].add(chosen)
            left[person] -= 1
            if chance.random() < abandon:
                heapq.heappush(events, (at + LEASE, 0, person, chosen))
            else:
                heapq.heappush(events, (at + chance.uniform(0.2, 1.5), 1, person, chosen))
    return float(submitted.mean()), float((submitted == 0).mean() * 100)


def main(argv: Sequence[str] | None = None) -> int:
    small = arguments(__doc__, argv).small
    report = Report("pulling", small=small)
    medians: dict[str, list[float]] = {"take": [], "press": []}
    for size in (100, 5_000) if small else (1_000, 100_000):
        found = timed(size, 60 if small else 400)
        for what, each in (("take", sorted(found.take)), ("press", sorted(found.press))):
            medians[what].append(statistics.median(each))
            report.row(
                "milliseconds on PostgreSQL, with the commit",
                {
                    "what": what, "works": size, "median": medians[what][-1],
                    "95 %": each[int(len(each) * 0.95)], "shortest statement": found.statement,
                    "in such statements": medians[what][-1] / found.statement,
                },
            )  # fmt: skip
    works, seeds = (500, 1) if small else (2_000, 3)
    nothing: dict[tuple[str, float], float] = {}
    orders: tuple[tuple[str, Order], ...] = (
        ("fewest first", fewest_first), ("oldest first", oldest_first), ("by chance", by_chance),
    )  # fmt: skip
    for never, abandon in ((0.0, 0.0), (0.1, 0.05), (0.3, 0.12), (0.5, 0.2)):
        for name, order in orders:
            weeks = [week(order, works, never, abandon, seed) for seed in range(seeds)]
            nothing[name, never] = statistics.mean(left for _, left in weeks)
            report.row(
                "works with nothing when reviews are due",
                {
                    "order": name, "never come %": never * 100, "abandon %": abandon * 100,
                    "reviews a work": statistics.mean(have for have, _ in weeks),
                    "nothing %": nothing[name, never],
                },
            )  # fmt: skip
    larger = "5,000 / 100" if small else "100,000 / 1,000"
    for what, (few, many) in medians.items():
        report.claim(f"median of a {what}, {larger} works", many / few, floor=2, goal=1.2)
    if not small:
        report.claim("milliseconds of a take, 100,000 works", medians["take"][1], floor=5, goal=1)
    report.claim("% with nothing, 30 / 12 %", nothing["fewest first", 0.3], floor=1 if small else 0.5, goal=0)
    report.claim(
        "the same by oldest first, divided", nothing["fewest first", 0.3] / nothing["oldest first", 0.3],
        floor=0.1, goal=0.01,
    )  # fmt: skip
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
