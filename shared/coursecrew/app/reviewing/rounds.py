"""Rounds: when the authors have read their reviews they revise the work, and it is reviewed again."""

from __future__ import annotations

from datetime import timedelta

from coursecrew.app.draft_versions import keep_version
from coursecrew.app.records import ACTIVITIES, DRAFTS, POOL, REJOINDERS, REVIEWS, SUBMISSIONS, WORKS
from coursecrew.app.reviewing.places import Place
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.events import Kind
from coursecrew.domain.rejoinders import Rejoinder
from coursecrew.domain.reviewing import PoolWork, Review
from coursecrew.domain.submissions import Draft, Submission, VersionKind, Work

REVISE_GRACE = timedelta(days=1)  # after the due time a revision is late; then it closes


def open_next_round(unit: UnitOfWork, place: Place, work: PoolWork) -> None:
    """Give the team its work back, as a draft that begins with what it had handed in."""
    if work.round >= place.rules.rounds:
        return
    known = unit.store.find(WORKS, activity=place.of.id, team=work.team, order="latest", limit=1)
    if known and known[0].round > work.round:
        return
    due = place.rules.later[work.round - 1].revise
    revised = unit.store.add(
        WORKS,
        Work(
            unit.new_id(), place.of.id, work.team, work.round + 1, edited_at=unit.now, due_at=due,
            closes_at=due + REVISE_GRACE,
        ),
    )  # fmt: skip
    before = unit.store.get(SUBMISSIONS, work.submission)
    draft = unit.store.add(DRAFTS, Draft(unit.new_id(), revised.id, 1, dict(before.texts)))
    keep_version(unit, revised, draft, before.by, VersionKind.SAVED)
    activity = unit.store.get(ACTIVITIES, place.of.id)
    unit.record(
        Kind.ROUND_OPENED,
        activity=activity.id,
        course=activity.course,
        by="",
        team=work.team,
        due=due.isoformat(),
    )


def earlier_round(
    unit: UnitOfWork, work: PoolWork, reviewer: str
) -> tuple[Submission, Review | None, Rejoinder | None] | None:
    """What was handed in the round before, what this reviewer said of it, and the authors' answer."""
    if work.round <= 1:
        return None
    before = unit.store.find(POOL, activity=work.activity, team=work.team, round=work.round - 1, limit=1)
    if not before:
        return None
    mine = unit.store.find(REVIEWS, pool=before[0].id, reviewer=reviewer, limit=1)
    answers = unit.store.find(REJOINDERS, review=mine[0].id, limit=1) if mine else []
    sent = answers[0] if answers and answers[0].sent_at else None
    return unit.store.get(SUBMISSIONS, before[0].submission), mine[0] if mine else None, sent
