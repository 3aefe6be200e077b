"""Peer grades: exact where they must be, and calibrated without favour or surprise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.domain.allocation import Work, allocate
from coursecrew.domain.averages import Method, mean, median, trimmed
from coursecrew.domain.peer_grades import Grades, Rating, StaffRating, grade

EXACT_METHODS = (Method.MEAN, Method.MEDIAN, Method.TRIMMED)


def decimals(*values: float | str) -> list[Decimal]:
    return [Decimal(str(value)) for value in values]


def a_class(
    size: int = 60, per_work: int = 4, seed: int = 0, *, careless: float = 0.12, criteria: int = 1
) -> list[Rating]:
    """True grades, habits and noise as in the benchmark; one work and one reviewer each."""
    chance = np.random.default_rng(seed)
    works = [Work(f"w{i:04}", (f"p{i:04}",)) for i in range(size)]
    truth = dict(zip((w.id for w in works), chance.normal(72, 13, size), strict=True))
    bias = dict(zip((w.authors[0] for w in works), chance.normal(0, 7, size), strict=True))
    odd = {w.authors[0] for w in works if chance.random() < careless}
    ratings = []
    for pair in allocate(works, per_work, seed=seed):
        for criterion in range(criteria):
            points = truth[pair.work] + bias[pair.reviewer] + chance.normal(0, 9)
            if pair.reviewer in odd:
                points = chance.uniform(40, 100)
            ratings.append(
                Rating(
                    pair.work, pair.reviewer, f"c{criterion}", Decimal(str(round(np.clip(points, 0, 100), 2)))
                )
            )
    return ratings


def by_work(grades: Grades) -> dict[str, float]:
    return {made.work: float(made.grade) for made in grades.works if made.grade is not None}


def test_reviews_become_the_scores_of_the_map() -> None:
    sheets = {"A": (4, 3, 2), "B": (3, 3, 4), "C": (1, 2, 4)}

    def score(of, *reviewers: str) -> Fraction:
        rows = [decimals(*column) for column in zip(*(sheets[r] for r in reviewers), strict=True)]
        return sum((Fraction(w, 4) * of(row) for w, row in zip((50, 30, 20), rows, strict=True)), Fraction(0))

    assert score(median, "A", "B", "C") == 80
    assert score(mean, "A", "B", "C") == 70
    assert score(median, "A", "B") == Fraction("81.25")  # an even median is not rounded
    five = decimals(0, 2, 3, 3, 4)
    assert [trimmed(five), mean(five), median(five)] == [Fraction(8, 3), Fraction(12, 5), Fraction(3)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_below_five_reviews_trimmed_is_the_median(count: int) -> None:
    points = decimals(0, 7, 8, 3)[:count]
    assert trimmed(points) == median(points)


def test_the_grade_is_the_sum_over_criteria() -> None:
    ratings = [
        Rating("w", reviewer, criterion, Decimal(points))
        for reviewer, row in {"a": (4, 3, 2), "b": (3, 3, 4), "c": (1, 2, 4)}.items()
        for criterion, points in zip("xyz", row, strict=True)
    ]
    (made,) = grade(ratings, Method.MEDIAN).works
    assert made.grade == 10
    assert made.reviews == 3
    (made,) = grade(ratings, Method.MEAN).works
    assert made.grade == Decimal("8.666666666666666666666666667")


def test_a_missing_criterion_is_not_a_zero() -> None:
    ratings = [
        Rating("w", "a", "x", Decimal(4)),
        Rating("w", "a", "y", Decimal(4)),
        Rating("w", "b", "x", Decimal(2)),
        Rating("v", "a", "x", Decimal(3)),
    ]
    v, w = grade(ratings, Method.MEAN).works
    assert w.grade == 7
    assert v.grade is None, "nobody judged y on v, so there is no honest sum"
    assert v.reviews == 1


def test_twice_the_same_reviewer_is_refused() -> None:
    ratings = [Rating("w", "a", "x", Decimal(1)), Rating("w", "a", "x", Decimal(2))]
    with pytest.raises(ValueError, match="a rated work w twice"):
        grade(ratings)


def test_the_interval_of_a_mean_pools_the_spread_of_the_class() -> None:
    ratings = [
        Rating(work, reviewer, "", Decimal(points))
        for work, row in {"v": (0, 10), "w": (4, 6)}.items()
        for reviewer, points in zip("ab", row, strict=True)
    ]
    v, w = grade(ratings, Method.MEAN).works
    # s squared = (25 + 25 + 1 + 1) / 2 = 26; two standard errors = 2 * sqrt(26 / 2) = 7.21, clipped to 0-10
    assert [v.low, v.high, w.low, w.high] == decimals(0, 10, 0, 10)
    wide = [*ratings, *(Rating("u", r, "", Decimal(p)) for r, p in (("a", -100), ("c", 100)))]
    u, v, w = grade(wide, Method.MEAN, scale=(Decimal(-1000), Decimal(1000))).works
    width = 2 * ((26 * 2 + 20_000) / 3 / 2) ** 0.5
    assert float(w.high or 0) == pytest.approx(5 + width)
    assert float(u.low or 0) == pytest.approx(-width)


@pytest.mark.parametrize("method", list(Method))
def test_one_review_has_a_grade_and_no_interval(method: Method) -> None:
    (made,) = grade([Rating("w", "a", "", Decimal(7))], method).works
    assert made.grade == 7
    assert (made.low, made.high, made.reviews) == (None, None, 1)


@pytest.mark.parametrize("method", list(Method))
def test_nothing_to_grade_is_no_error(method: Method) -> None:
    assert grade([], method).works == ()
    (made,) = grade([], method, works=["w"]).works
    assert (made.grade, made.reviews) == (None, 0)


@pytest.mark.parametrize("method", list(Method))
def test_equal_reviews_give_their_value_and_nothing_is_corrected(method: Method) -> None:
    ratings = [replace(r, points=Decimal("7.3")) for r in a_class()]
    result = grade(ratings, method)
    assert {made.grade for made in result.works} == {Decimal("7.3")}
    assert all(made.low is None for made in result.works)
    assert all(habit.bias is None and habit.reliability is None for habit in result.reviewers)


@pytest.mark.parametrize("method", list(Method))
def test_order_and_names_change_nothing(method: Method) -> None:
    ratings = a_class(criteria=2)
    turned = [replace(r, reviewer="z" + r.reviewer[::-1]) for r in reversed(ratings)]
    before, after = by_work(grade(ratings, method)), by_work(grade(turned, method))
    assert before == pytest.approx(after, abs=1e-9)


@pytest.mark.parametrize("method", list(Method))
def test_another_unit_gives_the_same_grades_in_that_unit(method: Method) -> None:
    ratings = a_class()
    other = [replace(r, points=3 * r.points + 7) for r in ratings]
    before, after = by_work(grade(ratings, method)), by_work(grade(other, method))
    assert after == pytest.approx({work: 3 * value + 7 for work, value in before.items()}, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(list(Method)), st.integers(2, 6), st.integers(4, 40))
def test_grades_stay_in_range(seed: int, method: Method, per_work: int, size: int) -> None:
    ratings = a_class(max(size, per_work + 1), per_work, seed)
    points: dict[str, list[Decimal]] = {}
    for rating in ratings:
        points.setdefault(rating.work, []).append(rating.points)
    least, most = min(r.points for r in ratings), max(r.points for r in ratings)
    for made in grade(ratings, method).works:
        assert made.grade is not None
        low, high = (
            (min(points[made.work]), max(points[made.work])) if method in EXACT_METHODS else (least, most)
        )
        assert float(low) - 1e-9 <= float(made.grade) <= float(high) + 1e-9
        if made.low is not None and made.high is not None:
            assert float(least) - 1e-9 <= made.low <= made.grade <= made.high <= float(most) + 1e-9


def test_habits_are_found() -> None:
    """Somebody 30 points too generous, and somebody who rolls dice, in a class of honest people."""
    chance = np.random.default_rng(3)
    ratings = []
    for rating in a_class(200, 5, careless=0):
        points = rating.points
        if rating.reviewer == "p0007":
            points += 30
        if rating.reviewer == "p0011":
            points = Decimal(int(chance.integers(0, 100)))
        ratings.append(replace(rating, points=points))
    habits = {habit.reviewer: habit for habit in grade(ratings, Method.CALIBRATED).reviewers}
    biases = {name: habit.bias or 0.0 for name, habit in habits.items()}
    assert biases["p0007"] > 10
    assert sorted(biases, key=biases.__getitem__)[-5:].count("p0007") == 1
    reliabilities = {name: habit.reliability or 0.0 for name, habit in habits.items()}
    assert sorted(reliabilities, key=reliabilities.__getitem__).index("p0011") < 10
    assert reliabilities["p0011"] < 0.5
    assert habits["p0007"].reviews == 5


def test_calibrated_comes_nearer_to_the_truth_than_mean_and_median() -> None:
    ratios_mean, ratios_median = [], []
    for seed in range(6):
        chance = np.random.default_rng(seed)
        truth = dict(zip((f"w{i:04}" for i in range(300)), chance.normal(72, 13, 300), strict=True))
        ratings = a_class(300, 4, seed)

        def off(method: Method, ratings=ratings, truth=truth) -> float:
            grades = by_work(grade(ratings, method))
            return float(np.sqrt(np.mean([(value - truth[work]) ** 2 for work, value in grades.items()])))

        ratios_mean.append(off(Method.CALIBRATED) / off(Method.MEAN))
        ratios_median.append(off(Method.CALIBRATED) / off(Method.MEDIAN))
    assert np.mean(ratios_mean) < 0.93
    assert np.mean(ratios_median) < 0.90


def test_where_correcting_does_not_help_the_class_gets_the_plain_mean() -> None:
    shut = 0
    for seed in range(8):
        chance = np.random.default_rng(seed)
        works = [Work(f"w{i:03}", (f"p{i:03}",)) for i in range(80)]
        ratings = [
            Rating(pair.work, pair.reviewer, "", Decimal(str(round(70 + chance.normal(0, 9), 2))))
            for pair in allocate(works, 4, seed=seed)
        ]
        result = grade(ratings, Method.CALIBRATED)
        assert result.constants is not None
        if not result.constants.corrects:
            shut += 1
            assert by_work(result) == pytest.approx(by_work(grade(ratings, Method.MEAN)), abs=1e-9)
            assert all(habit.bias is None for habit in result.reviewers)
            assert all(made.low is not None for made in result.works)
    assert shut >= 4


def test_small_classes_get_the_mean_without_interval_or_habits() -> None:
    ratings = a_class(12, 3)
    result = grade(ratings, Method.CALIBRATED)
    assert result.constants is None
    assert by_work(result) == pytest.approx(by_work(grade(ratings, Method.MEAN)), abs=1e-9)
    assert all(made.low is None for made in result.works)


def test_raising_a_review_never_lowers_that_work_while_the_constants_are_held() -> None:
    for seed in range(12):
        ratings = a_class(40, 3, seed)
        before = grade(ratings, Method.CALIBRATED)
        scale = (Decimal(0), Decimal(100))
        old = by_work(grade(ratings, Method.CALIBRATED, constants=before.constants, scale=scale))
        chance = np.random.default_rng(seed)
        for at in chance.integers(0, len(ratings), 25).tolist():
            raised = list(ratings)
            more = Decimal(str(round(chance.uniform(0, 60), 2)))
            raised[at] = replace(raised[at], points=min(Decimal(100), raised[at].points + more))
            new = by_work(grade(raised, Method.CALIBRATED, constants=before.constants, scale=scale))
            work = ratings[at].work
            moved = new[work] - old[work]
            assert moved >= -1e-9
            assert moved <= float(raised[at].points - ratings[at].points) + 1e-9


def test_one_review_moves_a_grade_no_further_than_the_bound() -> None:
    ratings = a_class(120, 4, 2, careless=0)
    before = grade(ratings, Method.CALIBRATED)
    for made in before.works[:60]:
        mine = [counted for counted in made.counted if not counted.is_clipped]
        if len(mine) < 4:
            continue
        worst = replace(mine[0])
        hurt = [
            replace(r, points=Decimal(-10_000)) if (r.work, r.reviewer) == (made.work, worst.reviewer) else r
            for r in ratings
        ]
        after = grade(
            hurt, Method.CALIBRATED, constants=before.constants, scale=(Decimal(-10_000), Decimal(100))
        )
        now = next(other for other in after.works if other.work == made.work)
        assert made.grade is not None
        assert now.grade is not None
        bound = 2 * worst.weight**0.5 / sum(counted.weight for counted in mine[1:])
        spread = 2 * max(abs(c.corrected - float(made.grade)) for c in mine)
        assert 0 <= float(made.grade - now.grade) <= bound + spread


def test_the_grade_can_be_recomputed_from_what_was_counted() -> None:
    result = grade(a_class(100, 4, criteria=2), Method.CALIBRATED)
    assert result.constants is not None
    assert result.constants.corrects
    for made in result.works:
        weights = sum(counted.weight for counted in made.counted)
        by_hand = sum(c.weight * (c.points - c.correction) for c in made.counted) / weights
        assert by_hand == pytest.approx(float(made.grade or 0), abs=1e-9)
        assert all(counted.other_works == 3 for counted in made.counted)


def test_a_criterion_left_out_of_a_review_is_filled_in_and_marked() -> None:
    first, second, *rest = a_class(60, 4, criteria=2)
    assert (first.work, first.reviewer) == (second.work, second.reviewer)
    result = grade([first, *rest], Method.CALIBRATED)
    filled = [(made.work, c.reviewer) for made in result.works for c in made.counted if c.is_filled_in]
    assert filled == [(first.work, first.reviewer)]


def test_known_grades_stand_and_pull_a_common_shift_out_of_the_rest() -> None:
    chance = np.random.default_rng(5)
    truth = dict(zip((f"w{i:04}" for i in range(100)), chance.normal(72, 13, 100), strict=True))
    ratings = [replace(r, points=r.points + 12) for r in a_class(100, 4, 5, careless=0)]
    known = [StaffRating(work, Decimal(str(round(truth[work], 2)))) for work in sorted(truth)[:20]]
    result = grade(ratings, Method.CALIBRATED, known=known)
    assert result.constants is not None
    assert 8 < result.constants.shift < 15
    grades = by_work(result)
    assert [made.grade for made in result.works[:20]] == [staff.points for staff in known]
    assert all(made.is_staff and made.low is None for made in result.works[:20])
    rest = sorted(truth)[20:]
    ours = np.sqrt(np.mean([(grades[work] - truth[work]) ** 2 for work in rest]))
    plain = by_work(grade(ratings, Method.MEAN))
    assert ours < 0.7 * np.sqrt(np.mean([(plain[work] - truth[work]) ** 2 for work in rest]))


def test_staff_points_by_criterion_add_up_and_lean_on_peers_for_the_rest() -> None:
    ratings = [
        Rating("w", reviewer, criterion, Decimal(points))
        for reviewer in "ab"
        for criterion, points in (("x", 3), ("y", 5))
    ]
    staff = [StaffRating("w", Decimal(1), "x"), StaffRating("w", Decimal(2), "y")]
    (made,) = grade(ratings, Method.MEDIAN, known=staff).works
    assert made.grade == 3
    assert made.is_staff
    (made,) = grade(ratings, Method.MEDIAN, known=staff[:1]).works
    assert made.grade == 6


def test_reviewers_who_share_no_work_with_the_rest_are_named() -> None:
    island = [Rating(f"v{i}", f"q{j}", "c0", Decimal(60 + 3 * i + j)) for i in range(3) for j in range(3)]
    result = grade(a_class(40, 4) + island, Method.CALIBRATED)
    assert result.hard_to_compare == ("q0", "q1", "q2")
    assert grade(a_class(40, 4), Method.CALIBRATED).hard_to_compare == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=9))
def test_exact_ways_lie_between_least_and_most(points: list[Decimal]) -> None:
    for of in (mean, median, trimmed):
        assert min(points) <= of(points) <= max(points)
        assert of(list(reversed(points))) == of(points)
