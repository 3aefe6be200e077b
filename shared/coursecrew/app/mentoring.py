"""Mentors of teams: named and ended by the instructor, asked for at every request, reading only.

The right of a mentor is never kept anywhere: each use case looks the bond up in its own
transaction, so that it is gone in the moment the bond ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coursecrew.app.activities import team_set_of
from coursecrew.app.bonds import mentor_subject, mentored_by, mentors_of
from coursecrew.app.records import (
    ACTIVITIES,
    CHARTERS,
    DRAFT_VERSIONS,
    EXTENSIONS,
    GRADES,
    MENTORSHIPS,
    PARTICIPANTS,
    STAFF_SCORES,
    TEAMS,
    WORKS,
)
from coursecrew.app.submissions import WorkView, look_at_work
from coursecrew.app.teams import (
    Standing,
    members_of,
    membership_of,
    participant_of,
    participants_of,
    placed_among,
    standing,
    team_here,
)
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.mentoring import Mentorship, active_only
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, is_allowed, require
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.submissions import DraftVersion, Work, WorkState
from coursecrew.domain.teams import Team

MOST_MENTORS = 5  # of one team
VERSIONS_SHOWN = 20
FOUND_AT_ONCE = 20


# --- the instructor names and ends ---


def name_mentor(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, person: str) -> Mentorship:
    """Make somebody of the course the mentor of a team; naming again changes nothing.

    Anybody of the course may be one (learners of other teams, observers, assistants), but nobody in
    the team itself. What the team decided about its draft holds for a new mentor, too.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.NAME_MENTOR)
    team_set = team_set_of(unit, activity)
    team = unit.store.get(TEAMS, team_here(unit, activity, team_id).id, lock=True)
    known = participant_of(unit, activity.course, person)
    if known is None or not known.active or known.excluded or known.looks_on:
        raise NotFound("person")
    own = membership_of(unit, team_set.id, person)
    if own and own.team == team.id:
        raise Conflict("mentor_in_team", name=known.name)
    rows = unit.store.find(MENTORSHIPS, team=team.id)
    active = active_only(rows, unit.now)
    already = next((row for row in active if row.person == person), None)
    if already:
        return already
    if len(active) >= MOST_MENTORS:
        raise Conflict("mentors_enough", most=MOST_MENTORS)
    reads = all(row.reads_draft for row in rows[-1:])
    bond = unit.store.add(
        MENTORSHIPS,
        Mentorship(unit.new_id(), team_set.id, team.id, person, unit.now, actor.person, reads_draft=reads),
    )
    unit.store.save(TEAMS, team)  # raises the version: two presses at once make one bond
    unit.record(
        Kind.MENTOR_NAMED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=[person], person=person, name=team.name,
    )  # fmt: skip
    return bond


def end_mentor(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, mentorship_id: str
) -> Mentorship:
    """End a bond: its rights are gone at once, the row stays."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.NAME_MENTOR)
    team = team_here(unit, activity, team_id)
    bond = unit.store.get(MENTORSHIPS, mentorship_id)
    if bond.team != team.id:
        raise NotFound("mentorship")
    if not bond.is_active(unit.now):
        return bond
    ended = unit.store.save(MENTORSHIPS, replace(bond, until=unit.now, ended_by=actor.person))
    unit.record(
        Kind.MENTOR_ENDED, activity=activity.id, course=activity.course, by=actor.person, team=team.id,
        people=[bond.person], person=bond.person, name=team.name,
    )  # fmt: skip
    return ended


def let_mentor_read(unit: UnitOfWork, actor: Actor, activity_id: str, *, reads: bool) -> bool:
    """The team says whether its mentors read the draft while it is written; holds for all of them."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, Action.LET_MENTOR_READ, here.subject)
    if here.team is None:
        raise NotFound("team")
    for bond in mentors_of(unit, here.team.id):
        if bond.reads_draft != reads:
            unit.store.save(MENTORSHIPS, replace(bond, reads_draft=reads))
    return reads


@dataclass(frozen=True)
class TeamMentors:
    """The mentors of a team, for the instructor."""

    team: Team
    bonds: tuple[tuple[Mentorship, Participant | None], ...]
    found: tuple[Participant, ...]  # whom a search turned up: anybody who may be named


def team_mentors(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, wanted: str = ""
) -> TeamMentors:
    """Who mentors a team, and who of that name could: a fixed number of queries."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    require(actor, Action.NAME_MENTOR, Subject(team=team.id))
    active = mentors_of(unit, team.id)
    people = participants_of(unit, activity.course, (row.person for row in active))
    found: list[Participant] = []
    if wanted.strip():
        found = _of_that_name(unit, activity, team, wanted.strip(), {row.person for row in active})
    return TeamMentors(team, tuple((row, people.get(row.person)) for row in active), tuple(found))


def _of_that_name(
    unit: UnitOfWork, activity: Activity, team: Team, wanted: str, taken: set[str]
) -> list[Participant]:
    exact = unit.store.find(PARTICIPANTS, course=activity.course, name=wanted, limit=FOUND_AT_ONCE)
    first = unit.store.find(PARTICIPANTS, course=activity.course, active=True, order="name", limit=1000)
    fitting = {
        row.person: row
        for row in (*exact, *first)
        if row.active and not row.excluded and not row.looks_on and wanted.casefold() in row.name.casefold()
    }
    keys = [key for key in fitting if key not in taken][: FOUND_AT_ONCE + team.size]
    inside = _members_among(unit, team, keys)
    return [fitting[key] for key in keys if key not in inside][:FOUND_AT_ONCE]


def _members_among(unit: UnitOfWork, team: Team, people: Sequence[str]) -> set[str]:
    if not placed_among(unit, team.team_set, people):
        return set()
    return {row.person for row in members_of(unit, team.id)}


# --- what a mentor sees ---


@dataclass(frozen=True)
class Mentored:
    """One team in a mentor's list: where it stands."""

    team: Team
    work: Work | None
    window: Window  # as the team has it, extensions counted

    @property
    def state(self) -> WorkState:
        """Where the work stands; a team that never wrote is drafting."""
        return self.work.state if self.work else WorkState.DRAFTING


def mentored_teams(unit: UnitOfWork, actor: Actor, activity_id: str) -> list[Mentored]:
    """The actor's own teams by name, each with its work: a fixed number of queries.

    Refused to somebody who mentors nobody here.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    known = here.participant
    own = here.team.id if here.team else ""
    bonds = [row for row in mentored_by(unit, here.team_set.id, actor.person) if row.team != own]
    holds = bool(bonds) and known is not None and known.active and not known.excluded
    require(actor, Action.READ_AS_MENTOR, Subject(mentor=holds))
    ids = sorted({row.team for row in bonds})
    teams = unit.store.find(TEAMS, id=ids, limit=len(ids))
    works = unit.store.find(WORKS, activity=activity.id, team=ids, order="latest", limit=len(ids) * 5)
    extensions = unit.store.find(EXTENSIONS, activity=activity.id, team=ids, limit=1000)
    latest: dict[str, Work] = {}
    for work in works:
        latest.setdefault(work.team, work)
    base = activity.window(Step.DRAFT)
    return [
        Mentored(
            team,
            latest.get(team.id),
            base.extended(*(row for row in extensions if row.team == team.id)),
        )
        for team in sorted(teams, key=lambda team: (team.name_key, team.id))
    ]


@dataclass(frozen=True)
class Feedback:
    """Released words about a submission, without any number and without who wrote them."""

    comment: str
    criteria: tuple[tuple[str, str], ...]  # title, comment


@dataclass(frozen=True)
class MentorView:
    """A team's home as its mentor sees it."""

    here: Standing
    view: WorkView
    reads_draft: bool
    charter: Mapping[str, str]
    feedback: Feedback | None
    versions: tuple[DraftVersion, ...] = ()  # those that the team shared


def look_as_mentor(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> MentorView:
    """One of the actor's own teams, reading only: what the column of mentors has, and no more."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    here = standing(unit, actor, activity)
    subject = mentor_subject(unit, actor, here, team.id)
    require(actor, Action.READ_AS_MENTOR, subject)
    if not activity.is_visible:
        raise Conflict("not_published")
    view = look_at_work(unit, activity, team)
    charter = unit.store.get(CHARTERS, team.charter).texts if team.charter else {}
    shared = (
        unit.store.find(DRAFT_VERSIONS, work=view.work.id, shared=True, order="newest", limit=VERSIONS_SHOWN)
        if view.work
        else []
    )
    return MentorView(
        here, view, is_allowed(actor, Action.READ_DRAFT, subject), charter, _feedback(unit, activity, view),
        tuple(shared),
    )  # fmt: skip


def _feedback(unit: UnitOfWork, activity: Activity, view: WorkView) -> Feedback | None:
    """What was said about the submission, once somebody named on it has it; marks stay out."""
    if view.work is None or view.submission is None:
        return None
    named = [row.person for row in view.byline]
    grades = unit.store.find(GRADES, activity=activity.id, person=named) if named else []
    if not any(grade.released_at for grade in grades):
        return None
    scores = unit.store.find(STAFF_SCORES, work=view.work.id, limit=1)
    if not scores or not scores[0].complete:
        return None
    score = scores[0]
    said = ((c.title, score.sheet[c.id].comment) for c in score.rubric.criteria if c.id in score.sheet)
    criteria = tuple((title, text) for title, text in said if text.strip())
    return Feedback(score.comment, criteria) if score.comment.strip() or criteria else None


def draft_as_mentor(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> WorkView:
    """The draft of a team that the actor mentors, as long as the team lets its mentors read it."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    subject = mentor_subject(unit, actor, standing(unit, actor, activity), team.id)
    require(actor, Action.READ_AS_MENTOR, subject)
    require(actor, Action.READ_DRAFT, subject)
    return look_at_work(unit, activity, team)


def version_as_mentor(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, version_id: str
) -> tuple[WorkView, DraftVersion]:
    """A version that the team shared; any other is not found, whatever the id."""
    found = look_as_mentor(unit, actor, activity_id, team_id)
    version = next((row for row in found.versions if row.id == version_id), None)
    if version is None:
        raise NotFound("version")
    return found.view, version
