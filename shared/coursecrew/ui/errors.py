"""Refusals in words: code -> status, what happened, and what to do next.

This is the one place to look for every sentence that says no. A code may be told apart by one of
its values ("closed:draft" before "closed"); which value that is, `TOLD_APART` says. Moments and
numbers among the values are written as the reader reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from coursecrew.domain.activities import Check
from coursecrew.domain.errors import Invalid, Problem, Refusal
from coursecrew.ui.forms import Fields
from coursecrew.ui.http import Response
from coursecrew.ui.reader import N_, Reader
from coursecrew.ui.render import render
from coursecrew.ui.review_refusals import PROBLEMS as REVIEW_PROBLEMS
from coursecrew.ui.review_refusals import REFUSALS as REVIEW_REFUSALS
from coursecrew.ui.said import Said
from coursecrew.ui.scene import Scene

TOLD_APART: Mapping[str, str] = {
    "not_allowed": "action",
    "not_found": "what",
    "not_open": "step",
    "closed": "step",
    "already_decided": "state",
    "stale": "what",
    "too_large": "what",
    "platform_unreachable": "what",
    "asking_over": "state",
    "merger_over": "state",
    "nudge": "why",
    "charter_unsigned": "written",
}

REFUSALS: Mapping[str, Said] = {
    **REVIEW_REFUSALS,
    # 403: who may, and whom to ask
    "not_allowed": Said(
        403, N_("This is not yours to do here."), N_("Ask your course staff if you think it should be.")
    ),
    "not_allowed:enter": Said(
        403,
        N_("Only people enrolled in this course can come in here."),
        N_("Enrol in the course, then open this page again. Course staff come in without enrolling."),
    ),
    "not_allowed:sign_in": Said(
        403,
        N_("You are not signed in."),
        N_("Sign in, then open this page again. Copy what you have written first."),
    ),
    "not_allowed:read_draft": Said(
        403,
        N_("Only the team itself, its mentor if the team agrees, and the course staff can read this draft."),
        N_("If you should work with this team, ask your course staff to add you."),
    ),
    "not_allowed:write_draft": Said(
        403,
        N_("Only members of the team can write in this draft."),
        N_("Course staff read along and can comment when they grade."),
    ),
    "not_allowed:read_charter": Said(
        403,
        N_("Only the team itself, its mentors and the course staff can read what it agreed on."),
        N_("Whoever leaves a team no longer reads its charter."),
    ),
    "not_allowed:write_charter": Said(403, N_("Only members of the team can write and sign its charter.")),
    "not_allowed:read_own_team": Said(403, N_("Only learners who take part have a team of their own.")),
    "not_allowed:give_roles": Said(403, N_("Only members of the team can say who has which role.")),
    "not_allowed:name_mentor": Said(
        403, N_("Only instructors name the mentors of a team."), N_("Ask the instructor of this course.")
    ),
    "not_allowed:read_as_mentor": Said(
        403,
        N_("Only those who mentor this team at the moment can see it here."),
        N_("The instructor names mentors; when a mentorship ends, its view ends in the same moment."),
    ),
    "not_allowed:let_mentor_read": Said(403, N_("Only members of the team decide what its mentor reads.")),
    "not_allowed:use_sandbox": Said(
        403,
        N_("The sandbox is for learners who take part."),
        N_("Nobody else sees what is in it, unless a learner chose them."),
    ),
    "not_allowed:read_sandbox": Said(
        403,
        N_("Only those whom the writer chose can see this."),
        N_("If you were among them and left the team, it is closed to you."),
    ),
    "not_allowed:break_glass": Said(403, N_("Only administrators of the site can do this.")),
    "not_allowed:remind": Said(403, N_("Only those who wait can remind somebody.")),
    "not_allowed:read_alerts": Said(403, N_("Only the course staff see signs that a team needs help.")),
    "not_allowed:ask_solo": Said(403, N_("Only somebody who is alone in a team can ask for this.")),
    "not_allowed:decide_solo": Said(
        403,
        N_("Only instructors decide how somebody alone goes on."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:say_present": Said(403, N_("Only a member of the team can say this for themselves.")),
    "not_allowed:decide_merger": Said(
        403, N_("Only members of these two teams decide whether they become one.")
    ),
    "not_allowed:propose_merger": Said(
        403,
        N_("Only instructors can propose that two teams become one."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:correct_byline": Said(
        403, N_("Only course staff for this team can change whose names stand on its work.")
    ),
    "not_allowed:submit_work": Said(403, N_("Only members of the team can hand in its work.")),
    "not_allowed:withdraw_work": Said(403, N_("Only members of the team can take its work back.")),
    "not_allowed:read_submission": Said(
        403,
        N_("Only those who handed this work in and the course staff can read it."),
    ),
    "not_allowed:look_on": Said(
        403,
        N_("You are looking around: nothing you press here is kept."),
        N_("To act yourself, leave the learner’s view."),
    ),
    "not_allowed:found_team": Said(
        403,
        N_("Only learners who take part can found a team."),
        N_("You are looking around: nothing you press here is kept."),
    ),
    "not_allowed:join_team": Said(
        403,
        N_("Only learners who take part can join a team."),
        N_("You are looking around: nothing you press here is kept."),
    ),
    "not_allowed:leave_team": Said(403, N_("Only a member of the team can do this.")),
    "not_allowed:invite": Said(403, N_("Only a member of the team can do this.")),
    "not_allowed:answer_request": Said(403, N_("Only a member of that team can answer.")),
    "not_allowed:change_settings": Said(
        403,
        N_("Only instructors and authors can change these settings."),
    ),
    "not_allowed:publish": Said(403, N_("Only instructors and authors can publish this assignment.")),
    "not_allowed:look_at_teams": Said(403, N_("Only the course staff see the list of all teams.")),
    "not_allowed:place_people": Said(
        403,
        N_("Only instructors can place people in teams."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:extend": Said(
        403,
        N_("Only instructors can give more time."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:excuse": Said(
        403,
        N_("Only instructors can excuse a team."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:score_work": Said(
        403,
        N_("Only course staff for this team can score its work."),
        N_("Nobody grades a team they are in; an instructor can give you more teams."),
    ),
    "not_allowed:override_grade": Said(
        403,
        N_("Only instructors can change a grade by hand."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:release_grades": Said(
        403,
        N_("Only instructors can release grades."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:read_own_result": Said(
        403,
        N_("Only learners who take part have a result here."),
    ),
    "not_allowed:read_grades": Said(403, N_("Only the course staff see everybody’s grades.")),
    "not_allowed:look_at_people": Said(403, N_("Only the course staff see this list.")),
    "not_allowed:name_staff": Said(403, N_("Only instructors can name teaching assistants.")),
    "not_allowed:exclude_person": Said(403, N_("Only instructors can exclude somebody.")),
    "not_allowed:form_teams": Said(
        403,
        N_("Only instructors form teams and see what is proposed."),
        N_("Ask the instructor of this course."),
    ),
    "not_allowed:answer_survey": Said(
        403,
        N_("Only learners who take part answer the survey, and read what they answered."),
    ),
    "not_allowed:read_survey": Said(
        403, N_("Only course staff for all teams read the answers to the survey.")
    ),
    "not_allowed:add_team_file": Said(
        403,
        N_("Only members of the team can add files to its draft."),
        N_("If you should work with this team, ask your course staff to add you."),
    ),
    "not_allowed:remove_team_file": Said(
        403,
        N_("Only whoever added this file can take it out, while they are in the team."),
        N_("Files stay with the team when somebody leaves it. Ask your course staff if it must go."),
    ),
    "not_allowed:add_file": Said(403, N_("Only instructors and authors can add files here.")),
    "not_allowed:read_plan": Said(
        403,
        N_("Only the team, its mentors and the course staff can read this plan."),
        N_("If you should work with this team, ask your course staff to add you."),
    ),
    "not_allowed:write_plan": Said(403, N_("Only members of the team can change its plan.")),
    "not_allowed:look_at_plans": Said(403, N_("Only the course staff see the plans of all teams.")),
    "not_allowed:check_in": Said(403, N_("Only members of a team check in.")),
    "not_allowed:read_check_ins": Said(
        403, N_("Only the team, its mentors and the course staff see how its check-ins went.")
    ),
    "not_allowed:read_discussion": Said(
        403,
        N_("Only the team, mentors whom it added, and the course staff can read this discussion."),
        N_("What you wrote yourself stays yours to read: see “Who sees what you write here”."),
    ),
    "not_allowed:add_to_discussion": Said(
        403, N_("Only members of the team say whether its mentor reads the discussion.")
    ),
    "not_allowed:write_post": Said(
        403, N_("Only members of the team can write in its discussion."), N_("Course staff read along.")
    ),
    "not_allowed:change_post": Said(403, N_("Only its writer can change or delete a post.")),
    "not_allowed:read_contributions": Said(
        403, N_("Only the team and the course staff see who did what in it.")
    ),
    "not_allowed:write_remark": Said(403, N_("Only members of the team can say something about their part.")),
    "not_allowed:write_card": Said(403, N_("Only learners who take part have a card here.")),
    # 404
    "not_found": Said(404, N_("This is no longer here."), N_("Go back to the activity.")),
    "not_found:formation": Said(
        404, N_("This run is not of this course."), N_("Open the list of runs and choose one there.")
    ),
    "not_found:formed_team": Said(
        404, N_("This team is not of this run."), N_("Open the run again and choose one there.")
    ),
    "not_found:team": Said(
        404,
        N_("This team is no longer here."),
        N_("Its members may have left. Look for another team."),
    ),
    "not_found:own_team": Said(
        404,
        N_("You are in no team now."),
        N_("Go back to the activity: it says how to come into one."),
    ),
    "not_found:survey": Said(404, N_("Nothing is asked here."), N_("Go back to the activity.")),
    "not_found:sandbox": Said(
        404, N_("This is not in the sandbox of this activity."), N_("Perhaps it was deleted.")
    ),
    "not_found:glass": Said(
        404, N_("This is not open, or the hour is over."), N_("Write down why and open it again.")
    ),
    "not_found:mentorship": Said(404, N_("There is no such mentorship of this team.")),
    "not_found:solo": Said(404, N_("There is no such question here.")),
    "not_found:alert": Said(404, N_("There is no such sign here.")),
    "not_found:person": Said(
        404,
        N_("This person is not in the course."),
        N_("They can be chosen once they have opened the course here."),
    ),
    "not_found:charter": Said(
        404,
        N_("There is no charter here."),
        N_("Either this assignment asks for none, or your team has not written it yet."),
    ),
    "not_found:task": Said(
        404, N_("This task is no longer in your plan."), N_("Somebody of your team may have changed it.")
    ),
    "not_found:post": Said(404, N_("This post is not here."), N_("Its writer may have deleted it.")),
    "not_found:milestone": Said(
        404, N_("This milestone is no longer in the assignment."), N_("Your plan shows the present ones.")
    ),
    # 409: dates
    "not_open": Said(409, N_("This opens on %(opens)s."), N_("Nothing was stored. Come back then.")),
    "not_open:draft": Said(
        409,
        N_("Writing opens on %(opens)s."),
        N_("Nothing was stored. Copy your text if you wish to keep it."),
    ),
    "not_open:form": Said(409, N_("Forming teams begins on %(opens)s."), N_("Come back then.")),
    "closed": Said(
        409, N_("This closed on %(closes)s."), N_("Ask your course staff for more time."), tone="bad"
    ),
    "closed:draft": Said(
        409,
        N_("Handing in closed on %(closes)s."),
        N_(
            "What you saved before is safe. Ask your course staff for more time; "
            "your text is still in the box."
        ),
        tone="bad",
    ),
    "closed:survey": Said(
        409,
        N_("The survey closed on %(closes)s."),
        N_("What you saved before counts; what you skipped never counts against you."),
        tone="bad",
    ),
    "closed:form": Said(
        409,
        N_("Forming teams closed on %(closes)s."),
        N_("Ask your course staff to place you."),
        tone="bad",
    ),
    # 409: teams
    "team_full": Said(
        409,
        N_("%(name)s filled up while you pressed: %(size)s of %(max)s."),
        N_("Wait for a seat, or choose a team with room."),
    ),
    "team_closed": Said(
        409,
        N_("%(name)s takes people by invitation or on request."),
        N_("Ask to join, or choose another team."),
    ),
    "has_room": Said(409, N_("%(name)s has a free seat now."), N_("Join it instead of waiting.")),
    "formation_running": Said(
        409,
        N_("Teams of this set are being formed, published or taken back at this moment."),
        N_("Wait until that is done, or stop it, then try again."),
    ),
    "nobody_to_form": Said(
        409,
        N_("Everybody who takes part has a team already."),
        N_("Teams can be formed again once somebody is without one."),
    ),
    "run_not_open": Said(
        409,
        N_("This run cannot be changed or published now."),
        N_("Look at the run: it says whether it is still worked on, failed, or was published."),
    ),
    "formed_too_large": Said(
        409,
        N_("A team of this run has %(have)s members; at most %(max)s are allowed now."),
        N_("Form teams again with the sizes there are now, or change the sizes back."),
    ),
    "work_handed_in": Said(
        409,
        N_("A team of this run has handed in its work, so the teams can no longer be taken back."),
        N_("Move single people instead; nothing that was handed in is touched by that."),
        tone="bad",
    ),
    "already_in_team": Said(
        409,
        N_("Everybody is in one team at a time."),
        N_("You or this person have a team already. Leave it first to change."),
    ),
    "too_many_lists": Said(
        409,
        N_("You wait for %(most)s teams already, and that is the most."),
        N_("Stop waiting for one of them first."),
    ),
    "asking_over": Said(409, N_("This was answered already, or its 7 days are over."), N_("Ask again.")),
    "asking_over:accepted": Said(409, N_("Somebody of the team has said yes already.")),
    "asking_over:declined": Said(409, N_("Somebody of the team has said no already.")),
    "asking_over:withdrawn": Said(409, N_("This no longer stands: the person has found another team.")),
    "team_handed_in": Said(
        409,
        N_("%(name)s has handed in already, so nobody joins it now."),
        N_("Choose another team."),
    ),
    "no_seat_free": Said(
        409,
        N_("No team with a free seat can take this person now."),
        N_("Raise the largest size, or make a team of those who have none."),
    ),
    "pool_changed": Said(
        409,
        N_("Some of these people have a team by now, or they are too few or too many for one."),
        N_("Look at the list again."),
    ),
    "back_first": Said(
        409, N_("You count as inactive in your team."), N_("Say that you are back, then answer here.")
    ),
    "merger_same": Said(409, N_("A team cannot become one with itself."), N_("Choose another team.")),
    "merger_empty": Said(409, N_("Nobody is in %(name)s."), N_("Choose a team that has members.")),
    "merger_too_large": Said(
        409,
        N_("Together they would be %(size)s, and a team has at most %(max)s."),
        N_("Choose a smaller team."),
    ),
    "merger_handed_in": Said(
        409,
        N_("%(name)s has handed in, or has more time than others; it stays as it is."),
        N_("Choose another team, or wait until this work is over."),
    ),
    "merger_open": Said(
        409,
        N_("A proposal about %(name)s is waiting for an answer already."),
        N_("Decide that one first."),
    ),
    "merger_early": Said(
        409,
        N_("The members have time to decide until %(until)s."),
        N_("You decide after that. To end the proposal now, refuse it with a reason."),
    ),
    "merger_over": Said(409, N_("This proposal is decided."), N_("See below how it stands now.")),
    "merger_over:staff": Said(
        409, N_("The three days are over; the instructor decides now."), N_("You are told how.")
    ),
    "merger_over:moot": Said(
        409, N_("This proposal no longer stands: one of the teams has changed."), N_("Nothing is left to do.")
    ),
    "nothing_handed_in": Said(
        409, N_("This team has nothing handed in."), N_("Names stand on what is handed in; look again then.")
    ),
    "on_byline": Said(
        409,
        N_("This person’s name stands on a work here."),
        N_("Take it off first, with a reason."),
    ),
    "on_byline_elsewhere": Said(
        409,
        N_("%(name)s stands on another team’s work in this assignment already."),
        N_("Take the name off that work first."),
    ),
    "last_name": Said(
        409,
        N_("A work cannot stand without any name."),
        N_("Add somebody first, or excuse the team."),
    ),
    "name_taken": Said(
        409,
        N_("Another team is called %(name)s."),
        N_("Free names close to it: %(suggestions)s."),
    ),
    "teams_not_published": Said(
        409,
        N_("Teams are not open yet."),
        N_("The activity says from when; come back then."),
    ),
    "staff_places": Said(
        409,
        N_("In this course the staff make the teams."),
        N_("Ask them if you have none."),
    ),
    "teams_locked": Said(
        409,
        N_("Choosing teams closed on %(closes)s."),
        N_("Ask your course staff to place or move you."),
        tone="bad",
    ),
    "takes_no_part": Said(
        409,
        N_("This person takes no part: they are staff, excluded, or only looking around."),
        N_("See People for the reason."),
    ),
    "decline_over": Said(
        409,
        N_("A seat from a waiting list can be declined for 24 hours."),
        N_("To go now, leave the team; once teams are fixed, ask your course staff."),
    ),
    "charter_unsigned": Said(
        409,
        N_("In this course the draft opens when your team’s charter is signed."),
        N_("Still to sign: %(names)s. Your text is still in the box."),
    ),
    "charter_unsigned:unwritten": Said(
        409,
        N_("In this course the draft opens when your team’s charter is signed, and there is none yet."),
        N_("Write the charter first. Your text is still in the box."),
    ),
    "no_roles": Said(409, N_("This assignment names no roles."), N_("There is nothing to rotate.")),
    "mentor_in_team": Said(
        409,
        N_("%(name)s is in this team, and nobody mentors a team they are in."),
        N_("Choose somebody else."),
    ),
    "mentors_enough": Said(
        409, N_("This team has %(most)s mentors, and that is the most."), N_("End one mentorship first.")
    ),
    # 409: sandbox, reminders, going on alone
    "sandbox_no_team": Said(
        409, N_("You are in no team, so there is nobody else to show this to."), N_("Choose “only me”.")
    ),
    "sandbox_no_mentor": Said(
        409, N_("Your team has no mentor at the moment."), N_("Choose another audience; nothing was lost.")
    ),
    "sandbox_gone_author": Said(
        409,
        N_("Somebody who wrote in this is no longer in your team and cannot say yes."),
        N_("Write it anew in the draft, in your own words."),
    ),
    "sandbox_shared_writing": Said(
        409,
        N_("Others wrote in this, so it stays with those who see it now."),
        N_("Copy your own words into a new item; nothing was lost."),
    ),
    "sandbox_full": Said(
        409, N_("You have %(most)s items in the sandbox, and that is the most."), N_("Delete one first.")
    ),
    "nudge": Said(409, N_("This reminder cannot go out now.")),
    "nudge:today": Said(
        409,
        N_("There was a reminder about this less than a day ago."),
        N_("The next can go out on %(next)s."),
    ),
    "nudge:enough": Said(
        409,
        N_("Three reminders about this went out, and that is the most."),
        N_("Talk to your course staff if it still does not move."),
    ),
    "nudge:done": Said(409, N_("Nobody is waited for there any more."), N_("See below how it stands now.")),
    "solo_not_yet": Said(
        409,
        N_("This can be asked for after 5 days alone in a team."),
        N_("Until then somebody may still join you."),
    ),
    "already_decided:alert": Said(409, N_("Somebody saw to this a moment ago, or it went away by itself.")),
    "solo_decided": Said(409, N_("This was decided already."), N_("The page says how.")),
    # 409: plan, check-in, discussion
    "too_many_tasks": Said(
        409, N_("Your team has %(most)s open tasks, and that is the most."), N_("Finish or join some first.")
    ),
    "no_check_in": Said(
        409,
        N_("No check-in is open now."),
        N_("Your team’s page says when the next one opens. Write in the discussion what cannot wait."),
    ),
    "post_settled": Said(
        409,
        N_("A post can be changed for 15 minutes, and that was until %(until)s."),
        N_("Answer in the thread instead, or delete the post. Your text is still in the box."),
    ),
    # 409: work
    "not_published": Said(409, N_("This assignment is not ready yet."), N_("Ask your course staff.")),
    "publish_in_platform": Said(
        409, N_("This is published with its unit."), N_("Save here, then publish the unit.")
    ),
    "not_ready": Said(
        409,
        N_("Something is missing before this can be published."),
        N_("Each line below leads to the place."),
    ),
    "already_decided": Said(
        409,
        N_("This was decided a moment ago."),
        N_("Nothing was lost. See below how it stands now."),
    ),
    "already_decided:drafting": Said(
        409,
        N_("The draft is open again: nothing is handed in at the moment."),
        N_("See who objected, and why."),
    ),
    "already_decided:confirming": Said(
        409,
        N_("Somebody of your team has handed the work in."),
        N_("To go on writing, object first. Your text is still in the box."),
    ),
    "already_decided:submitted": Said(
        409,
        N_("Your team has handed the work in."),
        N_("It can be taken back until the due time. Your text is still in the box."),
    ),
    "already_decided:in_review": Said(
        409,
        N_("The work is being read, and can no longer change."),
        N_("Your text is still in the box. Copy it if you wish to keep it."),
    ),
    "already_decided:reviewed": Said(409, N_("The work has been read, and can no longer change.")),
    "already_decided:missed": Said(
        409,
        N_("Handing in is over, and this team handed in nothing."),
        N_("Ask your course staff for more time."),
        tone="bad",
    ),
    "already_decided:excused": Said(409, N_("This team is excused here: nothing has to be handed in.")),
    "too_late_to_withdraw": Said(
        409,
        N_("Work can be taken back until it is due, and that was %(due)s."),
        N_("Ask your course staff if it has to be."),
        tone="bad",
    ),
    "leader_only": Said(
        409,
        N_("In this team %(leader)s hands in."),
        N_(
            "Anybody may when they have been silent for 48 hours, and in the last 2 hours "
            "before the due time."
        ),
    ),
    "handed_in_elsewhere": Said(
        409,
        N_("Your name stands on another team’s work in this assignment already."),
        N_("Ask your course staff which of the two should count."),
    ),
    "file_sealed": Said(
        409,
        N_("%(name)s is handed in, and stays with what was handed in."),
        N_("To take it out of the draft, take the work back first."),
    ),
    # 409: somebody was faster
    "stale:formed_team": Said(
        409,
        N_("Somebody moved people in one of these teams after you opened this page."),
        N_("Nothing was moved. Look at both teams as they are now, then move again if you still want to."),
    ),
    "stale": Said(
        409,
        N_("Somebody else saved after you opened this."),
        N_("Nothing is lost. Choose in the places you both changed."),
    ),
    "stale:draft": Said(
        409,
        N_("You and %(by)s changed the same sentences."),
        N_("Nothing is lost: what you do not choose stays in the versions, under its writer’s name."),
    ),
    "stale:charter": Said(
        409,
        N_("%(by)s saved the charter after you opened this page."),
        N_("Nothing is lost. Read the new text, and choose in each place what should stand."),
    ),
    "stale:sign": Said(
        409,
        N_("%(by)s changed the charter after you opened this page."),
        N_("Read it again below before you sign it."),
    ),
    "stale:roles": Said(
        409,
        N_("%(by)s changed the roles after you opened this page."),
        N_("See below how they stand now, then change what is left."),
    ),
    "stale:sandbox": Said(
        409,
        N_("%(by)s saved this item after you opened it."),
        N_("Your text is still in the box. Their text stands below it: bring the two together, then save."),
    ),
    "stale:restore": Said(
        409,
        N_("%(by)s changed the draft after you opened this page."),
        N_("Nothing was restored. See below what would differ now, then restore again."),
    ),
    "stale:settings": Said(
        409,
        N_("%(by)s saved these settings at %(at)s, after you opened them."),
        N_("Nothing of yours is lost. Choose where you both changed the same."),
    ),
    "stale:submit": Said(
        409,
        N_("%(by)s changed the draft after you opened this page."),
        N_("Read it again below before you hand it in."),
    ),
    "stale:score": Said(
        409,
        N_("%(by)s saved a score for this work at %(at)s, after you opened it."),
        N_("Yours is still in the form. Compare, then save again to put it in place of theirs."),
    ),
    "no_grade_yet": Said(409, N_("There is no grade to change yet."), N_("Score the team’s work first.")),
    "nothing_to_release": Said(
        409, N_("No grade is ready to be released."), N_("Score a work first; released grades stay released.")
    ),
    "staff_already": Said(
        409,
        N_("%(name)s is course staff already."),
        N_("The learning platform says so; nothing has to be named."),
    ),
    "two_runs": Said(
        409, N_("Two runs with teams are needed to compare."), N_("Form teams again with other wishes.")
    ),
    "csv_rejected": Said(
        409,
        N_("Nothing was changed: some lines of the file cannot be taken."),
        N_("Mend the lines below, then choose the file again."),
    ),
    "stale_write": Said(
        409,
        N_("Many people are working here at this moment."),
        N_("Nothing was lost; press again."),
    ),
    "already_exists": Said(409, N_("This is there already."), N_("Nothing was lost; press again.")),
    # uploads
    "too_large": Said(
        413,
        N_("%(name)s is too large: files may have %(limit)s."),
        N_("Put it elsewhere and paste its link."),
    ),
    "too_large:count": Said(
        413,
        N_("%(name)s would be one too many: a team hands in %(most)s files and links at most."),
        N_("Take one out first, or put several into one document."),
    ),
    "file_unsafe": Said(
        415,
        N_("The virus scanner of this site refuses %(name)s."),
        N_("Look through your own machine, save the document again, and add the new file."),
        tone="bad",
    ),
    "platform_unreachable:scan": Said(
        503,
        N_("Files cannot be looked through for viruses at this moment, so none is taken."),
        N_("Nothing was lost; try again in a few minutes, or paste a link."),
    ),
    "file_type": Said(
        415,
        N_("%(name)s is of a kind that cannot be added."),
        N_("Accepted: %(accepted)s."),
    ),
    # fields
    "invalid": Said(422, N_("Something is missing."), N_("The lines below say where."), tone="bad"),
    # limits and the world outside
    "slow_down": Said(
        429,
        N_("That was a lot at once."),
        N_("Wait %(seconds)s seconds; nothing was lost."),
    ),
    "platform_unreachable": Said(
        503,
        N_("The learning platform did not answer."),
        N_("We try again by ourselves; nothing was lost."),
    ),
    "platform_unreachable:groups": Said(
        503,
        N_("The learning platform did not give its groups."),
        N_("Nothing was changed. Try again in a few minutes, or ask whoever connected it to try the access."),
    ),
    "platform_unreachable:members": Said(
        503,
        N_("The learning platform did not give its member list."),
        N_("The people known so far stay. Try again in a few minutes."),
    ),
}

PROBLEMS: Mapping[str, str] = {
    **REVIEW_PROBLEMS,
    "name_missing": N_("Give it a name."),
    "name_too_long": N_("A name has at most %(most)s characters."),
    "sandbox_title": N_("Give it a title, so that you find it again."),
    "remark_missing": N_("Write a sentence, or leave it."),
    "glass_nobody": N_("Nobody in this course has exactly this name."),
    "glass_several": N_("Several people have this name: choose one of them."),
    "glass_reason": N_("Say why in a sentence of at least %(least)s words. It is kept."),
    "motto_too_long": N_("A motto has at most %(most)s characters."),
    "charter_empty": N_("Agree on something first: every part is empty."),
    "too_many_roles": N_("At most %(most)s roles."),
    "role_too_long": N_("The name of a role has at most %(most)s characters."),
    "roles_twice": N_("Two roles have the same name."),
    "pitch_missing": N_("Say in a sentence what you look for."),
    "pitch_too_long": N_("At most %(most)s characters; these are %(have)s."),
    "text_too_long": N_("At most %(most)s characters; these are %(have)s."),
    "place_open": N_("Place %(number)s is still open: choose a text."),
    "part_missing": N_("“%(title)s” is still empty, and it is needed."),
    "reason_missing": N_("Say why, in a sentence."),
    "not_later": N_("Choose a time after %(due)s, the present due time."),
    "sizes_impossible": N_("%(people)s people cannot be split into teams of %(min)s to %(max)s."),
    "sizes_crossed": N_("Sizes must rise: smallest, usual, largest, from 1 to 50."),
    "too_many_prompts": N_("At most %(most)s parts."),
    "too_many_criteria": N_("At most %(most)s criteria."),
    "prompt_title_missing": N_("Part %(row)s has no title."),
    "nothing_for_one": N_(
        "Every criterion is for teams only, so that somebody who works alone could not be judged. "
        "Leave the mark off at least one."
    ),
    "criterion_title_missing": N_("Criterion %(row)s has no title."),
    "criterion_weight": N_("Criterion %(row)s needs a weight above 0."),
    "criterion_levels": N_("Criterion %(row)s needs at least two levels, the best with more than 0 points."),
    "criterion_range": N_("Criterion %(row)s is a range: give its two ends, one a line, and steps above 0."),
    "criterion_checklist": N_("Criterion %(row)s is a checklist: give from 1 to 20 items with points."),
    "criterion_text": N_("Criterion %(row)s asks for words alone."),
    "criterion_words": N_("Criterion %(row)s: from 0 to 500 words."),
    "rubric_row": N_("Line %(row)s, column %(column)s: %(what)s does not fit there."),
    "rubric_empty": N_("The file has no criterion in it."),
    "nothing_counts": N_("Every criterion asks for words alone, so nothing would count. Give one points."),
    "comment_words": N_("“%(title)s”: say why in at least %(least)s words; there are %(have)s."),
    "percent": N_("A number from 0 to 100."),
    "negative": N_("A number of 0 or more."),
    "unreadable_document": N_("The settings cannot be read: they are not in the form that we write."),
    "not_a_number": N_("This is not a number."),
    "not_a_time": N_("This is not a date and time."),
    "no_zone": N_("This date has no time zone."),
    "not_a_choice": N_("Choose one of those offered."),
    "file_missing": N_("Choose a file first."),
    "level_line": N_("“%(line)s”: begin each line with its points, such as “3: every claim has a source”."),
    "csv_too_large": N_("The file is larger than 2 MB. Split it."),
    "csv_too_long": N_("At most %(most)s lines. Split the file."),
    "csv_columns": N_("The first line must name the columns; missing: %(missing)s."),
    "csv_encoding": N_("The file is not UTF-8. Save it as “CSV UTF-8”."),
    "csv_broken": N_("This is not a CSV file."),
    "row_user_missing": N_("Nobody is named."),
    "row_team_missing": N_("No team is named."),
    "row_team_name_long": N_("A team’s name has at most %(most)s characters."),
    "row_other_set": N_("The team set is called %(have)s, not %(team_set)s."),
    "row_user_unknown": N_("Nobody in this course is called %(user)s."),
    "row_takes_no_part": N_("%(user)s takes no part: staff, excluded, or only looking around."),
    "row_second_team": N_("%(user)s stands in line %(other)s already; one team each."),
    "row_team_full": N_("%(team)s would have more than %(max)s members."),
    "weights_sum": N_("What counts must make 100 together."),
    "level_missing": N_("“%(title)s”: choose a level."),
    "level_unknown": N_("“%(title)s”: choose one of the levels there are now."),
    "too_many_questions": N_("At most %(most)s questions."),
    "question_title_missing": N_("Question %(row)s has no title."),
    "question_title_long": N_("The title of question %(row)s has more than %(most)s characters."),
    "question_purpose_missing": N_(
        "Question %(row)s is sensitive: say in a sentence what the answers are used for."
    ),
    "question_options_missing": N_("Question %(row)s needs answers to choose from, at least %(least)s."),
    "question_options_many": N_("Question %(row)s has more than %(most)s answers to choose from."),
    "question_options_twice": N_("Question %(row)s has the answer “%(option)s” twice."),
    "question_option_semicolon": N_(
        "Question %(row)s: an answer may have no semicolon, as in “%(option)s”. Write one answer a line."
    ),
    "question_option_long": N_("Question %(row)s: an answer has at most %(most)s characters."),
    "question_kind_twice": N_("Question %(row)s: one question of this kind is enough."),
    "question_id": N_("Question %(row)s has the same mark as another one. Remove it and add it again."),
    "section_no_choice": N_("Choose a question that has one answer out of several."),
    "answer_unknown": N_("Choose among the answers there are now."),
    "answer_unreadable": N_("This answer cannot be read. Give it once more."),
    "number_too_large": N_("This number is too long."),
    "zone_unknown": N_("Choose a time zone of the list."),
    "topic_twice": N_("“%(topic)s” stands at two places. Choose each topic once."),
    "named_twice": N_("You named somebody twice."),
    "named_too_many": N_("Name at most %(most)s people."),
    "named_self": N_("You need not name yourself."),
    "named_both": N_("Somebody stands both here and among those you would like. Decide for one."),
    "named_unknown": N_("Name people of this course who take part."),
    "name_unknown": N_(
        "Nobody in this course is called “%(name)s”. Write the whole name as it stands in the course."
    ),
    "name_of_several": N_("Several people are called “%(name)s”. Choose which of them below."),
    "hours_unreadable": N_("“%(part)s” cannot be read. Write it like “Mon 18-21, Wed 6-8 and 20-22”."),
    "hours_without_day": N_("“%(part)s” stands without a day. Write it like “Mon 18-21”."),
    "hours_day_alone": N_("“%(part)s” stands without hours. Write it like “Mon 18-21”."),
    "hours_no_time": N_("“%(part)s” is no time of day. Hours run from 0 to 24."),
    "hours_empty": N_("“%(part)s” begins and ends at the same time."),
    "consent_missing": N_("Tick this to have your answers kept. Without it nothing is stored."),
    "pair_alone": N_("“%(name)s” stands alone in a line. Name at least two people, with a comma between."),
    "pair_nobody": N_(
        "Nobody who takes part is called “%(name)s”. Write the name, user name or e-mail as in the course."
    ),
    "pair_ambiguous": N_("Several people are called “%(name)s”. Write the whole name, user name or e-mail."),
    "pair_too_many": N_("At most %(most)s people in all lines together."),
    "task_title_missing": N_("Say in a few words what is to be done."),
    "blocked_by_missing": N_("Choose whom it waits for, so that they are told."),
    "blocked_by_owner": N_("Whoever does a task cannot be the one it waits for. Choose somebody else."),
    "answer_missing": N_("Choose a number from 1 to 9."),
    "no_mentor": N_("Your team has no mentor. Choose another reader."),
    "post_missing": N_("Write something first."),
    "thread_title_missing": N_("Say in a few words what it is about."),
    "not_a_link": N_("A link begins with https:// and has no blanks."),
    "too_many_milestones": N_("At most %(most)s milestones."),
    "milestone_title_missing": N_("A milestone needs a name; empty its date, too, to remove it."),
    "check_in_days": N_("A number of days from 1 to 60."),
    "wish_values": N_("Tick at least one answer, or leave this wish out."),
    "wish_amount": N_("A number from 1 to %(most)s."),
    "wish_values_most": N_("Tick at most %(most)s."),
    "wish_without_question": N_(
        "The question that this wish is about is no longer asked, or is another now."
    ),
    "section_gone": N_("The question that divides the class is no longer asked, or is no choice."),
    "other_team_missing": N_("Choose another team."),
    "formed_locked": N_("%(name)s is locked. Unlock it first."),
    "formed_size": N_("%(name)s would have %(have)s members; teams have %(min)s to %(max)s."),
    "formed_apart": N_("%(one)s and %(two)s are to be in different teams."),
    "formed_together": N_("%(one)s and %(two)s are to be in one team."),
    "formed_section": N_("%(person)s belongs to another section than %(name)s."),
    "form_too_few": N_(
        "There are too few people for a team: %(have)s, and a team has %(min)s to %(max)s. Lower the "
        "smallest size, or place them by hand."
    ),
    "form_sizes_impossible": N_(
        "%(have)s people cannot be split into teams of %(min)s to %(max)s; %(fewer)s or %(more)s could. "
        "A smallest size of %(least)s or a largest of %(most)s would do. Or place some by hand."
    ),
    "form_kept_too_large": N_("%(team)s is kept and has %(have)s members; at most %(max)s are allowed."),
    "form_pair_unknown": N_("Of %(people)s somebody has a team already or takes no part."),
    "form_chain_too_long": N_(
        "Together are %(pairs)s: that makes %(have)s people, and a team has at most %(max)s."
    ),
    "form_chain_across_sections": N_(
        "Together are %(pairs)s, but they are in different sections: %(sections)s."
    ),
    "form_chain_against_kept": N_("Together are %(pairs)s, but they are in different teams that are kept."),
    "form_apart_together": N_("Apart are %(pairs)s, but they are together through %(path)s."),
    "form_apart_kept": N_("Apart are %(pairs)s, but both are in %(team)s, which is kept."),
    "form_chains_do_not_fit": N_(
        "Together are %(pairs)s: with %(have)s people they do not fit into teams of %(min)s to %(max)s."
    ),
    "form_too_many_apart": N_(
        "All apart from each other are %(people)s: they need %(have)s teams, and there are %(teams)s."
    ),
    "form_no_start": N_("No teams were found that hold all pairs; these were left over: %(people)s."),
    "form_input": N_("The engine cannot read what it was given: %(text)s"),
    "form_gave_up": N_(
        "Forming broke off %(tries)s times. Ask whoever runs this site to look into the log of the worker."
    ),
}

CHECKS: Mapping[str, str] = {
    "goal_missing": N_("The goal is missing: one sentence that learners read first."),
    "done_missing": N_("Nothing says when the work counts as done."),
    "prompts_missing": N_("The draft has no part to write in."),
    "rubric_missing": N_("The rubric has no criterion."),
    "dates_crossed": N_("Dates cross: a step must open before it is due, and be due before it closes."),
    "lock_after_due": N_("Teams are locked only after the work is due."),
    "too_few_people": N_("The course has %(learners)s people, and a team needs %(min)s."),
    "few_people_yet": N_(
        "Known so far: %(learners)s of the %(min)s people that a team needs. You may publish; more may come."
    ),
    "nobody_yet": N_("Nobody is in the course yet. You may publish; people are seen once they come."),
    "survey_missing": N_("Teams are to be formed by a survey, and the survey has no question yet."),
    "survey_after_due": N_("The survey closes after the work is due: teams would be formed too late."),
    "reviewed_missing": N_("No team assignment is named whose works are reviewed."),
    "no_review_due": N_("Reviews have no due date. You may publish; nothing then hurries anybody."),
    "too_few_reviewers": N_(
        "The course has %(learners)s people, and each work needs %(each)s reviews by others: some will lack."
    ),
    "no_due_date": N_("Handing in has no due date. You may publish; nobody will ever be late."),
}


@dataclass(frozen=True)
class Explained:
    """A refusal as a page shows it."""

    status: int
    happened: str
    next: str
    tone: str
    fields: Mapping[str, str]  # field -> the sentence beside it


def explain(refusal: Refusal, reader: Reader, **more: object) -> Explained:
    """The refusal in the reader's language; `more` fills in or replaces values, such as names."""
    said = _said(refusal)
    values = {**refusal.values, **more}
    fields: dict[str, str] = {}
    if isinstance(refusal, Invalid):
        for problem in refusal.problems:
            fields.setdefault(problem.field, say_problem(problem, reader))
    if fields:
        happened = reader.ngettext(
            "%(number)s thing is missing or needs another look",
            "%(number)s things are missing or need another look",
            len(fields),
        )
    else:
        happened = _filled(reader, said.happened, values)
    if refusal.field and refusal.field not in fields:
        fields[refusal.field] = happened
    return Explained(said.status, happened, _filled(reader, said.next, values), said.tone, fields)


def say_problem(problem: Problem, reader: Reader) -> str:
    """The sentence beside a field."""
    return _filled(reader, PROBLEMS[problem.code], dict(problem.values))


def say_check(check: Check, reader: Reader) -> str:
    """One line of the readiness check."""
    return _filled(reader, CHECKS[check.code], dict(check.values))


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return _said(refusal).status


def _said(refusal: Refusal) -> Said:
    told_apart = refusal.values.get(TOLD_APART.get(refusal.code, ""), "")
    return REFUSALS.get(f"{refusal.code}:{told_apart}") or REFUSALS[refusal.code]


def _filled(reader: Reader, text: str, values: Mapping[str, Any]) -> str:
    """The sentence with its places filled; what a refusal does not carry is left open, not a fault."""
    return reader.translated(text) % _Readable(values, reader) if text else ""


class _Readable(dict[str, Any]):
    """Values as a reader reads them."""

    def __init__(self, values: Mapping[str, Any], reader: Reader) -> None:
        super().__init__(values)
        self._reader = reader

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if key == "limit" and isinstance(value, int):
            return self._reader.size(value)
        if isinstance(value, datetime):
            return self._reader.moment(value)
        if isinstance(value, Decimal):
            return self._reader.points(value)
        if isinstance(value, list | tuple):
            return ", ".join(str(one) for one in value)
        return str(value) if value not in (None, "") else self._reader.gettext("somebody else")


def fault(scene: Scene, reference: str) -> Response:
    """The last resort of a host, for every exception that is no refusal; it logs the reference."""
    _ = scene.reader.gettext
    happened = _(
        "Something went wrong on our side (reference %(reference)s). Your text is still in the box.",
        reference=reference,
    )
    body = render(
        scene,
        "refusal.html",
        title=_("Something went wrong"),
        eyebrow="",
        crumbs=[],
        fields=Fields(),
        refusal=None,
        said_next=happened,
        query={},
    )
    return Response(body, status=500, headers={"Cache-Control": "private, no-store"})
