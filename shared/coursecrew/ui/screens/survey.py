"""The survey before teams are formed: answering it, what one answered, and what staff read of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from coursecrew.app import surveys as acts
from coursecrew.app.surveys import Answered, AnswersPage
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.csv_cells import escaped
from coursecrew.domain.errors import NotFound, Problem
from coursecrew.domain.hours import NO_HOURS
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, is_allowed, require
from coursecrew.domain.survey import MOST_NAMED, Ask, Question, Survey, named_in
from coursecrew.domain.wishes import Aim
from coursecrew.ui.answers import (
    DAYS,
    LEVELS,
    OPTION,
    OWN_WORDS,
    answer_parts,
    cell,
    day_said,
    hours_said,
    ranked,
    read_form,
)
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Wait
from coursecrew.ui.reader import WEEKDAYS, Reader, zone
from coursecrew.ui.scene import Scene

PAGE = 25
FIRST_HOUR = 6  # earlier ones are behind a press
QUESTIONS_A_MINUTE = 2


@dataclass(frozen=True)
class Form:
    """What the form is made of: the questions as they are asked now, and one's own answers."""

    survey: Survey
    own: Answered
    gone: bool = False  # sensitive questions are no longer asked
    names: Mapping[str, str] = field(default_factory=dict)
    offered: Sequence[str] = ()  # names of classmates, where the class is small


def _read(unit: UnitOfWork, actor: Actor, activity: Activity) -> Form:
    own = acts.own_answers(unit, actor, activity.id)
    survey = acts.survey_for(unit, activity)
    names = acts.names_of(unit, actor, sorted(named_in(activity.settings.survey, own.answers)))
    asks_names = any(question.kind in (Ask.WANTED, Ask.UNWANTED) for question in survey.questions)
    offered = [person.name for person in acts.classmates(unit, actor)] if asks_names else []
    return Form(survey, own, survey != activity.settings.survey, names, sorted(set(offered)))


# --- answering ---


def survey(scene: Scene, request: Request) -> Response:
    """The form; once the survey is closed, what one has answered."""
    found = run(scene.ports, _read, scene.actor, scene.activity)
    if not found.survey.is_open(scene.reader.now) and scene.refusal is None:
        return mine(scene, request)
    return _form(scene, request, found)


def preview(scene: Scene, request: Request) -> Response:
    """The form as learners read it, for whoever sets it up; nothing is kept."""
    require(scene.actor, Action.CHANGE_SETTINGS)
    if not scene.settings.survey.is_there:
        raise NotFound("survey")
    return _form(scene, request, Form(scene.settings.survey, Answered({})), preview=True)


def _form(scene: Scene, request: Request, found: Form, *, preview: bool = False) -> Response:
    _ = scene.reader.gettext
    last = Crumb(_("What learners are asked") if preview else _("Survey"))
    crumbs = [Crumb(_("Settings"), "settings"), Crumb(_("Survey"), "settings/survey"), last]
    typed = request.form if scene.refusal else {}
    return page(
        scene,
        request,
        "survey.html",
        title=_("Help us find your team"),
        crumbs=crumbs if preview else [last],
        panel=_panel(scene, found, preview=preview),
        found=found,
        answers=found.own.answers,
        preview=preview,
        may_save=not preview and found.survey.is_open(scene.reader.now),
        levels=[(str(n), _(words)) for n, words in enumerate(LEVELS)],
        option=OPTION,
        own_words=OWN_WORDS,
        ranked=ranked,
        most_named=range(1, MOST_NAMED + 1),
        weeks={q.id: _week(scene, q, found, typed) for q in found.survey.questions if q.kind is Ask.HOURS},
        several=_several(scene, found, typed) if typed else {},
    )


def _panel(scene: Scene, found: Form, *, preview: bool) -> Panel:
    """How many questions, until when, who reads the answers, and that skipping is free."""
    reader, survey = scene.reader, found.survey
    _, n_ = reader.gettext, reader.ngettext
    number = len(survey.questions)
    minutes = max(1, round(number / QUESTIONS_A_MINUTE))
    takes = n_("It takes about %(number)s minute.", "It takes about %(number)s minutes.", minutes)
    lines: list[str] = [reader.by(survey.closes_at)] if survey.closes_at else []
    waits = [
        Wait(
            _("Only the course team reads your answers. Classmates see none of them."),
            sign="hidden",
        ),
        Wait(_("A skipped question means “no information”. It never counts against you."), sign="info"),
    ]
    if survey.sensitive:
        waits.append(
            Wait(
                _("What stands under a lock nobody reads, not even your instructor; it is deleted later."),
                sign="lock",
            )
        )
    if preview:
        said = _("This is what learners are asked. Nothing you press here is kept.")
        return Panel(_("What learners are asked"), _("Read it as they will"), [said], waits=waits)
    if found.own.is_there:
        change = _("Change what you like and save again; your last save counts.")
        return Panel(_("Your next step"), _("Your answers are saved"), [*lines, change], waits=waits)
    heading = n_("Answer %(number)s question", "Answer %(number)s questions", number)
    later = _("You can change your answers until then.") if survey.closes_at else ""
    return Panel(
        _("Your next step"), heading, [*lines, *(line for line in (takes, later) if line)], waits=waits
    )


@dataclass(frozen=True)
class Week:
    """The grid of one question about hours."""

    zone: str
    zones: Sequence[tuple[str, str]]
    now: str
    ticked: frozenset[str]
    early: bool  # hours before six are shown
    days: Sequence[tuple[int, str, str, str]]  # number, name, short name, hours in words
    said: str
    total: int
    wanted: int  # hours in common that teams should have

    @property
    def hours(self) -> range:
        """The hours of a day."""
        return range(24)

    first = FIRST_HOUR


def _week(scene: Scene, question: Question, found: Form, typed: Mapping[str, Sequence[str]]) -> Week:
    reader, name = scene.reader, f"q-{question.id}"
    stored = found.own.answers.get(question.id, {})
    key = (list(typed.get(f"{name}-zone", ())) or [stored.get("zone") or scene.actor.zone or "UTC"])[0]
    week = stored.get("week", NO_HOURS)
    if typed:
        ticked = set(typed.get(name, ()))
        week = "".join("1" if str(hour) in ticked else "0" for hour in range(len(NO_HOURS)))
    wishes = [w for w in scene.settings.forming.wishes if w.about == question.id and w.aim is Aim.SHARED]
    return Week(
        zone=key,
        zones=zones(reader, key),
        now=reader.now_in(key),
        ticked=frozenset(str(hour) for hour, free in enumerate(week) if free == "1"),
        early="1" in "".join(week[day * 24 : day * 24 + FIRST_HOUR] for day in range(7)),
        days=[
            (day, reader.translated(DAYS[day]), reader.translated(WEEKDAYS[day]), day_said(week, day, reader))
            for day in range(7)
        ],
        said=hours_said(week, reader),
        total=week.count("1"),
        wanted=wishes[0].amount if wishes else 0,
    )


def zones(reader: Reader, chosen: str) -> list[tuple[str, str]]:
    """Every place with a clock of its own, by name, with how far it is from UTC now."""
    names = {name for name in available_timezones() if _is_place(name)} | {"UTC", chosen}
    return [(name, _zone_said(reader, name)) for name in sorted(names)]


def _is_place(name: str) -> bool:
    return "/" in name and name.partition("/")[0] in (
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian",
        "Pacific",
    )  # fmt: skip


def _zone_said(reader: Reader, name: str) -> str:
    offset = reader.now.astimezone(zone(name)).utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    if not minutes:
        return name if name == "UTC" else f"{name.replace('_', ' ')}, UTC"
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    hours, rest = divmod(abs(minutes), 60)
    return f"{name.replace('_', ' ')}, UTC{sign}{hours}{f':{rest:02}' if rest else ''}"


def _several(
    scene: Scene, found: Form, typed: Mapping[str, Sequence[str]]
) -> dict[str, list[tuple[str, str]]]:
    """For each typed name that several people have: whom it may mean, with where they are."""
    reader = scene.reader
    result = {}
    for question in found.survey.questions:
        if question.kind not in (Ask.WANTED, Ask.UNWANTED):
            continue
        for number in range(1, MOST_NAMED + 1):
            name = f"q-{question.id}-{number}"
            text = "".join(typed.get(name, ())[:1]).strip()
            people = run(scene.ports, acts.of_that_name, scene.actor, text) if text else []
            if len(people) > 1:
                result[name] = [
                    (
                        person.person,
                        reader.gettext(
                            "%(name)s, %(place)s", name=person.name, place=reader.zone_said(person.zone)
                        ),
                    )
                    for person in people
                ]
    return result


def save(scene: Scene, request: Request) -> Next:
    """Keep what is answered, in place of what was."""
    found = run(scene.ports, _read, scene.actor, scene.activity)
    reading = Reading(request, scene.reader)

    def who_is(name: str) -> Sequence[Participant]:
        return run(scene.ports, acts.of_that_name, scene.actor, name)

    answers = read_form(reading, found.survey, scene.reader, who_is, found.names)
    agreed = reading.flag("agreed") or found.own.agreed
    if reading.problems and not agreed:
        reading.problems.append(Problem("agreed", "consent_missing"))
    reading.check()
    do(scene, request, acts.save_answers, answers, agreed=agreed)
    _ = scene.reader.gettext
    closes = found.survey.closes_at
    if closes:
        return Next(
            "team", _("Saved. You can change your answers until %(when)s.", when=scene.reader.moment(closes))
        )
    return Next("team", _("Saved. You can change your answers at any time."))


# --- what one answered ---


def mine(scene: Scene, request: Request) -> Response:
    """Everything somebody answered, for that person alone, to read, to take along, or to take back."""
    found = run(scene.ports, _read, scene.actor, scene.activity)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "survey_mine.html",
        title=_("What you answered"),
        crumbs=[Crumb(_("Survey"), "survey"), Crumb(_("What you answered"))],
        found=found,
        rows=[
            (question, answer_parts(question, found.own.answers.get(question.id), scene.reader, found.names))
            for question in _kept(scene, found)
        ],
        is_open=found.survey.is_open(scene.reader.now),
    )


def _kept(scene: Scene, found: Form) -> list[Question]:
    """What is asked now, and what is asked no more but still kept."""
    asked = {question.id for question in found.survey.questions}
    return [q for q in scene.settings.survey.questions if q.id in asked or q.id in found.own.answers]


def my_file(scene: Scene, request: Request) -> Response:
    """The same as a CSV file."""
    found = run(scene.ports, _read, scene.actor, scene.activity)
    _ = scene.reader.gettext
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_("Question"), _("Your answer")])
    for question in _kept(scene, found):
        said = cell(question, found.own.answers.get(question.id), found.names, scene.reader)
        writer.writerow([escaped(question.title), escaped(said)])
    return _csv(out.getvalue(), "my-answers.csv")


def take_back_form(scene: Scene, request: Request) -> Response:
    """What deleting one's answers means, before it is done."""
    found = run(scene.ports, _read, scene.actor, scene.activity)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "survey_take_back.html",
        title=_("Delete all your answers?"),
        crumbs=[Crumb(_("Survey"), "survey"), Crumb(_("Delete"))],
        is_open=found.survey.is_open(scene.reader.now),
    )


def take_back(scene: Scene, request: Request) -> Next:
    """Forget everything that was answered."""
    do(scene, request, acts.take_back_answers)
    return Next("team", scene.reader.gettext("Your answers are deleted."))


# --- what staff read ---


def answers(scene: Scene, request: Request) -> Response:
    """A page of people with their ordinary answers."""
    found: AnswersPage = run(
        scene.ports,
        acts.read_answers,
        scene.actor,
        scene.activity.id,
        after=request.query.get("after", ""),
        limit=PAGE,
    )
    reader = scene.reader
    names = {key: person.name for key, person in found.people.items()}
    _ = reader.gettext
    return page(
        scene,
        request,
        "survey_answers.html",
        title=_("Answers to the survey"),
        crumbs=[Crumb(_("Answers"))],
        found=found,
        hidden=len(scene.settings.survey.sensitive),
        rows=[
            (
                found.people[row.person],
                row,
                [(q, answer_parts(q, row.answers.get(q.id), reader, names)) for q in found.questions],
            )
            for row in found.rows
            if row.person in found.people
        ],
        may_author=is_allowed(scene.actor, Action.CHANGE_SETTINGS),
    )


def export(scene: Scene, request: Request) -> Response:
    """Everybody's ordinary answers as a CSV file."""
    keys = run(scene.ports, acts.people_in_answers, scene.actor, scene.activity.id)
    handles = scene.ports.people.handles(scene.activity.course, keys)
    say = partial(_cell, scene.reader)
    text = run(scene.ports, acts.export_answers, scene.actor, scene.activity.id, handles, say)
    return _csv(text, "answers.csv")


def _cell(reader: Reader, question: Question, answer: Any, names: Mapping[str, str]) -> str:
    return cell(question, answer, names, reader)


def _csv(text: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(text, kind="text/csv; charset=utf-8", headers=headers)


ROUTES = (
    get("survey", survey),
    post("survey/save", save, form="survey"),
    get("survey/mine", mine),
    get("survey/mine/file", my_file),
    get("survey/take-back", take_back_form),
    post("survey/take-back", take_back, form="survey/take-back"),
    get("survey/answers", answers),
    get("survey/export", export),
    get("settings/survey/preview", preview),
)
