"""A work of one's own in a peer review: its writer is a team of one, with all that teams have."""

from __future__ import annotations

from coursecrew.app.activities import team_set_of
from coursecrew.app.records import ACTIVITIES, MEMBERSHIPS, TEAMS
from coursecrew.app.teams import found_team, participant_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.teams import Team

MOST_NAMESAKES = 100


def begin_own_work(unit: UnitOfWork, actor: Actor, activity_id: str) -> Team:
    """Begin one's own work; again gives the same. Of people with the same name the later get a number."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    if not activity.settings.review.own_works:
        raise NotFound("page")
    team_set = team_set_of(unit, activity)
    mine = unit.store.find(MEMBERSHIPS, team_set=team_set.id, person=actor.person, limit=1)
    if mine:
        return unit.store.get(TEAMS, mine[0].team)
    person = participant_of(unit, actor.course, actor.person)
    name = (person.name if person else "").strip()[:80] or "1"
    known = {team.name for team in unit.store.find(TEAMS, team_set=team_set.id, limit=100_000)}
    names = [name, *(f"{name} ({number})" for number in range(2, MOST_NAMESAKES))]
    return found_team(
        unit, actor, activity_id, name=next(one for one in names if one not in known), is_open=False
    )
