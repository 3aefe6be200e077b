"""What an author decides about a peer review: who judges, how many, who knows whom, and what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Problem

TEAM_ASSIGNMENT = "team_assignment"  # the kinds of activities
PEER_REVIEW = "peer_review"
MOST_EACH = 10
LONGEST_LEASE = 336  # hours


class Reviewers(StrEnum):
    """Who writes a review."""

    PERSON = "person"
    TEAM = "team"  # written together, submitted once


class Anonymity(StrEnum):
    """Who knows whom; the course staff always see real names."""

    NAMED = "named"
    SINGLE = "single"  # authors do not see the reviewer
    DOUBLE = "double"  # nor the reviewer the authors
    TEAM_NAME = "team_name"  # both sides see team names, and nobody's own

    @property
    def hides_authors(self) -> bool:
        """Whether reviewers may know no person behind a work."""
        return self in (Anonymity.DOUBLE, Anonymity.TEAM_NAME)

    @property
    def hides_reviewers(self) -> bool:
        """Whether authors may know no person behind a review."""
        return self is not Anonymity.NAMED


# From loose to tight; after the first review it may only become tighter.
TIGHTNESS: Mapping[Anonymity, int] = {
    Anonymity.NAMED: 0, Anonymity.SINGLE: 1, Anonymity.TEAM_NAME: 2, Anonymity.DOUBLE: 3,
}  # fmt: skip


class Allocation(StrEnum):
    """When it is decided who judges what."""

    PULL = "pull"  # just in time: whoever is ready takes the work that needs it most
    DEADLINE = "deadline"  # all at once, when handing in is over


class Feedback(StrEnum):
    """When authors read their reviews."""

    DEADLINE = "deadline"  # 72 hours after reviews are due
    COMPLETE = "complete"  # each work when its reviews are in
    HAND = "hand"  # by a press of the staff


@dataclass(frozen=True)
class ReviewRules:
    """Everything an author decides about a peer review, beside rubric, dates and late policy.

    `of` is the short name of the team assignment in the same course whose works are judged; without
    one, everybody hands in a work of their own here. `min_reviews` 0 means half of `per_work`.
    `staff_share` is what a staff score counts beside the peers', of 100.
    """

    of: str = ""
    per_work: int = 3
    reviewers: Reviewers = Reviewers.PERSON
    anonymity: Anonymity = Anonymity.DOUBLE
    allocation: Allocation = Allocation.PULL
    lease_hours: int = 24
    method: Method = Method.MEDIAN
    min_reviews: int = 0
    staff_share: int = 0
    weight_product: int = 100
    weight_review: int = 0
    feedback: Feedback = Feedback.DEADLINE
    rejoinder: bool = True
    without_work: bool = True  # whoever handed in nothing judges others all the same
    overall: bool = True  # a comment on the whole is asked for

    @property
    def enough(self) -> int:
        """Reviews with which a work can be scored once time is up."""
        return self.min_reviews or -(-self.per_work // 2)

    @property
    def lease(self) -> timedelta:
        """How long a work is held without a save."""
        return timedelta(hours=self.lease_hours)


def review_problems(rules: ReviewRules) -> list[Problem]:
    """What no settings document may say about a peer review."""
    problems = []
    if not 1 <= rules.per_work <= MOST_EACH:
        problems.append(Problem("per_work", "reviews_each", (("most", MOST_EACH),)))
    if not 0 <= rules.min_reviews <= max(1, rules.per_work):
        problems.append(Problem("min_reviews", "min_reviews", (("most", rules.per_work),)))
    if not 1 <= rules.lease_hours <= LONGEST_LEASE:
        problems.append(Problem("lease_hours", "lease_hours", (("most", LONGEST_LEASE),)))
    if not 0 <= rules.staff_share <= 100:
        problems.append(Problem("staff_share", "percent"))
    weights = (rules.weight_product, rules.weight_review)
    if min(weights) < 0 or sum(weights) != 100:
        problems.append(Problem("weight_product", "weights_sum"))
    return problems


def kept_rules(current: ReviewRules, wish: ReviewRules) -> tuple[ReviewRules, list[str]]:
    """The rules that may take effect once somebody has begun a review, and the codes of what is held.

    Anonymity may only become tighter: people wrote under a promise. What is judged, and by whom, stays.
    """
    held: list[str] = []
    if TIGHTNESS[wish.anonymity] < TIGHTNESS[current.anonymity]:
        wish, held = replace(wish, anonymity=current.anonymity), [*held, "anonymity"]
    if (wish.of, wish.reviewers) != (current.of, current.reviewers):
        wish, held = replace(wish, of=current.of, reviewers=current.reviewers), [*held, "reviewed"]
    return wish, held
