"""Practice: samples that the course staff rated, tried before judging the works of others."""

from __future__ import annotations

from decimal import Decimal

from coursecrew.app.reviewing.practising import Practised, look_at_practice, try_sample
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import NotFound
from coursecrew.domain.rubrics import Criterion, Sheet
from coursecrew.domain.samples import Sample, is_near
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.review_desk import read_sheet, shares


def samples(scene: Scene, request: Request) -> Response:
    """The samples, models first, and where one stands."""
    _ = scene.reader.gettext
    found = run(scene.ports, look_at_practice, scene.actor, scene.activity.id)
    rows = sorted(found.samples, key=lambda sample: not sample.model)
    return page(
        scene,
        request,
        "practice.html",
        title=_("Practise on samples"),
        crumbs=[Crumb(_("Practice"))],
        rows=[(sample, _state(scene.reader, found, sample)) for sample in rows],
        all_passed=found.all_passed,
    )


def _state(reader: Reader, found: Practised, sample: Sample) -> tuple[str, str]:
    _ = reader.gettext
    if sample.model:
        return "done", _("a model to read")
    if found.passed(sample):
        return "done", _("passed")
    best = found.best.get(sample.id)
    return (
        ("partly", _("near in %(share)s %%", share=best.share)) if best else ("not-yet", _("not tried yet"))
    )


def sample(scene: Scene, request: Request, id: str) -> Response:
    """One sample: a model with its rating, or a form to try, with the reasons after each try."""
    _ = scene.reader.gettext
    found = run(scene.ports, look_at_practice, scene.actor, scene.activity.id)
    one = next((row for row in found.samples if row.id == id), None)
    if one is None:
        raise NotFound("page")
    last = found.latest.get(id)
    rubric = scene.settings.rubric
    return page(
        scene,
        request,
        "sample.html",
        title=one.title,
        crumbs=[Crumb(_("Practice"), "practice"), Crumb(one.title)],
        sample=one,
        rubric=rubric,
        shares=shares(rubric),
        last=last,
        compared=[
            _compared(scene.reader, criterion, last.sheet if last else {}, one.sheet)
            for criterion in rubric.criteria
            if criterion.id in one.sheet
        ]
        if last or one.model or scene.actor.is_staff
        else [],
        may_try=not one.model and not scene.actor.is_staff,
        passed=found.passed(one),
    )


def _compared(
    reader: Reader, criterion: Criterion, mine: Sheet, theirs: Sheet
) -> tuple[str, str, str, str, tuple[str, str]]:
    """Title, the own points, the staff's, their reason, and whether it is near."""
    _ = reader.gettext
    own = mine.get(criterion.id)
    given = reader.points(own.points) if own else "–"
    near = is_near(criterion, mine, theirs)
    chip = ("done", _("near")) if near else ("warn", _("more than one level away"))
    other = theirs[criterion.id]
    reason = other.comment or criterion.said(other)
    points: Decimal = other.points
    return criterion.title, given, reader.points(points), reason, chip if own else ("", "")


def attempt(scene: Scene, request: Request, id: str) -> Next:
    """Rate the sample."""
    sheet, _text, _seen = read_sheet(scene, request)
    done = do(scene, request, try_sample, id, sheet)
    _ = scene.reader.gettext
    said = (
        _("Passed: near in %(share)s %% of the criteria.", share=done.share)
        if done.passed
        else _(
            "Near in %(share)s %% of the criteria; 80 %% pass. Read the reasons and try again.",
            share=done.share,
        )
    )
    return Next(f"practice/{id}", said)


ROUTES = (
    get("practice", samples),
    get("practice/<id>", sample),
    post("practice/<id>/try", attempt, form="practice/<id>"),
)
