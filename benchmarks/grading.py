"""Peer grades: how near each way of grading comes to the true grade, in made-up classes.

    python -m benchmarks.grading            everything (several minutes)
    python -m benchmarks.grading --small    one size and few seeds, for CI (COURSECREW_BENCH=small)

True grades N(72, 13) clipped to 0-100; biases N(0, 7); noise 9 / sqrt(Gamma(4, 1/4)) for each reviewer
(unequal) or 9; points to two places, clipped. Beside ours, on the same reviews: mean, median, trimmed,
PG1 (Piech et al. 2013; Gibbs, 300 rounds, told the true constants) and Vancouver (de Alfaro and
Shavlik 2014, 10 rounds).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report import Report, arguments
from coursecrew.domain.allocation import Pool, deal
from coursecrew.domain.peer_grades import Calibration, calibrate

WORLDS = ("careless", "biases", "unequal", "generous", "clique", "levels", "nothing")
SCALE = (0.0, 100.0)


@dataclass(frozen=True)
class World:
    """A class: who reviewed what, what they gave, and what the works are worth."""

    truth: np.ndarray
    work: np.ndarray
    reviewer: np.ndarray
    points: np.ndarray
    bias_sd: float

    @property
    def size(self) -> int:
        return len(self.truth)

    @property
    def table(self) -> np.ndarray:
        """Points as works x k; the reviews of a work stand together."""
        return self.points.reshape(self.size, -1)

    def calibrated(self, **more) -> Calibration:
        return calibrate(
            self.work, self.reviewer, self.points, works=self.size, reviewers=self.size, scale=SCALE, **more
        )


def make(kind: str, size: int, per_work: int, seed: int) -> World:
    """A class of `size` works and reviewers, everybody with `per_work` reviews."""
    chance = np.random.default_rng([seed, size, per_work, WORLDS.index(kind)])
    own = np.arange(size)
    slots = deal(Pool(size, size, own, own, own.copy(), np.array([], dtype=np.int64)), per_work, seed)
    assert isinstance(slots, np.ndarray)
    work, reviewer = np.repeat(own, per_work), slots.ravel()
    truth = np.clip(chance.normal(72, 13, size), 0, 100)
    bias_sd = 0.0 if kind == "nothing" else 7.0
    bias = chance.normal(0, 1, size) * bias_sd
    noise = np.full(size, 9.0)
    if kind not in ("biases", "nothing"):
        noise = 9 / np.sqrt(chance.gamma(4, 0.25, size))
    points = truth[work] + bias[reviewer] + chance.normal(0, 1, len(work)) * noise[reviewer]
    odd = chance.random(size) < {"careless": 0.12, "generous": 0.15, "clique": 0.15}.get(kind, 0.0)
    if kind == "careless":
        points = np.where(odd[reviewer], chance.uniform(40, 100, len(work)), points)
    elif kind == "generous":
        points = np.where(odd[reviewer], chance.uniform(92, 100, len(work)), points)
    elif kind == "clique":
        points = np.where(odd[reviewer], np.where(odd[work], 100.0, points - 10), points)
    points = np.clip(np.round(points, 2), 0, 100)
    if kind == "levels":
        points = np.round(points / 20) * 20
    return World(truth, work, reviewer, points, bias_sd)


def trimmed(table: np.ndarray) -> np.ndarray:
    return np.median(table, axis=1) if table.shape[1] < 5 else np.sort(table, axis=1)[:, 1:-1].mean(axis=1)


def pg1(world: World, seed: int, rounds: int = 300, burn: int = 50) -> np.ndarray:
    """Piech et al. 2013, model PG1, by Gibbs sampling under the true class constants."""
    chance = np.random.default_rng([seed, 77])
    size, work, reviewer, points = world.size, world.work, world.reviewer, world.points
    grade = world.table.mean(axis=1)
    bias = np.zeros(size)
    of = np.bincount(reviewer, minlength=size)
    total = np.zeros(size)
    bias_precision = 1 / max(world.bias_sd, 1e-3) ** 2
    for turn in range(rounds):
        off = points - grade[work] - bias[reviewer]
        squares = np.bincount(reviewer, off**2, size)
        precision = chance.gamma(4 + of / 2) / (4 * 81 * 1.0 + squares / 2)
        weight = precision[reviewer]
        held = np.bincount(reviewer, weight, size) + bias_precision
        centre = np.bincount(reviewer, weight * (points - grade[work]), size) / held
        bias = centre + chance.normal(0, 1, size) / np.sqrt(held)
        held = np.bincount(work, weight, size) + 1 / 13**2
        centre = (np.bincount(work, weight * (points - bias[reviewer]), size) + 72 / 13**2) / held
        grade = centre + chance.normal(0, 1, size) / np.sqrt(held)
        if turn >= burn:
            total += grade
    return np.clip(total / (rounds - burn), 0, 100)


def vancouver(world: World, rounds: int = 10) -> np.ndarray:
    """De Alfaro and Shavlik 2014: weights from each reviewer's variance on the other works."""
    size, work, reviewer, points = world.size, world.work, world.reviewer, world.points
    variance = np.full(len(points), 1.0)  # of a review, as sent to its work
    for _ in range(rounds):
        weight = 1 / np.maximum(variance, 1e-2)
        sums, pulls = np.bincount(work, weight, size), np.bincount(work, weight * points, size)
        rest = np.maximum(sums[work] - weight, 1e-12)
        expected, doubt = (pulls[work] - weight * points) / rest, 1 / rest
        surprise = (points - expected) ** 2
        trust = 1 / (doubt + 1e-9)
        sums2 = np.bincount(reviewer, trust, size)[reviewer] - trust
        pulls2 = np.bincount(reviewer, trust * surprise, size)[reviewer] - trust * surprise
        variance = np.where(sums2 > 1e-9, pulls2 / np.maximum(sums2, 1e-9), surprise.mean())
    weight = 1 / np.maximum(variance, 1e-2)
    return np.bincount(work, weight * points, size) / np.bincount(work, weight, size)


def rmse(grade: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(((grade - truth) ** 2).mean()))


def run_world(kind: str, size: int, per_work: int, seeds: int, *, peers: bool) -> dict[str, float]:
    """Errors of all ways, averaged over seeds; ratios of ours to the mean and median of each seed."""
    errors: dict[str, list[float]] = {}
    inside, top, top_mean, shut = [], [], [], 0
    for seed in range(seeds):
        world = make(kind, size, per_work, seed)
        result = world.calibrated()
        shut += not (result.constants and result.constants.corrects)
        grades = {
            "mean": world.table.mean(axis=1),
            "median": np.median(world.table, axis=1),
            "trimmed": trimmed(world.table),
            "ours": result.grade,
        }
        if peers:
            grades |= {"pg1": pg1(world, seed), "vancouver": vancouver(world)}
        for name, grade in grades.items():
            errors.setdefault(name, []).append(rmse(grade, world.truth))
        known = np.isfinite(result.error)
        inside.append(
            float((np.abs(result.grade - world.truth) <= 2 * result.error)[known].mean())
            if known.any()
            else np.nan
        )
        best = np.argsort(world.truth)[-size // 10 :]
        top.append(float((result.grade - world.truth)[best].mean()))
        top_mean.append(float((grades["mean"] - world.truth)[best].mean()))
    ours, means, medians = (np.array(errors[name]) for name in ("ours", "mean", "median"))
    row = {name: float(np.mean(values)) for name, values in errors.items()}
    return row | {
        "ours / median": float((ours / medians).mean()),
        "ours / mean": float((ours / means).mean()),
        "ours / better": float((ours / np.minimum(means, medians)).mean()),
        "spread": float((ours / means).std()),
        "inside": float(np.nanmean(inside)) if np.isfinite(inside).any() else float("nan"),
        "top decile": float(np.mean(top)),
        "top decile, mean": float(np.mean(top_mean)),
        "shut": shut / seeds,
    }


def raises(seeds: int, *, size: int = 120, per_work: int = 3) -> dict[str, float]:
    """Raise single reviews by 1 to 40 points: does the work's own grade ever fall?"""
    worst_held = worst_anew = 0.0
    tried = lowered_held = lowered_anew = 0
    for seed in range(seeds):
        world = make("careless", size, per_work, seed)
        before = world.calibrated()
        chance = np.random.default_rng([seed, 5])
        for _ in range(40):
            at = int(chance.integers(len(world.points)))
            points = world.points.copy()
            points[at] = min(100.0, points[at] + chance.uniform(1, 40))
            raised = World(world.truth, world.work, world.reviewer, points, world.bias_sd)
            own = world.work[at]
            held = before.grade[own] - raised.calibrated(constants=before.constants).grade[own]
            anew = before.grade[own] - raised.calibrated().grade[own]
            tried += 1
            lowered_held += held > 1e-5
            lowered_anew += anew > 1e-5
            worst_held, worst_anew = max(worst_held, held), max(worst_anew, anew)
    return {
        "raises": tried,
        "lowered, constants held": lowered_held,
        "by at most": worst_held,
        "lowered, estimated anew": lowered_anew,
        "then by at most": worst_anew,
    }


def speed(size: int, per_work: int) -> dict[str, float]:
    world = make("careless", size, per_work, 0)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        world.calibrated()
        seconds.append(time.process_time() - start)
    start = time.process_time()
    np.median(world.table, axis=1)
    return {
        "works": size,
        "k": per_work,
        "seconds": min(seconds),
        "median seconds": time.process_time() - start,
    }


def main(argv: Sequence[str] | None = None) -> int:
    small = arguments(__doc__, argv).small
    report = Report("grading", small=small)
    seeds = 5 if small else 20
    for kind in WORLDS:
        report.row(
            "worlds", {"world": kind, "works": 400, "k": 4} | run_world(kind, 400, 4, seeds, peers=not small)
        )
    for size, per_work in (
        [(120, 3)]
        if small
        else [(30, 3), (120, 2), (120, 3), (120, 4), (400, 2), (400, 3), (400, 6), (5000, 4)]
    ):
        for kind in ("careless", "nothing") if small else WORLDS:
            count = max(3, min(seeds * 4, seeds * 400 // size)) if not small else seeds
            report.row(
                "sizes",
                {"world": kind, "works": size, "k": per_work}
                | run_world(kind, size, per_work, count, peers=False),
            )
    report.row("raises", raises(2 if small else 20))
    report.row("speed", speed(10_000 if small else 100_000, 4))
    careless = report.rows["worlds"][0]
    report.claim(
        "calibrated / median, careless, 400 x 4",
        careless["ours / median"],
        floor=0.93 if small else 0.90,
        goal=0.86,
    )
    report.claim(
        "calibrated / mean, careless, 400 x 4",
        careless["ours / mean"],
        floor=0.96 if small else 0.93,
        goal=0.89,
    )
    worst = max(
        (row for name in ("worlds", "sizes") for row in report.rows[name] if row["works"] >= 120),
        key=lambda row: row["ours / better"],
    )
    report.claim(
        f"calibrated / better of both, worst world ({worst['world']} {worst['works']} x {worst['k']})",
        worst["ours / better"],
        floor=1.02 if small else 1.01,
        goal=1.00,
    )
    report.claim(
        "own grade lowered by a raise, constants held",
        report.rows["raises"][0]["by at most"],
        floor=1e-5,
        goal=1e-5,
    )
    report.claim(
        "own grade lowered by a raise, estimated anew",
        report.rows["raises"][0]["then by at most"],
        floor=0.5,
        goal=0.05,
    )
    beyond = max(0.0, abs(careless["top decile"]) - abs(careless["top decile, mean"]))
    report.claim("top-decile error beyond the mean's", beyond, floor=0.5, goal=0.0)
    report.claim("seconds for all reviews", report.rows["speed"][0]["seconds"], floor=5.0, goal=1.0)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
