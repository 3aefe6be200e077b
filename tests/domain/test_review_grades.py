"""Grades out of reviews: the vectors by hand, and what an author may and may not decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.averages import Method, trimmed
from coursecrew.domain.grading import rounded
from coursecrew.domain.review_grades import (
    Extras,
    Owed,
    compose_reviewed,
    compose_unreviewed,
    criterion_values,
    work_score,
)
from coursecrew.domain.review_rules import (
    Anonymity,
    Later,
    Reviewers,
    ReviewRules,
    kept_rules,
    review_problems,
)
from tests.builders import a_rubric, marks

RUBRIC = a_rubric()  # weights 50, 30, 20; levels 0 to 4
A, B, C = marks("4", "3", "2"), marks("3", "3", "4"), marks("1", "2", "4")
ALL = Owed(duty=2, done=2)
FULL = (100, 0, 0)
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def total(sheets, method=Method.MEDIAN, owed=ALL, weights=FULL, **extras) -> Decimal:
    account = compose_reviewed(
        RUBRIC, sheets, method, per_work=3, owed=owed, weights=weights, extras=Extras(**extras)
    )
    return rounded(account.total)


def test_v7_reviews_to_a_score() -> None:
    assert total([A, B, C]) == Decimal("80.00")
    assert total([A, B, C], Method.MEAN) == Decimal("70.00")
    assert total([A, B]) == Decimal("81.25")  # an even median is not rounded
    staff = marks("3", "3", "4")  # 80; the peers' 72.5
    assert total([marks("3", "2", "4")], staff=staff, staff_share=60) == Decimal("77.00")
    five = [Decimal(value) for value in (0, 2, 3, 3, 4)]
    assert trimmed(five) == Fraction(8, 3)


def test_v6_components_and_what_is_not_done() -> None:
    """Product 80, review 50, training 100 at 70/20/10, each by hand."""
    owed = Owed(duty=4, done=2)
    weights = (70, 20, 10)
    assert total([A, B, C], owed=owed, weights=weights, training=(100, 1)) == Decimal("76.00")
    assert total([A, B, C], owed=replace(owed, waived=2), weights=weights, training=(100, 1)) == Decimal(86)
    assert total([A, B, C], owed=owed, weights=weights, training=(0, 2)) == Decimal("66.00")
    missed = compose_unreviewed(owed=owed, weights=weights, training=(150, 2))
    assert rounded(missed.total) == Decimal("17.50")


def test_an_appeal_moves_only_its_criterion_and_stays_within_the_scale() -> None:
    assert total([A, B, C], rulings={"plan": Decimal(4)}) == Decimal("87.50")
    assert total([A, B, C], rulings={"loss": Decimal(0)}) == Decimal("42.50")
    assert total([marks("4", "4", "4")], rulings={"loss": Decimal(4)}) == Decimal(100)


@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=6),
    st.sampled_from([Method.MEDIAN, Method.MEAN, Method.TRIMMED]),
)
def test_a_score_lies_inside_what_was_given_and_order_is_nothing(given_points, method) -> None:
    sheets = [marks(*(str(point) for point in row)) for row in given_points]
    values = criterion_values(RUBRIC, sheets, method)
    for criterion in RUBRIC.criteria:
        points = [sheet[criterion.id].points for sheet in sheets]
        assert min(points) <= values[criterion.id] <= max(points)
    assert work_score(RUBRIC, values) == work_score(RUBRIC, criterion_values(RUBRIC, sheets[::-1], method))
    better = [*sheets[:-1], marks("4", "4", "4")]
    assert work_score(RUBRIC, criterion_values(RUBRIC, better, method)) >= work_score(RUBRIC, values)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"per_work": 0}, "per_work"),
        ({"per_work": 11}, "per_work"),
        ({"min_reviews": 4}, "min_reviews"),
        ({"lease_hours": 0}, "lease_hours"),
        ({"staff_share": 101}, "staff_share"),
        ({"weight_product": 90}, "weight_product"),
        ({"weight_product": 80, "weight_practice": 30}, "weight_product"),
        ({"hold_days": 8}, "hold_days"),
        ({"owing_days": 61}, "owing_days"),
        ({"later": (Later(NOW + timedelta(days=2), NOW),)}, "rounds"),
        ({"own_works": True, "anonymity": Anonymity.TEAM_NAME}, "anonymity"),
    ],
)
def test_what_no_author_may_say_is_refused_at_its_field(changes, field: str) -> None:
    assert review_problems(ReviewRules(of="plan")) == []
    assert [problem.field for problem in review_problems(replace(ReviewRules(of="plan"), **changes))] == [
        field
    ]


def test_what_was_promised_stays_once_somebody_has_begun() -> None:
    later = (Later(NOW, NOW + timedelta(days=1)),)
    now = ReviewRules(of="plan", anonymity=Anonymity.SINGLE, later=later)
    assert kept_rules(now, replace(now, anonymity=Anonymity.DOUBLE)) == (
        replace(now, anonymity=Anonymity.DOUBLE), [],
    )  # fmt: skip
    for changes, code in (
        ({"anonymity": Anonymity.NAMED}, "anonymity"),
        ({"of": "other"}, "reviewed"),
        ({"reviewers": Reviewers.TEAM}, "reviewed"),
        ({"method": Method.CALIBRATED}, "method"),
        ({"later": ()}, "rounds"),
    ):
        assert kept_rules(now, replace(now, **changes)) == (now, [code])
    assert kept_rules(now, replace(now, per_work=5))[0].per_work == 5
