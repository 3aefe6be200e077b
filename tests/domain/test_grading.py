from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.errors import Invalid
from coursecrew.domain.grading import Lateness, account_from, account_to, compose, missed, rounded
from coursecrew.domain.rubrics import Mark, checked_sheet, score
from coursecrew.domain.schedule import LatePolicy, Window
from tests.builders import CLOSES, DUE, START, a_rubric, marks

ON_TIME = Lateness(DUE, Window(START, DUE, CLOSES), LatePolicy())


def test_criteria_count_by_their_weight() -> None:
    assert score(a_rubric(), marks("3", "3", "4")) == Decimal(80)
    assert score(a_rubric(), marks("4", "3", "2")) == Decimal("82.5")


def test_a_grade_on_time_is_the_works_score_and_says_how_each_criterion_counted() -> None:
    account = compose(a_rubric(), marks("3", "3", "4"), ON_TIME)
    assert [line.code for line in account.lines] == ["work", "product"]
    rows = account.lines[0].values["criteria"]
    by_hand = sum(row["points"] / row["most"] * row["weight"] for row in rows)
    assert by_hand == account.total == 80


def test_a_late_grade_names_the_units_and_what_they_cost() -> None:
    late = replace(ON_TIME, handed_in=DUE + timedelta(hours=16, minutes=12))
    account = compose(a_rubric(), marks("3", "3", "4"), late)
    line = next(line for line in account.lines if line.code == "late")
    assert (line.values["units"], line.change, account.total) == (1, Decimal(-10), Decimal(70))


def test_an_override_comes_last_and_leaves_the_computed_value_readable() -> None:
    account = compose(a_rubric(), marks("3", "3", "4"), ON_TIME, override=Decimal("91.5"))
    assert (account.lines[-1].before, account.total) == (Decimal(80), Decimal("91.5"))


def test_missing_is_zero_and_says_so() -> None:
    account = missed()
    assert account.total == 0
    assert account.lines[0].code == "missed"


def test_rounding_happens_once_half_up() -> None:
    assert rounded(Decimal("82.785")) == Decimal("82.79")
    assert rounded(Decimal("0.005")) == Decimal("0.01")


def test_a_sheet_with_a_gap_or_a_point_that_no_level_has_is_refused_by_row() -> None:
    with pytest.raises(Invalid) as caught:
        checked_sheet(a_rubric(), {"loss": Mark(Decimal("2.5")), "plan": Mark(Decimal(1))})
    assert [(p.field, p.code) for p in caught.value.problems] == [
        ("level-loss", "level_unknown"),
        ("level-open", "level_missing"),
    ]


@given(st.lists(st.integers(0, 4), min_size=3, max_size=3), st.integers(0, 10 * 86_400))
def test_every_account_can_be_recomputed_from_its_stored_form(points, seconds) -> None:
    late = replace(ON_TIME, handed_in=DUE + timedelta(seconds=seconds))
    account = compose(a_rubric(), marks(*map(str, points)), late)
    stored = account_from(account_to(account))
    assert stored is not None
    assert stored.total == account.total
    total = Decimal(0)
    for row in stored.lines[0].values["criteria"]:
        total += Decimal(row["points"]) / Decimal(row["most"]) * Decimal(row["weight"])
    for line in stored.lines:
        if line.code == "late":
            total -= min(Decimal(line.values["penalty"]), total)
    assert rounded(total) == rounded(account.total)
    assert 0 <= account.total <= 100


def test_what_is_only_for_teams_is_left_out_and_the_rest_counts_by_its_share() -> None:
    rubric = a_rubric()
    teams_too = replace(rubric.criteria[1], team_only=True)
    rubric = replace(rubric, criteria=(rubric.criteria[0], teams_too, rubric.criteria[2]))
    sheet = {key: mark for key, mark in marks("4", "0", "2").items() if key != "plan"}
    alone = checked_sheet(rubric, sheet, alone=True)
    assert score(rubric, alone) == (Decimal(50) + Decimal(20) / 2) / Decimal(70) * 100
    with pytest.raises(Invalid) as refused:
        checked_sheet(rubric, sheet)
    assert [problem.field for problem in refused.value.problems] == ["level-plan"]
    account = compose(rubric, alone, ON_TIME)
    assert account.lines[0].values["left_out"] == ["The plan can be carried out"]
    assert sum(entry["weight"] for entry in account.lines[0].values["criteria"]) == 100
    assert not rubric.same_structure(a_rubric())
