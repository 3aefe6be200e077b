"""People who come after teams are made: placed where it costs least, offered three seats, or left to staff.

What happens by itself is what the author chose (`settings.forming.late`). Teams with a free seat that
have not handed in are looked at, the smallest first and at most some hundreds of them: in a class of
thousands of teams the very best seat may lie beyond, a good one does not. Nobody is ever placed above
the largest size, beside somebody they stay apart from, across sections, or alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from coursecrew.app.activities import activities_of, team_set_of
from coursecrew.app.fitting import Fit, Room, fit_of, is_any_open, published_run, room
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    ASKINGS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    PARTICIPANTS,
    TEAM_SETS,
)
from coursecrew.app.teams import (
    make_team_of,
    membership_of,
    offer_seat,
    participant_of,
    seat_late,
    unplaced,
)
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, JoinRule
from coursecrew.domain.errors import Conflict, NotFound, TeamFull
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.teams import GOES, Team, TeamSet
from coursecrew.domain.wishes import Late

if TYPE_CHECKING:
    from coursecrew.domain.formation.repairing import Placement

OFFERS = 3
LISTED = 20  # people on one page, each with their best seats
AT_ONCE = 50  # people placed by one press, or in one step of upkeep
PAGE = 200


@dataclass(frozen=True)
class SeatFit:
    """A seat for somebody, and what the team's score does; `None` where there is nothing to judge by."""

    team: Team
    before: int | None = None  # millionths
    after: int | None = None


@dataclass(frozen=True)
class LatePerson:
    """Somebody without a team, with the seats that fit best; none: no team can take them."""

    person: Participant
    seats: tuple[SeatFit, ...]
    offered: datetime | None = None  # seats are offered until then


@dataclass(frozen=True)
class PoolTeam:
    """A new team that people without one could be, beside placing them one by one."""

    people: tuple[Participant, ...]
    score: int | None
    alternative: int | None  # mean score of the teams that would take them
    seated: int  # how many of them would find a seat


@dataclass(frozen=True)
class LatePage:
    """People without a team, newest first, and what can be done for them."""

    team_set: TeamSet
    rows: tuple[LatePerson, ...]
    more: bool  # there are more people than are listed
    known: bool  # scores are known: teams were formed from answers
    pool: PoolTeam | None
    late: Late


# --- staff ---


def look_at_latecomers(unit: UnitOfWork, actor: Actor, activity_id: str) -> LatePage:
    """People without a team, each with the three teams that fit best: a fixed number of queries."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    people = unplaced(unit, activity, team_set, limit=LISTED + 1)
    listed = people[:LISTED]
    rooms, fit, seats = _seats(unit, team_set, [row.person for row in reversed(listed)])
    offers = _offers(unit, team_set, [row.person for row in listed])
    rows = tuple(
        LatePerson(row, _priced(fit, rooms, row.person, seats.get(row.person, ())), offers.get(row.person))
        for row in listed
    )
    return LatePage(
        team_set,
        rows,
        more=len(people) > LISTED,
        known=fit.known,
        pool=_pool(fit, team_set, rows),
        late=activity.settings.forming.late,
    )


def place_all(unit: UnitOfWork, actor: Actor, activity_id: str) -> int:
    """Place up to fifty people without a team by fit; returns how many got a seat."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    people = [row.person for row in reversed(unplaced(unit, activity, team_set, limit=AT_ONCE))]
    _rooms, _fit, seats = _seats(unit, team_set, people)
    return sum(
        _seated(unit, activity, team_set, person, seats.get(person, ()), actor.person) for person in people
    )


def offer_three(unit: UnitOfWork, actor: Actor, activity_id: str, person: str) -> int:
    """Offer somebody the seats that fit best, for seven days; returns how many."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    guest = participant_of(unit, activity.course, person)
    if guest is None or not guest.takes_part:
        raise NotFound("person")
    if membership_of(unit, team_set.id, person):
        raise Conflict("already_in_team", name=guest.name)
    rooms, _fit, seats = _seats(unit, team_set, [person])
    teams = [rooms.teams[id] for id in seats.get(person, ())]
    if not teams:
        raise Conflict("no_seat_free")
    return _offered(unit, activity, team_set, teams, person, by=actor.person)


def make_pool_team(unit: UnitOfWork, actor: Actor, activity_id: str, people: Sequence[str]) -> Team:
    """Make a new team of these people without one, within the sizes of the set."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    free = {row.person for row in unplaced(unit, activity, team_set, limit=LISTED)}
    chosen = [person for person in dict.fromkeys(people) if person in free]
    if len(chosen) < len(people) or not team_set.min <= len(chosen) <= team_set.max:
        raise Conflict("pool_changed")
    return make_team_of(unit, activity, team_set, chosen, by=actor.person)


# --- what time does by itself (called by upkeep) ---


def place_latecomers(ports: Ports, activities: Iterable[Activity]) -> int:
    """Place, or offer seats to, people who came after teams were made; returns how many.

    Teams are made once a run was published, or once the set is locked. People are read newest first,
    back to that moment; each is placed in a transaction of its own.
    """
    done = 0
    seen: set[tuple[str, str]] = set()
    for activity in activities:
        name = (activity.course, activity.settings.teams.name)
        if name in seen:
            continue
        seen.add(name)
        lead = run(ports, _lead, *name)
        if lead is None:
            continue
        team_set, activity, made_at = lead
        last: Participant | None = None
        while True:
            page, late = run(ports, _late_page, team_set, activity, made_at, last)
            for start in range(0, len(late), AT_ONCE):
                done += _place_some(ports, team_set, activity, late[start : start + AT_ONCE])
            if not page:
                break
            last = page
    return done


def _lead(unit: UnitOfWork, course: str, name: str) -> tuple[TeamSet, Activity, datetime] | None:
    """The set, the activity whose wishes count for it, and since when its teams are made.

    `None` where nobody is placed by itself: teams are not made yet, every activity is over, or the
    course staff keep it to themselves, as they do unless they say otherwise.
    """
    found = unit.store.find(TEAM_SETS, course=course, name=name, limit=1)
    if not found or not found[0].is_published(unit.now) or not is_any_open(unit, found[0]):
        return None
    team_set, sharing = found[0], activities_of(unit, found[0])
    formed = published_run(unit, team_set)
    # Whoever came while a run was worked on is not in it either.
    made = [formed.at] if formed and formed.published_at else []
    if team_set.is_locked(unit.now) and team_set.lock_at:
        made.append(team_set.lock_at)
    if not made and team_set.join == JoinRule.FORMED.value:
        return None
    lead = next((a for a in sharing if formed and a.id == formed.activity), sharing[0])
    if not made or lead.settings.forming.late is Late.STAFF:
        return None
    return team_set, lead, min(made)


def _late_page(
    unit: UnitOfWork, team_set: TeamSet, activity: Activity, made_at: datetime, after: Participant | None
) -> tuple[Participant | None, list[str]]:
    """Who of a page of newcomers wants a seat, and the last of the page if there are older ones to see.

    Whoever was offered seats before, or was in a team of the set and went, is left to the course staff.
    """
    page = unit.store.find(
        PARTICIPANTS,
        course=activity.course, active=True, excluded=False, once_staff=False, order="newest", after=after,
        limit=PAGE,
    )  # fmt: skip
    new = [row for row in page if row.since > made_at]
    last = page[-1] if len(new) == PAGE else None
    keys = [row.person for row in new if row.takes_part]
    if not keys:
        return last, []
    out = {row.person for row in unit.store.find(MEMBERSHIPS, team_set=team_set.id, person=keys, limit=PAGE)}
    out |= {
        row.person
        for row in unit.store.find(ASKINGS, team_set=team_set.id, person=keys, limit=PAGE * 20)
        if row.kind == "offered"
    }
    out |= {
        row.person
        for row in unit.store.find(
            MEMBERSHIP_EVENTS,
            team_set=team_set.id, person=keys, event=[event.value for event in GOES], limit=PAGE * 20,
        )
    }  # fmt: skip
    return last, [key for key in keys if key not in out]


def _place_some(ports: Ports, team_set: TeamSet, activity: Activity, people: Sequence[str]) -> int:
    """Find seats for some people at once, then give each theirs."""
    seats = run(ports, _plan, team_set, people)
    act = _offer_one if activity.settings.forming.late is Late.OFFER else _place_one
    return sum(run(ports, act, activity, team_set, person, ids) for person, ids in seats.items() if ids)


def _plan(unit: UnitOfWork, team_set: TeamSet, people: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return _seats(unit, team_set, people, sensitive=True)[2]


def _place_one(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, person: str, seats: Sequence[str]
) -> int:
    return _seated(unit, activity, team_set, person, seats, by="")


def _offer_one(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, person: str, seats: Sequence[str]
) -> int:
    if membership_of(unit, team_set.id, person):
        return 0
    teams = [team for team in room(unit, team_set).teams.values() if team.id in seats]
    teams.sort(key=lambda team: list(seats).index(team.id))
    return 1 if teams and _offered(unit, activity, team_set, teams, person, by="") else 0


# --- within ---


def _seated(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, person: str, seats: Sequence[str], by: str
) -> int:
    """Give somebody the first of these seats that is still there; 1 if one was."""
    for team in seats:
        try:
            seat_late(unit, activity, team_set, team, person, by=by)
        except (TeamFull, Conflict, NotFound):
            continue  # taken meanwhile: nothing was written
        return 1
    return 0


def _offered(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, teams: Sequence[Team], person: str, *, by: str
) -> int:
    """Offer these seats in place of what was offered before; returns how many."""
    for old in unit.store.find(ASKINGS, team_set=team_set.id, person=person, state="open"):
        if old.kind == "offered":
            unit.store.save(ASKINGS, replace(old, state="withdrawn"))
    for team in teams:
        offer_seat(unit, team, person, by=by)
    unit.record(
        Kind.SEATS_OFFERED, activity=activity.id, course=activity.course, by=by, people=[person],
        number=len(teams),
    )  # fmt: skip
    return len(teams)


def _offers(unit: UnitOfWork, team_set: TeamSet, people: Sequence[str]) -> dict[str, datetime]:
    """Until when seats are offered to whom."""
    if not people:
        return {}
    rows = unit.store.find(
        ASKINGS, team_set=team_set.id, person=list(people), state="open", limit=len(people) * 20
    )
    return {row.person: row.expires for row in rows if row.kind == "offered" and row.is_open(unit.now)}


def _seats(
    unit: UnitOfWork, team_set: TeamSet, people: Sequence[str], *, sensitive: bool = False
) -> tuple[Room, Fit, dict[str, tuple[str, ...]]]:
    """Teams with room, what is known, and for each person the ids of the teams that fit best."""
    rooms = room(unit, team_set)
    fit = fit_of(unit, team_set, rooms.keys, people, sensitive=sensitive)
    if not people or not rooms.teams:
        return rooms, fit, {}
    return (
        rooms,
        fit,
        {one.learner: tuple(seat.team for seat in one.seats) for one in _placements(fit, rooms, people)},
    )


def _placements(fit: Fit, rooms: Room, people: Sequence[str]) -> list[Placement]:
    """One assignment for those who named a section, then one for those who may be anywhere."""
    from coursecrew.domain.formation.repairing import place_late

    # Equal fits go to the smaller team, then to the name: the engine knows teams by what it sorts.
    called = {f"{team.name_key} {id}": id for id, team in rooms.teams.items()}
    teams: dict[str, list[str]] = {name: list(rooms.keys[id]) for name, id in called.items()}
    bound = [key for key in people if key not in fit.free]
    found = list(place_late(fit.scale, teams, bound, offers=OFFERS))
    for one in found:
        if one.team:
            teams[one.team].append(one.learner)
    loose = [key for key in people if key in fit.free]
    if loose:
        anywhere = replace(fit.scale, rules=replace(fit.scale.rules, section=None))
        found += place_late(anywhere, teams, loose, offers=OFFERS)
    return [
        replace(one, seats=tuple(replace(seat, team=called[seat.team]) for seat in one.seats))
        for one in found
    ]


def _priced(fit: Fit, rooms: Room, person: str, seats: Iterable[str]) -> tuple[SeatFit, ...]:
    members: Mapping[str, Sequence[str]] = rooms.keys
    return tuple(
        SeatFit(rooms.teams[id], fit.score(members[id]), fit.score([*members[id], person])) for id in seats
    )


def _pool(fit: Fit, team_set: TeamSet, rows: Sequence[LatePerson]) -> PoolTeam | None:
    """A team out of those without one: who may be together, who waits longest first."""
    chosen: list[LatePerson] = []
    sections = fit.scale.roster.cells.get(fit.scale.rules.section or "", ())
    place = {key: sections[at] for key, at in fit.scale.numbers.items()} if sections else {}
    for row in reversed(rows):
        if len(chosen) == team_set.max or row.offered:
            continue
        keys = [one.person.person for one in chosen]
        here = {place.get(key, "") for key in [*keys, row.person.person]} - {""}
        if len(here) < 2 and not fit.apart(keys, [row.person.person]):
            chosen.append(row)
    if len(chosen) < max(team_set.min, 2):
        return None
    keys = [one.person.person for one in chosen]
    after = [one.seats[0].after for one in chosen if one.seats]
    known = [score for score in after if score is not None]
    return PoolTeam(
        tuple(one.person for one in chosen),
        fit.score(keys),
        round(sum(known) / len(known)) if known else None,
        seated=sum(bool(one.seats) for one in chosen),
    )
