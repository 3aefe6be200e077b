"""Mentor matching: hard rules hold, most teams matched, then the largest fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.domain import matching
from coursecrew.domain.matching import Limit, Match, Mentor, Team, assign, match

TUESDAY_18, THURSDAY_17, THURSDAY_18 = 42, 89, 90


def hours(*of_the_week: int) -> frozenset[int]:
    return frozenset(of_the_week)


def only(matches: tuple[Match, ...]) -> Match:
    (made,) = matches
    return made


def test_fit_is_half_topics_and_half_hours() -> None:
    mentor = Mentor("m", 3, ("Law", "finance "), ("Spanish",), hours(TUESDAY_18, THURSDAY_17, THURSDAY_18))
    team = Team("t", ("law", "Finance", "art"), ("spanish",), hours(TUESDAY_18))
    made = only(match([mentor], [team]))
    assert made.fit == pytest.approx(0.5 * 2 / 3 + 0.5 * 1 / 2, abs=1e-12)
    assert (made.shared_tags, made.shared_hours) == (("law", "Finance"), (TUESDAY_18,))
    assert (made.teams_of_mentor, made.capacity) == (1, 3)


@pytest.mark.parametrize(
    ("mentor_hours", "team_hours", "tags", "fit"),
    [
        (None, hours(1), ("a",), 0.5 + 0.25),
        (hours(1), None, ("a",), 0.5 + 0.25),
        (hours(1, 2, 3), hours(1, 2, 3), (), 0.25 + 0.5),
        (hours(), hours(1), ("b",), 0.0),
        (None, None, (), 0.5),
    ],
)
def test_a_half_of_which_nothing_is_known_counts_as_one_half(mentor_hours, team_hours, tags, fit) -> None:
    made = only(match([Mentor("m", 1, ("a",), (), mentor_hours)], [Team("t", tags, (), team_hours)]))
    assert made.fit == fit


def test_hard_rules_are_language_conflict_and_capacity() -> None:
    mentors = [
        Mentor("arabic", 1, languages=("Arabic",)),
        Mentor("barred", 5, languages=("English",), conflicts=frozenset({"t1"})),
        Mentor("leave", 0, languages=("English",)),
    ]
    teams = [
        Team("t1", languages=("english",)),
        Team("t2", languages=("ARABIC",)),
        Team("t3", languages=("Arabic",)),
    ]
    first, second, third = match(mentors, teams)
    assert (first.mentor, first.fit) == (None, None)
    assert first.limit == Limit(3, 1, 1, 0, ("english",))
    assert [second.mentor, third.mentor].count("arabic") == 1
    alone = second if second.mentor is None else third
    assert alone.limit is not None
    assert (alone.limit.speaking, alone.limit.lawful) == (1, 1)


def test_a_team_that_names_no_language_takes_any() -> None:
    assert only(match([Mentor("m", 1, languages=("Arabic",))], [Team("t")])).mentor == "m"


def test_an_empty_name_is_no_name() -> None:
    mentor = Mentor("m", 1, ("", " "), ("",), None, frozenset({""}))
    assert only(match([mentor], [Team("t", ("", "x"), ("",))])).fit == 0.25


def test_more_teams_come_before_a_better_fit() -> None:
    mentors = [Mentor("both", 1, ("x",), ("a", "b")), Mentor("one", 1, (), ("a",))]
    teams = [Team("perfect", ("x",), ("a",)), Team("other", ("y",), ("b",))]
    assert {made.team: made.mentor for made in match(mentors, teams)} == {"perfect": "one", "other": "both"}


def test_equal_fit_goes_to_the_mentor_with_fewer_teams() -> None:
    mentors = [Mentor(name, 5) for name in "abc"]
    made = match(mentors, [Team(f"t{i}") for i in range(6)])
    assert sorted(m.teams_of_mentor for m in made) == [2] * 6


def test_nobody_and_nothing_are_no_error() -> None:
    assert match([], []) == ()
    assert match([Mentor("m", 1)], []) == ()
    assert only(match([], [Team("t")])).limit == Limit(0, 0, 0, 0, ())


def test_who_accepted_already_stays_and_takes_a_place() -> None:
    mentors = [Mentor("a", 1, ("x",)), Mentor("b", 1)]
    teams = [Team("t1", ("x",)), Team("t2", ("x",))]
    made = {m.team: m.mentor for m in match(mentors, teams, fixed={"t2": "a"})}
    assert made == {"t1": "b", "t2": "a"}


def test_a_second_mentor_is_another_one() -> None:
    mentors, teams = [Mentor("a", 2, ("x",)), Mentor("b", 2)], [Team("t1", ("x",)), Team("t2", ("x",))]
    first = match(mentors, teams)
    pairs = frozenset((made.team, made.mentor) for made in first if made.mentor)
    second = match(mentors, teams, barred=pairs)
    assert all(m.mentor is not None for m in second)
    assert all((m.team, m.mentor) not in pairs for m in second)


@st.composite
def worlds(draw: st.DrawFn):
    teams, mentors = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    fit = draw(st.lists(st.integers(0, 6), min_size=teams * mentors, max_size=teams * mentors))
    lawful = draw(st.lists(st.booleans(), min_size=teams * mentors, max_size=teams * mentors))
    room = draw(st.lists(st.integers(0, 3), min_size=mentors, max_size=mentors))
    return (
        np.array(fit, dtype=float).reshape(teams, mentors) / 6,
        np.array(lawful).reshape(teams, mentors),
        np.array(room, dtype=np.int64),
    )


def worth(found, fit) -> tuple[int, float]:
    pairs = [(team, mentor) for team, mentor in enumerate(found) if mentor >= 0]
    return len(pairs), round(sum(fit[pair] for pair in pairs), 9)


def best_of_all(fit, lawful, room) -> tuple[int, float]:
    """The reference: every assignment there is."""
    teams, mentors = fit.shape
    return max(
        worth(found, fit)
        for found in product(range(-1, mentors), repeat=teams)
        if all(m < 0 or lawful[t, m] for t, m in enumerate(found))
        and all(found.count(m) <= room[m] for m in range(mentors))
    )


@pytest.mark.parametrize("dense", [matching.DENSE, 0], ids=["dense", "sparse"])
@settings(max_examples=100, deadline=None)
@given(worlds())
def test_no_assignment_is_better(dense: int, world) -> None:
    fit, lawful, room = world
    before, matching.DENSE = matching.DENSE, dense
    try:
        found = assign(fit, lawful, room).tolist()
    finally:
        matching.DENSE = before
    assert all(m < 0 or lawful[t, m] for t, m in enumerate(found))
    assert all(found.count(m) <= room[m] for m in range(len(room)))
    assert worth(found, fit) == best_of_all(fit, lawful, room)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(0, 15), st.integers(0, 6))
def test_raising_a_fit_never_lowers_the_total(world, at: int, to: int) -> None:
    fit, lawful, room = world
    raised = fit.copy()
    raised.flat[at % fit.size] = max(raised.flat[at % fit.size], to / 6)
    before, after = worth(assign(fit, lawful, room), fit), worth(assign(raised, lawful, room), raised)
    assert after >= before


def test_few_candidates_leave_nobody_alone_whom_all_pairs_would_serve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All teams like the same few mentors best; the rest are needed to serve everybody."""
    monkeypatch.setattr(matching, "DENSE", 0)
    monkeypatch.setattr(matching, "CANDIDATES", 2)
    fit = np.tile(np.linspace(1, 0.1, 20), (20, 1))
    found = assign(fit, np.ones((20, 20), dtype=bool), np.ones(20, dtype=np.int64))
    assert sorted(found.tolist()) == list(range(20))


def test_rows_in_any_order_give_the_same_matches() -> None:
    chance = np.random.default_rng(1)
    mentors = [Mentor(f"m{i}", 2, tuple(chance.choice(list("abcdef"), 2))) for i in range(8)]
    teams = [Team(f"t{i}", tuple(chance.choice(list("abcdef"), 2))) for i in range(14)]
    assert match(mentors, teams) == match(mentors[::-1], teams[::-1])
    assert all(made.mentor for made in match([replace(m, capacity=9_999) for m in mentors], teams))
