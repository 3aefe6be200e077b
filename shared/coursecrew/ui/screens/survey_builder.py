"""The author's survey: its questions, and what teams should be like; in the tool and in Studio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coursecrew.app.surveys import answered_count
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import JoinRule, Settings, State, from_document, to_document
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound, Problem
from coursecrew.domain.permissions import Action
from coursecrew.domain.survey import MOST_QUESTIONS, WITH_OPTIONS, Ask, Question
from coursecrew.domain.wishes import Late
from coursecrew.ui.answers import KINDS
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, page
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.settings import (
    Clash,
    beginning,
    held_sentence,
    is_editable,
    keep,
    may_change,
    merged_with,
    must_change,
)
from coursecrew.ui.starter import usual_survey
from coursecrew.ui.wishes import read_wishes, say_wish, still_fitting, usual_wishes, wish_rows

NEW = "new"  # the row that adds a question


@dataclass(frozen=True)
class Row:
    """A question as the form has it; `row` is its number there, or `NEW`."""

    row: str
    question: Question
    options: str

    @property
    def shows_options(self) -> bool:
        """Whether answers are offered to choose among."""
        return self.question.kind in WITH_OPTIONS


# --- questions ---


def builder(scene: Scene, request: Request) -> Response:
    """The questions, each to change, move or remove, and one to add."""
    stored, clashes, stale = _shown(scene, request, _survey_form)
    _ = scene.reader.gettext
    typed = scene.refusal is not None and not stale and bool(request.form)
    rows = _typed_rows(scene, request) if typed else _stored_rows(stored)
    shown = replace(scene, refusal=None) if stale else scene
    response = page(
        shown,
        request,
        "survey_builder.html",
        title=_("Survey before teams are formed"),
        crumbs=[Crumb(_("Settings"), "settings"), Crumb(_("Survey"))],
        panel=_panel(scene, stored),
        stored=stored,
        seen=scene.activity.settings_number,
        began=beginning(scene),
        clashes=clashes,
        held=_held(scene),
        editable=is_editable(scene),
        rows=rows,
        new=_new_row(scene, request, typed=typed),
        kinds=[(kind.value, _(words)) for kind, words in KINDS.items()],
        kind_said=lambda kind: _(KINDS[kind]),
        answered=run(scene.ports, answered_count, scene.activity.id),
        wishes=[say_wish(wish, stored.survey, scene.reader) for wish in stored.forming.wishes],
        is_formed=stored.teams.join is JoinRule.FORMED,
        most=MOST_QUESTIONS,
    )
    return replace(response, status=409) if stale else response


def _shown(scene: Scene, request: Request, form: Any) -> tuple[Settings, list[Clash], bool]:
    """The settings to show: as stored, or after somebody else saved first, with both people's changes."""
    if not may_change(scene):
        raise NotAllowed(Action.CHANGE_SETTINGS.value)
    if scene.refusal is None or scene.refusal.code != "stale":
        return scene.settings, [], False
    stored, clashes = merged_with(scene, request, form(scene, request))
    return stored, clashes, True


def _panel(scene: Scene, stored: Settings) -> Panel:
    reader, survey = scene.reader, stored.survey
    _, n_ = reader.gettext, reader.ngettext
    if not survey.is_there:
        seen = {"seen": str(scene.activity.settings_number)}
        press = [Press(_("Fill in a usual survey"), "settings/survey/usual", post=True, values=seen)]
        return Panel(
            _("Your next step"),
            _("Begin with a usual survey"),
            [_("Hours, skills, languages, topics, gender under a lock, team-mates. All can be changed.")],
            press if is_editable(scene) else [],
            [Wait(_("Or add your own questions below."), sign="pen")],
        )
    number = len(survey.questions)
    lines = []
    if survey.closes_at:
        lines.append(
            _(
                "Learners answer until %(when)s, %(zone)s.",
                when=reader.moment(survey.closes_at),
                zone=reader.zone_name,
            )
        )
    else:
        lines.append(_("It has no closing time yet: say until when learners can answer."))
    presses = [
        Press(_("What learners are asked"), "settings/survey/preview", "plain"),
        Press(_("What teams should be like"), "settings/wishes", "plain"),
    ]
    if scene.activity.state is State.HIDDEN and not scene.shell.in_studio:
        presses.append(Press(_("To the settings, to publish it"), "settings", "plain"))
    waits = []
    hidden = len(survey.sensitive)
    if hidden:
        waits.append(
            Wait(
                n_(
                    "%(number)s question is under a lock: nobody reads its answers, you neither.",
                    "%(number)s questions are under a lock: nobody reads their answers, you neither.",
                    hidden,
                ),
                sign="lock",
            )
        )
    if stored.teams.join is not JoinRule.FORMED:
        waits.append(
            Wait(
                reader.markup(
                    "Teams are not formed out of it yet. "
                    '<a href="#/settings">Choose “A survey, then teams by your wishes”</a> in the settings.'
                ),
                sign="warn",
            )
        )
    heading = n_("%(number)s question is asked", "%(number)s questions are asked", number)
    return Panel(_("Survey"), heading, lines, presses, waits)


def _held(scene: Scene) -> list[str]:
    return [
        held_sentence(code, scene.reader)
        for code in scene.activity.held
        if code in ("survey", "survey_closes")
    ]


def _stored_rows(stored: Settings) -> list[Row]:
    return [
        Row(str(number), question, "\n".join(question.options))
        for number, question in enumerate(stored.survey.questions, start=1)
    ]


def _typed_rows(scene: Scene, request: Request) -> list[Row]:
    """The rows as they were typed, so that a refusal costs nobody anything."""
    reading = Reading(request, scene.reader)
    return [
        Row(row, _question(reading, row), reading.text(f"question_options-{row}"))
        for row in _row_names(reading)
    ]


def _new_row(scene: Scene, request: Request, *, typed: bool) -> Row:
    reading = Reading(request, scene.reader)
    if not typed:
        return Row(NEW, Question("", Ask.CHOICE, ""), "")
    return Row(NEW, _question(reading, NEW), reading.text(f"question_options-{NEW}"))


def _row_names(reading: Reading) -> list[str]:
    """The numbers of the rows that the form carried, in its order."""
    return [name for name in reading.many("row") if name.isdecimal()][: MOST_QUESTIONS + 1]


def save(scene: Scene, request: Request) -> Next:
    """Save all questions, and do what the button says: move one, remove one, add one."""
    must_change(scene)
    wish = _survey_form(scene, request)
    act = request.field("act")
    _ = scene.reader.gettext
    said = (
        _("The question is added.")
        if act == "add"
        else _("The question is removed.")
        if act[:6] == "remove"
        else ""
    )
    return keep(scene, request, wish, "settings/survey", said)


def _survey_form(scene: Scene, request: Request) -> Settings:
    """The settings with the survey that the form says; refused fields name the row they stand in."""
    reading = Reading(request, scene.reader)
    old = scene.settings
    act, _sep, which = request.field("act").partition("-")
    rows = _row_names(reading)
    if act == "remove":
        rows = [row for row in rows if row != which]
    elif act in ("up", "down") and which in rows:
        at = rows.index(which)
        to = at - 1 if act == "up" else at + 1
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
    questions = [_question(reading, row) for row in rows]
    if act == "add":
        new = _question(reading, NEW)
        id = new_id(scene, {question.id for question in questions})
        title = new.title or usual_title(new.kind, scene.reader)
        questions.append(replace(new, id=id, title=title))
        rows.append(NEW)
    survey = replace(
        old.survey,
        questions=tuple(questions),
        closes_at=reading.moment("survey_closes"),
        consent=reading.text("survey_consent", most=1000),
    )
    forming = still_fitting(old.forming, survey)
    if act == "add":
        forming = replace(forming, wishes=(*forming.wishes, *usual_wishes(questions[-1])))
    wish = replace(old, survey=survey, forming=forming)
    try:
        from_document(to_document(wish))
    except Invalid as refusal:
        raise Invalid(*reading.problems, *(_placed(problem, rows) for problem in refusal.problems)) from None
    reading.check()
    return wish


def _placed(problem: Problem, rows: Sequence[str]) -> Problem:
    """A problem of the n-th question, at the row where the form shows it."""
    kind, _sep, number = problem.field.partition("-")
    if kind != "question" or not number.isdecimal():
        return problem
    return replace(problem, field=f"question-{rows[int(number) - 1]}")


def _question(reading: Reading, row: str) -> Question:
    kind = reading.choice(f"question_kind-{row}", Ask, Ask.CHOICE)
    lines = [" ".join(line.split()) for line in reading.text(f"question_options-{row}").splitlines()]
    own_words, sensitive = reading.flag(f"question_own-{row}"), reading.flag(f"question_sensitive-{row}")
    return Question(
        id=reading.text(f"question_id-{row}"),
        kind=kind,
        title=reading.text(f"question_title-{row}"),
        hint=reading.text(f"question_hint-{row}", most=500),
        options=tuple(line for line in lines if line) if kind in WITH_OPTIONS else (),
        own_words=own_words and kind is Ask.CHOICE,
        sensitive=sensitive,
        purpose=reading.text(f"question_purpose-{row}", most=300),
    )


def new_id(scene: Scene, used: set[str]) -> str:
    """An id that no question of this activity ever had: answers to a removed one never come back."""
    while (id := f"q{scene.ports.ids.new()[-10:]}") in used:
        continue
    return id


def usual_title(kind: Ask, reader: Reader) -> str:
    """What a question of a kind that needs no other words is called."""
    _ = reader.gettext
    titles: Mapping[Ask, str] = {
        Ask.HOURS: _("When could you usually work with others?"),
        Ask.LANGUAGES: _("Which languages could you work in?"),
        Ask.SKILLS: _("What do you bring?"),
        Ask.TOPICS: _("Which topics would you like most?"),
        Ask.WANTED: _("With whom would you like to work?"),
        Ask.UNWANTED: _("With whom would you rather not work?"),
    }
    return titles.get(kind, "")


def usual(scene: Scene, request: Request) -> Next:
    """Fill in the questions that most courses ask."""
    must_change(scene)
    filled = usual_survey(scene.settings, scene.reader)
    said = scene.reader.gettext(
        "Filled in. Put in your own skills and topics, and leave out what you do not need."
    )
    return keep(scene, request, filled, "settings/survey", said)


# --- what teams should be like ---


def wishes(scene: Scene, request: Request) -> Response:
    """The wishes about the answers, sections, and who comes late."""
    stored, clashes, stale = _shown(scene, request, _wishes_form)
    if not stored.survey.is_there:
        raise NotFound("survey")
    _ = scene.reader.gettext
    choices = [question for question in stored.survey.questions if question.kind is Ask.CHOICE]
    shown = replace(scene, refusal=None) if stale else scene
    response = page(
        shown,
        request,
        "survey_wishes.html",
        title=_("What teams should be like"),
        crumbs=[Crumb(_("Settings"), "settings"), Crumb(_("Survey"), "settings/survey"), Crumb(_("Wishes"))],
        stored=stored,
        seen=scene.activity.settings_number,
        began=beginning(scene),
        clashes=clashes,
        editable=is_editable(scene),
        rows=wish_rows(stored.survey, stored.forming.wishes, scene.reader),
        sections=[
            ("", _("teams may cross everything")),
            *((q.id, q.title) for q in choices if not q.is_sensitive),
        ],
    )
    return replace(response, status=409) if stale else response


def save_wishes(scene: Scene, request: Request) -> Next:
    """Save what teams should be like."""
    must_change(scene)
    return keep(scene, request, _wishes_form(scene, request), "settings/wishes")


def _wishes_form(scene: Scene, request: Request) -> Settings:
    reading = Reading(request, scene.reader)
    old = scene.settings
    forming = replace(
        old.forming,
        wishes=read_wishes(reading, old.survey),
        section=reading.text("section"),
        late=reading.choice("late_joiners", Late, old.forming.late),
    )
    wish = replace(old, forming=forming)
    try:
        from_document(to_document(wish))
    except Invalid as refusal:
        raise Invalid(*reading.problems, *refusal.problems) from None
    reading.check()
    return wish


ROUTES = (
    get("settings/survey", builder),
    post("settings/survey/save", save, form="settings/survey"),
    post("settings/survey/usual", usual, form="settings/survey"),
    get("settings/wishes", wishes),
    post("settings/wishes/save", save_wishes, form="settings/wishes"),
)
