"""Scoring: the list of works, one work beside the rubric, and everybody's grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from coursecrew.app.grading import (
    QueueRow,
    grade_of,
    grade_rows,
    grading_queue,
    is_alone,
    look_at_for_grading,
    override_grade,
    score_work,
)
from coursecrew.app.submissions import deadlines_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import NotFound, Problem
from coursecrew.domain.gradebook import Cell, Delivery
from coursecrew.domain.grading import Lateness
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.rubrics import Rubric
from coursecrew.domain.submissions import WorkState
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.submission import sealed_files
from coursecrew.ui.sheets import read_marks

PAGE = 50


def grading(scene: Scene, request: Request) -> Response:
    """The works of the class, those that wait for a score first on the page."""
    rows = run(
        scene.ports,
        grading_queue,
        scene.actor,
        scene.activity.id,
        after=request.query.get("after", ""),
        limit=PAGE,
    )
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "grading.html",
        title=_("Scoring"),
        crumbs=[Crumb(_("Scoring"))],
        rows=sorted(rows, key=_urgency),
        status=lambda row: status(row, scene.reader),
        more=rows[-1].work.id if len(rows) == PAGE else "",
    )


def _urgency(row: QueueRow) -> tuple[int, str]:
    waits = row.submission is not None and row.work.state is not WorkState.CONFIRMING
    done = row.score is not None and row.score.complete
    return (0 if waits and not done else 1 if done else 2, row.work.id)


def status(row: QueueRow, reader: Reader) -> tuple[str, str]:
    """Chip and word for a work in the staff's list."""
    _ = reader.gettext
    if row.own:
        return "off", _("your own team")
    if row.work.state is WorkState.CONFIRMING:
        return "waiting", _("waits for its members")
    if row.work.state is WorkState.MISSED:
        return "missed", _("missed")
    if row.work.state is WorkState.EXCUSED:
        return "excused", _("excused")
    if row.work.state is WorkState.DRAFTING:
        return "now", _("writing")
    if row.score is None:
        return "not-yet", _("not scored")
    return ("done", _("scored")) if row.score.complete else ("partly", _("begun"))


def work(scene: Scene, request: Request, id: str) -> Response:
    """One work beside the rubric."""
    row, people, grades = run(scene.ports, look_at_for_grading, scene.actor, scene.activity.id, id)
    if row.submission is None:
        raise NotFound("submission")
    handed_in = row.submission.handed_in_at

    alone = run(scene.ports, is_alone, scene.activity, row.team.id)
    rubric = scene.settings.rubric
    if alone:
        rubric = replace(rubric, criteria=rubric.for_one())

    def late(unit: UnitOfWork) -> Mapping[str, Lateness]:
        deadlines = deadlines_of(unit, scene.activity, row.team.id, people, row.work)
        return {key: Lateness(handed_in, deadlines.of(key), scene.settings.late) for key in people}

    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "grading_work.html",
        title=row.team.name,
        crumbs=[Crumb(_("Scoring"), "grading"), Crumb(row.team.name)],
        row=row,
        people=people,
        grades={grade.person: grade for grade in grades},
        late=run(scene.ports, late),
        sheet=row.score.sheet if row.score else {},
        seen=row.score.version if row.score else 0,
        rubric=rubric,
        left_out=[c.title for c in scene.settings.rubric.criteria if c not in rubric.criteria],
        shares=_shares(rubric),
        files=sealed_files(scene, row.submission.id, people),
        may_override=is_allowed(scene.actor, Action.OVERRIDE_GRADE),
    )


def _shares(rubric: Rubric) -> Mapping[str, Decimal]:
    """How many of 100 points each criterion counts."""
    counted = [criterion for criterion in rubric.criteria if criterion.counts]
    together = sum((criterion.weight for criterion in counted), Decimal(0))
    return {c.id: c.weight / together * 100 if together else Decimal(0) for c in counted}


def score(scene: Scene, request: Request, id: str) -> Next:
    """Keep the marks; with "score" pressed, grade the team."""
    reading = Reading(request, scene.reader)
    complete = request.field("act") != "keep"
    sheet = read_marks(request, reading, scene.settings.rubric)
    comment = reading.text("comment", most=10_000)
    seen = reading.whole("seen")
    reading.check()
    do(scene, request, score_work, id, sheet, comment=comment, seen=seen, complete=complete)
    _ = scene.reader.gettext
    if not complete:
        return Next(f"grading/{id}", _("Kept. Nobody is graded yet."))
    return Next("grading", _("Scored. Everybody in the team has a grade; nothing is shown before release."))


# --- everybody's grades ---


def grades(scene: Scene, request: Request) -> Response:
    """Everybody's grade, how it was made at a glance, and what the gradebook answered."""
    rows = run(
        scene.ports,
        grade_rows,
        scene.actor,
        scene.activity.id,
        after=request.query.get("after", ""),
        limit=PAGE,
    )
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "grades.html",
        title=_("All grades"),
        crumbs=[Crumb(_("All grades"))],
        rows=rows,
        delivery=lambda cell: delivery(cell, scene.reader),
        more=rows[-1].id if len(rows) == PAGE else "",
        may_override=is_allowed(scene.actor, Action.OVERRIDE_GRADE),
    )


def delivery(cell: Cell | None, reader: Reader) -> tuple[str, str]:
    """Chip and words for where a mark stands on its way to the gradebook."""
    _ = reader.gettext
    if cell is None:
        return "not-yet", _("not released")
    if cell.state is Delivery.SENT and cell.sent_at:
        return "done", _("in the gradebook since %(when)s", when=reader.moment(cell.sent_at))
    reasons = {
        "not_gradable": _("refused: the gradebook does not grade this person"),
        "no_line_item": _("refused: the gradebook has no column for this activity"),
        "scope": _("refused: the platform does not let this tool send grades"),
        "gone": _("refused: the person or the course is no longer there"),
        "frozen": _("refused: grades are frozen there"),
        "not_enrolled": _("refused: the person is not enrolled in the course any more"),
    }
    if cell.state is Delivery.REFUSED:
        return "refused", reasons.get(cell.answer, _("refused by the gradebook (%(code)s)", code=cell.answer))
    if cell.next_try and cell.tries:
        return "waiting", _("no answer yet; next try %(when)s", when=reader.near(cell.next_try))
    return "waiting", _("on its way")


def override(scene: Scene, request: Request, person: str) -> Response:
    """The form of an override: one grade, a value and a reason."""
    grade, participant = run(scene.ports, grade_of, scene.actor, scene.activity.id, person)
    _ = scene.reader.gettext
    name = participant.name if participant else ""
    return page(
        scene,
        request,
        "override.html",
        title=_("Change the grade of %(name)s", name=name),
        crumbs=[Crumb(_("All grades"), "grades"), Crumb(name)],
        grade=grade,
        name=name,
        person=person,
    )


def override_now(scene: Scene, request: Request, person: str) -> Next:
    """Set or take back an override."""
    reading = Reading(request, scene.reader)
    back = request.field("act") == "back"
    value = None if back else reading.number("value")
    if value is None and not back:
        reading.problems.append(Problem("value", "percent"))
    reason = reading.text("reason", most=1000)
    reading.check()
    do(scene, request, override_grade, person, value, reason=reason)
    return Next("grades", scene.reader.gettext("Changed. The computed value stays beside it."))


ROUTES = (
    get("grading", grading),
    get("grading/<id>", work),
    post("grading/<id>/score", score, form="grading/<id>"),
    get("grades", grades),
    get("grades/<person>/override", override),
    post("grades/<person>/override", override_now, form="grades/<person>/override"),
)
