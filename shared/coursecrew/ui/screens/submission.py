"""Hand in the team's work, confirm or object, take it back, and read the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from coursecrew.app import submissions as acts
from coursecrew.app.attached import files_of_submission, files_of_team
from coursecrew.app.grading import Result, own_result
from coursecrew.app.records import BYLINES, TEAMS
from coursecrew.app.submissions import Consequence, WorkView, consequences, own_work
from coursecrew.app.teams import Standing, participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, SubmitRule
from coursecrew.domain.grading import Grade, Line, rounded
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.rubrics import Mark, Rubric, Sort
from coursecrew.domain.submissions import (
    CONFIRM_WITHIN,
    Submission,
    WorkState,
    missing_parts,
    words,
)
from coursecrew.domain.team_files import TeamFile
from coursecrew.domain.teams import Team
from coursecrew.ui import review_accounts
from coursecrew.ui.charts import Bar
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.next_steps import as_moment, unit_said
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.review_accounts import AccountRow
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.drafting import FileRow, file_rows, saved_line

VERSIONS_SHOWN = 50


# --- writing ---


@dataclass(frozen=True)
class Place:
    """A part that two people changed: both texts, and the one before."""

    part: str
    title: str
    yours: str
    theirs: str
    before: str


# --- handing in ---


def hand_in_form(scene: Scene, request: Request) -> Response:
    """What handing in means for each member, before anybody presses."""
    reader = scene.reader
    _ = reader.gettext
    activity, here, view = _own(scene)
    if view.state is WorkState.CONFIRMING:
        return confirm_form(scene, request)
    rows = consequences(view, activity, reader.now)
    number = view.draft.number
    count = sum(words(text) for text in view.draft.texts.values())
    mine = next((row for row in rows if row.person == scene.actor.person), None)
    return page(
        scene,
        request,
        "hand_in.html",
        title=_("Hand in version %(number)s for team %(name)s?", number=number, name=view.team.name),
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Hand in"))],
        view=view,
        here=here,
        rows=[(row, _member(view, row.person), _inactive(view, row.person)) for row in rows],
        mine=mine,
        changes_at=_costs_more_at(activity, mine, reader) if mine else None,
        count=count,
        files=_files_of(scene, run(scene.ports, files_of_team, activity.id, view.team.id), view.people),
        missing=[] if scene.refusal else missing_parts(activity.settings.prompts, view.draft.texts),
        saved=saved_line(scene, view),
        rule=activity.settings.submit_rule,
        rules=SubmitRule,
        others=[view.people[p].name for p in view.active if p != scene.actor.person and p in view.people],
        until=reader.now + CONFIRM_WITHIN,
        formula=_formula(reader, activity, mine) if mine else "",
    )


def _member(view: WorkView, person: str) -> str:
    known = view.people.get(person)
    return known.name if known else ""


def _inactive(view: WorkView, person: str) -> bool:
    return person not in view.active


@dataclass(frozen=True)
class Dearer:
    """When handing in would cost more than now, and how much then."""

    at: str
    penalty: Decimal


def _costs_more_at(activity: Activity, mine: Consequence, reader: Reader) -> Dearer | None:
    """The next moment at which lateness costs this person more."""
    due, late = mine.window.due, activity.settings.late
    if due is None or not late.points or mine.late.penalty >= late.cap:
        return None
    units = mine.late.units
    moment = due + late.grace if not units else due + late.unit * units
    if moment <= reader.now:
        moment = due + late.unit * (units + 1)
    return Dearer(reader.near(moment), late.penalty(moment - due + timedelta(seconds=1)))


def _formula(reader: Reader, activity: Activity, mine: Consequence) -> str:
    """The lateness arithmetic in one line, as one would do it by hand."""
    late = activity.settings.late
    if mine.window.due is None or not mine.late.penalty:
        return ""
    return reader.gettext(
        "%(late)s late, each started %(unit)s counts: %(units)s × %(points)s points. "
        "The most it can cost is %(cap)s.",
        late=reader.span(reader.now - mine.window.due),
        unit=unit_said(reader, late),
        units=mine.late.units,
        points=reader.points(late.points),
        cap=reader.points(late.cap),
    )


def hand_in(scene: Scene, request: Request) -> Next:
    """Hand in for everybody on the byline."""
    reader = scene.reader
    _ = reader.gettext
    ticked = request.form.get("ticked", ())
    submission = do(scene, request, acts.submit, seen=_number(request, "seen"), ticked=tuple(ticked))
    moment = reader.moment(submission.handed_in_at)
    if scene.settings.submit_rule is SubmitRule.ALL:
        return Next("team", _("Handed in: %(moment)s. The others are asked to confirm.", moment=moment))
    return Next("team", _("Handed in for all of you: %(moment)s.", moment=moment))


def confirm_form(scene: Scene, request: Request) -> Response:
    """What a teammate handed in, with each member's figure: say yes, or object with a reason."""
    reader = scene.reader
    _ = reader.gettext
    activity, _here, view = _own(scene)
    rows = consequences(view, activity, reader.now)
    presser = view.work.pressed_by if view.work else ""
    return page(
        scene,
        request,
        "confirm.html",
        title=_("What your team hands in"),
        crumbs=[Crumb(_("Confirm"))],
        view=view,
        rows=[(row, _member(view, row.person), _inactive(view, row.person)) for row in rows],
        presser=_member(view, presser),
        asked=scene.actor.person in view.awaited,
        awaited=reader.listed([_member(view, person) for person in view.awaited]),
        confirming=view.state is WorkState.CONFIRMING,
        texts=view.submission.texts if view.submission else {},
        files=sealed_files(scene, view.submission.id, view.people) if view.submission else [],
    )


def sealed_files(scene: Scene, submission_id: str, people: Mapping[str, Participant]) -> list[FileRow]:
    """What was handed in beside the text; rights are the caller's to check."""
    return _files_of(scene, run(scene.ports, files_of_submission, submission_id), people)


def _files_of(scene: Scene, files: Sequence[TeamFile], people: Mapping[str, Participant]) -> list[FileRow]:
    """Files with the names of those who added them, also of those who left."""
    gone = {row.by for row in files} - set(people)
    known = run(scene.ports, participants_of, scene.activity.course, gone) if gone else {}
    return file_rows(scene, files, {**people, **known})


def confirm(scene: Scene, request: Request) -> Next:
    """Say yes."""
    work = do(scene, request, acts.confirm)
    _ = scene.reader.gettext
    if work.state is WorkState.SUBMITTED:
        return Next("team", _("Confirmed, and with that handed in for all of you."))
    return Next("team", _("Confirmed. The others still have time to do the same."))


def object_to(scene: Scene, request: Request) -> Next:
    """Say no, with a reason."""
    do(scene, request, acts.object_to, reason=request.field("reason"))
    return Next("draft", scene.reader.gettext("The draft is open again, and your team reads your reason."))


def take_back_form(scene: Scene, request: Request) -> Response:
    """What taking back means, before it is done."""
    _ = scene.reader.gettext
    _activity, _here, view = _own(scene)
    return page(
        scene,
        request,
        "take_back.html",
        title=_("Take the work back?"),
        crumbs=[Crumb(_("Take back"))],
        view=view,
        window=view.deadlines.of(scene.actor.person),
    )


def take_back(scene: Scene, request: Request) -> Next:
    """Take the work back; the draft opens again."""
    do(scene, request, acts.withdraw)
    return Next(
        "draft", scene.reader.gettext("Taken back. The draft is open again; hand in before it is due.")
    )


def submission(scene: Scene, request: Request, id: str) -> Response:
    """What was handed in, for whoever's name stands on it, the team, and staff."""
    _ = scene.reader.gettext
    sealed, team, people = run(scene.ports, _read_submission, scene.actor, scene.activity, id)
    line = (
        _(
            "Sealed by itself when the time was over; last edit %(moment)s.",
            moment=scene.reader.moment(sealed.handed_in_at),
        )
        if sealed.how == "at_close"
        else _(
            "Handed in %(moment)s, %(zone)s.",
            moment=scene.reader.moment(sealed.handed_in_at),
            zone=scene.reader.zone_name,
        )
    )
    return page(
        scene,
        request,
        "reading.html",
        title=_("Work of %(name)s", name=team.name),
        crumbs=[Crumb(_("What was handed in"))],
        line=line,
        texts=sealed.texts,
        files=sealed_files(scene, sealed.id, {person.person: person for person in people}),
        people=[person.name for person in people],
        back=("", _("Back to the activity")),
    )


def _read_submission(
    unit: UnitOfWork, actor: Actor, activity: Activity, id: str
) -> tuple[Submission, Team, list[Participant]]:
    sealed = acts.read_submission(unit, actor, activity.id, id)
    team = unit.store.get(TEAMS, sealed.team)
    byline = unit.store.find(BYLINES, submission=sealed.id)
    known = participants_of(unit, activity.course, (row.person for row in byline))
    return sealed, team, [known[row.person] for row in byline if row.person in known]


# --- the result ---


@dataclass(frozen=True)
class Judged:
    """One criterion as it was judged."""

    title: str
    weight: Decimal
    points: Decimal
    most: Decimal
    level: str
    comment: str


def result(scene: Scene, request: Request) -> Response:
    """One's own grade, the feedback behind it, and every step of its making."""
    reader = scene.reader
    _ = reader.gettext
    found: Result = run(scene.ports, own_result, scene.actor, scene.activity.id)
    grade = found.grade
    if grade is None or grade.account is None or grade.total is None:
        excused = grade is not None and grade.account is None
        return page(
            scene, request, "no_result.html", title=_("Your result"), crumbs=[Crumb(_("Results"))],
            submission=found.submission, excused=excused,
        )  # fmt: skip
    return page(
        scene,
        request,
        "result.html",
        title=_("Your result"),
        crumbs=[Crumb(_("Results"))],
        grade=grade,
        shown=reader.grade(grade.total),
        judged=_judged(grade, found.score.rubric if found.score else None),
        comment=found.score.comment if found.score else "",
        bars=_bars(reader, grade),
        rows=_account_rows(reader, grade),
        submission=found.submission,
        cell=found.cell,
        earlier=[(row, _cause(reader, row.cause)) for row in found.earlier],
    )


def _judged(grade: Grade, rubric: Rubric | None) -> list[Judged]:
    """The criteria of the account, each with the level's own words."""
    line = _line(grade, "work")
    result = []
    for entry in line.values.get("criteria", ()) if line else ():
        criterion = rubric.criterion(entry["id"]) if rubric else None
        points = Decimal(entry["points"])
        level = criterion.said(Mark(points)) if criterion and criterion.sort is Sort.LEVELS else ""
        result.append(
            Judged(
                entry["title"],
                Decimal(entry["weight"]),
                points,
                Decimal(entry["most"]),
                level,
                entry["comment"],
            )
        )
    return result


def _line(grade: Grade, code: str) -> Line | None:
    lines = grade.account.lines if grade.account else ()
    return next((line for line in lines if line.code == code), None)


def _bars(reader: Reader, grade: Grade) -> list[Bar]:
    """The waterfall: the work, what lateness took, an override, and what is left."""
    _, lines = reader.gettext, grade.account.lines if grade.account else ()
    bars = []
    for line in lines:
        if line.code == "work":
            bars.append(Bar(_("The team’s work"), line.before, line.after, reader.grade(line.after)))
        elif line.code in review_accounts.BARS:
            bars.append(review_accounts.bar(reader, line))
        elif line.code == "late":
            kind = "minus" if line.change < 0 else "part"
            bars.append(Bar(_("Handed in late"), line.before, line.after, reader.signed(line.change), kind))
        elif line.code == "override":
            kind = "plus" if line.change >= 0 else "minus"
            bars.append(Bar(_("Changed by hand"), line.before, line.after, reader.signed(line.change), kind))
    total = grade.total if grade.total is not None else Decimal(0)
    bars.append(Bar(_("Your grade"), Decimal(0), total, reader.grade(total), "sum", strong=True))
    return bars


def _account_rows(reader: Reader, grade: Grade) -> list[AccountRow]:
    """The same as a table, with the arithmetic of each line."""
    lines = grade.account.lines if grade.account else ()
    rows = [HOW[line.code](reader, line) for line in lines if line.code in HOW]
    total = grade.total if grade.total is not None else Decimal(0)
    rows.append(
        AccountRow(reader.gettext("Your grade"), _rounding(reader, total), reader.grade(total), total=True)
    )
    return rows


def _rounding(reader: Reader, total: Decimal) -> str:
    if total == rounded(total):
        return reader.gettext("what the lines above make")
    return reader.gettext("rounded once, at the end: %(exact)s", exact=f"{total:.6f}".rstrip("0"))


def _how_work(reader: Reader, line: Line) -> AccountRow:
    """(3 ÷ 4 × 50 %) + …: the weighted criteria, as one would add them up."""
    terms = [
        f"{reader.points(Decimal(entry['points']))} ÷ {reader.points(Decimal(entry['most']))}"
        f" × {reader.points(Decimal(entry['weight']))}"
        for entry in line.values.get("criteria", ())
    ]
    how = reader.gettext(
        "points ÷ most points × weight, for each criterion: %(terms)s", terms=" + ".join(terms)
    )
    if left_out := line.values.get("left_out"):
        how += " " + reader.gettext(
            "Only for teams, and so left out: %(titles)s.", titles=reader.listed(list(left_out))
        )
    return AccountRow(reader.gettext("The team’s work"), how, reader.grade(line.after))


def _how_late(reader: Reader, line: Line) -> AccountRow:
    _, values = reader.gettext, line.values
    handed_in, due = as_moment(values.get("handed_in")), as_moment(values.get("due"))
    when = {"in": reader.moment(handed_in) if handed_in else "", "due": reader.moment(due) if due else ""}
    if values.get("past_close"):
        how = _(
            "handed in %(in)s, after your closing time: the most that lateness costs, %(cap)s",
            cap=values["cap"],
            **when,
        )
    else:
        how = _(
            "handed in %(in)s, due %(due)s: %(units)s started × %(points)s points, at most %(cap)s",
            units=values["units"], points=values["points"], cap=values["cap"], **when,
        )  # fmt: skip
    if values.get("basis") == "earned":
        how = _("%(how)s; taken as per cent of what was earned", how=how)
    if Decimal(str(values.get("floor") or 0)) > 0:
        how = _("%(how)s; never below %(floor)s by lateness", how=how, floor=values["floor"])
    return AccountRow(_("Late"), how, reader.signed(line.change))


def _how_missed(reader: Reader, line: Line) -> AccountRow:
    return AccountRow(
        reader.gettext("The team’s work"), reader.gettext("nothing was handed in"), reader.grade(line.after)
    )


def _how_override(reader: Reader, line: Line) -> AccountRow:
    how = reader.gettext(
        "the course staff put %(after)s in place of %(before)s: “%(reason)s”",
        after=reader.grade(line.after),
        before=reader.grade(line.before),
        reason=line.values.get("reason", ""),
    )
    return AccountRow(reader.gettext("Changed by hand"), how, reader.signed(line.change))


HOW = {
    **review_accounts.HOW,
    "work": _how_work,
    "late": _how_late,
    "missed": _how_missed,
    "override": _how_override,
}


def _cause(reader: Reader, cause: str) -> str:
    """Why a grade got its next version."""
    _ = reader.gettext
    causes: Mapping[str, str] = {
        "scored": _("the work was scored"),
        "override": _("changed by hand"),
        "extended": _("more time was given"),
        "excused": _("the team was excused"),
        "missed": _("nothing was handed in"),
        "byline": _("the names on the work were corrected"),
        "taken_back": _("the grade was taken back"),
        "reviewed": _("the reviews were counted"),
        "review_excluded": _("a review was left out"),
        "appeal": _("a question about a mark was decided"),
    }
    return causes.get(cause, cause)


def _own(scene: Scene) -> tuple[Activity, Standing, WorkView]:
    """The person's own team and its work."""
    return run(scene.ports, own_work, scene.actor, scene.activity.id)


def _number(request: Request, name: str) -> int:
    value = request.field(name)
    return int(value) if value.isdecimal() else 0


ROUTES = (
    get("hand-in", hand_in_form),
    post("hand-in", hand_in, form="hand-in"),
    get("confirm", confirm_form),
    post("confirm", confirm, form="confirm"),
    post("confirm/object", object_to, form="confirm"),
    get("take-back", take_back_form),
    post("take-back", take_back, form="take-back"),
    get("submission/<id>", submission),
    get("result", result),
)
