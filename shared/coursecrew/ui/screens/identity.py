"""One's own identity card: what team-mates, mentor and course staff see of a person."""

from __future__ import annotations

from coursecrew.app import identity as acts
from coursecrew.app.unit_of_work import run
from coursecrew.domain.identity import HIDEABLE
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.scene import Scene


def card(scene: Scene, request: Request) -> Response:
    """The card to change, with what others see of it."""
    found = run(scene.ports, acts.own_card, scene.actor, scene.activity.id)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "card_me.html",
        title=_("Your card"),
        crumbs=[Crumb(_("Your card"))],
        person=found.participant,
        card=found.card,
    )


def save(scene: Scene, request: Request) -> Next:
    """Keep what one wrote on the card."""
    reading = Reading(request, scene.reader)
    fields = {name: reading.text(name) for name in ("chosen_name", "pronouns", "helps", "link")}
    hidden = [name for name in HIDEABLE if reading.flag(f"hide_{name}")]
    shows_zone = not reading.flag("hide_zone")
    reading.check()
    do(scene, request, acts.write_card, **fields, hidden=hidden, shows_zone=shows_zone)
    return Next("card/me", scene.reader.gettext("Saved. It holds in all activities of this course."))


ROUTES = (
    get("card/me", card),
    post("card/me", save, form="card/me"),
)
