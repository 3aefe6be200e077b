"""Coming into teams: found, join, ask, invite, wait, leave; staff place, move and split.

A team's row guards its seats: it is read with a lock, its `size` is checked and saved, so of many
people after the last seat exactly one gets it. "One team per person and set" is a unique key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from coursecrew.app.activities import team_set_of
from coursecrew.app.fitting import at_work
from coursecrew.app.records import (
    ACTIVITIES,
    ASKINGS,
    CARDS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    PARTICIPANTS,
    TEAM_SETS,
    TEAMS,
    WAITING,
)
from coursecrew.app.turns import end_turns
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, JoinRule
from coursecrew.domain.errors import AlreadyExists, Conflict, Invalid, NotFound, Problem, TeamFull
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, one_line
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.teams import (
    DECLINE_WITHIN,
    INVITATION_LASTS,
    PITCH_LENGTH,
    WAITING_LISTS_EACH,
    Asking,
    Card,
    Happened,
    Membership,
    MembershipEvent,
    Team,
    TeamSet,
    Waiting,
    checked_motto,
    checked_name,
    even_sizes,
    has_listed,
    name_key,
    name_suggestions,
)

ASKED_LASTS = timedelta(days=1)


class WhyNoTeam(StrEnum):
    """Why somebody has no team, each with one way out."""

    NOT_PUBLISHED = "not_published"  # teams are shown from a date on
    STAFF_PLACES = "staff_places"  # the course staff make the teams
    FORMED = "formed"  # teams are formed out of a survey's answers, or were
    MAY_CHOOSE = "may_choose"
    WAITS = "waits"  # on a waiting list
    LOCKED = "locked"  # choosing is over, and this person did not
    JOINED_LATE = "joined_late"  # came into the course after the lock
    LOOKS_ON = "looks_on"  # staff, or somebody who does not take part


@dataclass(frozen=True)
class Standing:
    """Where a person stands in an activity's team set."""

    team_set: TeamSet
    participant: Participant | None
    membership: Membership | None
    team: Team | None
    why_none: WhyNoTeam | None
    waits: tuple[Waiting, ...] = ()

    @property
    def subject(self) -> Subject:
        """What rights depend on, towards the person's own team."""
        return Subject(
            team=self.team.id if self.team else "",
            member=self.membership is not None,
            takes_part=bool(self.participant and self.participant.takes_part),
        )


def standing(unit: UnitOfWork, actor: Actor, activity: Activity) -> Standing:
    """The person's own team, or why there is none."""
    team_set = team_set_of(unit, activity)
    participant = participant_of(unit, actor.course, actor.person)
    membership = membership_of(unit, team_set.id, actor.person)
    if membership:
        team = unit.store.get(TEAMS, membership.team)
        return Standing(team_set, participant, membership, team, None)
    waits = tuple(unit.store.find(WAITING, team_set=team_set.id, person=actor.person))
    why = _why_none(unit.now, team_set, participant, waits)
    return Standing(team_set, participant, None, None, why, waits)


def _why_none(
    now: datetime, team_set: TeamSet, participant: Participant | None, waits: Sequence[Waiting]
) -> WhyNoTeam:
    if participant is None or not participant.takes_part:
        return WhyNoTeam.LOOKS_ON
    if not team_set.is_published(now):
        return WhyNoTeam.NOT_PUBLISHED
    if team_set.is_locked(now):
        late = team_set.lock_at is not None and participant.since > team_set.lock_at
        return WhyNoTeam.JOINED_LATE if late else WhyNoTeam.LOCKED
    if team_set.join == JoinRule.FORMED.value:
        return WhyNoTeam.FORMED
    if team_set.join == JoinRule.STAFF.value:
        return WhyNoTeam.STAFF_PLACES
    return WhyNoTeam.WAITS if waits else WhyNoTeam.MAY_CHOOSE


def participant_of(unit: UnitOfWork, course: str, person: str) -> Participant | None:
    """The person's record in the course, if we know them."""
    found = unit.store.find(PARTICIPANTS, course=course, person=person, limit=1)
    return found[0] if found else None


def participants_of(unit: UnitOfWork, course: str, people: Iterable[str]) -> dict[str, Participant]:
    """The records of the people named, by key; for the rows of one page."""
    keys = sorted(set(people))
    if not keys:
        return {}
    found = unit.store.find(PARTICIPANTS, course=course, person=keys, limit=len(keys))
    return {participant.person: participant for participant in found}


def membership_of(unit: UnitOfWork, team_set: str, person: str) -> Membership | None:
    """Somebody's open membership in a team set."""
    found = unit.store.find(MEMBERSHIPS, team_set=team_set, person=person, limit=1)
    return found[0] if found else None


def placed_among(unit: UnitOfWork, team_set: str, people: Sequence[str]) -> set[str]:
    """Which of the people named are in a team of the set."""
    if not people:
        return set()
    rows = unit.store.find(MEMBERSHIPS, team_set=team_set, person=list(people), limit=len(people))
    return {row.person for row in rows}


def members_of(unit: UnitOfWork, team: str) -> list[Membership]:
    """The team's members now, in the order they came."""
    return unit.store.find(MEMBERSHIPS, team=team)


def team_here(unit: UnitOfWork, activity: Activity, team_id: str) -> Team:
    """A team of the activity's own set; a team of any other is not found."""
    team = unit.store.get(TEAMS, team_id)
    if team.team_set != team_set_of(unit, activity).id:
        raise NotFound("team")
    return team


# --- learners ---


def found_team(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, name: str, is_open: bool = True, motto: str = ""
) -> Team:
    """Found a team and be its first member.

    A name with a word that the author listed waits for the course staff; until then the team goes
    by a number.
    """
    activity, here = _choosing(unit, actor, activity_id, Action.FOUND_TEAM)
    name, motto, words = checked_name(name), checked_motto(motto), activity.settings.listed_words
    held_name = name if has_listed(name, words) else ""
    held_motto = motto if has_listed(motto, words) else ""
    if held_name:
        name = _plain_name(unit, here.team_set)
    team = _new_team(
        unit, here.team_set, name, by=actor.person, is_open=is_open, motto="" if held_motto else motto,
        held_name=held_name, held_motto=held_motto,
    )  # fmt: skip
    unit.record(
        Kind.TEAM_FOUNDED, activity=activity.id, course=activity.course, by=actor.person, team=team.id
    )
    return _seat(unit, here.team_set, team, actor.person, Happened.JOINED, by=actor.person)


def join_team(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Team:
    """Take a free seat in an open team; `TeamFull` offers the waiting list."""
    activity, here = _choosing(unit, actor, activity_id, Action.JOIN_TEAM)
    team = _team_in(unit, here.team_set, team_id, lock=True)
    invited = [
        a for a in _askings(unit, team.id, actor.person) if a.kind == "invited" and a.is_open(unit.now)
    ]
    if not (team.open and here.team_set.public) and not invited:
        raise Conflict("team_closed", name=team.name)
    for asking in invited:
        unit.store.save(ASKINGS, replace(asking, state="accepted"))
    return _joined(unit, activity, here.team_set, team, actor.person, by=actor.person)


def ask_to_join(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Asking:
    """Ask a team for a seat; any member may answer."""
    activity, here = _choosing(unit, actor, activity_id, Action.JOIN_TEAM)
    team = _team_in(unit, here.team_set, team_id)
    if not here.team_set.public:
        raise NotFound("team")
    if not team.has_room(here.team_set):
        raise TeamFull(name=team.name, size=team.size, max=here.team_set.max, team=team.id)
    return _ask(unit, activity, team, actor.person, "requested", by=actor.person)


def invite(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> Asking:
    """Invite somebody into one's own team; the invitation lasts seven days."""
    activity, here = _membership_here(unit, actor, activity_id, Action.INVITE)
    _must_be_unlocked(unit, here.team_set)
    guest = participant_of(unit, actor.course, person)
    if guest is None or not guest.takes_part:
        raise NotFound("person")
    if membership_of(unit, here.team_set.id, person):
        raise Conflict("already_in_team", name=guest.name)
    team = _own_team(here)
    if not team.has_room(here.team_set):
        raise TeamFull(name=team.name, size=team.size, max=here.team_set.max, team=team.id)
    return _ask(unit, activity, team, person, "invited", by=actor.person)


def answer_asking(
    unit: UnitOfWork, actor: Actor, activity_id: str, asking_id: str, *, accept: bool
) -> Asking:
    """Accept or decline: the person invited or offered a seat, or a member of the team that was asked.

    A seat that the course staff offer may be taken after teams are fixed, but not once the team has
    handed in.
    """
    asking = unit.store.get(ASKINGS, asking_id)
    activity, here = _at(unit, actor, activity_id)
    if asking.team_set != here.team_set.id:
        raise NotFound("asking")
    offered = asking.kind == "offered"
    mine = asking.kind in ("invited", "offered") and asking.person == actor.person
    if mine:
        require(actor, Action.JOIN_TEAM, here.subject)
    else:
        is_member = here.membership is not None and here.membership.team == asking.team and not offered
        require(actor, Action.ANSWER_REQUEST, replace(here.subject, member=is_member))
    if not offered:
        _must_be_unlocked(unit, here.team_set)
    if not asking.is_open(unit.now):
        raise Conflict("asking_over", state=asking.state)
    team = _team_in(unit, here.team_set, asking.team, lock=True)
    if offered and accept and team.id not in at_work(unit, here.team_set, [team.id]):
        raise Conflict("team_handed_in", name=team.name)
    answered = unit.store.save(ASKINGS, replace(asking, state="accepted" if accept else "declined"))
    if accept:
        _joined(unit, activity, here.team_set, team, asking.person, by=actor.person)
    else:
        _log(unit, here.team_set, team.id, asking.person, Happened.DECLINED, by=actor.person)
    told = [asking.by] if mine and asking.by else [] if mine else [asking.person]
    unit.record(
        Kind.TEAM_ANSWERED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=told, accepted=accept, name=team.name,
    )  # fmt: skip
    return answered


def leave_team(unit: UnitOfWork, actor: Actor, activity_id: str, *, reason: str = "") -> Team:
    """Leave one's team; what was handed in stays readable, the draft is left at once."""
    activity, here = _membership_here(unit, actor, activity_id, Action.LEAVE_TEAM)
    _must_be_unlocked(unit, here.team_set)
    return _unseat(
        unit, activity, here.team_set, _membership(here), Happened.LEFT, by=actor.person, reason=reason
    )


def promoted_at(unit: UnitOfWork, here: Standing) -> datetime | None:
    """When the person moved up from a waiting list into their team; `None` once it is too late to decline."""
    row = here.membership
    if row is None or unit.now - row.since > DECLINE_WITHIN:
        return None
    events = unit.store.find(
        MEMBERSHIP_EVENTS, team_set=row.team_set, person=row.person, event=Happened.PROMOTED.value
    )
    return row.since if any(one.team == row.team and one.at == row.since for one in events) else None


def decline_seat(unit: UnitOfWork, actor: Actor, activity_id: str) -> Team:
    """Give back a seat that one moved up into, within 24 hours, also after teams are fixed.

    The next who waits moves up.
    """
    activity, here = _membership_here(unit, actor, activity_id, Action.LEAVE_TEAM)
    if promoted_at(unit, here) is None:
        raise Conflict("decline_over")
    return _unseat(
        unit, activity, here.team_set, _membership(here), Happened.LEFT, by=actor.person,
        reason="declined a seat",
    )  # fmt: skip


def wait_for_seat(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> Waiting:
    """Get onto a full team's waiting list; at most three lists a person."""
    _activity, here = _choosing(unit, actor, activity_id, Action.JOIN_TEAM)
    team = _team_in(unit, here.team_set, team_id, lock=True)
    if not (team.open and here.team_set.public):
        raise Conflict("team_closed", name=team.name)
    if team.has_room(here.team_set):
        raise Conflict("has_room", name=team.name)
    waits = unit.store.find(WAITING, team_set=here.team_set.id, person=actor.person)
    already = next((row for row in waits if row.team == team.id), None)
    if already:
        return already
    if len(waits) >= WAITING_LISTS_EACH:
        raise Conflict("too_many_lists", most=WAITING_LISTS_EACH)
    row = Waiting(unit.new_id(), here.team_set.id, team.id, actor.person, unit.now)
    _log(unit, here.team_set, team.id, actor.person, Happened.WAITLISTED, by=actor.person)
    return unit.store.add(WAITING, row)


def stop_waiting(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> None:
    """Leave a team's waiting list."""
    _activity, here = _at(unit, actor, activity_id)
    for row in here.waits:
        if row.team == team_id:
            unit.store.remove(WAITING, row.id)
            _log(unit, here.team_set, team_id, actor.person, Happened.DECLINED, by=actor.person)


def post_card(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, pitch: str, skills: str = "", hours: str = ""
) -> Card:
    """Put (or change) one's card on the seeking board; it goes when the person is placed."""
    _activity, here = _choosing(unit, actor, activity_id, Action.JOIN_TEAM)
    pitch = pitch.strip()
    if not pitch:
        raise Invalid(Problem("pitch", "pitch_missing"))
    if len(pitch) > PITCH_LENGTH:
        raise Invalid(Problem("pitch", "pitch_too_long", (("most", PITCH_LENGTH), ("have", len(pitch)))))
    card = Card(unit.new_id(), here.team_set.id, actor.person, pitch, skills[:200], hours[:200], unit.now)
    old = unit.store.find(CARDS, team_set=here.team_set.id, person=actor.person, limit=1)
    if old:
        return unit.store.save(CARDS, replace(card, id=old[0].id, version=old[0].version))
    return unit.store.add(CARDS, card)


def remove_card(unit: UnitOfWork, actor: Actor, activity_id: str) -> None:
    """Take one's card off the board."""
    _activity, here = _at(unit, actor, activity_id)
    for card in unit.store.find(CARDS, team_set=here.team_set.id, person=actor.person):
        unit.store.remove(CARDS, card.id)


def describe_team(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    motto: str,
    is_open: bool,
    leader: str,
    name: str | None = None,
    sign: str = "",
) -> Team:
    """Change the team's name, sign and motto, whether anybody may join, and who leads.

    A name or motto with a word that the author listed waits for the course staff; until they have
    decided, others read what stood there before. `sign` is one of `checked_sign`; empty: as it is.
    """
    activity, here = _membership_here(unit, actor, activity_id, Action.INVITE)
    team = unit.store.get(TEAMS, _own_team(here).id, lock=True)
    motto = checked_motto(motto)
    name = team.name if name is None else checked_name(name)
    if leader and leader not in {row.person for row in members_of(unit, team.id)}:
        raise NotFound("person")
    words = activity.settings.listed_words
    before = team.name
    if name != team.name and has_listed(name, words):
        _must_be_free(unit, here.team_set, name, team)
        team = replace(team, wanted_name=name)
    elif not (team.wanted_name and name == team.name):
        # The form shows the name that holds; sending it as it was does not take a wish back.
        team = _named(unit, here.team_set, team, name)
    if motto != team.motto and has_listed(motto, words):
        team = replace(team, wanted_motto=motto)
    elif not (team.wanted_motto and motto == team.motto):
        team = replace(team, motto=motto, wanted_motto="")
    team = unit.store.save(
        TEAMS,
        replace(
            team,
            open=is_open,
            leader=leader or team.leader,
            sign=sign or team.sign,
            held=bool(team.wanted_name or team.wanted_motto),
        ),
    )
    if team.name != before:
        unit.record(
            Kind.TEAM_RENAMED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
            name=team.name, other=before,
        )  # fmt: skip
    return team


def decide_name(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, *, accept: bool) -> Team:
    """Staff pass or reject a name or motto that was held; a name taken meanwhile is refused."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.DECIDE_NAME, Subject(team=team_id))
    team_set = team_set_of(unit, activity)
    team = _team_in(unit, team_set, team_id, lock=True)
    if not team.held:
        return team
    if accept:
        team = _named(unit, team_set, team, team.wanted_name or team.name)
        team = replace(team, motto=team.wanted_motto or team.motto)
    team = unit.store.save(TEAMS, replace(team, held=False, wanted_name="", wanted_motto=""))
    unit.record(
        Kind.NAME_DECIDED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        name=team.name, accepted=accept,
    )  # fmt: skip
    return team


def _named(unit: UnitOfWork, team_set: TeamSet, team: Team, name: str) -> Team:
    """The team under that name, a wish for another one forgotten; refused where it is taken."""
    _must_be_free(unit, team_set, name, team)
    return replace(team, name=name, name_key=name_key(name), wanted_name="")


def _must_be_free(unit: UnitOfWork, team_set: TeamSet, name: str, team: Team) -> None:
    taken = unit.store.find(TEAMS, team_set=team_set.id, name_key=name_key(name), limit=1)
    if taken and taken[0].id != team.id:
        raise _name_taken(unit, team_set, name)


def ask_for_place(unit: UnitOfWork, actor: Actor, activity_id: str) -> str:
    """Tell the course staff that one has no team and can no longer choose one; told once a day."""
    activity, here = _at(unit, actor, activity_id)
    require(actor, Action.JOIN_TEAM, here.subject)
    if here.team:
        raise Conflict("already_in_team", name=here.team.name, own=True)
    if not place_wanted(unit, here):
        _log(unit, here.team_set, "", actor.person, Happened.REQUESTED, by=actor.person)
        unit.record(
            Kind.PLACE_WANTED, activity=activity.id, course=activity.course, by=actor.person,
            person=actor.person,
        )  # fmt: skip
    return here.team_set.id


def place_wanted(unit: UnitOfWork, here: Standing) -> bool:
    """Whether the person has asked the course staff for a place within the last day."""
    if here.participant is None:
        return False
    rows = unit.store.find(
        MEMBERSHIP_EVENTS,
        team_set=here.team_set.id, person=here.participant.person, team="", event=Happened.REQUESTED.value,
    )  # fmt: skip
    return any(unit.now - row.at < ASKED_LASTS for row in rows)


# --- staff ---


def make_team(unit: UnitOfWork, actor: Actor, activity_id: str, *, name: str) -> Team:
    """Make an empty team to place people in."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    return _new_team(unit, team_set, name, by=actor.person)


def place(
    unit: UnitOfWork, actor: Actor, activity_id: str, person: str, team_id: str, *, reason: str = ""
) -> Team:
    """Put a person into a team; somebody in another team is moved, in one row pair."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    participant = participant_of(unit, activity.course, person)
    if participant is None or not participant.takes_part:
        raise Conflict("takes_no_part", name=participant.name if participant else "")
    before = membership_of(unit, team_set.id, person)
    if before and before.team == team_id:
        return unit.store.get(TEAMS, team_id)
    happened = Happened.MOVED if before else Happened.JOINED
    if before:
        _unseat(unit, activity, team_set, before, Happened.LEFT, by=actor.person, reason=reason, tell=False)
    team = _team_in(unit, team_set, team_id, lock=True)
    team = _seat(unit, team_set, team, person, happened, by=actor.person, reason=reason)
    unit.record(
        Kind.TEAM_MOVED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=[person], name=team.name,
    )  # fmt: skip
    return team


def seat_late(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, team_id: str, person: str, *, by: str
) -> Team:
    """Give somebody who came late a seat; refused where there is none any more, or they need none."""
    team = _team_in(unit, team_set, team_id, lock=True)
    if membership_of(unit, team_set.id, person):
        raise Conflict("already_in_team")
    participant = participant_of(unit, activity.course, person)
    if participant is None or not participant.takes_part:
        raise Conflict("takes_no_part", name=participant.name if participant else "")
    if team.id not in at_work(unit, team_set, [team.id]):
        raise Conflict("team_handed_in", name=team.name)
    team = _seat(unit, team_set, team, person, Happened.JOINED, by=by, reason="came late")
    unit.record(
        Kind.TEAM_MOVED, activity=activity.id, course=activity.course, by=by, team=team.id,
        people=[person], name=team.name,
    )  # fmt: skip
    return team


def offer_seat(unit: UnitOfWork, team: Team, person: str, *, by: str) -> Asking:
    """Offer somebody a seat for seven days; it is not held for them."""
    asking = unit.store.add(
        ASKINGS,
        Asking(
            unit.new_id(), team.team_set, team.id, person, "offered", by, unit.now,
            unit.now + INVITATION_LASTS,
        ),
    )  # fmt: skip
    unit.store.add(
        MEMBERSHIP_EVENTS,
        MembershipEvent(
            unit.new_id(), team.team_set, team.id, person, Happened.INVITED, unit.now, by, "offered a seat"
        ),
    )
    return asking


def make_team_of(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, people: Sequence[str], *, by: str
) -> Team:
    """A new team, under a number, of people who have none."""
    team = _new_team(unit, team_set, _plain_name(unit, team_set), by=by)
    for person in people:
        team = _seat(unit, team_set, team, person, Happened.JOINED, by=by, reason="out of the pool")
    unit.record(
        Kind.TEAMS_PLACED, activity=activity.id, course=activity.course, by=by, team=team.id,
        people=list(people), name=team.name,
    )  # fmt: skip
    return team


def take_out(unit: UnitOfWork, actor: Actor, activity_id: str, person: str, *, reason: str = "") -> Team:
    """Take a person out of their team; nothing they handed in is touched."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    membership = membership_of(unit, team_set.id, person)
    if membership is None:
        raise NotFound("person")
    return _unseat(unit, activity, team_set, membership, Happened.REMOVED, by=actor.person, reason=reason)


def split_evenly(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, names: Sequence[str] = ()
) -> list[Team]:
    """Place everybody without a team into new teams by lot, sizes differing by at most one.

    `names` are given to the teams in turn; without them they are numbered. The set's row is locked,
    so that two presses make one split.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity, lock=True)
    people = without_team(unit, activity, team_set)
    sizes = even_sizes(len(people), team_set)
    unit.chance.shuffle(people)
    taken = {team.name_key for team in all_teams(unit, team_set.id)}
    free = iter([name for name in names if name_key(name) not in taken])
    number, made = len(taken), []
    for size in sizes:
        name = next(free, "")
        while not name or name_key(name) in taken:
            number += 1
            name = f"Team {number}"
        taken.add(name_key(name))
        team = _new_team(unit, team_set, name, by=actor.person)
        for person in people[:size]:
            team = _seat(unit, team_set, team, person, Happened.JOINED, by=actor.person, reason="even split")
        unit.record(
            Kind.TEAMS_PLACED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
            people=people[:size], name=team.name,
        )  # fmt: skip
        people = people[size:]
        made.append(team)
    unit.store.save(TEAM_SETS, team_set)
    return made


def without_team(unit: UnitOfWork, activity: Activity, team_set: TeamSet) -> list[str]:
    """Keys of everybody who takes part and is in no team of the set."""
    inside = {row.person for row in all_memberships(unit, team_set.id)}
    return [p.person for p in all_learners(unit, activity.course) if p.person not in inside]


def unplaced(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, *, limit: int = 50, most: int = 1000
) -> list[Participant]:
    """The newest people who take part and have no team, for one page: two queries.

    Looks among the `most` people who came last: whoever has no team is mostly new.
    """
    newest = unit.store.find(
        PARTICIPANTS,
        course=activity.course,
        active=True,
        excluded=False,
        once_staff=False,
        order="newest",
        limit=most,
    )
    keys = [row.person for row in newest if row.takes_part]
    placed = (
        {row.person for row in unit.store.find(MEMBERSHIPS, team_set=team_set.id, person=keys, limit=most)}
        if keys
        else set()
    )
    return [row for row in newest if row.takes_part and row.person not in placed][:limit]


def all_learners(unit: UnitOfWork, course: str) -> Iterable[Participant]:
    """Everybody who takes part, page by page; for work over a whole course, not for pages."""
    last: Participant | None = None
    while True:
        page = unit.store.find(
            PARTICIPANTS, course=course, active=True, excluded=False, once_staff=False, after=last, limit=1000
        )
        yield from (participant for participant in page if participant.takes_part)
        if len(page) < 1000:
            return
        last = page[-1]


def all_memberships(unit: UnitOfWork, team_set: str) -> Iterable[Membership]:
    """Every open membership of a set, page by page."""
    last: Membership | None = None
    while True:
        page = unit.store.find(MEMBERSHIPS, team_set=team_set, after=last, limit=1000)
        yield from page
        if len(page) < 1000:
            return
        last = page[-1]


def all_teams(unit: UnitOfWork, team_set: str) -> Iterable[Team]:
    """Every team of a set, page by page."""
    last: Team | None = None
    while True:
        page = unit.store.find(TEAMS, team_set=team_set, after=last, limit=1000)
        yield from page
        if len(page) < 1000:
            return
        last = page[-1]


# --- what screens read: one page, a fixed number of queries ---


@dataclass(frozen=True)
class TeamRow:
    """A team in a list, with its members' records."""

    team: Team
    members: tuple[Participant, ...]
    memberships: tuple[Membership, ...]

    @property
    def away(self) -> frozenset[str]:
        """Keys of the members who count as inactive."""
        return frozenset(row.person for row in self.memberships if not row.active)

    @property
    def active(self) -> int:
        """How many members are active."""
        return len(self.memberships) - len(self.away)


def team_rows(
    unit: UnitOfWork,
    course: str,
    team_set: TeamSet,
    *,
    order: str = "name",
    after: Team | None = None,
    limit: int = 50,
    only: Sequence[str] = (),
) -> list[TeamRow]:
    """A page of active teams with their members: three queries, however many teams there are.

    `only` bounds it to these teams; none named: all.
    """
    some: dict[str, Any] = {"id": list(only)} if only else {}
    page = unit.store.find(
        TEAMS, team_set=team_set.id, state="active", order=order, after=after, limit=limit, **some
    )
    return rows_of(unit, course, page)


def rows_of(unit: UnitOfWork, course: str, teams: Sequence[Team]) -> list[TeamRow]:
    """The given teams with their members: two queries."""
    if not teams:
        return []
    seats = sum(team.size for team in teams) + 50
    rows = unit.store.find(MEMBERSHIPS, team=[team.id for team in teams], limit=seats)
    people = participants_of(unit, course, (row.person for row in rows))
    by_team: dict[str, list[Membership]] = {}
    for row in rows:
        by_team.setdefault(row.team, []).append(row)
    return [
        TeamRow(
            team,
            tuple(people[row.person] for row in by_team.get(team.id, ()) if row.person in people),
            tuple(by_team.get(team.id, ())),
        )
        for team in teams
    ]


def open_askings(unit: UnitOfWork, here: Standing) -> list[Asking]:
    """Invitations to this person, or requests to and invitations by this person's team."""
    if here.team:
        rows = unit.store.find(ASKINGS, team=here.team.id, state="open", limit=50)
    elif here.participant:
        rows = unit.store.find(
            ASKINGS, team_set=here.team_set.id, person=here.participant.person, state="open", limit=50
        )
    else:
        rows = []
    return [row for row in rows if row.is_open(unit.now)]


def cards_of(unit: UnitOfWork, team_set: TeamSet, *, limit: int = 50) -> list[Card]:
    """The seeking board, newest cards last."""
    return unit.store.find(CARDS, team_set=team_set.id, limit=limit)


# --- the moves themselves ---


def _at(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Activity, Standing]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    return activity, standing(unit, actor, activity)


def _choosing(unit: UnitOfWork, actor: Actor, activity_id: str, action: Action) -> tuple[Activity, Standing]:
    """The activity and standing of somebody without a team who may still choose one."""
    activity, here = _at(unit, actor, activity_id)
    require(actor, action, here.subject)
    if not activity.is_visible or not here.team_set.is_published(unit.now):
        raise Conflict("teams_not_published", opens=here.team_set.publish_at)
    if here.team_set.join != JoinRule.SELF.value:
        raise Conflict("staff_places")
    _must_be_unlocked(unit, here.team_set)
    if here.team:
        raise Conflict("already_in_team", name=here.team.name, own=True)
    return activity, here


def _membership_here(
    unit: UnitOfWork, actor: Actor, activity_id: str, action: Action
) -> tuple[Activity, Standing]:
    activity, here = _at(unit, actor, activity_id)
    require(actor, action, here.subject)
    return activity, here


def _must_be_unlocked(unit: UnitOfWork, team_set: TeamSet) -> None:
    if team_set.is_locked(unit.now):
        raise Conflict("teams_locked", closes=team_set.lock_at)


def _membership(here: Standing) -> Membership:
    if here.membership is None:
        raise NotFound("team")
    return here.membership


def _own_team(here: Standing) -> Team:
    if here.team is None:
        raise NotFound("team")
    return here.team


def _team_in(unit: UnitOfWork, team_set: TeamSet, team_id: str, *, lock: bool = False) -> Team:
    team = unit.store.get(TEAMS, team_id, lock=lock)
    if team.team_set != team_set.id or team.state != "active":
        raise NotFound("team")
    return team


def _plain_name(unit: UnitOfWork, team_set: TeamSet) -> str:
    """A free name that says nothing: "Team" and a number."""
    number = unit.store.count(TEAMS, team_set=team_set.id) + 1
    tries = [f"Team {n}" for n in range(number, number + 50)]
    found = unit.store.find(TEAMS, team_set=team_set.id, name_key=[name_key(one) for one in tries])
    taken = {team.name_key for team in found}
    return next(one for one in tries if name_key(one) not in taken)


def _new_team(
    unit: UnitOfWork,
    team_set: TeamSet,
    name: str,
    *,
    by: str,
    is_open: bool = True,
    motto: str = "",
    held_name: str = "",
    held_motto: str = "",
) -> Team:
    clean = checked_name(name)
    team = Team(
        unit.new_id(),
        team_set.id,
        clean,
        name_key(clean),
        motto=one_line(motto)[:140],
        open=is_open,
        created_by=by,
        held=bool(held_name or held_motto),
        wanted_name=held_name,
        wanted_motto=held_motto,
    )
    if unit.store.find(TEAMS, team_set=team_set.id, name_key=team.name_key, limit=1):
        raise _name_taken(unit, team_set, clean)
    try:
        return unit.store.add(TEAMS, team)
    except AlreadyExists:
        raise _name_taken(unit, team_set, clean) from None


def _name_taken(unit: UnitOfWork, team_set: TeamSet, name: str) -> Conflict:
    candidates = name_suggestions(name, ())
    taken = unit.store.find(TEAMS, team_set=team_set.id, name_key=[name_key(c) for c in candidates])
    free = [c for c in candidates if name_key(c) not in {team.name_key for team in taken}]
    return Conflict("name_taken", field="name", name=name, suggestions=free)


def _seat(
    unit: UnitOfWork,
    team_set: TeamSet,
    team: Team,
    person: str,
    happened: Happened,
    *,
    by: str,
    reason: str = "",
) -> Team:
    """Give a person a seat of a team that was read for this, raise its size, and clear what is moot."""
    if not team.has_room(team_set):
        raise TeamFull(name=team.name, size=team.size, max=team_set.max, team=team.id)
    unit.store.add(MEMBERSHIPS, Membership(unit.new_id(), team_set.id, team.id, person, unit.now))
    _log(unit, team_set, team.id, person, happened, by=by, reason=reason)
    leader = team.leader or person
    team = unit.store.save(TEAMS, replace(team, size=team.size + 1, leader=leader))
    for row in unit.store.find(WAITING, team_set=team_set.id, person=person):
        unit.store.remove(WAITING, row.id)
    for card in unit.store.find(CARDS, team_set=team_set.id, person=person):
        unit.store.remove(CARDS, card.id)
    for asking in unit.store.find(ASKINGS, team_set=team_set.id, person=person, state="open"):
        state = "accepted" if asking.team == team.id else "withdrawn"
        unit.store.save(ASKINGS, replace(asking, state=state))
    return team


def _joined(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, team: Team, person: str, *, by: str
) -> Team:
    if membership_of(unit, team_set.id, person):
        raise Conflict("already_in_team")
    participant = participant_of(unit, activity.course, person)
    if participant is None or not participant.takes_part:  # perhaps no longer, since they asked
        raise Conflict("takes_no_part", name=participant.name if participant else "")
    team = _seat(unit, team_set, team, person, Happened.JOINED, by=by)
    unit.record(
        Kind.TEAM_JOINED, activity=activity.id, course=activity.course, by=by, team=team.id,
        person=person, name=team.name,
    )  # fmt: skip
    return team


def _unseat(
    unit: UnitOfWork,
    activity: Activity,
    team_set: TeamSet,
    membership: Membership,
    happened: Happened,
    *,
    by: str,
    reason: str = "",
    tell: bool = True,
) -> Team:
    """End a membership, lower the team's size, and move the first who waits into the free seat."""
    team = unit.store.get(TEAMS, membership.team, lock=True)
    unit.store.remove(MEMBERSHIPS, membership.id)
    end_turns(unit, team.id, [membership.person])
    _log(unit, team_set, team.id, membership.person, happened, by=by, reason=reason)
    rest = [row.person for row in members_of(unit, team.id) if row.person != membership.person]
    leader = team.leader if team.leader != membership.person else (rest[0] if rest else "")
    team = unit.store.save(TEAMS, replace(team, size=team.size - 1, leader=leader))
    if tell:
        unit.record(
            Kind.TEAM_LEFT, activity=activity.id, course=activity.course, by=by, team=team.id,
            person=membership.person, name=team.name,
        )  # fmt: skip
    return _promote(unit, activity, team_set, team)


def _promote(unit: UnitOfWork, activity: Activity, team_set: TeamSet, team: Team) -> Team:
    """Move the first eligible person from the waiting list into a free seat."""
    while team.has_room(team_set):
        waiting = unit.store.find(WAITING, team=team.id, limit=20)
        if not waiting:
            return team
        people = [row.person for row in waiting]
        placed = {row.person for row in unit.store.find(MEMBERSHIPS, team_set=team_set.id, person=people)}
        known = participants_of(unit, activity.course, people)
        for row in waiting:
            unit.store.remove(WAITING, row.id)
            participant = known.get(row.person)
            if row.person in placed or participant is None or not participant.takes_part:
                continue
            team = _seat(unit, team_set, team, row.person, Happened.PROMOTED, by="", reason="waiting list")
            unit.record(
                Kind.SEAT_FREED, activity=activity.id, course=activity.course, by="", team=team.id,
                people=[row.person], name=team.name,
            )  # fmt: skip
            break
    return team


def fill_free_seats(unit: UnitOfWork, activity_id: str) -> None:
    """Move people up wherever somebody waits for a team that has room, as after a larger size was set.

    A seat that somebody leaves is filled at once; this is for seats that come about otherwise.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    found = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    if not found:
        return
    wanted = dict.fromkeys(row.team for row in unit.store.find(WAITING, team_set=found[0].id, limit=500))
    for team in unit.store.find(TEAMS, id=list(wanted), state="active", limit=500) if wanted else ():
        if team.has_room(found[0]):
            _promote(unit, activity, found[0], unit.store.get(TEAMS, team.id, lock=True))


def _askings(unit: UnitOfWork, team: str, person: str) -> list[Asking]:
    return unit.store.find(ASKINGS, team=team, person=person, state="open")


def _ask(unit: UnitOfWork, activity: Activity, team: Team, person: str, kind: str, *, by: str) -> Asking:
    for old in _askings(unit, team.id, person):
        if old.kind == kind and old.is_open(unit.now):
            return old
    asking = unit.store.add(
        ASKINGS,
        Asking(
            unit.new_id(), team.team_set, team.id, person, kind, by, unit.now, unit.now + INVITATION_LASTS
        ),
    )
    happened = Happened.INVITED if kind == "invited" else Happened.REQUESTED
    unit.store.add(
        MEMBERSHIP_EVENTS,
        MembershipEvent(unit.new_id(), team.team_set, team.id, person, happened, unit.now, by),
    )
    event = Kind.TEAM_INVITED if kind == "invited" else Kind.TEAM_REQUESTED
    unit.record(
        event, activity=activity.id, course=activity.course, by=by, team=team.id, people=[person],
        person=person, name=team.name,
    )  # fmt: skip
    return asking


def _log(
    unit: UnitOfWork, team_set: TeamSet, team: str, person: str, event: Happened, *, by: str, reason: str = ""
) -> None:
    unit.store.add(
        MEMBERSHIP_EVENTS,
        MembershipEvent(unit.new_id(), team_set.id, team, person, event, unit.now, by, reason[:255]),
    )


def mark_presence(
    unit: UnitOfWork, activity: Activity, membership: Membership, *, active: bool, by: str, reason: str = ""
) -> Membership:
    """Say in the log and to the team that somebody is away, or back; nothing of theirs is touched."""
    team = unit.store.get(TEAMS, membership.team)
    if not active:
        end_turns(unit, team.id, [membership.person])
    changed = unit.store.save(
        MEMBERSHIPS,
        replace(membership, active=active, asked_at=None, duty=membership.duty if active else ""),
    )
    unit.store.add(
        MEMBERSHIP_EVENTS,
        MembershipEvent(
            unit.new_id(), membership.team_set, team.id, membership.person,
            Happened.ACTIVE if active else Happened.INACTIVE, unit.now, by, reason[:255],
        ),
    )  # fmt: skip
    unit.record(
        Kind.MEMBER_BACK if active else Kind.MEMBER_INACTIVE,
        activity=activity.id, course=activity.course, by=by, team=team.id,
        person=membership.person, name=team.name,
    )  # fmt: skip
    return changed


def describe_leader(unit: UnitOfWork, team: Team, person: str) -> Team:
    """Make a member the team's leader, by staff's order."""
    return team if team.leader == person else unit.store.save(TEAMS, replace(team, leader=person))


def leave_every_team(unit: UnitOfWork, activity: Activity, person: str, *, by: str, reason: str) -> None:
    """Take somebody out of their teams in all sets of the course: they no longer take part."""
    for team_set in unit.store.find(TEAM_SETS, course=activity.course):
        membership = membership_of(unit, team_set.id, person)
        if membership:
            _unseat(unit, activity, team_set, membership, Happened.REMOVED, by=by, reason=reason)
