"""A peer review as learners have it: what they owe, a work beside the rubric, and the reviews they got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from coursecrew.app.activities import Entered
from coursecrew.app.notices import unread
from coursecrew.app.records import TEAMS
from coursecrew.app.reviewing import writing
from coursecrew.app.reviewing.feedback import Home, Received, look_at_home, received_reviews
from coursecrew.app.reviewing.pool import take
from coursecrew.app.reviewing.writing import Desk, look_at_desk
from coursecrew.app.submissions import HANDED_IN
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import Conflict, Invalid, Problem, Refusal
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Participant
from coursecrew.domain.review_rules import Anonymity
from coursecrew.domain.reviewing import FREE_DROPS, LONGEST_TEXT, Review, ReviewState, Stage
from coursecrew.domain.rubrics import Criterion, Mark, Rubric
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.notices import people_in, say
from coursecrew.ui.pages import Crumb, do, page
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
        lines=[_line(scene, found, review) for review in found.judge.reviews],
        notices=[
            (notice, say(notice, scene.reader, {key: one.name for key, one in people.items()}))
            for notice in notices
        ],
        steps=_steps(scene, found),
        promise=promise(scene.reader, found.place.rules.anonymity),
        received=_received_line(scene, found),
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
    held, left = judge.holds(reader.now), max(0, found.duty - found.done)
    label = _("Your next step")
    lines = [reader.by(place.due)] if place.due else []
    waits = [Wait(_("A team waits to read what you think of its work."))] if left else []
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
    if left:
        heading = n_("Review %(num)s work", "Review %(num)s works", left, num=left)
        return Panel(
            label, heading, lines, [Press(_("Take the next work"), "reviews/take", post=True)], waits
        )
    if place.stage is Stage.VOLUNTEERS:
        return Panel(
            label,
            _("Some works still lack reviews"),
            [_("You have done yours. If you like, take one more: its team would wait for nobody else.")],
            [Press(_("Take one more"), "reviews/take", "plain", post=True)],
        )
    return Panel(label, _("Your reviews are done"), [_("Until they are due you may still change them.")])


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


def take_now(scene: Scene, request: Request) -> Next:
    """Take the work that needs a review most."""
    id = do(scene, request, take)
    return Next(
        f"reviews/{id}", scene.reader.gettext("It is yours to review. Every save holds it for you anew.")
    )


# --- one review ---


def desk(scene: Scene, request: Request, id: str) -> Response:
    """The work beside the rubric."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, look_at_desk, scene.actor, scene.activity.id, id)
    name = work_name(reader, found, found.review, run(scene.ports, _shown_team, scene, found))
    chip, word, more = state_said(reader, found.review)
    stale = _theirs(scene.refusal, found)
    return page(
        scene,
        request,
        "review.html",
        title=_("Review of %(work)s", work=name),
        crumbs=[Crumb(_("Review of %(work)s", work=name))],
        found=found,
        review=found.review,
        chip=(chip, word),
        more=more,
        promise=promise(reader, found.place.rules.anonymity),
        sheet=found.review.sheet,
        rubric=scene.settings.rubric,
        shares=shares(scene.settings.rubric),
        theirs=stale,
        may_write=_may_write(found, reader),
        may_give_back=found.review.may("drop"),
        drops_left=FREE_DROPS - (found.judge.row.drops if found.judge.row else 0),
        longest=LONGEST_TEXT,
    )


def _shown_team(unit: UnitOfWork, scene: Scene, found: Desk) -> str:
    """The name of the authors' team, where the mode lets a reviewer know it."""
    if found.place.rules.anonymity is Anonymity.DOUBLE:
        return ""
    return unit.store.get(TEAMS, found.work.team).name


def _may_write(found: Desk, reader: Reader) -> bool:
    over = found.place.feedback_at is not None and reader.now > found.place.feedback_at
    return (
        found.review.may("save")
        and not over
        and not (found.work.released_at is not None and found.review.state is ReviewState.SUBMITTED)
    )


def _theirs(refusal: Refusal | None, found: Desk) -> bool:
    return refusal is not None and refusal.code == "stale"


def shares(rubric: Rubric) -> Mapping[str, Decimal]:
    """How many of 100 points each criterion counts."""
    together = sum((criterion.weight for criterion in rubric.criteria), Decimal(0))
    return {c.id: c.weight / together * 100 if together else Decimal(0) for c in rubric.criteria}


def read_sheet(scene: Scene, request: Request) -> tuple[dict[str, Mark], str, int]:
    """The marks of the form; a comment without a level is kept, too."""
    reading = Reading(request, scene.reader)
    sheet: dict[str, Mark] = {}
    for criterion in scene.settings.rubric.criteria:
        chosen = request.field(f"level-{criterion.id}")
        comment = reading.text(f"comment-{criterion.id}", most=LONGEST_TEXT)
        if chosen:
            sheet[criterion.id] = Mark(_points(chosen, f"level-{criterion.id}"), comment)
        elif comment:
            sheet[criterion.id] = Mark(comment=comment, given=False)
    text = reading.text("text", most=LONGEST_TEXT)
    seen = reading.whole("seen")
    reading.check()
    return sheet, text, seen


def _points(text: str, field: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid(Problem(field, "not_a_number")) from None


def save(scene: Scene, request: Request, id: str) -> Next:
    """Keep what is written, or hand it in."""
    _ = scene.reader.gettext
    sheet, text, seen = read_sheet(scene, request)
    if request.field("act") == "submit":
        do(scene, request, writing.submit_review, id, sheet, text=text, seen=seen)
        return Next("reviews", _("Handed in. You may change it until its authors read it."))
    saved = do(scene, request, writing.save_review, id, sheet, text=text, seen=seen)
    if saved.state is ReviewState.LAPSED:
        raise Conflict("slot_filled")
    return Next(f"reviews/{id}", _("Saved. The work is held for you anew."))


def drop(scene: Scene, request: Request, id: str) -> Next:
    """Give a work back unwritten."""
    return _after(scene, do(scene, request, writing.drop_review, id))


def conflict(scene: Scene, request: Request, id: str) -> Next:
    """Say that one is too close to the authors."""
    return _after(scene, do(scene, request, writing.declare_conflict, id))


def report(scene: Scene, request: Request, id: str) -> Next:
    """Say that something is wrong with the work."""
    reading = Reading(request, scene.reader)
    reason = reading.text("reason", most=1000)
    reading.check()
    return _after(scene, do(scene, request, writing.report_work, id, reason=reason))


def _after(scene: Scene, next_id: str) -> Next:
    _ = scene.reader.gettext
    if next_id:
        return Next(f"reviews/{next_id}", _("Here is another work in its place."))
    return Next("reviews", _("Done. There is no other work for you now; you owe one review less."))


# --- what others said of the own work ---


@dataclass(frozen=True)
class ReceivedReview:
    """One review as its reader may know it."""

    review: Review
    by: str
    state: tuple[str, str]
    criteria: list[tuple[str, str, Decimal, Decimal, str]]  # title, level, points, most, comment


def feedback(scene: Scene, request: Request, team: str = "") -> Response:
    """The reviews of a team's work."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, received_reviews, scene.actor, scene.activity.id, team)
    title = _("Reviews of %(team)s", team=found.team.name) if found.for_staff else _("Reviews of your work")
    back = (
        ("room", _("Back to the reviews")) if found.for_staff else ("reviews", _("Back to the peer review"))
    )
    return page(
        scene,
        request,
        "feedback.html",
        title=title,
        crumbs=[Crumb(title)],
        found=found,
        rows=[_shown(scene, found, review) for review in found.reviews],
        back=back,
        may_exclude=found.for_staff and scene.actor.is_instructor,
    )


def _shown(scene: Scene, found: Received, review: Review) -> ReceivedReview:
    reader = scene.reader
    return ReceivedReview(
        review,
        reviewer_name(reader, found, review),
        state_said(reader, review)[:2],
        [
            _criterion(criterion, review.sheet.get(criterion.id))
            for criterion in scene.settings.rubric.criteria
        ],
    )


def reviewer_name(reader: Reader, found: Received, review: Review) -> str:
    """Who wrote it, as far as this reader may know."""
    _ = reader.gettext
    alias = _("Reviewer %(number)s", number=review.alias)
    team = found.reviewer_teams.get(review.reviewer)
    mode = found.place.rules.anonymity
    if mode is Anonymity.TEAM_NAME and not found.for_staff:
        return team.name if team else alias
    person = found.reviewers.get(review.written_by if review.by_team else review.reviewer)
    if person is None:
        return alias
    shown = f"{team.name}: {person.name}" if review.by_team and team else person.name
    return f"{alias}: {shown}" if found.for_staff else shown


def _criterion(criterion: Criterion, mark: Mark | None) -> tuple[str, str, Decimal, Decimal, str]:
    """Title, the level's own words, points (below 0 where none were given), most points, comment."""
    if mark is None or not mark.given:
        return criterion.title, "", Decimal(-1), criterion.most, mark.comment if mark else ""
    level = next((one.text for one in criterion.levels if one.points == mark.points), "")
    return criterion.title, level, mark.points, criterion.most, mark.comment


ROUTES = (
    get("reviews", home),
    post("reviews/take", take_now, form="reviews"),
    get("reviews/<id>", desk),
    post("reviews/<id>/save", save, form="reviews/<id>"),
    post("reviews/<id>/drop", drop, form="reviews/<id>"),
    post("reviews/<id>/conflict", conflict, form="reviews/<id>"),
    post("reviews/<id>/report", report, form="reviews/<id>"),
    get("feedback", feedback),
    get("feedback/<team>", feedback),
)
