"""One grade out of several reviews: mean, median, trimmed mean, and calibrated to reviewers' habits.

The first three work exactly, criterion by criterion. `calibrated` corrects a review by what its
reviewer did on *other* works: a habit of being generous or strict, and how far they usually are from
the others. Its model is points = grade + bias of the reviewer + noise, with biases normally
distributed and the noise of each reviewer on a grid of eight sizes. The grade itself has no prior,
so nobody is pulled towards the class mean, and a work to which all gave 100 gets 100.

Sources: Henderson, "Estimation of variance and covariance components" (Biometrics 9, 1953), method 1,
for the class constants; Dempster, Laird and Rubin (J. R. Stat. Soc. B 39, 1977) for the shares of the
grid; Huber, "Robust estimation of a location parameter" (Ann. Math. Stat. 35, 1964) for the grade.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coursecrew.domain.averages import EXACTLY, Method, mean

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Sizes of noise, as multiples of the class's own, and ten make-believe reviewers spread over them.
GRID = 2.0 ** np.arange(-3, 5)
MAKE_BELIEVE = np.array([0.25, 0.5, 1.5, 4.0, 2.0, 1.0, 0.5, 0.25])
ROUNDS = 100
# Below this many disagreements to learn from, habits are guesses.
LEAST_TO_LEARN = 30
LEAST_FOR_HABIT = 3
SMALL_PART = 10
BLOCK = 8_192  # reviews at a time, so that what is computed in between stays near the processor
EXACT = Context(prec=28)


@dataclass(frozen=True)
class Rating:
    """What one reviewer gave one work for one criterion."""

    work: str
    reviewer: str
    criterion: str
    points: Decimal


@dataclass(frozen=True)
class StaffRating:
    """What staff gave a work: for one criterion, or, where `criterion` is empty, in all."""

    work: str
    points: Decimal
    criterion: str = ""


@dataclass(frozen=True)
class Counted:
    """How one review entered a calibrated grade, so that a person can recompute it.

    The grade is the sum of `weight` times `corrected` over the reviews, divided by the sum of the
    weights; where a review lies too far from the rest (`is_clipped`) its weight is lowered until it
    pulls no harder than one at the bound.
    """

    reviewer: str
    points: float
    correction: float  # usual deviation of this reviewer on other works
    other_works: int
    corrected: float
    weight: float
    is_clipped: bool
    is_filled_in: bool  # a criterion was missing and taken from the others on this work


@dataclass(frozen=True)
class PeerGrade:
    """A work's grade, unrounded, in the unit of the points: the sum over criteria.

    `grade` is `None` where a criterion was judged by nobody; `low` and `high` where no honest
    interval can be given.
    """

    work: str
    grade: Decimal | None
    low: Decimal | None
    high: Decimal | None
    reviews: int
    is_staff: bool = False
    counted: tuple[Counted, ...] = ()


@dataclass(frozen=True)
class Habit:
    """How a reviewer usually differs from the others; for staff only, never a penalty by itself.

    `bias` is in points, `reliability` 1 for the typical reviewer, higher for a steadier one; both
    `None` below three usable reviews, or where nothing was corrected.
    """

    reviewer: str
    bias: float | None
    reliability: float | None
    reviews: int


@dataclass(frozen=True)
class Constants:
    """What was learned from the whole class; stored with the result.

    Appeals, exclusions and late reviews after release use the stored ones: then raising a review
    never lowers that work's grade. Estimated anew they would move the whole class.
    """

    bias_variance: float
    noise_variance: float
    shares: tuple[float, ...]  # of the sizes of noise, sum 1
    corrects: bool  # False: correcting did not help, the class gets the plain mean
    shift: float = 0.0  # by which all peers exceed staff


@dataclass(frozen=True)
class Grades:
    """The result for a class."""

    works: tuple[PeerGrade, ...]
    reviewers: tuple[Habit, ...] = ()
    constants: Constants | None = None
    hard_to_compare: tuple[str, ...] = ()  # reviewers in small parts that share no work with the rest


def grade(
    ratings: Iterable[Rating],
    method: Method = Method.MEDIAN,
    *,
    known: Collection[StaffRating] = (),
    works: Collection[str] = (),
    scale: tuple[Decimal, Decimal] | None = None,
    constants: Constants | None = None,
) -> Grades:
    """Grade every work of `ratings`, of `known` and of `works`, sorted by id.

    A work that staff graded (`known`) gets the staff's grade. `scale` is the least and the most a
    work can get in all; without it the sum over criteria of the least and most points that occur.
    Raises `ValueError` if a reviewer rated the same work and criterion twice.
    """
    sheets = _Sheets(ratings, known)
    names = sorted({*sheets.works, *works, *sheets.staff})
    low, high = scale or sheets.scale
    numbers = _numbers(sheets, names)
    if method is Method.CALIBRATED:
        return _calibrated(sheets, names, numbers, (float(low), float(high)), constants)
    widths = _widths(numbers, len(names))
    graded = []
    for number, work in enumerate(names):
        value = sheets.exact(work, EXACTLY[method])
        graded.append(
            _peer_grade(sheets, work, value, None if widths is None else float(widths[number]), (low, high))
        )
    return Grades(tuple(graded))


class _Sheets:
    """The ratings by work, criterion and reviewer."""

    def __init__(self, ratings: Iterable[Rating], known: Iterable[StaffRating]) -> None:
        self.works: dict[str, dict[str, dict[str, Decimal]]] = {}
        for rating in ratings:
            row = self.works.setdefault(rating.work, {}).setdefault(rating.criterion, {})
            if rating.reviewer in row:
                raise ValueError(
                    f"{rating.reviewer} rated work {rating.work} twice for criterion {rating.criterion!r}"
                )
            row[rating.reviewer] = rating.points
        self.criteria = sorted({criterion for work in self.works.values() for criterion in work})
        given: dict[str, dict[str, Decimal]] = {}
        for staff in known:
            given.setdefault(staff.work, {})[staff.criterion] = staff.points
        self.staff: dict[str, Fraction] = {}
        for work, points in given.items():
            total = self._staff_total(work, points)
            if total is not None:
                self.staff[work] = total

    def _staff_total(self, work: str, points: Mapping[str, Decimal]) -> Fraction | None:
        """Staff's points in all; a criterion they left out is that of the peers."""
        if "" in points and (len(points) == 1 or "" not in self.criteria):
            return Fraction(points[""])
        total = Fraction(0)
        for criterion in self.criteria or sorted(points):
            row = list(self.works.get(work, {}).get(criterion, {}).values())
            if criterion in points:
                total += Fraction(points[criterion])
            elif row:
                total += mean(row)
            else:
                return None
        return total

    @property
    def scale(self) -> tuple[Decimal, Decimal]:
        least: dict[str, Decimal] = {}
        most: dict[str, Decimal] = {}
        for work in self.works.values():
            for criterion, row in work.items():
                least[criterion] = min(least.get(criterion, min(row.values())), *row.values())
                most[criterion] = max(most.get(criterion, max(row.values())), *row.values())
        return sum(least.values(), Decimal(0)), sum(most.values(), Decimal(0))

    def is_judged(self, work: str) -> bool:
        """Whether somebody judged every criterion of this work."""
        return bool(self.criteria) and self.works.get(work, {}).keys() >= set(self.criteria)

    def exact(self, work: str, of: object) -> Fraction | None:
        """The sum over criteria of what the function `of` makes of the points for each."""
        if not self.is_judged(work) or not callable(of):
            return None
        return sum((of(list(row.values())) for row in self.works[work].values()), Fraction(0))

    def reviewers(self, work: str) -> list[str]:
        """Who gave this work any points."""
        return sorted({reviewer for row in self.works.get(work, {}).values() for reviewer in row})

    def total(self, work: str, reviewer: str) -> tuple[Fraction, bool]:
        """One review's points in all, and whether a criterion was filled in from the others."""
        total, filled = Fraction(0), False
        for row in self.works[work].values():
            if reviewer in row:
                total += Fraction(row[reviewer])
            else:
                total, filled = total + mean(list(row.values())), True
        return total, filled


@dataclass(frozen=True)
class _Numbers:
    """The reviews as arrays: work, reviewer, points in all, filled in."""

    work: Indices
    reviewer: Indices
    points: Floats
    filled: list[bool]
    people: list[str]


def _numbers(sheets: _Sheets, names: Sequence[str]) -> _Numbers:
    people = sorted({r for work in sheets.works.values() for row in work.values() for r in row})
    place = {person: number for number, person in enumerate(people)}
    work: list[int] = []
    reviewer: list[int] = []
    points: list[float] = []
    filled: list[bool] = []
    for number, name in enumerate(names):
        if not sheets.is_judged(name):
            continue
        for person in sheets.reviewers(name):
            total, is_filled = sheets.total(name, person)
            work.append(number)
            reviewer.append(place[person])
            points.append(float(total))
            filled.append(is_filled)
    return _Numbers(
        np.array(work, dtype=np.int64),
        np.array(reviewer, dtype=np.int64),
        np.array(points, dtype=np.float64),
        filled,
        people,
    )


def _widths(numbers: _Numbers, works: int) -> Floats | None:
    """Two standard errors of each work's mean, the spread pooled over the class; or nothing known."""
    counts = np.bincount(numbers.work, minlength=works)
    freedom = len(numbers.work) - int((counts > 0).sum())
    if freedom < 1:
        return None
    centre = np.bincount(numbers.work, numbers.points, works) / np.maximum(counts, 1)
    spread = float(((numbers.points - centre[numbers.work]) ** 2).sum()) / freedom
    if spread <= 0:
        return None
    widths: Floats = 2 * np.sqrt(spread / np.maximum(counts, 1))
    return widths


def _peer_grade(
    sheets: _Sheets,
    work: str,
    value: Fraction | float | None,
    width: float | None,
    scale: tuple[Decimal, Decimal],
    counted: tuple[Counted, ...] = (),
) -> PeerGrade:
    reviews = len(sheets.reviewers(work))
    if work in sheets.staff:
        return PeerGrade(
            work, _decimal(sheets.staff[work]), None, None, reviews, is_staff=True, counted=counted
        )
    result = None if value is None else _decimal(value)
    if result is None or width is None:
        return PeerGrade(work, result, None, None, reviews, counted=counted)
    least, most = scale
    low = min(result, max(least, result - _decimal(width)))
    high = max(result, min(most, result + _decimal(width)))
    return PeerGrade(work, result, low, high, reviews, counted=counted)


def _decimal(number: Fraction | float) -> Decimal:
    if isinstance(number, Fraction):
        return EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))
    return Decimal(repr(float(number)))


def _calibrated(
    sheets: _Sheets,
    names: Sequence[str],
    numbers: _Numbers,
    scale: tuple[float, float],
    constants: Constants | None,
) -> Grades:
    staff = np.array([float(sheets.staff[name]) if name in sheets.staff else np.nan for name in names])
    result = calibrate(
        numbers.work,
        numbers.reviewer,
        numbers.points,
        works=len(names),
        reviewers=len(numbers.people),
        scale=scale,
        staff=staff,
        constants=constants,
    )
    slots: dict[int, list[int]] = {}
    for at, work in enumerate(numbers.work.tolist()):
        slots.setdefault(work, []).append(at)
    bounds = (_decimal(scale[0]), _decimal(scale[1]))
    graded = []
    for number, name in enumerate(names):
        counted = tuple(
            Counted(
                numbers.people[int(numbers.reviewer[at])],
                float(numbers.points[at]),
                float(result.correction[at]),
                int(result.other_works[at]),
                float(numbers.points[at] - result.correction[at]),
                float(result.weight[at]),
                bool(result.is_clipped[at]),
                numbers.filled[at],
            )
            for at in slots.get(number, ())
        )
        value = float(result.grade[number]) if number in slots else None
        width = 2 * float(result.error[number])
        graded.append(
            _peer_grade(sheets, name, value, width if np.isfinite(width) else None, bounds, counted)
        )
    reviews = np.bincount(numbers.reviewer, minlength=len(numbers.people))
    habits = tuple(
        Habit(
            person,
            float(result.bias[at]) if np.isfinite(result.bias[at]) else None,
            float(result.reliability[at]) if np.isfinite(result.reliability[at]) else None,
            int(reviews[at]),
        )
        for at, person in enumerate(numbers.people)
    )
    return Grades(tuple(graded), habits, result.constants, _hard_to_compare(numbers, len(names)))


def _hard_to_compare(numbers: _Numbers, works: int) -> tuple[str, ...]:
    """Reviewers in parts of the class with fewer than ten, where it has several parts."""
    people = len(numbers.people)
    if not people:
        return ()
    links = (np.ones(len(numbers.work)), (numbers.reviewer, people + numbers.work))
    _, part = connected_components(coo_array(links, shape=(people + works, people + works)), directed=False)
    sizes = np.bincount(part[:people])
    if np.count_nonzero(sizes) < 2:
        return ()
    return tuple(numbers.people[at] for at in np.flatnonzero(sizes[part[:people]] < SMALL_PART))


# --- calibrated, on arrays ---


@dataclass(frozen=True)
class Calibration:
    """Grades and standard errors by work, weights by review, habits by reviewer; nan where unknown.

    The grade of a work is the weighted mean of `points - correction`, clipped to the scale.
    """

    grade: Floats
    error: Floats
    correction: Floats
    weight: Floats
    is_clipped: Flags
    other_works: Indices
    bias: Floats
    reliability: Floats
    constants: Constants | None


def calibrate(
    work: Indices,
    reviewer: Indices,
    points: Floats,
    *,
    works: int,
    reviewers: int,
    scale: tuple[float, float],
    staff: Floats | None = None,
    constants: Constants | None = None,
) -> Calibration:
    """Grade works from reviews given as parallel arrays (one element a review, in any order).

    `work` and `reviewer` are numbers below `works` and `reviewers`, `points` in any unit, `staff` has
    one grade a work or nan. Stored `constants` are used as they are; else they are estimated.
    """
    staff = np.full(works, np.nan) if staff is None else staff
    counts = np.bincount(work, minlength=works)
    known = np.flatnonzero(np.isfinite(staff) & (counts > 0))
    disagreements = len(work) - int((counts > 0).sum())
    enough = disagreements >= LEAST_TO_LEARN or (len(known) > 0 and disagreements > 0)
    held = constants
    if constants is None and enough:
        constants = _class_constants(work, reviewer, points, works, reviewers)
    if constants is None:
        return _plain_mean(work, points, counts, reviewers, staff, scale, with_error=False, constants=None)
    if held is None and len(known):
        constants = _with_shift(constants, work, points, counts, staff, known)
    moved = points - constants.shift
    model = _Model(work, reviewer, moved, counts, reviewers, staff, constants, learn=held is None)
    constants = model.constants
    if held is None and not len(known) and not model.predicts_better():
        constants = Constants(
            constants.bias_variance, constants.noise_variance, constants.shares, corrects=False
        )
    if not constants.corrects:
        return _plain_mean(
            work, points, counts, reviewers, staff, scale, with_error=True, constants=constants
        )
    return model.result(scale)


def _class_constants(
    work: Indices, reviewer: Indices, points: Floats, works: int, reviewers: int
) -> Constants | None:
    """Variances of bias and noise in closed form; `None` where nobody disagrees."""
    total = len(points)
    centred = points - points.mean()
    of_work, of_reviewer = np.bincount(work, minlength=works), np.bincount(reviewer, minlength=reviewers)
    all_squares = float((centred**2).sum())
    work_squares = float((np.bincount(work, centred, works) ** 2 / np.maximum(of_work, 1)).sum())
    reviewer_squares = float(
        (np.bincount(reviewer, centred, reviewers) ** 2 / np.maximum(of_reviewer, 1)).sum()
    )
    a, b = int((of_work > 0).sum()), int((of_reviewer > 0).sum())
    within_works = (all_squares - work_squares) / (total - a)  # bias and noise
    if within_works <= 1e-12 * max(1e-300, float((points**2).mean())):
        return None
    in_works = float((of_work.astype(np.float64) ** 2).sum()) / total
    in_reviewers = float((of_reviewer.astype(np.float64) ** 2).sum()) / total
    divisor = total - in_works - in_reviewers + 1
    noise = within_works
    if total > b and divisor > 0:
        within_reviewers = (all_squares - reviewer_squares) / (total - b)  # grades and noise
        noise = (
            (total - in_works) * within_reviewers + (total - in_reviewers) * within_works - all_squares
        ) / divisor
    noise = min(within_works, max(noise, 0.05 * within_works))
    bias = min(2 * noise, (within_works - noise) * b / (b + 10))
    return Constants(bias, noise, tuple((MAKE_BELIEVE / MAKE_BELIEVE.sum()).tolist()), corrects=True)


def _with_shift(
    constants: Constants, work: Indices, points: Floats, counts: Indices, staff: Floats, known: Indices
) -> Constants:
    """Add the shift by which all peers exceed staff, shrunk by how well the known works tell it."""
    peers = np.bincount(work, points, len(counts))[known] / counts[known]
    bias, noise = constants.bias_variance, constants.noise_variance
    usual = bias + noise / float(np.median(counts[counts > 0]))
    error = float(((bias + noise) / counts[known] + noise / 4).mean()) / len(known)
    shift = float((peers - staff[known]).mean()) * usual / (usual + error)
    return Constants(bias, noise, constants.shares, corrects=True, shift=shift)


class _Model:
    """Everything that is computed between the points and the grades."""

    def __init__(
        self,
        work: Indices,
        reviewer: Indices,
        points: Floats,
        counts: Indices,
        reviewers: int,
        staff: Floats,
        constants: Constants,
        *,
        learn: bool,
    ) -> None:
        self.work, self.reviewer, self.points = work, reviewer, points
        self.works, self.reviewers, self.staff = len(counts), reviewers, staff
        self.others = counts[work] - 1
        self.bias, self.noise = constants.bias_variance, constants.noise_variance
        sums = np.bincount(work, points, self.works)
        plain = (sums[work] - points) / np.maximum(self.others, 1)
        against_staff = np.isfinite(staff)[work]
        self.usable = (self.others > 0) | against_staff
        expected = np.where(against_staff, np.nan_to_num(staff)[work], plain)
        self.deviation = np.where(self.usable, points - expected, 0.0)
        self.plain_error = np.where(self.others > 0, points - plain, 0.0)
        doubt = np.where(against_staff, self.noise / 4, (self.bias + self.noise) / np.maximum(self.others, 1))
        self._add_up(doubt)
        self.constants = self._learned(constants) if learn else constants
        self._correct()

    def _add_up(self, doubt: Floats) -> None:
        """Sums over each reviewer's reviews, for each size of noise: arrays 8 x reviewers."""
        self.sizes = self.noise * GRID
        self.precision = self.usable / (self.sizes[:, None] + doubt)
        # Few values of doubt occur, so the logarithms are taken once for each.
        values, which = np.unique(doubt, return_inverse=True)
        self.logs = np.log(self.sizes[:, None] + values)[:, which] * self.usable
        weighted = self.precision * self.deviation
        self.sum_precision = self._by_reviewer(self.precision)
        self.sum_weighted = self._by_reviewer(weighted)
        self.sum_squares = self._by_reviewer(weighted * self.deviation)
        self.sum_logs = self._by_reviewer(self.logs)
        self.usable_reviews = np.bincount(self.reviewer, self.usable, self.reviewers).astype(np.int64)
        self.likelihood = self._log_likelihood(
            self.sum_precision, self.sum_weighted, self.sum_squares, self.sum_logs
        )

    def _by_reviewer(self, values: Floats) -> Floats:
        return np.stack([np.bincount(self.reviewer, row, self.reviewers) for row in values])

    def _log_likelihood(self, precision: Floats, weighted: Floats, squares: Floats, logs: Floats) -> Floats:
        if not self.bias:
            return -0.5 * (logs + squares)
        fit = weighted**2 / (precision + 1 / self.bias)
        return -0.5 * (logs + squares - fit + np.log1p(self.bias * precision))

    def _learned(self, constants: Constants) -> Constants:
        """The shares of the sizes of noise among the reviewers, by expectation and maximisation."""
        seen = self.likelihood[:, self.usable_reviews > 0]
        # Below e to the -60 nothing can be seen, and the smallest numbers make processors slow.
        likely = np.exp(np.maximum(seen - seen.max(axis=0, initial=-np.inf), -60))
        shares = np.array(constants.shares)
        for _ in range(ROUNDS):
            among = shares * (likely @ (1 / (shares @ likely)))
            new = (among + MAKE_BELIEVE) / (likely.shape[1] + MAKE_BELIEVE.sum())
            moved = float(np.abs(new - shares).max())
            shares = new
            if moved < 1e-5:
                break
        return Constants(
            constants.bias_variance,
            constants.noise_variance,
            tuple(shares.tolist()),
            constants.corrects,
            constants.shift,
        )

    def _correct(self) -> None:
        """Weight and correction of each review, from the reviewer's other works alone."""
        self.weight = np.empty(len(self.work))
        self.correction = np.zeros(len(self.work))
        for start in range(0, len(self.work), BLOCK):
            self._correct_block(slice(start, start + BLOCK))
        usual = 1 / (self.noise + self.bias / 2)
        np.clip(self.weight, 0.5 * usual, 2 * usual, out=self.weight)

    def _correct_block(self, block: slice) -> None:
        of, deviation = self.reviewer[block], self.deviation[block]
        own_precision = self.precision[:, block]
        own = own_precision * deviation
        precision = self.sum_precision[:, of] - own_precision
        weighted = self.sum_weighted[:, of] - own
        squares = self.sum_squares[:, of] - own * deviation
        logs = self.sum_logs[:, of] - self.logs[:, block]
        shares = self._posterior(self._log_likelihood(precision, weighted, squares, logs))
        if not self.bias:
            self.weight[block] = (shares / self.sizes[:, None]).sum(axis=0)
            return
        variance = 1 / (precision + 1 / self.bias)
        shares /= self.sizes[:, None] + variance
        self.weight[block] = shares.sum(axis=0)
        self.correction[block] = (shares * weighted * variance).sum(axis=0) / self.weight[block]

    def _posterior(self, likelihood: Floats) -> Floats:
        shares: Floats = np.exp(likelihood - likelihood.max(axis=0, initial=-np.inf))
        shares *= np.array(self.constants.shares)[:, None]
        shares /= shares.sum(axis=0)
        return shares

    def predicts_better(self) -> bool:
        """Whether others' corrected reviews foretell a review better than their plain mean does."""
        corrected = self.points - self.correction
        weights = np.bincount(self.work, self.weight, self.works)[self.work] - self.weight
        pulled = (
            np.bincount(self.work, self.weight * corrected, self.works)[self.work] - self.weight * corrected
        )
        alone = self.others == 0
        error = np.where(alone, 0.0, corrected - pulled / np.where(alone, 1.0, weights))
        return float((error**2).sum()) < float((self.plain_error**2).sum())

    def result(self, scale: tuple[float, float]) -> Calibration:
        """The grades: for each work the point where the bounded pulls of its reviews cancel."""
        corrected = self.points - self.correction
        grade, weight, is_clipped = _balance(self.work, corrected, self.weight, self.works, self.noise)
        total = np.bincount(self.work, self.weight, self.works)
        with np.errstate(divide="ignore"):
            error = np.where(total > 0, 1 / np.sqrt(total), np.nan)
        grade = np.clip(grade, *scale)
        graded_by_staff = np.isfinite(self.staff)
        grade = np.where(graded_by_staff, self.staff, grade)
        error = np.where(graded_by_staff, np.nan, error)
        shares = self._posterior(self.likelihood)
        told = self.usable_reviews >= LEAST_FOR_HABIT
        bias = np.zeros(self.reviewers)
        if self.bias:
            bias = (shares * self.sum_weighted / (self.sum_precision + 1 / self.bias)).sum(axis=0)
        reliability = (shares / GRID[:, None]).sum(axis=0)
        return Calibration(
            grade,
            error,
            self.correction + self.constants.shift,
            weight,
            is_clipped,
            self.usable_reviews[self.reviewer] - self.usable,
            np.where(told, bias, np.nan),
            np.where(told, reliability, np.nan),
            self.constants,
        )


def _balance(
    work: Indices, values: Floats, weight: Floats, works: int, noise: float
) -> tuple[Floats, Floats, Flags]:
    """For each work the root g of the sum of weight times (value - g), each clipped at ±2/√weight.

    Returns g, the weights under which g is the weighted mean, and which reviews were clipped.
    """
    bound = 2 / np.sqrt(weight)
    total = np.bincount(work, weight, works)
    grade = np.full(works, np.nan)
    np.divide(np.bincount(work, weight * values, works), total, out=grade, where=total > 0)
    tolerance = 1e-6 * np.sqrt(noise)
    pulled = np.zeros(works, dtype=np.bool_)
    pulled[work[np.abs(values - grade[work]) > bound]] = True
    at = np.flatnonzero(pulled[work])
    places = np.flatnonzero(pulled)
    here = (np.cumsum(pulled) - 1)[work[at]]
    grade[places] = _roots(here, values[at], weight[at], bound[at], grade[places], tolerance)
    far = np.abs(values - grade[work])
    final = weight * np.minimum(1.0, bound / np.maximum(far, bound))
    return grade, final, far > bound


def _roots(
    work: Indices, values: Floats, weight: Floats, bound: Floats, start: Floats, tolerance: float
) -> Floats:
    """Reweight until the grades stand still, then step onto the root itself."""
    grade = start.copy()
    works = len(grade)
    at = np.arange(len(work))
    for _ in range(ROUNDS):
        here = work[at]
        pull = weight[at] * np.minimum(
            1.0, bound[at] / np.maximum(np.abs(values[at] - grade[here]), bound[at])
        )
        total = np.bincount(here, pull, works)
        new = np.divide(np.bincount(here, pull * values[at], works), total, out=grade.copy(), where=total > 0)
        moving = np.abs(new - grade) > tolerance
        grade = new
        at = at[moving[here]]
        if not len(at):
            break
    # Between two places where a review begins to be clipped the pulls are a straight line, so one step
    # of Newton's method ends exactly on the root; without it a raise could lower a grade by the tolerance.
    off = values - grade[work]
    slope = np.bincount(work, weight * (np.abs(off) <= bound), works)
    pulls = np.bincount(work, weight * np.clip(off, -bound, bound), works)
    step = np.divide(pulls, slope, out=np.zeros(works), where=slope > 0)
    return grade + np.where(np.abs(step) <= 100 * tolerance, step, 0.0)


def _plain_mean(
    work: Indices,
    points: Floats,
    counts: Indices,
    reviewers: int,
    staff: Floats,
    scale: tuple[float, float],
    *,
    with_error: bool,
    constants: Constants | None,
) -> Calibration:
    """Every review counts the same and nothing is corrected."""
    works = len(counts)
    sums = np.bincount(work, points, works)
    centre = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    error = np.full(works, np.nan)
    if with_error:
        freedom = len(work) - int((counts > 0).sum())
        spread = float(((points - centre[work]) ** 2).sum()) / max(1, freedom)
        error = np.where((counts > 0) & (spread > 0), np.sqrt(spread / np.maximum(counts, 1)), np.nan)
    graded_by_staff = np.isfinite(staff)
    unknown = np.full(reviewers, np.nan)
    return Calibration(
        np.where(graded_by_staff, staff, np.clip(centre, *scale)),
        np.where(graded_by_staff, np.nan, error),
        np.zeros(len(work)),
        np.ones(len(work)),
        np.zeros(len(work), dtype=np.bool_),
        np.zeros(len(work), dtype=np.int64),
        unknown,
        unknown,
        constants,
    )
