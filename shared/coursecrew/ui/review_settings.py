"""The settings of a peer review: what its form says, over what it does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, Settings
from coursecrew.domain.averages import Method
from coursecrew.domain.review_rules import TEAM_ASSIGNMENT, Anonymity, Feedback, Reviewers, ReviewRules
from coursecrew.domain.schedule import Step
from coursecrew.ui.forms import Reading
from coursecrew.ui.reader import Reader

MOST_OFFERED = 50
OFFERED_METHODS = (Method.MEDIAN, Method.MEAN, Method.TRIMMED)


@dataclass(frozen=True)
class ReviewChoices:
    """What the form offers: assignments, and the four choices in words."""

    assignments: Sequence[tuple[str, str]]  # short name, title
    reviewers: Sequence[tuple[str, str, str]]
    modes: Sequence[tuple[str, str, str]]
    methods: Sequence[tuple[str, str, str]]
    feedback: Sequence[tuple[str, str, str]]


def assignments_in(unit: UnitOfWork, course: str) -> list[Activity]:
    """The team assignments of a course whose works may be reviewed."""
    return unit.store.find(ACTIVITIES, course=course, kind=TEAM_ASSIGNMENT, limit=MOST_OFFERED)


def choices(reader: Reader, assignments: Sequence[Activity]) -> ReviewChoices:
    """The choices in the reader's language."""
    _ = reader.gettext
    return ReviewChoices(
        [(row.name, row.settings.title or row.name) for row in assignments],
        [
            (Reviewers.PERSON.value, _("Each person"), _("Everybody writes reviews of their own.")),
            (
                Reviewers.TEAM.value,
                _("Each team"),
                _("A team writes a review together and hands it in once."),
            ),
        ],
        [
            (Anonymity.NAMED.value, _("Everybody knows"), _("Both sides read real names.")),
            (Anonymity.SINGLE.value, _("Reviewers are hidden"), _("Authors read “Reviewer 2”.")),
            (
                Anonymity.DOUBLE.value,
                _("Both sides are hidden"),
                _("“Work 3” and “Reviewer 2”, no names at all."),
            ),
            (
                Anonymity.TEAM_NAME.value,
                _("Team names only"),
                _("Both sides read team names, and no person’s."),
            ),
        ],
        [
            (Method.MEDIAN.value, _("The middle value"), _("One harsh or kind review moves nothing.")),
            (Method.MEAN.value, _("The mean"), _("Every review counts the same.")),
            (
                Method.TRIMMED.value,
                _("Without the highest and lowest"),
                _("From five reviews on; below, the middle."),
            ),
        ],
        [
            (Feedback.DEADLINE.value, _("When reviewing is over"), _("72 hours after reviews are due.")),
            (Feedback.COMPLETE.value, _("Each work when it has all"), _("Authors need not wait for others.")),
            (Feedback.HAND.value, _("When you press"), _("You look at them first.")),
        ],
    )


def review_document(reading: Reading, old: Settings, document: dict[str, Any]) -> dict[str, Any]:
    """What the form says about the peer review, as places of the settings document."""
    rules: ReviewRules = old.review
    window = {
        name: (moment.isoformat() if (moment := reading.moment(f"review_{name}")) else None)
        for name in ("opens", "due", "closes")
    }
    return {
        "steps": {**document["steps"], Step.REVIEW.value: window},
        "review": {
            **document["review"],
            "of": reading.text("of", most=80),
            "per_work": reading.whole("per_work", rules.per_work),
            "reviewers": reading.choice("reviewers", Reviewers, rules.reviewers).value,
            "anonymity": reading.choice("anonymity", Anonymity, rules.anonymity).value,
            "lease_hours": reading.whole("lease_hours", rules.lease_hours),
            "method": reading.choice("method", Method, rules.method).value,
            "min_reviews": reading.whole("min_reviews"),
            "weight_product": reading.whole("weight_product", rules.weight_product),
            "weight_review": 100 - reading.whole("weight_product", rules.weight_product),
            "feedback": reading.choice("feedback", Feedback, rules.feedback).value,
            "without_work": reading.flag("without_work"),
            "overall": reading.flag("overall"),
        },
    }
