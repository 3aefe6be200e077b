"""Reminders: whoever waits tells whom they wait for, what can go on only after them.

What is waited for is looked up at the moment of the press, and once more before a letter goes out:
a thing that is done, or that the person can no longer do, reminds nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app.records import (
    ACTIVITIES,
    ASKINGS,
    BYLINES,
    CHARTERS,
    CONFIRMATIONS,
    MEMBERSHIPS,
    NUDGES,
    SIGNATURES,
    SUBMISSIONS,
    TASKS,
    TEAMS,
    WORKS,
)
from coursecrew.app.teams import participants_of, standing
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, SubmitRule
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.nudges import APART, About, Nudge, Why, held_back
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.submissions import WorkState


@dataclass(frozen=True)
class Awaited:
    """Something that waits: the team it belongs to, who is waited for, and who waits from outside."""

    team: str
    people: tuple[str, ...]
    asker: str = ""  # somebody without a seat who asked the team for one
    told: int = 0  # how often these people were reminded by itself already


def awaited(unit: UnitOfWork, activity: Activity, about: About, item: str) -> Awaited | None:
    """Who is waited for there now; `None` if there is no such thing, nobody if it is done."""
    try:
        return _LOOK[about](unit, activity, item)
    except NotFound:
        return None


def _confirm(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    submission = unit.store.get(SUBMISSIONS, item)
    if submission.activity != activity.id:
        return None
    work = unit.store.get(WORKS, submission.work)
    if work.state is not WorkState.CONFIRMING or work.submission != submission.id:
        return Awaited(submission.team, ())
    said = {row.person for row in unit.store.find(CONFIRMATIONS, press=submission.id)}
    named = [row.person for row in unit.store.find(BYLINES, submission=submission.id, in_force=True)]
    return Awaited(submission.team, tuple(person for person in named if person not in said))


def _hand_in(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    work = unit.store.get(WORKS, item)
    if work.activity != activity.id:
        return None
    leader = unit.store.get(TEAMS, work.team).leader
    asked = work.state is WorkState.DRAFTING and activity.settings.submit_rule is SubmitRule.LEADER
    return Awaited(work.team, (leader,) if asked and leader else ())


def _sign(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    charter = unit.store.get(CHARTERS, item)
    if unit.store.get(TEAMS, charter.team).charter != charter.id:
        return Awaited(charter.team, ())
    signed = {row.person for row in unit.store.find(SIGNATURES, charter=charter.id)}
    members = unit.store.find(MEMBERSHIPS, team=charter.team)
    return Awaited(charter.team, tuple(row.person for row in members if row.person not in signed))


def _seat(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    asking = unit.store.get(ASKINGS, item)
    if asking.kind != "requested":
        return None
    members = unit.store.find(MEMBERSHIPS, team=asking.team) if asking.is_open(unit.now) else []
    return Awaited(asking.team, tuple(row.person for row in members), asker=asking.person)


def _invitation(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    asking = unit.store.get(ASKINGS, item)
    if asking.kind != "invited":
        return None
    return Awaited(asking.team, (asking.person,) if asking.is_open(unit.now) else ())


def _task(unit: UnitOfWork, activity: Activity, item: str) -> Awaited | None:
    task = unit.store.get(TASKS, item)
    if task.activity != activity.id:
        return None
    people = (task.blocked_by,) if task.is_blocked and task.blocked_by else ()
    return Awaited(task.team, people, told=task.reminded)


_LOOK: Mapping[About, Callable[[UnitOfWork, Activity, str], Awaited | None]] = {
    About.CONFIRM: _confirm,
    About.HAND_IN: _hand_in,
    About.SIGN: _sign,
    About.SEAT: _seat,
    About.INVITATION: _invitation,
    About.TASK: _task,
}
# What only a member of the team can do, so that reminding a former or inactive one is of no use.
BY_MEMBERS = frozenset(About) - {About.INVITATION}


def remind(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, about: About, item: str, person: str = ""
) -> list[str]:
    """Remind somebody (or, about a seat, a whole team) of what waits for them; returns who was told.

    Three times at most for each thing and person, a day apart at least; nobody who has done it, who
    can no longer do it, or who is not there. Raises `Conflict("nudge")` with the reason otherwise.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    wait = awaited(unit, activity, about, item)
    own = here.team.id if here.team else ""
    # Whoever guesses at a thing of another team learns as little as about one that is not there.
    member = wait is not None and own == wait.team
    asks = wait is not None and about is About.SEAT and wait.asker == actor.person
    about_it = Subject(
        team=wait.team if wait else "", member=member and about is not About.SEAT, named=asks,
        takes_part=here.subject.takes_part,
    )  # fmt: skip
    require(actor, Action.REMIND, about_it)
    if wait is None:
        raise NotFound("page")
    team = unit.store.get(TEAMS, wait.team, lock=True)
    wanted = [key for key in wait.people if key != actor.person and (not person or key == person)]
    people = _reachable(unit, activity, team.id, about, wanted)
    if not people:
        raise Conflict("nudge", why="done")
    receiver = "" if about is About.SEAT else person or people[0]
    if receiver:
        people = [receiver] if receiver in people else []
    if not people:
        raise Conflict("nudge", why="done")
    sent = unit.store.find(NUDGES, activity=activity.id, item=item, person=receiver, limit=50)
    _must_not_be_held_back(unit, sent, wait.told)
    unit.store.add(
        NUDGES,
        Nudge(unit.new_id(), activity.id, team.id, item, about, receiver, actor.person, unit.now),
    )
    unit.store.save(TEAMS, team)  # raises the version: two presses at once are one reminder
    unit.record(
        Kind.NUDGED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=people, about=about.value, item=item, name=team.name,
    )  # fmt: skip
    return people


def _must_not_be_held_back(unit: UnitOfWork, sent: Sequence[Nudge], told: int) -> None:
    why = held_back(sent, unit.now, told=told)
    if why is Why.TODAY:
        raise Conflict("nudge", why=why.value, next=max(row.at for row in sent) + APART)
    if why:
        raise Conflict("nudge", why=why.value)


def _reachable(
    unit: UnitOfWork, activity: Activity, team: str, about: About, people: Sequence[str]
) -> list[str]:
    """Those among the people waited for who are there and can still do it."""
    if not people:
        return []
    known = participants_of(unit, activity.course, people)
    there = {key for key, one in known.items() if one.takes_part}
    if about in BY_MEMBERS:
        there &= {row.person for row in unit.store.find(MEMBERSHIPS, team=team) if row.active}
    return [person for person in people if person in there]


def still_waits(unit: UnitOfWork, activity_id: str, about: str, item: str, person: str) -> bool:
    """Whether this person is waited for there still: asked before a letter goes out."""
    try:
        activity = unit.store.get(ACTIVITIES, activity_id)
    except NotFound:
        return False
    wait = awaited(unit, activity, About(about), item)
    if wait is None or person not in wait.people:
        return False
    return bool(_reachable(unit, activity, wait.team, About(about), [person]))


def sent_about(unit: UnitOfWork, activity_id: str, items: Sequence[str]) -> tuple[Nudge, ...]:
    """The reminders that went out about these things: one query, or none."""
    known = [item for item in items if item]
    if not known:
        return ()
    return tuple(unit.store.find(NUDGES, activity=activity_id, item=sorted(set(known)), limit=200))
