"""Which event tells whom what: in the page, and by mail to those who want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coursecrew.domain.events import Kind


class To(StrEnum):
    """Circles of people an event may be told to; the person who acted is always left out."""

    TEAM = "team"  # members of the team now
    PERSON = "person"  # the people named in the event's detail under "people"
    STAFF = "staff"
    CLASS = "class"  # everybody who takes part


class Pace(StrEnum):
    """How often the same thing is told to the same person; the event's detail names it as "item"."""

    EACH = "each"  # every time
    ONCE = "once"  # not again before the last one was put away; mail waits for the morning
    REMINDER = "reminder"  # three times at most, never once it is done; mail waits for the morning


MOST_REMINDERS = 3


@dataclass(frozen=True)
class Telling:
    """Whom an event is told, how often, and whether mail goes out beside the notice in the page."""

    to: tuple[To, ...]
    mail: bool = False
    pace: Pace = Pace.EACH


TELLS: Mapping[Kind, Telling] = {
    Kind.TEAM_JOINED: Telling((To.TEAM,)),
    Kind.TEAM_LEFT: Telling((To.TEAM,)),
    Kind.TEAM_MOVED: Telling((To.PERSON, To.TEAM), mail=True),
    Kind.TEAM_INVITED: Telling((To.PERSON,), mail=True),
    Kind.TEAM_REQUESTED: Telling((To.TEAM,), mail=True),
    Kind.TEAM_ANSWERED: Telling((To.PERSON,), mail=True),
    Kind.SEAT_FREED: Telling((To.PERSON,), mail=True),
    Kind.TEAMS_PLACED: Telling((To.PERSON,), mail=True),
    Kind.PLACE_WANTED: Telling((To.STAFF,), mail=True),
    Kind.FORMATION_DONE: Telling((To.PERSON,), mail=True),
    Kind.FORMATION_FAILED: Telling((To.PERSON,), mail=True),
    Kind.TEAMS_TAKEN_BACK: Telling((To.PERSON,), mail=True),
    Kind.SEATS_OFFERED: Telling((To.PERSON,), mail=True),
    Kind.ABSENCE_ASKED: Telling((To.PERSON,), mail=True),
    Kind.MEMBER_INACTIVE: Telling((To.TEAM,), mail=True),
    Kind.MEMBER_BACK: Telling((To.TEAM,)),
    Kind.MERGER_PROPOSED: Telling((To.TEAM, To.PERSON, To.STAFF), mail=True),
    Kind.MERGER_WAITS: Telling((To.STAFF,), mail=True),
    Kind.MERGER_REFUSED: Telling((To.TEAM, To.PERSON, To.STAFF)),
    Kind.TEAMS_MERGED: Telling((To.TEAM,), mail=True),
    Kind.CHARTER_CHANGED: Telling((To.TEAM,)),
    Kind.ROLES_CHANGED: Telling((To.TEAM,)),
    Kind.MENTOR_NAMED: Telling((To.PERSON, To.TEAM), mail=True),
    Kind.MENTOR_ENDED: Telling((To.PERSON, To.TEAM)),
    Kind.SANDBOX_SHARED: Telling((To.PERSON,)),
    Kind.SANDBOX_SAID: Telling((To.PERSON,)),
    Kind.FEEDBACK_RELEASED: Telling((To.TEAM,), mail=True),
    Kind.REVIEW_EXCLUDED: Telling((To.TEAM, To.PERSON)),
    Kind.WORK_REPORTED: Telling((To.STAFF,), mail=True),
    Kind.REVIEW_HELD: Telling((To.STAFF,), mail=True, pace=Pace.ONCE),
    Kind.REVIEW_REJECTED: Telling((To.TEAM, To.PERSON), mail=True),
    Kind.REJOINDER_SENT: Telling((To.TEAM, To.PERSON), mail=True),
    Kind.REVIEW_FLAGGED: Telling((To.STAFF,), mail=True),
    Kind.REMARK_REPLIED: Telling((To.TEAM, To.PERSON), pace=Pace.ONCE),
    Kind.ROUND_OPENED: Telling((To.TEAM,), mail=True),
    Kind.FILL_IN_NAMED: Telling((To.PERSON,), mail=True),
    Kind.FILL_IN_ENDED: Telling((To.PERSON,)),
    Kind.FILL_IN_WANTED: Telling((To.PERSON,), mail=True),
    Kind.REVIEWS_MISSING: Telling((To.STAFF,), mail=True),
    Kind.APPEAL_MADE: Telling((To.STAFF,), mail=True),
    Kind.APPEAL_DECIDED: Telling((To.TEAM, To.PERSON), mail=True),
    Kind.SANDBOX_YES_WANTED: Telling((To.PERSON,)),
    Kind.SANDBOX_OPENED: Telling((To.PERSON,), mail=True),
    Kind.SOLO_ASKED: Telling((To.STAFF,), mail=True),
    Kind.SOLO_DECIDED: Telling((To.PERSON,), mail=True),
    Kind.NUDGED: Telling((To.PERSON,), mail=True, pace=Pace.REMINDER),
    Kind.TEAM_RENAMED: Telling((To.TEAM,)),
    Kind.NAME_DECIDED: Telling((To.TEAM,)),
    Kind.WORK_SUBMITTED: Telling((To.TEAM,), mail=True),
    Kind.WORK_CONFIRMING: Telling((To.TEAM,), mail=True),
    Kind.WORK_OBJECTED: Telling((To.TEAM,), mail=True),
    Kind.WORK_WITHDRAWN: Telling((To.TEAM,)),
    Kind.WORK_MISSED: Telling((To.TEAM,), mail=True),
    Kind.WORK_EXCUSED: Telling((To.TEAM,), mail=True),
    Kind.EXTENSION_GIVEN: Telling((To.TEAM, To.PERSON), mail=True),
    Kind.TASK_BLOCKED: Telling((To.PERSON,), mail=True, pace=Pace.REMINDER),
    Kind.TASK_FREED: Telling((To.PERSON,)),
    Kind.TASK_GIVEN: Telling((To.PERSON,)),
    Kind.MILESTONE_LATE: Telling((To.TEAM,), mail=True, pace=Pace.REMINDER),
    Kind.POST_WRITTEN: Telling((To.PERSON,), pace=Pace.ONCE),
    Kind.PERSON_MENTIONED: Telling((To.PERSON,), mail=True, pace=Pace.ONCE),
    Kind.DECISION_PINNED: Telling((To.TEAM,)),
    Kind.PROBLEM_SAID: Telling((To.STAFF, To.PERSON), mail=True, pace=Pace.ONCE),
    Kind.NOTE_TO_STAFF: Telling((To.STAFF,), mail=True, pace=Pace.ONCE),
    Kind.NOTE_TO_MENTOR: Telling((To.PERSON,), mail=True, pace=Pace.ONCE),
    Kind.GRADES_RELEASED: Telling((To.PERSON,), mail=True),
    Kind.GRADE_CHANGED: Telling((To.PERSON,), mail=True),
    Kind.BYLINE_CORRECTED: Telling((To.TEAM, To.PERSON), mail=True),
    Kind.ROUND_SETTLED: Telling((To.PERSON,), mail=True),
    Kind.PERSON_NAMED: Telling((To.PERSON,), mail=True),
}


@dataclass(frozen=True)
class Notice:
    """One thing told to one person; its sentence is made when it is read, in their language."""

    id: str
    course: str
    activity: str
    person: str
    event: str
    kind: Kind
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
    read: bool = False
    mail: str = "none"  # none, waiting, sent, failed
    tries: int = 0
    next_try: datetime | None = None
    error: str = ""
    item: str = ""  # what it is about (a task, a thread), for kinds that are not told again and again
    version: int = 1
