"""The files of a work for its reviewers: as uploaded, or cleaned copies under neutral names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coursecrew.app.attached import files_of_submission
from coursecrew.app.cleaned_copies import ENDINGS
from coursecrew.app.records import MEMBERSHIPS, POOL, REVIEWS
from coursecrew.app.reviewing.places import place_of
from coursecrew.app.reviewing.writing import own
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import Refusal
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import Anonymity
from coursecrew.domain.reviewing import ALL_STAFF, Review, ReviewState
from coursecrew.domain.team_files import TeamFile

OPEN_TO_READ = frozenset(
    {ReviewState.LEASED, ReviewState.LAPSED, ReviewState.SUBMITTED, ReviewState.HELD, ReviewState.EXCLUDED}
)


@dataclass(frozen=True)
class ShownFiles:
    """What a reviewer may open, and how many more are withheld because they could say who made them."""

    files: tuple[TeamFile, ...]
    withheld: int = 0


def files_for_reviewer(unit: UnitOfWork, mode: Anonymity, submission: str) -> ShownFiles:
    """The files of a submission under the names that a reviewer may read."""
    rows = sorted(files_of_submission(unit, submission), key=lambda row: row.id)
    if not mode.hides_authors:
        return ShownFiles(tuple(rows))
    shown = [neutral(row, number) for number, row in enumerate(rows, start=1) if _can_be_shown(row)]
    return ShownFiles(tuple(shown), len(rows) - len(shown))


def _can_be_shown(row: TeamFile) -> bool:
    return not row.is_link and row.kind in ENDINGS


def neutral(row: TeamFile, number: int) -> TeamFile:
    """The file under a name that says nothing about anybody."""
    return replace(row, name=f"file-{number}.{ENDINGS[row.kind]}", by="")


def file_of_reviewed(
    unit: UnitOfWork, actor: Actor, row: TeamFile, sealed: Sequence[str]
) -> tuple[TeamFile, bool] | None:
    """The file for somebody who reviews a work that it was handed in with, and whether it must be cleaned.

    `None` where the actor reviews no such work.
    """
    works = unit.store.find(POOL, submission=list(sealed), limit=50) if sealed else []
    if not works:
        return None
    keys = [actor.person, ALL_STAFF]
    keys += [member.team for member in unit.store.find(MEMBERSHIPS, person=actor.person, limit=100)]
    rows = unit.store.find(REVIEWS, pool=[work.id for work in works], reviewer=keys, limit=100)
    for review in rows:
        if review.state in OPEN_TO_READ and _may_read(unit, actor, review):
            mode = place_of(unit, review.activity).rules.anonymity
            submission = next(work.submission for work in works if work.id == review.pool)
            if not mode.hides_authors or review.reviewer == ALL_STAFF:
                return row, False
            shown = files_for_reviewer(unit, mode, submission).files
            named = next((one for one in shown if one.id == row.id), None)
            if named is not None:
                return named, True
    return None


def _may_read(unit: UnitOfWork, actor: Actor, review: Review) -> bool:
    """Whether the review is theirs to read at this moment."""
    try:
        own(unit, actor, review.activity, review.id)
    except Refusal:
        return False
    return True
