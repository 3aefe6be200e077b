"""Going on alone: somebody who has been alone in a team for five days asks, and the instructor decides.

Without a decision within three days they go on alone: the same task, the same rubric, a grade as
valid as any. A merger that is open comes first; somebody who joins makes the question moot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.activities import team_set_of
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGERS,
    SOLO_ASKS,
    TEAMS,
)
from coursecrew.app.teams import members_of, participants_of, standing
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.solo import ALONE, DECIDE_WITHIN, SoloAsk, SoloState, Wanted, may_ask
from coursecrew.domain.teams import COMES, GOES, Happened, Membership, MembershipEvent, Team

PAGE = 50
CHUNK = 200
OPEN_MERGERS = [MergerState.OPEN.value, MergerState.STAFF.value]
CHANGES = COMES | GOES | {Happened.INACTIVE, Happened.ACTIVE}


@dataclass(frozen=True)
class Alone:
    """What somebody alone in a team reads about it."""

    since: datetime
    may_ask: bool
    ask: SoloAsk | None  # the latest question
    merger_open: bool

    @property
    def asks_from(self) -> datetime:
        """From when on they may say how they want to go on."""
        return self.since + ALONE

    @property
    def is_solo(self) -> bool:
        """Whether it is decided that they go on alone."""
        return self.ask is not None and self.ask.state is SoloState.SOLO


def alone_in(unit: UnitOfWork, team: Team, members: Sequence[Membership], person: str) -> Alone | None:
    """How it stands with a member who is the only active one; nothing for anybody else.

    Three queries, and none in a team where others are active.
    """
    active = [row.person for row in members if row.active]
    if active != [person]:
        return None
    log = unit.store.find(MEMBERSHIP_EVENTS, team=team.id, limit=1000)
    since = max((row.at for row in log if row.event in CHANGES - {Happened.SOLO}), default=members[0].since)
    asks = [row for row in unit.store.find(SOLO_ASKS, team=team.id, limit=50) if row.at >= since]
    latest = asks[-1] if asks else None
    merging = _is_merging(unit, team.id)
    waits = latest is not None and latest.state in (SoloState.ASKED, SoloState.SOLO)
    looked_for = (
        latest is not None
        and latest.state is SoloState.MERGE
        and latest.decided_at is not None
        and unit.now - latest.decided_at < DECIDE_WITHIN
    )
    may = may_ask(size=len(active), alone_since=since, merger_open=merging, now=unit.now)
    return Alone(since, may and not waits and not looked_for, latest, merging)


def _is_merging(unit: UnitOfWork, team: str) -> bool:
    return any(unit.store.count(MERGERS, **{side: team}, state=OPEN_MERGERS) for side in ("team", "into"))


def ask_solo(unit: UnitOfWork, actor: Actor, activity_id: str, wanted: Wanted, *, why: str = "") -> SoloAsk:
    """Say how one wants to go on; the instructor is told, and time decides if they do not."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, Action.ASK_SOLO, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    team = unit.store.get(TEAMS, here.team.id, lock=True)
    alone = alone_in(unit, team, members_of(unit, team.id), actor.person)
    if alone is None or not alone.may_ask:
        raise Conflict("solo_decided" if alone and alone.ask else "solo_not_yet")
    ask = unit.store.add(
        SOLO_ASKS,
        SoloAsk(
            unit.new_id(), activity.id, team.team_set, team.id, actor.person, wanted, SoloState.ASKED,
            unit.now, unit.now + DECIDE_WITHIN, why.strip()[:1000],
        ),
    )  # fmt: skip
    unit.store.save(TEAMS, team)  # raises the version: two presses at once are one question
    unit.record(
        Kind.SOLO_ASKED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        person=actor.person, name=team.name,
    )  # fmt: skip
    return ask


@dataclass(frozen=True)
class AskRow:
    """One question for the instructor."""

    ask: SoloAsk
    team: Team
    person: Participant | None


def open_asks(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = ""
) -> tuple[list[AskRow], bool]:
    """A page of questions that wait for a decision, the oldest first, and whether there are more."""
    require(actor, Action.DECIDE_SOLO)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team_set = team_set_of(unit, activity)
    last = _ask(unit, activity, after) if after else None
    rows = unit.store.find(
        SOLO_ASKS, team_set=team_set.id, state=SoloState.ASKED.value, order="oldest", after=last,
        limit=PAGE + 1,
    )  # fmt: skip
    page = rows[:PAGE]
    ids = sorted({row.team for row in page})
    teams = {team.id: team for team in unit.store.find(TEAMS, id=ids, limit=len(ids))} if ids else {}
    people = participants_of(unit, activity.course, (row.person for row in page))
    found = [AskRow(row, teams[row.team], people.get(row.person)) for row in page if row.team in teams]
    return found, len(rows) > PAGE


def count_asks(unit: UnitOfWork, activity: Activity) -> int:
    """How many questions wait for the instructor: for their first page."""
    team_set = team_set_of(unit, activity)
    return unit.store.count(SOLO_ASKS, team_set=team_set.id, state=SoloState.ASKED.value)


def decide_solo(unit: UnitOfWork, actor: Actor, activity_id: str, ask_id: str, decided: Wanted) -> SoloAsk:
    """Decide how somebody alone goes on."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.DECIDE_SOLO)
    ask = _ask(unit, activity, ask_id, lock=True)
    if ask.state is not SoloState.ASKED:
        raise Conflict("solo_decided")
    return _decide(unit, activity, ask, decided, by=actor.person)


def _ask(unit: UnitOfWork, activity: Activity, ask_id: str, *, lock: bool = False) -> SoloAsk:
    ask = unit.store.get(SOLO_ASKS, ask_id, lock=lock)
    if ask.team_set != team_set_of(unit, activity).id:
        raise NotFound("solo")
    return ask


def _decide(unit: UnitOfWork, activity: Activity, ask: SoloAsk, decided: Wanted, *, by: str) -> SoloAsk:
    team = unit.store.get(TEAMS, ask.team)
    active = [row.person for row in members_of(unit, team.id) if row.active]
    if team.state != "active" or active != [ask.person]:
        # Somebody came, or the person left: whom it was about is no longer alone there.
        return unit.store.save(SOLO_ASKS, replace(ask, state=SoloState.MOOT, decided_at=unit.now, by=by))
    state = SoloState.SOLO if decided is Wanted.SOLO else SoloState.MERGE
    if state is SoloState.SOLO:
        unit.store.add(
            MEMBERSHIP_EVENTS,
            MembershipEvent(
                unit.new_id(), team.team_set, team.id, ask.person, Happened.SOLO, unit.now, by,
                "" if by else "nobody decided within 3 days",
            ),
        )  # fmt: skip
    unit.record(
        Kind.SOLO_DECIDED, activity=activity.id, course=activity.course, by=by, team=team.id,
        people=[ask.person], name=team.name, decided=state.value,
    )  # fmt: skip
    return unit.store.save(SOLO_ASKS, replace(ask, state=state, decided_at=unit.now, by=by))


def solo_teams(unit: UnitOfWork, teams: Sequence[str]) -> set[str]:
    """Which of these teams are teams of one by decision, as long as that person is alone there.

    Two queries, or none without teams.
    """
    if not teams:
        return set()
    rows = unit.store.find(SOLO_ASKS, team=list(teams), state=SoloState.SOLO.value, limit=len(teams) * 4)
    if not rows:
        return set()
    ids = sorted({row.team for row in rows})
    inside = unit.store.find(MEMBERSHIPS, team=ids, active=True, limit=len(ids) * 60)
    active: dict[str, list[str]] = {}
    for member in inside:
        active.setdefault(member.team, []).append(member.person)
    return {row.team for row in rows if active.get(row.team) == [row.person]}


# --- what time does by itself (called by upkeep) ---


def tend_solo(ports: Ports) -> int:
    """Decide what nobody decided in time: they go on alone; returns how many questions changed.

    Teams of one that somebody came into are none any more, for good: whoever is alone there later
    asks anew.
    """
    changed, last = 0, None
    while True:
        page = run(ports, _due, last)
        for ask in page:
            changed += run(ports, _settle, ask.id)
        if len(page) < CHUNK:
            break
        last = page[-1]
    last = None
    while True:
        page, outgrown = run(ports, _outgrown, last)
        changed += outgrown
        if len(page) < CHUNK:
            return changed
        last = page[-1]


def _outgrown(unit: UnitOfWork, after: SoloAsk | None) -> tuple[list[SoloAsk], int]:
    page = unit.store.find(SOLO_ASKS, state=SoloState.SOLO.value, order="due", after=after, limit=CHUNK)
    still = solo_teams(unit, [row.team for row in page])
    gone = [row for row in page if row.team not in still]
    for row in gone:
        unit.store.save(SOLO_ASKS, replace(row, state=SoloState.MOOT))
    return page, len(gone)


def _due(unit: UnitOfWork, after: SoloAsk | None) -> list[SoloAsk]:
    return unit.store.find(SOLO_ASKS, state=SoloState.ASKED.value, order="due", after=after, limit=CHUNK)


def _settle(unit: UnitOfWork, ask_id: str) -> int:
    ask = unit.store.get(SOLO_ASKS, ask_id, lock=True)
    if ask.state is not SoloState.ASKED or unit.now < ask.until or _is_merging(unit, ask.team):
        return 0
    _decide(unit, unit.store.get(ACTIVITIES, ask.activity), ask, Wanted.SOLO, by="")
    return 1
