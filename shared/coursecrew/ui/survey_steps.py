"""The survey in a learner's next step and list of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coursecrew.app.surveys import SurveyStanding
from coursecrew.ui.panels import Panel, Press, StepLine, Wait
from coursecrew.ui.reader import Reader

MOST_WAITS = 4


def formed_panel(reader: Reader, look: SurveyStanding, *, asked: bool) -> Panel:
    """What is next for somebody without a team where teams are formed out of the survey's answers.

    `asked`: the course staff know that the person needs a place.
    """
    if look.formed:
        return _came_late(reader, look, asked=asked)
    _, label = reader.gettext, reader.gettext("Your next step")
    closes = look.survey.closes_at
    own = Press(_("What you answered"), "survey/mine", "quiet")
    if look.is_open and not look.answered:
        return Panel(
            label,
            questions(reader, look),
            [
                *([reader.by(closes)] if closes else []),
                _("Teams are formed out of the answers."),
            ],
            [Press(_("Answer the survey"), "survey")],
            [
                Wait(
                    _("A skipped question means “no information”. It never counts against you."),
                    sign="info",
                    quiet=True,
                )
            ],
        )
    if look.is_open:
        line = (
            _(
                "Teams are formed after %(when)s, %(zone)s; you can change your answers until then.",
                when=reader.moment(closes),
                zone=reader.zone_name,
            )
            if closes
            else _("You see your team here as soon as it is formed; until then you can change your answers.")
        )
        change = Press(_("Change your answers"), "survey", "plain")
        return Panel(label, _("Nothing to do now"), [line], [change, own], [_answers_are_in(reader)])
    line = _("You see your team here as soon as it is formed.")
    if look.answered:
        return Panel(
            label, _("Nothing to do now"), [line], [replace(own, look="plain")], [_answers_are_in(reader)]
        )
    closed = (
        _("The survey closed on %(when)s.", when=reader.moment(closes))
        if closes
        else _("The survey is closed.")
    )
    fair = Wait(
        _("You are placed all the same. Not having answered counts neither for nor against you."), sign="info"
    )
    return Panel(label, _("Nothing to do now"), [closed, line], waits=[fair])


def _answers_are_in(reader: Reader) -> Wait:
    return Wait(reader.gettext("Your answers are in. Nobody waits for you."), sign="tick", quiet=True)


def _came_late(reader: Reader, look: SurveyStanding, *, asked: bool) -> Panel:
    """Teams were formed already, and this person is in none."""
    _ = reader.gettext
    lines = [_("The teams are formed already, and you are in none of them.")]
    waits = _asks(reader, look)
    if asked:
        told = Wait(_("The course staff know that you need a place. You are told when you have one."))
        return Panel(_("Your next step"), _("Nothing to do now"), lines, waits=[told, *waits])
    press = Press(_("Ask the course staff for a place"), "team/place-me", "primary", post=True)
    return Panel(_("Your next step"), _("Ask for a place"), lines, [press], waits)


def questions(reader: Reader, look: SurveyStanding) -> str:
    """ "Answer 6 questions"."""
    return reader.ngettext(
        "Answer %(number)s question", "Answer %(number)s questions", len(look.survey.questions)
    )


def with_survey(panel: Panel, reader: Reader, look: SurveyStanding | None) -> Panel:
    """A panel that also says that a survey waits, where it is not what comes next."""
    more = _asks(reader, look) if look else []
    return replace(panel, waits=[*more, *panel.waits][:MOST_WAITS]) if more else panel


def _asks(reader: Reader, look: SurveyStanding) -> Sequence[Wait]:
    if look.answered or look.placed or not look.is_open:
        return []
    closes = look.survey.closes_at
    if closes is None:
        return [
            Wait(
                reader.markup('<b>A survey waits for your answers.</b> <a href="#/survey">Answer it</a>'),
                sign="pen",
            )
        ]
    return [
        Wait(
            reader.markup(
                '<b>A survey waits for your answers</b> until %(when)s. <a href="#/survey">Answer it</a>',
                when=reader.moment(closes),
            ),
            sign="pen",
        )
    ]


def survey_line(reader: Reader, look: SurveyStanding) -> StepLine:
    """The survey among the steps."""
    _, closes = reader.gettext, look.survey.closes_at
    name = _("Answer the survey")
    when = reader.moment(closes) if closes else ""
    if look.placed:
        fair = _("counts neither for nor against you")
        return StepLine(name, "done") if look.answered else StepLine(name, "missed", _("not answered"), fair)
    if look.answered:
        return StepLine(
            name, "done", _("can be changed until %(when)s", when=when) if when and look.is_open else ""
        )
    if look.is_open:
        return StepLine(name, "now", _("Now, until %(moment)s", moment=when) if when else _("Now"))
    return StepLine(
        name, "missed", _("closed on %(moment)s", moment=when), _("counts neither for nor against you")
    )
