"""The part of a team's home that is about working together; it has no paths of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coursecrew.app.submissions import WorkView
from coursecrew.app.workspace import Workspace
from coursecrew.domain.people import Participant
from coursecrew.ui.panels import Wait
from coursecrew.ui.render import plain
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.plan import MilestoneLine, TaskLine, milestone_line, task_line, waits_of

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
            DecisionLine(post.first, opening(post.text), _name(post.author, people, scene))
            for post in space.news.decisions
        ],
        space.news.more_decisions,
        space.news.new,
        space.news.is_many,
        ("done" if space.check_in else "open") if space.period else "",
        reader.deadline(space.period.closes) if space.period else "",
    )


def plan_waits(scene: Scene, view: WorkView, space: Workspace) -> list[Wait]:
    """Who waits for whom in the plan, for the next-step panel."""
    return waits_of(space.state.tasks, scene.reader, scene.actor, view.people)


def opening(text: str) -> str:
    """The first words of a text, without its marks."""
    words = plain(text).split()
    return " ".join(words[:WORDS_SHOWN]) + (" …" if len(words) > WORDS_SHOWN else "")


def _name(person: str, people: Mapping[str, Participant], scene: Scene) -> str:
    return people[person].name if person in people else scene.reader.gettext("former member")
