"""A rubric from elsewhere: another activity of the course, or a file; and as a file to take along."""

from __future__ import annotations

from dataclasses import replace

from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound, Problem
from coursecrew.domain.permissions import Action
from coursecrew.domain.rubric_files import rubric_from_csv, rubric_to_csv
from coursecrew.domain.rubrics import Rubric
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, page
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.review_desk import shares
from coursecrew.ui.screens.settings import beginning, is_editable, keep, may_change, must_change

MOST = 100


def library(scene: Scene, request: Request) -> Response:
    """The rubric as reviewers see it, and where another may come from."""
    if not may_change(scene):
        raise NotAllowed(Action.CHANGE_SETTINGS.value)
    _ = scene.reader.gettext
    rubric = scene.settings.rubric
    return page(
        scene,
        request,
        "rubric_files.html",
        title=_("The rubric"),
        crumbs=[Crumb(_("Settings"), "settings"), Crumb(_("The rubric"))],
        rubric=rubric,
        shares=shares(rubric),
        others=[(row.id, row.settings.title or row.name) for row in run(scene.ports, _with_rubrics, scene)],
        seen=scene.activity.settings_number,
        began=beginning(scene),
        editable=is_editable(scene),
    )


def _with_rubrics(unit: UnitOfWork, scene: Scene) -> list[Activity]:
    """Other activities of this very course that have a rubric."""
    rows = unit.store.find(ACTIVITIES, course=scene.placed.course, limit=MOST)
    return [row for row in rows if row.settings.rubric.criteria and row.id != scene.activity.id]


def download(scene: Scene, request: Request) -> Response:
    """The rubric as a CSV file."""
    if not may_change(scene):
        raise NotAllowed(Action.CHANGE_SETTINGS.value)
    headers = {
        "Content-Disposition": 'attachment; filename="rubric.csv"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(rubric_to_csv(scene.settings.rubric), kind="text/csv; charset=utf-8", headers=headers)


def bring(scene: Scene, request: Request) -> Next:
    """Put the rubric of a file in place of this one."""
    must_change(scene)
    uploads = [upload for upload in request.files.get("file", ()) if upload.name]
    if not uploads:
        raise Invalid(Problem("file", "file_missing"))
    return _put(scene, request, rubric_from_csv(uploads[0].content.read()))


def take(scene: Scene, request: Request) -> Next:
    """Put the rubric of another activity in place of this one."""
    must_change(scene)
    reading = Reading(request, scene.reader)
    other = reading.text("other", required="not_a_choice")
    reading.check()
    found = next((row for row in run(scene.ports, _with_rubrics, scene) if row.id == other), None)
    if found is None:
        raise NotFound("page")
    return _put(scene, request, found.settings.rubric)


def _put(scene: Scene, request: Request, rubric: Rubric) -> Next:
    wish = replace(scene.settings, rubric=replace(rubric, number=scene.settings.rubric.number))
    return keep(
        scene, request, wish, "settings", scene.reader.gettext("The rubric is in place. Look through it.")
    )


ROUTES = (
    get("settings/rubric", library),
    get("settings/rubric/file", download),
    post("settings/rubric/bring", bring, form="settings/rubric"),
    post("settings/rubric/take", take, form="settings/rubric"),
)
