"""What a team's home says of its workspace: plan, discussion, check-in, and the members' cards."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app.check_ins import open_period, own_check_in
from coursecrew.app.discussion import News, news
from coursecrew.app.identity import cards_of
from coursecrew.app.plans import PlanState, state_of
from coursecrew.app.submissions import WorkView
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.check_ins import CheckIn, Period
from coursecrew.domain.identity import IdentityCard
from coursecrew.domain.people import Actor


@dataclass(frozen=True)
class Workspace:
    """Read with seven queries, however much the team has written."""

    state: PlanState
    news: News
    period: Period | None  # the check-in that is open
    check_in: CheckIn | None  # what the reader answered in it
    cards: dict[str, IdentityCard]


def read_workspace(unit: UnitOfWork, actor: Actor, activity: Activity, view: WorkView) -> Workspace:
    """The workspace of the actor's own team. Rights are the caller's to check."""
    return Workspace(
        state_of(unit, activity, view.team),
        news(unit, activity.id, view.team.id, actor.person),
        open_period(activity, unit.now),
        own_check_in(unit, activity, view.team.id, actor.person),
        cards_of(unit, activity.course, (row.person for row in view.members)),
    )
