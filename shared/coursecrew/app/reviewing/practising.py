"""Practice before judging others: samples that staff rated, free tries, and the reason after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app.records import SAMPLE_TRIES
from coursecrew.app.reviewing.places import Place, judge_of, place_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.review_rules import Practice
from coursecrew.domain.rubrics import Sheet, checked_sheet
from coursecrew.domain.samples import NEAR_ENOUGH, Sample, SampleTry, nearness

MOST_TRIES = 1_000  # that are looked at, of one person


@dataclass(frozen=True)
class Practised:
    """The samples of a peer review, and one person's tries at them."""

    place: Place
    samples: tuple[Sample, ...]
    best: Mapping[str, SampleTry]  # sample's id -> the best try
    latest: Mapping[str, SampleTry]
    tries: int

    def passed(self, sample: Sample) -> bool:
        """Whether this sample needs no further try; a model needs none."""
        return sample.model or (sample.id in self.best and self.best[sample.id].passed)

    @property
    def all_passed(self) -> bool:
        """Whether nothing is left to try."""
        return all(self.passed(sample) for sample in self.samples)


def look_at_practice(unit: UnitOfWork, actor: Actor, activity_id: str) -> Practised:
    """One's own tries at the samples; staff see the samples alone."""
    place = place_of(unit, activity_id)
    require(actor, Action.LOOK_AT_ACTIVITY)
    return practised(unit, place, actor.person)


def practised(unit: UnitOfWork, place: Place, person: str) -> Practised:
    """One person's tries: one query."""
    samples = place.activity.settings.samples
    rows = unit.store.find(
        SAMPLE_TRIES, activity=place.activity.id, person=person, order="newest", limit=MOST_TRIES
    ) if samples else []  # fmt: skip
    best: dict[str, SampleTry] = {}
    latest: dict[str, SampleTry] = {}
    for row in rows:
        latest.setdefault(row.sample, row)
        if row.sample not in best or row.share > best[row.sample].share:
            best[row.sample] = row
    return Practised(place, samples, best, latest, len(rows))


def must_have_practised(unit: UnitOfWork, actor: Actor, place: Place) -> None:
    """Refuse whoever has yet to pass the samples, where the author asks for it."""
    if place.rules.practice is Practice.NEEDED and not practised(unit, place, actor.person).all_passed:
        raise Conflict("practice_first")


def try_sample(unit: UnitOfWork, actor: Actor, activity_id: str, sample_id: str, sheet: Sheet) -> SampleTry:
    """Rate a sample; the answer says whether one was near enough. As often as one likes."""
    place = place_of(unit, activity_id)
    judge = judge_of(unit, actor, place)
    require(actor, Action.TAKE_REVIEW, judge.subject)
    sample = next((one for one in place.activity.settings.samples if one.id == sample_id), None)
    if sample is None or sample.model or place.rules.practice is Practice.OFF:
        raise NotFound("page")
    rubric = place.activity.settings.rubric
    sheet = checked_sheet(rubric, sheet, comments=False)
    share = nearness(rubric, sheet, sample.sheet)
    return unit.store.add(
        SAMPLE_TRIES,
        SampleTry(
            unit.new_id(), activity_id, sample.id, actor.person, sheet, round(share * 100),
            share >= NEAR_ENOUGH, unit.now,
        ),
    )  # fmt: skip


def training_of(unit: UnitOfWork, place: Place, people: Sequence[str]) -> dict[str, Mapping[str, int]]:
    """Each person's best share at each sample that is to be tried: one query."""
    asked = {sample.id for sample in place.activity.settings.samples if not sample.model}
    best: dict[str, dict[str, int]] = {person: {} for person in people}
    if not asked:
        return {person: {} for person in people}
    rows = unit.store.find(
        SAMPLE_TRIES, activity=place.activity.id, person=list(people), limit=MOST_TRIES * len(people)
    )
    for row in rows:
        if row.sample in asked:
            best[row.person][row.sample] = max(best[row.person].get(row.sample, 0), row.share)
    return {person: dict(found) for person, found in best.items()}
