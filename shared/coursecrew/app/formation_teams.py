"""Real teams out of a run, and taking them back: some at a time, in the press or by the worker.

How far it came stands in the run (`result`), so that a chunk that was done is never done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from coursecrew.app.mergers import end_proposals
from coursecrew.app.records import (
    ACTIVITIES,
    ASKINGS,
    CARDS,
    FORMATIONS,
    FORMED_TEAMS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    SUBMISSIONS,
    TEAMS,
    WAITING,
    WORKS,
)
from coursecrew.app.teams import participants_of, placed_among
from coursecrew.app.turns import end_turns
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.events import Kind
from coursecrew.domain.formations import Formation, FormedTeam, RunState
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Happened, Membership, MembershipEvent, Team, name_key

CHUNK = 50  # teams
PAGE = 200
MOST_NAMED = 50  # people left out who are remembered by key
REASON = "formed"
TAKEN_BACK = "teams taken back"
HANDED_IN = (WorkState.CONFIRMING, WorkState.SUBMITTED, WorkState.IN_REVIEW, WorkState.REVIEWED)


def publish_some(unit: UnitOfWork, run: Formation) -> Formation:
    """Make the next teams of a run that is being published, and say whether it is all done."""
    done = dict(run.result.get("published") or {"upto": 0, "teams": 0, "people": 0, "out": 0, "left_out": []})
    page = _next(unit, run, done["upto"])
    if page:
        done["upto"] = page[-1].number
        fresh = [formed for formed in page if not formed.team]
        keys = [key for formed in fresh for key in formed.members]
        known = participants_of(unit, run.course, keys)
        placed = placed_among(unit, run.team_set, keys)
        free = {key for key in keys if key not in placed and key in known and known[key].takes_part}
        out = [key for key in keys if key not in free]
        done["out"] += len(out)
        done["left_out"] = [*done["left_out"], *out][:MOST_NAMED]
        names = _free_names(unit, run, [formed.name for formed in fresh])
        for formed, name in zip(fresh, names, strict=True):
            members = [key for key in formed.members if key in free]
            if members:
                _make(unit, run, formed, name, members)
                done["teams"] += 1
                done["people"] += len(members)
        _clear_moot(unit, run.team_set, sorted(free))
    result = {**run.result, "published": done}
    if len(page) == CHUNK:
        return unit.store.save(FORMATIONS, replace(run, result=result))
    return unit.store.save(
        FORMATIONS,
        replace(
            run,
            state=RunState.PUBLISHED,
            result=result,
            published_at=run.published_at or unit.now,
            claimed_until=None,
        ),
    )


def take_back_some(unit: UnitOfWork, run: Formation) -> Formation:
    """Dissolve the next teams of a run that is being taken back; a team that handed in meanwhile stays."""
    done = dict(run.result.get("taken_back") or {"upto": 0, "teams": 0, "stayed": 0})
    page = _next(unit, run, done["upto"])
    if page:
        done["upto"] = page[-1].number
        formed = {one.team: one for one in page if one.team}
        stay = working_teams(unit, run, list(formed))
        done["stayed"] += len(stay)
        go = [team for team in formed if team not in stay]
        for team, members in _with_members(unit, go):
            _dissolve(unit, run, team, members)
            unit.store.save(FORMED_TEAMS, replace(formed[team.id], team=""))
            done["teams"] += 1
    result = {**run.result, "taken_back": done}
    if len(page) == CHUNK:
        return unit.store.save(FORMATIONS, replace(run, result=result))
    return unit.store.save(FORMATIONS, replace(run, state=RunState.DONE, result=result, claimed_until=None))


def working_teams(unit: UnitOfWork, run: Formation, teams: Sequence[str]) -> set[str]:
    """Those of the teams that have handed in, or wait for confirmation, in any activity of the set."""
    here = activities_of_set(unit, run)
    if not teams or not here:
        return set()
    works = unit.store.find(
        WORKS, activity=here, team=list(teams), state=[state.value for state in HANDED_IN], limit=10 * PAGE
    )
    handed = unit.store.find(WORKS, activity=here, team=list(teams), limit=10 * PAGE)
    return {work.team for work in works} | {work.team for work in handed if work.submission}


def activities_of_set(unit: UnitOfWork, run: Formation) -> list[str]:
    """The activities of the course that share the run's team set."""
    name = unit.store.get(ACTIVITIES, run.activity).settings.teams.name
    rows = unit.store.find(ACTIVITIES, course=run.course, limit=5 * PAGE)
    return [row.id for row in rows if row.settings.teams.name == name]


def handed_in(unit: UnitOfWork, run: Formation, *, pages: int = 1_000_000) -> bool:
    """Whether a team that the run made has handed anything in, in any activity that shares the set.

    A page that only offers the press looks at few `pages` of submissions; the press itself at all.
    """
    here = activities_of_set(unit, run)
    last: Any = None
    for _ in range(pages):
        page = unit.store.find(SUBMISSIONS, activity=here, after=last, limit=PAGE)
        if page and _made_here(unit, run, [row.team for row in page]):
            return True
        if len(page) < PAGE:
            break
        last = page[-1]
    waiting = unit.store.find(WORKS, activity=here, state=WorkState.CONFIRMING.value, limit=PAGE)
    return bool(waiting) and _made_here(unit, run, [row.team for row in waiting])


def _made_here(unit: UnitOfWork, run: Formation, teams: Sequence[str]) -> bool:
    return bool(unit.store.find(FORMED_TEAMS, formation=run.id, team=sorted(set(teams)), limit=1))


def _next(unit: UnitOfWork, run: Formation, upto: int) -> list[FormedTeam]:
    after = unit.store.find(FORMED_TEAMS, formation=run.id, number=upto, limit=1) if upto else []
    return unit.store.find(
        FORMED_TEAMS, formation=run.id, order="number", after=after[0] if after else None, limit=CHUNK
    )


def _free_names(unit: UnitOfWork, run: Formation, names: Sequence[str]) -> list[str]:
    """The names, those that the set has already replaced by numbers nobody has."""
    taken = _taken(unit, run.team_set, names)
    wanting = sum(name_key(name) in taken for name in names)
    spare: list[str] = []
    number = max(run.result.get("teams", 0), unit.store.count(TEAMS, team_set=run.team_set))
    while len(spare) < wanting:
        tries = [f"Team {number + n}" for n in range(1, CHUNK + 1)]
        number += CHUNK
        busy = _taken(unit, run.team_set, tries)
        spare += [name for name in tries if name_key(name) not in busy]
    free = iter(spare)
    return [next(free) if name_key(name) in taken else name for name in names]


def _taken(unit: UnitOfWork, team_set: str, names: Iterable[str]) -> set[str]:
    keys = [name_key(name) for name in names]
    if not keys:
        return set()
    return {row.name_key for row in unit.store.find(TEAMS, team_set=team_set, name_key=keys, limit=len(keys))}


def _make(unit: UnitOfWork, run: Formation, formed: FormedTeam, name: str, members: Sequence[str]) -> None:
    team = Team(
        unit.new_id(), run.team_set, name, name_key(name), size=len(members), leader=members[0],
        open=False, created_by=run.by,
    )  # fmt: skip
    unit.store.add(TEAMS, team)
    for person in members:
        unit.store.add(MEMBERSHIPS, Membership(unit.new_id(), run.team_set, team.id, person, unit.now))
        _log(unit, team, person, Happened.JOINED, run.by, REASON)
    unit.store.save(FORMED_TEAMS, replace(formed, team=team.id, name=name))
    unit.record(
        Kind.TEAMS_PLACED, activity=run.activity, course=run.course, by=run.by, team=team.id,
        people=list(members), name=name,
    )  # fmt: skip


def _with_members(unit: UnitOfWork, teams: Sequence[str]) -> list[tuple[Team, list[Membership]]]:
    if not teams:
        return []
    found = unit.store.find(TEAMS, id=list(teams), limit=len(teams))
    rows: dict[str, list[Membership]] = {team.id: [] for team in found}
    last: Membership | None = None
    while page := unit.store.find(MEMBERSHIPS, team=list(teams), after=last, limit=5 * PAGE):
        for row in page:
            rows[row.team].append(row)
        last = page[-1]
    return [(team, rows[team.id]) for team in found]


def _dissolve(unit: UnitOfWork, run: Formation, team: Team, members: Sequence[Membership]) -> None:
    people = [row.person for row in members]
    for row in members:
        unit.store.remove(MEMBERSHIPS, row.id)
        _log(unit, team, row.person, Happened.REMOVED, run.by, TAKEN_BACK)
    end_turns(unit, team.id, people)
    for waiting in unit.store.find(WAITING, team=team.id, limit=5 * PAGE):
        unit.store.remove(WAITING, waiting.id)
    for asking in unit.store.find(ASKINGS, team=team.id, state="open", limit=5 * PAGE):
        unit.store.save(ASKINGS, replace(asking, state="withdrawn"))
    end_proposals(unit, [team.id])
    if team.state == "active":
        # Its name is free again for the team that takes its place; its history keeps it.
        team = replace(team, size=0, leader="", state="dissolved", name_key=team.id)
        unit.store.save(TEAMS, team)
    if people:
        unit.record(
            Kind.TEAMS_TAKEN_BACK, activity=run.activity, course=run.course, by=run.by, team=team.id,
            people=people, name=team.name,
        )  # fmt: skip


def _clear_moot(unit: UnitOfWork, team_set: str, people: Sequence[str]) -> None:
    """What somebody who has a team now no longer waits for."""
    if not people:
        return
    keys = list(people)
    for row in unit.store.find(WAITING, team_set=team_set, person=keys, limit=10 * len(keys)):
        unit.store.remove(WAITING, row.id)
    for card in unit.store.find(CARDS, team_set=team_set, person=keys, limit=len(keys)):
        unit.store.remove(CARDS, card.id)
    while askings := unit.store.find(ASKINGS, team_set=team_set, person=keys, state="open", limit=PAGE):
        for asking in askings:
            unit.store.save(ASKINGS, replace(asking, state="withdrawn"))


def _log(unit: UnitOfWork, team: Team, person: str, event: Happened, by: str, reason: str) -> None:
    unit.store.add(
        MEMBERSHIP_EVENTS,
        MembershipEvent(unit.new_id(), team.team_set, team.id, person, event, unit.now, by, reason),
    )
