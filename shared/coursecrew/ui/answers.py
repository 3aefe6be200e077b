"""Answers to a survey on screen: read from its form, and said in words to whoever may read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coursecrew.domain.errors import Problem
from coursecrew.domain.hours import NO_HOURS, UnreadableHours, alike, read_hours, stretches
from coursecrew.domain.people import Participant
from coursecrew.domain.survey import MOST_NAMED, MOST_RANKED, Answers, Ask, Question, Survey
from coursecrew.ui.forms import Reading
from coursecrew.ui.reader import N_, WEEKDAYS, Reader

LEVELS = (
    N_("Not yet"),
    N_("Have tried it"),
    N_("With some help"),
    N_("On my own"),
    N_("Could teach it"),
)
DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
KINDS: Mapping[Ask, str] = {
    Ask.CHOICE: N_("One of several answers"),
    Ask.MULTI: N_("Several answers"),
    Ask.NUMBER: N_("A number"),
    Ask.SKILLS: N_("Skills, each with a level"),
    Ask.HOURS: N_("Hours of the week"),
    Ask.LANGUAGES: N_("Languages"),
    Ask.TOPICS: N_("Topics, ranked"),
    Ask.WANTED: N_("Wanted team-mates"),
    Ask.UNWANTED: N_("Unwanted team-mates"),
    Ask.TEXT: N_("A text"),
}
OWN_WORDS = "own"
OPTION = "o:"  # before an option's text, so that no option is taken for another choice
WhoIs = Callable[[str], Sequence[Participant]]


# --- reading a form ---


def read_form(
    reading: Reading, survey: Survey, reader: Reader, who_is: WhoIs, named: Mapping[str, str]
) -> dict[str, Any]:
    """The answers of a submitted form; what cannot be read becomes a problem of its question.

    `who_is` finds people by name; `named` are those named so far, key to name, who stay who they are.
    """
    return {question.id: _read(reading, question, reader, who_is, named) for question in survey.questions}


def _read(
    reading: Reading, question: Question, reader: Reader, who_is: WhoIs, named: Mapping[str, str]
) -> Any:
    name = f"q-{question.id}"
    if question.kind is Ask.CHOICE:
        picked = reading.text(name)
        return reading.text(f"{name}-own") if picked == OWN_WORDS else picked.removeprefix(OPTION)
    if question.kind in (Ask.MULTI, Ask.LANGUAGES):
        return [value.removeprefix(OPTION) for value in reading.many(name)]
    if question.kind is Ask.SKILLS:
        levels = {skill: reading.text(f"{name}-{n}") for n, skill in enumerate(question.options, start=1)}
        return {skill: level for skill, level in levels.items() if level}
    if question.kind is Ask.HOURS:
        return _hours(reading, name, reader)
    if question.kind is Ask.TOPICS:
        ranks = range(1, ranked(question) + 1)
        return [reading.text(f"{name}-{rank}").removeprefix(OPTION) for rank in ranks]
    if question.kind in (Ask.WANTED, Ask.UNWANTED):
        return [
            key
            for number in range(1, MOST_NAMED + 1)
            if (key := _person(reading, f"{name}-{number}", who_is, named))
        ]
    return reading.text(name)


def ranked(question: Question) -> int:
    """How many topics are ranked at most."""
    return min(MOST_RANKED, len(question.options))


def _hours(reading: Reading, name: str, reader: Reader) -> dict[str, str]:
    zone, typed = reading.text(f"{name}-zone") or reader.zone.key, reading.text(f"{name}-text")
    if not typed:
        ticked = set(reading.many(name))
        week = "".join("1" if str(hour) in ticked else "0" for hour in range(len(NO_HOURS)))
        return {"zone": zone, "week": week}
    try:
        return {"zone": zone, "week": read_hours(typed, day_names(reader), _joining(reader))}
    except UnreadableHours as fault:
        reading.problems.append(Problem(f"{name}-text", fault.code, (("part", fault.part),)))
        return {}


def day_names(reader: Reader) -> dict[str, int]:
    """Names of days in the reader's language, in small letters, with their numbers."""
    return {
        reader.translated(name).casefold(): day for days in (WEEKDAYS, DAYS) for day, name in enumerate(days)
    }


def _joining(reader: Reader) -> set[str]:
    """The words by which the reader's language joins: "and"."""
    joined = reader.gettext("%(start)s and %(last)s", start="", last="")
    return set(re.findall(r"[^\W\d_]+", joined.casefold()))


def _person(reading: Reading, name: str, who_is: WhoIs, named: Mapping[str, str]) -> str:
    """The key of whoever stands in a field; where several are called so, the one chosen below it."""
    text = " ".join(reading.text(name).split())
    if not text:
        return ""
    kept = [key for key, known in named.items() if known.casefold() == text.casefold()]
    found = {person.person for person in who_is(text)}
    chosen = reading.text(f"{name}-who")
    if chosen in found:
        return chosen
    if len(kept) == 1:
        return kept[0]
    if len(found) == 1:
        return found.pop()
    code = "name_of_several" if found else "name_unknown"
    reading.problems.append(Problem(name, code, (("name", text[:80]),)))
    return ""


# --- saying answers ---


def answer_parts(question: Question, answer: Any, reader: Reader, names: Mapping[str, str]) -> list[str]:
    """An answer in words, part by part; nothing for a skipped one. `names` are by key."""
    _ = reader.gettext
    if answer in (None, "", [], {}):
        return []
    if question.kind is Ask.SKILLS:
        return [
            _("%(skill)s: %(level)s", skill=skill, level=_(LEVELS[int(answer[skill])]))
            for skill in question.options
            if skill in answer
        ]
    if question.kind is Ask.HOURS:
        return [hours_said(answer["week"], reader), reader.zone_said(answer["zone"])]
    if question.kind is Ask.TOPICS:
        return [
            _("%(number)s. %(topic)s", number=number, topic=topic)
            for number, topic in enumerate(answer, start=1)
        ]
    if question.kind in (Ask.WANTED, Ask.UNWANTED):
        return [names.get(key) or _("somebody who has left the course") for key in answer]
    if question.kind in (Ask.MULTI, Ask.LANGUAGES):
        return [str(one) for one in answer]
    return [str(answer)]


def hours_said(week: str, reader: Reader) -> str:
    """The hours of a week: "Mon, Tue 18–21; Wed 6–8, 20–22"."""
    _ = reader.gettext
    groups = [
        _(
            "%(days)s %(hours)s",
            days=joined([_(WEEKDAYS[day]) for day in days], reader),
            hours=joined([str(one) for one in free], reader),
        )
        for days, free in alike(week)
    ]
    text = groups[0] if groups else ""
    for group in groups[1:]:
        text = _("%(start)s; %(next)s", start=text, next=group)
    return text


def day_said(week: str, day: int, reader: Reader) -> str:
    """The hours of one day: "6–8, 20–22"."""
    return joined([str(one) for one in stretches(week)[day]], reader)


def joined(parts: Sequence[str], reader: Reader) -> str:
    """Short parts in a row, without an "and"."""
    text = "".join(parts[:1])
    for part in parts[1:]:
        text = reader.gettext("%(start)s, %(next)s", start=text, next=part)
    return text


def cell(question: Question, answer: Any, names: Mapping[str, str], reader: Reader) -> str:
    """An answer as a cell of a file."""
    return "; ".join(answer_parts(question, answer, reader, names))


def skipped(survey: Survey, answers: Answers) -> int:
    """How many questions have no answer."""
    return sum(question.id not in answers for question in survey.questions)
