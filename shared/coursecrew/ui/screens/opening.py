"""The course staff open a team's live draft: asked first, then read beside who opened it before."""

from __future__ import annotations

from coursecrew.app.draft_openings import look_at_draft, open_draft
from coursecrew.app.unit_of_work import run
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.drafting import file_rows, opened_line, saved_line


def draft(scene: Scene, request: Request, id: str) -> Response:
    """The draft for staff who opened it, or what opening it means."""
    found = run(scene.ports, look_at_draft, scene.actor, scene.activity.id, id)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "draft_for_staff.html",
        title=_("Draft of %(name)s", name=found.team.name),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(found.team.name, f"teams/{id}"), Crumb(_("Draft"))],
        found=found,
        texts=found.view.draft.texts if found.is_open else {},
        files=file_rows(scene, found.files, found.people),
        saved=saved_line(scene, found.view) if found.is_open else "",
        lines=[opened_line(scene, row, found.people) for row in found.openings],
    )


def open_now(scene: Scene, request: Request, id: str) -> Next:
    """Open the draft; the team is told."""
    do(scene, request, open_draft, id)
    return Next(f"teams/{id}/draft", scene.reader.gettext("Open. The team reads that you opened it."))


ROUTES = (
    get("teams/<id>/draft", draft),
    post("teams/<id>/draft/open", open_now, form="teams/<id>/draft"),
)
