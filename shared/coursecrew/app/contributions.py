"""The contribution log of a team: what each member did, and what they say about it. Never a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from coursecrew.app.circle import Circle, circle_of, own_circle
from coursecrew.app.records import CHECK_INS, EFFORTS, POSTS, REMARKS, TASKS, TEAM_FILES
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.contributions import REMARK_LENGTH, Effort, Remark, edited, words_changed
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import Actor, Participant, unturned
from coursecrew.domain.permissions import Action
from coursecrew.domain.plans import TaskState


@dataclass(frozen=True)
class Line:
    """What one person did in the team so far."""

    person: str
    edits: int = 0
    words: int = 0
    tasks: int = 0
    files: int = 0
    posts: int = 0
    check_ins: int = 0
    remark: str = ""
    is_member: bool = True

    @property
    def did_anything(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.edits, self.tasks, self.files, self.posts, self.check_ins, self.remark))


@dataclass(frozen=True)
class Contributions:
    """The log of one team: members in the order they came, then people who have left."""

    circle: Circle
    lines: tuple[Line, ...]
    people: dict[str, Participant]


def own_contributions(unit: UnitOfWork, actor: Actor, activity_id: str) -> Contributions:
    """The log of the actor's own team."""
    return _contributions(unit, own_circle(unit, actor, activity_id, Action.READ_CONTRIBUTIONS))


def contributions_of(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Contributions:
    """A team's log, for the course staff."""
    return _contributions(unit, circle_of(unit, actor, activity_id, team_id, Action.READ_CONTRIBUTIONS))


def _contributions(unit: UnitOfWork, circle: Circle) -> Contributions:
    """Seven queries, however much was done; what lies in a sandbox is not counted anywhere."""
    store = unit.store
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id}
    efforts = {row.person: row for row in store.find(EFFORTS, **about, limit=500)}
    remarks = {row.person: row.text for row in store.find(REMARKS, **about, limit=500)}
    tasks = store.tally(TASKS, "done_by", **about, state=TaskState.DONE.value)
    posts = store.tally(POSTS, "author", **about, state="posted")
    check_ins = store.tally(CHECK_INS, "person", **about)
    files = store.tally(TEAM_FILES, "by", **about, state="here")
    everybody = {*efforts, *remarks, *tasks, *posts, *check_ins, *files} - {""}
    order = [*circle.people, *sorted(everybody - set(circle.people))]
    none = Effort("", "", "", "", 0, 0, unit.now)
    lines = tuple(
        Line(
            key, efforts.get(key, none).edits, efforts.get(key, none).words, tasks.get(key, 0),
            files.get(key, 0), posts.get(key, 0), check_ins.get(key, 0), remarks.get(key, ""),
            key in circle.people,
        )
        for key in order
    )  # fmt: skip
    return Contributions(circle, lines, participants_of(unit, circle.activity.course, order))


def write_remark(unit: UnitOfWork, actor: Actor, activity_id: str, text: str) -> Remark | None:
    """Say something about one's own part; an empty text takes it back."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_REMARK, writes=True)
    clean = unturned(text).replace("\r\n", "\n").strip()
    if len(clean) > REMARK_LENGTH:
        raise Invalid(Problem("remark", "text_too_long", (("most", REMARK_LENGTH), ("have", len(clean)))))
    about: dict[str, Any] = {"activity": circle.activity.id, "team": circle.team.id, "person": actor.person}
    found = unit.store.find(REMARKS, **about, limit=1)
    if not clean:
        for row in found:
            unit.store.remove(REMARKS, row.id)
        return None
    if found:
        old: Remark = found[0]
        return unit.store.save(REMARKS, replace(old, text=clean, at=unit.now))
    return unit.store.add(REMARKS, Remark(unit.new_id(), **about, text=clean, at=unit.now))


def note_edit(
    unit: UnitOfWork,
    activity_id: str,
    team_id: str,
    person: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> Effort:
    """Count a save of the draft for whoever made it; called by what saves drafts, in its transaction.

    Words are counted here, once, since reading all versions to count them later would cost more
    with each version.
    """
    words = words_changed(before, after)
    about: dict[str, Any] = {"activity": activity_id, "team": team_id, "person": person}
    found = unit.store.find(EFFORTS, **about, limit=1)
    if not found:
        return unit.store.add(EFFORTS, Effort(unit.new_id(), **about, edits=1, words=words, last_at=unit.now))
    old: Effort = found[0]
    edits, total = edited(old, words, unit.now)
    return unit.store.save(EFFORTS, replace(old, edits=edits, words=total, last_at=unit.now))
