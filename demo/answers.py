"""What the people of the sample course answer to the survey of its last assignment.

Everybody answers from their own life: free hours on their own clock, what they can do, what they
speak. Drawn once from each person's name, so that the course is the same at every start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from coursecrew.domain.activities import JoinRule, Prompt, Settings, SubmitRule, TeamRules
from coursecrew.domain.rubrics import Rubric
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.survey import Ask, Question, Survey
from coursecrew.domain.wishes import Aim, Forming, Late, Wish
from demo.course import LEARNERS, PLAN_RUBRIC, TEAMS, About, Person, at

SURVEY_CLOSES = at(30, 11, 18)
SILENT = ("rosa.jimenez", "kenji.tanaka")  # two who have not answered
SKILLS = ("Spreadsheets and costs", "Maps (GIS)", "Clear writing in English", "Speaking to people")
TOPICS = (
    "Tariffs that people can pay",
    "Who mends a leak at night",
    "Meters in rented houses",
    "Water for schools",
    "Old pipes, new money",
    "Rain that is lost",
)
SPEAKS: Mapping[str, tuple[str, ...]] = {
    "America": ("Spanish",),
    "Atlantic": ("Portuguese",),
    "Australia": (),
    "Indian": (),
    "Asia": (),
    "Europe": (),
    "Africa": (),
}
BY_ZONE: Mapping[str, tuple[str, ...]] = {
    "Africa/Algiers": ("Arabic", "French"),
    "Africa/Cairo": ("Arabic",),
    "Africa/Casablanca": ("Arabic", "French"),
    "Africa/Tunis": ("Arabic", "French"),
    "Asia/Amman": ("Arabic",),
    "Asia/Beirut": ("Arabic", "French"),
    "Africa/Dakar": ("French",),
    "Africa/Bamako": ("French",),
    "Africa/Conakry": ("French",),
    "Africa/Kigali": ("French", "Swahili"),
    "Africa/Nairobi": ("Swahili",),
    "Africa/Dar_es_Salaam": ("Swahili",),
    "America/Sao_Paulo": ("Portuguese",),
    "Europe/Lisbon": ("Portuguese",),
    "America/Toronto": ("French",),
    "Europe/Paris": ("French",),
    "Europe/Brussels": ("French",),
    "Europe/Rome": ("French",),
}
LANGUAGES = ("English", "French", "Spanish", "Portuguese", "Arabic", "Swahili")

SURVEY = Survey(
    (
        Question("hours", Ask.HOURS, "When could you usually work with others?"),
        Question(
            "skills", Ask.SKILLS, "What do you bring?", "Be honest: teams need different people.", SKILLS
        ),
        Question("languages", Ask.LANGUAGES, "In which languages can you work?", options=LANGUAGES),
        Question("topics", Ask.TOPICS, "What should the page be about?", "Best first.", TOPICS),
        Question(
            "years", Ask.NUMBER, "How many years have you worked, in any job?", "Any job counts. 0 is fine."
        ),
        Question(
            "gender", Ask.CHOICE, "Your gender", options=("Woman", "Man"), own_words=True, sensitive=True,
            purpose="Used for one thing only: nobody should be the only one in a team.",
        ),
        Question("wanted", Ask.WANTED, "Whom would you like to work with?"),
        Question("unwanted", Ask.UNWANTED, "With whom would you rather not work?"),
    ),
    closes_at=SURVEY_CLOSES,
)  # fmt: skip
FORMING = Forming(
    (
        Wish("hours", Aim.SHARED, weight=5, amount=3),
        Wish("skills", Aim.COVER, weight=4, values=SKILLS[:3]),
        Wish("languages", Aim.SHARED, weight=3, amount=1),
        Wish("topics", Aim.TOPIC, weight=2),
        Wish("years", Aim.BALANCED, weight=1),
        Wish("gender", Aim.NOT_ALONE, weight=5, values=("Woman",), must=True),
        Wish("wanted", Aim.TOGETHER, weight=1),
        Wish("unwanted", Aim.APART, weight=5, must=True),
    ),
    late=Late.PLACE,
)

PAGE = Settings(
    title="One page for the council",
    goal="One page that a council member reads in three minutes, and then knows what to vote for.",
    done_when=(
        "It says in one sentence what the council should decide",
        "Every number on it has a source",
        "Somebody outside the course has read it and could retell it",
    ),
    task=(
        "You have seen how much water is lost, and what it costs to find it. Now tell somebody who "
        "decides.\n\n"
        "This time the teams are new: whoever has the same hours, and can do what the others cannot."
    ),
    teams=TeamRules(name="Council teams", min=3, ideal=4, max=5, public=True, join=JoinRule.FORMED),
    prompts=(
        Prompt("decision", "What to decide", "One sentence."),
        Prompt("why", "Why", "Three reasons, each with a number and its source."),
        Prompt("against", "What speaks against it", "Honestly.", required=False),
    ),
    steps={Step.DRAFT: Window(at(2, 12, 9), at(12, 12, 18), at(13, 12, 18))},
    submit_rule=SubmitRule.ANY,
    rubric=Rubric(PLAN_RUBRIC.criteria[1:]),
    survey=SURVEY,
    forming=FORMING,
)


def answers_of(person: Person, keys: Mapping[str, str]) -> dict[str, Any]:
    """What somebody answers; `keys` gives the tool's key of each person of the course."""
    chance = Random(f"council {person.id}")
    answers: dict[str, Any] = {
        "hours": {"zone": person.zone, "week": _week(chance)},
        "skills": {skill: str(_level(chance)) for skill in SKILLS if chance.random() > 0.04},
        "languages": _languages(person, chance),
        "topics": _topics(chance),
    }
    if chance.random() > 0.08:
        answers["years"] = str(min(25, round(chance.lognormvariate(1.2, 0.7))))
    if chance.random() > 0.1:
        answers["gender"] = "Woman" if chance.random() < 0.38 else "Man"
    mates = [mate.id for mate in _mates(person) if mate.id in keys]
    if mates and chance.random() < 0.25:
        answers["wanted"] = [keys[chance.choice(mates)]]
    if len(mates) > 1 and chance.random() < 0.05:
        answers["unwanted"] = [keys[mates[-1]]]
    return {name: value for name, value in answers.items() if value}


def all_answers(keys: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The answers of everybody who answers, by user name."""
    return {
        person.id: answers_of(person, keys)
        for person in LEARNERS
        if person.id in keys and person.id not in SILENT
    }


def _week(chance: Random) -> str:
    """168 hours from Monday 0 o'clock: most have evenings, some have days, everybody some weekend."""
    evening = chance.random() < 0.7
    start = (18 if evening else 8) + chance.randrange(-1, 3)
    length = chance.randrange(2, 5)
    free = set()
    for day in range(7):
        begin = chance.choice((9, 10, 15)) if day > 4 else start
        if chance.random() < (0.6 if day > 4 else 0.85):
            free |= {day * 24 + hour for hour in range(begin, min(begin + length, 24))}
    return "".join("1" if hour in free else "0" for hour in range(168))


def _level(chance: Random) -> int:
    return chance.choices(range(5), weights=(2, 3, 3, 3, 1))[0]


def _languages(person: Person, chance: Random) -> list[str]:
    region = person.zone.partition("/")[0]
    spoken = BY_ZONE.get(person.zone, SPEAKS.get(region, ()))
    return ["English", *spoken] if chance.random() > 0.06 else [*spoken] or ["English"]


def _topics(chance: Random) -> list[str]:
    names: Sequence[str] = TOPICS
    return chance.sample(list(names), k=3) if chance.random() > 0.06 else []


def _mates(person: Person) -> list[Person]:
    """With whom somebody has worked so far."""
    team = next((team for team in TEAMS if person in team.members), None)
    return [mate for mate in team.members if mate != person] if team else []


def about(title: str, now: datetime) -> About | None:
    """What the course page says about the assignment."""
    if title != PAGE.title:
        return None
    if now <= SURVEY_CLOSES:
        return About("Team assignment · a survey is answered; teams can be formed", "survey", "now")
    return About("Team assignment · the survey is closed; teams wait to be formed", "form teams", "now")
