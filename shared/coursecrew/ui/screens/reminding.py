"""One press that reminds whom one waits for."""

from __future__ import annotations

from coursecrew.app.nudges import remind
from coursecrew.domain.nudges import About
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, post
from coursecrew.ui.pages import do
from coursecrew.ui.scene import Scene


def press(scene: Scene, request: Request) -> Next:
    """Remind somebody; only they learn of it."""
    reading = Reading(request, scene.reader)
    about = reading.choice("about", About)
    item, person = reading.text("item", most=32), reading.text("person", most=32)
    reading.check()
    do(scene, request, remind, about=about, item=item, person=person)
    _ = scene.reader.gettext
    return Next("team", _("Reminded. Only they see it; a letter waits while it is night where they are."))


ROUTES = (post("remind", press, form="team"),)
