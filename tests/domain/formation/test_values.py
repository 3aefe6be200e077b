"""What a rule is worth in a team, checked by hand, and by what must never change it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.formation.judging import goal, judge, team_loss, verdict
from coursecrew.domain.formation.pricing import Pricing
from coursecrew.domain.formation.rules import NEEDS_TWO, Kind, Rule, Rules, Sizes, Trait
from coursecrew.domain.formation.traits import Criterion, criteria_of, roster_of, week_text
from tests.domain.formation.classes import RULES, learners


def criterion(rule: Rule, *cells: str, largest: int = 5) -> Criterion:
    """A rule over a class that answered so."""
    roster = roster_of([(f"p{at:02}", {rule.attribute: cell}) for at, cell in enumerate(cells)])
    return criteria_of(roster, Rules(Sizes(1, 3, 5), (rule,)), largest=largest)[0]


def value(rule: Rule, *cells: str, team: list[int]) -> float:
    return verdict(criterion(rule, *cells), team).value


def test_an_even_set_of_teams_beats_one_with_a_weak_team() -> None:
    assert goal([0.9, 0.8, 0.3]) == pytest.approx(0.5268, abs=5e-5)
    assert goal([0.7, 0.65, 0.62]) == pytest.approx(0.6550, abs=5e-5)
    assert goal([0.0, 1.0, 1.0, 1.0]) == pytest.approx(0.375)
    assert goal([]) == 1.0


def test_helping_a_team_at_zero_always_lowers_the_loss() -> None:
    scores = [0.0, 0.005, 0.01, 0.019, 0.02, 0.021, 0.5, 1.0]
    assert [team_loss(score) for score in scores] == sorted(map(team_loss, scores), reverse=True)
    assert len(set(map(team_loss, scores))) == len(scores)


@pytest.mark.parametrize(
    ("rule", "cells", "team", "expected"),
    [
        (Rule("x", Kind.DIVERSE), ["0", "10", "4", "6"], [2, 3], 0.2),
        (Rule("x", Kind.SIMILAR), ["0", "10", "4", "6"], [2, 3], 0.8),
        (Rule("x", Kind.DIVERSE), ["a", "a", "b", "c"], [0, 1, 2], 0.5),
        (Rule("x", Kind.DIVERSE), ["a", "a", "b", ""], [0, 2, 3], 1.0),
        (Rule("x", Kind.DIVERSE), ["a;b", "b;c", "a;b", "d"], [0, 1, 2], (2 / 3 + 0 + 2 / 3) / 3),
        (Rule("x", Kind.BALANCED), ["1", "2", "3", "4"], [0, 3], 1.0),
        (Rule("x", Kind.BALANCED), ["1", "2", "3", "4"], [2, 3], 1 - 1 / math.sqrt(1.25)),
        (Rule("x", Kind.BALANCED), ["a", "a", "b", "b"], [0, 2], 1.0),
        (Rule("x", Kind.BALANCED), ["a", "a", "b", "b"], [0, 1], 0.5),
        (Rule("x", Kind.BALANCED), ["a", "a", "a", "b"], [2, 3], (1 - 0.25) / (1 - 0.25)),
        (Rule("x", Kind.NO_ISOLATION, values=("w",)), ["w", "m", "m", "w"], [0, 1], 0.0),
        (Rule("x", Kind.NO_ISOLATION, values=("w",)), ["w", "m", "m", "w"], [0, 3], 1.0),
        (Rule("x", Kind.NO_ISOLATION, values=("w", "m")), ["w", "m", "m", "w"], [0, 1, 2], 0.5),
        (Rule("x", Kind.ROLE_COVER, values=("p", "q", "r")), ["p;q", "p", "q", "z;r"], [0, 1, 2], 2 / 3),
        (
            Rule("x", Kind.OVERLAP, min_hours=4),
            [week_text({1, 2, 3}), week_text({2, 3, 9}), ""],
            [0, 1, 2],
            0.5,
        ),
        (Rule("x", Kind.OVERLAP, min_shared=2), ["en;es", "en;fr", "es;en"], [0, 1], 0.5),
        (Rule("x", Kind.TOPIC), ["a;b;c", "b;a", "c"], [0, 1], (1 + 2 / 3) / 2),
        (Rule("x", Kind.NOT_AGAIN), ["t1", "t1;t2", "t2", "t9;t8"], [0, 1, 2], 1 - 2 / 3),
    ],
)
def test_a_value_is_what_its_formula_gives_by_hand(
    rule: Rule, cells: list[str], team: list[int], expected: float
) -> None:
    assert value(rule, *cells, team=team) == pytest.approx(expected)


def test_a_constant_cannot_guide_anything() -> None:
    for cells in (["5", "5", "5"], ["a", "a", "a"]):
        assert value(Rule("x", Kind.DIVERSE), *cells, team=[0, 1]) == 0
        assert value(Rule("x", Kind.SIMILAR), *cells, team=[0, 1]) == 1


def test_a_week_without_a_free_hour_says_nothing() -> None:
    rule = Rule("x", Kind.OVERLAP, min_hours=1)
    found = criterion(rule, "0" * 168, week_text({3}), week_text({3, 4}))
    assert found.answers[0] is None
    assert verdict(found, [0, 1, 2]).value == 1


@given(learners(least=1, most=12), st.sampled_from(RULES), st.data())
def test_values_lie_between_0_and_1(roster, rule: Rule, data: st.DataObject) -> None:
    (one,) = criteria_of(roster, Rules(Sizes(1, 3, 5), (rule,)), largest=5)
    people = st.integers(0, len(roster.keys) - 1)
    team = data.draw(st.lists(people, min_size=1, max_size=6, unique=True))
    assert 0 <= verdict(one, team).value <= 1


@given(learners(least=2, most=12), st.sampled_from(RULES), st.data())
def test_a_member_who_skipped_the_question_never_lowers_a_value(
    roster, rule: Rule, data: st.DataObject
) -> None:
    if rule.kind is Kind.NOT_AGAIN:
        return  # more pairs, of which none repeats: never lower, but no question was skipped
    (one,) = criteria_of(roster, Rules(Sizes(1, 3, 5), (rule,)), largest=5)
    silent = [at for at, answer in enumerate(one.answers) if answer is None]
    others = [at for at, answer in enumerate(one.answers) if answer is not None]
    if not silent or not others:
        return
    team = data.draw(st.lists(st.sampled_from(others), min_size=1, unique=True))
    before, after = verdict(one, team), verdict(one, [*team, silent[0]])
    if before.answered >= 2 or rule.kind not in NEEDS_TWO:
        assert after.value >= before.value - 1e-12


@pytest.mark.parametrize("kind", NEEDS_TWO)
def test_a_question_nobody_answered_says_one_half_and_breaks_nothing(kind: Kind) -> None:
    rule = Rule("x", kind, min_hours=3, bound=0.9)
    found = verdict(criterion(rule, "", "", "", ""), [0, 1, 2])
    assert found.value == 0.5
    assert found.met


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=8), st.integers(-9, 9), st.integers(1, 7))
def test_another_unit_of_a_number_changes_no_value(numbers: list[int], shift: int, factor: int) -> None:
    for kind in (Kind.SIMILAR, Kind.DIVERSE, Kind.BALANCED):
        first = value(Rule("x", kind, trait=Trait.NUMBER), *map(str, numbers), team=[0, 1, 2])
        other = [str(number * factor + shift) for number in numbers]
        assert value(Rule("x", kind, trait=Trait.NUMBER), *other, team=[0, 1, 2]) == pytest.approx(first)


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=3, max_size=8))
def test_other_names_for_choices_change_no_value(cells: list[str]) -> None:
    renamed = {"a": "zebra", "b": "ant", "c": "moth", "": ""}
    for kind in (Kind.SIMILAR, Kind.DIVERSE, Kind.BALANCED):
        rule = Rule("x", kind, trait=Trait.CHOICE)
        first = value(rule, *cells, team=[0, 1, 2])
        assert value(rule, *(renamed[cell] for cell in cells), team=[0, 1, 2]) == pytest.approx(first)


@given(learners(least=6, most=24), st.lists(st.sampled_from(RULES), min_size=1, max_size=8), st.data())
def test_fast_prices_equal_slow_values(roster, rules: list[Rule], data: st.DataObject) -> None:
    criteria = criteria_of(roster, Rules(Sizes(1, 3, 5), tuple(rules)), largest=4)
    count = len(roster.keys)
    pricing = Pricing(criteria, count)
    order = data.draw(st.permutations(range(count)))
    size = data.draw(st.integers(1, 2))
    parts = np.array([order[at : at + size] for at in range(0, 3 * size, size)])
    rest = order[3 * size :]
    rests = np.full((3, 4), count)
    for at in range(3):
        some = rest[at::3][:4]
        rests[at, : len(some)] = some
    if (rests[:, 0] == count).any():
        return
    teams = [[*rests[r][rests[r] < count], *parts[p]] for p in range(3) for r in range(3)]
    slow = judge(criteria, teams)
    wide = np.full((9, 6), count)
    for at, team in enumerate(teams):
        wide[at, : len(team)] = team
    scores, broken = pricing.scores(wide)
    assert scores == pytest.approx(slow.scores, abs=1e-6)
    assert broken.sum() == slow.broken
    costs = pricing.open(rests, parts).costs(0, 3).ravel()
    missed = [
        sum(not v.met and c.rule.is_hard for c, v in zip(criteria, row, strict=True)) for row in slow.verdicts
    ]
    expected = [team_loss(s) + 1e6 * m for s, m in zip(slow.scores, missed, strict=True)]
    assert costs == pytest.approx(expected, rel=1e-4)
