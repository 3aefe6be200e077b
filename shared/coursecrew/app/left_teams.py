"""What a team wrote before it became part of another: kept for those who were in it then, and for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.attached import files_of_team
from coursecrew.app.charters import look_at_charter
from coursecrew.app.records import (
    ACTIVITIES,
    DRAFT_VERSIONS,
    DRAFTS,
    MEMBERSHIP_EVENTS,
    MERGERS,
    POSTS,
    TEAMS,
    WORKS,
)
from coursecrew.app.teams import participants_of, standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.charters import CharterVersion
from coursecrew.domain.discussion import Post
from coursecrew.domain.errors import NotFound
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.submissions import Draft, DraftVersion, Work
from coursecrew.domain.team_files import TeamFile
from coursecrew.domain.teams import Happened, Team

SHOWN_POSTS = 200


@dataclass(frozen=True)
class Left:
    """What a team wrote before it became part of another."""

    team: Team
    into: Team
    merged_at: datetime
    draft: Draft
    versions: tuple[DraftVersion, ...]
    files: tuple[TeamFile, ...]
    posts: tuple[Post, ...]
    charter: CharterVersion | None
    people: Mapping[str, Participant]


def left_teams(unit: UnitOfWork, here_team_set: str, person: str) -> list[Team]:
    """Teams that this person was in when they became part of others: two queries at most."""
    rows = unit.store.find(MEMBERSHIP_EVENTS, team_set=here_team_set, person=person, limit=1000)
    moments = {row.at for row in rows if row.event is Happened.MERGED}
    ids = sorted({row.team for row in rows if row.event is Happened.LEFT and row.at in moments})
    if not ids:
        return []
    return [team for team in unit.store.find(TEAMS, id=ids, limit=len(ids)) if team.state == "merged"]


def read_left_draft(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, *, version: str = ""
) -> Left:
    """What a team that is part of another now wrote: draft, versions, files, discussion, charter.

    For those who were its members when that happened, and for staff; not for the others of the joined team.
    With `version` that version's text stands in `draft`.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    team = team_here(unit, activity, team_id)
    was_there = team.id in {one.id for one in left_teams(unit, team.team_set, actor.person)}
    takes_part = here.subject.takes_part
    require(actor, Action.READ_DRAFT, Subject(team=team.id, member=was_there, takes_part=takes_part))
    done = unit.store.find(MERGERS, team=team.id, state=MergerState.DONE.value, limit=1)
    if team.state != "merged" or not done:
        raise NotFound("team")
    works = unit.store.find(WORKS, activity=activity.id, team=team.id, order="latest", limit=1)
    work: Work | None = works[0] if works else None
    drafts = unit.store.find(DRAFTS, work=work.id, limit=1) if work else []
    versions = unit.store.find(DRAFT_VERSIONS, work=work.id, order="newest", limit=50) if work else []
    draft = drafts[0] if drafts else Draft("", "")
    files = files_of_team(unit, activity.id, team.id)
    posts = unit.store.find(POSTS, activity=activity.id, team=team.id, limit=SHOWN_POSTS)
    charter = look_at_charter(unit, activity, team, ()).version
    if version:
        row = unit.store.get(DRAFT_VERSIONS, version)
        if work is None or row.work != work.id:
            raise NotFound("version")
        draft = replace(draft, number=row.number, texts=row.texts)
    return Left(
        team,
        unit.store.get(TEAMS, team.merged_into),
        done[0].decided_at or done[0].at,
        draft,
        tuple(versions),
        tuple(files),
        tuple(posts),
        charter,
        participants_of(
            unit,
            activity.course,
            {row.author for row in versions} | {row.by for row in files} | {row.author for row in posts},
        ),
    )
