"""Figures about a person are shown to them only where no single rating can be worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.figures import NOTHING, Rating, Standing, shown_to_ratee

RELEASED = datetime(2027, 3, 1, tzinfo=UTC)
SCALE = (Decimal(1), Decimal(5))
TEAM = Fraction(4)


def _ratings(*values: int, after: timedelta = timedelta(0)) -> list[Rating]:
    return [Rating({"work": Decimal(value)}, RELEASED + after) for value in values]


def test_v14_suppression() -> None:
    seen = shown_to_ratee(_ratings(4, 2, 3), TEAM, SCALE, RELEASED)
    assert seen.means == {"work": 3}
    assert seen.overall == 3
    assert seen.word is None
    hidden = shown_to_ratee(_ratings(1, 1, 1), TEAM, SCALE, RELEASED)
    assert (hidden.means, hidden.overall, hidden.word) == ({}, None, Standing.BELOW)
    assert shown_to_ratee(_ratings(5, 5, 5), TEAM, SCALE, RELEASED).means == {"work": 5}
    two = shown_to_ratee(_ratings(4, 2), TEAM, SCALE, RELEASED)
    assert (two.means, two.overall, two.word) == ({}, None, Standing.BELOW)
    assert shown_to_ratee(_ratings(4), TEAM, SCALE, RELEASED) == NOTHING
    late = _ratings(4, 2, 3) + _ratings(5, after=timedelta(seconds=1))
    assert shown_to_ratee(late, TEAM, SCALE, RELEASED) == seen


def test_a_hidden_dimension_cannot_be_worked_out_of_the_overall_mean() -> None:
    ratings = [Rating({"work": Decimal(4), "listens": Decimal(1)}, RELEASED) for _ in range(3)]
    seen = shown_to_ratee(ratings, TEAM, SCALE, RELEASED)
    assert seen.means == {"work": 4}
    assert seen.overall is None


def test_a_limit_of_two_shows_the_means_of_two() -> None:
    seen = shown_to_ratee(_ratings(4, 2), TEAM, SCALE, RELEASED, fewest=2)
    assert seen.means == {"work": 3}


@pytest.mark.parametrize(
    ("values", "word"), [((4, 4), Standing.IN_LINE), ((5, 5), Standing.ABOVE), ((2, 3), Standing.BELOW)]
)
def test_the_word_says_where_somebody_stands(values: tuple[int, int], word: Standing) -> None:
    assert shown_to_ratee(_ratings(*values), TEAM, SCALE, RELEASED).word is word


@given(st.lists(st.integers(1, 5), max_size=8))
def test_the_order_of_raters_tells_nothing_and_few_raters_show_no_number(values: list[int]) -> None:
    seen = shown_to_ratee(_ratings(*values), TEAM, SCALE, RELEASED)
    assert seen == shown_to_ratee(_ratings(*sorted(values)), TEAM, SCALE, RELEASED)
    if len(values) < 3:
        assert not seen.means
        assert seen.overall is None
