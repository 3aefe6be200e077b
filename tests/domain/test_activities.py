from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from coursecrew.app.activities import merge_documents
from coursecrew.domain.activities import (
    Facts,
    Settings,
    SubmitRule,
    TeamRules,
    allowed,
    from_document,
    readiness,
    to_document,
)
from coursecrew.domain.errors import Invalid
from coursecrew.domain.rubrics import Rubric
from coursecrew.domain.schedule import LatePolicy, Step, Window
from tests.builders import CLOSES, DUE, START, a_rubric, settings


def test_a_settings_document_comes_back_equal_from_json() -> None:
    whole = settings(task='Quotes " and <tags>\nand lines', late=LatePolicy(points=Decimal("2.5")))
    assert from_document(json.loads(json.dumps(to_document(whole)))) == whole


def test_an_empty_document_takes_every_default() -> None:
    assert from_document({}) == Settings()


def test_every_value_that_cannot_be_read_is_named() -> None:
    broken = to_document(settings())
    broken["teams"]["min"] = "many"
    broken["steps"]["draft"]["due"] = "soon"
    broken["late"]["points"] = "ten"
    with pytest.raises(Invalid) as caught:
        from_document(broken)
    assert {p.field for p in caught.value.problems} >= {"team_min", "draft_due", "late_points"}


def test_crossed_sizes_and_an_empty_criterion_are_refused_with_the_row() -> None:
    with pytest.raises(Invalid):
        from_document(to_document(settings(teams=TeamRules(min=5, ideal=4, max=3))))
    rubric = a_rubric()
    bad = replace(rubric, criteria=(rubric.criteria[0], replace(rubric.criteria[1], title=" ")))
    with pytest.raises(Invalid) as caught:
        from_document(to_document(settings(rubric=bad)))
    assert caught.value.problems[0].values == (("row", 2),)


def test_a_whole_assignment_is_ready_and_an_empty_one_says_what_is_missing() -> None:
    assert not [check for check in readiness(settings(), learners=120) if check.blocks]
    missing = {check.code for check in readiness(Settings(), learners=120) if check.blocks}
    assert missing == {"goal_missing", "done_missing", "rubric_missing"}


def test_crossed_dates_and_too_few_people_block() -> None:
    crossed = settings(steps={Step.DRAFT: Window(DUE, START, CLOSES)})
    assert "dates_crossed" in {check.code for check in readiness(crossed) if check.blocks}
    few = readiness(settings(), learners=1, complete=True)
    assert "too_few_people" in {check.code for check in few if check.blocks}
    # Where more people may yet come in by opening the activity, that is worth a word and no more.
    growing = {check.code: check.blocks for check in readiness(settings(), learners=1)}
    assert growing["few_people_yet"] is False
    late_lock = settings(teams=TeamRules(lock_at=CLOSES))
    assert "lock_after_due" in {check.code for check in readiness(late_lock)}


def test_what_is_locked_stays_and_is_named_while_the_rest_takes_effect() -> None:
    wish = settings(
        goal="New goal", submit_rule=SubmitRule.ALL, teams=TeamRules(name="districts", min=1, ideal=2, max=2),
        rubric=Rubric(a_rubric().criteria[:2]), late=LatePolicy(points=Decimal(20)),
    )  # fmt: skip
    facts = Facts(work_begun=True, largest_team=4, released=True, marked_rubric=True, now=START)
    result, held = allowed(settings(), wish, facts)
    assert set(held) == {"submit_rule", "team_max", "late", "rubric"}
    assert (result.goal, result.submit_rule, result.teams.max) == ("New goal", SubmitRule.ANY, 4)
    assert result.rubric == a_rubric()


def test_time_that_was_promised_is_not_taken_away() -> None:
    now = DUE - timedelta(hours=2)
    earlier = settings(steps={Step.DRAFT: Window(START, DUE - timedelta(days=1), CLOSES)})
    result, held = allowed(settings(), earlier, Facts(now=now))
    assert held == ("draft_due",)
    assert result.step(Step.DRAFT).due == DUE


def test_two_people_who_changed_different_settings_are_merged() -> None:
    base = {"goal": "a", "teams": {"min": 1, "max": 2}, "task": "t"}
    merged, clashes = merge_documents(base, {**base, "goal": "mine"}, {**base, "teams": {"min": 1, "max": 3}})
    assert (merged, clashes) == ({"goal": "mine", "teams": {"min": 1, "max": 3}, "task": "t"}, [])


def test_what_both_changed_is_a_clash_with_all_three_texts() -> None:
    base = {"teams": {"min": 1}}
    _merged, clashes = merge_documents(base, {"teams": {"min": 2}}, {"teams": {"min": 3}})
    assert clashes == [{"place": "teams.min", "yours": 2, "theirs": 3, "before": 1}]


def test_a_rubric_in_which_everything_is_for_teams_only_is_refused() -> None:
    rubric = a_rubric()
    rubric = replace(rubric, criteria=tuple(replace(one, team_only=True) for one in rubric.criteria))
    with pytest.raises(Invalid) as refused:
        from_document(to_document(settings(rubric=rubric)))
    assert [problem.code for problem in refused.value.problems] == ["nothing_for_one"]
