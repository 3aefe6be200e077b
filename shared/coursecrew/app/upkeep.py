"""Periodic work, called by any scheduler every few minutes; every step may be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from coursecrew.app.absences import look_for_absent
from coursecrew.app.alerts import look_for_signs
from coursecrew.app.draft_versions import forget_folded
from coursecrew.app.grading import grades_of_missed
from coursecrew.app.latecomers import place_latecomers
from coursecrew.app.marks import forget_marks
from coursecrew.app.mergers import tend_mergers
from coursecrew.app.plans import keep_plans
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, ASKINGS, REQUEST_KEYS, TEAM_SETS, TEAMS, WORKS
from coursecrew.app.reviewing.feedback import keep_reviewing
from coursecrew.app.sandbox_files import sweep_sandbox_files
from coursecrew.app.solo import tend_solo
from coursecrew.app.submissions import begin_work, pass_time
from coursecrew.app.surveys import delete_sensitive, with_sensitive_left
from coursecrew.app.teams import fill_free_seats
from coursecrew.app.unit_of_work import KEYS_LAST, UnitOfWork, run
from coursecrew.domain.activities import Activity, State
from coursecrew.domain.errors import Conflict
from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import Work, WorkState
from coursecrew.domain.teams import Asking, Team

PAGE = 200


@dataclass(frozen=True)
class Kept:
    """What one round of upkeep did."""

    works: int = 0
    askings: int = 0
    keys: int = 0
    members: int = 0  # asked whether they are still there, or marked
    sensitive: int = 0  # sensitive answers deleted, and runs marked as without them
    placed: int = 0  # latecomers who got a seat, or were offered some
    mergers: int = 0  # proposed, joined, or handed to the course staff


def upkeep(ports: Ports) -> Kept:
    """Let time pass: confirmations that ran out, drafts that closed, invitations that expired,
    members who were not seen, people who came late, teams that shrank, sensitive answers whose time
    is over."""
    works = 0
    published = _published(ports)
    activities = [activity for activity in published if activity.kind != PEER_REVIEW]
    for review in (activity for activity in published if activity.kind == PEER_REVIEW):
        if review.settings.review.own_works:
            works += _let_time_pass(ports, review)
        _keep_review(ports, review)
    for activity in activities:
        works += _let_time_pass(ports, activity)
        run(ports, fill_free_seats, activity.id)
    members = look_for_absent(ports, activities)
    keep_plans(ports, activities)
    _until_done(ports, forget_folded)
    _until_done(ports, forget_marks)
    placed = place_latecomers(ports, activities)
    mergers = tend_mergers(ports, activities)
    tend_solo(ports)
    sweep_sandbox_files(ports)
    look_for_signs(ports, activities)
    return Kept(
        works, _expire_askings(ports), _forget_keys(ports), members, _forget_sensitive(ports), placed, mergers
    )  # fmt: skip


def _keep_review(ports: Ports, review: Activity) -> None:
    """Let time pass in a peer review; one whose assignment is not in the course waits for its author."""
    try:
        _until_done(ports, lambda unit: keep_reviewing(unit, review.id))
    except Conflict:
        return


def _published(ports: Ports) -> list[Activity]:
    found: list[Activity] = []
    last: Activity | None = None
    while True:
        page = run(ports, _activities, last)
        found += page
        if len(page) < PAGE:
            return found
        last = page[-1]


def _activities(unit: UnitOfWork, after: Activity | None) -> list[Activity]:
    return unit.store.find(ACTIVITIES, state=State.PUBLISHED.value, after=after, limit=PAGE)


def _let_time_pass(ports: Ports, activity: Activity) -> int:
    """Walk the works that time may move; a work still open is left alone."""
    now = ports.clock.now()
    states = [WorkState.CONFIRMING.value]
    window = activity.window(Step.DRAFT)
    if window.is_over(now):
        states.append(WorkState.DRAFTING.value)
        _begin_missing(ports, activity)
    moved, last = 0, None
    while True:
        page = run(ports, _works, activity.id, states, last)
        for work in page:
            after = run(ports, pass_time, activity.id, work.id)
            if after.state is WorkState.MISSED:
                run(ports, grades_of_missed, activity.id, [work.id])
            moved += after.state is not work.state
        if len(page) < PAGE:
            return moved
        last = page[-1]


def _works(unit: UnitOfWork, activity_id: str, states: list[str], after: Work | None) -> list[Work]:
    return unit.store.find(WORKS, activity=activity_id, state=states, after=after, limit=PAGE)


def _begin_missing(ports: Ports, activity: Activity) -> None:
    """Give teams that never opened their draft a work, so that it can be told that they missed it."""
    last: Team | None = None
    while True:
        page, missing = run(ports, _teams_without_work, activity, last)
        for team in missing:
            run(ports, begin_work, activity.id, team.id)
        if len(page) < PAGE:
            return
        last = page[-1]


def _teams_without_work(
    unit: UnitOfWork, activity: Activity, after: Team | None
) -> tuple[list[Team], list[Team]]:
    sets = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    if not sets:
        return [], []
    page = unit.store.find(TEAMS, team_set=sets[0].id, state="active", after=after, limit=PAGE)
    if not page:
        return [], []
    have = {
        work.team
        for work in unit.store.find(WORKS, activity=activity.id, team=[team.id for team in page], limit=PAGE)
    }
    return page, [team for team in page if team.id not in have and team.size]


def _expire_askings(ports: Ports) -> int:
    def expire(unit: UnitOfWork) -> int:
        rows = unit.store.find(ASKINGS, state="open", order="expiring", limit=PAGE)
        over = [row for row in rows if not row.is_open(unit.now)]
        for row in over:
            unit.store.save(ASKINGS, _expired(row))
        return len(over)

    return _until_done(ports, expire)


def _expired(asking: Asking) -> Asking:
    return replace(asking, state="expired")


def _forget_keys(ports: Ports) -> int:
    def forget(unit: UnitOfWork) -> int:
        rows = unit.store.find(REQUEST_KEYS, order="oldest", limit=PAGE)
        old = [row for row in rows if row.at < _oldest(unit.now)]
        for row in old:
            unit.store.remove(REQUEST_KEYS, row.id)
        return len(old)

    return _until_done(ports, forget)


def _forget_sensitive(ports: Ports) -> int:
    """Delete sensitive answers of every activity, closed ones too, as soon as their time is over."""
    return sum(
        _until_done(ports, partial(_forget_some, activity)) for activity in run(ports, with_sensitive_left)
    )


def _forget_some(activity: str, unit: UnitOfWork) -> int:
    return delete_sensitive(unit, activity)


def _oldest(now: datetime) -> datetime:
    return now - KEYS_LAST


def _until_done(ports: Ports, step: Callable[[UnitOfWork], int]) -> int:
    total = 0
    while done := run(ports, step):
        total += done
    return total
