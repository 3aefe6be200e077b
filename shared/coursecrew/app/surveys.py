"""The survey before teams are formed: answered, read by staff, taken back, and what must go is deleted.

Ordinary and sensitive answers lie in two tables. What this module gives to anybody but their owner
comes from the first one alone; the second is read by its owner, and by whoever forms teams.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coursecrew.app.records import ACTIVITIES, FORMATIONS, PARTICIPANTS, SENSITIVE_ANSWERS, SURVEY_ANSWERS
from coursecrew.app.teams import Standing, participant_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, JoinRule
from coursecrew.domain.csv_cells import escaped
from coursecrew.domain.errors import Closed, Conflict, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.formations import WORKED_ON, Formation, RunState
from coursecrew.domain.people import Actor, Participant, Role
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.schedule import Step
from coursecrew.domain.survey import (
    SENSITIVE_STAYS,
    Answers,
    Ask,
    Question,
    SensitiveAnswer,
    Survey,
    SurveyAnswer,
    checked_answers,
    named_in,
)

PAGE = 200
NAMES_OFFERED = 200  # in a larger class names are typed without suggestions
# How an answer is written into a cell, empty for a skipped one; screens know the words, names are by key.
Say = Callable[[Question, Any, Mapping[str, str]], str]
SAME_NAME = 10  # people of one name to choose among
# Letters that no accent was added to, and that keyboards without them write so.
_BARE = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})


@dataclass(frozen=True)
class Answered:
    """What one person has answered so far, sensitive answers included: for that person alone."""

    answers: Answers
    at: datetime | None = None
    agreed: bool = False

    @property
    def is_there(self) -> bool:
        """Whether anything was saved, be it that everything was skipped."""
        return self.at is not None


def save_answers(unit: UnitOfWork, actor: Actor, activity_id: str, answers: Answers, *, agreed: bool) -> int:
    """Keep somebody's answers in place of their earlier ones; a question left out is skipped.

    `agreed` counts at the first time. Returns how many ordinary questions are answered: what a
    request key remembers must not tell what was done with the sensitive ones.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    survey = _answering(unit, actor, activity)
    if not survey.is_open(unit.now):
        raise Closed("survey", closes=survey.closes_at)
    old = _ordinary_row(unit, activity.id, actor.person)
    asked = survey_for(unit, activity)
    checked, problems = _checked(asked, answers)
    if not agreed and (old is None or old.agreed_at is None):
        problems.append(Problem("agreed", "consent_missing"))
    problems += _strangers(unit, actor, asked, checked)
    if problems:
        raise Invalid(*problems)
    ordinary = {q.id: checked[q.id] for q in asked.ordinary if q.id in checked}
    sensitive = {q.id: checked[q.id] for q in asked.sensitive if q.id in checked}
    if old is None:
        row = SurveyAnswer(unit.new_id(), activity.id, actor.person, ordinary, unit.now, unit.now)
        unit.store.add(SURVEY_ANSWERS, row)
        unit.record(Kind.SURVEY_ANSWERED, activity=activity.id, course=activity.course, by=actor.person)
    else:
        agreed_at = old.agreed_at or unit.now
        unit.store.save(SURVEY_ANSWERS, replace(old, answers=ordinary, at=unit.now, agreed_at=agreed_at))
    _keep_sensitive(unit, activity.id, actor.person, sensitive)
    return len(ordinary)


def _answering(unit: UnitOfWork, actor: Actor, activity: Activity) -> Survey:
    """The survey, for a learner who takes part and may see it."""
    participant = participant_of(unit, activity.course, actor.person)
    require(actor, Action.ANSWER_SURVEY, Subject(takes_part=bool(participant and participant.takes_part)))
    if not activity.is_visible:
        raise Conflict("not_published")
    if not activity.settings.survey.is_there:
        raise NotFound("survey")
    return activity.settings.survey


def _checked(survey: Survey, answers: Answers) -> tuple[dict[str, Any], list[Problem]]:
    try:
        return checked_answers(survey, answers), []
    except Invalid as refusal:
        return {}, list(refusal.problems)


def _strangers(unit: UnitOfWork, actor: Actor, survey: Survey, answers: Answers) -> list[Problem]:
    """Who is named must be somebody else who takes part; keys from elsewhere are nobody's."""
    known = participants_of(unit, actor.course, named_in(survey, answers) - {actor.person})
    problems = []
    for question in survey.questions:
        if question.kind not in (Ask.WANTED, Ask.UNWANTED):
            continue
        named = answers.get(question.id, ())
        if actor.person in named:
            problems.append(Problem(f"q-{question.id}", "named_self"))
        elif not all(person in known and known[person].takes_part for person in named):
            problems.append(Problem(f"q-{question.id}", "named_unknown"))
    return problems


def _keep_sensitive(unit: UnitOfWork, activity: str, person: str, answers: dict[str, Any]) -> None:
    """Write the sensitive answers, or take the row away where none is left."""
    found = unit.store.find(SENSITIVE_ANSWERS, activity=activity, person=person, limit=1)
    if not answers:
        for row in found:
            unit.store.remove(SENSITIVE_ANSWERS, row.id)
    elif found:
        unit.store.save(SENSITIVE_ANSWERS, replace(found[0], answers=answers, at=unit.now))
    else:
        row = SensitiveAnswer(unit.new_id(), activity, person, answers, unit.now)
        unit.store.add(SENSITIVE_ANSWERS, row)


def take_back_answers(unit: UnitOfWork, actor: Actor, activity_id: str) -> None:
    """Forget everything somebody answered, also after closing: consent can be withdrawn."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    _answering(unit, actor, activity)
    row = _ordinary_row(unit, activity.id, actor.person)
    if row is not None:
        unit.store.remove(SURVEY_ANSWERS, row.id)
    _keep_sensitive(unit, activity.id, actor.person, {})


# --- for its owner ---


def own_answers(unit: UnitOfWork, actor: Actor, activity_id: str) -> Answered:
    """Everything the person has answered, each from where its question belongs now.

    A question that became sensitive later, or no longer is, begins empty: nothing said under one
    promise is taken along into another.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    survey = _answering(unit, actor, activity)
    row = _ordinary_row(unit, activity.id, actor.person)
    hidden = unit.store.find(SENSITIVE_ANSWERS, activity=activity.id, person=actor.person, limit=1)
    answers = _of(survey.ordinary, row.answers if row else {})
    answers |= _of(survey.sensitive, hidden[0].answers if hidden else {})
    return Answered(answers, row.at if row else None, bool(row and row.agreed_at))


def _of(questions: Sequence[Question], answers: Answers) -> dict[str, Any]:
    return {question.id: answers[question.id] for question in questions if question.id in answers}


def has_answered(unit: UnitOfWork, activity_id: str, person: str) -> bool:
    """Whether somebody has saved answers; one query, and nothing of what they say."""
    return unit.store.count(SURVEY_ANSWERS, activity=activity_id, person=person) > 0


@dataclass(frozen=True)
class SurveyStanding:
    """Where a learner stands with a survey; nothing of what was said."""

    survey: Survey
    answered: bool
    is_open: bool
    formed: bool = False  # teams were formed out of it already
    placed: bool = False  # it places people, and this person has a team: nothing is asked of them


def survey_standing(unit: UnitOfWork, activity: Activity, here: Standing) -> SurveyStanding | None:
    """The survey as it waits for a learner; `None` where nothing is asked of this person."""
    survey, participant = activity.settings.survey, here.participant
    if not survey.is_there or participant is None or not participant.takes_part:
        return None
    formed, places = False, here.team_set.join == JoinRule.FORMED.value
    if here.membership is None and places:
        published = unit.store.count(FORMATIONS, team_set=here.team_set.id, state=RunState.PUBLISHED.value)
        formed = published > 0
    answered = has_answered(unit, activity.id, participant.person)
    placed = places and here.membership is not None
    return SurveyStanding(survey, answered, survey.is_open(unit.now), formed, placed)


def _ordinary_row(unit: UnitOfWork, activity: str, person: str) -> SurveyAnswer | None:
    found = unit.store.find(SURVEY_ANSWERS, activity=activity, person=person, limit=1)
    return found[0] if found else None


# --- naming people ---


def classmates(unit: UnitOfWork, actor: Actor) -> list[Participant]:
    """Everybody who could be named, in a class small enough to offer all names; else nobody."""
    rows = unit.store.find(
        PARTICIPANTS, course=actor.course, role=Role.LEARNER.value, order="name", limit=NAMES_OFFERED + 1
    )
    if len(rows) > NAMES_OFFERED:
        return []
    return [row for row in rows if row.takes_part and row.person != actor.person]


def of_that_name(unit: UnitOfWork, actor: Actor, name: str) -> list[Participant]:
    """The people who take part and are called so, at most ten; in a class whose names are offered also
    without accents or capitals, as people type them, where nobody is called so letter for letter."""
    wanted = " ".join(name.split())
    rows = unit.store.find(PARTICIPANTS, course=actor.course, name=wanted, limit=SAME_NAME)
    if not rows:
        mates = classmates(unit, actor)
        rows = [row for row in mates if row.name.casefold() == wanted.casefold()]
        rows = rows or [row for row in mates if _typed(row.name) == _typed(wanted)]
    return [row for row in rows if row.takes_part]


def _typed(name: str) -> str:
    """A name as somebody types it whose keyboard has no accents."""
    bare = unicodedata.normalize("NFKD", name.casefold().translate(_BARE))
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def names_of(unit: UnitOfWork, actor: Actor, people: Sequence[str]) -> Mapping[str, str]:
    """What the people named are called."""
    known = participants_of(unit, actor.course, people)
    return {person: participant.name for person, participant in known.items()}


# --- for staff: ordinary answers ---


@dataclass(frozen=True)
class AnswersPage:
    """The answers of some people to the ordinary questions, with the names of everybody in them."""

    questions: tuple[Question, ...]
    rows: tuple[SurveyAnswer, ...]
    people: Mapping[str, Participant]
    more: str  # the last row's id where others follow, else ""
    answered: int


def answered_count(unit: UnitOfWork, activity_id: str) -> int:
    """How many people have saved answers."""
    return unit.store.count(SURVEY_ANSWERS, activity=activity_id)


def read_answers(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "", limit: int = 25
) -> AnswersPage:
    """A page of people with their ordinary answers, in the order they first answered."""
    require(actor, Action.READ_SURVEY)
    activity = unit.store.get(ACTIVITIES, activity_id)
    last = unit.store.get(SURVEY_ANSWERS, after) if after else None
    if last is not None and last.activity != activity.id:
        raise NotFound("page")
    found = unit.store.find(SURVEY_ANSWERS, activity=activity.id, after=last, limit=limit + 1)
    rows = found[:limit]
    questions = activity.settings.survey.ordinary
    named = {person for row in rows for person in _named(questions, row.answers)}
    people = participants_of(unit, activity.course, named | {row.person for row in rows})
    more = rows[-1].id if len(found) > limit else ""
    return AnswersPage(questions, tuple(rows), people, more, answered_count(unit, activity.id))


def _named(questions: Sequence[Question], answers: Answers) -> Iterator[str]:
    for question in questions:
        if question.kind is Ask.WANTED:
            yield from answers.get(question.id, ())


def people_in_answers(unit: UnitOfWork, actor: Actor, activity_id: str) -> list[str]:
    """The keys of everybody who answered, or is named as wanted: whose handles an export needs."""
    require(actor, Action.READ_SURVEY)
    activity = unit.store.get(ACTIVITIES, activity_id)
    keys: set[str] = set()
    for row in _all_rows(unit, activity.id):
        keys |= {row.person, *_named(activity.settings.survey.ordinary, row.answers)}
    return sorted(keys)


def export_answers(
    unit: UnitOfWork, actor: Actor, activity_id: str, handles: Mapping[str, str], say: Say
) -> str:
    """The ordinary answers as CSV, a row for each person; `say` turns an answer into a cell."""
    require(actor, Action.READ_SURVEY)
    activity = unit.store.get(ACTIVITIES, activity_id)
    questions = activity.settings.survey.ordinary
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["user", *(escaped(question.title) for question in questions)])
    for row in _all_rows(unit, activity.id):
        cells = [say(question, row.answers.get(question.id), handles) for question in questions]
        writer.writerow([escaped(cell) for cell in (handles.get(row.person, row.person), *cells)])
    return out.getvalue()


def _all_rows(unit: UnitOfWork, activity: str) -> Iterator[SurveyAnswer]:
    last: SurveyAnswer | None = None
    while True:
        page = unit.store.find(SURVEY_ANSWERS, activity=activity, after=last, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


# --- sensitive answers go ---


def sensitive_until(unit: UnitOfWork, activity: Activity) -> datetime | None:
    """Until when sensitive answers of an activity may be kept; `None`: no date says so yet.

    14 days after teams were first published; if none ever were, after drafting closed.
    """
    runs = unit.store.find(FORMATIONS, activity=activity.id, limit=PAGE)
    published = [run.published_at for run in runs if run.published_at is not None]
    if published:
        return min(published) + SENSITIVE_STAYS
    window = activity.window(Step.DRAFT)
    end = window.closes or window.due
    return end + SENSITIVE_STAYS if end else None


def sensitive_gone(unit: UnitOfWork, activity: Activity) -> bool:
    """Whether the time of sensitive answers is over: they are asked, kept and used no more."""
    if unit.store.count(FORMATIONS, activity=activity.id, sensitive_gone=True):
        return True
    until = sensitive_until(unit, activity)
    return until is not None and unit.now > until


def survey_for(unit: UnitOfWork, activity: Activity) -> Survey:
    """The survey as it is asked now: without its sensitive questions once their time is over."""
    survey = activity.settings.survey
    if survey.sensitive and sensitive_gone(unit, activity):
        return replace(survey, questions=survey.ordinary)
    return survey


def with_sensitive_left(unit: UnitOfWork) -> list[str]:
    """Activities that have sensitive answers, or published runs that were formed from them."""
    kept = unit.store.tally(SENSITIVE_ANSWERS, "activity")
    runs = unit.store.tally(FORMATIONS, "activity", sensitive_gone=False, state=RunState.PUBLISHED.value)
    return sorted({*kept, *runs})


def delete_sensitive(unit: UnitOfWork, activity_id: str, *, limit: int = PAGE) -> int:
    """Delete some of an activity's sensitive answers if their time is over; 0 when none is left to do.

    When the last is gone, the activity's runs say so, and later placements do without them.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    if not sensitive_gone(unit, activity):
        return 0
    rows = unit.store.find(SENSITIVE_ANSWERS, activity=activity.id, limit=limit)
    for row in rows:
        unit.store.remove(SENSITIVE_ANSWERS, row.id)
    if rows:
        return len(rows)
    marked = 0
    for run in _unmarked(unit, activity.id, limit):
        if run.state not in WORKED_ON:  # whoever works on it writes it; the next round comes back
            unit.store.save(FORMATIONS, replace(run, sensitive_gone=True))
            marked += 1
    return marked


def _unmarked(unit: UnitOfWork, activity: str, limit: int) -> list[Formation]:
    return unit.store.find(FORMATIONS, activity=activity, sensitive_gone=False, limit=limit)
