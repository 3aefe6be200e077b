"""A class that has answered a survey: the sample that tests of formed teams are told in."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from coursecrew.app.formation_work import work_on_formations
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import PARTICIPANTS, SENSITIVE_ANSWERS, SURVEY_ANSWERS
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, JoinRule, TeamRules
from coursecrew.domain.people import Actor, Participant, Role, Source
from coursecrew.domain.survey import Ask, Question, SensitiveAnswer, Survey, SurveyAnswer
from coursecrew.domain.wishes import Aim, Forming, Late, Wish
from tests.builders import INES, START, actor, an_assignment, key

ZONES = ("Africa/Lagos", "Europe/Lisbon", "America/Bogota", "Asia/Kolkata", "Asia/Tashkent", "Europe/Oslo")
SKILLS = ("Data analysis", "Writing", "Fieldwork", "Leading")
TOPICS = ("Leaks", "Tariffs", "Floods", "Reuse")
LANGUAGES = ("English", "Español", "Français")
FIRST = (
    "Ravi",
    "Johanna",
    "Diego",
    "Nomsa",
    "Farida",
    "Chidi",
    "Linh",
    "Tomás",
    "Sofia",
    "Mehmet",
    "Aiko",
    "Zola",
)
LAST = ("Pillai", "Kivelä", "Morales", "Wanjiru", "Rahimova", "Okafor", "Vũ", "Rivera", "Lindqvist", "Yılmaz")
SURVEY = Survey(
    (
        Question("hours", Ask.HOURS, "When do you usually have time?"),
        Question("skills", Ask.SKILLS, "What can you do?", options=SKILLS),
        Question("topic", Ask.TOPICS, "Which topics would you like?", options=TOPICS),
        Question("tongue", Ask.LANGUAGES, "Which languages do you work in?", options=LANGUAGES),
        Question("years", Ask.NUMBER, "How many years have you worked?"),
        Question(
            "gender", Ask.CHOICE, "What is your gender?", options=("woman", "man", "another"), sensitive=True,
            purpose="So that nobody is the only one in a team.",
        ),
    )
)  # fmt: skip
WISHES = (
    Wish("hours", Aim.SHARED, 5, amount=3),
    Wish("skills", Aim.COVER, 3, SKILLS),
    Wish("topic", Aim.TOPIC, 2),
    Wish("tongue", Aim.SHARED, 5, amount=1, must=True),
    Wish("years", Aim.ALIKE, -2),
    Wish("gender", Aim.NOT_ALONE, 5, ("woman",), must=True),
)
RULES = TeamRules(name="districts", min=3, ideal=4, max=5, join=JoinRule.FORMED)


@dataclass(frozen=True)
class Surveyed:
    """A published assignment whose learners have answered, but for every fortieth."""

    ports: MemoryPorts
    activity: Activity
    people: tuple[Actor, ...]


def a_surveyed_class(
    ports: MemoryPorts, learners: int = 12, *, teacher: Actor = INES, **changes: Any
) -> Surveyed:
    """So many learners in an assignment whose teams are formed."""
    wish = {"survey": SURVEY, "forming": Forming(WISHES, late=Late.PLACE), "teams": RULES, **changes}
    activity = an_assignment(ports, **wish)
    people = [_learner(number) for number in range(learners)]
    for start in range(0, learners, 200):
        run(ports, _answer, activity, people[start : start + 200], start)
    return Surveyed(ports, activity, tuple(people))


def _learner(number: int) -> Actor:
    name = f"{FIRST[number % len(FIRST)]} {LAST[number * 7 % len(LAST)]}"
    if number >= len(FIRST) * len(LAST) // 2:
        name += f" {number}"
    return replace(actor(name), person=key(f"F{number}"), zone=ZONES[number % len(ZONES)])


def _answer(unit: UnitOfWork, activity: Activity, people: list[Actor], first: int) -> None:
    for number, who in enumerate(people, start=first):
        unit.store.add(
            PARTICIPANTS,
            Participant(
                unit.new_id(), activity.course, who.person, who.name, Role.LEARNER, Source.LAUNCH, START,
                zone=who.zone,
            ),
        )  # fmt: skip
        if number % 40 == 39:
            continue
        chance = Random(number)
        unit.store.add(
            SURVEY_ANSWERS,
            SurveyAnswer(unit.new_id(), activity.id, who.person, _ordinary(chance, who), START, START),
        )
        gender = chance.choice(("woman", "woman", "man", "man", "man", "another"))
        unit.store.add(
            SENSITIVE_ANSWERS,
            SensitiveAnswer(unit.new_id(), activity.id, who.person, {"gender": gender}, START),
        )


def _ordinary(chance: Random, who: Actor) -> dict[str, Any]:
    free = {24 * chance.randrange(7) + hour for _ in range(6) for hour in _stretch(chance.randrange(7, 21))}
    return {
        "hours": {"zone": who.zone, "week": "".join("1" if h in free else "0" for h in range(168))},
        "skills": {skill: chance.choice((0, 1, 2, 3, 4)) for skill in SKILLS},
        "topic": _some(chance, TOPICS, 3),
        "tongue": ["English"] if chance.random() < 0.8 else _some(chance, LANGUAGES[1:], 1),
        "years": str(chance.randrange(30)),
    }


def _stretch(start: int) -> range:
    return range(start, start + 3)


def _some(chance: Random, among: tuple[str, ...], number: int) -> list[str]:
    return chance.sample(among, number)


def form_now(ports: Any) -> int:
    """What the worker does in the background, at once."""
    return work_on_formations(ports, stopwatch=time.perf_counter)
