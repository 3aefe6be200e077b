"""The list of people: who is who and where it comes from, named TAs, exclusions, the roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from coursecrew.app.activities import mark_memberships
from coursecrew.app.ports import Member, Ports
from coursecrew.app.records import (
    ACTIVITIES,
    CARDS,
    CHECK_INS,
    IDENTITY_CARDS,
    NOTICES,
    PARTICIPANTS,
    READ_MARKS,
    REMARKS,
    REQUEST_KEYS,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
    TEAM_SETS,
    VISITS,
)
from coursecrew.app.sandbox import forget as forget_sandbox
from coursecrew.app.teams import leave_every_team, participant_of, team_here
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Problem
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, Role, Source, one_line
from coursecrew.domain.permissions import Action, require

CHUNK = 200
FORMER = "Former member"


def list_people(
    unit: UnitOfWork, actor: Actor, *, search: str = "", after: str = "", limit: int = 50
) -> list[Participant]:
    """A page of the course's people by name; `search` keeps names that begin so (letter case apart)."""
    require(actor, Action.LOOK_AT_PEOPLE)
    last = unit.store.get(PARTICIPANTS, after) if after else None
    rows = unit.store.find(PARTICIPANTS, course=actor.course, order="name", after=last, limit=limit)
    return [row for row in rows if search.casefold() in row.name.casefold()]


def name_ta(
    unit: UnitOfWork, actor: Actor, activity_id: str, person: str, *, teams: Sequence[str] = ()
) -> Participant:
    """Make somebody a TA in this course, for all teams or for some.

    Somebody in a team stays there: nobody grades a team they are in, so the rest is open to them.
    """
    require(actor, Action.NAME_STAFF)
    participant = _person(unit, actor, person)
    if teams:
        activity = unit.store.get(ACTIVITIES, activity_id)
        for team in teams:
            team_here(unit, activity, team)
    if participant.excluded:
        raise Conflict("takes_no_part", name=participant.name)
    if participant.role in (Role.INSTRUCTOR, Role.TA):
        raise Conflict("staff_already", name=participant.name)
    participant = unit.store.save(
        PARTICIPANTS,
        replace(participant, named_role=Role.TA, named_by=actor.person, teams=tuple(teams), once_staff=True),
    )
    unit.record(
        Kind.PERSON_NAMED,
        activity=activity_id,
        course=actor.course,
        by=actor.person,
        people=[person],
        role="ta",
    )
    return participant


def unname_ta(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> Participant:
    """Take the named role back; they stay out of grading lists, having been staff."""
    require(actor, Action.NAME_STAFF)
    participant = _person(unit, actor, person)
    if participant.named_role is None:
        return participant
    return unit.store.save(PARTICIPANTS, replace(participant, named_role=None, named_by="", teams=()))


def exclude(unit: UnitOfWork, actor: Actor, activity_id: str, person: str, *, reason: str) -> Participant:
    """Take somebody out of rosters, teams' counts and gradebook; nothing of theirs is deleted."""
    require(actor, Action.EXCLUDE_PERSON)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    participant = _person(unit, actor, person)
    if participant.excluded:
        return participant
    activity = unit.store.get(ACTIVITIES, activity_id)
    leave_every_team(unit, activity, person, by=actor.person, reason=reason)
    # Rights that were given here end with it; who was staff once stays out of grading lists.
    participant = unit.store.save(
        PARTICIPANTS, replace(participant, excluded=True, named_role=None, named_by="", teams=())
    )
    unit.record(
        Kind.PERSON_EXCLUDED, activity=activity_id, course=actor.course, by=actor.person, person=person,
        reason=reason.strip()[:255],
    )  # fmt: skip
    return participant


def include(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> Participant:
    """Take an exclusion back."""
    require(actor, Action.EXCLUDE_PERSON)
    participant = _person(unit, actor, person)
    return unit.store.save(PARTICIPANTS, replace(participant, excluded=False))


def count_by_role(unit: UnitOfWork, actor: Actor) -> dict[Role, int]:
    """How many people there are of each role of the platform."""
    require(actor, Action.LOOK_AT_PEOPLE)
    return {Role(k): n for k, n in unit.store.tally(PARTICIPANTS, "role", course=actor.course).items()}


def _person(unit: UnitOfWork, actor: Actor, person: str) -> Participant:
    participant = participant_of(unit, actor.course, person)
    if participant is None:
        raise NotFound("person")
    return participant


# --- the platform's member list ---


@dataclass(frozen=True)
class RosterChange:
    """What a roster sync found."""

    seen: int
    added: int
    gone: int


def sync_roster(ports: Ports, course: str) -> RosterChange:
    """Bring our list in line with the platform's: complete or nothing.

    All pages are read first; if one fails (`PlatformUnreachable`) nobody is marked as gone. People
    who vanished become inactive and keep everything they had.
    """
    members = [member for page in ports.people.members(course) for member in page]
    added = 0
    for start in range(0, len(members), CHUNK):
        added += run(ports, take_over, course, members[start : start + CHUNK])
    gone = run(ports, mark_gone, course, frozenset(member.person for member in members if member.active))
    return RosterChange(len(members), added, gone)


def take_over(unit: UnitOfWork, course: str, members: Sequence[Member]) -> int:
    """Write a chunk of the member list into ours; returns how many people are new."""
    keys = [member.person for member in members]
    known = {
        row.person: row for row in unit.store.find(PARTICIPANTS, course=course, person=keys, limit=len(keys))
    }
    added = 0
    for member in members:
        old = known.get(member.person)
        if old is None:
            fresh = Participant(
                id=unit.new_id(),
                course=course,
                person=member.person,
                name=one_line(member.name),
                role=member.role,
                source=member.source,
                since=unit.now,
                active=member.active,
                looks_on=member.looks_on,
                zone=member.zone or "UTC",
            ).seen_as(member.role)
            unit.store.add(PARTICIPANTS, fresh)
            added += 1
            continue
        # A launch tells a role more exactly than some platforms' lists do (a TA is a "learner" in
        # one of them), so the list may raise nobody's role downwards from staff.
        role = member.role if not old.once_staff else old.role
        new = replace(
            old,
            name=old.name or one_line(member.name),
            active=member.active,
            role=role,
            looks_on=member.looks_on,
        )
        if new != old:
            unit.store.save(PARTICIPANTS, new)
        if member.active and not old.active:
            mark_memberships(unit, course, [member.person], active=True)
    return added


def note_enrolment(unit: UnitOfWork, course: str, member: Member) -> None:
    """Somebody came into the course or left it, told by the platform as it happens.

    Only courses that use us are kept; somebody unknown who leaves is nobody to us.
    """
    if not unit.store.count(ACTIVITIES, course=course):
        return
    if not member.active and participant_of(unit, course, member.person) is None:
        return
    take_over(unit, course, [member])
    if not member.active:
        mark_memberships(unit, course, [member.person], active=False)


def mark_gone(unit: UnitOfWork, course: str, present: frozenset[str]) -> int:
    """Mark people whom the complete member list no longer has as inactive."""
    gone: list[Participant] = []
    last: Participant | None = None
    while True:
        page = unit.store.find(PARTICIPANTS, course=course, active=True, after=last, limit=1000)
        gone += [
            row
            for row in page
            if row.person not in present
            and row.effective_role is Role.LEARNER
            and row.source is Source.ROSTER
        ]
        if len(page) < 1000:
            break
        last = page[-1]
    for row in gone:
        unit.store.save(PARTICIPANTS, replace(row, active=False))
    mark_memberships(unit, course, [row.person for row in gone], active=False)
    return len(gone)


# --- somebody goes for good ---


def stop_mail(unit: UnitOfWork, course: str, person: str) -> bool:
    """Send no more mail about this course to this person; returns whether we know them there."""
    participant = participant_of(unit, course, person)
    if participant is None:
        return False
    if participant.mail:
        unit.store.save(PARTICIPANTS, replace(participant, mail=False))
    return True


def retire(unit: UnitOfWork, person: str) -> int:
    """Forget who somebody was, in every course; returns in how many we knew them.

    What they wrote with others stays with their teams, under no name. Doing it again changes nothing.
    """
    rows = unit.store.find(PARTICIPANTS, person=person, limit=10_000)
    for row in rows:
        forgotten = replace(
            row, name=FORMER, active=False, mail=False, zone="UTC", language="", named_role=None, teams=()
        )
        if forgotten != row:
            unit.store.save(PARTICIPANTS, forgotten)
        mark_memberships(unit, row.course, [person], active=False)
        _remove_traces(unit, row.course, person)
    for key in unit.store.find(REQUEST_KEYS, person=person, limit=10_000):
        unit.store.remove(REQUEST_KEYS, key.id)
    return len(rows)


def _remove_traces(unit: UnitOfWork, course: str, person: str) -> None:
    """What is about one person alone: visits, notices, answers, notes and remarks, cards."""
    for activity in unit.store.find(ACTIVITIES, course=course, limit=10_000):
        for visit in unit.store.find(VISITS, activity=activity.id, person=person):
            unit.store.remove(VISITS, visit.id)
        for notice in unit.store.find(NOTICES, activity=activity.id, person=person, limit=10_000):
            unit.store.remove(NOTICES, notice.id)
        forget_sandbox(unit, activity.id, person)
        for answers in unit.store.find(SURVEY_ANSWERS, activity=activity.id, person=person):
            unit.store.remove(SURVEY_ANSWERS, answers.id)
        for hidden in unit.store.find(SENSITIVE_ANSWERS, activity=activity.id, person=person):
            unit.store.remove(SENSITIVE_ANSWERS, hidden.id)
        about: dict[str, Any] = {"activity": activity.id, "person": person}
        for mark in unit.store.find(READ_MARKS, **about, limit=10_000):
            unit.store.remove(READ_MARKS, mark.id)
        for remark in unit.store.find(REMARKS, **about, limit=10_000):
            unit.store.remove(REMARKS, remark.id)
        for answer in unit.store.find(CHECK_INS, **about, limit=10_000):
            # The numbers stay in their team's means, which tell nobody's.
            unit.store.save(CHECK_INS, replace(answer, note="", named=False))
    for own in unit.store.find(IDENTITY_CARDS, course=course, person=person):
        unit.store.remove(IDENTITY_CARDS, own.id)
    for team_set in unit.store.find(TEAM_SETS, course=course, limit=10_000):
        for card in unit.store.find(CARDS, team_set=team_set.id, person=person):
            unit.store.remove(CARDS, card.id)
