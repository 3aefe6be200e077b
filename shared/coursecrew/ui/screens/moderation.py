"""Reviews that wait for a look of the course staff: pass, take words out, reject."""

from __future__ import annotations

from coursecrew.app.reviewing import holding as acts
from coursecrew.app.reviewing.holding import HeldRow, held_reviews, look_at_held
from coursecrew.app.reviewing.pool import take_as_staff
from coursecrew.app.unit_of_work import run
from coursecrew.domain.reviewing import LONGEST_TEXT, ReviewState
from coursecrew.domain.rubrics import Mark
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene


def why_said(reader: Reader, row: HeldRow) -> str:
    """Why a review waits."""
    _ = reader.gettext
    if row.flagged is not None:
        return _("flagged by the authors")
    return {
        "word": _("a listed word"),
        "look": _("every review waits for a look"),
        "staff": _("held by the course staff"),
    }.get(row.review.held_for, "")


def queue(scene: Scene, request: Request) -> Response:
    """Held and flagged reviews."""
    reader = scene.reader
    _ = reader.gettext
    rows = run(scene.ports, held_reviews, scene.actor, scene.activity.id)
    return page(
        scene,
        request,
        "held_queue.html",
        title=_("Reviews that wait for your look"),
        crumbs=[Crumb(_("Held reviews"))],
        rows=[(row, why_said(reader, row)) for row in rows],
    )


def one(scene: Scene, request: Request, id: str) -> Response:
    """One review, and what may be decided about it."""
    _ = scene.reader.gettext
    found = run(scene.ports, look_at_held, scene.actor, scene.activity.id, id)
    return page(
        scene,
        request,
        "held_review.html",
        title=_("A review of %(team)s", team=found.team.name),
        crumbs=[Crumb(_("Held reviews"), "room/held"), Crumb(found.team.name)],
        found=found,
        rows=[
            (criterion, found.review.sheet[criterion.id])
            for criterion in scene.settings.rubric.criteria
            if criterion.id in found.review.sheet
        ],
        held=found.review.state is ReviewState.HELD,
        most=LONGEST_TEXT,
    )


def let_pass(scene: Scene, request: Request, id: str) -> Next:
    """Let it count as it is."""
    do(scene, request, acts.pass_review, id)
    return Next("room/held", scene.reader.gettext("It counts now."))


def redact(scene: Scene, request: Request, id: str) -> Next:
    """Let it count with other words."""
    reading = Reading(request, scene.reader)
    sheet = {
        criterion.id: Mark(comment=reading.text(f"comment-{criterion.id}", most=LONGEST_TEXT), given=False)
        for criterion in scene.settings.rubric.criteria
    }
    text = reading.text("text", most=LONGEST_TEXT)
    reading.check()
    do(scene, request, acts.redact_review, id, sheet, text=text)
    said = scene.reader.gettext("It counts with these words. What was written stays with its versions.")
    return Next("room/held", said)


def reject(scene: Scene, request: Request, id: str) -> Next:
    """Leave it out for good."""
    reading = Reading(request, scene.reader)
    reason = reading.text("reason", most=1000)
    reading.check()
    do(scene, request, acts.reject_review, id, reason=reason)
    return Next(
        "room/held", scene.reader.gettext("Left out. Its writer reads why, and the work gets another.")
    )


def hold(scene: Scene, request: Request, id: str) -> Next:
    """Hold one that counts already."""
    do(scene, request, acts.hold_review, id)
    return Next(f"room/held/{id}", scene.reader.gettext("Held. It counts no more until you decide."))


def score(scene: Scene, request: Request, team: str) -> Next:
    """Begin the staff's own score of a work."""
    id = do(scene, request, take_as_staff, team)
    return Next(f"reviews/{id}", scene.reader.gettext("It stands beside the peers’ reviews."))


ROUTES = (
    get("room/held", queue),
    get("room/held/<id>", one),
    post("room/held/<id>/pass", let_pass, form="room/held/<id>"),
    post("room/held/<id>/redact", redact, form="room/held/<id>"),
    post("room/held/<id>/reject", reject, form="room/held/<id>"),
    post("room/held/<id>/hold", hold, form="room/held/<id>"),
    post("room/score/<team>", score, form="feedback/<team>"),
)
