"""Asking that a mark be looked at again, and deciding about it."""

from __future__ import annotations

from decimal import Decimal

from coursecrew.app.reviewing import appealing as acts
from coursecrew.app.reviewing.appealing import appeals_here, look_at_appeal, own_appeals
from coursecrew.app.unit_of_work import run
from coursecrew.domain.appeals import LEAST_WORDS, LONGEST_REASON, OPEN_STATES, AppealState
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene


def state_said(reader: Reader, state: AppealState) -> tuple[str, str]:
    """Chip and word of where an appeal stands."""
    _ = reader.gettext
    return {
        AppealState.OPEN: ("waiting", _("waits")),
        AppealState.IN_REVIEW: ("now", _("is looked at")),
        AppealState.UPHELD: ("done", _("upheld")),
        AppealState.PARTLY: ("partly", _("upheld in part")),
        AppealState.DENIED: ("off", _("stays as it was")),
    }[state]


def own(scene: Scene, request: Request) -> Response:
    """Each criterion of the own work: ask once, read the answer."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, own_appeals, scene.actor, scene.activity.id)
    over = found.until is not None and reader.now > found.until
    rows = [(criterion, found.appeals.get(criterion.id)) for criterion in scene.settings.rubric.criteria]
    return page(
        scene,
        request,
        "appeals.html",
        title=_("Ask that a mark be looked at again"),
        crumbs=[Crumb(_("Your result"), "result"), Crumb(_("Ask about a mark"))],
        rows=[
            (one, appeal, state_said(reader, appeal.state) if appeal else ("", "")) for one, appeal in rows
        ],
        open_rows=[(one.id, one.title) for one, appeal in rows if appeal is None],
        until=found.until,
        over=over,
        least=LEAST_WORDS,
        most=LONGEST_REASON,
    )


def make(scene: Scene, request: Request) -> Next:
    """Ask about one criterion, for the team."""
    reading = Reading(request, scene.reader)
    criterion = reading.text("criterion", required="not_a_choice")
    reason = reading.text("reason")
    reading.check()
    do(scene, request, acts.make_appeal, criterion, reason=reason)
    return Next("appeals", scene.reader.gettext("Asked. The answer goes to everybody in your team at once."))


def queue(scene: Scene, request: Request) -> Response:
    """All appeals, those that wait first."""
    reader = scene.reader
    _ = reader.gettext
    rows = run(scene.ports, appeals_here, scene.actor, scene.activity.id)
    titles = {criterion.id: criterion.title for criterion in scene.settings.rubric.criteria}
    return page(
        scene,
        request,
        "appeal_queue.html",
        title=_("Questions about marks"),
        crumbs=[Crumb(_("Questions about marks"))],
        rows=[
            (
                row,
                titles.get(row.appeal.criterion, row.appeal.criterion),
                state_said(reader, row.appeal.state),
            )
            for row in rows
        ],
    )


def one(scene: Scene, request: Request, id: str) -> Response:
    """One appeal beside the reviews that made the mark."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, look_at_appeal, scene.actor, scene.activity.id, id)
    criterion = scene.settings.rubric.criterion(found.appeal.criterion)
    title = _(
        "%(team)s asks about “%(criterion)s”",
        team=found.team.name,
        criterion=criterion.title if criterion else "",
    )
    given = [
        (
            _("The course staff") if not review.counts else _("Reviewer %(number)s", number=review.alias),
            review.sheet[found.appeal.criterion].points,
            review.sheet[found.appeal.criterion].comment,
        )
        for review in found.reviews
        if found.appeal.criterion in review.sheet and review.sheet[found.appeal.criterion].given
    ]
    return page(
        scene,
        request,
        "appeal.html",
        title=title,
        crumbs=[Crumb(_("Questions about marks"), "room/appeals"), Crumb(found.team.name)],
        found=found,
        given=given,
        criterion=criterion,
        chip=state_said(reader, found.appeal.state),
        waits=found.appeal.state in OPEN_STATES,
        outcomes=[
            (AppealState.UPHELD.value, _("Upheld"), _("The points below take the criterion’s place.")),
            (
                AppealState.PARTLY.value,
                _("Upheld in part"),
                _("The points below take the criterion’s place."),
            ),
            (AppealState.DENIED.value, _("It stays as it was"), ""),
        ],
    )


def take_up(scene: Scene, request: Request, id: str) -> Next:
    """Say that one is looking at it."""
    do(scene, request, acts.take_up, id)
    return Next(f"room/appeals/{id}", scene.reader.gettext("Your colleagues see that you are looking at it."))


def decide(scene: Scene, request: Request, id: str) -> Next:
    """Answer, with the points that take the criterion's place, if any."""
    reading = Reading(request, scene.reader)
    outcome = reading.choice("outcome", AppealState)
    answer = reading.text("answer", most=LONGEST_REASON)
    points: Decimal | None = reading.number("points")
    reading.check()
    do(scene, request, acts.decide, id, outcome, answer=answer, points=points)
    return Next("room/appeals", scene.reader.gettext("Decided. All members of the team have your answer."))


ROUTES = (
    get("appeals", own),
    post("appeals/make", make, form="appeals"),
    get("room/appeals", queue),
    get("room/appeals/<id>", one),
    post("room/appeals/<id>/take", take_up, form="room/appeals/<id>"),
    post("room/appeals/<id>/decide", decide, form="room/appeals/<id>"),
)
