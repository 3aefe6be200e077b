"""What a team handed in before two teams became one: it stays with those whose names stand on it."""

from __future__ import annotations

from coursecrew.app.records import BYLINES, MEMBERSHIP_EVENTS, SUBMISSIONS
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.submissions import Submission, Work
from coursecrew.domain.teams import Happened, Membership


def is_closed_to(unit: UnitOfWork, submission: Submission | None, membership: Membership | None) -> bool:
    """Whether a member of the team came by a merger after this was handed in, and is not named on it.

    Whoever was placed or joined later reads what the team has; a merger opens nobody old work. Two
    queries at most, and none for whoever was there.
    """
    if submission is None or membership is None or membership.team != submission.team:
        return False
    if membership.since <= submission.sealed_at:
        return False
    person = membership.person
    log = unit.store.find(MEMBERSHIP_EVENTS, team=submission.team, person=person, event=Happened.MERGED.value)
    if all(row.at != membership.since for row in log):
        return False
    return not unit.store.count(BYLINES, submission=submission.id, person=person, in_force=True)


def is_work_closed_to(unit: UnitOfWork, work: Work | None, membership: Membership | None) -> bool:
    """The same of a work, whose submission is looked up: draft, versions and files of it are closed, too."""
    if work is None or not work.submission or membership is None or membership.team != work.team:
        return False
    return is_closed_to(unit, unit.store.get(SUBMISSIONS, work.submission), membership)


def named_elsewhere(unit: UnitOfWork, activity: str, team: str, person: str) -> str:
    """The submission of another team that names somebody, who was in that team then; "" where none does."""
    rows = unit.store.find(BYLINES, activity=activity, person=person, in_force=True, limit=1)
    if not rows:
        return ""
    submission = unit.store.get(SUBMISSIONS, rows[0].submission)
    return submission.id if submission.team != team else ""
