"""What a team agreed on: any member writes, all active members sign, a change asks them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.bonds import mentor_subject
from coursecrew.app.records import ACTIVITIES, CHARTERS, SIGNATURES, TEAMS
from coursecrew.app.reminders import put_away_about
from coursecrew.app.teams import (
    Standing,
    TeamRow,
    members_of,
    participants_of,
    standing,
    team_here,
)
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.charters import CharterVersion, Signature, checked_charter, unsigned
from coursecrew.domain.errors import Conflict, NotFound, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.teams import Membership, Team

VERSIONS_SHOWN = 50
SIGNED_AT_MOST = 200  # signatures of one version: more than a team has had members


@dataclass(frozen=True)
class CharterView:
    """The charter in force, and who has signed it."""

    asked: bool  # whether this assignment asks for a charter at all
    blocks: bool  # whether the draft waits for it
    version: CharterVersion | None = None
    signed: Mapping[str, datetime] | None = None
    active: tuple[str, ...] = ()  # members whose signature is wanted

    @property
    def missing(self) -> tuple[str, ...]:
        """Active members who have not signed the version in force."""
        return unsigned(self.active, self.signed or ())

    @property
    def is_signed(self) -> bool:
        """Whether there is a charter and everybody who is there has signed it."""
        return self.version is not None and not self.missing

    @property
    def is_in_the_way(self) -> bool:
        """Whether nobody may write the draft yet."""
        return self.asked and self.blocks and not self.is_signed


def look_at_charter(unit: UnitOfWork, activity: Activity, team: Team, active: Sequence[str]) -> CharterView:
    """The team's charter for whoever may read it: two queries, or none where there is none."""
    rules = activity.settings.charter
    asked = bool(rules.parts)
    if not team.charter:
        return CharterView(asked, rules.blocks, active=tuple(active))
    rows = unit.store.find(SIGNATURES, charter=team.charter, limit=SIGNED_AT_MOST)
    return CharterView(
        asked,
        rules.blocks,
        unit.store.get(CHARTERS, team.charter),
        {row.person: row.at for row in rows},
        tuple(active),
    )


@dataclass(frozen=True)
class OwnCharter:
    """The charter's screen: the team, its people, the charter, and when each version was saved."""

    here: Standing
    view: CharterView
    members: tuple[Membership, ...]
    people: Mapping[str, Participant]


def own_charter(unit: UnitOfWork, actor: Actor, activity_id: str) -> OwnCharter:
    """The charter of the actor's own team."""
    activity, here, team = _own(unit, actor, activity_id, Action.READ_CHARTER)
    members = tuple(members_of(unit, team.id))
    keys = {row.person for row in members}
    people = participants_of(unit, actor.course, keys)
    view = look_at_charter(unit, activity, team, active_of(members, people))
    if view.version and view.version.by not in people:
        people |= participants_of(unit, actor.course, [view.version.by])
    return OwnCharter(here, view, members, people)


def active_of(members: Iterable[Membership], people: Mapping[str, Participant]) -> list[str]:
    """Whose signature is wanted: active members who take part."""
    return [
        row.person
        for row in members
        if row.active and (row.person not in people or people[row.person].takes_part)
    ]


def save_charter(
    unit: UnitOfWork, actor: Actor, activity_id: str, texts: Mapping[str, str], *, seen: int
) -> CharterVersion:
    """Save the charter as its next version, which its writer signs by that; all others are asked.

    `seen` is the number of the version on the form (0: none). A save over a version that the
    person has not seen is refused with both texts of each part that differs: whoever signs must
    have read what they sign. Saving the same texts again only signs.
    """
    activity, _here, team = _own(unit, actor, activity_id, Action.WRITE_CHARTER)
    parts = activity.settings.charter.parts
    if not parts:
        raise NotFound("charter")
    team = unit.store.get(TEAMS, team.id, lock=True)
    old = unit.store.get(CHARTERS, team.charter) if team.charter else None
    wanted = checked_charter(parts, old.texts if old else {}, texts)
    if old and wanted == old.texts:
        _sign(unit, old, actor.person)
        return old
    if old and seen != old.number:
        before = _texts_of(unit, team, seen)
        raise Stale(
            what="charter",
            clashes=[
                {
                    "place": part.id,
                    "yours": wanted[part.id],
                    "theirs": old.texts.get(part.id, ""),
                    "before": before.get(part.id, ""),
                }
                for part in parts
                if wanted[part.id] != old.texts.get(part.id, "")
            ],
            by=old.by,
            at=old.at,
            seen=old.number,
        )
    version = unit.store.add(
        CHARTERS,
        CharterVersion(unit.new_id(), team.id, old.number + 1 if old else 1, wanted, actor.person, unit.now),
    )
    unit.store.save(TEAMS, replace(team, charter=version.id))
    _sign(unit, version, actor.person)
    unit.record(
        Kind.CHARTER_CHANGED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        name=team.name, first=old is None,
    )  # fmt: skip
    return version


def sign_charter(unit: UnitOfWork, actor: Actor, activity_id: str, *, seen: int) -> CharterVersion:
    """Sign the version in force; refused when somebody has changed it since the page was made."""
    _activity, _here, team = _own(unit, actor, activity_id, Action.WRITE_CHARTER)
    team = unit.store.get(TEAMS, team.id, lock=True)
    if not team.charter:
        raise NotFound("charter")
    version = unit.store.get(CHARTERS, team.charter)
    if version.number != seen:
        raise Stale(what="sign", clashes=[], by=version.by, at=version.at, seen=version.number)
    _sign(unit, version, actor.person)
    return version


def _sign(unit: UnitOfWork, version: CharterVersion, person: str) -> None:
    if not unit.store.find(SIGNATURES, charter=version.id, person=person, limit=1):
        signature = Signature(unit.new_id(), version.id, version.team, person, unit.now)
        unit.store.add(SIGNATURES, signature)
        put_away_about(unit, version.id, [person])


def _texts_of(unit: UnitOfWork, team: Team, number: int) -> Mapping[str, str]:
    found = unit.store.find(CHARTERS, team=team.id, number=number, limit=1)
    return found[0].texts if found else {}


def must_be_signed(unit: UnitOfWork, activity: Activity, team: Team, active: Sequence[str]) -> None:
    """Refuse the draft where the author wants the charter signed first, and it is not."""
    rules = activity.settings.charter
    if not (rules.parts and rules.blocks):
        return
    view = look_at_charter(unit, activity, team, active)
    if view.is_in_the_way:
        known = participants_of(unit, activity.course, view.missing)
        names = [known[person].name for person in view.missing if person in known]
        written = "unsigned" if view.version else "unwritten"
        raise Conflict("charter_unsigned", names=names, written=written)


# --- versions ---


def charter_versions(
    unit: UnitOfWork, actor: Actor, activity_id: str
) -> tuple[list[CharterVersion], dict[str, Participant]]:
    """The versions of the own team's charter, the newest first, and who wrote them."""
    _activity, _here, team = _own(unit, actor, activity_id, Action.READ_CHARTER)
    rows = unit.store.find(CHARTERS, team=team.id, order="newest", limit=VERSIONS_SHOWN)
    return rows, participants_of(unit, actor.course, (row.by for row in rows))


def read_charter_version(
    unit: UnitOfWork, actor: Actor, activity_id: str, id: str
) -> tuple[CharterVersion, Team, dict[str, Participant], dict[str, datetime]]:
    """One version with its signatures, for members of its team, its mentors, and staff."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    version = unit.store.get(CHARTERS, id)
    team = team_here(unit, activity, version.team)
    require(actor, Action.READ_CHARTER, mentor_subject(unit, actor, here, team.id))
    rows = unit.store.find(SIGNATURES, charter=version.id, limit=SIGNED_AT_MOST)
    people = participants_of(unit, actor.course, {version.by, *(row.person for row in rows)})
    return version, team, people, {row.person: row.at for row in rows}


# --- staff ---


def charter_of(unit: UnitOfWork, actor: Actor, activity: Activity, team: Team) -> CharterView:
    """A team's charter as staff see it beside its members."""
    require(actor, Action.READ_CHARTER, Subject(team=team.id))
    members = members_of(unit, team.id)
    people = participants_of(unit, activity.course, (row.person for row in members))
    return look_at_charter(unit, activity, team, active_of(members, people))


def signed_counts(unit: UnitOfWork, rows: Sequence[TeamRow]) -> dict[str, tuple[int, int]]:
    """For each team of a page: how many active members have signed, of how many. One query."""
    charters = [row.team.charter for row in rows if row.team.charter]
    found = (
        unit.store.find(SIGNATURES, charter=charters, limit=len(charters) * SIGNED_AT_MOST)
        if charters
        else []
    )
    signed: dict[str, set[str]] = {}
    for signature in found:
        signed.setdefault(signature.team, set()).add(signature.person)
    counts = {}
    for row in rows:
        people = {one.person: one for one in row.members}
        active = active_of(row.memberships, people)
        have = signed.get(row.team.id, set())
        counts[row.team.id] = (sum(person in have for person in active), len(active))
    return counts


def _own(unit: UnitOfWork, actor: Actor, activity_id: str, action: Action) -> tuple[Activity, Standing, Team]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, action, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    return activity, here, here.team
