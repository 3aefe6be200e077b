"""The part of a team's home that is about working together; it has no paths of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app.submissions import WorkView
from coursecrew.app.unit_of_work import run
from coursecrew.app.workspace import Workspace, team_space
from coursecrew.domain.identity import IdentityCard
from coursecrew.domain.nudges import Nudge
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.ui.panels import Wait
from coursecrew.ui.render import plain
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.check_in import PeriodLine, period_line
from coursecrew.ui.screens.plan import (
    MilestoneLine,
    TaskLine,
    milestone_line,
    name_of,
    task_line,
    waits_for,
    waits_of,
)

TASKS_SHOWN = 5
WORDS_SHOWN = 25


@dataclass(frozen=True)
class DecisionLine:
    """A decision in a few words, with the thread it stands in."""

    thread: str
    text: str
    by: str


@dataclass(frozen=True)
class HomePart:
    """What `_home_workspace.html` shows."""

    milestone: MilestoneLine | None
    tasks: list[TaskLine]
    more_tasks: int
    open_tasks: int
    decisions: list[DecisionLine]
    more_decisions: bool
    new_posts: int
    many_new: bool
    check_in: str  # "" when none is open, else "open" or "done"
    check_in_until: str


def home_part(scene: Scene, view: WorkView, space: Workspace) -> HomePart:
    """The workspace in words."""
    reader, people = scene.reader, dict(view.people)
    shown = space.state.next
    own = sorted(
        (task for task in space.state.tasks if task.owner == scene.actor.person),
        key=lambda task: (task.due is None, task.due or reader.now, task.id),
    )
    lines = [task_line(task, scene, people, scene.settings) for task in own[:TASKS_SHOWN]]
    return HomePart(
        milestone_line(shown, reader, people) if shown else None,
        lines,
        len(own) - len(lines),
        len(space.state.tasks),
        [
            DecisionLine(post.first, opening(post.text), name_of(post.author, people, reader))
            for post in space.news.decisions
        ],
        space.news.more_decisions,
        space.news.new,
        space.news.is_many,
        ("done" if space.check_in else "open") if space.period else "",
        reader.deadline(space.period.closes) if space.period else "",
    )


def plan_waits(scene: Scene, view: WorkView, space: Workspace, sent: Sequence[Nudge] = ()) -> list[Wait]:
    """Who waits for whom in the plan, for the next-step panel; `sent` are reminders that went out."""
    return waits_of(space.state.tasks, scene.reader, scene.actor, view.people, sent)


@dataclass(frozen=True)
class SpacePart:
    """What `_team_space.html` shows to mentors and the course staff."""

    team: str
    milestones: list[MilestoneLine]
    blockers: list[tuple[str, str, str, str]]  # task, owner, what it waits for, for how long
    open_tasks: int
    check_in: PeriodLine | None
    cards: Mapping[str, IdentityCard]
    is_staff: bool
    talks: bool  # may read the discussion


def space_part(scene: Scene, team_id: str) -> SpacePart:
    """How a team's workspace stands, read and put in words."""
    found = run(scene.ports, team_space, scene.actor, scene.activity.id, team_id)
    reader, people = scene.reader, found.people
    _ = reader.gettext
    return SpacePart(
        team_id,
        [milestone_line(state, reader, people) for state in found.state.milestones],
        [
            (
                one.task.title,
                name_of(one.task.owner, people, reader) if one.task.owner else _("nobody yet"),
                waits_for(one.task, reader, people, scene.actor),
                reader.span(one.age),
            )
            for one in found.state.blockers
        ],
        len(found.state.tasks),
        period_line(found.check_in, reader, found.period, in_all=found.expected) if found.check_in else None,
        found.cards,
        scene.actor.is_staff,
        is_allowed(scene.actor, Action.READ_DISCUSSION, found.circle.subject),
    )


def opening(text: str) -> str:
    """The first words of a text, without its marks."""
    words = plain(text).split()
    return " ".join(words[:WORDS_SHOWN]) + (" …" if len(words) > WORDS_SHOWN else "")
