"""Every sentence that says no in a peer review, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from coursecrew.ui.reader import N_
from coursecrew.ui.said import Said

REFUSALS: Mapping[str, Said] = {
    "reviewed_gone": Said(
        409,
        N_("The team assignment “%(name)s”, whose works are reviewed here, was not found."),
        N_("Course staff: open it once, or choose another in the settings of the peer review."),
    ),
    "review_needs_team": Said(
        409,
        N_("Here teams review together, and you are in none."),
        N_("Find a team first, or ask your course staff."),
    ),
    "own_work_first": Said(
        409,
        N_("Your own work in “%(title)s” is not handed in yet."),
        N_("Hand it in first; then works of others open to you."),
    ),
    "no_work_no_review": Said(
        409,
        N_("Only those who handed in “%(title)s” review others here."),
        N_("Ask your course staff if you think that is wrong."),
    ),
    "duty_done": Said(
        409,
        N_("You have written all the reviews that you owe."),
        N_("Once they are due you may take one more."),
    ),
    "nothing_to_review": Said(
        409,
        N_("There is nothing for you to review yet."),
        N_("Look in again later: works come in as they are handed in."),
        tone="wait",
    ),
    "not_staffs_turn": Said(
        409,
        N_("Learners can still write the missing reviews."),
        N_("A day after they are due it is your turn."),
    ),
    "mentors_nobody": Said(
        409,
        N_("%(name)s mentors no team here any more."),
        N_("Name somebody who does; the list shows them."),
    ),
    "slot_filled": Said(
        409,
        N_("Meanwhile others have reviewed this work as often as it may be."),
        N_("What you wrote is kept here for you. Take another work."),
    ),
    "criterion_in_use": Said(
        409,
        N_("“%(title)s” cannot be taken away: grades that were made with it are released."),
        N_("Change its wording, or set up a new activity with the new rubric. Nothing was saved."),
    ),
    "review_became_own": Said(
        409,
        N_("This work is your own team’s now, or that of a team you mentor."),
        N_("Go back and take another."),
    ),
    "review_released": Said(
        409, N_("Its authors have read this review already."), N_("It can no longer be changed.")
    ),
    "drop_written": Said(
        409,
        N_("You have written something already, so it cannot be given back."),
        N_("Finish it, or say that you are too close to its authors."),
    ),
    "drops_used": Said(
        409,
        N_("You have given back %(most)s works already."),
        N_("Review this one, or say that you are too close to its authors."),
    ),
    "feedback_not_yet": Said(
        409,
        N_("The reviews of your work cannot be read yet."),
        N_("They go out when reviewing is over, or when the course staff release them."),
        tone="wait",
    ),
    "reviewing_goes_on": Said(
        409,
        N_("Reviews are still being written, until %(due)s."),
        N_("Work out the grades a day after that."),
    ),
    "practice_first": Said(
        409,
        N_("Practice comes first here: rate the samples."),
        N_("Each may be tried as often as you like; then works of others open to you."),
    ),
    "own_review_first": Said(
        409,
        N_("Judge your own work first, by the same rubric."),
        N_("It never counts. Then works of others open to you."),
    ),
    "owes_reviews": Said(
        409,
        N_("You still owe reviews, so you read yours on %(at)s."),
        N_("Write what you owe, and they open to you at once."),
        tone="wait",
    ),
    "too_many_remarks": Said(
        409,
        N_("A review holds %(most)s comments at passages."),
        N_("Say the rest in the comment on the whole."),
    ),
    "no_appeal_yet": Said(
        409,
        N_("There is no mark that could be asked about."),
        N_("Marks can be asked about in the week after they are released, where the author allows it."),
    ),
    "appealed_already": Said(
        409,
        N_("Your team has asked about this criterion already."),
        N_("One question each: the answer goes to all of you."),
    ),
    "not_allowed:decide_own_score": Said(
        403,
        N_("You wrote a review of this work yourself, so somebody else of the course staff decides."),
        N_("Leave it in the list; your colleagues see it there."),
    ),
    "work_full": Said(
        409,
        N_("This work has %(most)s reviews or reviewers already."),
        N_("Take it back from one of them first, or choose another work."),
    ),
    "written_already": Said(
        409,
        N_("The reviewer has written something already, so the work stays with them."),
        N_("Once they have handed it in you may leave it out of the score."),
    ),
    "already_decided:sent": Said(409, N_("Your team has sent its answer already."), N_("It stands below.")),
    "already_decided:upheld": Said(409, N_("This was decided a moment ago."), N_("The answer stands below.")),
    "already_decided:partly": Said(409, N_("This was decided a moment ago."), N_("The answer stands below.")),
    "already_decided:denied": Said(409, N_("This was decided a moment ago."), N_("The answer stands below.")),
    "already_decided:held": Said(
        409,
        N_("The course staff look at this review, so it cannot change now."),
        N_("What you wrote is kept."),
    ),
    "already_decided:excluded": Said(
        409, N_("The course staff left this review out."), N_("What you wrote is kept.")
    ),
    "stale:answer": Said(
        409,
        N_("%(by)s saved your team’s answer after you opened this page."),
        N_("Yours is still in the form. Compare it with theirs below, then save again."),
    ),
    "stale:review": Said(
        409,
        N_("%(by)s changed the same place in your team’s review."),
        N_("Yours is still in the form, theirs stands beside it. Choose, then save again."),
    ),
}

PROBLEMS: Mapping[str, str] = {
    "review_text_missing": N_("Say something about the whole: what works, and what you would change next."),
    "reviews_each": N_("From 1 to %(most)s reviews for each work."),
    "min_reviews": N_("From 0 (half of them) to %(most)s reviews."),
    "lease_hours": N_("From 1 to %(most)s hours."),
    "hold_days": N_("From 0 (not at all) to %(most)s days."),
    "owing_days": N_("From 0 (at once) to %(most)s days."),
    "too_many_rounds": N_("At most %(most)s rounds."),
    "rounds_crossed": N_("The dates of the rounds cross: each revision is due after the reviews before it."),
    "both_dates": N_("A further round needs both dates: until when works are revised, and reviewed."),
    "no_team_names": N_("Where everybody hands in alone there are no team names to show. Choose another."),
    "too_many_samples": N_("At most %(most)s samples."),
    "sample_title_missing": N_("Give the sample a name."),
    "sample_text_missing": N_("Put the sample’s text in."),
    "no_reviewer": N_("Choose somebody who takes part here."),
    "reviewer_own_work": N_("They are, or were, in the team whose work it is. Choose somebody else."),
    "reviewer_mentored": N_("They mentor the team whose work it is. Choose somebody else."),
    "reviewer_seen": N_("They had this work already. Choose somebody else."),
    "scale_missing": N_("Choose one of the five steps."),
    "low_needs_why": N_("Where you chose 1 or 2, say why, so that the reviewer can learn from it."),
    "uptake_needs_why": N_("Say why you follow this comment only partly, or not."),
    "words_not_there": N_(
        "These words do not stand in that paragraph. Copy them from the work, or leave it empty."
    ),
    "remark_missing": N_("Write the comment first."),
    "appeal_words": N_("Say why in at least %(least)s words; there are %(have)s."),
    "answer_missing": N_("Write an answer; all members of the team read it."),
    "points_within": N_("Points from 0 to %(most)s."),
}
