"""What stands beside the work in a learner's home: mentors, and what concerns being alone or waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coursecrew.app.bonds import mentored_by, mentors_of
from coursecrew.app.nudges import sent_about
from coursecrew.app.solo import Alone, alone_in
from coursecrew.app.teams import Standing, participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.mentoring import Mentorship
from coursecrew.domain.nudges import Nudge
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.teams import Membership


@dataclass(frozen=True)
class Beside:
    """Read with a fixed number of queries for each state of a team."""

    mentors: tuple[tuple[Mentorship, Participant], ...] = ()
    mentored: int = 0  # how many other teams the person mentors
    may_open_glass: bool = False  # is an administrator
    sent: tuple[Nudge, ...] = ()  # reminders about what is waited for here
    alone: Alone | None = None  # the person is the only active one in their team

    @property
    def reads_draft(self) -> bool:
        """Whether the team's mentors read the draft while it is written."""
        return any(bond.reads_draft for bond, _ in self.mentors)


def read_beside(
    unit: UnitOfWork,
    actor: Actor,
    here: Standing,
    activity: Activity,
    items: Sequence[str] = (),
    members: Sequence[Membership] = (),
) -> Beside:
    """What the home of this person shows beside the work; `items` are things that may be waited for."""
    own = here.team.id if here.team else ""
    bonds = mentors_of(unit, own) if own else []
    known = here.participant
    mentored = 0
    if known and known.active and not known.excluded:
        mentored = len({row.team for row in mentored_by(unit, here.team_set.id, actor.person)} - {own})
    people = participants_of(unit, activity.course, (row.person for row in bonds))
    return Beside(
        tuple((row, people[row.person]) for row in bonds if row.person in people),
        mentored,
        is_allowed(actor, Action.BREAK_GLASS),
        sent_about(unit, activity.id, items),
        alone_in(unit, here.team, members, actor.person) if here.team else None,
    )
