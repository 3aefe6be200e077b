"""Why somebody is in their team, for that person: what was wished for, and how far their team meets it."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app.records import ACTIVITIES, FORMATIONS, FORMED_TEAMS
from coursecrew.app.teams import Standing, standing
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.errors import NotFound
from coursecrew.domain.formations import Formation, FormedTeam, RunState
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.survey import Survey


@dataclass(frozen=True)
class WhyTogether:
    """The run that made the actor's team and the team as it proposed it; both `None` if none did."""

    here: Standing
    run: Formation | None
    team: FormedTeam | None
    survey: Survey  # of the assignment that the teams were formed for


def why_together(unit: UnitOfWork, actor: Actor, activity_id: str) -> WhyTogether:
    """How the actor's own team came about. What others answered is the caller's not to show.

    Raises `NotAllowed` and `NotFound` (no team of one's own).
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, Action.READ_OWN_TEAM, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    published = [RunState.PUBLISHED.value, RunState.PUBLISHING.value]
    runs = unit.store.find(FORMATIONS, team_set=here.team_set.id, state=published, order="newest", limit=1)
    made = unit.store.find(FORMED_TEAMS, formation=runs[0].id, team=here.team.id, limit=1) if runs else []
    if not made:
        return WhyTogether(here, None, None, activity.settings.survey)
    source = activity if runs[0].activity == activity.id else unit.store.get(ACTIVITIES, runs[0].activity)
    return WhyTogether(here, runs[0], made[0], source.settings.survey)
