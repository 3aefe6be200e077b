"""Who may do what: one table, action -> rule. No rule means no.

A rule sees the actor and what the action is about. Membership is looked up by the use case and
passed in, so that the table stays pure and can be printed into the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from coursecrew.domain.errors import NotAllowed
from coursecrew.domain.people import Actor, Role


class Action(StrEnum):
    """Everything somebody may want to do."""

    LOOK_AT_ACTIVITY = "look_at_activity"
    CHANGE_SETTINGS = "change_settings"
    PUBLISH = "publish"
    LOOK_AT_TEAMS = "look_at_teams"
    FOUND_TEAM = "found_team"
    JOIN_TEAM = "join_team"
    LEAVE_TEAM = "leave_team"
    INVITE = "invite"
    ANSWER_REQUEST = "answer_request"
    PLACE_PEOPLE = "place_people"
    READ_DRAFT = "read_draft"
    WRITE_DRAFT = "write_draft"
    SUBMIT_WORK = "submit_work"
    WITHDRAW_WORK = "withdraw_work"
    READ_SUBMISSION = "read_submission"
    EXTEND = "extend"
    EXCUSE = "excuse"
    SCORE_WORK = "score_work"
    OVERRIDE_GRADE = "override_grade"
    RELEASE_GRADES = "release_grades"
    READ_OWN_RESULT = "read_own_result"
    READ_GRADES = "read_grades"
    LOOK_AT_PEOPLE = "look_at_people"
    NAME_STAFF = "name_staff"
    EXCLUDE_PERSON = "exclude_person"
    ADD_FILE = "add_file"
    READ_FILE = "read_file"
    ANSWER_SURVEY = "answer_survey"
    READ_SURVEY = "read_survey"
    FORM_TEAMS = "form_teams"
    SAY_PRESENT = "say_present"
    DECIDE_MERGER = "decide_merger"
    PROPOSE_MERGER = "propose_merger"
    WRITE_CHARTER = "write_charter"
    READ_CHARTER = "read_charter"
    GIVE_ROLES = "give_roles"
    DECIDE_NAME = "decide_name"


@dataclass(frozen=True)
class Subject:
    """What an action is about, as far as rights depend on it."""

    team: str = ""
    member: bool = False  # the actor is in that team now
    in_byline: bool = False  # the actor's name stands on that submission
    graded_by_self: bool = False  # the actor is in the team whose work is judged
    takes_part: bool = False  # the actor is a learner of this course, in our list


Rule = Callable[[Actor, Subject], bool]


def anybody(actor: Actor, subject: Subject) -> bool:
    """Everybody who was let into the course."""
    return True


def learner(actor: Actor, subject: Subject) -> bool:
    """A learner who takes part, not somebody looking on."""
    return subject.takes_part and not actor.looks_on


def member(actor: Actor, subject: Subject) -> bool:
    """Somebody who is in the team now and takes part."""
    return subject.member and subject.takes_part and not actor.looks_on


def staff(actor: Actor, subject: Subject) -> bool:
    """Instructor, or TA within the teams they were given."""
    return actor.is_staff and (not subject.team or actor.may_see_team(subject.team))


def staff_of_all(actor: Actor, subject: Subject) -> bool:
    """Instructor, or a TA who is not limited to some teams."""
    return actor.is_staff and (actor.role is Role.INSTRUCTOR or not actor.teams)


def instructor(actor: Actor, subject: Subject) -> bool:
    """Whoever runs the assignment."""
    return actor.is_instructor


def author(actor: Actor, subject: Subject) -> bool:
    """Whoever may change the settings: the instructor, or an author in the editing tool."""
    return (actor.may_author or actor.role is Role.INSTRUCTOR) and not actor.looks_on


def member_or_staff(actor: Actor, subject: Subject) -> bool:
    """The team itself, or staff."""
    return member(actor, subject) or staff(actor, subject)


def byline_or_staff(actor: Actor, subject: Subject) -> bool:
    """Whoever's name stands on it, whoever is in the team now, or staff."""
    named = (subject.in_byline or subject.member) and not actor.looks_on
    return named or staff(actor, subject)


def judge(actor: Actor, subject: Subject) -> bool:
    """Staff, but nobody grades a team they are in."""
    return staff(actor, subject) and not subject.graded_by_self


TABLE: Mapping[Action, Rule] = {
    Action.LOOK_AT_ACTIVITY: anybody,
    Action.CHANGE_SETTINGS: author,
    Action.PUBLISH: author,
    Action.LOOK_AT_TEAMS: staff,
    Action.FOUND_TEAM: learner,
    Action.JOIN_TEAM: learner,
    Action.LEAVE_TEAM: member,
    Action.INVITE: member,
    Action.ANSWER_REQUEST: member,
    Action.PLACE_PEOPLE: instructor,
    Action.READ_DRAFT: member_or_staff,
    Action.WRITE_DRAFT: member,
    Action.SUBMIT_WORK: member,
    Action.WITHDRAW_WORK: member,
    Action.READ_SUBMISSION: byline_or_staff,
    Action.EXTEND: instructor,
    Action.EXCUSE: instructor,
    Action.SCORE_WORK: judge,
    Action.OVERRIDE_GRADE: instructor,
    Action.RELEASE_GRADES: instructor,
    Action.READ_OWN_RESULT: learner,
    Action.READ_GRADES: staff,
    Action.LOOK_AT_PEOPLE: staff,
    Action.NAME_STAFF: instructor,
    Action.EXCLUDE_PERSON: instructor,
    Action.ADD_FILE: author,
    Action.READ_FILE: anybody,
    Action.ANSWER_SURVEY: learner,
    Action.READ_SURVEY: staff_of_all,
    Action.FORM_TEAMS: instructor,
    Action.SAY_PRESENT: member,
    Action.DECIDE_MERGER: member,
    Action.PROPOSE_MERGER: instructor,
    Action.WRITE_CHARTER: member,
    Action.READ_CHARTER: member_or_staff,
    Action.GIVE_ROLES: member,
    Action.DECIDE_NAME: staff,
}


def is_allowed(actor: Actor, action: Action, subject: Subject = Subject()) -> bool:
    """Whether the table says yes; an action without a rule is refused."""
    rule = TABLE.get(action)
    return rule is not None and rule(actor, subject)


def require(actor: Actor, action: Action, subject: Subject = Subject()) -> None:
    """Refuse unless the table says yes."""
    if not is_allowed(actor, action, subject):
        raise NotAllowed(str(action))
