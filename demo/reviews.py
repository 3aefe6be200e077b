"""The sample course's peer review: first sketches are read by others, hidden, and reviewing goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from coursecrew.app.activities import Placed, acting_as, enter, publish, save_settings
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, BYLINES, POOL, REVIEWS
from coursecrew.app.reviewing.answering import save_answer
from coursecrew.app.reviewing.feedback import keep_reviewing
from coursecrew.app.reviewing.pool import take
from coursecrew.app.reviewing.writing import save_review, submit_review
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, Settings
from coursecrew.domain.people import Actor
from coursecrew.domain.rejoinders import Stance, Uptake
from coursecrew.domain.review_rules import Anonymity, Feedback, Practice, ReviewRules
from coursecrew.domain.reviewing import Review
from coursecrew.domain.rubrics import Mark, Rubric
from coursecrew.domain.samples import Sample
from coursecrew.domain.schedule import Step, Window
from demo.course import BEGIN, SKETCH, About, at, day

OPENS, DUE = at(17, 11, 9), at(30, 11, 18)
SET_UP = at(16, 11, 15)
UNREAD = 5  # crews at the end of the list that have reviewed nothing yet
PAGE = Settings(
    title="Read two sketches",
    goal="See how two other teams chose their question, and tell them what would make it answerable.",
    done_when=("Two reviews are handed in", "Each names one thing to change next"),
    task="Read the page twice before you judge it. Say what you would measure first, if it were yours.",
    steps={Step.REVIEW: Window(OPENS, DUE)},
    rubric=SKETCH.rubric,
)
SAID = (
    "The district is easy to find, and the question can be measured. Could you say how many nights you would "
    "read the meter, and what you do if it rains?",
    "I can see where the water comes from, but not yet who reads which figure. Perhaps add a name and a day "
    "to each step, and one figure that would prove you wrong.",
    "A good choice of street; the missing water is large enough to be found. Try to say which part of it you "
    "would look for first, and what one night of reading costs.",
    "You name the utility and the person who answers the phone, which I missed in ours. Why not compare the "
    "night flow with last year, before you measure anything new?",
)


def about(title: str, now: datetime) -> About | None:
    """What the course page says about the peer review."""
    if title != PAGE.title:
        return None
    text = f"Peer review · everybody reads two sketches; due {day(DUE)}"
    return About(text, "reviewing", "now") if now <= DUE else About(text, "closed", "idle")


def fill(
    ports: Ports,
    people: Mapping[str, Actor],
    crews: Sequence[Sequence[str]],
    placed: Placed,
    *,
    by: str,
    set_clock: Callable[[datetime], None],
) -> None:
    """Set it up, and let people do what they have done by the course's first stop.

    `crews` are the members of each team, in an order in which the last ones have reviewed nothing.
    """
    set_clock(SET_UP)
    ines = people[by]
    entered = run(ports, enter, ines, placed)
    ines = acting_as(ines, entered.participant)
    activity = run(ports, _save, ines, entered.activity, placed)
    run(ports, publish, ines, activity.id)
    moment = OPENS
    amara = crews[0][0]
    for number, crew in enumerate(crews[:-UNREAD]):
        for turn in range(1 if crew[0] == amara else 2):
            moment += timedelta(hours=2)
            set_clock(moment)
            id = run(ports, take, people[crew[0]], activity.id)
            sheet = _sheet(activity.settings.rubric, number + turn)
            said = SAID[(number + 2 * turn) % len(SAID)]
            run(ports, submit_review, people[crew[0]], activity.id, id, sheet, text=said, seen=0)
    set_clock(BEGIN - timedelta(hours=2))
    begun = people[crews[0][1]]
    id = run(ports, take, begun, activity.id)
    run(ports, save_review, begun, activity.id, id, {}, text="I like that you begin with the bills.", seen=0)
    run(ports, keep_reviewing, activity.id)
    _answered(ports, people, crews, activity)


def _save(unit: UnitOfWork, ines: Actor, activity: Activity, placed: Placed) -> Activity:
    sketch = unit.store.find(ACTIVITIES, course=placed.course, kind="team_assignment", limit=50)
    of = next(row.name for row in sketch if row.settings.title == SKETCH.title)
    sample = Sample(
        "last-year", "A sketch of last year",
        "Our district is somewhere near the river. We want to know everything about its water.",
        {c.id: Mark(min(level.points for level in c.levels), "Nothing in it can be measured.")
         for c in SKETCH.rubric.criteria},
    )  # fmt: skip
    rules = ReviewRules(
        of=of, per_work=2, anonymity=Anonymity.DOUBLE, feedback=Feedback.COMPLETE, weight_product=80,
        weight_review=20, practice=Practice.OFFERED, owing_days=0,
    )  # fmt: skip
    wish = Settings(**{**vars(PAGE), "review": rules, "samples": (sample,)})
    return save_settings(unit, ines, activity.id, wish, seen=activity.settings_number)


def _sheet(rubric: Rubric, turn: int) -> dict[str, Mark]:
    """Marks that differ from reviewer to reviewer, never the lowest."""
    sheet = {}
    for place, criterion in enumerate(rubric.criteria):
        points = sorted(level.points for level in criterion.levels)
        sheet[criterion.id] = Mark(points[max(1, len(points) - 1 - (turn + place) % 2)])
    return sheet


def _answered(
    ports: Ports, people: Mapping[str, Actor], crews: Sequence[Sequence[str]], activity: Activity
) -> None:
    """The first team whose reviews are complete has answered one of them."""
    review = run(ports, _released, activity.id)
    if review is None:
        return
    for crew in crews:
        author = people[crew[0]]
        if run(ports, _is_of, author, review):
            run(
                ports, save_answer, author, activity.id, review.id, text="Thank you, we had not seen that.",
                scales={"helpful": 5, "specific": 4, "kind": 5}, why="",
                points={"text": Uptake(Stance.PARTLY, "Three nights; rain comes in April.")},
                flagged=False, seen=0, send=True,
            )  # fmt: skip
            return


def _released(unit: UnitOfWork, activity: str) -> Review | None:
    works = unit.store.find(POOL, activity=activity, limit=200)
    for work in works:
        if work.released_at is not None:
            rows = [row for row in unit.store.find(REVIEWS, pool=work.id, limit=10) if row.counts]
            return rows[0] if rows else None
    return None


def _is_of(unit: UnitOfWork, author: Actor, review: Review) -> bool:
    """Whether that person's name stands on the work."""
    work = unit.store.get(POOL, review.pool)
    return unit.store.count(BYLINES, submission=work.submission, person=author.person) > 0
