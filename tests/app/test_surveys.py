"""Answering a survey, reading the answers, and what is deleted of them when."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app import surveys
from coursecrew.app.activities import save_settings
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.people import exclude, name_ta, retire
from coursecrew.app.records import (
    ACTIVITIES,
    EVENTS,
    FORMATIONS,
    PARTICIPANTS,
    REQUEST_KEYS,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
)
from coursecrew.app.surveys import Answered, read_answers, save_answers
from coursecrew.app.unit_of_work import UnitOfWork, once, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Closed, Conflict, Invalid, NotAllowed, NotFound, Refusal
from coursecrew.domain.events import Kind
from coursecrew.domain.formations import Formation, RunState
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.survey import Question, Survey
from tests.builders import (
    AMARA,
    CLOSES,
    INES,
    KWAME,
    LINH,
    SOFIA,
    START,
    TOMAS,
    actor,
    an_assignment,
    come_in,
    settings,
    world,
)
from tests.domain.test_survey import ONE_HOUR, SURVEY

CLOSING = START + timedelta(days=4)
SECRET = "ptarmigan"
OWN = Survey(
    tuple(replace(q, own_words=True) if q.id == "gender" else q for q in SURVEY.questions), closes_at=CLOSING
)
ANSWERS: dict[str, Any] = {
    "years": "3",
    "hours": {"zone": "Africa/Lagos", "week": ONE_HOUR},
    "skills": {"Maps": 4},
    "wanted": [TOMAS.person],
    "unwanted": [LINH.person],
    "gender": SECRET,
}
ORDINARY = ("years", "hours", "skills", "wanted")


@dataclass(frozen=True)
class Asked:
    ports: MemoryPorts
    activity: Activity

    def save(self, who: Actor, answers: Mapping[str, Any] = ANSWERS, *, agreed: bool = True) -> int:
        return run(self.ports, save_answers, who, self.activity.id, answers, agreed=agreed)

    def own(self, who: Actor) -> Answered:
        return run(self.ports, surveys.own_answers, who, self.activity.id)

    def published(self, **changes: Any) -> Formation:
        """A run whose teams are published now."""
        number = len(self.ports.rows(FORMATIONS)) + 1
        at = self.ports.clock.now()
        made = Formation(
            f"{number:032x}", self.activity.id, self.activity.course, "0" * 32, number, RunState.PUBLISHED,
            INES.person, at, 1, published_at=at,
        )  # fmt: skip
        made = replace(made, **changes)

        def add(unit: UnitOfWork) -> Formation:
            return unit.store.add(FORMATIONS, made)

        return run(self.ports, add)


@pytest.fixture
def asked() -> Asked:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, survey=OWN)
    come_in(ports, KWAME)
    return Asked(ports, activity)


def fields(refusal: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in refusal.value.problems]


# --- answering ---


def test_ordinary_and_sensitive_answers_lie_in_two_tables(asked: Asked) -> None:
    asked.save(AMARA)
    (ordinary,), (sensitive,) = asked.ports.rows(SURVEY_ANSWERS), asked.ports.rows(SENSITIVE_ANSWERS)
    assert ordinary.answers == {id: ANSWERS[id] for id in ORDINARY}
    assert sensitive.answers == {"unwanted": [LINH.person], "gender": SECRET}
    assert ordinary.agreed_at == asked.ports.clock.now()


def test_a_save_puts_all_answers_in_place_of_the_earlier_ones(asked: Asked) -> None:
    asked.save(AMARA)
    asked.save(AMARA, {"years": "4"}, agreed=False)
    assert asked.own(AMARA).answers == {"years": "4"}
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []
    asked.save(AMARA, {})
    (row,) = asked.ports.rows(SURVEY_ANSWERS)
    assert (row.answers, asked.own(AMARA).is_there) == ({}, True)


def test_consent_is_asked_once_and_nothing_is_stored_without_it(asked: Asked) -> None:
    with pytest.raises(Invalid) as refusal:
        asked.save(AMARA, agreed=False)
    assert fields(refusal) == [("agreed", "consent_missing")]
    assert asked.ports.rows(SURVEY_ANSWERS) == []
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []
    asked.save(AMARA)
    asked.save(AMARA, agreed=False)


def test_the_closing_second_counts_and_the_next_one_is_refused(asked: Asked) -> None:
    asked.ports.clock.move_to(CLOSING)
    asked.save(AMARA)
    asked.ports.clock.advance(seconds=1)
    with pytest.raises(Closed) as refusal:
        asked.save(AMARA, {"years": "9"})
    assert refusal.value.values["closes"] == CLOSING
    assert asked.own(AMARA).answers["years"] == "3"


@pytest.mark.parametrize(
    "who", [INES, KWAME, replace(AMARA, looks_on=True), actor("Olga", Role.OBSERVER), actor("Nobody")]
)
def test_only_learners_who_take_part_answer(asked: Asked, who: Actor) -> None:
    for use_case in (surveys.own_answers, surveys.take_back_answers):
        with pytest.raises(NotAllowed):
            run(asked.ports, use_case, who, asked.activity.id)
    with pytest.raises(NotAllowed):
        asked.save(who)
    assert asked.ports.rows(SURVEY_ANSWERS) == []


def test_whoever_is_excluded_answers_no_more(asked: Asked) -> None:
    run(asked.ports, exclude, INES, asked.activity.id, AMARA.person, reason="Left.")
    with pytest.raises(NotAllowed):
        asked.save(AMARA)


def test_a_survey_is_answered_once_it_is_published_and_if_it_asks_something() -> None:
    for published, survey, kind in ((False, OWN, Conflict), (True, Survey(), NotFound)):
        ports = world()
        activity = an_assignment(ports, AMARA, published=published, survey=survey)
        with pytest.raises(kind):
            run(ports, save_answers, AMARA, activity.id, {}, agreed=True)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"wanted": [AMARA.person]}, ("q-wanted", "named_self")),
        ({"wanted": [INES.person]}, ("q-wanted", "named_unknown")),
        ({"unwanted": ["f" * 32]}, ("q-unwanted", "named_unknown")),
        ({"years": "many"}, ("q-years", "not_a_number")),
    ],
)
def test_who_is_named_takes_part_and_is_somebody_else(
    asked: Asked, answers: dict[str, Any], found: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        asked.save(AMARA, answers)
    assert fields(refusal) == [found]
    assert asked.ports.rows(SURVEY_ANSWERS) == []


def test_what_a_request_key_remembers_says_nothing_of_sensitive_answers(asked: Asked) -> None:
    for key, answers in (("a", ANSWERS), ("b", {id: ANSWERS[id] for id in ORDINARY})):
        once(asked.ports, AMARA.person, key, save_answers, AMARA, asked.activity.id, answers, agreed=True)
    assert [row.answer for row in asked.ports.rows(REQUEST_KEYS)] == [{"value": 4}, {"value": 4}]


def test_answering_is_one_event_without_any_detail(asked: Asked) -> None:
    asked.save(AMARA)
    asked.save(AMARA)
    events = [event for event in asked.ports.rows(EVENTS) if event.kind is Kind.SURVEY_ANSWERED]
    assert [(event.by, event.detail) for event in events] == [(AMARA.person, {})]


def test_answers_can_be_taken_back_also_after_closing(asked: Asked) -> None:
    asked.save(AMARA)
    asked.save(TOMAS, {"gender": SECRET})
    asked.ports.clock.move_to(CLOSING + timedelta(days=1))
    run(asked.ports, surveys.take_back_answers, AMARA, asked.activity.id)
    assert [row.person for row in asked.ports.rows(SURVEY_ANSWERS)] == [TOMAS.person]
    assert [row.person for row in asked.ports.rows(SENSITIVE_ANSWERS)] == [TOMAS.person]
    run(asked.ports, surveys.take_back_answers, AMARA, asked.activity.id)


def test_whoever_goes_for_good_takes_the_answers_along(asked: Asked) -> None:
    asked.save(AMARA)
    run(asked.ports, retire, AMARA.person)
    assert asked.ports.rows(SURVEY_ANSWERS) == []
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []


def test_an_answer_said_in_confidence_never_fills_a_question_that_staff_read(asked: Asked) -> None:
    """A question leaves the survey and comes back under the same id, no longer sensitive."""
    asked.save(AMARA)
    open_ = tuple(replace(q, sensitive=False) if q.id == "gender" else q for q in OWN.questions)
    for questions in (tuple(q for q in OWN.questions if q.id != "gender"), open_):
        number = asked.ports.rows(ACTIVITIES)[0].settings_number
        wish = settings(survey=replace(OWN, questions=questions))
        run(asked.ports, save_settings, INES, asked.activity.id, wish, seen=number)
    assert "gender" not in asked.own(AMARA).answers
    found = run(asked.ports, read_answers, INES, asked.activity.id)
    assert "gender" in {question.id for question in found.questions}
    assert SECRET not in str(found.rows)


def test_a_sensitive_question_stays_sensitive_once_somebody_answered(asked: Asked) -> None:
    asked.save(AMARA, {"years": "1"})
    open_ = tuple(replace(q, sensitive=False) for q in OWN.questions)
    wish = settings(survey=replace(OWN, questions=open_))
    after = run(
        asked.ports, save_settings, INES, asked.activity.id, wish, seen=asked.activity.settings_number
    )
    assert after.settings.survey == OWN
    assert after.held == ("survey",)


# --- names ---


def test_names_are_offered_in_a_small_class_and_found_letter_for_letter_in_any(asked: Asked) -> None:
    offered = run(asked.ports, surveys.classmates, AMARA)
    assert {person.name for person in offered} == {"Tomás", "Linh", "Sofia"}
    found = run(asked.ports, surveys.of_that_name, AMARA, "  tomás ")
    assert [person.person for person in found] == [TOMAS.person]
    assert run(asked.ports, surveys.of_that_name, AMARA, "Tom") == []
    twin = replace(TOMAS, person="e" * 32)
    come_in(asked.ports, twin)
    assert len(run(asked.ports, surveys.of_that_name, AMARA, "Tomás")) == 2


def test_a_large_class_is_not_listed(asked: Asked) -> None:
    def many(unit: UnitOfWork) -> None:
        (tomas,) = unit.store.find(PARTICIPANTS, person=TOMAS.person)
        for number in range(surveys.NAMES_OFFERED):
            unit.store.add(
                PARTICIPANTS,
                replace(tomas, id=f"{number:032x}", person=f"{number:032x}", name=f"Learner {number}"),
            )

    run(asked.ports, many)
    assert run(asked.ports, surveys.classmates, AMARA) == []
    assert [p.name for p in run(asked.ports, surveys.of_that_name, AMARA, "Tomás")] == ["Tomás"]


# --- what staff read ---


def test_staff_read_ordinary_answers_a_page_at_a_time(asked: Asked) -> None:
    for who in (AMARA, TOMAS, LINH):
        asked.save(who, {**ANSWERS, "wanted": [SOFIA.person], "unwanted": []})
    first = run(asked.ports, read_answers, KWAME, asked.activity.id, limit=2)
    assert [row.person for row in first.rows] == [AMARA.person, TOMAS.person]
    assert first.answered == 3
    assert {first.people[key].name for key in first.people} == {"Amara", "Tomás", "Sofia"}
    second = run(asked.ports, read_answers, KWAME, asked.activity.id, after=first.more, limit=2)
    assert ([row.person for row in second.rows], second.more) == ([LINH.person], "")
    assert {question.id for question in first.questions} == {q.id for q in OWN.ordinary}
    assert SECRET not in f"{first}{second}"


@pytest.mark.parametrize(
    "who", [AMARA, actor("Ada", Role.ADMIN), actor("Aulis", Role.AUTHOR, may_author=True)]
)
def test_nobody_else_reads_them(asked: Asked, who: Actor) -> None:
    for use_case in (read_answers, surveys.people_in_answers):
        with pytest.raises(NotAllowed):
            run(asked.ports, use_case, who, asked.activity.id)
    with pytest.raises(NotAllowed):
        run(asked.ports, surveys.export_answers, who, asked.activity.id, {}, cell)


def test_a_ta_of_some_teams_does_not_read_everybodys(asked: Asked) -> None:
    with pytest.raises(NotAllowed):
        run(asked.ports, read_answers, replace(KWAME, teams=("a" * 32,)), asked.activity.id)


def cell(question: Question, answer: Any, names: Mapping[str, str]) -> str:
    return "" if answer is None else str(answer)


def test_the_export_has_ordinary_answers_alone_and_no_formula(asked: Asked) -> None:
    asked.save(AMARA, {**ANSWERS, "why": "=HYPERLINK(1)", "place": "@home"})
    people = run(asked.ports, surveys.people_in_answers, INES, asked.activity.id)
    assert people == sorted([AMARA.person, TOMAS.person])
    text = run(asked.ports, surveys.export_answers, INES, asked.activity.id, {AMARA.person: "amara"}, cell)
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["user"], row["Anything else?"]) == ("amara", "'=HYPERLINK(1)")
    assert row["Where do you live?"] == "'@home"
    assert set(row) == {"user", *(question.title for question in OWN.ordinary)}
    assert SECRET not in text
    assert LINH.person not in text


# --- sensitive answers go ---


def test_sensitive_answers_go_fourteen_days_after_teams_were_first_published(asked: Asked) -> None:
    asked.save(AMARA)
    asked.published()
    asked.ports.clock.advance(days=3)
    asked.published()
    asked.ports.clock.advance(days=11)
    assert upkeep(asked.ports).sensitive == 0
    assert len(asked.ports.rows(SENSITIVE_ANSWERS)) == 1
    asked.ports.clock.advance(seconds=1)
    upkeep(asked.ports)
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []
    assert [run.sensitive_gone for run in asked.ports.rows(FORMATIONS)] == [True, True]
    assert asked.ports.rows(SURVEY_ANSWERS)[0].answers == {id: ANSWERS[id] for id in ORDINARY}
    assert upkeep(asked.ports).sensitive == 0


def test_without_published_teams_they_go_fourteen_days_after_drafting_closed(asked: Asked) -> None:
    asked.save(AMARA)
    asked.published(state=RunState.DONE, published_at=None)
    asked.ports.clock.move_to(CLOSES + timedelta(days=14))
    upkeep(asked.ports)
    assert len(asked.ports.rows(SENSITIVE_ANSWERS)) == 1
    asked.ports.clock.advance(seconds=1)
    upkeep(asked.ports)
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []
    assert [run.sensitive_gone for run in asked.ports.rows(FORMATIONS)] == [True]


def test_they_go_in_chunks_and_a_run_at_work_is_marked_later(asked: Asked) -> None:
    for who in (AMARA, TOMAS, LINH):
        asked.save(who, {"gender": SECRET})
    asked.published()
    at_work = asked.published(state=RunState.RUNNING, published_at=None)
    asked.ports.clock.advance(days=15)
    assert run(asked.ports, surveys.delete_sensitive, asked.activity.id, limit=2) == 2
    assert len(asked.ports.rows(SENSITIVE_ANSWERS)) == 1
    upkeep(asked.ports)
    assert [row.sensitive_gone for row in asked.ports.rows(FORMATIONS)] == [True, False]

    def done(unit: UnitOfWork) -> None:
        unit.store.save(FORMATIONS, replace(unit.store.get(FORMATIONS, at_work.id), state=RunState.PUBLISHED))

    run(asked.ports, done)
    upkeep(asked.ports)
    assert [row.sensitive_gone for row in asked.ports.rows(FORMATIONS)] == [True, True]


def test_once_gone_they_are_neither_asked_nor_stored_again(asked: Asked) -> None:
    asked.save(AMARA)
    asked.published()
    asked.ports.clock.advance(days=2)  # the survey is still open
    activity = asked.ports.rows(ACTIVITIES)[0]
    assert run(asked.ports, surveys.survey_for, activity) == OWN

    def marked(unit: UnitOfWork) -> None:
        for row in unit.store.find(FORMATIONS, activity=activity.id):
            unit.store.save(FORMATIONS, replace(row, sensitive_gone=True))

    run(asked.ports, marked)
    assert run(asked.ports, surveys.survey_for, activity).questions == OWN.ordinary
    asked.save(AMARA)
    assert asked.ports.rows(SENSITIVE_ANSWERS) == []


def test_another_activitys_answers_stay(asked: Asked) -> None:
    asked.save(AMARA)
    asked.published(activity="b" * 32)
    asked.ports.clock.advance(days=15)
    with pytest.raises(Refusal):
        run(asked.ports, surveys.delete_sensitive, "b" * 32)
    assert run(asked.ports, surveys.delete_sensitive, asked.activity.id) == 0
    assert len(asked.ports.rows(SENSITIVE_ANSWERS)) == 1


def test_a_named_ta_reads_answers_as_other_staff_do(asked: Asked) -> None:
    asked.save(TOMAS, {"years": "1"})
    run(asked.ports, name_ta, INES, asked.activity.id, LINH.person)
    ta = replace(LINH, role=Role.TA)
    assert run(asked.ports, read_answers, ta, asked.activity.id).answered == 1
