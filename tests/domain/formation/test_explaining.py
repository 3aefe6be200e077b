"""An explanation can be recomputed, and betrays nobody."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.formation_class import a_class
from coursecrew.domain.formation.explaining import explain_team, sensitive_count
from coursecrew.domain.formation.forming import Budget, explain_plan, form_teams
from coursecrew.domain.formation.rules import Kind, Rule, Rules, Sizes
from coursecrew.domain.formation.traits import Roster, criteria_of, figures_from_json, roster_of, week_text


def recomputed(rule: dict, cells: list[str]) -> float:
    """A value by the arithmetic a teacher would do, from the file's cells and the class figures told."""
    told, known = rule["class"], [cell for cell in cells if cell]
    if rule["kind"] == "no_isolation":
        return float(known.count(rule["values"][0]) != 1)
    if len(known) < 2:
        return 0.5
    if rule["kind"] == "overlap":
        hours = [at for at in range(168) if all(cell[at] == "1" for cell in known)]
        return min(1, len(hours) / rule["wanted"])
    if rule["kind"] == "topic":
        best = 0.0
        for topic in told["options"]:
            lists = [cell.split(";") for cell in known]
            best = max(
                best,
                sum(1 - one.index(topic) / told["longest"] for one in lists if topic in one) / len(lists),
            )
        return best
    if rule["kind"] == "diverse":
        return (len(set(known)) - 1) / (min(len(known), len(told["options"])) - 1)
    numbers = [float(cell) for cell in known]
    if rule["kind"] == "similar":
        return 1 - (max(numbers) - min(numbers)) / (told["high"] - told["low"])
    return max(0, 1 - abs(sum(numbers) / len(numbers) - told["mean"]) / told["deviation"])


@pytest.mark.parametrize("count", [7, 37])
def test_a_person_can_recompute_every_score_from_the_file_and_the_explanation(count: int) -> None:
    roster, rules = a_class(count, 6)
    plan = form_teams(roster, rules, seed=1, budget=Budget(passes=10, seconds=30))
    told = json.loads(json.dumps(explain_plan(roster, rules, plan)))
    assert {key for team in told["teams"] for key in team["members"]} == set(roster.keys)
    scores = []
    for team in told["teams"]:
        total = weight = 0.0
        for reason in team["rules"]:
            rule = told["rules"][reason["rule"] - 1]
            column = dict(zip(roster.keys, roster.cells[rule["attribute"]], strict=True))
            value = recomputed(rule, [column[key] for key in team["members"]])
            assert reason["value"] == pytest.approx(value), (rule, team)
            unknown = "two are needed" in reason["why"]
            assert reason["met"] == (reason["bound"] is None or value >= reason["bound"] or unknown)
            assert reason["why"]
            total, weight = total + rule["weight"] * value, weight + rule["weight"]
        assert team["score"] == pytest.approx(total / weight)
        scores.append(total / weight)
    assert told["score"] == pytest.approx(len(scores) / sum(1 / score for score in scores))


def test_reasons_are_made_of_counts() -> None:
    rules = Rules(Sizes(4, 4, 4), (Rule("h", Kind.OVERLAP, 1, min_hours=3),))
    cells = [week_text({1, 2, 3}), week_text({2, 3}), week_text({2, 3, 4}), ""]
    roster = roster_of([(f"p{at}", {"h": cell}) for at, cell in enumerate(cells)])
    account = explain_team(criteria_of(roster, rules, largest=4), [0, 1, 2, 3])
    assert account.reasons[0].why == "2 of 3 hours shared; 1 of 4 gave no hours"
    assert account.score == pytest.approx(2 / 3)
    lonely = explain_team(criteria_of(roster, rules, largest=4), [0, 3])
    assert lonely.reasons[0].why == "1 of 2 answered; two are needed to say anything"


def a_sensitive_class() -> tuple[Roster, Rules]:
    roster, rules = a_class(40, 1)
    cells = {name: column for name, column in roster.cells.items() if name != "gender"}
    cells["plantedcolumn"] = tuple("plantedvalue" if at % 9 == 0 else "" for at in range(40))
    kept = tuple(rule for rule in rules.rules if rule.attribute != "gender")
    secret = Rule("plantedcolumn", Kind.NO_ISOLATION, 5, values=("plantedvalue",), sensitive=True)
    return replace(roster, cells=cells), replace(rules, rules=(*kept, secret))


def test_a_sensitive_answer_occurs_nowhere_but_as_a_number_of_teams() -> None:
    roster, rules = a_sensitive_class()
    plan = form_teams(roster, rules, seed=1, budget=Budget(passes=10, seconds=20))
    told = explain_plan(roster, rules, plan)
    assert "planted" not in json.dumps(told)
    assert told["sensitive"] == [{"rule": 7, "teams_not_meeting": f"{plan_missed(roster, plan)} of 10"}]
    without = replace(rules, rules=rules.rules[:-1])
    criteria = criteria_of(roster, without, largest=5)
    for team in told["teams"]:  # type: ignore[attr-defined]
        members = [roster.numbers[key] for key in team["members"]]
        assert team["score"] == explain_team(criteria, members).score
        assert 7 not in [reason["rule"] for reason in team["rules"]]


def plan_missed(roster: Roster, plan) -> int:
    held = dict(zip(roster.keys, roster.cells["plantedcolumn"], strict=True))
    return sum(sum(bool(held[key]) for key in team.members) == 1 for team in plan.teams)


def test_few_teams_are_not_counted_out() -> None:
    assert [sensitive_count(4, 0), sensitive_count(4, 1), sensitive_count(4, 4)] == ["none", "some", "some"]
    assert sensitive_count(30, 1) == "1 of 30"


def test_class_figures_survive_storage() -> None:
    roster, rules = a_class(30, 1)
    for criterion in criteria_of(roster, rules, largest=4):
        stored = json.loads(json.dumps(criterion.figures.as_json()))
        assert figures_from_json(stored) == criterion.figures
