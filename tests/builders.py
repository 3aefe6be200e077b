"""The small world that tests are told in: people, an assignment, a team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from coursecrew.app.activities import Placed, enter, publish, save_settings
from coursecrew.app.memory import MemoryPorts, memory_ports
from coursecrew.app.ports import Ports
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.teams import found_team, join_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import (
    Activity,
    Prompt,
    Settings,
    TeamRules,
    to_document,
)
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.review_rules import ReviewRules
from coursecrew.domain.rubrics import Criterion, Level, Mark, Rubric
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.teams import Team

COURSE = "urban-water"
START = datetime(2026, 11, 9, 9, tzinfo=UTC)
DUE = datetime(2026, 11, 27, 18, tzinfo=UTC)
CLOSES = datetime(2026, 11, 29, 18, tzinfo=UTC)


def key(name: str) -> str:
    """A learner key that a reader recognises in a failing test."""
    return name.encode().hex().ljust(32, "0")[:32]


def actor(name: str, role: Role = Role.LEARNER, **more: Any) -> Actor:
    return replace(Actor(key(name), COURSE, role, name=name), **more)


AMARA, TOMAS, LINH, SOFIA, MEHMET = (actor(n) for n in ("Amara", "Tomás", "Linh", "Sofia", "Mehmet"))
INES = actor("Dr Carvalho", Role.INSTRUCTOR, may_author=True)
KWAME = actor("Kwame", Role.TA)


def a_rubric() -> Rubric:
    levels = tuple(Level(Decimal(n), f"Level {n}: what it looks like") for n in range(5))
    return Rubric(
        (
            Criterion("loss", "The loss is measured", Decimal(50), levels),
            Criterion("plan", "The plan can be carried out", Decimal(30), levels),
            Criterion("open", "The reasoning is open to check", Decimal(20), levels),
        )
    )


def marks(loss: str, plan: str, open_: str) -> dict[str, Mark]:
    return {
        "loss": Mark(Decimal(loss), "Three points, a week each."),
        "plan": Mark(Decimal(plan)),
        "open": Mark(Decimal(open_)),
    }


def settings(**changes: Any) -> Settings:
    base = Settings(
        title="Cut water loss in one district",
        goal="A plan that a district engineer in Kisumu could start on Monday.",
        done_when=("The loss is measured at three points or more",),
        task="Read the **night flow** table first.",
        teams=TeamRules(name="districts", min=2, ideal=3, max=4),
        prompts=(
            Prompt("where", "Where the water goes"),
            Prompt("cost", "What it would cost", required=False),
        ),
        steps={Step.DRAFT: Window(START, DUE, CLOSES)},
        rubric=a_rubric(),
    )
    return replace(base, **changes)


PLACED = Placed(COURSE, "Urban Water", "place-1", "plan", title="Cut water loss in one district")


def world(now: datetime = START + timedelta(days=1)) -> MemoryPorts:
    return memory_ports(now=now)


def come_in(ports: Ports, *people: Actor, placed: Placed = PLACED) -> Activity:
    """Let people open the activity once, so that the course knows them."""
    entered = None
    for person in people:
        entered = run(ports, enter, person, placed)
    assert entered is not None
    return entered.activity


def an_assignment(
    ports: Ports, *people: Actor, placed: Placed = PLACED, published: bool = True, **changes: Any
) -> Activity:
    """A published assignment, its instructor, and the learners who came in."""
    activity = come_in(ports, INES, placed=placed)
    activity = run(
        ports, save_settings, INES, activity.id, settings(**changes), seen=activity.settings_number
    )
    if published:
        activity = run(ports, publish, INES, activity.id)
    if people:
        activity = come_in(ports, *people, placed=placed)
    return activity


def a_team(
    ports: Ports, activity: Activity, *members: Actor, name: str = "Blue Ledger", draft: str = ""
) -> Team:
    """A team of these people; the first founds it, and writes the draft if one is given."""
    come_in(ports, *members, placed=replace(PLACED, place=activity.place, name=activity.name))
    team = run(ports, found_team, members[0], activity.id, name=name)
    for member in members[1:]:
        team = run(ports, join_team, member, activity.id, team.id)
    if draft:
        write(ports, activity, members[0], draft)
    return team


def write(ports: Ports, activity: Activity, who: Actor, text: str, *, seen: int = 0) -> int:
    """Save the first part of the draft; returns the draft's new number."""
    return run(ports, save_draft, who, activity.id, {"where": text}, seen=seen).number


def hand_in(
    ports: Ports, activity: Activity, who: Actor, *, seen: int = 1, ticked: Sequence[str] = ()
) -> str:
    return run(ports, submit, who, activity.id, seen=seen, ticked=ticked).id


def a_team_that_handed_in(
    ports: MemoryPorts,
    activity: Activity,
    *members: Actor,
    name: str,
    text: str,
    after: timedelta = timedelta(),
) -> Team:
    """A team whose first member wrote this and handed it in, so long after it was founded."""
    team = a_team(ports, activity, *members, name=name)
    ports.clock.move_to(ports.clock.now() + after)
    write(ports, activity, members[0], text)
    hand_in(ports, activity, members[0])
    return team


def document(**changes: Any) -> Mapping[str, object]:
    return to_document(settings(**changes))


# --- a peer review of the works of an assignment ---

REVIEWS_DUE = CLOSES + timedelta(days=5)
REVIEW_PLACED = Placed(
    COURSE, "Urban Water", "place-2", "review", kind="peer_review", title="Judge two plans"
)


def a_peer_review(
    ports: Ports, of: Activity, rules: ReviewRules | None = None, window: Window | None = None, **changes: Any
) -> Activity:
    """A published peer review of an assignment's works; by default two reviews each, open from the start.

    Whoever owes reviews reads their own all the same.
    """
    activity = come_in(ports, INES, placed=REVIEW_PLACED)
    wish = Settings(
        title="Judge two plans",
        goal="Read how others went about it.",
        rubric=a_rubric(),
        steps={Step.REVIEW: window or Window(START, REVIEWS_DUE)},
        review=replace(rules or ReviewRules(per_work=2, owing_days=0), of=of.name),
    )
    run(ports, save_settings, INES, activity.id, replace(wish, **changes), seen=activity.settings_number)
    return run(ports, publish, INES, activity.id)
