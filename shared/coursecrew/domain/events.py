"""What has happened: written in the same transaction as the change itself, delivered later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Every event the product records; `notices` says whom each of them tells what."""

    ACTIVITY_PUBLISHED = "activity_published"
    SETTINGS_CHANGED = "settings_changed"
    TEAM_FOUNDED = "team_founded"
    TEAM_JOINED = "team_joined"
    TEAM_LEFT = "team_left"
    TEAM_MOVED = "team_moved"
    TEAM_INVITED = "team_invited"
    TEAM_REQUESTED = "team_requested"
    TEAM_ANSWERED = "team_answered"
    SEAT_FREED = "seat_freed"
    TEAMS_PLACED = "teams_placed"
    PLACE_WANTED = "place_wanted"
    SURVEY_ANSWERED = "survey_answered"
    FORMATION_DONE = "formation_done"
    FORMATION_FAILED = "formation_failed"
    TEAMS_TAKEN_BACK = "teams_taken_back"
    SEATS_OFFERED = "seats_offered"
    ABSENCE_ASKED = "absence_asked"
    MEMBER_INACTIVE = "member_inactive"
    MEMBER_BACK = "member_back"
    MERGER_PROPOSED = "merger_proposed"
    MERGER_WAITS = "merger_waits"
    MERGER_REFUSED = "merger_refused"
    TEAMS_MERGED = "teams_merged"
    CHARTER_CHANGED = "charter_changed"
    ROLES_CHANGED = "roles_changed"
    MENTOR_NAMED = "mentor_named"
    MENTOR_ENDED = "mentor_ended"
    SANDBOX_SHARED = "sandbox_shared"
    SANDBOX_SAID = "sandbox_said"
    SANDBOX_YES_WANTED = "sandbox_yes_wanted"
    SANDBOX_OPENED = "sandbox_opened"
    SOLO_ASKED = "solo_asked"
    SOLO_DECIDED = "solo_decided"
    NUDGED = "nudged"
    TEAM_RENAMED = "team_renamed"
    NAME_DECIDED = "name_decided"
    WORK_SUBMITTED = "work_submitted"
    WORK_CONFIRMING = "work_confirming"
    WORK_CONFIRMED = "work_confirmed"
    WORK_OBJECTED = "work_objected"
    WORK_WITHDRAWN = "work_withdrawn"
    WORK_MISSED = "work_missed"
    WORK_EXCUSED = "work_excused"
    EXTENSION_GIVEN = "extension_given"
    WORK_SCORED = "work_scored"
    TASK_BLOCKED = "task_blocked"
    TASK_FREED = "task_freed"
    TASK_GIVEN = "task_given"
    MILESTONE_LATE = "milestone_late"
    MILESTONE_REACHED = "milestone_reached"
    POST_WRITTEN = "post_written"
    PERSON_MENTIONED = "person_mentioned"
    DECISION_PINNED = "decision_pinned"
    PROBLEM_SAID = "problem_said"
    NOTE_TO_STAFF = "note_to_staff"
    NOTE_TO_MENTOR = "note_to_mentor"
    GRADES_RELEASED = "grades_released"
    GRADE_CHANGED = "grade_changed"
    BYLINE_CORRECTED = "byline_corrected"
    ROUND_SETTLED = "round_settled"
    REVIEW_SUBMITTED = "review_submitted"
    FEEDBACK_RELEASED = "feedback_released"
    REVIEW_EXCLUDED = "review_excluded"
    WORK_REPORTED = "work_reported"
    REVIEW_HELD = "review_held"
    REVIEW_REJECTED = "review_rejected"
    REJOINDER_SENT = "rejoinder_sent"
    REVIEW_FLAGGED = "review_flagged"
    REMARK_REPLIED = "remark_replied"
    ROUND_OPENED = "round_opened"
    FILL_IN_NAMED = "fill_in_named"
    FILL_IN_ENDED = "fill_in_ended"
    FILL_IN_WANTED = "fill_in_wanted"
    REVIEWS_MISSING = "reviews_missing"
    APPEAL_MADE = "appeal_made"
    APPEAL_DECIDED = "appeal_decided"
    PERSON_NAMED = "person_named"
    PERSON_EXCLUDED = "person_excluded"


@dataclass(frozen=True)
class Event:
    """One row of the outbox. `delivered_at` is empty until its notices are written."""

    id: str
    activity: str
    course: str
    kind: Kind
    by: str
    at: datetime
    team: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    state: str = "waiting"  # waiting, delivered, failed
    tries: int = 0
    next_try: datetime | None = None
    error: str = ""
    version: int = 1
