"""Who is here now: marks that an open draft leaves and renews, asked for by polling.

Asking costs one look at the team's marks. The right stands in them: a mark is made only after the
full check, renewed through it every minute, and taken away in the very transaction in which
somebody leaves the team, is moved, excluded or becomes staff.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from coursecrew.app.marks import MOST
from coursecrew.app.records import ACTIVITIES, PRESENCES
from coursecrew.app.teams import standing
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.presence import Presence


def be_here(
    unit: UnitOfWork, activity: Activity, team: str, actor: Actor, name: str, part: str = ""
) -> list[Presence]:
    """Mark that a member has the draft open, and say who else has; rights are the caller's to check."""
    rows = unit.store.find(PRESENCES, activity=activity.id, team=team, limit=MOST)
    mine = next((row for row in rows if row.person == actor.person), None)
    if mine is None or not mine.is_fresh(unit.now, part):
        mark(unit, activity, team, actor.person, name, part)
    return others_here(rows, actor.person, unit)


def others_here(rows: Iterable[Presence], person: str, unit: UnitOfWork) -> list[Presence]:
    """Everybody else whose mark is recent, by name."""
    here = (row for row in rows if row.person != person and row.is_here(unit.now))
    return sorted(here, key=lambda row: (row.name.casefold(), row.person))


def who_is_here(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, *, part: str = ""
) -> list[Presence]:
    """Who else has this team's draft open: one look at the marks while one's own is fresh."""
    rows = unit.store.find(PRESENCES, activity=activity_id, team=team_id, limit=MOST)
    mine = next((row for row in rows if row.person == actor.person), None)
    require(actor, Action.WRITE_DRAFT, Subject(team_id, member=True, takes_part=True))  # no looking on
    if mine is None or not mine.is_fresh(unit.now, part):
        activity = unit.store.get(ACTIVITIES, activity_id)
        if activity.course != actor.course:
            raise NotFound("activity")
        here = standing(unit, actor, activity)
        subject = here.subject
        require(
            actor, Action.WRITE_DRAFT, replace(subject, member=subject.member and subject.team == team_id)
        )
        known = {prompt.id for prompt in activity.settings.prompts}
        name = here.participant.name if here.participant else ""
        mark(unit, activity, team_id, actor.person, name, part if part in known else "")
    return others_here(rows, actor.person, unit)


def mark(unit: UnitOfWork, activity: Activity, team: str, person: str, name: str, part: str) -> None:
    """Note that somebody is here; rights are the caller's to check."""
    found = unit.store.find(PRESENCES, activity=activity.id, person=person, limit=1)
    if found:
        unit.store.save(PRESENCES, replace(found[0], team=team, name=name, part=part, seen_at=unit.now))
    else:
        unit.store.add(PRESENCES, Presence(unit.new_id(), activity.id, team, person, name, part, unit.now))
