"""What others said of a work, as its authors and the course staff read it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from coursecrew.app.reviewing import remarks as remarking
from coursecrew.app.reviewing.feedback import Received, received_reviews
from coursecrew.app.unit_of_work import run
from coursecrew.domain.anchors import LONGEST_REMARK, ReviewRemark, found_at
from coursecrew.domain.averages import Method
from coursecrew.domain.grading import rounded
from coursecrew.domain.rejoinders import Rejoinder
from coursecrew.domain.review_grades import criterion_values
from coursecrew.domain.review_rules import Anonymity
from coursecrew.domain.reviewing import Cause, Review
from coursecrew.domain.rubrics import Criterion, Mark
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.review_desk import stance_said
from coursecrew.ui.screens.reviewing import state_said


@dataclass(frozen=True)
class Thread:
    """A comment at a passage, its replies, and whether the words it was put on are still there."""

    remark: ReviewRemark
    there: bool
    replies: list[tuple[str, str]]  # by which side, in words


@dataclass(frozen=True)
class ReceivedReview:
    """One review as its reader may know it."""

    review: Review
    by: str
    state: tuple[str, str]
    criteria: list[tuple[str, str, Decimal, Decimal, str]]  # title, level, points, most, comment
    threads: list[Thread]
    answer: Rejoinder | None
    uptakes: list[tuple[str, str, str]]  # of what comment, what is made of it, why


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
        staff=_shown(scene, found, found.staff) if found.staff else None,
        own=_gaps(scene, found),
        rounds=[
            (row.id, _("Round %(number)s", number=row.round), row.id == found.work.id) for row in found.rounds
        ]
        if len(found.rounds) > 1
        else [],
        may_reply=found.may_answer,
        back=back,
        may_exclude=found.for_staff and scene.actor.is_instructor,
        may_moderate=found.for_staff,
        may_appeal=found.may_answer and scene.activity.released_at is not None and found.place.rules.appeals,
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
        _threads(reader, found, review),
        _answer(found, review),
        _uptakes(scene, found, review),
    )


def _answer(found: Received, review: Review) -> Rejoinder | None:
    """The authors' answer once it is sent."""
    answer = found.answers.get(review.id)
    return answer if answer is not None and answer.sent_at is not None else None


def _uptakes(scene: Scene, found: Received, review: Review) -> list[tuple[str, str, str]]:
    answer, _ = _answer(found, review), scene.reader.gettext
    if answer is None:
        return []
    titles = {criterion.id: criterion.title for criterion in scene.settings.rubric.criteria}
    quotes = {remark.id: remark.quote for remark in found.remarks.get(review.id, ())}
    rows = []
    for key, uptake in answer.points.items():
        title = titles.get(key) or quotes.get(key) or _("About the whole")
        said = stance_said(scene.reader, uptake)
        if uptake.number:
            said += " · " + _("see version %(number)s", number=uptake.number)
        rows.append((title, said, uptake.why))
    return rows


def _threads(reader: Reader, found: Received, review: Review) -> list[Thread]:
    _ = reader.gettext
    remarks = found.remarks.get(review.id, [])
    replies: dict[str, list[tuple[str, str]]] = {}
    for row in remarks:
        if row.parent:
            side = _("Authors") if row.by_authors else _("Reviewer %(number)s", number=review.alias)
            replies.setdefault(row.parent, []).append((side, row.text))
    texts = found.submission.texts
    return [
        Thread(row, found_at(texts, row) is not None, replies.get(row.id, []))
        for row in remarks
        if not row.parent
    ]


@dataclass(frozen=True)
class Gap:
    """One criterion: what the authors gave themselves, what others gave, and the difference in words."""

    title: str
    own: Decimal
    others: Decimal
    said: str


def _gaps(scene: Scene, found: Received) -> list[Gap]:
    """How the authors' own review differs from the others'."""
    _, reader, rules = scene.reader.gettext, scene.reader, found.place.rules
    if found.own is None:
        return []
    method = Method.MEAN if rules.method is Method.CALIBRATED else rules.method
    others = criterion_values(
        scene.settings.rubric, [row.sheet for row in found.reviews if row.counts], method
    )
    rows = []
    for criterion in scene.settings.rubric.criteria:
        mark = found.own.sheet.get(criterion.id)
        if mark is None or not mark.given or criterion.id not in others:
            continue
        value = Decimal(others[criterion.id].numerator) / Decimal(others[criterion.id].denominator)
        gap = mark.points - value
        size = reader.points(rounded(abs(gap)))
        if abs(gap) * 10 < criterion.most:
            said = _("You see it as others do.")
        elif gap > 0:
            said = _("You see it %(size)s points better than others do.", size=size)
        else:
            said = _("Others see it %(size)s points better than you do.", size=size)
        rows.append(Gap(criterion.title, mark.points, rounded(value), said))
    return rows


def reviewer_name(reader: Reader, found: Received, review: Review) -> str:
    """Who wrote it, as far as this reader may know."""
    _ = reader.gettext
    if review.cause is Cause.STAFF:
        return _("The course staff")
    alias = _("Reviewer %(number)s", number=review.alias)
    team = found.reviewer_teams.get(review.reviewer)
    mode = found.place.rules.anonymity
    if mode is Anonymity.TEAM_NAME and not found.for_staff:
        if team is None or review.by_team:
            return team.name if team else alias
        return f"{team.name}: {alias}"
    person = found.reviewers.get(review.written_by if review.by_team else review.reviewer)
    if person is None:
        return alias
    shown = f"{team.name}: {person.name}" if review.by_team and team else person.name
    return f"{alias}: {shown}" if found.for_staff else shown


def _criterion(criterion: Criterion, mark: Mark | None) -> tuple[str, str, Decimal, Decimal, str]:
    """Title, the level's own words, points (below 0 where none were given), most points, comment."""
    if mark is None or not mark.given:
        return criterion.title, "", Decimal(-1), criterion.most, mark.comment if mark else ""
    return criterion.title, criterion.said(mark), mark.points, criterion.most, mark.comment


def reply(scene: Scene, request: Request, remark: str) -> Next:
    """Reply under a comment at a passage."""
    reading = Reading(request, scene.reader)
    text = reading.text("remark", most=LONGEST_REMARK)
    reading.check()
    made = do(scene, request, remarking.reply, remark, text=text)
    said = scene.reader.gettext("Your reply stands under the comment.")
    return Next("feedback" if made.by_authors else f"reviews/{made.review}", said)


ROUTES = (
    get("feedback", feedback),
    get("feedback/<team>", feedback),
    post("feedback/reply/<remark>", reply, form="feedback"),
)
