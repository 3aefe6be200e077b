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
    CORRECT_BYLINE = "correct_byline"
    OVERRIDE_GRADE = "override_grade"
    RELEASE_GRADES = "release_grades"
    READ_OWN_RESULT = "read_own_result"
    READ_GRADES = "read_grades"
    LOOK_AT_PEOPLE = "look_at_people"
    NAME_STAFF = "name_staff"
    EXCLUDE_PERSON = "exclude_person"
    ADD_FILE = "add_file"
    READ_FILE = "read_file"
    ADD_TEAM_FILE = "add_team_file"
    REMOVE_TEAM_FILE = "remove_team_file"
    ANSWER_SURVEY = "answer_survey"
    READ_SURVEY = "read_survey"
    FORM_TEAMS = "form_teams"
    SAY_PRESENT = "say_present"
    DECIDE_MERGER = "decide_merger"
    PROPOSE_MERGER = "propose_merger"
    WRITE_CHARTER = "write_charter"
    READ_CHARTER = "read_charter"
    GIVE_ROLES = "give_roles"
    READ_OWN_TEAM = "read_own_team"
    DECIDE_NAME = "decide_name"
    NAME_MENTOR = "name_mentor"
    READ_AS_MENTOR = "read_as_mentor"
    LET_MENTOR_READ = "let_mentor_read"
    USE_SANDBOX = "use_sandbox"
    READ_SANDBOX = "read_sandbox"
    BREAK_GLASS = "break_glass"
    REMIND = "remind"
    READ_ALERTS = "read_alerts"
    READ_PLAN = "read_plan"
    WRITE_PLAN = "write_plan"
    LOOK_AT_PLANS = "look_at_plans"
    CHECK_IN = "check_in"
    READ_CHECK_INS = "read_check_ins"
    READ_DISCUSSION = "read_discussion"
    ADD_TO_DISCUSSION = "add_to_discussion"
    WRITE_POST = "write_post"
    READ_CONTRIBUTIONS = "read_contributions"
    WRITE_REMARK = "write_remark"
    WRITE_CARD = "write_card"
    READ_CARD = "read_card"
    READ_OWN_PAST = "read_own_past"
    ASK_SOLO = "ask_solo"
    DECIDE_SOLO = "decide_solo"
    OPEN_DRAFT = "open_draft"
    TAKE_REVIEW = "take_review"
    FILL_IN_REVIEW = "fill_in_review"
    NAME_FILL_IN = "name_fill_in"
    WRITE_REVIEW = "write_review"
    READ_OWN_REVIEW = "read_own_review"
    READ_FEEDBACK = "read_feedback"
    LOOK_AT_REVIEWS = "look_at_reviews"
    EXCLUDE_REVIEW = "exclude_review"
    RELEASE_FEEDBACK = "release_feedback"
    GIVE_REVIEW = "give_review"
    READ_HABITS = "read_habits"
    MODERATE_REVIEW = "moderate_review"
    ANSWER_REVIEW = "answer_review"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"


@dataclass(frozen=True)
class Subject:
    """What an action is about, as far as rights depend on it."""

    team: str = ""
    member: bool = False  # the actor is in that team now
    in_byline: bool = False  # the actor's name stands on that submission
    graded_by_self: bool = False  # the actor is in the team whose work is judged
    takes_part: bool = False  # the actor is a learner of this course, in our list
    own: bool = False  # the actor added the thing themselves
    mentor: bool = False  # the actor mentors that team at this moment
    open_draft: bool = False  # the team lets its mentors read the draft while it is written
    in_discussion: bool = False  # the team added this mentor to its discussion
    named: bool = False  # the actor was chosen for it: by an item's writer, or by the course staff


Rule = Callable[[Actor, Subject], bool]


def anybody(actor: Actor, subject: Subject) -> bool:
    """Everybody who was let into the course."""
    return True


def learner(actor: Actor, subject: Subject) -> bool:
    """A learner who takes part, not somebody looking on."""
    return subject.takes_part and not actor.looks_on


def oneself(actor: Actor, subject: Subject) -> bool:
    """Anybody, about what they wrote themselves, also when they take part no longer."""
    return not actor.looks_on


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


def member_own(actor: Actor, subject: Subject) -> bool:
    """A member, and only for what they added themselves."""
    return member(actor, subject) and subject.own


def member_or_staff(actor: Actor, subject: Subject) -> bool:
    """The team itself, or staff."""
    return member(actor, subject) or staff(actor, subject)


def mentor(actor: Actor, subject: Subject) -> bool:
    """Whoever mentors the team now; nobody mentors a team they are in."""
    return subject.mentor and not subject.member and not actor.looks_on


def member_mentor_or_staff(actor: Actor, subject: Subject) -> bool:
    """The team itself, its mentors, or staff."""
    return member_or_staff(actor, subject) or mentor(actor, subject)


def discussion_reader(actor: Actor, subject: Subject) -> bool:
    """The team itself, staff, and the mentors whom the team added."""
    return member_or_staff(actor, subject) or (mentor(actor, subject) and subject.in_discussion)


def draft_reader(actor: Actor, subject: Subject) -> bool:
    """The team itself, staff, and its mentors as long as the team lets them."""
    return member_or_staff(actor, subject) or (mentor(actor, subject) and subject.open_draft)


def named(actor: Actor, subject: Subject) -> bool:
    """Whoever the writer chose; nobody else by any role."""
    return subject.named and not actor.looks_on


def staff_or_named(actor: Actor, subject: Subject) -> bool:
    """Staff, or whom they named for it."""
    return staff(actor, subject) or named(actor, subject)


def waiting(actor: Actor, subject: Subject) -> bool:
    """A member for the team, or a learner who asked it for a seat."""
    return learner(actor, subject) and (subject.member or subject.named)


def administrator(actor: Actor, subject: Subject) -> bool:
    """Whoever administers the site."""
    return (actor.role is Role.ADMIN or Role.ADMIN in actor.also) and not actor.looks_on


def byline_mentor_or_staff(actor: Actor, subject: Subject) -> bool:
    """Whoever's name stands on it, whoever is in the team now, its mentors, or staff."""
    by_name = (subject.in_byline or subject.member) and not actor.looks_on
    return by_name or mentor(actor, subject) or staff(actor, subject)


def author_of_work(actor: Actor, subject: Subject) -> bool:
    """Whoever's name stands on the work and takes part."""
    return subject.in_byline and subject.takes_part and not actor.looks_on


def staff_outside(actor: Actor, subject: Subject) -> bool:
    """Staff who are not in that team themselves, and not looking on as a learner."""
    return staff(actor, subject) and not subject.graded_by_self and not actor.looks_on


def own_review(actor: Actor, subject: Subject) -> bool:
    """Whoever writes that review: a person, or a member of the team that writes it together."""
    takes_part = subject.takes_part or subject.named or actor.is_staff
    return subject.own and takes_part and not actor.looks_on


def judge(actor: Actor, subject: Subject) -> bool:
    """Staff, but nobody grades a team they are in or mentor."""
    return staff(actor, subject) and not subject.graded_by_self and not subject.mentor


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
    Action.READ_DRAFT: draft_reader,
    Action.WRITE_DRAFT: member,
    Action.SUBMIT_WORK: member,
    Action.WITHDRAW_WORK: member,
    Action.READ_SUBMISSION: byline_mentor_or_staff,
    Action.EXTEND: instructor,
    Action.EXCUSE: instructor,
    Action.SCORE_WORK: judge,
    Action.CORRECT_BYLINE: judge,
    Action.OVERRIDE_GRADE: instructor,
    Action.RELEASE_GRADES: instructor,
    Action.READ_OWN_RESULT: learner,
    Action.READ_GRADES: staff,
    Action.LOOK_AT_PEOPLE: staff,
    Action.NAME_STAFF: instructor,
    Action.EXCLUDE_PERSON: instructor,
    Action.ADD_FILE: author,
    Action.READ_FILE: anybody,
    Action.ADD_TEAM_FILE: member,
    Action.REMOVE_TEAM_FILE: member_own,
    Action.ANSWER_SURVEY: learner,
    Action.READ_SURVEY: staff_of_all,
    Action.FORM_TEAMS: instructor,
    Action.SAY_PRESENT: member,
    Action.DECIDE_MERGER: member,
    Action.PROPOSE_MERGER: instructor,
    Action.WRITE_CHARTER: member,
    Action.READ_CHARTER: member_mentor_or_staff,
    Action.GIVE_ROLES: member,
    Action.READ_OWN_TEAM: learner,
    Action.DECIDE_NAME: staff,
    Action.NAME_MENTOR: instructor,
    Action.READ_AS_MENTOR: mentor,
    Action.LET_MENTOR_READ: member,
    Action.USE_SANDBOX: learner,
    Action.READ_SANDBOX: named,
    Action.BREAK_GLASS: administrator,
    Action.REMIND: waiting,
    Action.READ_ALERTS: staff,
    Action.OPEN_DRAFT: staff_outside,
    Action.TAKE_REVIEW: learner,
    Action.FILL_IN_REVIEW: staff_or_named,
    Action.NAME_FILL_IN: staff_of_all,
    Action.WRITE_REVIEW: own_review,
    Action.READ_OWN_REVIEW: own_review,
    Action.READ_FEEDBACK: byline_mentor_or_staff,
    Action.LOOK_AT_REVIEWS: staff,
    Action.EXCLUDE_REVIEW: instructor,
    Action.RELEASE_FEEDBACK: instructor,
    Action.GIVE_REVIEW: instructor,
    Action.READ_HABITS: instructor,
    Action.MODERATE_REVIEW: staff,
    Action.ANSWER_REVIEW: author_of_work,
    Action.APPEAL: author_of_work,
    Action.DECIDE_APPEAL: judge,
    Action.ASK_SOLO: member,
    Action.DECIDE_SOLO: instructor,
    Action.READ_PLAN: member_mentor_or_staff,
    Action.WRITE_PLAN: member,
    Action.LOOK_AT_PLANS: staff,
    Action.CHECK_IN: member,
    Action.READ_CHECK_INS: member_mentor_or_staff,
    Action.READ_DISCUSSION: discussion_reader,
    Action.ADD_TO_DISCUSSION: member,
    Action.WRITE_POST: member,
    Action.READ_CONTRIBUTIONS: member_or_staff,
    Action.WRITE_REMARK: member,
    Action.WRITE_CARD: learner,
    Action.READ_CARD: member_mentor_or_staff,
    Action.READ_OWN_PAST: oneself,
}


def is_allowed(actor: Actor, action: Action, subject: Subject = Subject()) -> bool:
    """Whether the table says yes; an action without a rule is refused."""
    rule = TABLE.get(action)
    return rule is not None and rule(actor, subject)


def require(actor: Actor, action: Action, subject: Subject = Subject()) -> None:
    """Refuse unless the table says yes."""
    if not is_allowed(actor, action, subject):
        raise NotAllowed(str(action))
