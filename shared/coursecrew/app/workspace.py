"""What a team's home says of its workspace: plan, discussion, check-in, and the members' cards."""

from __future__ import annotations

from dataclasses import dataclass

from coursecrew.app.check_ins import open_period, own_check_in, summaries_of, those_who_answer
from coursecrew.app.circle import Circle, circle_of
from coursecrew.app.discussion import News, news
from coursecrew.app.identity import cards_of
from coursecrew.app.plans import PlanState, state_of
from coursecrew.app.submissions import WorkView
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.check_ins import CheckIn, Period, Summary
from coursecrew.domain.identity import IdentityCard
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action


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


@dataclass(frozen=True)
class TeamSpace:
    """How a team's workspace stands, for its mentors and the course staff."""

    circle: Circle
    state: PlanState
    check_in: Summary | None  # the latest
    expected: int  # how many can check in now
    period: Period | None
    people: dict[str, Participant]
    cards: dict[str, IdentityCard]


def team_space(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> TeamSpace:
    """A team's plan, check-in and cards for whoever may read its plan; a fixed number of queries."""
    circle = circle_of(unit, actor, activity_id, team_id, Action.READ_PLAN)
    state = state_of(unit, circle.activity, circle.team)
    keys = {*circle.people, *(mark.reached_by for mark in state.milestones)}
    keys |= {key for blocker in state.blockers for key in (blocker.task.owner, blocker.task.blocked_by)}
    people = participants_of(unit, circle.activity.course, keys - {""})
    expected = those_who_answer(circle.people, people)
    found = summaries_of(unit, circle.activity, circle.team.id, expected)
    return TeamSpace(
        circle,
        state,
        found[0] if found else None,
        len(expected),
        open_period(circle.activity, unit.now),
        people,
        cards_of(unit, circle.activity.course, circle.people),
    )
