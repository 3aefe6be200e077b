"""Late joiners get a seat, shrunken teams are mended with few moves, hands are free within the rules."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.formation_class import a_class
from coursecrew.domain.formation.forming import Budget, form_teams
from coursecrew.domain.formation.judging import judge, team_loss
from coursecrew.domain.formation.repairing import Scale, compare, make_scale, place_late, repair, try_exchange
from coursecrew.domain.formation.rules import Kind, Rule, Rules, Sizes
from coursecrew.domain.formation.traits import roster_of


def a_scale(count: int = 60, seed: int = 1, **changes: object) -> Scale:
    roster, rules = a_class(count, seed)
    return make_scale(roster, replace(rules, **changes), largest=5)  # type: ignore[arg-type]


def dealt(scale: Scale, size: int, leave: int = 0) -> dict[str, list[str]]:
    """Teams in the order of keys; the last `leave` learners have none."""
    keys = scale.roster.keys[: len(scale.roster.keys) - leave]
    return {f"t{at // size:03}": list(keys[at : at + size]) for at in range(0, len(keys), size)}


def rise(scale: Scale, team: list[str], learner: str) -> float:
    positions = [scale.numbers[key] for key in team]
    before, after = judge(scale.criteria, [positions, [*positions, scale.numbers[learner]]]).scores
    return team_loss(after) - team_loss(before)


def test_a_late_joiner_gets_the_seat_that_costs_least_and_two_more_to_choose_from() -> None:
    scale = a_scale(together=(), apart=())
    teams = dealt(scale, 4, leave=1)
    late = scale.roster.keys[-1]
    teams["t000"].append(teams["t001"].pop())  # full: no seat there
    (placement,) = place_late(scale, teams, [late], closed=["t002"])
    rises = {name: rise(scale, team, late) for name, team in teams.items() if name not in {"t000", "t002"}}
    best = sorted(rises, key=rises.__getitem__)[:3]
    assert [seat.team for seat in placement.seats] == best
    assert [seat.rise for seat in placement.seats] == pytest.approx([rises[name] for name in best], abs=1e-4)


def test_several_late_joiners_fill_one_seat_each_and_the_rest_wait_in_the_pool() -> None:
    scale = a_scale(together=(), apart=())
    teams = dealt(scale, 5, leave=10)
    teams["t000"] = teams["t000"][:3]
    late = list(scale.roster.keys[-4:])
    placed = place_late(scale, teams, late)
    assert [p.learner for p in placed] == late
    assert sorted(p.team or "pool" for p in placed) == ["pool", "pool", "t000", "t000"]


def test_nobody_is_placed_beside_whom_they_stay_apart_from_or_in_another_section() -> None:
    scale = a_scale(together=(), apart=())
    late = scale.roster.keys[-1]
    teams = dealt(scale, 4, leave=1)
    (free,) = place_late(scale, teams, [late])
    foe = teams[free.team or ""][0]
    apart = a_scale(together=(), apart=((late, foe),))
    (placement,) = place_late(apart, teams, [late], offers=99)
    assert free.team not in [seat.team for seat in placement.seats]

    roster, rules = a_class(60, 1)
    part = tuple("B" if at >= 52 else "A" for at in range(60))
    roster = replace(roster, cells={**roster.cells, "part": part})
    scale = make_scale(roster, replace(rules, together=(), apart=(), section="part"), largest=5)
    (placement,) = place_late(scale, teams, [late], offers=99)
    assert {seat.team for seat in placement.seats} == {"t013", "t014"}


def test_newcomers_are_judged_on_the_scale_of_the_class() -> None:
    roster, rules = a_class(40, 1)
    plan = form_teams(roster, rules, seed=1, budget=Budget(passes=5, seconds=20))
    cells = {name: (*column, "4.00" if name == "gpa" else "") for name, column in roster.cells.items()}
    grown = replace(roster, keys=(*roster.keys, "zoe"), cells=cells, rows=(*roster.rows, 99))
    scale = make_scale(grown, rules, largest=5, figures=plan.figures)
    numbers = grown.numbers
    again = judge(scale.criteria, [[numbers[key] for key in team.members] for team in plan.teams])
    assert again.goal == plan.score


def test_sensitive_rules_whose_answers_are_deleted_are_left_out() -> None:
    roster, rules = a_class(40, 1)
    scale = make_scale(roster, rules, largest=5, without=[5])
    assert [c.rule.attribute for c in scale.criteria] == [
        "skill",
        "field",
        "gpa",
        "effort",
        "availability",
        "topics",
    ]


@given(st.integers(0, 10_000), st.integers(12, 90), st.integers(2, 4), st.sampled_from([0.1, 0.3, 0.6]))
def test_mended_teams_hold_everybody_once_and_break_nothing(
    seed: int, count: int, least: int, gone: float
) -> None:
    scale = a_scale(count, 1, sizes=Sizes(least, least + 1, least + 2), together=())
    chance = random.Random(seed)
    teams = {
        name: [key for key in team if chance.random() > gone]
        for name, team in dealt(scale, least + 1).items()
    }
    apart = {frozenset(pair) for pair in scale.rules.apart}
    for team in teams.values():  # what is broken before is not the repair's to mend
        team[:] = [
            key for at, key in enumerate(team) if not any({key, other} in apart for other in team[:at])
        ]
    mended = repair(scale, teams)
    before = {key: name for name, team in teams.items() for key in team}
    after = {key: name for name, team in mended.teams.items() for key in team}
    assert sum(map(len, mended.teams.values())) == len(before)
    assert set(after) == set(before)
    assert {move.learner: (move.source, move.target) for move in mended.moves} == {
        key: (before[key], after[key]) for key in before if before[key] != after[key]
    }
    for name, members in mended.teams.items():
        assert len(members) <= scale.rules.sizes.max
        assert not any({one, other} in apart for one in members for other in members)
        assert (len(members) < least) == (name in mended.unmended)
        if len(teams[name]) >= least:
            assert set(teams[name]) <= set(members)


def test_few_move_when_three_in_ten_vanish() -> None:
    scale = a_scale(1200, 2, together=())
    chance = random.Random(4)
    teams = {name: [key for key in team if chance.random() > 0.3] for name, team in dealt(scale, 4).items()}
    left = sum(map(len, teams.values()))
    mended = repair(scale, teams)
    assert not mended.unmended
    assert len(mended.moves) < 0.08 * left


def test_the_team_that_is_named_first_keeps_its_name() -> None:
    scale = a_scale(12, 1, sizes=Sizes(4, 4, 4), together=(), apart=())
    keys = scale.roster.keys
    teams = {"a": keys[:2], "b": keys[2:4], "c": keys[4:8]}
    assert set(repair(scale, teams).teams) == {"a", "c"}
    assert set(repair(scale, teams, keep_names=["b", "a"]).teams) == {"b", "c"}


def test_learners_who_stay_together_are_not_torn_by_a_repair() -> None:
    keys = a_scale(18, 1).roster.keys
    scale = a_scale(18, 1, together=((keys[0], keys[1]), (keys[2], keys[3])), apart=())
    teams = {
        "a": keys[0:2],
        "b": keys[2:4],
        "c": keys[4:6],
        "d": keys[6:8],
        "e": keys[8:10],
        "f": keys[10:12],
    }
    mended = repair(scale, teams)
    where = {key: name for name, team in mended.teams.items() for key in team}
    assert where[keys[0]] == where[keys[1]]
    assert where[keys[2]] == where[keys[3]]
    assert not mended.unmended


def test_a_swap_by_hand_shows_both_teams_before_and_after() -> None:
    scale = a_scale(together=(), apart=())
    teams = dealt(scale, 4)
    one, other = teams["t000"][0], teams["t001"][0]
    effect = try_exchange(scale, teams, "t000", "t001", out=[one], back=[other])
    assert effect.refused == ""
    swapped = {**teams, "t000": [other, *teams["t000"][1:]], "t001": [one, *teams["t001"][1:]]}
    for at, name in enumerate(["t000", "t001"]):
        now = judge(scale.criteria, [[scale.numbers[key] for key in teams[name]]]).scores[0]
        then = judge(scale.criteria, [[scale.numbers[key] for key in swapped[name]]]).scores[0]
        assert (effect.before[at].score, effect.after[at].score) == pytest.approx((now, then))


def test_only_what_never_breaks_refuses_a_move_by_hand() -> None:
    keys = a_scale().roster.keys
    scale = a_scale(sizes=Sizes(3, 4, 4), apart=((keys[0], keys[5]),), together=((keys[8], keys[9]),))
    teams = dealt(scale, 4)
    assert try_exchange(scale, teams, "t000", "t001", out=[keys[1]]).refused == "a team of 5 is outside 3..4"
    swap = try_exchange(scale, teams, "t000", "t001", out=[keys[0]], back=[keys[4]])
    assert (
        swap.refused == f"{keys[5]} and {keys[0]} stay apart"
        or swap.refused == f"{keys[0]} and {keys[5]} stay apart"
    )
    assert (
        "stay together" in try_exchange(scale, teams, "t002", "t003", out=[keys[8]], back=[keys[12]]).refused
    )


def test_a_swap_shows_nothing_of_a_sensitive_rule() -> None:
    rows = [(f"p{at}", {"g": "w" if at in (0, 4) else "m", "n": str(at)}) for at in range(8)]
    rules = Rules(
        Sizes(2, 4, 4),
        (Rule("n", Kind.SIMILAR), Rule("g", Kind.NO_ISOLATION, 9, values=("w",), sensitive=True)),
    )
    scale = make_scale(roster_of(rows), rules, largest=4)
    effect = try_exchange(scale, dealt(scale, 4), "t000", "t001", out=["p1"], back=["p4"])
    assert [reason.rule for reason in effect.after[0].reasons] == [1]
    # p0, p2, p3, p4 by number alone
    assert effect.after[0].score == pytest.approx(1 - 4 / 7)


def test_two_results_are_compared_whatever_their_teams_are_called() -> None:
    scale = a_scale()
    teams = dealt(scale, 4)
    renamed = {f"x{name}": members[::-1] for name, members in teams.items()}
    same = compare(scale, teams, renamed)
    assert same.regrouped == 0
    assert same.same_team == {name: f"x{name}" for name in teams}
    assert same.loss[0] == pytest.approx(same.loss[1])
    renamed["xt000"], renamed["xt001"] = (
        [*renamed["xt000"][:3], renamed["xt001"][3]],
        [*renamed["xt001"][:3], renamed["xt000"][3]],
    )
    assert compare(scale, teams, renamed).regrouped == 8
