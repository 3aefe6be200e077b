"""Around one team: who is in it, who mentors it, and what the person who asks may do there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coursecrew.app.bonds import mentors_of
from coursecrew.app.records import ACTIVITIES, MEMBERSHIPS
from coursecrew.app.teams import participant_of, standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.teams import Membership, Team


@dataclass(frozen=True)
class Circle:
    """A team as somebody meets it; they were found to be allowed what they asked for."""

    activity: Activity
    team: Team
    subject: Subject
    members: tuple[Membership, ...] = ()
    mentor_since: datetime | None = None  # of the bond by which the actor mentors the team, if they do

    @property
    def people(self) -> tuple[str, ...]:
        """Keys of the members now."""
        return tuple(row.person for row in self.members)

    @property
    def present(self) -> tuple[str, ...]:
        """Keys of the members who are not marked inactive."""
        return tuple(row.person for row in self.members if row.active)


def own_circle(
    unit: UnitOfWork, actor: Actor, activity_id: str, action: Action, *, writes: bool = False
) -> Circle:
    """The actor's own team; refused to everybody who is in none, and to whom the table says no.

    `writes`: refused, too, before the activity is published.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, action, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    if writes and not activity.is_visible:
        raise Conflict("not_published")
    return Circle(activity, here.team, here.subject, _members(unit, here.team.id))


def circle_of(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, action: Action) -> Circle:
    """A team by its id, for its mentors and the course staff (its members come this way, too)."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    members = _members(unit, team.id)
    known = participant_of(unit, actor.course, actor.person)
    here = known is not None and known.active and not known.excluded
    bonds = [row for row in mentors_of(unit, team.id) if row.person == actor.person] if here else []
    subject = Subject(
        team=team.id,
        member=actor.person in {row.person for row in members},
        takes_part=bool(known and known.takes_part),
        mentor=bool(bonds),
        in_discussion=any(row.reads_talk for row in bonds),
    )
    require(actor, action, subject)
    since = max((row.since for row in bonds), default=None)
    return Circle(activity, team, subject, members, mentor_since=since)


def mentors_in(unit: UnitOfWork, team_id: str) -> tuple[str, ...]:
    """Keys of those who mentor the team at this moment."""
    return tuple(dict.fromkeys(row.person for row in mentors_of(unit, team_id)))


def _members(unit: UnitOfWork, team_id: str) -> tuple[Membership, ...]:
    return tuple(unit.store.find(MEMBERSHIPS, team=team_id))
