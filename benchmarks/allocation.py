"""Allocation of reviews: time, bars, loads, and how well the graph of reviews mixes.

    python -m benchmarks.allocation [--small]

Person i wrote work i, teams of three, one tenth as many declared conflicts as works. Beside ours the
plain ring (everybody reviews the next k; it takes no bars) and the scan for the least-loaded lawful
reviewer, which is how allocation is usually written. Times are the process's own CPU seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, maximum_flow
from scipy.sparse.linalg import svds

from benchmarks.report import Report, arguments
from coursecrew.domain.allocation import Cut, Pool, deal, reading_order, ring


def class_of(size: int, seed: int) -> Pool:
    chance = np.random.default_rng([seed, size])
    team = np.arange(size) // 3
    conflicts = chance.integers(0, size, (size // 10, 2))
    bars = np.unique(conflicts[:, 0] * size + conflicts[:, 1])
    return Pool(size, size, np.arange(size), team, team.copy(), bars)


def scan(pool: Pool, per_work: int) -> np.ndarray:
    """For each slot look through all reviewers for the least-loaded lawful one."""
    loads = [0] * pool.reviewers
    teams = pool.group_of_reviewer.tolist()
    slots = np.empty((pool.works, per_work), dtype=np.int64)
    bars = set(pool.bars.tolist())
    for column in range(per_work):
        for work in range(pool.works):
            here, team, code = set(slots[work, :column].tolist()), teams[work], work * pool.reviewers
            best, least = -1, per_work * pool.works
            for reviewer, load in enumerate(loads):
                if load >= least or teams[reviewer] == team or reviewer in here:
                    continue
                if code + reviewer not in bars:
                    best, least = reviewer, load
            slots[work, column] = best
            loads[best] += 1
    return slots


def broken_bars(pool: Pool, slots: np.ndarray) -> int:
    own_team = pool.group_of_reviewer[slots] == pool.group_of_work[:, None]
    codes = np.arange(pool.works)[:, None] * pool.reviewers + slots
    twice = len(codes.ravel()) - len(np.unique(codes))
    return int(own_team.sum() + np.isin(codes, pool.bars).sum()) + twice


def mutual(pool: Pool, slots: np.ndarray) -> int:
    work = np.repeat(np.arange(pool.works), slots.shape[1])
    here, there = work * pool.works + slots.ravel(), slots.ravel() * pool.works + work
    return int(np.isin(here, there).sum()) // 2


def graph_of(slots: np.ndarray) -> csr_array:
    size, per_work = slots.shape
    work = np.repeat(np.arange(size), per_work)
    return csr_array(coo_array((np.ones(size * per_work), (work, slots.ravel())), shape=(size, size)))


def mixing(slots: np.ndarray) -> float:
    """Second singular value over 2 sqrt(k - 1): 1 is as good as a random regular graph can be."""
    size, per_work = slots.shape
    start = np.random.default_rng(0).normal(size=size)
    values = svds(graph_of(slots), k=2, return_singular_vectors=False, tol=1e-4, v0=start)
    return float(np.sort(values)[0]) / (2 * np.sqrt(per_work - 1))


def parts(slots: np.ndarray) -> int:
    """Components of the class in which who reviews whom is a link."""
    return int(connected_components(graph_of(slots), directed=True, connection="weak")[0])


def seconds_of(work: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def row(name: str, pool: Pool, slots: np.ndarray, seconds: float) -> dict[str, Any]:
    loads = np.bincount(slots.ravel(), minlength=pool.reviewers)
    return {
        "way": name,
        "works": pool.works,
        "k": slots.shape[1],
        "seconds": seconds,
        "bars broken": broken_bars(pool, slots),
        "loads": f"{loads.min()}-{loads.max()}",
        "each other": mutual(pool, slots),
        "parts": parts(slots),
        "mixing": mixing(slots),
    }


def ours(pool: Pool, per_work: int, seed: int) -> np.ndarray:
    slots = deal(pool, per_work, seed)
    assert isinstance(slots, np.ndarray)
    reading_order(slots, pool.reviewers, seed)
    return slots


def ring_slots(pool: Pool, per_work: int) -> np.ndarray:
    size = pool.works
    order = np.argsort(np.random.PCG64(1).random_raw(size), kind="stable").tolist()
    slots: list[list[int]] = [[] for _ in range(size)]
    for reviewer, works in ring(order, per_work).items():
        for work in works:
            slots[work].append(reviewer)
    return np.array(slots)


def small_classes(seeds: int) -> dict[str, Any]:
    """All classes of 2 to 12 with all k below, without bars and with random ones."""
    runs = complete = possible = barred_complete = 0
    start = time.process_time()
    for size in range(2, 13):
        own = np.arange(size)
        for per_work in range(1, size):
            for seed in range(seeds):
                plain = Pool(size, size, own, own, own.copy(), np.array([], dtype=np.int64))
                runs += 1
                complete += not isinstance(deal(plain, per_work, seed), Cut)
    seconds = time.process_time() - start
    for size in range(2, 13):
        own = np.arange(size)
        for per_work in range(1, size):
            for seed in range(seeds):
                chance = np.random.default_rng([size, per_work, seed])
                bars = np.flatnonzero(chance.random(size * size) < chance.choice([0.05, 0.15, 0.3]))
                pool = Pool(size, size, own, own, own.copy(), bars)
                full = flow(pool, per_work) == size * per_work
                possible += full
                barred_complete += full and not isinstance(deal(pool, per_work, seed), Cut)
    return {
        "classes": runs,
        "complete": complete,
        "ms each": 1000 * seconds / runs,
        "with bars possible": possible,
        "of these complete": barred_complete,
    }


def flow(pool: Pool, per_work: int) -> int:
    """A maximum flow under the loads that the engine allows itself, by scipy."""
    size = pool.works
    lawful = pool.lawful_works()
    level = 0
    while np.minimum(lawful, level + 1).sum() <= size * per_work and level <= size:
        level += 1
    capacity = np.zeros((2 * size + 2, 2 * size + 2), dtype=np.int32)
    capacity[0, 1 : size + 1] = per_work
    capacity[size + 1 : -1, -1] = level + 1
    for work in range(size):
        free = sorted(set(range(size)) - pool.barred_from(work))
        capacity[1 + work, [1 + size + reviewer for reviewer in free]] = 1
    return int(maximum_flow(csr_array(capacity), 0, 2 * size + 1).flow_value)


def main(argv: Sequence[str] | None = None) -> int:
    small = arguments(__doc__, argv).small
    report = Report("allocation", small=small)
    largest = 20_000 if small else 100_000
    worst_mixing = worst_seconds = 0.0
    broken = uneven = 0
    for size in (120, 1_000, 5_000, largest):
        for per_work in (3, 4):
            for seed in range(1 if small or size == largest else 3):
                pool = class_of(size, seed)
                slots = ours(pool, per_work, seed)
                seconds = seconds_of(lambda p=pool, k=per_work, s=seed: ours(p, k, s), 3)  # type: ignore[misc]
                figures = row("orders", pool, slots, seconds)
                report.row("allocation", figures)
                broken += broken_bars(pool, slots) + mutual(pool, slots)
                loads = np.bincount(slots.ravel(), minlength=size)
                uneven += int(loads.max() - loads.min())
                if size >= 1_000:
                    worst_mixing = max(worst_mixing, mixing(slots))
                if size == largest and per_work == 3:
                    worst_seconds = seconds
    pool = class_of(1_000, 0)
    slots = ring_slots(pool, 3)
    report.row("allocation", row("ring", pool, slots, seconds_of(lambda: ring_slots(pool, 3), 3)))
    size = 1_000 if small else 4_000
    pool = class_of(size, 0)
    start = time.process_time()
    slots = scan(pool, 3)
    scanned = time.process_time() - start
    report.row("allocation", row("scan", pool, slots, scanned))
    ratio = seconds_of(lambda: ours(pool, 3, 0), 5) / scanned
    figures = small_classes(1 if small else 10)
    report.row("2 to 12 works, every k", figures)
    report.claim(f"seconds, {largest} works, k = 3", worst_seconds, floor=0.3, goal=0.1)
    report.claim(
        f"time / least-loaded scan, {size} works", ratio, floor=1 / 50 if small else 1 / 100, goal=1 / 1000
    )
    report.claim("bars broken, pairs twice or each other", broken, floor=0, goal=0)
    report.claim("difference of loads", uneven, floor=0, goal=0)
    report.claim("second singular value / 2 sqrt(k-1), 1,000 works on", worst_mixing, floor=1.02, goal=1.005)
    report.claim("2 to 12 works, not complete", figures["classes"] - figures["complete"], floor=0, goal=0)
    report.claim(
        "with random bars, possible by flow and not complete",
        figures["with bars possible"] - figures["of these complete"],
        floor=0,
        goal=0,
    )
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
