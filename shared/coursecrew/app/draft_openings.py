"""The course staff open a team's live draft: said beforehand, logged, and told to the team.

A draft is work that is not handed in: staff may look to help before it is too late, and never unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from coursecrew.app.attached import files_of_team
from coursecrew.app.presence import mark
from coursecrew.app.records import ACTIVITIES, DRAFT_OPENINGS, MEMBERSHIPS
from coursecrew.app.submissions import WorkView, look_at_work, own_work
from coursecrew.app.teams import participants_of, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotFound
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.presence import STAFF_READS
from coursecrew.domain.submissions import DraftOpening
from coursecrew.domain.team_files import TeamFile
from coursecrew.domain.teams import Team

LASTS = timedelta(hours=1)  # opening it again within this time is the same opening
SHOWN = 50


@dataclass(frozen=True)
class OpenedDraft:
    """A team's draft as staff read it, and who opened it before."""

    team: Team
    view: WorkView
    files: tuple[TeamFile, ...]
    is_open: bool  # this reader opened it within the hour: the text may be shown
    openings: tuple[DraftOpening, ...]
    people: Mapping[str, Participant]


def _must_be_staff_of(unit: UnitOfWork, actor: Actor, activity: Activity, team_id: str) -> Team:
    team = team_here(unit, activity, team_id)
    mine = unit.store.count(MEMBERSHIPS, team=team.id, person=actor.person) > 0
    require(actor, Action.OPEN_DRAFT, Subject(team=team.id, graded_by_self=mine))
    return team


def open_draft(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> str:
    """Write into the log that the actor opens the draft; returns the row's id. The team reads it at once."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = _must_be_staff_of(unit, actor, activity, team_id)
    mark(unit, activity, team.id, actor.person, actor.name, STAFF_READS)
    fresh = _fresh(unit, actor, openings_of(unit, activity.id, team.id))
    if fresh:
        return fresh.id
    row = DraftOpening(unit.new_id(), activity.id, team.id, actor.person, unit.now)
    return unit.store.add(DRAFT_OPENINGS, row).id


def _fresh(unit: UnitOfWork, actor: Actor, rows: Sequence[DraftOpening]) -> DraftOpening | None:
    return next((row for row in rows if row.by == actor.person and unit.now - row.at < LASTS), None)


def look_at_draft(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> OpenedDraft:
    """The draft for staff who opened it; before that, only who may and what the team will read."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = _must_be_staff_of(unit, actor, activity, team_id)
    rows = openings_of(unit, activity.id, team.id)
    view = look_at_work(unit, activity, team)
    files = tuple(files_of_team(unit, activity.id, team.id))
    keys = ({row.by for row in rows} | {row.by for row in files}) - set(view.people)
    people = {**view.people, **participants_of(unit, activity.course, keys)}
    is_open = _fresh(unit, actor, rows) is not None
    return OpenedDraft(team, view, files if is_open else (), is_open, tuple(rows), people)


def openings_of(unit: UnitOfWork, activity_id: str, team_id: str) -> list[DraftOpening]:
    """The log of one team's draft, newest first; rights are the caller's to check."""
    return unit.store.find(DRAFT_OPENINGS, activity=activity_id, team=team_id, order="newest", limit=SHOWN)


def own_openings(
    unit: UnitOfWork, actor: Actor, activity_id: str
) -> tuple[list[DraftOpening], dict[str, Participant]]:
    """Who of the course staff opened the draft of the actor's own team, newest first."""
    activity, here, _view = own_work(unit, actor, activity_id)
    if here.team is None:
        raise NotFound("own_team")
    rows = openings_of(unit, activity.id, here.team.id)
    return rows, participants_of(unit, activity.course, {row.by for row in rows})
