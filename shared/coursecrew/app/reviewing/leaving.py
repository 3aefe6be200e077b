"""A work that leaves peer review before it has its reviews."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.records import ACTIVITIES, POOL
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew.domain.submissions import Work

MOST = 200  # peer reviews in a course


def leave_pools(unit: UnitOfWork, activity: Activity, work: Work) -> None:
    """Let nobody take a work of that assignment any more; what is being written may be finished."""
    reviews = unit.store.find(ACTIVITIES, course=activity.course, kind=PEER_REVIEW, limit=MOST)
    judging = [row.id for row in reviews if row.id == activity.id or row.settings.review.of == activity.name]
    rows = unit.store.find(POOL, activity=judging, team=work.team, round=work.round) if judging else []
    for found in rows:
        row = unit.store.get(POOL, found.id, lock=True)
        if row.work == work.id and row.open:
            unit.store.save(POOL, replace(row, open=False))
