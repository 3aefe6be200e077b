"""What learners are asked before teams are formed, and how an answer looks.

A skipped question means "no information", never "worst". Sensitive answers are read by the
optimiser only: not by staff, in no export, log or mail, and they are deleted (`SENSITIVE_STAYS`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.hours import HOURS_A_WEEK as HOURS_A_WEEK
from coursecrew.domain.hours import NO_HOURS

MOST_QUESTIONS = 40
MOST_OPTIONS = 30
MOST_NAMED = 3  # wanted or unwanted team-mates
MOST_TEXT = 2000
MOST_OWN_WORDS = 60
SKILL_LEVELS = 5  # 0 not yet, 1 have tried it, 2 with some help, 3 on my own, 4 could teach it
CAN_DO = 3  # from this level on somebody can take the part in a team
SENSITIVE_STAYS = timedelta(days=14)  # after the teams were published
MOST_TITLE = 300
MOST_OPTION = 120
MOST_RANKED = 5
MOST_NUMBER = Decimal(10**9)


class Ask(StrEnum):
    """Kinds of questions."""

    CHOICE = "choice"
    MULTI = "multi"
    NUMBER = "number"
    SKILLS = "skills"  # a grid: each option a skill, each answer a level 0 to 4
    HOURS = "hours"  # the hours of a usual week, on the learner's own clock
    LANGUAGES = "languages"
    TOPICS = "topics"  # ranked, best first
    WANTED = "wanted"
    UNWANTED = "unwanted"
    TEXT = "text"


WITH_OPTIONS = (Ask.CHOICE, Ask.MULTI, Ask.SKILLS, Ask.LANGUAGES, Ask.TOPICS)
ONCE = (Ask.HOURS, Ask.WANTED, Ask.UNWANTED)  # at most one question of each of these
# Who somebody would rather not work with is for the optimiser alone, whatever the author says.
ALWAYS_SENSITIVE = (Ask.UNWANTED,)


@dataclass(frozen=True)
class Question:
    """One question. `purpose` is said beside a sensitive one: what it is used for, in a sentence."""

    id: str
    kind: Ask
    title: str
    hint: str = ""
    options: tuple[str, ...] = ()
    own_words: bool = False  # a choice may also be answered in one's own words
    sensitive: bool = False
    purpose: str = ""

    @property
    def is_sensitive(self) -> bool:
        """Whether no person but its owner reads the answer."""
        return self.sensitive or self.kind in ALWAYS_SENSITIVE


@dataclass(frozen=True)
class Survey:
    """The questions of an activity; without any, nobody is asked."""

    questions: tuple[Question, ...] = ()
    closes_at: datetime | None = None
    consent: str = ""  # read and agreed to before the first answer is kept; empty: a standard sentence

    @property
    def ordinary(self) -> tuple[Question, ...]:
        """The questions whose answers the course staff read."""
        return tuple(question for question in self.questions if not question.is_sensitive)

    @property
    def sensitive(self) -> tuple[Question, ...]:
        """The questions whose answers nobody reads but their owner."""
        return tuple(question for question in self.questions if question.is_sensitive)

    @property
    def is_there(self) -> bool:
        """Whether anything is asked."""
        return bool(self.questions)

    def is_open(self, now: datetime) -> bool:
        """Whether answers can still be given and changed; the closing second itself counts."""
        return self.is_there and (self.closes_at is None or now.replace(microsecond=0) <= self.closes_at)

    def question(self, id: str) -> Question | None:
        """The question of that id."""
        return next((question for question in self.questions if question.id == id), None)


# Answers by question id, plain JSON values: a choice or text is a string, a number is a decimal
# string, `multi`, `languages`, `topics`, `wanted` and `unwanted` are lists of strings (options, or
# keys of persons), `skills` maps skills to levels, and `hours` is {"zone": …, "week": 168 characters
# 0 or 1, Monday 00:00 of that zone first}. What was skipped is not in it.
Answers = Mapping[str, Any]


@dataclass(frozen=True)
class SurveyAnswer:
    """What one person answered to the ordinary questions of an activity's survey."""

    id: str
    activity: str
    person: str
    answers: dict[str, Any]
    at: datetime
    agreed_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True)
class SensitiveAnswer:
    """What one person answered to the sensitive questions: for its owner and the optimiser only."""

    id: str
    activity: str
    person: str
    answers: dict[str, Any]
    at: datetime
    version: int = 1


# --- what no survey may say ---

ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def survey_problems(survey: Survey) -> list[Problem]:
    """Everything wrong with a survey; fields are "question-<row>", rows counted from 1, or "questions"."""
    problems = []
    if len(survey.questions) > MOST_QUESTIONS:
        problems.append(Problem("questions", "too_many_questions", (("most", MOST_QUESTIONS),)))
    ids = Counter(question.id for question in survey.questions)
    kinds: Counter[Ask] = Counter()
    for row, question in enumerate(survey.questions, start=1):
        kinds[question.kind] += 1
        for code, values in _question_problems(question):
            problems.append(Problem(f"question-{row}", code, (("row", row), *values)))
        if ids[question.id] > 1 or not ID.fullmatch(question.id):
            problems.append(Problem(f"question-{row}", "question_id", (("row", row),)))
        if question.kind in ONCE and kinds[question.kind] > 1:
            problems.append(Problem(f"question-{row}", "question_kind_twice", (("row", row),)))
    return problems


def _question_problems(question: Question) -> Iterable[tuple[str, tuple[tuple[str, object], ...]]]:
    if not question.title.strip():
        yield "question_title_missing", ()
    if len(question.title) > MOST_TITLE:
        yield "question_title_long", (("most", MOST_TITLE),)
    if question.is_sensitive and question.sensitive and not question.purpose.strip():
        yield "question_purpose_missing", ()
    if question.kind not in WITH_OPTIONS:
        return
    options = [option.strip() for option in question.options]
    joined = next((option for option in options if ";" in option), "")
    if joined:  # named alone: several answers in one line look as if some were missing
        yield "question_option_semicolon", (("option", joined[:60]),)
        return
    least = 2 if question.kind is Ask.CHOICE and not question.own_words else 1
    if len(options) < least:
        yield "question_options_missing", (("least", least),)
    if len(options) > MOST_OPTIONS:
        yield "question_options_many", (("most", MOST_OPTIONS),)
    twice = [option for option, count in Counter(one.casefold() for one in options).items() if count > 1]
    if twice:
        yield "question_options_twice", (("option", twice[0]),)
    if any(len(option) > MOST_OPTION for option in options):
        yield "question_option_long", (("most", MOST_OPTION),)


def kept_as_promised(current: Survey, wish: Survey) -> Survey:
    """The survey that may take effect once somebody has answered the current one.

    Questions may come, go, move and be reworded. What an answer was given under stays: its kind,
    the answers offered (more may be added), whether it is sensitive, and what that is used for.
    """
    return Survey(
        tuple(_as_promised(current.question(question.id), question) for question in wish.questions),
        wish.closes_at,
        wish.consent,
    )


def _as_promised(before: Question | None, wish: Question) -> Question:
    if before is None:
        return wish
    added = tuple(option for option in wish.options if option not in before.options)
    in_order = set(before.options) <= set(wish.options)
    return Question(
        id=wish.id,
        kind=before.kind,
        title=wish.title,
        hint=wish.hint,
        options=wish.options if in_order else before.options + added,
        own_words=wish.own_words or before.own_words,
        sensitive=before.sensitive,
        purpose=before.purpose if before.is_sensitive else wish.purpose,
    )


# --- answers ---


def checked_answers(survey: Survey, answers: Answers) -> dict[str, Any]:
    """The answers in their stored form; what was skipped, or is asked no more, is left out.

    Raises `Invalid` with a problem "q-<id>" for each answer that does not fit its question.
    """
    checked: dict[str, Any] = {}
    problems: list[Problem] = []
    for question in survey.questions:
        try:
            answer = _checked(question, answers.get(question.id))
        except _DoesNotFit as fault:
            problems.append(Problem(f"q-{question.id}", fault.code, fault.values))
        else:
            if answer:
                checked[question.id] = answer
    wanted, unwanted = (_named(survey, checked, kind) for kind in (Ask.WANTED, Ask.UNWANTED))
    if set(wanted) & set(unwanted):
        both = next(question.id for question in survey.questions if question.kind is Ask.UNWANTED)
        problems.append(Problem(f"q-{both}", "named_both"))
    if problems:
        raise Invalid(*problems)
    return checked


def named_in(survey: Survey, answers: Answers) -> set[str]:
    """The keys of everybody named as wanted or unwanted."""
    return {*_named(survey, answers, Ask.WANTED), *_named(survey, answers, Ask.UNWANTED)}


def _named(survey: Survey, answers: Answers, kind: Ask) -> list[str]:
    return [
        person
        for question in survey.questions
        if question.kind is kind
        for person in answers.get(question.id, ())
    ]


class _DoesNotFit(Exception):  # noqa: N818 - becomes a problem of its question
    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = tuple(values.items())


def _checked(question: Question, answer: Any) -> Any:
    """One answer in its stored form; empty for a skipped one."""
    if answer in (None, "", [], {}, ()):
        return None
    try:
        return _CHECKS[question.kind](question, answer)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _DoesNotFit("answer_unreadable") from None


def _choice(question: Question, answer: Any) -> str:
    text = str(answer).strip()
    if text in question.options:
        return text
    if not question.own_words:
        raise _DoesNotFit("answer_unknown")
    if len(text) > MOST_OWN_WORDS:
        raise _DoesNotFit("text_too_long", most=MOST_OWN_WORDS, have=len(text))
    return " ".join(text.replace(";", ",").split())  # lists of answers are joined by semicolons


def _several(question: Question, answer: Any) -> list[str]:
    ticked = [str(one).strip() for one in answer]
    if not set(ticked) <= set(question.options):
        raise _DoesNotFit("answer_unknown")
    return [option for option in question.options if option in ticked]


def _number(question: Question, answer: Any) -> str:
    try:
        number = Decimal(str(answer).strip().replace(",", "."))
    except InvalidOperation:
        raise _DoesNotFit("not_a_number") from None
    if not number.is_finite():
        raise _DoesNotFit("not_a_number")
    if abs(number) > MOST_NUMBER or len(number.as_tuple().digits) > 15:
        raise _DoesNotFit("number_too_large")
    return f"{number:f}"


def _skills(question: Question, answer: Any) -> dict[str, int]:
    levels = {str(skill): int(level) for skill, level in answer.items()}
    if not set(levels) <= set(question.options):
        raise _DoesNotFit("answer_unknown")
    if not all(0 <= level < SKILL_LEVELS for level in levels.values()):
        raise _DoesNotFit("answer_unknown")
    return {skill: levels[skill] for skill in question.options if skill in levels}


def _hours(question: Question, answer: Any) -> dict[str, str] | None:
    zone, week = str(answer["zone"]), str(answer["week"])
    if len(week) != HOURS_A_WEEK or set(week) - {"0", "1"}:
        raise _DoesNotFit("answer_unreadable")
    if week == NO_HOURS:
        return None  # no hour at all says nothing: nobody is asked to work never
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise _DoesNotFit("zone_unknown") from None
    return {"zone": zone, "week": week}


def _topics(question: Question, answer: Any) -> list[str]:
    ranked = [str(topic).strip() for topic in answer if str(topic).strip()]
    if not set(ranked) <= set(question.options):
        raise _DoesNotFit("answer_unknown")
    twice = next((topic for topic in ranked if ranked.count(topic) > 1), "")
    if twice:
        raise _DoesNotFit("topic_twice", topic=twice)
    return ranked


def _people(question: Question, answer: Any) -> list[str]:
    named = [str(person) for person in answer if person]
    if len(set(named)) < len(named):
        raise _DoesNotFit("named_twice")
    if len(named) > MOST_NAMED:
        raise _DoesNotFit("named_too_many", most=MOST_NAMED)
    return named


def _text(question: Question, answer: Any) -> str:
    text = str(answer).strip()
    if len(text) > MOST_TEXT:
        raise _DoesNotFit("text_too_long", most=MOST_TEXT, have=len(text))
    return text


_CHECKS = {
    Ask.CHOICE: _choice,
    Ask.MULTI: _several,
    Ask.NUMBER: _number,
    Ask.SKILLS: _skills,
    Ask.HOURS: _hours,
    Ask.LANGUAGES: _several,
    Ask.TOPICS: _topics,
    Ask.WANTED: _people,
    Ask.UNWANTED: _people,
    Ask.TEXT: _text,
}
