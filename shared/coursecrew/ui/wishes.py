"""What is wanted of teams, on screen: rows for a survey's questions, read from a form, said in words.

The author sets defaults with them, and each run that forms teams may set its own. One list says how
much a wish counts: not at all, 1 to 5, or before all others; for "alike" it runs from −5 to +5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from coursecrew.domain.errors import Problem
from coursecrew.domain.survey import HOURS_A_WEEK, Ask, Question, Survey
from coursecrew.domain.wishes import FORMER_TEAMS, MOST_WEIGHT, Aim, Forming, Wish
from coursecrew.ui.forms import Reading
from coursecrew.ui.reader import Reader

MUST = "must"
OFF = "0"
USUAL_HOURS = 3
# What can be wished about the answers to each kind of question; a text is for people to read.
AIMS: Mapping[Ask, tuple[Aim, ...]] = {
    Ask.CHOICE: (Aim.ALIKE, Aim.BALANCED, Aim.NOT_ALONE),
    Ask.MULTI: (Aim.ALIKE, Aim.NOT_ALONE, Aim.SHARED),
    Ask.NUMBER: (Aim.ALIKE, Aim.BALANCED),
    Ask.SKILLS: (Aim.COVER, Aim.ALIKE),
    Ask.HOURS: (Aim.SHARED,),
    Ask.LANGUAGES: (Aim.SHARED, Aim.NOT_ALONE),
    Ask.TOPICS: (Aim.TOPIC,),
    Ask.WANTED: (Aim.TOGETHER,),
    Ask.UNWANTED: (Aim.APART,),
    Ask.TEXT: (),
}
WITH_VALUES = (Aim.NOT_ALONE, Aim.COVER)
MAY_BE_A_MUST = (Aim.NOT_ALONE, Aim.COVER, Aim.SHARED, Aim.APART, Aim.NEW_MATES)
YES_OR_NO = (Aim.TOGETHER, Aim.APART)  # kept where it fits, never weighed against other wishes


@dataclass(frozen=True)
class WishRow:
    """One wish as a form offers it. `name` is the field; its values and amount are beside it."""

    name: str
    about: str
    title: str  # the question's
    aim: Aim
    text: str
    hint: str
    strengths: tuple[tuple[str, str], ...]  # value and words of the list
    chosen: str
    offered: tuple[str, ...] = ()  # values that can be ticked
    ticked: tuple[str, ...] = ()
    amount: int | None = None
    unit: str = ""
    sensitive: bool = False

    @property
    def is_on(self) -> bool:
        """Whether it is wished for."""
        return self.chosen != OFF


def wish_rows(survey: Survey, wishes: Sequence[Wish], reader: Reader) -> list[WishRow]:
    """Everything that can be wished about a survey, with what is wished now."""
    known = {(wish.about, wish.aim): wish for wish in wishes}
    return [
        _row(question, aim, known.get((question.id if question else FORMER_TEAMS, aim)), reader)
        for question, aim in _places(survey)
    ]


def read_wishes(reading: Reading, survey: Survey) -> tuple[Wish, ...]:
    """The wishes of a submitted form; what is missing or wrong is added to the reading's problems."""
    found = []
    for question, aim in _places(survey):
        about = question.id if question else FORMER_TEAMS
        name = field_name(about, aim)
        strength = reading.text(name) or OFF
        if strength not in {value for value, _words in _strengths(aim, None)}:
            reading.problems.append(Problem(name, "not_a_choice"))
            continue
        if strength == OFF:
            continue
        values: tuple[str, ...] = ()
        if aim in WITH_VALUES and question:
            ticked = set(reading.many(f"{name}-values"))
            values = tuple(option for option in question.options if option in ticked)
            if not values:
                reading.problems.append(Problem(f"{name}-values", "wish_values"))
        amount = 0
        if aim is Aim.SHARED:
            amount = reading.whole(f"{name}-amount", 1)
            most = _most(question)
            if not 1 <= amount <= most:
                reading.problems.append(Problem(f"{name}-amount", "wish_amount", (("most", most),)))
        must = strength == MUST
        weight = MOST_WEIGHT if must else int(strength)
        found.append(Wish(about, aim, weight, values, amount, must))
    return tuple(found)


def say_wish(wish: Wish, survey: Survey, reader: Reader) -> str:
    """A wish in words, with how much it counts."""
    question = survey.question(wish.about)
    what = _sentence(wish, question, reader)
    _ = reader.gettext
    if wish.must:
        return _("%(wish)s This goes before everything that is weighed.", wish=what)
    if wish.aim in YES_OR_NO:
        return what
    return _(
        "%(wish)s It counts %(weight)s of %(most)s.", wish=what, weight=abs(wish.weight), most=MOST_WEIGHT
    )


def usual_wishes(question: Question) -> tuple[Wish, ...]:
    """What is wished about a question as long as nobody has said otherwise.

    Nobody alone goes before everything; what an author marks as sensitive is used for that only.
    """
    if question.kind is Ask.HOURS:
        return (Wish(question.id, Aim.SHARED, MOST_WEIGHT, amount=USUAL_HOURS, must=True),)
    if question.kind is Ask.LANGUAGES:
        return (Wish(question.id, Aim.SHARED, MOST_WEIGHT, amount=1, must=True),)
    if question.kind is Ask.SKILLS:
        return (Wish(question.id, Aim.COVER, 3, question.options),)
    if question.kind is Ask.TOPICS:
        return (Wish(question.id, Aim.TOPIC, 3),)
    if question.kind is Ask.WANTED:
        return (Wish(question.id, Aim.TOGETHER, 3),)
    if question.kind is Ask.UNWANTED:
        return (Wish(question.id, Aim.APART, MOST_WEIGHT, must=True),)
    if question.kind is Ask.CHOICE and question.is_sensitive:
        return (Wish(question.id, Aim.NOT_ALONE, MOST_WEIGHT, question.options, must=True),)
    return ()


def still_fitting(forming: Forming, survey: Survey) -> Forming:
    """What is wished as far as its question is still asked, and its values can still be answered."""
    fitting = []
    for wish in forming.wishes:
        question = survey.question(wish.about)
        if wish.aim is Aim.NEW_MATES:
            fitting.append(wish)
        elif question is not None and wish.aim in AIMS[question.kind]:
            values = tuple(value for value in wish.values if value in question.options)
            if values or wish.aim not in WITH_VALUES:
                fitting.append(replace(wish, values=values))
    section = survey.question(forming.section)
    kept = section is not None and section.kind is Ask.CHOICE and not section.is_sensitive
    return replace(forming, wishes=tuple(fitting), section=forming.section if kept else "")


def field_name(about: str, aim: Aim) -> str:
    """The form field that says how much a wish counts."""
    return f"wish-{about}-{aim.value}"


# --- rows ---


def _places(survey: Survey) -> Iterator[tuple[Question | None, Aim]]:
    """Every question with each aim that fits it, and new team-mates, about which nobody is asked."""
    for question in survey.questions:
        for aim in AIMS[question.kind]:
            yield question, aim
    yield None, Aim.NEW_MATES


def _row(question: Question | None, aim: Aim, wish: Wish | None, reader: Reader) -> WishRow:
    _ = reader.gettext
    about = question.id if question else FORMER_TEAMS
    text, hint = _offer(question, aim, reader)
    offered = question.options if question and aim in WITH_VALUES else ()
    shared = aim is Aim.SHARED
    usual = USUAL_HOURS if question and question.kind is Ask.HOURS else 1
    return WishRow(
        name=field_name(about, aim),
        about=about,
        title=question.title if question else _("Team-mates of earlier teams"),
        aim=aim,
        text=text,
        hint=hint,
        strengths=tuple(_strengths(aim, reader)),
        chosen=_chosen(wish),
        offered=offered,
        ticked=tuple(value for value in wish.values if value in offered) if wish else offered,
        amount=(wish.amount if wish else usual) if shared else None,
        unit=_unit(question, reader) if shared else "",
        sensitive=bool(question and question.is_sensitive),
    )


def _chosen(wish: Wish | None) -> str:
    if wish is None:
        return OFF
    if wish.must:
        return MUST
    return str(1 if wish.aim in YES_OR_NO and wish.weight else wish.weight)


def _strengths(aim: Aim, reader: Reader | None) -> Iterator[tuple[str, str]]:
    """The list of how much a wish counts: values, and words where there is a reader."""
    _ = reader.gettext if reader else lambda text, **_values: text
    if aim is Aim.ALIKE:
        for weight in range(-MOST_WEIGHT, MOST_WEIGHT + 1):
            if weight == 0:
                yield OFF, _("0 · leave it out")
            elif weight < 0:
                yield str(weight), _("−%(weight)s · different in each team", weight=-weight)
            else:
                yield str(weight), _("+%(weight)s · alike in each team", weight=weight)
        return
    if aim in YES_OR_NO:
        yield OFF, _("No")
        # A wish to be apart comes before all others, since it is kept as a rule, not as a taste.
        yield (MUST if aim is Aim.APART else "1"), _("Yes, wherever it fits")
        return
    yield OFF, _("0 · leave it out")
    for weight in range(1, MOST_WEIGHT + 1):
        yield str(weight), _("%(weight)s of %(most)s", weight=weight, most=MOST_WEIGHT)
    if aim in MAY_BE_A_MUST:
        yield MUST, _("Before everything else")


def _offer(question: Question | None, aim: Aim, reader: Reader) -> tuple[str, str]:
    """What a row asks, and its hint."""
    _ = reader.gettext
    kind = question.kind if question else None
    if aim is Aim.SHARED:
        if kind is Ask.HOURS:
            return _("Hours in common"), _("Hours of the week at which the whole team has time.")
        if kind is Ask.LANGUAGES:
            return _("Languages in common"), _("Languages that everybody in the team speaks.")
        return _("Answers in common"), _("Answers that everybody in the team ticked.")
    texts: Mapping[Aim, tuple[str, str]] = {
        Aim.ALIKE: (_("Alike or different"), ""),
        Aim.BALANCED: (
            _("Every team like the class"),
            _("The teams differ as little as possible from each other."),
        ),
        Aim.NOT_ALONE: (
            _("Nobody alone"),
            _("Nobody is the only one in a team with one of the answers ticked here."),
        ),
        Aim.COVER: (
            _("Somebody for each"),
            _("Each team has different people who can take what is ticked here (“On my own” or better)."),
        ),
        Aim.TOPIC: (_("A topic that many ranked high"), _("Each team gets one topic.")),
        Aim.TOGETHER: (_("People who want each other"), _("Only if both named each other.")),
        Aim.APART: (_("Keep people apart"), _("You never read who named whom.")),
        Aim.NEW_MATES: (
            _("New faces"),
            _("Nobody is with somebody they were in a team with before, in this course."),
        ),
    }
    return texts[aim]


def _unit(question: Question | None, reader: Reader) -> str:
    _ = reader.gettext
    if question and question.kind is Ask.HOURS:
        return _("hours a week")
    if question and question.kind is Ask.LANGUAGES:
        return _("languages")
    return _("answers")


def _most(question: Question | None) -> int:
    """The most that can be asked to be in common."""
    if question is None or question.kind is Ask.HOURS:
        return HOURS_A_WEEK
    return max(1, len(question.options))


def _sentence(wish: Wish, question: Question | None, reader: Reader) -> str:
    _, n_ = reader.gettext, reader.ngettext
    title = question.title if question else wish.about
    kind = question.kind if question else None
    values = reader.listed([_("“%(value)s”", value=value) for value in wish.values])
    if wish.aim is Aim.ALIKE and wish.weight < 0:
        return _("“%(title)s”: as different as possible in each team.", title=title)
    if wish.aim is Aim.SHARED:
        if kind is Ask.HOURS:
            return n_(
                "At least %(number)s hour a week in common.",
                "At least %(number)s hours a week in common.",
                wish.amount,
            )
        if kind is Ask.LANGUAGES:
            return n_(
                "At least %(number)s language in common.",
                "At least %(number)s languages in common.",
                wish.amount,
            )
        return n_(
            "“%(title)s”: at least %(number)s answer in common.",
            "“%(title)s”: at least %(number)s answers in common.",
            wish.amount,
            title=title,
        )
    sentences: Mapping[Aim, str] = {
        Aim.ALIKE: _("“%(title)s”: as alike as possible in each team.", title=title),
        Aim.BALANCED: _("“%(title)s”: every team like the class.", title=title),
        Aim.NOT_ALONE: _(
            "“%(title)s”: nobody is the only one in a team with one of the answers %(values)s.",
            title=title,
            values=values,
        ),
        Aim.COVER: _("“%(title)s”: each team has people for %(values)s.", title=title, values=values),
        Aim.TOPIC: _("“%(title)s”: each team gets a topic that its members ranked high.", title=title),
        Aim.TOGETHER: _("People who want each other are in one team."),
        Aim.APART: _("People who do not want each other are in different teams."),
        Aim.NEW_MATES: _("Nobody is with somebody they were in a team with before."),
    }
    return sentences[wish.aim]
