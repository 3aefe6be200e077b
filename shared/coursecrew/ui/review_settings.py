"""The settings of a peer review: what its form says, over what it does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import MOST_PROMPTS, Activity, Prompt, Settings
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Problem
from coursecrew.domain.review_rules import (
    MOST_ROUNDS,
    TEAM_ASSIGNMENT,
    Allocation,
    Anonymity,
    Feedback,
    Later,
    Practice,
    Reviewers,
    ReviewRules,
    SelfReview,
)
from coursecrew.domain.samples import LONGEST_SAMPLE, MOST_SAMPLES, Sample
from coursecrew.domain.schedule import Step
from coursecrew.ui.forms import Reading
from coursecrew.ui.reader import Reader

MOST_OFFERED = 50


@dataclass(frozen=True)
class ReviewChoices:
    """What the form offers: assignments, and the four choices in words."""

    assignments: Sequence[tuple[str, str]]  # short name, title
    reviewers: Sequence[tuple[str, str, str]]
    modes: Sequence[tuple[str, str, str]]
    methods: Sequence[tuple[str, str, str]]
    feedback: Sequence[tuple[str, str, str]]
    allocation: Sequence[tuple[str, str, str]]
    own_review: Sequence[tuple[str, str, str]]
    practice: Sequence[tuple[str, str, str]]


def assignments_in(unit: UnitOfWork, course: str) -> list[Activity]:
    """The team assignments of a course whose works may be reviewed."""
    return unit.store.find(ACTIVITIES, course=course, kind=TEAM_ASSIGNMENT, limit=MOST_OFFERED)


def choices(reader: Reader, assignments: Sequence[Activity], of: str) -> ReviewChoices:
    """The choices in the reader's language; the assignment named now is always among them."""
    _ = reader.gettext
    named = [(row.name, row.settings.title or row.name) for row in assignments]
    if assignments and of and of not in {name for name, _title in named}:
        named.append((of, of))
    return ReviewChoices(
        named,
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
            (
                Method.CALIBRATED.value,
                _("Corrected by reviewers’ habits"),
                _(
                    "Who is usually strict or generous on other works is corrected for it. It helps from "
                    "three reviews and fifteen works on, and where nothing helps the mean is taken."
                ),
            ),
        ],
        [
            (Feedback.DEADLINE.value, _("When reviewing is over"), _("72 hours after reviews are due.")),
            (Feedback.COMPLETE.value, _("Each work when it has all"), _("Authors need not wait for others.")),
            (Feedback.HAND.value, _("When you press"), _("You look at them first.")),
        ],
        [
            (
                Allocation.PULL.value,
                _("Whoever is ready takes the work that needs it most"),
                _("Nobody waits for others; a work that comes late joins at once."),
            ),
            (
                Allocation.DEADLINE.value,
                _("All at once, when reviewing opens"),
                _("Everybody gets the same number; late works are taken as above."),
            ),
        ],
        [
            (SelfReview.OFF.value, _("No"), ""),
            (SelfReview.BEFORE.value, _("Before the first work of others"), ""),
            (SelfReview.AFTER.value, _("When their reviews are done"), ""),
        ],
        [
            (Practice.OFF.value, _("No"), ""),
            (Practice.OFFERED.value, _("Offered"), _("Whoever likes tries the samples first.")),
            (Practice.NEEDED.value, _("Needed"), _("Nobody takes a work before passing the samples.")),
        ],
    )


@dataclass(frozen=True)
class SampleRow:
    """A sample as the form shows it; `number` 0-based rows are counted from 1."""

    number: int
    sample: Sample


def sample_rows(samples: Sequence[Sample]) -> list[SampleRow]:
    """The samples there are, and an empty one to add."""
    rows = [*samples, *([Sample("", "", "")] if len(samples) < MOST_SAMPLES else [])]
    return [SampleRow(number, sample) for number, sample in enumerate(rows, start=1)]


def part_rows(prompts: Sequence[Prompt]) -> list[tuple[int, Prompt]]:
    """The parts of one's own work, and an empty one to add."""
    rows = [*prompts, *([Prompt("", "")] if len(prompts) < MOST_PROMPTS else [])]
    return list(enumerate(rows, start=1))


def round_rows(rules: ReviewRules) -> list[tuple[int, Later | None]]:
    """The further rounds there are, and an empty one to add."""
    rows: list[Later | None] = [*rules.later]
    if rules.rounds < MOST_ROUNDS:
        rows.append(None)
    return list(enumerate(rows, start=2))


def _later(reading: Reading) -> list[dict[str, Any]]:
    found = []
    for number in range(2, MOST_ROUNDS + 1):
        revise, review = reading.moment(f"revise-{number}"), reading.moment(f"review-{number}")
        if (revise is None) is not (review is None):
            missing = "revise" if revise is None else "review"
            reading.problems.append(Problem(f"{missing}-{number}", "both_dates"))
        if revise and review:
            found.append({"revise": revise.isoformat(), "review": review.isoformat()})
    return found


def _samples(reading: Reading, old: Settings) -> list[dict[str, Any]]:
    """The samples of the form; a row without title and text is left out."""
    found = []
    for number in range(1, MOST_SAMPLES + 1):
        title = reading.text(f"sample_title-{number}", most=200)
        text = reading.text(f"sample_text-{number}", most=LONGEST_SAMPLE)
        if not title and not text:
            continue
        if not title:
            reading.problems.append(Problem(f"sample_title-{number}", "sample_title_missing"))
        if not text:
            reading.problems.append(Problem(f"sample_text-{number}", "sample_text_missing"))
        sheet = {}
        for criterion in old.rubric.criteria:
            comment = reading.text(f"sample_comment-{number}-{criterion.id}", most=2000)
            points = reading.number(f"sample_level-{number}-{criterion.id}")
            if points is not None and criterion.counts:
                sheet[criterion.id] = {"points": str(points), "comment": comment}
        found.append(
            {
                "id": reading.text(f"sample_id-{number}", most=40) or f"sample{number}",
                "title": title,
                "text": text,
                "sheet": sheet,
                "model": reading.flag(f"sample_model-{number}"),
            }
        )
    return found


def review_document(reading: Reading, old: Settings, document: dict[str, Any], name: str) -> dict[str, Any]:
    """What the form says about the peer review, as places of the settings document.

    `name` is the activity's short name.
    """
    rules: ReviewRules = old.review
    product = reading.whole("weight_product", rules.weight_product)
    practice = reading.whole("weight_practice", rules.weight_practice)
    samples = _samples(reading, old)
    own = reading.text("whose") == "own" if reading.text("whose") else rules.own_works
    return {
        "steps": {**document["steps"], Step.REVIEW.value: _window(reading)},
        "review": {
            **document["review"],
            "of": "" if own else reading.text("of", most=80),
            "own_works": own,
            "per_work": reading.whole("per_work", rules.per_work),
            "reviewers": reading.choice("reviewers", Reviewers, rules.reviewers).value,
            "allocation": reading.choice("allocation", Allocation, rules.allocation).value,
            "anonymity": reading.choice("anonymity", Anonymity, rules.anonymity).value,
            "lease_hours": reading.whole("lease_hours", rules.lease_hours),
            "method": reading.choice("method", Method, rules.method).value,
            "min_reviews": reading.whole("min_reviews", rules.min_reviews),
            "staff_share": reading.whole("staff_share", rules.staff_share),
            "weight_product": product,
            "weight_practice": practice,
            "weight_review": 100 - product - practice,
            "feedback": reading.choice("feedback", Feedback, rules.feedback).value,
            "without_work": reading.flag("without_work"),
            "overall": reading.flag("overall"),
            "rejoinder": reading.flag("rejoinder"),
            "appeals": reading.flag("appeals"),
            "own_review": reading.choice("own_review", SelfReview, rules.own_review).value,
            "hold_days": reading.whole("hold_days", rules.hold_days),
            "practice": reading.choice("practice", Practice, rules.practice).value,
            "model_first": any(sample["model"] for sample in samples),
            "owing_days": reading.whole("owing_days", rules.owing_days),
            "later": _later(reading),
        },
        "done_when": [line.strip() for line in reading.text("done_when").splitlines() if line.strip()],
        "listed_words": [word.strip() for word in reading.text("listed_words").splitlines() if word.strip()],
        "samples": samples,
        **(_own_works(reading, document, name) if own else {}),
    }


def _own_works(reading: Reading, document: dict[str, Any], name: str) -> dict[str, Any]:
    """Dates and parts of one's own work; each person is a team of one, in a set of this activity."""
    draft = {
        part: (moment.isoformat() if (moment := reading.moment(f"draft_{part}")) else None)
        for part in ("opens", "due", "closes")
    }
    parts = []
    for number in range(1, MOST_PROMPTS + 1):
        title = reading.text(f"part_title-{number}", most=200)
        if title:
            id = reading.text(f"part_id-{number}", most=40) or f"part{number}"
            hint = reading.text(f"part_hint-{number}", most=500)
            parts.append({"id": id, "title": title, "hint": hint, "required": True})
    return {
        "prompts": parts or document["prompts"],
        "steps": {**document["steps"], Step.DRAFT.value: draft, Step.REVIEW.value: _window(reading)},
        "teams": {
            **document["teams"], "name": f"own works of {name}"[:80], "min": 1, "ideal": 1, "max": 1,
            "public": False, "join": "self",
        },
    }  # fmt: skip


def _window(reading: Reading) -> dict[str, Any]:
    """When reviews are written, as the form says."""
    return {
        part: (moment.isoformat() if (moment := reading.moment(f"review_{part}")) else None)
        for part in ("opens", "due", "closes")
    }
