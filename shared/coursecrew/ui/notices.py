"""What has happened, told to one person in one sentence: in the page, and as the subject of a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from coursecrew.domain.events import Kind
from coursecrew.domain.notices import Notice
from coursecrew.ui.reader import N_, Reader

# Places in the sentences: `by` acted, `person` is whom it is about, `name` is a team.
SENTENCES: Mapping[Kind, str] = {
    Kind.TEAM_JOINED: N_("%(person)s joined %(name)s."),
    Kind.TEAM_LEFT: N_("%(person)s left %(name)s."),
    Kind.TEAM_MOVED: N_("The course staff placed somebody in %(name)s."),
    Kind.TEAM_INVITED: N_("%(by)s invites you into %(name)s. The invitation lasts 7 days."),
    Kind.TEAM_REQUESTED: N_("%(person)s asks to join %(name)s."),
    Kind.TEAM_ANSWERED: N_("%(by)s answered about a seat in %(name)s."),
    Kind.SEAT_FREED: N_("A seat became free, and you are now in %(name)s. You can leave it again."),
    Kind.TEAMS_PLACED: N_("You are in %(name)s."),
    Kind.PLACE_WANTED: N_("%(person)s has no team and asks you for a place."),
    Kind.FORMATION_DONE: N_("Teams are formed. Look at them before you publish them."),
    Kind.FORMATION_FAILED: N_("Teams could not be formed; the page of that run says why."),
    Kind.TEAMS_TAKEN_BACK: N_("The teams were taken back. You get a new team soon."),
    Kind.SEATS_OFFERED: N_("There are seats for you: choose your team."),
    Kind.ABSENCE_ASKED: N_("Your team has not seen you for a week. Are you still there?"),
    Kind.MEMBER_INACTIVE: N_(
        "%(person)s has not been seen and counts as inactive; one press brings them back."
    ),
    Kind.MEMBER_BACK: N_("%(person)s is back in %(name)s."),
    Kind.MERGER_PROPOSED: N_("%(name)s and %(other)s are proposed to become one team. Say what you think."),
    Kind.MERGER_WAITS: N_("%(name)s and %(other)s have not agreed within 3 days; it is yours to decide."),
    Kind.MERGER_REFUSED: N_("%(name)s and %(other)s stay two teams."),
    Kind.TEAMS_MERGED: N_("%(other)s is now part of %(name)s."),
    Kind.CHARTER_CHANGED: N_("%(by)s changed your team’s charter. It wants your signature again."),
    Kind.TEAM_RENAMED: N_("%(by)s gave your team a new name: %(name)s."),
    Kind.NAME_DECIDED: N_("The course staff passed what your team wanted to be called or known by."),
    Kind.ROLES_CHANGED: N_("%(by)s changed who has which role in %(name)s."),
    Kind.MENTOR_NAMED: N_("%(person)s is now a mentor of %(name)s."),
    Kind.MENTOR_ENDED: N_("%(person)s is no longer a mentor of %(name)s."),
    Kind.SANDBOX_SHARED: N_("%(by)s shows you something in the sandbox."),
    Kind.FEEDBACK_RELEASED: N_("The reviews of your team’s work can be read now."),
    Kind.REVIEW_EXCLUDED: N_(
        "The course staff left a review out of the score; grades made of it are made again."
    ),
    Kind.WORK_REPORTED: N_(
        "A reviewer says that something is wrong with a work; it stands in the list of reports."
    ),
    Kind.REVIEW_HELD: N_("A review waits for your look before its authors read it."),
    Kind.REVIEW_REJECTED: N_("The course staff did not let one of your reviews through; the list says why."),
    Kind.REJOINDER_SENT: N_("The authors of a work that you reviewed have answered."),
    Kind.REVIEW_FLAGGED: N_("A team flagged a review of its work; it stands in the list of held reviews."),
    Kind.REMARK_REPLIED: N_("Somebody replied to a comment in a review of yours, or of your work."),
    Kind.ROUND_OPENED: N_("Your work is open again: revise it by what its reviewers say, and hand it in."),
    Kind.FILL_IN_NAMED: N_(
        "The course staff ask you, as a mentor, to write reviews that are missing once the others are due."
    ),
    Kind.FILL_IN_ENDED: N_("You no longer write reviews that are missing. What you handed in stays."),
    Kind.FILL_IN_WANTED: N_("Works lack reviews. You were asked to write some that are missing."),
    Kind.REVIEWS_MISSING: N_("Works that lack reviews: %(count)s. Write one of them, or let a mentor do it."),
    Kind.APPEAL_MADE: N_("A team asks you to look at a mark again."),
    Kind.APPEAL_DECIDED: N_("The course staff have answered a question about a mark of your team’s work."),
    Kind.SANDBOX_SAID: N_("%(by)s said something about your item in the sandbox."),
    Kind.SANDBOX_YES_WANTED: N_("%(by)s asks for your yes to put a sandbox item into the draft."),
    Kind.SANDBOX_OPENED: N_(
        "An administrator opened your sandbox, for a reason they wrote down. Your sandbox says when."
    ),
    Kind.SOLO_ASKED: N_("%(person)s is alone in %(name)s and asks how to go on."),
    Kind.SOLO_DECIDED: N_("It is decided how you go on in %(name)s; your team’s page says how."),
    Kind.NUDGED: N_("%(by)s waits for you."),
    Kind.WORK_SUBMITTED: N_("Your team’s work is handed in."),
    Kind.WORK_CONFIRMING: N_(
        "%(by)s handed in for your team. Confirm or object until %(until)s; silence counts as yes."
    ),
    Kind.WORK_OBJECTED: N_("%(by)s objected, and the draft is open again: “%(reason)s”"),
    Kind.WORK_WITHDRAWN: N_("%(by)s took your team’s work back; the draft is open again."),
    Kind.WORK_MISSED: N_("Handing in closed, and your team handed in nothing."),
    Kind.WORK_EXCUSED: N_("Your team is excused here: nothing has to be handed in."),
    Kind.EXTENSION_GIVEN: N_("You have more time: until %(due)s."),
    Kind.TASK_BLOCKED: N_("%(person)s waits for you: “%(title)s” can go on only after you."),
    Kind.TASK_FREED: N_("%(by)s says that “%(title)s” can go on now."),
    Kind.TASK_GIVEN: N_("%(by)s gave you a task: “%(title)s”."),
    Kind.MILESTONE_LATE: N_("“%(title)s” was due %(due)s, and your team has not marked it as reached."),
    Kind.POST_WRITTEN: N_("%(by)s wrote in your team’s discussion."),
    Kind.PERSON_MENTIONED: N_("%(by)s names you in your team’s discussion."),
    Kind.DECISION_PINNED: N_("%(by)s pinned a decision of your team."),
    Kind.PROBLEM_SAID: N_("Somebody in %(name)s says: we have a problem."),
    Kind.NOTE_TO_STAFF: N_("%(by)s of %(name)s wrote the course staff a note in a check-in."),
    Kind.NOTE_TO_MENTOR: N_("%(by)s of %(name)s wrote you a note in a check-in."),
    Kind.GRADES_RELEASED: N_("Your grade is there, with the way it was made."),
    Kind.GRADE_CHANGED: N_("Your grade has changed; the result says why."),
    Kind.BYLINE_CORRECTED: N_(
        "The course staff changed whose names stand on the work of %(name)s: “%(reason)s”"
    ),
    Kind.ROUND_SETTLED: N_("You are excused from what %(name)s handed in without you: “%(reason)s”"),
    Kind.PERSON_NAMED: N_("You were made a teaching assistant in this course."),
}
ACCEPTED = N_("%(by)s said yes: there is a seat in %(name)s.")
PLACED = N_("The course staff placed you in %(name)s.")
NAMED = N_("Your name was put on the work of %(name)s: “%(reason)s”")
UNNAMED = N_("Your name was taken off the work of %(name)s: “%(reason)s”")
STILL_MISSING = N_(
    "Works with too few reviews for a mark: %(count)s. Score them yourself; their grades wait for it."
)
COUNTED_AS_MISSED = N_("What %(name)s handed in without you counts as missed by you: “%(reason)s”")
REFUSED_WHY = N_("%(name)s and %(other)s stay two teams: “%(reason)s”")
DECLINED = N_("%(by)s said no to a seat in %(name)s.")
# A mentor is told about themselves in other words than the team is.
MENTORING = N_("You are now a mentor of %(name)s.")
MENTORED = N_("You are no longer a mentor of %(name)s. Nothing of the team is open to you any more.")
# What a reminder names: what somebody can do only after the reader, and nothing about the reader.
NUDGES: Mapping[str, str] = {
    "confirm": N_("%(by)s waits for you: the work counts as handed in only after you say yes or no."),
    "hand_in": N_("%(by)s waits for you: every part is written, and in your team you hand in."),
    "sign": N_("%(by)s waits for you: your team’s charter holds for all once you have signed it."),
    "seat": N_("%(by)s waits for your team’s answer about a seat in %(name)s."),
    "invitation": N_("%(by)s keeps a seat in %(name)s for you and can plan once you answer."),
    "task": N_("%(by)s waits for you: their task can begin once yours is done."),
}
BLOCKED_FOR = N_("%(person)s waits for you: “%(title)s” needs “%(what)s”.")
FIRST_CHARTER = N_("%(by)s wrote your team’s charter. Read it, then sign it or change it.")
NAME_REJECTED = N_("The course staff did not pass the name or motto that your team wanted. Choose another.")
MOMENTS = ("until", "due")


def people_in(notices: Iterable[Notice]) -> set[str]:
    """Keys of everybody whom these notices speak of."""
    named = {notice.detail.get(place, "") for notice in notices for place in ("by", "person")}
    return {key for key in named if key}


def say(notice: Notice, reader: Reader, names: Mapping[str, str]) -> str:
    """The notice in the reader's language; `names` are those of the people it speaks of."""
    text = SENTENCES[notice.kind]
    if notice.kind is Kind.TEAM_ANSWERED:
        text = ACCEPTED if notice.detail.get("accepted") else DECLINED
    if notice.kind is Kind.BYLINE_CORRECTED and notice.person in notice.detail.get("people", ()):
        text = NAMED if notice.detail.get("named") else UNNAMED
    if notice.kind is Kind.ROUND_SETTLED and notice.detail.get("choice") == "missed":
        text = COUNTED_AS_MISSED
    if notice.kind is Kind.REVIEWS_MISSING and notice.detail.get("over"):
        text = STILL_MISSING
    if notice.kind is Kind.MERGER_REFUSED and notice.detail.get("reason"):
        text = REFUSED_WHY
    if notice.kind is Kind.TEAM_MOVED and notice.person in notice.detail.get("people", ()):
        text = PLACED
    if notice.kind is Kind.CHARTER_CHANGED and notice.detail.get("first"):
        text = FIRST_CHARTER
    if notice.kind is Kind.NAME_DECIDED and not notice.detail.get("accepted"):
        text = NAME_REJECTED
    if notice.person in notice.detail.get("people", ()):
        text = {Kind.MENTOR_NAMED: MENTORING, Kind.MENTOR_ENDED: MENTORED}.get(notice.kind, text)
    if notice.kind is Kind.TASK_BLOCKED and notice.detail.get("what"):
        text = BLOCKED_FOR
    if notice.kind is Kind.NUDGED:
        text = NUDGES[notice.detail["about"]]
    values: dict[str, Any] = {"name": "", "other": "", "reason": "", "until": "", "due": "", **notice.detail}
    for place in MOMENTS:
        if values[place]:
            values[place] = reader.moment_here(datetime.fromisoformat(values[place]))
    for place in ("by", "person"):
        values[place] = names.get(values.get(place, ""), "") or reader.gettext("The course staff")
    return reader.gettext(text, **values)
