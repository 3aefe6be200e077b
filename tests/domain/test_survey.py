"""What a survey may ask, what an answer must look like, and what stays once somebody has answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.activities import (
    Facts,
    JoinRule,
    Settings,
    TeamRules,
    allowed,
    from_document,
    readiness,
    to_document,
)
from coursecrew.domain.errors import Invalid
from coursecrew.domain.survey import (
    MOST_QUESTIONS,
    Ask,
    Question,
    Survey,
    checked_answers,
    kept_as_promised,
    survey_problems,
)
from coursecrew.domain.wishes import Forming
from tests.builders import DUE, START, settings

ONE_HOUR = "1" + "0" * 167
SKILLS = ("Maps", "Costs")
SURVEY = Survey(
    (
        Question("place", Ask.CHOICE, "Where do you live?", options=("City", "Coast"), own_words=True),
        Question("tools", Ask.MULTI, "What do you use?", options=("Paper", "Phone", "Laptop")),
        Question("years", Ask.NUMBER, "Years at work"),
        Question("skills", Ask.SKILLS, "What do you bring?", options=SKILLS),
        Question("hours", Ask.HOURS, "When could you work?"),
        Question("speaks", Ask.LANGUAGES, "Languages", options=("English", "Español")),
        Question("topics", Ask.TOPICS, "Topics", options=("Leaks", "Floods", "Reuse")),
        Question("wanted", Ask.WANTED, "With whom?"),
        Question("unwanted", Ask.UNWANTED, "With whom not?"),
        Question("why", Ask.TEXT, "Anything else?"),
        Question(
            "gender", Ask.CHOICE, "Gender", options=("Woman", "Man"), sensitive=True, purpose="Nobody alone."
        ),
    )
)  # fmt: skip


def codes(survey: Survey) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in survey_problems(survey)]


def refused(**answers: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        checked_answers(SURVEY, answers)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


# --- answers ---


def test_answers_that_fit_are_kept_in_one_form() -> None:
    given_ = {
        "place": " In   a boat; mostly ",
        "tools": ["Laptop", "Paper"],
        "years": " 3,5 ",
        "skills": {"Maps": 4, "Costs": "0"},
        "hours": {"zone": "Africa/Lagos", "week": ONE_HOUR},
        "speaks": ["English"],
        "topics": ["Reuse", "", "Leaks"],
        "wanted": ["a" * 32],
        "unwanted": ["b" * 32],
        "why": " Because. ",
        "gender": "Woman",
    }
    assert checked_answers(SURVEY, given_) == {
        **given_,
        "place": "In a boat, mostly",
        "tools": ["Paper", "Laptop"],
        "years": "3.5",
        "skills": {"Maps": 4, "Costs": 0},
        "topics": ["Reuse", "Leaks"],
        "why": "Because.",
    }


def test_a_skipped_question_is_not_there_at_all() -> None:
    blank = {
        "place": "",
        "tools": [],
        "years": "",
        "skills": {},
        "topics": ["", ""],
        "why": "  ",
        "wanted": [],
    }
    no_hour = {"hours": {"zone": "UTC", "week": "0" * 168}}
    assert checked_answers(SURVEY, {**blank, **no_hour}) == {}
    assert checked_answers(SURVEY, {}) == {}


def test_an_answer_to_a_question_that_is_gone_is_left_out() -> None:
    assert checked_answers(SURVEY, {"gone": "yes", "years": "3"}) == {"years": "3"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"gender": "Other"}, "answer_unknown"),
        ({"place": "x" * 61}, "text_too_long"),
        ({"tools": ["Pen"]}, "answer_unknown"),
        ({"years": "three"}, "not_a_number"),
        ({"years": "NaN"}, "not_a_number"),
        ({"years": "1e20"}, "number_too_large"),
        ({"skills": {"Maps": 5}}, "answer_unknown"),
        ({"skills": {"Swimming": 1}}, "answer_unknown"),
        ({"skills": "many"}, "answer_unreadable"),
        ({"hours": {"zone": "UTC", "week": "1"}}, "answer_unreadable"),
        ({"hours": {"zone": "Moon/Base", "week": ONE_HOUR}}, "zone_unknown"),
        ({"hours": {"week": ONE_HOUR}}, "answer_unreadable"),
        ({"topics": ["Leaks", "Leaks"]}, "topic_twice"),
        ({"wanted": ["a", "a"]}, "named_twice"),
        ({"wanted": ["a", "b", "c", "d"]}, "named_too_many"),
        ({"why": "x" * 2001}, "text_too_long"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_at_its_question(answer: dict[str, Any], code: str) -> None:
    (id,) = answer
    assert refused(**answer) == [(f"q-{id}", code)]


def test_nobody_is_both_wanted_and_unwanted() -> None:
    assert refused(wanted=["a", "b"], unwanted=["b"]) == [("q-unwanted", "named_both")]


def test_every_answer_that_does_not_fit_is_named_at_once() -> None:
    assert [field for field, _ in refused(years="x", tools=["Pen"], gender="Other")] == [
        "q-tools",
        "q-years",
        "q-gender",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Maps", "City"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([question.id for question in SURVEY.questions]), JSON))
def test_whatever_is_sent_is_checked_or_refused_and_checking_again_changes_nothing(answers: dict) -> None:
    try:
        once = checked_answers(SURVEY, answers)
    except Invalid:
        return
    assert checked_answers(SURVEY, once) == once
    assert set(once) <= set(answers)


# --- what may be asked ---


def test_unwanted_team_mates_are_always_sensitive() -> None:
    assert Question("u", Ask.UNWANTED, "With whom not?").is_sensitive
    assert [question.id for question in SURVEY.sensitive] == ["unwanted", "gender"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (Question("a", Ask.TEXT, " "), "question_title_missing"),
        (Question("a", Ask.TEXT, "x" * 301), "question_title_long"),
        (Question("a", Ask.CHOICE, "A", options=("One",)), "question_options_missing"),
        (Question("a", Ask.SKILLS, "A"), "question_options_missing"),
        (Question("a", Ask.MULTI, "A", options=("One", "one")), "question_options_twice"),
        (Question("a", Ask.MULTI, "A", options=("One; two",)), "question_option_semicolon"),
        (Question("a", Ask.MULTI, "A", options=("x" * 121,)), "question_option_long"),
        (Question("a", Ask.MULTI, "A", options=tuple(f"o{n}" for n in range(31))), "question_options_many"),
        (Question("a", Ask.TEXT, "A", sensitive=True), "question_purpose_missing"),
        (Question("a b", Ask.TEXT, "A"), "question_id"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named_by_its_row(question: Question, code: str) -> None:
    assert codes(Survey((Question("first", Ask.TEXT, "First"), question))) == [("question-2", code)]


def test_some_kinds_are_asked_once_and_no_id_twice() -> None:
    hours = Question("h", Ask.HOURS, "When?")
    assert codes(Survey((hours, replace(hours, id="i")))) == [("question-2", "question_kind_twice")]
    text = Question("t", Ask.TEXT, "What?")
    assert codes(Survey((text, text))) == [("question-1", "question_id"), ("question-2", "question_id")]


def test_a_survey_has_forty_questions_at_most() -> None:
    many = Survey(tuple(Question(f"q{n}", Ask.TEXT, "What?") for n in range(MOST_QUESTIONS + 1)))
    assert codes(many) == [("questions", "too_many_questions")]


def test_a_document_whose_survey_cannot_be_asked_is_refused() -> None:
    bad = to_document(settings(survey=Survey((Question("a", Ask.TEXT, ""),))))
    with pytest.raises(Invalid) as refusal:
        from_document(bad)
    assert refusal.value.problems[0].code == "question_title_missing"


@pytest.mark.parametrize("section", ["years", "nothing", "gender"])
def test_sections_are_the_answers_to_a_choice(section: str) -> None:
    with pytest.raises(Invalid) as refusal:
        from_document(to_document(settings(survey=SURVEY, forming=Forming(section=section))))
    assert [problem.code for problem in refusal.value.problems] == ["section_no_choice"]
    from_document(to_document(settings(survey=SURVEY, forming=Forming(section="place"))))


def test_teams_are_not_formed_by_a_survey_that_asks_nothing() -> None:
    rules = TeamRules(name="t", min=2, ideal=3, max=4, join=JoinRule.FORMED)
    found = {check.code: check.blocks for check in readiness(settings(teams=rules))}
    assert found == {"survey_missing": True}
    assert readiness(settings(teams=rules, survey=SURVEY)) == []


def test_a_survey_that_closes_after_the_work_is_due_is_warned_of() -> None:
    late = replace(SURVEY, closes_at=DUE + timedelta(seconds=1))
    found = {check.code: check.blocks for check in readiness(settings(survey=late))}
    assert found == {"survey_after_due": False}
    assert readiness(settings(survey=replace(SURVEY, closes_at=DUE))) == []


# --- what stays once somebody has answered ---


def changed(id: str, **changes: Any) -> Survey:
    return Survey(
        tuple(
            replace(question, **changes) if question.id == id else question for question in SURVEY.questions
        )
    )


def after_answers(wish: Survey, **more: Any) -> tuple[Settings, tuple[str, ...]]:
    now = settings(survey=SURVEY)
    return allowed(now, settings(survey=wish, **more), Facts(answered=True, now=START))


@pytest.mark.parametrize(
    "wish",
    [
        changed("gender", sensitive=False),
        changed("gender", purpose="Anything we like."),
        changed("years", sensitive=True),
        changed("years", kind=Ask.TEXT),
        changed("tools", options=("Paper", "Phone")),
        changed("place", own_words=False),
        changed("unwanted", kind=Ask.TEXT),
    ],
)
def test_what_answers_were_given_under_stays(wish: Survey) -> None:
    got, held = after_answers(wish)
    assert got.survey == SURVEY
    assert held == ("survey",)


@pytest.mark.parametrize(
    "wish",
    [
        changed("gender", title="How do you see yourself?", hint="Or skip it."),
        changed("tools", options=("Pen", "Paper", "Phone", "Laptop")),
        changed("skills", options=SKILLS[::-1]),
        Survey(SURVEY.questions[::-1]),
        Survey(SURVEY.questions[:4]),
        Survey((*SURVEY.questions, Question("new", Ask.TEXT, "And?"))),
        replace(SURVEY, closes_at=DUE, consent="I agree."),
    ],
)
def test_questions_may_still_be_reworded_moved_added_and_dropped(wish: Survey) -> None:
    got, held = after_answers(wish)
    assert got.survey == wish
    assert held == ()


def test_before_anybody_answered_everything_may_change() -> None:
    wish = changed("gender", sensitive=False)
    got, held = allowed(settings(survey=SURVEY), settings(survey=wish), Facts(now=START))
    assert (got.survey, held) == (wish, ())


def test_a_held_part_never_makes_settings_that_cannot_be_read() -> None:
    """A kind that stays may stand beside a new question of the same kind, or under a section."""
    twice = changed("hours", kind=Ask.TEXT)
    twice = replace(twice, questions=(*twice.questions, Question("more", Ask.HOURS, "When, again?")))
    section = changed("years", kind=Ask.CHOICE, options=("A", "B"))
    for wish, forming in ((twice, Forming()), (section, Forming(section="years"))):
        got, held = after_answers(wish, forming=forming)
        assert held == ("survey",)
        assert from_document(to_document(got)) == got


def test_what_is_kept_as_promised_is_always_a_survey_of_the_wishs_questions() -> None:
    wish = changed("tools", options=("Phone", "Tablet"))
    kept = kept_as_promised(SURVEY, wish)
    assert kept.question("tools").options == ("Paper", "Phone", "Laptop", "Tablet")
    assert [q.id for q in kept.questions] == [q.id for q in wish.questions]


def test_a_survey_that_is_open_does_not_close_behind_peoples_backs() -> None:
    now = settings(survey=replace(SURVEY, closes_at=START + timedelta(days=3)))
    behind = settings(survey=replace(SURVEY, closes_at=START - timedelta(days=1)))
    got, held = allowed(now, behind, Facts(now=START))
    assert (got.survey.closes_at, held) == (START + timedelta(days=3), ("survey_closes",))
    sooner = settings(survey=replace(SURVEY, closes_at=START + timedelta(days=1)))
    assert allowed(now, sooner, Facts(now=START))[1] == ()
    over = Facts(now=START + timedelta(days=4))
    assert allowed(now, behind, over)[1] == ()
