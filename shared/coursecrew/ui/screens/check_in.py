"""The check-in: five statements, what may be read of the answers, and the same for mentors and staff."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from coursecrew.app import check_ins as acts
from coursecrew.app.check_ins import CheckIns
from coursecrew.app.unit_of_work import run
from coursecrew.domain.check_ins import (
    HIGHEST,
    LOWEST,
    SHOWN_FROM,
    STATEMENTS,
    CheckIn,
    NoteFor,
    Period,
    Shown,
    Summary,
)
from coursecrew.ui.charts import Column
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.plan import around

COLUMNS_SHOWN = 6  # so many have room for their numbers on a phone
NUMBERS = range(LOWEST, HIGHEST + 1)


def statements(reader: Reader) -> dict[str, str]:
    """The five statements as people read them."""
    _ = reader.gettext
    return {
        "step": _("I know my next step."),
        "fair": _("The work is spread fairly."),
        "voice": _("I can say what I think here."),
        "time": _("We will finish in time."),
        "together": _("We work well together."),
    }


def short_statements(reader: Reader) -> dict[str, str]:
    """The same for the head of a column."""
    _ = reader.gettext
    return {
        "step": _("Next step known"),
        "fair": _("Work spread fairly"),
        "voice": _("Can say what I think"),
        "time": _("Will finish in time"),
        "together": _("Work well together"),
    }


@dataclass(frozen=True)
class PeriodLine:
    """One period in words: its day, how many answered, and the means or why there are none."""

    day: str
    answered: str
    means: list[tuple[str, str]]  # head of the column, mean
    overall: str
    why_not: str
    problem: str


def period_line(summary: Summary, reader: Reader, period: Period | None, *, in_all: int) -> PeriodLine:
    """What a page says of one period."""
    _, n_ = reader.gettext, reader.ngettext
    heads = short_statements(reader)
    why = ""
    if summary.shown is Shown.TOO_FEW:
        why = _("shown from %(number)s answers on", number=SHOWN_FROM)
    elif summary.shown is Shown.WAITING and period:
        why = _(
            "shown when all %(number)s have answered, or on %(moment)s",
            number=in_all, moment=reader.moment(period.closes),
        )  # fmt: skip
    return PeriodLine(
        reader.day(summary.opens),
        n_("%(number)s answer", "%(number)s answers", summary.answered),
        [(heads[one], said(summary.means[one])) for one in STATEMENTS] if summary.means else [],
        said(summary.overall) if summary.overall is not None else "",
        why,
        _("Somebody says: we have a problem.") if summary.problem else "",
    )


def said(mean: Decimal) -> str:
    """A mean with one place: "6.4"."""
    return f"{mean.quantize(Decimal('0.1'), ROUND_HALF_UP):f}"


def trend(found: CheckIns, reader: Reader) -> list[Column]:
    """The latest overall means as standing bars, the oldest first; what is not shown stands empty."""
    columns = []
    for summary in reversed(found.summaries[:COLUMNS_SHOWN]):
        mean = summary.overall
        columns.append(
            Column(
                reader.short_day(summary.opens),
                float((mean - LOWEST) / (HIGHEST - LOWEST)) if mean is not None else 0.0,
                "part" if mean is not None else "none",
                said(mean) if mean is not None else "",
            )
        )
    return columns


def check_in(scene: Scene, request: Request) -> Response:
    """The form of the open check-in, and what came of it so far."""
    found = run(scene.ports, acts.own_check_ins, scene.actor, scene.activity.id)
    reader = scene.reader
    _ = reader.gettext
    readers = [
        (NoteFor.TEAM.value, _("Your team"), _("It stands on this page for all of you.")),
        *([(NoteFor.MENTOR.value, _("Your mentor"), _("Nobody else reads it."))] if found.mentors else []),
        (NoteFor.STAFF.value, _("The course staff"), _("Neither your team nor your mentor reads it.")),
    ]
    return page(
        scene,
        request,
        "check_in.html",
        title=_("Check-in"),
        crumbs=[Crumb(_("Check-in"))],
        found=found,
        own=found.own,
        statements=statements(reader),
        numbers=NUMBERS,
        readers=readers,
        **_results(scene, found),
    )


def _results(scene: Scene, found: CheckIns) -> dict[str, Any]:
    """What both the team's page and that of mentors and staff show."""
    reader = scene.reader
    _ = reader.gettext
    lines = [period_line(summary, reader, found.period, in_all=found.expected) for summary in found.summaries]
    shown = [summary for summary in found.summaries[:COLUMNS_SHOWN] if summary.overall is not None]
    return {
        "lines": lines,
        "heads": list(short_statements(reader).values()),
        "trend": trend(found, reader) if len(shown) > 1 else [],
        "trend_name": _(
            "Mean of all five statements in each check-in, on a scale from 1 to 9: %(values)s.",
            values=reader.listed(
                [f"{reader.day(one.opens)} {said(one.overall)}" for one in reversed(shown) if one.overall]
            ),
        ),
        "notes": [_note(row, found, reader) for row in found.notes],
    }


@dataclass(frozen=True)
class NoteLine:
    """A note and who wrote it for whom."""

    name: str
    text: str
    when: str


def _note(row: CheckIn, found: CheckIns, reader: Reader) -> NoteLine:
    name = found.people[row.person].name if row.person in found.people else reader.gettext("former member")
    return NoteLine(name, row.note, reader.near(row.at))


def answer(scene: Scene, request: Request) -> Next:
    """Check in, or change one's answer."""
    reading = Reading(request, scene.reader)
    answers = {one: reading.whole(f"answer-{one}") for one in STATEMENTS}
    note, note_for = reading.text("note"), reading.choice("note_for", NoteFor, NoteFor.TEAM)
    problem, named = reading.flag("problem"), reading.flag("named")
    reading.check()
    do(scene, request, acts.check_in, answers, problem=problem, note=note, note_for=note_for, named=named)
    return Next("check-in", scene.reader.gettext("Checked in. You can change it while it is open."))


def of_team(scene: Scene, request: Request, id: str) -> Response:
    """How a team's check-ins went, for its mentors and the course staff."""
    found = run(scene.ports, acts.check_ins_of, scene.actor, scene.activity.id, id)
    reader = scene.reader
    _ = reader.gettext
    return page(
        scene,
        request,
        "check_ins_team.html",
        title=_("Check-ins of %(name)s", name=found.circle.team.name),
        crumbs=around(scene, found.circle, _("Check-ins")),
        found=found,
        named=[
            (
                found.people[row.person].name if row.person in found.people else _("former member"),
                reader.day(row.opens),
                [row.answers.get(one, 0) for one in STATEMENTS],
            )
            for row in found.named
        ],
        **_results(scene, found),
    )


ROUTES = (
    get("check-in", check_in),
    post("check-in", answer, form="check-in"),
    get("teams/<id>/check-ins", of_team),
)
