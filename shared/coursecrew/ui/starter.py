"""A ready-made assignment to begin with, so that a teacher has a working activity in three presses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from coursecrew.domain.activities import Prompt, Settings
from coursecrew.domain.plans import Milestone
from coursecrew.domain.rubrics import Criterion, Level, Rubric
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.survey import Ask, Question
from coursecrew.domain.wishes import Late
from coursecrew.ui.reader import Reader
from coursecrew.ui.wishes import usual_wishes

WEEKS = 3
ANSWERING = timedelta(days=5)
LANGUAGES = ("English", "Español", "Français", "العربية", "中文")  # as their speakers call them


def starter(settings: Settings, reader: Reader) -> Settings:
    """The settings with everything that is still empty filled in: one question, one answer a team.

    Dates run from now: teams form in the first week, and the work is due after three.
    """
    _ = reader.gettext
    draft = settings.step(Step.DRAFT)
    due = draft.due or _evening(reader.now + timedelta(weeks=WEEKS), reader)
    window = Window(draft.opens, due, draft.closes or due + timedelta(days=2))
    lock = settings.teams.lock_at or min(_evening(reader.now + timedelta(weeks=1), reader), due)
    written = [prompt for prompt in settings.prompts if prompt.title.strip() and prompt.title != "Our work"]
    return replace(
        settings,
        title=settings.title or _("Team case"),
        goal=settings.goal or _("One answer to a real question that somebody could act on next week."),
        done_when=settings.done_when
        or (
            _("The question is answered in the first paragraph"),
            _("Every claim has a source or a number behind it"),
            _("Everybody in the team has read the whole text"),
        ),
        task=settings.task
        or _(
            "Choose one question from this week’s material that nobody has answered for you yet.\n\n"
            "Divide the parts among you, read each other’s, and hand in one text."
        ),
        teams=settings.teams if settings.teams.lock_at else replace(settings.teams, lock_at=lock),
        prompts=tuple(written)
        or (
            Prompt("question", _("The question, and why it matters")),
            Prompt("answer", _("Our answer")),
            Prompt("next", _("What should be done next, by whom and until when")),
        ),
        steps={**settings.steps, Step.DRAFT: window},
        rubric=settings.rubric if settings.rubric.criteria else _rubric(reader),
        milestones=settings.milestones or _milestones(due, reader),
    )


def _milestones(due: datetime, reader: Reader) -> tuple[Milestone, ...]:
    """Two things on the way, a third of the time apart; none where the work is due already."""
    _, third = reader.gettext, (due - reader.now) / 3
    if third < timedelta(days=1):
        return ()
    return (
        Milestone(
            "m1", _("The question is chosen, and the parts are divided"), _evening(due - 2 * third, reader)
        ),
        Milestone("m2", _("Every part has a first text"), _evening(due - third, reader)),
    )


def usual_survey(settings: Settings, reader: Reader) -> Settings:
    """The settings with the questions most courses ask before teams are formed, and the usual wishes.

    A survey that asks something already is left as it is. It closes after five days, and never after
    the work is due.
    """
    if settings.survey.is_there:
        return settings
    questions = _usual_questions(reader)
    closes = settings.survey.closes_at or _evening(reader.now + ANSWERING, reader)
    due = settings.step(Step.DRAFT).due
    if due and reader.now < due < closes:
        closes = due
    wishes = tuple(wish for question in questions for wish in usual_wishes(question))
    return replace(
        settings,
        survey=replace(settings.survey, questions=questions, closes_at=closes),
        forming=replace(settings.forming, wishes=settings.forming.wishes or wishes, late=Late.PLACE),
    )


def _usual_questions(reader: Reader) -> tuple[Question, ...]:
    _ = reader.gettext
    skills = (_("Numbers and spreadsheets"), _("Clear writing"), _("Finding sources"), _("Presenting"))
    topics = (_("First topic"), _("Second topic"), _("Third topic"))
    return (
        Question("hours", Ask.HOURS, _("When could you usually work with others?")),
        Question("skills", Ask.SKILLS, _("What do you bring?"), options=skills),
        Question("languages", Ask.LANGUAGES, _("Which languages could you work in?"), options=LANGUAGES),
        Question("topics", Ask.TOPICS, _("Which topics would you like most?"), options=topics),
        Question(
            "gender",
            Ask.CHOICE,
            _("Your gender"),
            options=(_("Woman"), _("Man")),
            own_words=True,
            sensitive=True,
            purpose=_("that nobody is the only one in a team."),
        ),
        Question("wanted", Ask.WANTED, _("With whom would you like to work?")),
        Question("unwanted", Ask.UNWANTED, _("With whom would you rather not work?")),
    )


def _evening(moment: datetime, reader: Reader) -> datetime:
    """18:00 on that day, on the reader's clock."""
    return reader.here(moment).replace(hour=18, minute=0, second=0, microsecond=0)


def _rubric(reader: Reader) -> Rubric:
    _ = reader.gettext
    rows = (
        (
            "answer", 50, _("The question is answered"),
            (
                _("There is a topic, but no answer"),
                _("An answer is there; it leaves out what the question asks for most"),
                _("The whole question is answered"),
                _("The whole question is answered, and what speaks against it is dealt with"),
            ),
        ),
        (
            "evidence", 30, _("What is said can be checked"),
            (
                _("Claims stand alone"),
                _("Some claims have a source or number"),
                _("Every claim has a source or number"),
                _("Every claim has a source or number, and its limits are named"),
            ),
        ),
        (
            "use", 20, _("Somebody can act on it"),
            (
                _("It stays general"),
                _("A next step is named"),
                _("Next steps have a person and a date"),
                _("Next steps have a person, a date, and what they cost"),
            ),
        ),
    )  # fmt: skip
    return Rubric(
        tuple(
            Criterion(
                id, title, Decimal(weight), tuple(Level(Decimal(n), text) for n, text in enumerate(levels, 1))
            )
            for id, weight, title, levels in rows
        )
    )
