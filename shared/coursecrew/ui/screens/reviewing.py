"""A peer review as learners have it: what they owe, a work beside the rubric, and the reviews they got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coursecrew.app.activities import Entered
from coursecrew.app.notices import unread
from coursecrew.app.reviewing.desk import Desk
from coursecrew.app.reviewing.feedback import Home, look_at_home
from coursecrew.app.reviewing.fill_ins import fill_in
from coursecrew.app.reviewing.own_works import begin_own_work
from coursecrew.app.reviewing.pool import take, take_own
from coursecrew.app.submissions import HANDED_IN
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Participant
from coursecrew.domain.review_rules import Anonymity, Practice, SelfReview
from coursecrew.domain.reviewing import FILL_AFTER, Review, ReviewState, Stage
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.notices import people_in, say
from coursecrew.ui.pages import do, page
from coursecrew.ui.panels import Panel, Press, StepLine, Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene

# --- the first page ---


@dataclass(frozen=True)
class ReviewLine:
    """One review of one's own in the list."""

    id: str
    name: str
    chip: str
    word: str
    more: str
    may_open: bool


def home(scene: Scene, request: Request) -> Response:
    """What is next, one's own reviews, and where the reviews of the own work are."""
    _ = scene.reader.gettext
    if not scene.activity.is_visible:
        return page(
            scene,
            request,
            "not_ready.html",
            title=scene.settings.title or _("Peer review"),
            eyebrow=_("Peer review"),
            names="",
        )
    found = run(scene.ports, look_at_home, scene.actor, scene.activity.id)
    notices, people = run(scene.ports, _news, scene, scene.entered)
    return page(
        scene,
        request,
        "reviews.html",
        title=scene.settings.title or _("Peer review"),
        eyebrow=_("Peer review"),
        panel=_panel(scene, found),
        lines=[_line(scene, found, review) for review in found.reviews],
        notices=[
            (notice, say(notice, scene.reader, {key: one.name for key, one in people.items()}))
            for notice in notices
        ],
        steps=_steps(scene, found),
        promise=promise(scene.reader, found.place.rules.anonymity),
        received=_received_line(scene, found),
        round_line=_round_line(scene, found),
        withheld=found.withheld,
        earlier=found.earlier.id if found.earlier else "",
        own_review=found.judge.own_review,
        offers_practice=found.place.rules.practice is not Practice.OFF and bool(scene.settings.samples),
        may_appeal=scene.activity.released_at is not None
        and found.place.rules.appeals
        and found.own is not None,
        may_read=found.own is not None and found.own.released_at is not None,
        released=scene.activity.released_at is not None,
    )


def _news(
    unit: UnitOfWork, scene: Scene, entered: Entered | None
) -> tuple[list[Notice], Mapping[str, Participant]]:
    if entered is None or entered.participant is None:
        return [], {}
    notices = unread(unit, scene.activity.id, scene.actor.person)
    return notices, participants_of(unit, scene.activity.course, people_in(notices))


def _panel(scene: Scene, found: Home) -> Panel:
    """The one next step of a reviewer, until when, and who waits."""
    reader, place, judge = scene.reader, found.place, found.judge
    _, n_ = reader.gettext, reader.ngettext
    begin = _own_work(scene, found)
    if begin:
        return begin
    held, left = judge.holds(reader.now), max(0, found.duty - found.done)
    label = _("Your next step")
    lines = [reader.by(place.due)] if place.due else []
    waits = [Wait(_("A team waits to read what you think of its work."))] if left else []
    filling = _filling_in(scene, found)
    if filling and not held:
        return filling
    if not judge.key or not judge.subject.takes_part:
        return Panel(label, _("Nothing for you to review here"), [_no_part(scene)])
    if place.stage is Stage.BEFORE and place.window.opens:
        return Panel(label, _("Reviewing opens on %(when)s", when=reader.moment(place.window.opens)), [])
    if held:
        until = (
            _("held for you until %(when)s", when=reader.moment(held.lease_until)) if held.lease_until else ""
        )
        return Panel(
            label,
            _("Go on with your review"),
            [*lines, until] if until else lines,
            [Press(_("Go on writing"), f"reviews/{held.id}")],
            waits,
        )
    if place.stage in (Stage.STAFF, Stage.OVER):
        heading = _("Reviewing is over")
        more = (
            []
            if not left
            else [n_("%(num)s review was not written.", "%(num)s reviews were not written.", left, num=left)]
        )
        return Panel(label, heading, more)
    if not judge.has_done:
        return Panel(
            label,
            _("Hand in your own work first"),
            [_("Reviews begin once your team has handed in “%(title)s”.", title=place.of.settings.title)],
        )
    practice = _practice_first(scene, found)
    if practice:
        return practice
    if found.owes_own and place.rules.own_review is SelfReview.BEFORE:
        return Panel(
            label,
            _("Review your own work first"),
            [_("By the same rubric as others’. It never counts; you read later how far off you were.")],
            [Press(_("Review your own work"), "reviews/own", post=True)],
            waits,
        )
    if left:
        heading = n_("Review %(num)s work", "Review %(num)s works", left, num=left)
        return Panel(
            label, heading, lines, [Press(_("Take the next work"), "reviews/take", post=True)], waits
        )
    if found.owes_own:
        return Panel(
            label,
            _("Review your own work, too"),
            [_("By the same rubric as others’. It never counts; you read later how far off you were.")],
            [Press(_("Review your own work"), "reviews/own", post=True)],
        )
    if place.stage is Stage.VOLUNTEERS:
        return Panel(
            label,
            _("Some works still lack reviews"),
            [_("You have done yours. If you like, take one more: its team would wait for nobody else.")],
            [Press(_("Take one more"), "reviews/take", "plain", post=True)],
        )
    return Panel(label, _("Your reviews are done"), [_("Until they are due you may still change them.")])


def _own_work(scene: Scene, found: Home) -> Panel | None:
    """One's own work, where everybody hands in here and it is not handed in yet."""
    reader, place, judge = scene.reader, found.place, found.judge
    _ = reader.gettext
    if not place.rules.own_works or not (judge.participant and judge.participant.takes_part):
        return None
    window = place.of.window(Step.DRAFT)
    label, lines = _("Your next step"), [reader.by(window.due)] if window.due else []
    state = judge.work.state if judge.work else None
    if judge.team is None and not window.is_over(reader.now):
        return Panel(
            label,
            _("Write your own work"),
            lines,
            [Press(_("Begin to write"), "reviews/begin", post=True)],
        )
    if judge.team is not None and state in (None, WorkState.DRAFTING) and not window.is_over(reader.now):
        presses = [Press(_("Go on writing your work"), "draft"), Press(_("Hand it in"), "hand-in", "plain")]
        return Panel(label, _("Hand in your own work"), lines, presses)
    return None


def _filling_in(scene: Scene, found: Home) -> Panel | None:
    """What a mentor may do whom the staff asked to write missing reviews, in the time for it."""
    reader, place = scene.reader, found.place
    _, n_ = reader.gettext, reader.ngettext
    if not found.fills_in.named or (found.judge.subject.takes_part and not found.judge.has_done):
        return None
    until = [reader.by(place.feedback_at)] if place.feedback_at else []
    held = next((review for review in found.fills_in.reviews if review.is_live(reader.now)), None)
    if held and held.submitted_at is None:
        return Panel(
            _("You fill in as a mentor"),
            _("Go on with your review"),
            until,
            [Press(_("Go on writing"), f"reviews/{held.id}")],
        )
    if place.stage is Stage.STAFF:
        waiting = found.fills_in.waiting
        if not waiting:
            return Panel(_("You fill in as a mentor"), _("No work lacks a review that you could write"), [])
        return Panel(
            _("You fill in as a mentor"),
            n_("%(num)s work lacks reviews", "%(num)s works lack reviews", waiting, num=waiting),
            [_("Nobody else is left to write them. Each of yours counts as one review."), *until],
            [Press(_("Write a missing review"), "reviews/fill-in", post=True)],
        )
    begins = place.due + FILL_AFTER if place.due else None
    if found.judge.subject.takes_part or place.stage is Stage.OVER or begins is None:
        return None  # what they do as a learner comes first
    return Panel(
        _("You fill in as a mentor"),
        _("From %(when)s you write what is missing", when=reader.moment(begins)),
        [_("Until then learners review. You are told when it is your turn.")],
    )


def _practice_first(scene: Scene, found: Home) -> Panel | None:
    """Samples to try, where the author wants that first."""
    _ = scene.reader.gettext
    rules = found.place.rules
    if rules.practice is not Practice.NEEDED or found.practice.all_passed:
        return None
    return Panel(
        _("Your next step"),
        _("Practise on the samples first"),
        [_("The course staff have rated them. Try as often as you like; you read their reasons each time.")],
        [Press(_("To the samples"), "practice")],
    )


def _no_part(scene: Scene) -> str:
    _ = scene.reader.gettext
    return _("You are in no team of this assignment, or do not take part. Ask your course staff.")


def promise(reader: Reader, mode: Anonymity) -> str:
    """Who knows whom, said before anybody writes."""
    _ = reader.gettext
    return (
        {
            Anonymity.NAMED: _("Authors read your name beside your review, and you read theirs."),
            Anonymity.SINGLE: _("Authors do not learn who you are. You know whose work you read."),
            Anonymity.DOUBLE: _("Neither side learns who the other is."),
            Anonymity.TEAM_NAME: _("Both sides read the name of the other team, and nobody’s own name."),
        }[mode]
        + " "
        + _("The course staff always see real names.")
    )


def work_name(reader: Reader, found: Home | Desk, review: Review, team: str) -> str:
    """What a work is called towards its reviewer."""
    if team:
        return team
    return reader.gettext("Work %(number)s", number=review.place)


def _line(scene: Scene, found: Home, review: Review) -> ReviewLine:
    reader = scene.reader
    _ = reader.gettext
    work = found.works.get(review.pool)
    team = found.teams[work.team].name if work and work.team in found.teams else ""
    chip, word, more = state_said(reader, review)
    may_open = review.state in (
        ReviewState.LEASED,
        ReviewState.LAPSED,
        ReviewState.SUBMITTED,
        ReviewState.HELD,
        ReviewState.EXCLUDED,
    )
    return ReviewLine(review.id, work_name(reader, found, review, team), chip, word, more, may_open)


def state_said(reader: Reader, review: Review) -> tuple[str, str, str]:
    """Chip, word and a line for where a review stands."""
    _ = reader.gettext
    if review.state is ReviewState.LEASED and review.is_live(reader.now):
        until = _("held until %(when)s", when=reader.moment(review.lease_until)) if review.lease_until else ""
        return "now", _("writing"), until
    said_of: dict[ReviewState, tuple[str, str, str]] = {
        ReviewState.LEASED: ("late", _("time is up"), _("Save, and it is yours again if there is room.")),
        ReviewState.LAPSED: (
            "late",
            _("time is up"),
            _("What you wrote is kept. Save, and it is yours again if there is room."),
        ),
        ReviewState.SUBMITTED: ("done", _("handed in"), ""),
        ReviewState.HELD: ("held", _("being looked at"), ""),
        ReviewState.DROPPED: ("off", _("given back"), ""),
        ReviewState.CONFLICT: ("off", _("too close to the authors"), ""),
        ReviewState.REPORTED: ("held", _("reported"), _("The course staff look at it.")),
        ReviewState.EXCLUDED: ("excused", _("left out"), review.reason),
    }
    return said_of[review.state]


def _received_line(scene: Scene, found: Home) -> str:
    """Who is waited for until the own reviews can be read, and until when."""
    reader, own = scene.reader, found.own
    _, n_ = reader.gettext, reader.ngettext
    if own is None:
        handed_in = found.judge.work is not None and found.judge.work.state in HANDED_IN
        return _("Your team’s work is handed in, and waits for its first reviewer.") if handed_in else ""
    have = n_(
        "%(have)s of %(of)s review of your team’s work is in.",
        "%(have)s of %(of)s reviews of your team’s work are in.",
        found.place.rules.per_work,
        have=own.submitted,
        of=found.place.rules.per_work,
    )
    if own.released_at is not None:
        return have
    if found.place.feedback_at:
        return (
            have
            + " "
            + _("You read them on %(when)s at the latest.", when=reader.moment(found.place.feedback_at))
        )
    return have + " " + _("You read them when the course staff release them.")


def _round_line(scene: Scene, found: Home) -> str:
    """Which round it is, and, while a work is open again, until when it is revised."""
    reader, place = scene.reader, found.place
    _ = reader.gettext
    if place.rules.rounds == 1:
        return ""
    line = _("Round %(number)s of %(rounds)s.", number=place.round, rounds=place.rules.rounds)
    work = found.judge.work
    if work and work.round > 1 and work.state is WorkState.DRAFTING and work.due_at:
        line += " " + _(
            "Your work is open again in “%(title)s”: hand the revision in by %(when)s.",
            title=place.of.settings.title, when=reader.moment(work.due_at),
        )  # fmt: skip
    return line


def _steps(scene: Scene, found: Home) -> list[StepLine]:
    reader, place = scene.reader, found.place
    _ = reader.gettext
    over = place.stage in (Stage.STAFF, Stage.OVER)
    writing_state = "later" if place.stage is Stage.BEFORE else "done" if over else "now"
    read = found.own is not None and found.own.released_at is not None
    return [
        StepLine(_("Review"), writing_state, reader.by(place.due) if place.due else ""),
        StepLine(
            _("Read what others say"), "done" if read else "later",
            reader.moment(place.feedback_at) if place.feedback_at and not read else "",
        ),
        StepLine(_("Result"), "done" if scene.activity.released_at else "later"),
    ]  # fmt: skip


def begin(scene: Scene, request: Request) -> Next:
    """Begin one's own work."""
    do(scene, request, begin_own_work)
    return Next("draft")


def take_own_now(scene: Scene, request: Request) -> Next:
    """Begin the review of one's own work."""
    id = do(scene, request, take_own)
    return Next(f"reviews/{id}", scene.reader.gettext("Judge it as you would that of others."))


def fill_in_now(scene: Scene, request: Request) -> Next:
    """Take the work that lacks most, as a mentor whom the staff named."""
    id = do(scene, request, fill_in)
    return Next(f"reviews/{id}", scene.reader.gettext("It counts as one review, by you."))


def take_now(scene: Scene, request: Request) -> Next:
    """Take the work that needs a review most."""
    id = do(scene, request, take)
    return Next(
        f"reviews/{id}", scene.reader.gettext("It is yours to review. Every save holds it for you anew.")
    )


ROUTES = (
    get("reviews", home),
    post("reviews/take", take_now, form="reviews"),
    post("reviews/fill-in", fill_in_now, form="reviews"),
    post("reviews/own", take_own_now, form="reviews"),
    post("reviews/begin", begin, form="reviews"),
)
