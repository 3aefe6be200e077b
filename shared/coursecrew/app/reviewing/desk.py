"""A review beside the work that it judges, as whoever writes it sees it."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app.records import BYLINES, POOL, SUBMISSIONS
from coursecrew.app.reviewing.answering import answers_to
from coursecrew.app.reviewing.places import Judge, Place
from coursecrew.app.reviewing.remarks import remarks_of
from coursecrew.app.reviewing.review_files import ShownFiles, files_for_reviewer
from coursecrew.app.reviewing.rounds import earlier_round
from coursecrew.app.reviewing.writing import own
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Prompt
from coursecrew.domain.anchors import ReviewRemark
from coursecrew.domain.people import Actor
from coursecrew.domain.rejoinders import Rejoinder
from coursecrew.domain.review_rules import Anonymity
from coursecrew.domain.reviewing import BESIDE, PoolWork, Review
from coursecrew.domain.submissions import Submission


@dataclass(frozen=True)
class Desk:
    """A review with the work that it judges, and what was said of it in the round before."""

    place: Place
    judge: Judge
    review: Review
    work: PoolWork
    submission: Submission
    prompts: tuple[Prompt, ...]
    remarks: tuple[ReviewRemark, ...]
    earlier: tuple[Submission, Review | None, Rejoinder | None] | None
    files: ShownFiles
    authors: tuple[str, ...]  # their names, where the mode lets a reviewer know them
    answer: Rejoinder | None  # of the authors to this review, once it is sent


def look_at_desk(unit: UnitOfWork, actor: Actor, activity_id: str, review_id: str) -> Desk:
    """A review of one's own, beside the work."""
    place, judge, review = own(unit, actor, activity_id, review_id)
    work = unit.store.get(POOL, review.pool)
    answer = answers_to(unit, [review.id]).get(review.id)
    return Desk(
        place,
        judge,
        review,
        work,
        unit.store.get(SUBMISSIONS, work.submission),
        place.of.settings.prompts,
        tuple(remarks_of(unit, [review.id])[review.id]),
        earlier_round(unit, work, review.reviewer),
        files_for_reviewer(
            unit,
            Anonymity.NAMED if review.cause in BESIDE else place.rules.anonymity,
            work.submission,
        ),
        _authors(unit, place, work) if not place.rules.anonymity.hides_authors else (),
        answer if answer is not None and answer.sent_at is not None else None,
    )


def _authors(unit: UnitOfWork, place: Place, work: PoolWork) -> tuple[str, ...]:
    """The names on the byline."""
    named = [row.person for row in unit.store.find(BYLINES, submission=work.submission, in_force=True)]
    people = participants_of(unit, place.activity.course, named)
    return tuple(sorted(one.name for one in people.values()))
