"""Roles in a team that members take in turn, with a record of who had which, from when until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from coursecrew.app.records import ACTIVITIES, MEMBERSHIPS, ROLE_TURNS, TEAMS
from coursecrew.app.teams import Standing, members_of, participants_of, standing
from coursecrew.app.turns import open_turns
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.charters import RoleTurn, duty, holders, rotated
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.teams import Membership, Team

TURNS_SHOWN = 50


@dataclass(frozen=True)
class RolesView:
    """A team's roles for its screen: who could have one, who has, who had."""

    team: Team
    roles: tuple[str, ...]
    members: tuple[Membership, ...]
    people: Mapping[str, Participant]
    now: Mapping[str, str]  # role -> person
    record: tuple[RoleTurn, ...]  # the latest turns, the newest first
    seen: str  # what a change is made against

    @property
    def active(self) -> tuple[str, ...]:
        """Members who may be given a role."""
        return tuple(row.person for row in self.members if row.active)


def look_at_roles(unit: UnitOfWork, actor: Actor, activity_id: str) -> RolesView:
    """The roles of the actor's own team: a fixed number of queries."""
    activity, _here, team = _own(unit, actor, activity_id, Action.READ_CHARTER)
    members = tuple(members_of(unit, team.id))
    turns = open_turns(unit, team.id)
    record = tuple(unit.store.find(ROLE_TURNS, team=team.id, order="newest", limit=TURNS_SHOWN))
    keys = {row.person for row in members} | {turn.person for turn in record}
    return RolesView(
        team,
        _roles(activity, turns),
        members,
        participants_of(unit, actor.course, keys),
        holders(turns),
        record,
        _mark(turns),
    )


def give_roles(
    unit: UnitOfWork, actor: Actor, activity_id: str, wanted: Mapping[str, str], *, seen: str | None = None
) -> Team:
    """Say who has which role: role -> person, "" for nobody; roles not named stay as they are.

    A change ends the old turn and begins a new one. `seen` is what the form was made against;
    `Stale` if a team-mate changed the roles meanwhile.
    """
    activity, _here, team = _own(unit, actor, activity_id, Action.GIVE_ROLES)
    team = unit.store.get(TEAMS, team.id, lock=True)
    turns = open_turns(unit, team.id)
    _must_be_seen(turns, seen)
    known = _roles(activity, turns)
    members = members_of(unit, team.id)
    may = {row.person for row in members if row.active}
    now = holders(turns)
    for number, role in enumerate(known, start=1):
        person = wanted.get(role, "")
        if person and person not in may and person != now.get(role):
            raise Invalid(Problem(f"role-{number}", "not_a_choice"))
    chosen = {**now, **{role: person for role, person in wanted.items() if role in known}}
    return _give(unit, actor, activity, team, members, turns, chosen)


def rotate_roles(unit: UnitOfWork, actor: Actor, activity_id: str, *, seen: str | None = None) -> Team:
    """Move each role of this assignment to the next member, in the order in which they joined."""
    activity, _here, team = _own(unit, actor, activity_id, Action.GIVE_ROLES)
    if not activity.settings.team_roles:
        raise Conflict("no_roles")
    team = unit.store.get(TEAMS, team.id, lock=True)
    turns = open_turns(unit, team.id)
    _must_be_seen(turns, seen)
    members = members_of(unit, team.id)
    order = [row.person for row in members]
    active = [row.person for row in members if row.active]
    now = holders(turns)
    chosen = {**now, **rotated(activity.settings.team_roles, now, order, active)}
    return _give(unit, actor, activity, team, members, turns, chosen)


def _give(
    unit: UnitOfWork,
    actor: Actor,
    activity: Activity,
    team: Team,
    members: list[Membership],
    turns: list[RoleTurn],
    chosen: Mapping[str, str],
) -> Team:
    now = holders(turns)
    changed = [role for role, person in chosen.items() if person != now.get(role, "")]
    if not changed:
        return team
    for turn in turns:
        if turn.role in changed:
            unit.store.save(ROLE_TURNS, replace(turn, until=unit.now))
    for role in changed:
        if chosen[role]:
            turn = RoleTurn(unit.new_id(), team.id, chosen[role], role, unit.now, actor.person)
            unit.store.add(ROLE_TURNS, turn)
    for row in members:
        line = duty(role for role, person in chosen.items() if person == row.person)
        if line != row.duty:
            unit.store.save(MEMBERSHIPS, replace(row, duty=line))
    unit.record(
        Kind.ROLES_CHANGED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        name=team.name,
    )  # fmt: skip
    return team


def _roles(activity: Activity, turns: list[RoleTurn]) -> tuple[str, ...]:
    """The assignment's roles, then those that members have from before, or from another assignment."""
    return tuple(dict.fromkeys((*activity.settings.team_roles, *(turn.role for turn in turns))))


def _mark(turns: list[RoleTurn]) -> str:
    return max((turn.id for turn in turns), default="none")


def _must_be_seen(turns: list[RoleTurn], seen: str | None) -> None:
    if seen is None or seen == _mark(turns):
        return
    last = max(turns, key=lambda turn: turn.id) if turns else None
    raise Stale(what="roles", clashes=[], by=last.by if last else "", at=last.since if last else None)


def _own(unit: UnitOfWork, actor: Actor, activity_id: str, action: Action) -> tuple[Activity, Standing, Team]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, action, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    return activity, here, here.team
