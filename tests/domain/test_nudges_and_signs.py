"""Reminders and their limits; signs that a team needs help, and what staff say about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.alerts import Sign, TeamFacts, signs
from coursecrew.domain.nudges import APART, MOST, About, Nudge, Why, after_quiet, held_back
from coursecrew.domain.solo import ALONE, may_ask
from tests.builders import START

LAGOS = ZoneInfo("Africa/Lagos")
DAY = timedelta(days=1)


def sent(*moments: datetime) -> list[Nudge]:
    return [Nudge(str(n), "a", "t", "i", About.CONFIRM, "p", "q", at) for n, at in enumerate(moments)]


def test_three_reminders_at_most_and_a_day_apart() -> None:
    assert held_back([], START) is None
    assert held_back(sent(START), START + APART - timedelta(seconds=1)) is Why.TODAY
    assert held_back(sent(START), START + APART) is None
    assert held_back(sent(START, START + DAY, START + 2 * DAY), START + 9 * DAY) is Why.ENOUGH


def test_what_went_out_by_itself_counts_too() -> None:
    assert held_back(sent(START), START + 2 * DAY, told=MOST - 1) is Why.ENOUGH
    assert held_back([], START, told=MOST) is Why.ENOUGH
    assert held_back([], START, told=MOST - 1) is None


@pytest.mark.parametrize(
    ("utc", "waits_until"),
    [
        ("2026-11-10T19:59", "2026-11-10T19:59"),  # 20:59 in Lagos: still evening
        ("2026-11-10T20:00", "2026-11-11T07:00"),  # 21:00 there: the next morning at eight
        ("2026-11-10T23:30", "2026-11-11T07:00"),  # past midnight there: that same morning
        ("2026-11-11T06:59", "2026-11-11T07:00"),
        ("2026-11-11T07:00", "2026-11-11T07:00"),
    ],
)
def test_letters_wait_while_it_is_night_where_the_reader_is(utc: str, waits_until: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert after_quiet(at(utc), LAGOS) == at(waits_until)


@given(
    st.integers(0, 10 * 365 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds)),
    st.sampled_from(["UTC", "Asia/Kathmandu", "America/Bogota", "Europe/Berlin", "Pacific/Apia"]),
)
def test_a_letter_never_goes_out_at_night_and_never_waits_longer_than_one(now: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    moment = after_quiet(now, zone)
    assert 8 <= moment.astimezone(zone).hour < 21
    assert timedelta(0) <= moment - now <= timedelta(hours=12)  # a night in which clocks are put back


# --- signs ---

WELL = TeamFacts(
    draft_open=True, last_seen=START, edits={"a": 6, "b": 6}, members=("a", "b", "c"), inactive=(), least=2
)


def seen(now: datetime = START, alarms: dict[Sign, int] | None = None, **changes: object) -> set[Sign]:
    return set(signs(replace(WELL, **changes), now, alarms or {}))  # type: ignore[arg-type]


def test_a_team_that_works_shows_no_sign() -> None:
    assert seen() == set()


def test_nobody_there_for_five_days_while_the_draft_is_open() -> None:
    assert Sign.SILENT not in seen(START + 5 * DAY - timedelta(seconds=1))
    assert Sign.SILENT in seen(START + 5 * DAY)
    assert Sign.SILENT not in seen(START + 5 * DAY, draft_open=False)
    assert Sign.SILENT not in seen(START + 5 * DAY, members=())


def test_one_person_over_seventy_per_cent_of_ten_edits_or_more() -> None:
    assert Sign.ONE_HAND not in seen(edits={"a": 7, "b": 3})
    assert Sign.ONE_HAND in seen(edits={"a": 8, "b": 3})
    assert Sign.ONE_HAND not in seen(edits={"a": 9})  # too few to say anything
    assert Sign.ONE_HAND not in seen(edits={"a": 50}, members=("a",))


def test_members_who_are_inactive_and_teams_that_are_too_small() -> None:
    assert seen(inactive=("c",)) == {Sign.ABSENT}
    assert seen(inactive=("b", "c")) == {Sign.ABSENT, Sign.SMALL}
    assert seen(members=("a",), edits={}) == {Sign.SMALL}
    assert seen(members=("a",), edits={}, solo=True) == set()
    assert seen(members=(), edits={}) == set()


@pytest.mark.parametrize(
    ("mean", "before", "low"),
    [(4.0, None, True), (4.1, None, False), (5.0, 7.0, True), (5.1, 7.0, False), (None, 7.0, False)],
)
def test_a_check_in_that_is_low_or_fell(mean: float | None, before: float | None, low: bool) -> None:
    assert (Sign.LOW in seen(mean=mean, mean_before=before)) is low


def test_a_milestone_three_days_late() -> None:
    late = (("Map", START), ("Plan", START + DAY))
    assert Sign.LATE not in seen(START + 3 * DAY - timedelta(seconds=1), overdue=late)
    found = signs(replace(WELL, overdue=late), START + 4 * DAY, {})
    assert found[Sign.LATE] == {"title": "Map", "due": START.isoformat(), "more": 1}


CASES: dict[Sign, tuple[dict[str, Any], datetime]] = {
    Sign.SILENT: ({}, START + 5 * DAY),
    Sign.ONE_HAND: ({"edits": {"a": 8, "b": 3}}, START),
    Sign.ABSENT: ({"inactive": ("c",)}, START),
    Sign.SMALL: ({"members": ("a",), "edits": {}}, START),
    Sign.LOW: ({"mean": 4.0}, START),
    Sign.LATE: ({"overdue": (("Map", START),)}, START + 3 * DAY),
}


@pytest.mark.parametrize("sign", Sign)
def test_a_false_alarm_raises_the_limit_of_that_sign_alone(sign: Sign) -> None:
    changes, now = CASES[sign]
    assert sign in seen(now, **changes)
    assert sign not in seen(now, {sign: 1}, **changes)
    others = dict.fromkeys(set(Sign) - {sign}, 9)
    assert sign in seen(now, others, **changes)


def test_alone_for_five_days_without_a_merger_one_may_ask() -> None:
    def may(**changes: object) -> bool:
        given = {"size": 1, "alone_since": START, "merger_open": False, "now": START + ALONE, **changes}
        return may_ask(**given)  # type: ignore[arg-type]

    assert may()
    assert not may(now=START + ALONE - timedelta(seconds=1))
    assert not may(size=2)
    assert not may(merger_open=True)
    assert not may(alone_since=None)
