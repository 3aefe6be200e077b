"""Staff scores, grades of each member, and their release to learners and gradebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from coursecrew.app.bonds import is_mentor
from coursecrew.app.records import (
    ACTIVITIES,
    BYLINES,
    CELLS,
    GRADE_VERSIONS,
    GRADES,
    MEMBERSHIPS,
    STAFF_SCORES,
    SUBMISSIONS,
    TEAMS,
    WORKS,
)
from coursecrew.app.solo import solo_teams
from coursecrew.app.submissions import deadlines_of
from coursecrew.app.teams import members_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.gradebook import Cell, Component, Delivery
from coursecrew.domain.grading import (
    Account,
    Grade,
    GradeState,
    GradeVersion,
    Lateness,
    StaffScore,
    account_to,
    compose,
    missed,
    rounded,
)
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.rubrics import Sheet, checked_sheet
from coursecrew.domain.submissions import Submission, Work, WorkState
from coursecrew.domain.teams import Team

RELEASE_AT_ONCE = 200
MOST_OF_TA = 2_000  # works or grades of the teams that one TA is limited to
GRADABLE = (WorkState.SUBMITTED, WorkState.IN_REVIEW, WorkState.REVIEWED)


# --- scoring ---


@dataclass(frozen=True)
class QueueRow:
    """One work in the grading list."""

    work: Work
    team: Team
    submission: Submission | None
    score: StaffScore | None
    own: bool = False  # whoever looks is in that team, or stands on its work: the score is not theirs


def own_teams(unit: UnitOfWork, actor: Actor, activity_id: str) -> set[str]:
    """Teams whose marks are not this staff member's to read: they are in them, or on their bylines."""
    named = unit.store.find(BYLINES, activity=activity_id, person=actor.person, in_force=True)
    member = unit.store.find(MEMBERSHIPS, person=actor.person)
    return {row.team for row in named} | {row.team for row in member}


def grading_queue(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "", limit: int = 50
) -> list[QueueRow]:
    """A page of works in the order they came into being: a fixed number of queries.

    A TA limited to some teams gets whole pages of those; the score of one's own team stays hidden.
    """
    require(actor, Action.READ_GRADES)
    last = unit.store.get(WORKS, after) if after else None
    works = unit.store.find(WORKS, activity=activity_id, after=last, limit=limit, **_bounds(actor))
    if not works:
        return []
    ids = [work.id for work in works]
    teams = {
        team.id: team for team in unit.store.find(TEAMS, id=[work.team for work in works], limit=len(works))
    }
    submissions = {
        row.id: row
        for row in unit.store.find(
            SUBMISSIONS, id=[work.submission for work in works if work.submission], limit=len(works)
        )
    }
    scores = {row.work: row for row in unit.store.find(STAFF_SCORES, work=ids, limit=len(works))}
    own = own_teams(unit, actor, activity_id)
    return [
        QueueRow(
            work,
            teams[work.team],
            submissions.get(work.submission),
            scores.get(work.id) if work.team not in own else None,
            own=work.team in own,
        )
        for work in works
    ]


def _bounds(actor: Actor) -> dict[str, Any]:
    """What bounds a query to the teams of a TA who is limited to some."""
    return {"team": list(actor.limited_to)} if actor.limited_to else {}


def look_at_for_grading(
    unit: UnitOfWork, actor: Actor, activity_id: str, work_id: str
) -> tuple[QueueRow, dict[str, Participant], list[Grade]]:
    """A work with its submission, score, the people of its byline and their grades."""
    work = unit.store.get(WORKS, work_id)
    if work.activity != activity_id:
        raise NotFound("work")
    require(actor, Action.READ_GRADES, Subject(team=work.team))
    team = unit.store.get(TEAMS, work.team)
    submission = unit.store.get(SUBMISSIONS, work.submission) if work.submission else None
    scores = unit.store.find(STAFF_SCORES, work=work.id, limit=1)
    named = _named(unit, work)
    mine = unit.store.count(MEMBERSHIPS, team=work.team, person=actor.person) > 0
    # Whoever may not judge it reads no marks of it either, before they are released.
    require(actor, Action.SCORE_WORK, Subject(team=work.team, graded_by_self=mine or actor.person in named))
    activity = unit.store.get(ACTIVITIES, activity_id)
    people = participants_of(unit, activity.course, named)
    grades = unit.store.find(GRADES, activity=activity_id, person=named) if named else []
    return QueueRow(work, team, submission, scores[0] if scores else None), people, grades


def score_work(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    work_id: str,
    sheet: Sheet,
    *,
    comment: str = "",
    seen: int = 0,
    complete: bool = True,
) -> StaffScore:
    """Judge a work by the rubric; every member of the byline gets a grade out of it.

    `seen` is the score's version on the form (0: none yet); somebody else's score in between is
    refused with both. With `complete=False` unfinished marks are kept and grade nobody.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    work = unit.store.get(WORKS, work_id, lock=True)
    if work.activity != activity.id:
        raise NotFound("work")
    mine = unit.store.count(MEMBERSHIPS, team=work.team, person=actor.person) > 0
    named = _named(unit, work)
    about = Subject(
        team=work.team,
        graded_by_self=mine or actor.person in named,
        mentor=is_mentor(unit, actor, work.team),
    )
    require(actor, Action.SCORE_WORK, about)
    if work.state not in GRADABLE:
        raise AlreadyDecided(what="work", state=work.state.value)
    old = unit.store.find(STAFF_SCORES, work=work.id, limit=1)
    if old and old[0].version != seen:
        raise Stale(what="score", clashes=[], by=old[0].by, at=old[0].at, seen=old[0].version)
    rubric = activity.settings.rubric
    if complete:
        sheet = checked_sheet(rubric, sheet, alone=is_alone(unit, activity, work.team))
    score = StaffScore(
        id=old[0].id if old else unit.new_id(),
        activity=activity.id,
        work=work.id,
        submission=work.submission,
        sheet=dict(sheet),
        rubric=rubric,
        by=actor.person,
        at=unit.now,
        comment=comment.strip(),
        complete=complete,
        version=old[0].version if old else 1,
    )
    score = unit.store.save(STAFF_SCORES, score) if old else unit.store.add(STAFF_SCORES, score)
    if complete:
        recompose(unit, activity, work, by=actor.person, cause="scored")
        unit.record(
            Kind.WORK_SCORED, activity=activity.id, course=activity.course, by=actor.person, team=work.team
        )
    return score


def is_alone(unit: UnitOfWork, activity: Activity, team: str) -> bool:
    """Whether marks for teams only do not apply: that person goes on alone by decision."""
    if not any(criterion.team_only for criterion in activity.settings.rubric.criteria):
        return False
    return bool(solo_teams(unit, [team]))


def recompose(unit: UnitOfWork, activity: Activity, work: Work, *, by: str, cause: str) -> list[Grade]:
    """Compose the grades of everybody a work concerns again, out of what holds now."""
    named = _named(unit, work)
    people = participants_of(unit, activity.course, named)
    counted = [key for key in named if key in people and people[key].takes_part]
    if not counted:
        return []
    scores = unit.store.find(STAFF_SCORES, work=work.id, limit=1)
    submission = unit.store.get(SUBMISSIONS, work.submission) if work.submission else None
    deadlines = deadlines_of(unit, activity, work.team, counted, work)
    known = {grade.person: grade for grade in unit.store.find(GRADES, activity=activity.id, person=counted)}
    result = []
    for person in counted:
        old = known.get(person)
        override = old.override if old else None
        account: Account | None
        if work.state is WorkState.EXCUSED:
            account = None
        elif work.state is WorkState.MISSED:
            account = missed(override=override)
        elif scores and scores[0].complete and submission:
            late = Lateness(submission.handed_in_at, deadlines.of(person), activity.settings.late)
            account = compose(scores[0].rubric, scores[0].sheet, late, override=override)
        else:
            continue
        result.append(put_grade(unit, activity, work.team, person, old, account, by=by, cause=cause))
    return result


def _named(unit: UnitOfWork, work: Work) -> list[str]:
    """Whom a work concerns: its byline, or the team's members where nothing was handed in."""
    if work.submission:
        return [row.person for row in unit.store.find(BYLINES, submission=work.submission, in_force=True)]
    return [row.person for row in members_of(unit, work.team) if row.active]


def put_grade(
    unit: UnitOfWork,
    activity: Activity,
    team: str,
    person: str,
    old: Grade | None,
    account: Account | None,
    *,
    by: str,
    cause: str,
) -> Grade:
    """Write a grade's next version; a released one is returned again, with notice."""
    released = old is not None and old.released_at is not None
    state = GradeState.EXCUSED if account is None else GradeState.RELEASED if released else GradeState.FINAL
    total = account.total if account else None
    # As documents: what was stored is plain, what was composed now is not yet.
    same = old is not None and account_to(old.account) == account_to(account)
    if old and same and (old.state, old.total) == (state, total):
        return old
    base = old or Grade(unit.new_id(), activity.id, person, team, 0, state, None, None, unit.now)
    grade = replace(
        base, team=team, number=base.number + 1, state=state, total=total, account=account, at=unit.now
    )
    grade = unit.store.save(GRADES, grade) if old else unit.store.add(GRADES, grade)
    unit.store.add(
        GRADE_VERSIONS,
        GradeVersion(
            unit.new_id(), activity.id, person, grade.number, state, total, account, unit.now, cause, by
        ),
    )
    if released:
        _return(unit, activity, grade)
        unit.record(
            Kind.GRADE_CHANGED, activity=activity.id, course=activity.course, by=by, team=team,
            people=[person], cause=cause,
        )  # fmt: skip
    return grade


def override_grade(
    unit: UnitOfWork, actor: Actor, activity_id: str, person: str, value: Decimal | None, *, reason: str
) -> Grade:
    """Put a total beside the computed one, with a reason; `None` takes an override back."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.OVERRIDE_GRADE)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    if value is not None and not 0 <= value <= 100:
        raise Invalid(Problem("value", "percent"))
    found = unit.store.find(GRADES, activity=activity_id, person=person, limit=1)
    if not found and not participants_of(unit, activity.course, [person]):
        raise NotFound("person")
    if not found or found[0].account is None:
        raise Conflict("no_grade_yet")
    old = replace(found[0], override=value, override_reason=reason.strip()[:1000], override_by=actor.person)
    lines = tuple(line for line in _account(old).lines if line.code != "override")
    total = lines[-1].after
    account = Account(lines, total)
    if value is not None:
        line = replace(
            lines[-1], code="override", before=total, after=value, values={"reason": old.override_reason}
        )
        account = Account((*lines, line), value)
    return put_grade(unit, activity, old.team, person, old, account, by=actor.person, cause="override")


def take_back_grade(unit: UnitOfWork, activity_id: str, person: str, *, by: str) -> bool:
    """Take one person's grade back, out of the gradebook too; returns whether there was one.

    For platforms whose staff can delete a learner's state. The team's work, the name on it and its
    score stay: they belong to the others as well, and out of them the grade can be made again.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    found = unit.store.find(GRADES, activity=activity_id, person=person, limit=1)
    if not found:
        return False
    old = found[0]
    if old.state is GradeState.PROVISIONAL:
        return False
    grade = unit.store.save(
        GRADES,
        replace(
            old, number=old.number + 1, state=GradeState.PROVISIONAL, total=None, account=None, at=unit.now,
            override=None, override_reason="", override_by="", released_at=None,
        ),
    )  # fmt: skip
    unit.store.add(
        GRADE_VERSIONS,
        GradeVersion(
            unit.new_id(), activity_id, person, grade.number, grade.state, None, None, unit.now,
            "taken_back", by,
        ),
    )  # fmt: skip
    if old.released_at is not None:
        _return(unit, activity, grade)
    return True


def excuse_person(unit: UnitOfWork, activity: Activity, team: str, person: str, *, by: str) -> Grade:
    """Excuse one person from a round that their team handed in without them; they see it at once."""
    grade = put_grade(
        unit, activity, team, person, _known(unit, activity, person), None, by=by, cause="excused"
    )
    return release_grade(unit, activity, grade)


def miss_person(unit: UnitOfWork, activity: Activity, team: str, person: str, *, by: str) -> Grade:
    """Count a round as missed by one person: zero, and it says so."""
    old = _known(unit, activity, person)
    account = missed(override=old.override if old else None)
    return put_grade(unit, activity, team, person, old, account, by=by, cause="missed")


def release_grade(unit: UnitOfWork, activity: Activity, grade: Grade) -> Grade:
    """Release one grade, where those it stands beside are released already."""
    if grade.released_at is not None or grade.state is GradeState.PROVISIONAL:
        return grade
    state = GradeState.EXCUSED if grade.state is GradeState.EXCUSED else GradeState.RELEASED
    grade = unit.store.save(GRADES, replace(grade, state=state, released_at=unit.now))
    _return(unit, activity, grade)
    return grade


def _known(unit: UnitOfWork, activity: Activity, person: str) -> Grade | None:
    found = unit.store.find(GRADES, activity=activity.id, person=person, limit=1)
    return found[0] if found else None


def _account(grade: Grade) -> Account:
    if grade.account is None:
        raise Conflict("no_grade_yet")
    return grade.account


# --- release and return ---


@dataclass(frozen=True)
class ReleaseState:
    """What a release would do, and how the return to the gradebook goes."""

    works: Mapping[WorkState, int]
    ready: int  # grades final and not released
    released: int
    unscored: int  # works handed in and not scored
    cells: Mapping[Delivery, int]


def release_state(unit: UnitOfWork, actor: Actor, activity_id: str) -> ReleaseState:
    """Counts for the release page: a fixed number of queries; for a limited TA, those of their teams."""
    require(actor, Action.READ_GRADES)
    bounds = _bounds(actor)
    tally = unit.store.tally(WORKS, "state", activity=activity_id, **bounds)
    works = {WorkState(k): n for k, n in tally.items()}
    grades = unit.store.tally(GRADES, "state", activity=activity_id, **bounds)
    of_cells: dict[str, list[str]] = {}
    of_scores: dict[str, list[str]] = {}
    if bounds:
        ours = unit.store.find(WORKS, activity=activity_id, limit=MOST_OF_TA, **bounds)
        graded = unit.store.find(GRADES, activity=activity_id, limit=MOST_OF_TA, **bounds)
        of_scores = {"work": [work.id for work in ours]}
        of_cells = {"person": [grade.person for grade in graded]}
    cells = {
        Delivery(k): n for k, n in unit.store.tally(CELLS, "state", activity=activity_id, **of_cells).items()
    }
    scored = unit.store.count(STAFF_SCORES, activity=activity_id, complete=True, **of_scores)
    handed_in = sum(works.get(state, 0) for state in GRADABLE)
    return ReleaseState(
        works=works,
        ready=grades.get(GradeState.FINAL.value, 0),
        released=grades.get(GradeState.RELEASED.value, 0),
        unscored=max(0, handed_in - scored),
        cells=cells,
    )


def release_grades(unit: UnitOfWork, actor: Actor, activity_id: str) -> int:
    """Release every final grade; returns how many this transaction released.

    The first 200 are released at once; the event in the outbox carries on with the rest.
    """
    activity = unit.store.get(ACTIVITIES, activity_id, lock=True)
    require(actor, Action.RELEASE_GRADES)
    if not unit.store.count(GRADES, activity=activity_id, state=GradeState.FINAL.value):
        raise Conflict("nothing_to_release")
    if activity.released_at is None:
        activity = unit.store.save(ACTIVITIES, replace(activity, released_at=unit.now))
    people = release_some(unit, activity)
    unit.record(
        Kind.GRADES_RELEASED, activity=activity.id, course=activity.course, by=actor.person, people=people
    )
    return len(people)


def release_some(unit: UnitOfWork, activity: Activity, *, limit: int = RELEASE_AT_ONCE) -> list[str]:
    """Release up to `limit` final grades and wish their cells; returns whose they were."""
    final = unit.store.find(GRADES, activity=activity.id, state=GradeState.FINAL.value, limit=limit)
    for grade in final:
        grade = unit.store.save(GRADES, replace(grade, state=GradeState.RELEASED, released_at=unit.now))
        _return(unit, activity, grade)
    return [grade.person for grade in final]


def _return(unit: UnitOfWork, activity: Activity, grade: Grade) -> None:
    """Wish what the person's cell in the gradebook should say; delivery follows after commit."""
    found = unit.store.find(
        CELLS, activity=activity.id, person=grade.person, component=Component.TOTAL.value, limit=1
    )
    value = rounded(grade.total) if grade.total is not None else None
    submission = _submission_of(unit, activity, grade)
    cell = (
        found[0]
        if found
        else Cell(unit.new_id(), activity.id, grade.person, Component.TOTAL, None, 0, next_try=unit.now)
    )
    cell = cell.asked(
        value,
        grade.number,
        comment=_comment(unit, submission, found[0].comment if found else ""),
        handed_in_at=submission.handed_in_at if submission else None,
        now=unit.now,
    )
    if found:
        unit.store.save(CELLS, cell)
    else:
        unit.store.add(CELLS, cell)
    unit.nudges = True


def _submission_of(unit: UnitOfWork, activity: Activity, grade: Grade) -> Submission | None:
    rows = unit.store.find(
        BYLINES, activity=activity.id, person=grade.person, team=grade.team, in_force=True, limit=1
    )
    return unit.store.get(SUBMISSIONS, rows[0].submission) if rows else None


def _comment(unit: UnitOfWork, submission: Submission | None, before: str) -> str:
    """What goes with the mark; while marks are being made anew, what went with it before."""
    if submission is None:
        return ""
    scores = unit.store.find(STAFF_SCORES, work=submission.work, limit=1)
    if scores and not scores[0].complete:
        return before
    return scores[0].comment if scores else ""


def send_again(unit: UnitOfWork, actor: Actor, activity_id: str, person: str = "") -> int:
    """Send refused or waiting cells once more (all, or one person's)."""
    require(actor, Action.RELEASE_GRADES)
    if person:
        rows = unit.store.find(CELLS, activity=activity_id, state=_OPEN, person=person)
    else:
        rows = unit.store.find(CELLS, activity=activity_id, state=_OPEN, limit=1000)
    for cell in rows:
        unit.store.save(CELLS, replace(cell, state=Delivery.WAITING, next_try=unit.now, tries=0))
    unit.nudges = True
    return len(rows)


_OPEN = [Delivery.WAITING.value, Delivery.REFUSED.value]


# --- reading ---


@dataclass(frozen=True)
class Result:
    """A learner's own result: the grade once released, what was handed in, and the cell's state."""

    grade: Grade | None
    submission: Submission | None
    score: StaffScore | None
    cell: Cell | None
    earlier: tuple[GradeVersion, ...] = ()


def own_result(unit: UnitOfWork, actor: Actor, activity_id: str) -> Result:
    """The actor's own grade with its making; nothing before release."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    participant = participants_of(unit, activity.course, [actor.person]).get(actor.person)
    require(actor, Action.READ_OWN_RESULT, Subject(takes_part=bool(participant and participant.takes_part)))
    found = unit.store.find(GRADES, activity=activity_id, person=actor.person, limit=1)
    bylines = unit.store.find(BYLINES, activity=activity_id, person=actor.person, in_force=True, limit=1)
    submission = unit.store.get(SUBMISSIONS, bylines[0].submission) if bylines else None
    grade = found[0] if found else None
    if grade is None or grade.released_at is None:
        return Result(None, submission, None, None)
    scores = unit.store.find(STAFF_SCORES, work=submission.work, limit=1) if submission else []
    cells = unit.store.find(CELLS, activity=activity_id, person=actor.person, limit=1)
    versions = unit.store.find(GRADE_VERSIONS, activity=activity_id, person=actor.person)
    earlier = tuple(v for v in versions if v.number < grade.number and v.at >= grade.released_at)
    score, cell = scores[0] if scores else None, cells[0] if cells else None
    if score and not score.complete:
        # Marks that staff keep for later are theirs alone; what was said with the grade stays.
        score = replace(score, comment=cell.comment if cell else "")
    return Result(grade, submission, score, cell, earlier)


@dataclass(frozen=True)
class GradeRow:
    """One person in the list of grades; `grade` is `None` where it is not for this reader."""

    person: str
    grade: Grade | None
    participant: Participant | None
    cell: Cell | None
    id: str = ""  # where the next page begins


def grade_rows(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "", limit: int = 50
) -> list[GradeRow]:
    """A page of grades with their people and cells: a fixed number of queries.

    A TA limited to some teams gets whole pages of those; grades of one's own team stay hidden.
    """
    require(actor, Action.READ_GRADES)
    activity = unit.store.get(ACTIVITIES, activity_id)
    last = unit.store.get(GRADES, after) if after else None
    grades = unit.store.find(GRADES, activity=activity_id, after=last, limit=limit, **_bounds(actor))
    own = own_teams(unit, actor, activity_id)
    keys = [grade.person for grade in grades]
    people = participants_of(unit, activity.course, keys)
    cells = {
        cell.person: cell
        for cell in (
            unit.store.find(CELLS, activity=activity_id, person=keys, limit=len(keys)) if keys else ()
        )
    }
    return [
        GradeRow(grade.person, None, people.get(grade.person), None, grade.id)
        if grade.team in own
        else GradeRow(grade.person, grade, people.get(grade.person), cells.get(grade.person), grade.id)
        for grade in grades
    ]


def grade_of(
    unit: UnitOfWork, actor: Actor, activity_id: str, person: str
) -> tuple[Grade, Participant | None]:
    """One person's grade with their record, for the page that overrides it."""
    require(actor, Action.OVERRIDE_GRADE)
    rows = unit.store.find(GRADES, activity=activity_id, person=person, limit=1)
    if not rows:
        raise NotFound("person")
    activity = unit.store.get(ACTIVITIES, activity_id)
    return rows[0], participants_of(unit, activity.course, [person]).get(person)


def grades_of_missed(unit: UnitOfWork, activity_id: str, work_ids: Iterable[str]) -> Sequence[Grade]:
    """Grade the members of works that were missed: zero, and it says so."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    result: list[Grade] = []
    for work_id in work_ids:
        work = unit.store.get(WORKS, work_id)
        if work.state is WorkState.MISSED:
            result += recompose(unit, activity, work, by="", cause="missed")
    return result
