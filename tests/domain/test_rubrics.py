"""Criteria of every kind: which marks they take, what they count, and as a file and back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from coursecrew.domain.activities import Settings, from_document, rubric_from, rubric_to, to_document
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Invalid
from coursecrew.domain.review_grades import criterion_values, work_score
from coursecrew.domain.rubric_files import rubric_from_csv, rubric_to_csv
from coursecrew.domain.rubrics import Comments, Criterion, Level, Mark, Rubric, Sort, checked_sheet, score
from tests.builders import a_rubric


def levels(*points: int) -> tuple[Level, ...]:
    return tuple(Level(Decimal(one), f"at {one}") for one in points)


STEPS = Criterion("s", "Steps", Decimal(2), levels(0, 2, 4))
NUMBER = Criterion("n", "Number", Decimal(1), levels(0, 10), sort=Sort.RANGE, step=Decimal("0.5"))
LIST = Criterion("c", "=List", Decimal(1), levels(1, 2, 3), sort=Sort.CHECKLIST)
WORDS = Criterion("w", "Words", Decimal(1), (), sort=Sort.TEXT, comments=Comments.REQUIRED, words=3)
RUBRIC = Rubric((STEPS, NUMBER, LIST, WORDS))
SHEET = {
    "s": Mark(Decimal(2)),
    "n": Mark(Decimal("7.5")),
    "c": Mark(Decimal(4), ticked=(0, 2)),
    "w": Mark(comment="Three good words.", given=False),
}


@pytest.mark.parametrize(
    ("criterion", "mark", "fits"),
    [
        (STEPS, Mark(Decimal(2)), True),
        (STEPS, Mark(Decimal(3)), False),
        (NUMBER, Mark(Decimal("7.5")), True),
        (NUMBER, Mark(Decimal("7.3")), False),
        (NUMBER, Mark(Decimal(11)), False),
        (NUMBER, Mark(Decimal(-1)), False),
        (LIST, Mark(Decimal(4), ticked=(0, 2)), True),
        (LIST, Mark(Decimal(0), ticked=()), True),
        (LIST, Mark(Decimal(5), ticked=(0, 2)), False),
        (LIST, Mark(Decimal(1), ticked=(9,)), False),
        (WORDS, Mark(Decimal(0)), False),
    ],
)
def test_which_marks_a_criterion_takes(criterion: Criterion, mark: Mark, fits: bool) -> None:
    assert criterion.accepts(mark) is fits


def test_the_score_by_hand_and_words_count_nothing() -> None:
    """(2 ÷ 4 × 2 + 7.5 ÷ 10 + 4 ÷ 6) ÷ 4 × 100"""
    wanted = (Fraction(2, 4) * 2 + Fraction(75, 100) + Fraction(4, 6)) / 4 * 100
    assert abs(Fraction(score(RUBRIC, SHEET)) - wanted) < Fraction(1, 10**20)
    assert work_score(RUBRIC, criterion_values(RUBRIC, [SHEET], Method.MEDIAN)) == wanted
    assert [int(c.most) for c in (NUMBER, LIST, WORDS)] == [10, 6, 0]
    assert LIST.said(SHEET["c"]) == "at 1; at 3"


def test_what_is_missing_is_named_at_its_row() -> None:
    assert checked_sheet(RUBRIC, SHEET) == SHEET
    with pytest.raises(Invalid) as lacks:
        checked_sheet(RUBRIC, {"s": SHEET["s"], "w": Mark(comment="Two words", given=False)})
    assert [problem.field for problem in lacks.value.problems] == ["level-n", "level-c", "comment-w"]
    assert checked_sheet(RUBRIC, {**SHEET, "w": Mark(given=False)}, comments=False)


def test_a_rubric_of_levels_is_stored_as_it_always_was_and_others_come_back() -> None:
    assert set(rubric_to(a_rubric())["criteria"][0]) == {
        "id",
        "title",
        "hint",
        "team_only",
        "weight",
        "levels",
    }
    assert rubric_from(rubric_to(RUBRIC)) == RUBRIC
    assert from_document(to_document(Settings(title="T", rubric=RUBRIC))).rubric == RUBRIC


def test_a_file_brings_everything_back_and_no_cell_is_a_formula() -> None:
    text = rubric_to_csv(RUBRIC)
    assert "'=List" in text
    back = rubric_from_csv(text.encode())
    assert [(c.title, c.weight, c.levels, c.sort, c.step, c.comments, c.words) for c in back.criteria] == [
        (c.title, c.weight, c.levels, c.sort, c.step, c.comments, c.words) for c in RUBRIC.criteria
    ]


def test_every_cell_that_does_not_fit_is_named_by_line_and_column() -> None:
    broken = (
        "criterion,weight,sort,points,text\nA,much,levels,0,no\n,1,levels,1,x\nB,1,stars,1,x\nB,1,,four,x\n"
    )
    with pytest.raises(Invalid) as wrong:
        rubric_from_csv(broken.encode())
    named = [(dict(p.values)["row"], dict(p.values)["column"]) for p in wrong.value.problems]
    assert named == [(2, "weight"), (3, "criterion"), (4, "sort"), (5, "points")]
    for content, code in (
        (b"criterion,points\nA,1\n", "csv_columns"),
        (b"\xff\xfe", "csv_encoding"),
        (b"criterion,points,text\n", "rubric_empty"),
        (b"x" * 300_000, "csv_too_large"),
    ):
        with pytest.raises(Invalid) as refused:
            rubric_from_csv(content)
        assert refused.value.problems[0].code == code


@pytest.mark.parametrize(
    ("criterion", "code"),
    [
        (Criterion("a", "A", Decimal(1), levels(0)), "criterion_levels"),
        (Criterion("a", "A", Decimal(1), levels(*range(11))), "criterion_levels"),
        (Criterion("a", "A", Decimal(1), levels(0, 5, 10), sort=Sort.RANGE), "criterion_range"),
        (Criterion("a", "A", Decimal(1), levels(0, 10), sort=Sort.RANGE, step=Decimal(0)), "criterion_range"),
        (Criterion("a", "A", Decimal(1), (), sort=Sort.CHECKLIST), "criterion_checklist"),
        (Criterion("a", "A", Decimal(1), levels(0, 1), words=900), "criterion_words"),
        (Criterion("a", "A", Decimal(1), (), sort=Sort.TEXT), "nothing_counts"),
    ],
)
def test_a_criterion_that_cannot_be_used_is_refused(criterion: Criterion, code: str) -> None:
    with pytest.raises(Invalid) as wrong:
        from_document(to_document(Settings(title="T", rubric=Rubric((criterion,)))))
    assert code in {problem.code for problem in wrong.value.problems}
