"""What may be told of check-ins: means from three answers on, and never a single answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.check_ins import (
    STATEMENTS,
    CheckIn,
    Shown,
    checked_answers,
    period_at,
    summaries,
)
from coursecrew.domain.errors import Invalid
from tests.builders import START

WEEK = timedelta(days=7)
PEOPLE = ("p1", "p2", "p3", "p4", "p5")


def an_answer(person: str, *numbers: int, opens=START, **more: object) -> CheckIn:
    answers = dict(zip(STATEMENTS, numbers or (5,) * 5, strict=True))
    return CheckIn(f"{person}{opens}", "a", "t", person, opens, answers, opens, **more)  # type: ignore[arg-type]


def test_a_period_begins_at_the_anchor_and_lasts_its_days() -> None:
    assert period_at(START, 7, START).opens == START
    later = period_at(START, 7, START + timedelta(days=15))
    assert (later.opens, later.closes) == (START + 2 * WEEK, START + 3 * WEEK)
    assert period_at(START, 7, START + WEEK).opens == START + WEEK
    assert period_at(START, 7, START - timedelta(days=1)).opens == START


def test_all_five_statements_need_a_number_from_one_to_nine() -> None:
    assert checked_answers(dict.fromkeys(STATEMENTS, 9)) == dict.fromkeys(STATEMENTS, 9)
    with pytest.raises(Invalid) as refused:
        checked_answers({"step": 1, "fair": 0, "voice": 10, "time": 4})
    assert [problem.field for problem in refused.value.problems] == [
        "answer-fair", "answer-voice", "answer-together",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_answers_tell_nothing_but_how_many(count: int) -> None:
    rows = [an_answer(person, problem=True) for person in PEOPLE[:count]]
    found = summaries(rows, open_period=None, members=PEOPLE[:count])
    assert [one.answered for one in found] == ([count] if count else [])
    for one in found:
        assert one.shown is Shown.TOO_FEW
        assert (one.means, one.overall, one.problem) == ({}, None, None)


def test_three_answers_give_means_once_nobody_can_add_one() -> None:
    rows = [an_answer("p1", 9, 1, 5, 5, 5), an_answer("p2", 8, 2, 5, 5, 5), an_answer("p3", 8, 2, 5, 5, 6)]
    (found,) = summaries(rows, open_period=START, members=("p1", "p2", "p3"))
    assert found.shown is Shown.MEANS
    assert found.means["step"] == Decimal(25) / 3
    assert found.overall == sum(found.means.values()) / 5


def test_a_mean_that_would_move_with_the_next_answer_waits() -> None:
    """Three of four have answered: the fourth answer could be worked out of two means."""
    rows = [an_answer(person) for person in PEOPLE[:3]]
    (running,) = summaries(rows, open_period=START, members=PEOPLE[:4])
    assert running.shown is Shown.WAITING
    assert running.means == {}
    (over,) = summaries(rows, open_period=START + WEEK, members=PEOPLE[:4])
    assert over.shown is Shown.MEANS


def test_that_there_is_a_problem_is_told_to_those_who_are_asked_for_help_at_once() -> None:
    rows = [an_answer("p1", problem=True)]
    (team,) = summaries(rows, open_period=START, members=PEOPLE)
    (staff,) = summaries(rows, open_period=START, members=PEOPLE, always_tell_problem=True)
    assert team.problem is None
    assert staff.problem is True
    assert staff.means == {}


def test_the_newest_period_stands_first() -> None:
    rows = [an_answer("p1"), an_answer("p1", opens=START + WEEK)]
    assert [one.opens for one in summaries(rows, open_period=None, members=())] == [START + WEEK, START]


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(1, 9)), unique_by=lambda one: one[0]))
def test_no_two_views_of_an_open_period_tell_a_single_answer(given_: list[tuple[str, int]]) -> None:
    """Whatever the order of answers: while it is open, means are seen of one set of answers only."""
    seen = []
    for count in range(len(given_) + 1):
        rows = [an_answer(person, *(number,) * 5) for person, number in given_[:count]]
        for one in summaries(rows, open_period=START, members=PEOPLE):
            if one.means:
                seen.append(one.answered)
    assert len(set(seen)) <= 1
    assert all(count >= 3 for count in seen)
