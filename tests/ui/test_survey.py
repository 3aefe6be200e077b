"""The survey on screen: building it, answering it, and what each role reads of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.activities import save_settings
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import (
    ACTIVITIES,
    FORMATIONS,
    PARTICIPANTS,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
    TEAM_SETS,
)
from coursecrew.app.surveys import save_answers
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import (
    Activity,
    JoinRule,
    Settings,
    TeamRules,
    from_document,
    to_document,
)
from coursecrew.domain.formations import Formation, RunState
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.survey import Ask, Question, Survey
from coursecrew.domain.wishes import FORMER_TEAMS, Aim, Forming, Late, Wish
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Request, Response
from coursecrew.ui.reader import Reader, zone
from coursecrew.ui.scene import Shell
from coursecrew.ui.wishes import field_name, read_wishes, say_wish, still_fitting, usual_wishes, wish_rows
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    PLACED,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    settings,
    world,
)
from tests.ui.parts import Part, ask, faults, words_of

CLOSING = START + timedelta(days=4)
READER = Reader("en", zone("Africa/Lagos"), START)
FORMED = TeamRules(name="districts", min=2, ideal=3, max=4, join=JoinRule.FORMED)
SURVEY = Survey(
    (
        Question("hours", Ask.HOURS, "When could you work with others?", "Think of a usual week."),
        Question("skills", Ask.SKILLS, "What do you bring?", options=("Costs", "Maps")),
        Question("speaks", Ask.LANGUAGES, "Which languages?", options=("English", "Español")),
        Question("topics", Ask.TOPICS, "Which topics?", options=("Leaks", "Floods", "Reuse")),
        Question("years", Ask.NUMBER, "Years at work"),
        Question("place", Ask.CHOICE, "Where do you live?", options=("City", "Coast"), own_words=True),
        Question("gender", Ask.CHOICE, "Your gender", options=("Woman", "Man"), own_words=True,
                 sensitive=True, purpose="Nobody is the only one."),
        Question("wanted", Ask.WANTED, "With whom?"),
        Question("unwanted", Ask.UNWANTED, "With whom not?"),
        Question("why", Ask.TEXT, "Anything else?"),
    ),
    closes_at=CLOSING,
)  # fmt: skip
FORM: dict[str, str | list[str]] = {
    "q-hours-zone": "Africa/Lagos",
    "q-hours": ["18", "19", "20", "54"],
    "q-hours-text": "",
    "q-skills-1": "4",
    "q-skills-2": "",
    "q-speaks": ["o:Español", "o:English"],
    "q-topics-1": "o:Floods",
    "q-topics-2": "",
    "q-topics-3": "o:Leaks",
    "q-years": "3,5",
    "q-place": "own",
    "q-place-own": "On a boat",
    "q-gender": "o:Woman",
    "q-gender-own": "",
    "q-wanted-1": "tomás",
    "q-wanted-2": "",
    "q-wanted-3": "",
    "q-unwanted-1": "Linh",
    "q-why": "I like maps.",
    "agreed": "yes",
    "request_key": "k",
}
NOTHING_YET: Mapping[str, Any] = {"survey": Survey(), "teams": replace(FORMED, join=JoinRule.SELF)}
WEEK = "".join("1" if hour in (18, 19, 20, 54) else "0" for hour in range(168))


@dataclass(frozen=True)
class Asked:
    ports: MemoryPorts
    activity: Activity

    def show(self, who: Actor, path: str = "survey", **query: str) -> Response:
        return ask(self.ports, who, path, query=query)

    def send(
        self,
        who: Actor,
        changes: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        path: str = "survey/save",
        **more: Any,
    ) -> Response:
        form = {**FORM, **(changes or {}), **more}
        response = ask(
            self.ports, who, path, {name: value for name, value in form.items() if value is not None}
        )
        assert response.status == status, words_of(response)[:500]
        return response

    def published_run(self) -> None:
        def add(unit: UnitOfWork) -> None:
            (team_set,) = {row.id for row in unit.store.find(TEAM_SETS)}
            unit.store.add(
                FORMATIONS,
                Formation(
                    "1" * 32, self.activity.id, self.activity.course, team_set, 1, RunState.PUBLISHED,
                    INES.person, unit.now, 1, published_at=unit.now,
                ),
            )  # fmt: skip

        run(self.ports, add)


def asked(**changes: Any) -> Asked:
    ports = world()
    activity = an_assignment(
        ports, AMARA, TOMAS, LINH, SOFIA, **{"teams": FORMED, "survey": SURVEY, **changes}
    )
    come_in(ports, KWAME)
    return Asked(ports, activity)


def box(response: Response, name: str) -> dict[str, str]:
    """The one field of that name."""
    (found,) = (one for one in Part.of(response).inputs if one.get("name") == name)
    return found


# --- who sees what ---

PARENT, AUTHOR = actor("Parent", Role.OBSERVER), actor("Aulis", Role.AUTHOR, may_author=True)
ADMIN, TESTER = actor("Ada", Role.ADMIN), replace(actor("Tester"), looks_on=True)
AS_AMARA = replace(AMARA, looks_on=True)
WHO = {
    "learner": AMARA, "ta": KWAME, "instructor": INES, "author": AUTHOR, "admin": ADMIN, "parent": PARENT,
    "tester": TESTER, "staff as amara": AS_AMARA,
}  # fmt: skip
NOBODY = dict.fromkeys(WHO, 403)
OWN = {**NOBODY, "learner": 200}
STAFF = {**NOBODY, "ta": 200, "instructor": 200}
AUTHORS = {**NOBODY, "instructor": 200, "author": 200}
SCREENS: Mapping[str, Mapping[str, int]] = {
    "survey": OWN,
    "survey/mine": OWN,
    "survey/mine/file": OWN,
    "survey/take-back": OWN,
    "survey/answers": STAFF,
    "survey/export": STAFF,
    "settings/survey": AUTHORS,
    "settings/survey/preview": AUTHORS,
    "settings/wishes": AUTHORS,
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", SCREENS)
def test_each_screen_opens_for_those_it_is_for_and_refuses_the_others_in_words(path: str, who: str) -> None:
    made = asked()
    made.send(AMARA)
    response = made.show(WHO[who], path)
    assert response.status == SCREENS[path][who]
    if "csv" not in response.kind:
        assert faults(response) == []
        assert len(words_of(response)) > 20


# --- answering ---


def test_the_form_says_how_many_questions_until_when_who_reads_and_that_skipping_is_free() -> None:
    words = words_of(asked().show(AMARA))
    assert "Answer 10 questions by Fri 13 Nov, 09:00" in words
    assert "Only the course team reads your answers. Classmates see none of them." in words
    assert "A skipped question means “no information”. It never counts against you." in words
    assert "Used for one thing only: Nobody is the only one." in words
    assert "No person reads it, not even your instructor." in words
    assert "Saved answers count even if you stop here." in words


def test_every_kind_of_answer_arrives_as_it_was_given() -> None:
    made = asked()
    made.send(AMARA)
    (ordinary,), (sensitive,) = made.ports.rows(SURVEY_ANSWERS), made.ports.rows(SENSITIVE_ANSWERS)
    assert ordinary.answers == {
        "hours": {"zone": "Africa/Lagos", "week": WEEK},
        "skills": {"Costs": 4},
        "speaks": ["English", "Español"],
        "topics": ["Floods", "Leaks"],
        "years": "3.5",
        "place": "On a boat",
        "wanted": [TOMAS.person],
        "why": "I like maps.",
    }
    assert sensitive.answers == {"gender": "Woman", "unwanted": [LINH.person]}


def test_what_was_answered_stands_in_the_form_again() -> None:
    made = asked()
    made.send(AMARA)
    page = made.show(AMARA)
    ticked = {
        (one["name"], one["value"]) for one in Part.of(page).inputs if "checked" in one and one.get("value")
    }
    assert {("q-hours", "54"), ("q-skills-1", "4"), ("q-speaks", "o:English"), ("q-place", "own")} <= ticked
    assert ("q-gender", "o:Woman") in ticked
    assert box(page, "q-wanted-1")["value"] == "Tomás"
    assert box(page, "q-unwanted-1")["value"] == "Linh"
    assert box(page, "q-place-own")["value"] == "On a boat"
    assert "Mon 18–21; Wed 6–7" in words_of(page)
    assert "Your answers are saved" in words_of(page)
    assert "agreed" not in {one.get("name") for one in Part.of(page).inputs}


def test_a_survey_saved_in_part_counts_and_a_question_can_be_skipped_again() -> None:
    made = asked()
    made.send(AMARA)
    blank = {name: "" for name in FORM if name.startswith("q-")} | {"q-hours": None, "q-speaks": None}
    made.send(AMARA, {**blank, "q-years": "4", "agreed": None, "request_key": "k2"})
    assert made.ports.rows(SURVEY_ANSWERS)[0].answers == {"years": "4"}
    assert made.ports.rows(SENSITIVE_ANSWERS) == []


def test_hours_may_be_typed_and_take_the_place_of_the_ticks() -> None:
    made = asked()
    made.send(AMARA, {"q-hours-text": "Tue 7-9 and Sun 22-24"})
    week = made.ports.rows(SURVEY_ANSWERS)[0].answers["hours"]["week"]
    assert [hour for hour in range(168) if week[hour] == "1"] == [31, 32, 166, 167]


def test_hours_that_cannot_be_read_are_named_and_everything_typed_stays() -> None:
    made = asked()
    refused = made.send(AMARA, {"q-hours-text": "Tue 7-9, evenings", "q-years": "several"}, status=422)
    words = words_of(refused)
    assert "“evenings” cannot be read. Write it like “Mon 18-21, Wed 6-8 and 20-22”." in words
    assert box(refused, "q-hours-text")["value"] == "Tue 7-9, evenings"
    assert box(refused, "q-years")["value"] == "several"
    assert ("q-hours", "54") in {
        (one["name"], one["value"]) for one in Part.of(refused).inputs if "checked" in one
    }
    assert faults(refused) == []
    assert made.ports.rows(SURVEY_ANSWERS) == []


def test_without_consent_nothing_is_stored_and_the_box_says_so() -> None:
    made = asked()
    refused = made.send(AMARA, status=422, agreed=None)
    assert "Without it nothing is stored." in words_of(refused)
    assert made.ports.rows(SURVEY_ANSWERS) == []
    assert made.ports.rows(SENSITIVE_ANSWERS) == []
    both = made.send(AMARA, {"q-wanted-1": "Nobody"}, status=422, agreed=None)
    assert "Without it nothing is stored." in words_of(both)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("TOMAS  rivera", "Tomás Rivera"), ("linh pham", "Linh Phạm"), ("lukasz yilmaz", "Łukasz Yılmaz")],
)
def test_a_name_is_found_without_its_accents(typed: str, name: str) -> None:
    made = asked()
    called = next(row for row in made.ports.rows(PARTICIPANTS) if row.person == TOMAS.person)
    with made.ports.transaction() as unit:
        unit.save(PARTICIPANTS, replace(called, name=name))
    made.send(AMARA, {"q-wanted-1": typed})


def test_a_consent_of_the_authors_own_is_asked_in_its_words() -> None:
    made = asked(survey=replace(SURVEY, consent="I agree that the office keeps this."))
    assert "I agree that the office keeps this." in words_of(made.show(AMARA))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"q-wanted-1": "Tom"}, "Nobody in this course is called “Tom”."),
        ({"q-wanted-1": "Dr Carvalho"}, "Nobody in this course is called “Dr Carvalho”."),
        ({"q-wanted-1": "Amara"}, "You need not name yourself."),
        ({"q-wanted-2": "Tomás"}, "You named somebody twice."),
        ({"q-wanted-2": "Linh"}, "Somebody stands both here and among those you would like."),
        ({"q-topics-2": "o:Floods"}, "“Floods” stands at two places."),
        ({"q-years": "3 or 4"}, "This is not a number."),
        ({"q-place": "o:Moon", "q-place-own": ""}, ""),
        ({"q-why": "x" * 2001}, "At most 2000 characters"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_refused_beside_its_question(
    changes: dict[str, str], said: str
) -> None:
    made = asked()
    response = made.send(AMARA, changes, status=422 if said else 200)
    assert said in words_of(response)
    if said:
        assert faults(response) == []
        assert made.ports.rows(SURVEY_ANSWERS) == []


def test_of_several_people_of_one_name_one_is_chosen() -> None:
    made = asked()
    twin = replace(TOMAS, person="e" * 32, zone="America/Bogota")
    come_in(made.ports, twin)
    refused = made.send(AMARA, status=422)
    assert "Several people are called “tomás”." in words_of(refused)
    assert "Tomás, Bogota time" in words_of(refused)
    assert faults(refused) == []
    made.send(AMARA, {"q-wanted-1-who": twin.person, "request_key": "again"})
    assert made.ports.rows(SURVEY_ANSWERS)[0].answers["wanted"] == [twin.person]
    made.send(AMARA, {"request_key": "later", "q-wanted-1": "Tomás"})
    assert made.ports.rows(SURVEY_ANSWERS)[0].answers["wanted"] == [twin.person]


def test_an_option_that_looks_like_one_of_our_words_is_an_option() -> None:
    odd = Survey((Question("odd", Ask.CHOICE, "Odd", options=("own", "o:own"), own_words=True),))
    made = asked(survey=odd)
    for value in ("own", "o:own"):
        made.send(AMARA, {"q-odd": f"o:{value}", "request_key": value})
        assert made.ports.rows(SURVEY_ANSWERS)[0].answers == {"odd": value}


def test_after_closing_one_reads_what_one_said_and_a_late_save_keeps_what_was_typed() -> None:
    made = asked()
    made.send(AMARA)
    made.ports.clock.move_to(CLOSING + timedelta(seconds=1))
    assert "The survey is closed. What you saved counts." in words_of(made.show(AMARA))
    refused = made.send(AMARA, {"q-why": "Too late?", "request_key": "late"}, status=409)
    assert "The survey closed on Fri 13 Nov, 09:00." in words_of(refused)
    assert Part.of(refused).areas["q-why"].strip() == "Too late?"
    assert "Save answers" not in words_of(refused)
    assert made.ports.rows(SURVEY_ANSWERS)[0].answers["why"] == "I like maps."


def test_one_reads_takes_along_and_takes_back_everything_one_answered() -> None:
    made = asked()
    made.send(AMARA, {"q-why": "=1+1"})
    words = words_of(made.show(AMARA, "survey/mine"))
    for said in ("Mon 18–21; Wed 6–7", "Lagos time", "Costs: Could teach it", "1. Floods", "Woman", "Linh"):
        assert said in words
    rows = dict(csv.reader(io.StringIO(str(made.show(AMARA, "survey/mine/file").body))))
    assert rows["Your gender"] == "Woman"
    assert rows["Anything else?"] == "'=1+1"
    made.send(AMARA, path="survey/take-back", request_key="away")
    assert made.ports.rows(SURVEY_ANSWERS) == []
    assert made.ports.rows(SENSITIVE_ANSWERS) == []


def test_sensitive_questions_are_asked_no_more_once_their_answers_are_gone() -> None:
    made = asked(survey=replace(SURVEY, closes_at=None))
    made.send(AMARA)
    made.published_run()
    made.ports.clock.advance(days=14, seconds=1)
    page = made.show(AMARA)
    assert "Questions under a lock are no longer asked." in words_of(page)
    assert "q-gender" not in {one.get("name") for one in Part.of(page).inputs}
    made.send(AMARA, request_key="after")
    assert made.ports.rows(SENSITIVE_ANSWERS) == []


def test_a_large_class_has_no_list_of_names_in_the_page() -> None:
    made = asked()
    assert 'value="Tomás"' in str(made.show(AMARA).body)
    come_in(made.ports, *(actor(f"Learner {number}") for number in range(200)))
    assert "Learner 7" not in str(made.show(AMARA).body)


# --- the next step ---


def test_home_says_where_one_stands_with_the_survey() -> None:
    made = asked()
    home = words_of(made.show(AMARA, "team"))
    assert "Answer 10 questions" in home
    assert "Answer the survey Now, until Fri 13 Nov, 09:00" in home
    saved = made.send(AMARA)
    assert Part.of(saved).attributes["data-path"] == "team"
    home = words_of(saved)
    assert "Nothing to do now" in home
    assert "Teams are formed after Fri 13 Nov, 09:00, UTC; you can change your answers until then." in home
    made.ports.clock.move_to(CLOSING + timedelta(hours=1))
    assert "You see your team here as soon as it is formed." in words_of(made.show(AMARA, "team"))
    silent = words_of(made.show(SOFIA, "team"))
    assert "The survey closed on Fri 13 Nov, 09:00." in silent
    assert "You are placed all the same. Not having answered counts neither for nor against you." in silent


def test_who_has_no_team_after_teams_were_formed_asks_for_a_place() -> None:
    made = asked()
    made.published_run()
    home = made.show(SOFIA, "team")
    assert "The teams are formed already, and you are in none of them." in words_of(home)
    assert "A survey waits for your answers until Fri 13 Nov, 09:00." in words_of(home)
    after = made.send(SOFIA, path="team/place-me", request_key="p")
    assert "The course staff know that you need a place." in words_of(after)


def test_who_has_a_team_where_teams_are_formed_is_asked_no_more() -> None:
    made = asked(teams=replace(FORMED, join=JoinRule.SELF))
    a_team(made.ports, made.activity, AMARA, TOMAS)
    number = made.ports.rows(ACTIVITIES)[0].settings_number
    wish = settings(teams=FORMED, survey=SURVEY)
    run(made.ports, save_settings, INES, made.activity.id, wish, seen=number)
    made.send(AMARA)
    answered, silent = words_of(made.show(AMARA, "team")), words_of(made.show(TOMAS, "team"))
    assert "survey waits for your answers" not in silent
    assert "can be changed until" not in answered
    assert "not answered counts neither for nor against you" in silent


def test_before_teams_are_shown_the_survey_comes_first() -> None:
    made = asked(teams=replace(FORMED, publish_at=START + timedelta(days=9)))
    assert "Answer 10 questions" in words_of(made.show(AMARA, "team"))


def test_formed_teams_without_a_survey_are_still_explained() -> None:
    made = asked(**NOTHING_YET)
    number = made.ports.rows(ACTIVITIES)[0].settings_number
    run(made.ports, save_settings, INES, made.activity.id, settings(teams=FORMED), seen=number)
    assert "The teams are formed for you" in words_of(made.show(AMARA, "team"))
    assert faults(made.show(AMARA, "team")) == []


@pytest.mark.parametrize("join", [JoinRule.SELF, JoinRule.STAFF])
def test_where_teams_come_about_otherwise_the_survey_is_a_line_beside(join: JoinRule) -> None:
    made = asked(teams=replace(FORMED, join=join))
    assert "A survey waits for your answers" in words_of(made.show(AMARA, "team"))
    if join is JoinRule.SELF:
        a_team(made.ports, made.activity, AMARA, TOMAS)
        assert "A survey waits for your answers" in words_of(made.show(AMARA, "team"))
    home = made.send(AMARA)
    assert "A survey waits" not in words_of(home)
    assert "#/survey" in Part.of(home).links


def test_staff_who_look_at_the_learners_home_are_asked_nothing() -> None:
    made = asked()
    assert "Answer 10 questions" not in words_of(made.show(INES, "team"))


# --- staff ---


def test_staff_see_how_many_answered_and_read_ordinary_answers() -> None:
    made = asked()
    made.send(AMARA)
    home = words_of(made.show(INES, "teaching"))
    assert "1 person has answered the survey" in home
    assert "open until Fri 13 Nov, 09:00" in home
    words = words_of(made.show(KWAME, "survey/answers"))
    assert "Mon 18–21; Wed 6–7" in words
    assert "Tomás" in words
    assert "2 questions are sensitive. Nobody reads those answers, you neither" in words
    assert "Woman" not in words
    assert "Linh" not in words


def test_the_answers_go_page_by_page() -> None:
    made = asked()
    people = [actor(f"Learner {number:02}") for number in range(26)]
    come_in(made.ports, *people)
    for who in people:
        run(made.ports, save_answers, who, made.activity.id, {"years": "1"}, agreed=True)
    first = made.show(INES, "survey/answers")
    assert "Learner 24" in words_of(first)
    assert "Learner 25" not in words_of(first)
    (more,) = (link for link in Part.of(first).links if "after=" in link)
    second = made.show(INES, "survey/answers", after=more.partition("after=")[2])
    assert "Learner 25" in words_of(second)


def test_the_file_of_answers_has_one_row_each_and_nothing_sensitive() -> None:
    made = asked()
    made.send(AMARA, {"q-why": "@cmd"})
    made.ports.people.names[(made.activity.course, "amara")] = AMARA.person
    (row,) = csv.DictReader(io.StringIO(str(made.show(INES, "survey/export").body)))
    assert (row["user"], row["Anything else?"], row["Which topics?"]) == (
        "amara",
        "'@cmd",
        "1. Floods; 2. Leaks",
    )
    assert "Your gender" not in row
    assert "Woman" not in str(row)


# --- building ---


def built(ports: MemoryPorts) -> Settings:
    return ports.rows(ACTIVITIES)[0].settings


def form_of(page: Response, action: str = "settings/survey/save") -> dict[str, list[str]]:
    """The builder's form as a browser would send it."""
    body = str(page.body)
    source = body[body.index(f'action="{action}"') :]
    source = source[: source.index("</form>")]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", source):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if found.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in found:
            sent.setdefault(found["name"], []).append(_plain(found.get("value", "")))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', source, re.DOTALL):
        sent[name] = [_plain(text)]
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', source, re.DOTALL):
        chosen = re.findall(r'value="([^"]*)" selected', options) or re.findall(r'value="([^"]*)"', options)
        sent[name] = [_plain(chosen[0])]
    return sent


def _plain(text: str) -> str:
    for sign, plain in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(sign, plain)
    return text


def build(
    made: Asked,
    changes: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    act: str = "",
    page: Response | None = None,
    **more: Any,
) -> Response:
    form: dict[str, Any] = form_of(page or made.show(INES, "settings/survey"))
    form |= {name.replace("__", "-"): value for name, value in {**(changes or {}), **more}.items()}
    form["request_key"] = made.ports.ids.new()
    if act:
        form["act"] = act
    form = {name: value for name, value in form.items() if value is not None}
    response = ask(made.ports, INES, "settings/survey/save", form)
    assert response.status == status, words_of(response)[:400]
    assert faults(response) == []
    return response


def titles(made: Asked) -> list[str]:
    return [question.title for question in built(made.ports).survey.questions]


def test_a_usual_survey_is_there_in_one_press_with_its_wishes() -> None:
    made = asked(**NOTHING_YET)
    page = made.show(INES, "settings/survey")
    assert "Begin with a usual survey" in words_of(page)
    after = ask(
        made.ports,
        INES,
        "settings/survey/usual",
        {"seen": str(made.activity.settings_number), "request_key": "u"},
    )
    assert "7 questions are asked" in words_of(after)
    now = built(made.ports)
    assert [q.kind for q in now.survey.questions] == [
        Ask.HOURS, Ask.SKILLS, Ask.LANGUAGES, Ask.TOPICS, Ask.CHOICE, Ask.WANTED, Ask.UNWANTED,
    ]  # fmt: skip
    gender = now.survey.question("gender")
    assert gender is not None
    assert gender.is_sensitive
    assert gender.purpose
    assert now.survey.closes_at is not None
    nobody_alone = next(wish for wish in now.forming.wishes if wish.aim is Aim.NOT_ALONE)
    assert (nobody_alone.about, nobody_alone.must, nobody_alone.values) == ("gender", True, gender.options)
    assert "At least 3 hours a week in common." in words_of(after)


def test_questions_are_added_changed_moved_and_removed() -> None:
    made = asked(**NOTHING_YET)
    build(made, act="add", question_kind__new="hours")
    assert titles(made) == ["When could you usually work with others?"]
    build(
        made,
        act="add",
        question_kind__new="choice",
        question_title__new="Where?",
        question_options__new="City\n\nCoast",
    )
    where = built(made.ports).survey.questions[1]
    assert where.options == ("City", "Coast")
    build(made, act="up-2")
    assert titles(made) == ["Where?", "When could you usually work with others?"]
    build(
        made,
        question_title__1="Where do you live?",
        question_options__1="City\nCoast\nHills",
        question_own__1="yes",
    )
    (first, _hours) = built(made.ports).survey.questions
    assert (first.id, first.title, first.options, first.own_words) == (
        where.id, "Where do you live?", ("City", "Coast", "Hills"), True,
    )  # fmt: skip
    build(made, act="down-1")
    build(made, act="remove-1")
    assert titles(made) == ["Where do you live?"]


def test_an_id_is_never_given_twice() -> None:
    made = asked(**NOTHING_YET)
    ids = set()
    for _ in range(3):
        build(made, act="add", question_kind__new="text", question_title__new="Why?")
        ids.add(built(made.ports).survey.questions[0].id)
        build(made, act="remove-1")
    assert len(ids) == 3


def test_a_usual_wish_comes_with_a_question_and_goes_with_it() -> None:
    made = asked(**NOTHING_YET)
    build(made, act="add", question_kind__new="hours")
    build(
        made, act="add", question_kind__new="choice", question_title__new="Gender",
        question_options__new="W\nM", question_sensitive__new="yes", question_purpose__new="Nobody alone.",
    )  # fmt: skip
    wishes = built(made.ports).forming.wishes
    assert [(wish.aim, wish.must) for wish in wishes] == [(Aim.SHARED, True), (Aim.NOT_ALONE, True)]
    build(made, question_options__2="W\nX")
    assert built(made.ports).forming.wishes[1].values == ("W",)
    build(made, act="remove-1")
    assert [wish.aim for wish in built(made.ports).forming.wishes] == [Aim.NOT_ALONE]


@pytest.mark.parametrize(
    ("changes", "said", "place"),
    [
        ({"question_title__2": ""}, "Question 2 has no title.", "question-2"),
        ({"question_options__2": ""}, "Question 2 needs answers to choose from", "question-2"),
        ({"question_options__2": "A\na"}, "has the answer “a” twice.", "question-2"),
        ({"question_options__2": "A; B"}, "an answer may have no semicolon", "question-2"),
        ({"question_kind__2": "hours"}, "one question of this kind is enough", "question-2"),
        ({"question_sensitive__5": "yes"}, "say in a sentence what the answers are used for", "question-5"),
        ({"survey_closes": "soon"}, "This is not a date and time.", "survey_closes"),
        ({"act": "add"}, "has no title", "question-new"),
    ],
)
def test_a_survey_that_cannot_be_asked_is_refused_beside_the_question(
    changes: dict[str, str], said: str, place: str
) -> None:
    made = asked()
    act = changes.pop("act", "")
    refused = build(made, changes, status=422, act=act)
    assert said in words_of(refused)
    assert f"#field-{place}" in Part.of(refused).links
    for name, value in changes.items():
        if not name.startswith("question_sensitive"):
            shown = name.replace("__", "-")
            area = Part.of(refused).areas
            assert (area.get(shown, "").strip() or value) == value
    assert built(made.ports).survey == SURVEY
    changes["act"] = act


def test_a_fault_is_named_at_its_row_also_when_another_row_goes() -> None:
    made = asked()
    refused = build(made, status=422, act="remove-1", question_title__3="")
    assert "#field-question-3" in Part.of(refused).links
    assert len([one for one in Part.of(refused).inputs if one.get("name") == "row"]) == 10


def test_what_answers_were_given_under_stays_and_the_form_says_so() -> None:
    made = asked()
    made.send(AMARA)
    assert "1 person has answered." in words_of(made.show(INES, "settings/survey"))
    after = build(made, question_sensitive__7=None, question_purpose__7="")
    assert built(made.ports).survey == SURVEY
    assert "What people have answered stays as it was asked" in words_of(after)


def test_two_who_build_at_once_keep_what_only_one_changed_and_choose_in_the_rest() -> None:
    made = asked()
    mine = made.show(INES, "settings/survey")
    build(made, question_title__1="When have you time?")
    assert built(made.ports).survey.questions[0].title == "When have you time?"
    build(made, page=mine, survey_consent="I agree.")
    now = built(made.ports).survey
    assert (now.consent, now.questions[0].title) == ("I agree.", "When have you time?")
    stale = build(made, status=409, page=mine, question_title__1="Your hours")
    words = words_of(stale)
    assert "Somebody saved these settings after you opened them." in words
    assert "Questions of the survey" in words
    form: dict[str, Any] = {**form_of(stale), "request_key": "merge", "keep-survey.questions": "theirs"}
    assert ask(made.ports, INES, "settings/survey/save", form).status == 200
    assert built(made.ports).survey.questions[0].title == "When have you time?"


def test_in_studio_the_editor_keeps_the_survey() -> None:
    ports = world()
    kept: list[Mapping[str, Any]] = []
    placed = replace(PLACED, wish=to_document(settings(survey=Survey())))
    come_in(ports, AMARA, placed=placed)
    shell = Shell(in_studio=True, keep_settings=kept.append)
    page = ask(ports, INES, "settings/survey", shell=shell, placed=placed)
    assert faults(page) == []
    ask(ports, INES, "settings/survey/usual", {"request_key": "u"}, shell=shell, placed=placed)
    filled = from_document(kept[-1])
    assert len(filled.survey.questions) == 7
    placed = replace(placed, wish=kept[-1])
    form: dict[str, Any] = form_of(ask(ports, INES, "settings/survey", shell=shell, placed=placed))
    form |= {"act": "remove-5", "request_key": "r"}
    ask(ports, INES, "settings/survey/save", form, shell=shell, placed=placed)
    assert len(from_document(kept[-1]).survey.questions) == 6
    placed = replace(placed, wish=kept[-1])
    wishes = ask(ports, INES, "settings/wishes", shell=shell, placed=placed)
    assert faults(wishes) == []
    sent: dict[str, Any] = form_of(wishes, "settings/wishes/save") | {
        "late_joiners": ["offer"],
        "request_key": "w",
    }
    ask(ports, INES, "settings/wishes/save", sent, shell=shell, placed=placed)
    assert from_document(kept[-1]).forming.late is Late.OFFER
    inside = ask(ports, INES, "settings/survey", placed=replace(placed, wish=kept[-1]))
    assert "These settings are changed in Studio." in words_of(inside)
    refused = ask(
        ports, INES, "settings/survey/save", {"request_key": "n"}, placed=replace(placed, wish=kept[-1])
    )
    assert refused.status == 403


def test_the_settings_lead_to_the_survey_and_say_when_it_is_missing() -> None:
    made = asked(**NOTHING_YET)
    page = made.show(INES, "settings")
    assert "A survey, then teams by your wishes" in words_of(page)
    assert "Survey: nothing is asked yet" in words_of(page)
    hidden = world()
    an_assignment(hidden, published=False, survey=Survey(), teams=FORMED)
    page = ask(hidden, INES, "settings")
    assert "the survey has no question yet" in words_of(page)
    assert "#/settings/survey" in Part.of(page).links
    assert faults(page) == []


def test_the_preview_shows_what_learners_are_asked_and_keeps_nothing() -> None:
    made = asked()
    page = made.show(INES, "settings/survey/preview")
    assert "When could you work with others?" in words_of(page)
    assert "survey/save" not in {form["action"] for form in Part.of(page).forms}
    assert ask(made.ports, INES, "survey/save", FORM).status == 403


# --- wishes ---

WISHES = (
    Wish("hours", Aim.SHARED, 5, amount=4, must=True),
    Wish("skills", Aim.COVER, 2, ("Maps",)),
    Wish("years", Aim.ALIKE, -3),
    Wish("gender", Aim.NOT_ALONE, 5, ("Woman", "Man"), must=True),
    Wish("wanted", Aim.TOGETHER, 1),
    Wish("unwanted", Aim.APART, 5, must=True),
    Wish(FORMER_TEAMS, Aim.NEW_MATES, 5, must=True),
)


def wish_form(wishes: Sequence[Wish], **changes: Any) -> Reading:
    form: dict[str, list[str]] = {}
    for row in wish_rows(SURVEY, wishes, READER):
        form[row.name] = [row.chosen]
        form[f"{row.name}-values"] = list(row.ticked)
        if row.amount is not None:
            form[f"{row.name}-amount"] = [str(row.amount)]
    form |= changes
    return Reading(Request("POST", "x", {}, form), READER)


def test_wishes_go_through_the_form_unchanged() -> None:
    reading = wish_form(WISHES)
    assert set(read_wishes(reading, SURVEY)) == set(WISHES)
    assert reading.problems == []
    assert read_wishes(wish_form(()), SURVEY) == ()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        (
            {field_name("gender", Aim.NOT_ALONE) + "-values": []},
            "wish-gender-not_alone-values",
            "wish_values",
        ),
        ({field_name("hours", Aim.SHARED) + "-amount": ["0"]}, "wish-hours-shared-amount", "wish_amount"),
        ({field_name("hours", Aim.SHARED) + "-amount": ["x"]}, "wish-hours-shared-amount", "not_a_number"),
        ({field_name("years", Aim.ALIKE): ["9"]}, "wish-years-alike", "not_a_choice"),
        ({field_name("topics", Aim.TOPIC): ["must"]}, "wish-topics-topic", "not_a_choice"),
    ],
)
def test_a_wish_that_cannot_be_is_named(changes: dict[str, list[str]], field: str, code: str) -> None:
    reading = wish_form(WISHES, **changes)
    read_wishes(reading, SURVEY)
    assert [(problem.field, problem.code) for problem in reading.problems] == [(field, code)]


def test_every_wish_is_said_in_words() -> None:
    said = [say_wish(wish, SURVEY, READER) for wish in WISHES]
    first = "This goes before everything that is weighed."
    assert said == [
        f"At least 4 hours a week in common. {first}",
        "“What do you bring?”: each team has people for “Maps”. It counts 2 of 5.",
        "“Years at work”: as different as possible in each team. It counts 3 of 5.",
        f"“Your gender”: nobody is the only one in a team with one of the answers “Woman” and “Man”. {first}",
        "People who want each other are in one team.",
        f"People who do not want each other are in different teams. {first}",
        f"Nobody is with somebody they were in a team with before. {first}",
    ]
    for row in wish_rows(SURVEY, (), READER):
        amount = row.amount or 0
        assert say_wish(Wish(row.about, row.aim, 1, row.offered, amount), SURVEY, READER)


def test_nobody_alone_is_a_must_unless_the_author_says_otherwise() -> None:
    gender = SURVEY.question("gender")
    assert gender is not None
    assert [(wish.aim, wish.must) for wish in usual_wishes(gender)] == [(Aim.NOT_ALONE, True)]


def test_wishes_about_what_is_asked_no_more_go() -> None:
    less = Survey(tuple(q for q in SURVEY.questions if q.id not in ("years", "place")))
    forming = Forming((*WISHES, Wish("place", Aim.ALIKE, 1)), section="place")
    kept = still_fitting(forming, less)
    assert {wish.about for wish in kept.wishes} == {wish.about for wish in WISHES} - {"years"}
    assert kept.section == ""


def test_the_author_says_what_teams_should_be_like() -> None:
    made = asked(forming=Forming(WISHES))
    page = made.show(INES, "settings/wishes")
    form: dict[str, Any] = form_of(page, "settings/wishes/save")
    form |= {
        "wish-years-alike": ["2"],
        "wish-gender-not_alone-values": ["Woman"],
        "section": ["place"],
        "late_joiners": ["staff"],
        "request_key": ["w"],
    }
    saved = ask(made.ports, INES, "settings/wishes/save", form)
    assert saved.status == 200, words_of(saved)
    now = built(made.ports).forming
    assert (now.section, now.late) == ("place", Late.STAFF)
    assert Wish("years", Aim.ALIKE, 2) in now.wishes
    assert Wish("gender", Aim.NOT_ALONE, 5, ("Woman",), must=True) in now.wishes
    form |= {"wish-gender-not_alone-values": [], "request_key": ["v"], "seen": ["3"]}
    refused = ask(made.ports, INES, "settings/wishes/save", form)
    assert refused.status == 422
    assert "Tick at least one answer, or leave this wish out." in words_of(refused)
    assert faults(refused) == []


def test_no_section_is_made_of_sensitive_answers() -> None:
    made = asked()
    page = made.show(INES, "settings/wishes")
    form: dict[str, Any] = form_of(page, "settings/wishes/save") | {
        "section": ["gender"],
        "request_key": ["w"],
    }
    assert ask(made.ports, INES, "settings/wishes/save", form).status == 422
    assert '<option value="gender"' not in str(page.body)
