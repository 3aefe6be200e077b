"""What has changed around a person in a team: being asked, away or new there, and teams becoming one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from coursecrew.app.left_teams import left_teams
from coursecrew.app.mergers import MergerView, look_at_merger, merger_of
from coursecrew.app.records import TEAMS
from coursecrew.app.teams import Standing, TeamRow, rows_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.teams import Asking, Membership, Team

WELCOMED_FOR = timedelta(days=7)
EARLIER = timedelta(days=1)  # whose team-mates came this much before them finds work begun


@dataclass(frozen=True)
class Changes:
    """What a team's home shows of it beside the work."""

    asked: bool = False  # asked whether they are still there
    away: bool = False  # counts as inactive
    new: bool = False  # came lately into a team that had begun
    merger: MergerView | None = None
    left: tuple[Team, ...] = ()  # teams of theirs that became part of others
    offers: tuple[tuple[Asking, TeamRow], ...] = field(default=())  # seats offered to somebody without one


def changes_of(
    unit: UnitOfWork,
    activity: Activity,
    here: Standing,
    members: Sequence[Membership],
    askings: Sequence[Asking],
) -> Changes:
    """Read what has changed for a person: as many queries for any class."""
    if here.membership is None:
        return Changes(offers=_offers(unit, activity, askings))
    mine = here.membership
    merger = merger_of(unit, mine.team)
    return Changes(
        asked=mine.asked_at is not None,
        away=not mine.active,
        new=is_new(unit, mine, members),
        merger=look_at_merger(unit, activity, merger, mine.person) if merger else None,
        left=tuple(left_teams(unit, mine.team_set, mine.person)),
    )


def is_new(unit: UnitOfWork, mine: Membership, members: Sequence[Membership]) -> bool:
    """Whether somebody came within the last week into a team that had begun without them."""
    if unit.now - mine.since > WELCOMED_FOR:
        return False
    return any(mine.since - row.since >= EARLIER for row in members)


def _offers(
    unit: UnitOfWork, activity: Activity, askings: Sequence[Asking]
) -> tuple[tuple[Asking, TeamRow], ...]:
    offered = [asking for asking in askings if asking.kind == "offered"]
    if not offered:
        return ()
    teams = unit.store.find(TEAMS, id=[asking.team for asking in offered], state="active", limit=len(offered))
    rows = {row.team.id: row for row in rows_of(unit, activity.course, teams)}
    return tuple((asking, rows[asking.team]) for asking in offered if asking.team in rows)
