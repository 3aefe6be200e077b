"""Who sees what one writes here, what is kept, and for how long."""

from __future__ import annotations

from coursecrew.app.activities import privacy_told
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.reviewing import promise


def privacy(scene: Scene, request: Request) -> Response:
    """The privacy text of this activity."""
    _ = scene.reader.gettext
    title = _("Who sees what you write here")
    return page(
        scene,
        request,
        "privacy.html",
        title=title,
        crumbs=[Crumb(_("Privacy"))],
        promise=promise(scene.reader, scene.settings.review.anonymity),
    )


def understood(scene: Scene, request: Request) -> Next:
    """The person has read the line; it is not shown again."""
    do(scene, request, privacy_told)
    return Next("")


ROUTES = (get("privacy", privacy), post("privacy/read", understood, form="privacy"))
