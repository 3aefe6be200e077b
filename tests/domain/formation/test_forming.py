"""Teams as they come out: everybody once, pairs held, the same again, and never worse than seen."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.formation_class import a_class
from coursecrew.domain.formation.forming import Budget, Plan, form_teams, planned_passes
from coursecrew.domain.formation.improving import Progress, Stop
from coursecrew.domain.formation.judging import judge
from coursecrew.domain.formation.planning import plan_sizes
from coursecrew.domain.formation.rules import CannotForm, Kind, Rule, Rules, Sizes
from coursecrew.domain.formation.traits import Roster, criteria_of, roster_of
from tests.domain.formation.classes import RULES, learners, partitions, wishes

SHORT = Budget(passes=12)


def assert_sound(plan: Plan, roster: Roster, rules: Rules) -> None:
    """Whatever else: everybody in one team, sizes as planned, pairs held."""
    members = Counter(key for team in plan.teams for key in team.members)
    assert sorted(members) == list(roster.keys)
    assert set(members.values()) <= {1}
    where = plan.team_of
    for group in rules.together:
        assert len({where[key] for key in group}) == 1
    for group in rules.apart:
        assert len({where[key] for key in group}) == len(group)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_everybody_is_in_one_team_and_pairs_hold(data: st.DataObject) -> None:
    roster = data.draw(learners())
    rules = data.draw(wishes(roster))
    try:
        plan = form_teams(roster, rules, seed=3, budget=SHORT)
    except CannotForm:
        assert not plan_sizes(len(roster.keys), rules.sizes) or rules.together or rules.apart
        return
    assert_sound(plan, roster, rules)
    sizes = sorted((len(team.members) for team in plan.teams), reverse=True)
    if max([2, *sizes]) == 2 or not rules.together:
        assert sizes == list(plan_sizes(len(roster.keys), rules.sizes))
    criteria = criteria_of(roster, rules, largest=max([0, *sizes]))
    numbers = roster.numbers
    judged = judge(criteria, [[numbers[key] for key in team.members] for team in plan.teams])
    assert (plan.score, plan.broken, plan.unmet) == (judged.goal, judged.broken, judged.unmet)
    if plan.lower_limit_of_loss is not None and not plan.broken:
        assert plan.loss >= plan.lower_limit_of_loss - 1e-5


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_small_class_gets_the_best_teams_there_are(data: st.DataObject) -> None:
    roster = data.draw(learners(least=4, most=9))
    sizes = Sizes(2, data.draw(st.integers(2, 3)), 4)
    rules = Rules(sizes, tuple(data.draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=5))))
    plan = form_teams(roster, rules, seed=1, budget=SHORT)
    planned = list(plan_sizes(len(roster.keys), sizes))
    criteria = criteria_of(roster, rules, largest=planned[0])
    best = min(judge(criteria, teams).rank for teams in partitions(list(range(len(roster.keys))), planned))
    assert plan.proven
    assert plan.broken == best[0]
    assert plan.loss == pytest.approx(best[1], abs=1e-5)


@pytest.mark.parametrize("count", [7, 37, 120])
def test_the_same_seed_gives_the_same_teams_whatever_the_order_of_rows(count: int) -> None:
    roster, rules = a_class(count, 2)
    rows = [
        (key, {name: cells[at] for name, cells in roster.cells.items()}) for at, key in enumerate(roster.keys)
    ]
    first = form_teams(roster, rules, seed=5, budget=Budget(passes=40))
    again = form_teams(roster_of(rows[::-1]), rules, seed=5, budget=Budget(passes=40))
    assert first == again
    assert_sound(first, roster, rules)


def test_another_seed_may_give_other_teams_of_a_class_that_is_not_proven() -> None:
    roster, rules = a_class(120, 2)
    plans = {form_teams(roster, rules, seed=seed, budget=Budget(passes=10)).teams for seed in range(3)}
    assert len(plans) == 3


def test_scaled_weights_and_rules_without_weight_change_no_team() -> None:
    roster, rules = a_class(100, 4)
    plain = form_teams(roster, rules, seed=1, budget=SHORT)
    doubled = replace(rules, rules=tuple(replace(rule, weight=rule.weight * 2) for rule in rules.rules))
    more = replace(
        rules, rules=(*rules.rules, Rule("gpa", Kind.DIVERSE, 0.0), Rule("skill", Kind.SIMILAR, 0.0))
    )
    for other in (doubled, more):
        plan = form_teams(roster, other, seed=1, budget=SHORT)
        assert plan.teams == plain.teams
        assert plan.score == pytest.approx(plain.score)
        assert plan.unmet == plain.unmet


def test_the_result_is_never_worse_than_what_was_reported_on_the_way() -> None:
    roster, rules = a_class(100, 1)
    heard: list[Progress] = []
    plan = form_teams(roster, rules, seed=1, budget=Budget(passes=60), progress=heard.append)
    assert [one.passes for one in heard] == list(range(1, 61))
    assert {one.of for one in heard} == {60}
    assert plan.loss <= min(one.loss for one in heard) + 1e-4
    last = heard[-12:]  # one run of five
    assert all(after.loss <= before.loss for before, after in itertools.pairwise(last))


def after(limit: int) -> Callable[[], bool]:
    """Cancels when it is asked for the time after so many."""
    asked = itertools.count()
    return lambda: next(asked) >= limit


def test_a_cancelled_search_still_gives_everybody_a_team() -> None:
    roster, rules = a_class(100, 1)
    for limit in (0, 1, 7):
        plan = form_teams(roster, rules, seed=1, budget=Budget(passes=50), cancelled=after(limit))
        assert plan.stopped_by is Stop.CANCELLED
        assert plan.passes == limit
        assert_sound(plan, roster, rules)


def test_the_ceiling_stops_between_passes_and_says_so() -> None:
    roster, rules = a_class(100, 1)
    ticks = itertools.count()
    plan = form_teams(
        roster, rules, seed=1, budget=Budget(passes=500, seconds=60), clock=lambda: float(next(ticks))
    )
    assert plan.stopped_by is Stop.TIME
    assert 0 < plan.passes < 500
    assert_sound(plan, roster, rules)


def test_more_seconds_never_mean_fewer_passes() -> None:
    for teams in (2, 30, 125, 1250, 12_500):
        passes = [planned_passes(teams, seconds) for seconds in (1, 10, 60, 600)]
        assert passes == sorted(passes)
        assert passes[0] >= 1


def test_kept_teams_stay_as_they_are_and_the_rest_is_formed() -> None:
    roster, rules = a_class(60, 1)
    rules = replace(rules, together=(), apart=())
    kept = {"north": roster.keys[:4], "team-01": roster.keys[10:13]}
    plan = form_teams(roster, rules, seed=1, budget=SHORT, keep={**kept, "west": ["left long ago"]})
    teams = {team.name: team for team in plan.teams}
    for name, members in kept.items():
        assert teams[name].members == tuple(members)
        assert teams[name].kept
    assert plan.gone == ("left long ago",)
    assert len(teams) == len(plan.teams)
    assert_sound(plan, roster, rules)


def test_teams_never_cross_sections() -> None:
    roster, rules = a_class(90, 1)
    letters = tuple("AB"[at % 3 == 0] for at in range(90))
    roster = replace(roster, cells={**roster.cells, "group": letters})
    rules = replace(rules, together=(), apart=(), section="group")
    plan = form_teams(roster, rules, seed=1, budget=SHORT)
    group = dict(zip(roster.keys, letters, strict=True))
    assert all(len({group[key] for key in team.members}) == 1 for team in plan.teams)
    assert_sound(plan, roster, rules)


def test_chains_of_any_length_move_whole() -> None:
    roster, _ = a_class(60, 3)
    keys = roster.keys
    chains = ((keys[0], keys[1], keys[2]), (keys[3], keys[4]), (keys[5], keys[6], keys[7], keys[8], keys[9]))
    rules = Rules(
        Sizes(4, 5, 6),
        a_class(60, 3)[1].rules,
        together=chains,
        apart=((keys[0], keys[3]), (keys[20], keys[21])),
    )
    plan = form_teams(roster, rules, seed=1, budget=Budget(passes=60))
    assert_sound(plan, roster, rules)


def test_a_hard_rule_goes_before_any_weight() -> None:
    rows = [(f"p{at}", {"g": "w" if at < 4 else "m", "n": str(at % 4)}) for at in range(16)]
    split = Rule("n", Kind.SIMILAR, 100)
    nobody_alone = Rule("g", Kind.NO_ISOLATION, 0.001, values=("w",))
    for hard in (False, True):
        rules = Rules(Sizes(4, 4, 4), (split, replace(nobody_alone, hard=hard)))
        plan = form_teams(roster_of(rows), rules, seed=1, budget=SHORT)
        assert plan.broken == 0
        assert plan.unmet == (0 if hard else 4)


def test_one_woman_in_the_class_is_reported_and_not_refused() -> None:
    rows = [(f"p{at}", {"g": "w" if at == 3 else "m"}) for at in range(9)]
    rules = Rules(Sizes(3, 3, 3), (Rule("g", Kind.NO_ISOLATION, 5, values=("w",), hard=True),))
    plan = form_teams(roster_of(rows), rules, seed=1, budget=SHORT)
    assert (plan.broken, plan.unmet) == (1, 0)


@pytest.mark.parametrize(("count", "sizes"), [(0, Sizes(3, 4, 5)), (1, Sizes(1, 4, 5)), (2, Sizes(2, 4, 5))])
def test_very_small_classes_have_a_defined_answer(count: int, sizes: Sizes) -> None:
    roster = roster_of([(f"p{at}", {"x": "1"}) for at in range(count)])
    plan = form_teams(roster, Rules(sizes, (Rule("x", Kind.SIMILAR),)), seed=1)
    assert [len(team.members) for team in plan.teams] == ([count] if count else [])
    assert plan.proven
    if not count:
        assert (plan.score, plan.unmet) == (1.0, 0)


def test_a_class_without_rules_scores_1() -> None:
    roster, rules = a_class(40, 1)
    plan = form_teams(roster, replace(rules, rules=()), seed=1, budget=SHORT)
    assert plan.score == 1
    assert_sound(plan, roster, rules)
