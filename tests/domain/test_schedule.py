from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.errors import Closed, NotOpen
from coursecrew.domain.schedule import Basis, Extension, LatePolicy, Step, Window, lateness

DUE = datetime(2026, 11, 27, 18, tzinfo=UTC)
FLOOR_40 = LatePolicy(floor=Decimal(40))


@pytest.mark.parametrize(
    ("earned", "late", "left"),
    [(88, 0, 88), (88, 900, 88), (88, 901, 78), (88, 86_400, 78), (88, 86_401, 68), (88, 9 * 86_400, 40),
     (35, 86_400, 35), (62, 3 * 86_400, 40)],
)  # fmt: skip
def test_lateness_costs_points_for_each_unit_begun_down_to_the_floor(earned, late, left) -> None:
    assert FLOOR_40.apply(Decimal(earned), timedelta(seconds=late)) == left


def test_on_the_basis_earned_a_tenth_of_the_earned_points_goes() -> None:
    policy = LatePolicy(basis=Basis.EARNED)
    assert policy.apply(Decimal(88), timedelta(seconds=901)) == Decimal("79.20")


def test_past_a_persons_own_closing_time_the_cap_applies() -> None:
    assert LatePolicy().penalty(timedelta(hours=1), past_close=True) == 50


def test_the_due_second_itself_is_on_time() -> None:
    assert lateness(DUE + timedelta(microseconds=999_999), DUE) == timedelta(0)
    assert lateness(DUE + timedelta(seconds=1), DUE) == timedelta(seconds=1)


def test_a_window_says_when_it_opens_and_when_it_closed() -> None:
    window = Window(DUE - timedelta(days=1), DUE, DUE)
    with pytest.raises(NotOpen):
        window.must_be_open(DUE - timedelta(days=2), Step.DRAFT)
    window.must_be_open(DUE, Step.DRAFT)
    with pytest.raises(Closed) as caught:
        window.must_be_open(DUE + timedelta(seconds=1), Step.DRAFT)
    assert caught.value.values["closes"] == DUE


def extension(days: int, **more: str) -> Extension:
    due = DUE + timedelta(days=days)
    return Extension("x" * 32, "a", more.get("team", ""), more.get("person", ""), due, due, "", "", DUE)


def test_the_latest_of_base_team_and_person_counts() -> None:
    window = Window(None, DUE, DUE).extended(extension(2, team="t"), extension(1, person="p"))
    assert (window.due, window.closes) == (DUE + timedelta(days=2),) * 2


@given(
    earned=st.decimals(0, 100, places=2),
    first=st.integers(0, 3_000_000),
    more=st.integers(0, 3_000_000),
    floor=st.integers(0, 100),
)
def test_waiting_longer_never_pays_and_nobody_falls_below_floor_or_own_score(
    earned, first, more, floor
) -> None:
    policy = LatePolicy(floor=Decimal(floor))
    sooner = policy.apply(earned, timedelta(seconds=first))
    later = policy.apply(earned, timedelta(seconds=first + more))
    assert min(earned, Decimal(floor)) <= later <= sooner <= earned
