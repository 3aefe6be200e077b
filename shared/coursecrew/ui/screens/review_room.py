"""A peer review as the course staff have it: does every work have its reviews, and what is still missing."""

from __future__ import annotations

from decimal import Decimal

from coursecrew.app.reviewing import allocating
from coursecrew.app.reviewing import feedback as acts
from coursecrew.app.reviewing.calibrating import reviewers_habits
from coursecrew.app.reviewing.feedback import Proof, proof, waiting_for_staff
from coursecrew.app.reviewing.fill_ins import (
    end_fill_in,
    fill_in,
    mentors_for_filling_in,
    name_fill_in,
)
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.unit_of_work import run
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import NotFound
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.reviewing import Stage
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press
from coursecrew.ui.scene import Scene

PAGE = 50


def room(scene: Scene, request: Request) -> Response:
    """Each work with its reviews, those that lack most first."""
    _ = scene.reader.gettext
    after = request.query.get("after", "")
    found = run(scene.ports, proof, scene.actor, scene.activity.id, after=after, limit=PAGE)
    return page(
        scene,
        request,
        "review_room.html",
        title=scene.settings.title or _("Peer review"),
        eyebrow=_("Peer review · for the course staff"),
        panel=_panel(scene, found),
        found=found,
        corrects=found.place.rules.method is Method.CALIBRATED
        and is_allowed(scene.actor, Action.READ_HABITS),
        waiting=run(scene.ports, waiting_for_staff, scene.actor, scene.activity.id),
        more=f"room?after={found.more}" if found.more else "",
        may_run=is_allowed(scene.actor, Action.RELEASE_FEEDBACK),
        may_author=is_allowed(scene.actor, Action.CHANGE_SETTINGS),
        may_name=is_allowed(scene.actor, Action.NAME_FILL_IN),
        over=found.place.due is None or found.place.stage in (Stage.STAFF, Stage.OVER),
    )


def _panel(scene: Scene, found: Proof) -> Panel:
    """The one thing that most people wait for."""
    reader, place = scene.reader, found.place
    _, n_ = reader.gettext, reader.ngettext
    label = _("Waits for you")
    missing = found.works - found.complete
    if scene.activity.state.value == "hidden":
        return Panel(label, _("Publish the peer review"), [], [Press(_("Settings"), "settings")])
    if found.works == 0:
        return Panel(
            _("Where it stands"),
            _("No work is here yet"),
            [_("Works of “%(title)s” come in once reviewing is open.", title=place.of.settings.title)],
        )
    if place.stage in (Stage.STAFF, Stage.OVER) and missing:
        heading = n_("%(num)s work lacks reviews", "%(num)s works lack reviews", missing, num=missing)
        return Panel(
            label,
            heading,
            [
                _("Reviewing is over. Write one yourself, or work out the grades of what has enough."),
                *([_("Mentors whom you name can write them, too.")] if place.stage is Stage.STAFF else []),
            ],
            [Press(_("Write a missing review"), "room/fill-in", post=True)],
        )
    if place.stage in (Stage.STAFF, Stage.OVER):
        return Panel(
            label,
            _("Every work has its reviews"),
            [_("Work out the grades, look at them, and release them.")],
            [
                Press(_("Work out the grades"), "room/mark", post=True),
                Press(_("All grades"), "grades", "plain"),
            ],
        )
    heading = _(
        "%(complete)s of %(works)s works have all their reviews", complete=found.complete, works=found.works
    )
    lines = [reader.by(place.due)] if place.due else []
    return Panel(_("Where it stands"), heading, lines)


def fill_in_now(scene: Scene, request: Request) -> Next:
    """Take the work that lacks most, as staff."""
    id = do(scene, request, fill_in)
    return Next(f"reviews/{id}", scene.reader.gettext("It counts as one review, by you."))


def mentors(scene: Scene, request: Request) -> Response:
    """Which mentors write reviews that are missing."""
    _ = scene.reader.gettext
    place, rows = run(scene.ports, mentors_for_filling_in, scene.actor, scene.activity.id)
    return page(
        scene,
        request,
        "review_mentors.html",
        title=_("Mentors who fill in"),
        crumbs=[Crumb(_("Mentors who fill in"))],
        rows=rows,
        place=place,
    )


def name_mentor(scene: Scene, request: Request) -> Next:
    """Let a mentor write reviews that are missing."""
    person = request.field("person")
    if not person:
        raise NotFound("person")
    do(scene, request, name_fill_in, person)
    return Next(
        "room/mentors", scene.reader.gettext("Named. They are told, and asked once it is their turn.")
    )


def end_mentor(scene: Scene, request: Request) -> Next:
    """A mentor writes missing reviews no longer."""
    do(scene, request, end_fill_in, request.field("person"))
    return Next("room/mentors", scene.reader.gettext("Ended. What they had in hand is free again."))


def release_feedback(scene: Scene, request: Request) -> Next:
    """Let all authors read their reviews now."""
    count = do(scene, request, acts.release_feedback)
    said = scene.reader.ngettext(
        "The reviews of %(num)s work can be read now.",
        "The reviews of %(num)s works can be read now.",
        count,
        num=count,
    )
    return Next("room", said)


def mark_now(scene: Scene, request: Request) -> Next:
    """Work out the grades of all works, a page at a time."""
    marked, after = do(scene, request, mark_all)
    while after:
        more, after = run(scene.ports, mark_all, scene.actor, scene.activity.id, after=after)
        marked += more
    said = scene.reader.ngettext(
        "Grades of %(num)s team are worked out. Nothing is shown before release.",
        "Grades of %(num)s teams are worked out. Nothing is shown before release.",
        marked, num=marked,
    )  # fmt: skip
    return Next("grades", said)


def exclude(scene: Scene, request: Request, team: str) -> Next:
    """Leave a review out of the score."""
    reading = Reading(request, scene.reader)
    review = reading.text("review", required="not_a_choice")
    reason = reading.text("reason", most=1000)
    reading.check()
    do(scene, request, acts.exclude_review, review, reason=reason)
    return Next(f"feedback/{team}", scene.reader.gettext("Left out. Grades made of it are made again."))


def habits(scene: Scene, request: Request) -> Response:
    """How reviewers usually differ from others, where marks are corrected by it."""
    _ = scene.reader.gettext
    found = run(scene.ports, reviewers_habits, scene.actor, scene.activity.id)
    constants = found.calibration.constants if found.calibration else {}
    return page(
        scene,
        request,
        "review_habits.html",
        title=_("Reviewers’ habits"),
        crumbs=[Crumb(_("Reviewers’ habits"))],
        found=found,
        corrects=bool(constants.get("corrects")),
        shift=Decimal(str(round(constants.get("shift", 0.0), 2))),
        rows=[
            (
                row.name,
                scene.reader.signed(Decimal(str(round(row.bias, 2)))) if row.bias is not None else "–",
                scene.reader.points(Decimal(str(round(row.reliability, 2))))
                if row.reliability is not None
                else "–",
                row.reviews,
            )
            for row in found.rows
        ],
    )


def give(scene: Scene, request: Request, work: str) -> Next:
    """Give a work to a reviewer by hand."""
    reading = Reading(request, scene.reader)
    reviewer = reading.text("reviewer", required="no_reviewer")
    reading.check()
    do(scene, request, allocating.give_review, work, reviewer)
    return Next(f"feedback/{work}", scene.reader.gettext("Given. They find it in their list."))


def back(scene: Scene, request: Request, id: str) -> Next:
    """Take a work back from a reviewer."""
    review = do(scene, request, allocating.take_back, id)
    return Next(f"feedback/{review.pool}", scene.reader.gettext("Taken back. Its slot is free."))


ROUTES = (
    get("room/habits", habits),
    post("room/give/<work>", give, form="feedback/<work>"),
    post("room/back/<id>", back, form="room"),
    get("room", room),
    post("room/fill-in", fill_in_now, form="room"),
    get("room/mentors", mentors),
    post("room/mentors/name", name_mentor, form="room/mentors"),
    post("room/mentors/end", end_mentor, form="room/mentors"),
    post("room/release", release_feedback, form="room"),
    post("room/mark", mark_now, form="room"),
    post("feedback/<team>/exclude", exclude, form="feedback/<team>"),
)
