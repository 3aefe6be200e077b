"""The authors' answer to a review: what it was like, and what they make of each of its comments."""

from __future__ import annotations

from coursecrew.app.reviewing.answering import Answering, answer_at, save_answer
from coursecrew.app.unit_of_work import run
from coursecrew.domain.rejoinders import LONGEST_ANSWER, LONGEST_WHY, SCALES, Stance, Uptake
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene


def answer(scene: Scene, request: Request, review: str) -> Response:
    """The form of the answer; once it is sent, only what came of each comment may change."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, answer_at, scene.actor, scene.activity.id, review)
    name = _("Answer Reviewer %(number)s", number=found.review.alias)
    return page(
        scene,
        request,
        "review_answer.html",
        title=name,
        crumbs=[Crumb(_("Reviews of your work"), "feedback"), Crumb(name)],
        found=found,
        seen=found.answer.version if found.answer.id else 0,
        sent=found.answer.sent_at is not None,
        over=found.until is not None and reader.now > found.until,
        scales=scales(reader),
        stances=stances(reader),
        changes=_changes(reader, found),
        most=LONGEST_ANSWER,
        most_why=LONGEST_WHY,
    )


def scales(reader: Reader) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The three scales, each with the meaning of every step."""
    _ = reader.gettext
    meanings = {
        "helpful": (
            _("How helpful was it?"),
            [_("no help"), _("a little"), _("some of it"), _("much of it"), _("we know what to do next")],
        ),
        "specific": (
            _("How specific was it?"),
            [_("about any work"), _("mostly general"), _("some of both"), _("mostly about ours"),
             _("it names places in our work")],
        ),
        "kind": (
            _("How kind was it?"),
            [_("it hurt"), _("rather cold"), _("neutral"), _("friendly"), _("it gave us courage")],
        ),
    }  # fmt: skip
    return [
        (
            name,
            meanings[name][0],
            [(str(step), f"{step}: {words}") for step, words in enumerate(meanings[name][1], start=1)],
        )
        for name in SCALES
    ]


def stances(reader: Reader) -> list[tuple[str, str]]:
    """What may be made of a comment."""
    _ = reader.gettext
    return [
        ("", _("not said")),
        (Stance.ACCEPTED.value, _("we take it up")),
        (Stance.PARTLY.value, _("in part")),
        (Stance.DECLINED.value, _("we do not")),
    ]


def _changes(reader: Reader, found: Answering) -> list[tuple[str, str]]:
    """Where the change is that answers a comment: part and version of the revision."""
    _ = reader.gettext
    options = [("", _("no change yet"))]
    for number in found.versions:
        for prompt in found.place.of.settings.prompts:
            words = _("%(part)s, version %(number)s", part=prompt.title, number=number)
            options.append((f"{number}:{prompt.id}", words))
    return options


def save(scene: Scene, request: Request, review: str) -> Next:
    """Keep the answer, or send it."""
    reading = Reading(request, scene.reader)
    points = {}
    for name in request.form:
        kind, _dash, key = name.partition("-")
        stance = request.field(name)
        if kind != "uptake" or not key or not stance:
            continue
        number, _colon, prompt = request.field(f"uptake_change-{key}").partition(":")
        points[key] = Uptake(
            reading.choice(name, Stance),
            reading.text(f"uptake_why-{key}"),
            prompt if number.isdecimal() else "",
            int(number) if number.isdecimal() else 0,
        )
    values = {name: reading.whole(name) for name in SCALES}
    text, why, flagged = reading.text("text"), reading.text("why"), reading.flag("flagged")
    seen, send = reading.whole("seen"), request.field("act") == "send"
    reading.check()
    do(
        scene, request, save_answer, review, text=text, scales=values, why=why, points=points,
        flagged=flagged, seen=seen, send=send,
    )  # fmt: skip
    _ = scene.reader.gettext
    if send:
        return Next("feedback", _("Sent. The reviewer reads it; no score changes by it."))
    return Next(f"feedback/answer/{review}", _("Saved. Everybody in your team can go on with it."))


ROUTES = (
    get("feedback/answer/<review>", answer),
    post("feedback/answer/<review>/save", save, form="feedback/answer/<review>"),
)
