"""What learners are asked before teams are formed, and how an answer looks.

A skipped question means "no information", never "worst". Sensitive answers are read by the
optimiser only: not by staff, in no export, log or mail, and they are deleted (`SENSITIVE_STAYS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

MOST_QUESTIONS = 40
MOST_OPTIONS = 30
MOST_NAMED = 3  # wanted or unwanted team-mates
MOST_TEXT = 2000
MOST_OWN_WORDS = 60
SKILL_LEVELS = 5  # 0 not yet, 1 have tried it, 2 with some help, 3 on my own, 4 could teach it
CAN_DO = 3  # from this level on somebody can take the part in a team
SENSITIVE_STAYS = timedelta(days=14)  # after the teams were published
HOURS_A_WEEK = 168


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
