"""`make demo-check` says yes to a course in order, and no as soon as one mark is not."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from demo import check

pytestmark = pytest.mark.slow


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_every_mark_arrives_and_is_right(capsys):
    assert check.main(["--port", "0"]) == 0
    *marks, last = lines(capsys)
    assert marks == [
        f"MARK {person} {title} {mark}/100"
        for title, made in ((check.TITLE, ("80.83", "82.50")), (check.REVIEW, ("85.00", "49.17")))
        for team, mark in zip(check.TEAMS, made, strict=True)
        for person in team.members
    ]
    assert last == "marks 12 wrong 0"


def test_one_wrong_mark_is_found(capsys):
    """One hundredth of a point is wrong enough."""
    fault = json.dumps({"at": "score", "add": -0.01})
    assert check.main(["--port", "0", "--fault", fault]) == 1
    assert lines(capsys)[-1] == "marks 12 wrong 1"


def test_a_lost_mark_is_found(capsys, monkeypatch):
    monkeypatch.setattr(check, "DELIVERY_TAKES", 3)
    assert check.main(["--port", "0", "--fault", '{"at": "score", "lose": true}']) == 1
    assert lines(capsys)[-1] == "marks 11 wrong 1"


def test_the_sum_of_its_own_is_that_of_the_product():
    """The check works with fractions, the product with decimals and a rubric; both must agree."""
    from coursecrew.domain.grading import rounded
    from coursecrew.domain.rubrics import Criterion, Level, Mark, Rubric, score

    levels = {most: tuple(Level(Decimal(n), "") for n in range(most + 1)) for _, _, most in check.RUBRIC}
    rubric = Rubric(
        tuple(Criterion(title, title, Decimal(w), levels[most]) for title, w, most in check.RUBRIC)
    )
    for team in check.TEAMS:
        sheet = {
            title: Mark(Decimal(next(p for begin, p in team.points.items() if title.startswith(begin))))
            for title, _, _ in check.RUBRIC
        }
        late = Decimal(team.late_days * check.LATE_DAY)
        assert str(rounded(score(rubric, sheet) - late)) == check.expected(team)
