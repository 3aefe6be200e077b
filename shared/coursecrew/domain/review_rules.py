"""What an author decides about a peer review: who judges, how many, who knows whom, and what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Problem

TEAM_ASSIGNMENT = "team_assignment"  # the kinds of activities
PEER_REVIEW = "peer_review"
MOST_EACH = 10
MOST_ROUNDS = 5
LONGEST_HOLD = 7  # days
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


class SelfReview(StrEnum):
    """Whether authors judge their own work by the same rubric; it never counts."""

    OFF = "off"
    BEFORE = "before"  # before they take the first work of others
    AFTER = "after"  # when they have done what they owe


class Practice(StrEnum):
    """Whether reviewers try their hand at samples that staff have rated."""

    OFF = "off"
    OFFERED = "offered"
    NEEDED = "needed"  # nobody takes a work before passing


@dataclass(frozen=True)
class Later:
    """A further round: until when works are revised, and until when the revisions are reviewed."""

    revise: datetime
    review: datetime


@dataclass(frozen=True)
class ReviewRules:
    """Everything an author decides about a peer review, beside rubric, dates and late policy.

    `of` is the short name of the team assignment in the same course whose works are judged, unless
    everybody hands in a work of their own here (`own_works`). `min_reviews` 0 means half of `per_work`.
    `staff_share` is what a staff score counts beside the peers', of 100. `hold_days` is how long a
    review waits for the staff's look before it counts; one with a listed word waits until they have
    decided. `owing_days`: whoever still owes reviews reads what they got so many days later.
    """

    of: str = ""
    own_works: bool = False  # everybody hands in a work of their own, here
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
    appeals: bool = True
    own_review: SelfReview = SelfReview.OFF
    hold_days: int = 0
    practice: Practice = Practice.OFF
    model_first: bool = False  # a sample with the staff's own review is read before the first one
    weight_practice: int = 0
    owing_days: int = 7
    later: tuple[Later, ...] = ()

    @property
    def enough(self) -> int:
        """Reviews with which a work can be scored once time is up."""
        return self.min_reviews or -(-self.per_work // 2)

    @property
    def rounds(self) -> int:
        """How often a work is handed in and reviewed."""
        return 1 + len(self.later)

    @property
    def weights(self) -> tuple[int, int, int]:
        """What the work, the reviews owed and practice count; together 100."""
        return self.weight_product, self.weight_review, self.weight_practice

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
    if min(rules.weights) < 0 or sum(rules.weights) != 100:
        problems.append(Problem("weight_product", "weights_sum"))
    if not 0 <= rules.hold_days <= LONGEST_HOLD:
        problems.append(Problem("hold_days", "hold_days", (("most", LONGEST_HOLD),)))
    if not 0 <= rules.owing_days <= 60:
        problems.append(Problem("owing_days", "owing_days", (("most", 60),)))
    if rules.rounds > MOST_ROUNDS:
        problems.append(Problem("rounds", "too_many_rounds", (("most", MOST_ROUNDS),)))
    moments = [moment for later in rules.later for moment in (later.revise, later.review)]
    if moments != sorted(moments):
        problems.append(Problem("rounds", "rounds_crossed"))
    if rules.own_works and rules.anonymity is Anonymity.TEAM_NAME:
        problems.append(Problem("anonymity", "no_team_names"))
    return problems


def kept_rules(current: ReviewRules, wish: ReviewRules) -> tuple[ReviewRules, list[str]]:
    """The rules that may take effect once somebody has begun a review, and the codes of what is held.

    Anonymity may only become tighter: people wrote under a promise. What is judged, and by whom, stays.
    Correcting by habits is announced before anybody judges; no round that was promised is taken away.
    """
    held: list[str] = []
    if TIGHTNESS[wish.anonymity] < TIGHTNESS[current.anonymity]:
        wish, held = replace(wish, anonymity=current.anonymity), [*held, "anonymity"]
    judged = (current.of, current.own_works, current.reviewers)
    if (wish.of, wish.own_works, wish.reviewers) != judged:
        wish = replace(wish, of=current.of, own_works=current.own_works, reviewers=current.reviewers)
        held = [*held, "reviewed"]
    if wish.method is Method.CALIBRATED and current.method is not Method.CALIBRATED:
        wish, held = replace(wish, method=current.method), [*held, "method"]
    if wish.rounds < current.rounds:
        wish, held = replace(wish, later=current.later), [*held, "rounds"]
    return wish, held
