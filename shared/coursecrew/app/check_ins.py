"""Check-ins: answer and change within the period, and what team, mentor and staff may read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coursecrew.app.circle import Circle, circle_of, mentors_in, own_circle
from coursecrew.app.records import CHECK_INS
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.check_ins import (
    NOTE_LENGTH,
    PERIODS_SHOWN,
    CheckIn,
    NoteFor,
    Period,
    Summary,
    checked_answers,
    period_at,
    summaries,
    was_shown,
)
from coursecrew.domain.errors import Conflict, Invalid, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, unturned
from coursecrew.domain.permissions import Action, Subject, is_allowed
from coursecrew.domain.schedule import Step

MOST_ROWS = PERIODS_SHOWN * 50  # a team has at most fifty members


@dataclass(frozen=True)
class CheckIns:
    """What a page about a team's check-ins shows to whoever looks at it."""

    circle: Circle
    period: Period | None  # the one that is open; `None` when there is none
    own: CheckIn | None
    summaries: tuple[Summary, ...]
    notes: tuple[CheckIn, ...]  # those with a note that the reader was chosen for
    named: tuple[CheckIn, ...]  # those whose writer shows the course staff whose they are
    people: dict[str, Participant]
    mentors: tuple[str, ...] = ()
    expected: int = 0  # how many can answer in the open period


def open_period(activity: Activity, now: datetime) -> Period | None:
    """The check-in that is open, or `None`: switched off, not begun, or the work is over."""
    rule, window = activity.settings.check_in, activity.window(Step.DRAFT)
    anchor = window.opens or activity.published_at
    if not rule.on or anchor is None or now < anchor or not activity.is_visible:
        return None
    period = period_at(anchor, rule.every_days, now)
    ends = window.closes or window.due
    return None if ends is not None and now > ends else period


def own_check_in(unit: UnitOfWork, activity: Activity, team: str, person: str) -> CheckIn | None:
    """What somebody answered in the open period; one query."""
    period = open_period(activity, unit.now)
    if period is None:
        return None
    found = unit.store.find(
        CHECK_INS, activity=activity.id, team=team, person=person, opens=period.opens, limit=1
    )
    return found[0] if found else None


def check_in(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    answers: Mapping[str, object],
    *,
    problem: bool = False,
    note: str = "",
    note_for: NoteFor = NoteFor.TEAM,
    named: bool = False,
) -> CheckIn:
    """Answer, or change one's answer while the period is open."""
    circle = own_circle(unit, actor, activity_id, Action.CHECK_IN, writes=True)
    period = open_period(circle.activity, unit.now)
    if period is None:
        raise Conflict("no_check_in")
    checked = checked_answers(answers)
    note = unturned(note).strip()
    if len(note) > NOTE_LENGTH:
        raise Invalid(Problem("note", "text_too_long", (("most", NOTE_LENGTH), ("have", len(note)))))
    mentors = mentors_in(unit, circle.team.id)
    if note and note_for is NoteFor.MENTOR and not mentors:
        raise Invalid(Problem("note_for", "no_mentor"))
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id, "person": actor.person}
    found = unit.store.find(CHECK_INS, **about, opens=period.opens, limit=1)
    row = CheckIn(
        unit.new_id(), circle.activity.id, circle.team.id, actor.person, period.opens, checked, unit.now,
        problem, note, note_for, named,
    )  # fmt: skip
    old = found[0] if found else None
    if old:
        row = unit.store.save(CHECK_INS, replace(row, id=old.id, counted=old.counted, version=old.version))
    else:
        row = unit.store.add(CHECK_INS, replace(row, counted=not _came_too_late(unit, circle, actor, period)))
    if problem and not (old and old.problem):
        # Who said it is told to nobody: the event carries no name.
        _record(unit, circle, Kind.PROBLEM_SAID, "", list(mentors))
    if note and (old is None or (note, note_for) != (old.note, old.note_for)):
        _tell_note(unit, circle, actor, note_for, mentors)
    return row


def _came_too_late(unit: UnitOfWork, circle: Circle, actor: Actor, period: Period) -> bool:
    """Whether the means were shown before this person came into the team.

    Their numbers would then be told by the means moving, so they stay out of them this time. Ids
    rise with time, also where an answer was changed meanwhile.
    """
    own = next((row for row in circle.members if row.person == actor.person), None)
    if own is None:
        return False
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id}
    rows = unit.store.find(CHECK_INS, **about, opens=period.opens, limit=100)
    before = [row for row in rows if row.id < own.id]
    known = participants_of(unit, circle.activity.course, circle.people)
    there = [row.person for row in circle.members if row.id < own.id]
    return was_shown(before, those_who_answer(there, known))


def _tell_note(
    unit: UnitOfWork, circle: Circle, actor: Actor, note_for: NoteFor, mentors: Sequence[str]
) -> None:
    if note_for is NoteFor.STAFF:
        _record(unit, circle, Kind.NOTE_TO_STAFF, actor.person, [])
    elif note_for is NoteFor.MENTOR:
        _record(unit, circle, Kind.NOTE_TO_MENTOR, actor.person, list(mentors))


def _record(unit: UnitOfWork, circle: Circle, kind: Kind, by: str, people: list[str]) -> None:
    unit.record(
        kind, activity=circle.activity.id, course=circle.activity.course, by=by, team=circle.team.id,
        people=people, name=circle.team.name, item=circle.team.id,
    )  # fmt: skip


def own_check_ins(unit: UnitOfWork, actor: Actor, activity_id: str) -> CheckIns:
    """The actor's own answer, and what their team may read of the others'."""
    circle = own_circle(unit, actor, activity_id, Action.CHECK_IN)
    return _check_ins(unit, actor, circle, reader=NoteFor.TEAM)


def check_ins_of(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> CheckIns:
    """A team's check-ins for its mentors and the course staff: summaries, and notes meant for them."""
    circle = circle_of(unit, actor, activity_id, team_id, Action.READ_CHECK_INS)
    if circle.subject.member:
        return _check_ins(unit, actor, circle, reader=NoteFor.TEAM)
    staff = is_allowed(actor, Action.LOOK_AT_TEAMS, Subject(team=team_id))
    return _check_ins(unit, actor, circle, reader=NoteFor.STAFF if staff else NoteFor.MENTOR)


def _check_ins(unit: UnitOfWork, actor: Actor, circle: Circle, *, reader: NoteFor) -> CheckIns:
    rows = _rows(unit, circle.activity.id, circle.team.id)
    period = open_period(circle.activity, unit.now)
    own = None
    if reader is NoteFor.TEAM and period is not None:
        own = next((r for r in rows if r.person == actor.person and r.opens == period.opens), None)
    # Somebody who mentors and is staff, too, reads what was meant for either.
    meant = {reader} | ({NoteFor.MENTOR} if circle.subject.mentor else set())
    notes = tuple(
        row for row in rows if row.note and row.note_for in meant and not _was_for_another(row, circle)
    )
    named = tuple(row for row in rows if row.named) if reader is NoteFor.STAFF else ()
    writers = {row.person for row in (*notes, *named)}
    known = participants_of(unit, circle.activity.course, writers | {*circle.people})
    expected = those_who_answer(circle.people, known)
    return CheckIns(
        circle, period, own, _summaries(rows, expected, period, reader), notes, named,
        {key: known[key] for key in writers if key in known}, mentors_in(unit, circle.team.id), len(expected),
    )  # fmt: skip


def _was_for_another(row: CheckIn, circle: Circle) -> bool:
    """Whether a note was written to whoever was mentor before this one."""
    if row.note_for is not NoteFor.MENTOR or circle.mentor_since is None:
        return False
    return row.at < circle.mentor_since


def those_who_answer(members: Sequence[str], known: Mapping[str, Participant]) -> list[str]:
    """Members who can check in: those who take part still, also one who was not seen for long."""
    return [key for key in members if key in known and known[key].takes_part]


def _rows(unit: UnitOfWork, activity: str, team: str) -> list[CheckIn]:
    return unit.store.find(CHECK_INS, activity=activity, team=team, order="newest", limit=MOST_ROWS)


def _summaries(
    rows: Sequence[CheckIn], expected: Sequence[str], period: Period | None, reader: NoteFor
) -> tuple[Summary, ...]:
    return summaries(
        rows,
        open_period=period.opens if period else None,
        members=expected,
        always_tell_problem=reader is not NoteFor.TEAM,
    )[:PERIODS_SHOWN]


def summaries_of(
    unit: UnitOfWork, activity: Activity, team: str, members: Sequence[str]
) -> tuple[Summary, ...]:
    """What may be told of a team's check-ins, the newest first; one query. Rights are the caller's."""
    period = open_period(activity, unit.now)
    return summaries(
        _rows(unit, activity.id, team),
        open_period=period.opens if period else None,
        members=members,
        always_tell_problem=True,
    )[:PERIODS_SHOWN]
