"""The author's settings form: in the LTI tool, and in the platform's own editor (Studio)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from coursecrew.app.activities import (
    count_learners,
    merge_documents,
    publish,
    save_settings,
    settings_version,
)
from coursecrew.app.files import ACCEPTED, add_file, files_of, remove_file
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import (
    MOST_CRITERIA,
    MOST_PROMPTS,
    Check,
    JoinRule,
    Settings,
    State,
    from_document,
    readiness,
    to_document,
)
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew.domain.rubrics import Comments, Sort
from coursecrew.domain.schedule import Step, Window
from coursecrew.ui.errors import say_check
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.plan_settings import milestone_rows, way_there
from coursecrew.ui.reader import Reader
from coursecrew.ui.review_settings import (
    assignments_in,
    choices,
    part_rows,
    review_document,
    round_rows,
    sample_rows,
)
from coursecrew.ui.scene import Scene
from coursecrew.ui.starter import starter
from coursecrew.ui.together import charter_rows, together

LEVEL_LINE = re.compile(r"^\s*([0-9]+(?:[.,][0-9]+)?)\s*[:–|-]\s*(.*)$")
BLANK_ROWS = 1
PLACES = {"survey_missing": "settings/survey"}  # where to mend what has a page of its own


@dataclass(frozen=True)
class Row:
    """A row of the form for a part or a criterion; blank ones add."""

    number: int
    id: str = ""
    title: str = ""
    hint: str = ""
    required: bool = True
    weight: str = ""
    levels: str = ""
    sort: str = "levels"
    step: str = "1"
    comments: str = "optional"
    words: int = 0
    team_only: bool = False


def settings(scene: Scene, request: Request) -> Response:
    """The whole settings form, with what blocks publishing first."""
    if not may_change(scene):
        raise NotAllowed(Action.CHANGE_SETTINGS.value)
    stale = scene.refusal if scene.refusal and scene.refusal.code == "stale" else None
    stored, seen = scene.settings, scene.activity.settings_number
    clashes: list[Clash] = []
    if stale:
        stored, clashes = merged_with(scene, request, _form(scene, request))
    learners = None if scene.shell.in_studio else run(scene.ports, count_learners, scene.activity.course)
    complete = not scene.shell.in_studio and scene.ports.people.knows_all(scene.activity.course)
    checks = readiness(stored, kind=scene.activity.kind, learners=learners, complete=complete)
    _ = scene.reader.gettext
    files = [] if scene.shell.in_studio else run(scene.ports, files_of, scene.activity.id)
    shown = replace(scene, refusal=None) if stale else scene
    reviews = scene.activity.kind == PEER_REVIEW
    of_kind = _of_reviews(scene, stored) if reviews else {}
    response = page(
        shown,
        request,
        "settings_review.html" if reviews else "settings.html",
        title=stored.title or (_("A new peer review") if reviews else _("A new team assignment")),
        eyebrow=_("Peer review · settings") if reviews else _("Team assignment · settings"),
        **of_kind,
        stored=stored,
        seen=seen,
        began=beginning(scene),
        clashes=clashes,
        panel=_panel(scene, stored, checks),
        checks=[(check, say_check(check, scene.reader)) for check in checks],
        editable=is_editable(scene),
        parts=list(_part_rows(stored, scene)),
        criteria=list(_criterion_rows(stored, scene)),
        sorts=_sorts(scene.reader),
        comment_rules=_comment_rules(scene.reader),
        agreements=charter_rows(stored),
        milestones=milestone_rows(stored),
        files=files,
        accepted=", ".join(ACCEPTED),
        draft=stored.step(Step.DRAFT),
        held=[held_sentence(code, scene.reader) for code in scene.activity.held],
        is_new=_is_new(scene),
        minutes=lambda span: int(span.total_seconds() // 60),
    )
    return replace(response, status=409) if stale else response


def _of_reviews(scene: Scene, stored: Settings) -> dict[str, Any]:
    """What the form of a peer review shows beside what every form does."""
    rows = [] if scene.shell.in_studio else run(scene.ports, assignments_in, scene.activity.course)
    return {
        "rules": stored.review,
        "window": stored.step(Step.REVIEW),
        "offered": choices(scene.reader, rows, stored.review.of),
        "samples": sample_rows(stored.samples),
        "rounds": round_rows(stored.review),
        "own_parts": part_rows(stored.prompts),
        "draft_window": stored.step(Step.DRAFT),
    }


def is_editable(scene: Scene) -> bool:
    """Whether this place keeps the settings: the tool itself, or the editor that asked for them."""
    return scene.shell.keep_settings is not None or scene.placed.settings_here


def may_change(scene: Scene) -> bool:
    """Whether this person changes settings at all."""
    return is_allowed(scene.actor, Action.CHANGE_SETTINGS)


def _is_new(scene: Scene) -> bool:
    """Whether a ready-made assignment would fill it; a peer review has none."""
    if scene.activity.kind == PEER_REVIEW:
        return False
    return not scene.settings.goal and not scene.settings.rubric.criteria


def _panel(scene: Scene, stored: Settings, checks: list[Check]) -> Panel:
    """What blocks publishing, or that it is out, and the one press that helps."""
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    label = _("Your next step")
    blocking = [check for check in checks if check.blocks]
    waits = [
        Wait(say_check(check, scene.reader), sign="bad" if check.blocks else "warn") for check in checks[:3]
    ]
    if _is_new(scene) and is_editable(scene):
        return Panel(
            label,
            _("Begin with a ready-made assignment"),
            [_("It fills in goal, parts, rubric and dates. You can change all of it before you publish.")],
            [Press(_("Fill it in for me"), "settings/starter", post=True)],
            [*waits, Wait(_("Or write it yourself in the form below."), sign="pen")],
        )
    if blocking:
        first = blocking[0]
        return Panel(
            label,
            n_("Fix %(number)s thing, then publish", "Fix %(number)s things, then publish", len(blocking)),
            [_("Learners see “not ready yet” until then.")],
            [Press(_("Show me where"), PLACES.get(first.code, f"settings#field-{first.field}"))],
            waits,
        )
    if scene.shell.in_studio:
        return Panel(
            label,
            _("Ready. Save, then publish the unit"),
            [_("Learners see it as soon as the unit is published.")],
            waits=waits,
        )
    if scene.activity.state is State.HIDDEN:
        return Panel(
            label,
            _("Publish it"),
            [
                _("Nothing blocks it. Learners see it at once.")
                if scene.activity.kind == PEER_REVIEW
                else _("Nothing blocks it. Learners see it at once, and can answer the survey.")
                if stored.teams.join is JoinRule.FORMED
                else _("Nothing blocks it. Learners see it at once, and can find their teams.")
            ],
            [Press(_("Publish"), "settings/publish", post=True)],
            waits,
        )
    return Panel(
        _("Published"),
        _("Learners see this assignment"),
        [_("Most things can still be changed; what is locked says so beside it.")],
        [
            Press(_("To the reviews"), "room", look="plain")
            if scene.activity.kind == PEER_REVIEW
            else Press(_("To the teams"), "teaching", look="plain")
        ],
        waits,
    )


def held_sentence(code: str, reader: Reader) -> str:
    """Why a part of what was saved is not in force."""
    _ = reader.gettext
    sentences = {
        "submit_rule": _("“Who may hand in” stays as it was: a team has handed in already."),
        "team_max": _("The largest team size stays: a team has more members than that."),
        "late": _("The late rule stays: grades are released."),
        "rubric": _(
            "The rubric’s criteria, weights and points stay: marks were given by them. Wording can change."
        ),
        "draft_due": _(
            "The due and closing times stay: the new ones had passed while teams were promised more."
        ),
        "survey": _(
            "What people have answered stays as it was asked: the kind of a question, the answers offered, "
            "and what is sensitive. Ask a new question instead."
        ),
        "anonymity": _("Who knows whom stays as it was: reviews are being written under that promise."),
        "reviewed": _("Whose works are reviewed, and by whom, stays: somebody has begun a review."),
        "method": _(
            "How reviews become a value stays: correcting by habits is announced before reviewing opens."
        ),
        "rounds": _("The rounds that have begun stay."),
        "review_due": _("The due time of reviews stays: the new one had passed while more was promised."),
        "survey_closes": _("The survey’s closing time stays: the new one had passed while it was open."),
        "unreadable": _(
            "The settings could not be read, so the earlier ones stay in force. Save them once more."
        ),
    }
    return sentences.get(code, code)


# --- saving ---


def save(scene: Scene, request: Request) -> Next:
    """Save the form: with the activity, or in the platform's editor."""
    must_change(scene)
    return keep(scene, request, _form(scene, request), "settings")


def must_change(scene: Scene) -> None:
    """Refuse whoever may not change settings, or not here."""
    if not may_change(scene) or not is_editable(scene):
        raise NotAllowed(Action.CHANGE_SETTINGS.value)


def keep(scene: Scene, request: Request, wish: Settings, back: str, said: str = "") -> Next:
    """Save settings that a form said, with its choices after a clash, where this place keeps them.

    The form carries `seen`, the number of the settings it began with; `back` is the path shown next.
    """
    wish = from_document(_chosen(request, to_document(wish)))
    _ = scene.reader.gettext
    if scene.shell.keep_settings is not None:
        document = _joined(scene, request, to_document(wish))
        scene.shell.keep_settings({**document, **_points(scene, request)})
        return Next(back, said or _("Saved."))
    seen = Reading(request, scene.reader).whole("seen")
    saved = do(scene, request, save_settings, wish, seen=seen)
    return Next(back, said or _("Saved as version %(number)s.", number=saved.settings_number))


def _joined(scene: Scene, request: Request, mine: dict[str, Any]) -> dict[str, Any]:
    """A form's document with what another author saved in the platform's editor since it was opened.

    That editor keeps no versions, so the form carries the document it began with.
    """
    base, theirs = began_with(request), to_document(scene.settings)
    if base is None or base == theirs:
        return mine
    merged, clashes = merge_documents(base, mine, theirs)
    if clashes:
        raise Stale(what="settings", clashes=clashes)
    return to_document(from_document(merged))


def beginning(scene: Scene) -> str:
    """The document that a form of the platform's editor begins with, as it carries it."""
    return json.dumps(to_document(scene.settings), ensure_ascii=False) if scene.shell.keep_settings else ""


def began_with(request: Request) -> dict[str, Any] | None:
    """The document that a form began with, where it carries one that can be read."""
    try:
        base = json.loads(request.field("base"))
        return to_document(from_document(base)) if isinstance(base, dict) else None
    except (ValueError, Invalid):
        return None


def fill_in(scene: Scene, request: Request) -> Next:
    """Fill everything that is still empty with the ready-made assignment."""
    must_change(scene)
    _ = scene.reader.gettext
    filled = starter(scene.settings, scene.reader)
    if scene.shell.keep_settings is not None:
        scene.shell.keep_settings(to_document(filled))
    else:
        do(scene, request, save_settings, filled, seen=scene.activity.settings_number)
    return Next("settings", _("Filled in. Read it through, then publish."))


def publish_now(scene: Scene, request: Request) -> Next:
    """Make the activity visible to learners."""
    if scene.shell.in_studio:
        raise Conflict("publish_in_platform")
    do(scene, request, publish, complete=scene.ports.people.knows_all(scene.activity.course))
    return Next("", scene.reader.gettext("Published. Learners see it now."))


def _form(scene: Scene, request: Request) -> Settings:
    """The settings that the form says, over those it does not show."""
    reading = Reading(request, scene.reader)
    old = scene.settings
    document = to_document(old)
    if scene.activity.kind == PEER_REVIEW:
        return _read(reading, _review_form(reading, old, document, scene.placed.name))
    document |= {
        "title": reading.text("title", most=200) or old.title,
        "goal": reading.text("goal", most=500),
        "done_when": [line.strip() for line in reading.text("done_when").splitlines() if line.strip()],
        "task": reading.text("task", most=100_000),
        "submit_rule": reading.text("submit_rule") or old.submit_rule.value,
        "auto_seal": reading.flag("auto_seal"),
        "prompts": list(_parts(reading)),
        "teams": {
            **document["teams"],
            "min": reading.whole("team_min", old.teams.min),
            "ideal": reading.whole("team_ideal", old.teams.ideal),
            "max": reading.whole("team_max", old.teams.max),
            "name": reading.text("team_set", most=80) or old.teams.name,
            "join": reading.text("team_join") or old.teams.join.value,
            "public": reading.flag("team_public"),
            "lock_at": _stamp(reading, "team_lock"),
            "publish_at": _stamp(reading, "team_publish"),
        },
        "late": {
            **document["late"],
            "grace_seconds": reading.whole("late_grace", 15) * 60,
            "points": str(reading.number("late_points", old.late.points)),
            "cap": str(reading.number("late_cap", old.late.cap)),
            "floor": str(reading.number("late_floor", old.late.floor)),
        },
        "rubric": {"number": old.rubric.number, "criteria": list(_criteria(reading))},
        **together(request, reading, document, scene.reader),
        **way_there(request, reading, document),
    }
    window = Window(
        reading.moment("draft_opens"), reading.moment("draft_due"), reading.moment("draft_closes")
    )
    document["steps"] = {
        **document["steps"],
        "draft": {name: _iso(getattr(window, name)) for name in ("opens", "due", "closes")},
    }
    return _read(reading, document)


def _read(reading: Reading, document: dict[str, Any]) -> Settings:
    """The document as settings; refused with everything that is wrong with form and document."""
    try:
        wish = from_document(document)
    except Invalid as refusal:
        raise Invalid(*reading.problems, *refusal.problems) from None
    reading.check()
    return wish


def _review_form(reading: Reading, old: Settings, document: dict[str, Any], name: str) -> dict[str, Any]:
    """What the form of a peer review says."""
    return {
        **document,
        "title": reading.text("title", most=200) or old.title,
        "goal": reading.text("goal", most=500),
        "task": reading.text("task", most=100_000),
        "rubric": {"number": old.rubric.number, "criteria": list(_criteria(reading))},
        **review_document(reading, old, document, name),
    }


def _points(scene: Scene, request: Request) -> dict[str, str]:
    """What the activity counts for in the gradebook, where the platform's editor asks for it."""
    if scene.shell.points is None:
        return {}
    reading = Reading(request, scene.reader)
    points = reading.number("points", scene.shell.points())
    if points is not None and points < 0:
        reading.problems.append(Problem("points", "negative"))
    reading.check()
    return {"points": str(points)}


def _stamp(reading: Reading, name: str) -> str | None:
    return _iso(reading.moment(name))


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _parts(reading: Reading) -> Iterator[dict[str, Any]]:
    """The parts of the draft, in the form's order; a row without a title and id is left out."""
    for number in range(1, MOST_PROMPTS + BLANK_ROWS + 1):
        id, title = reading.text(f"part_id-{number}"), reading.text(f"part_title-{number}", most=200)
        if not title:
            continue
        yield {
            "id": id or f"part{number}",
            "title": title,
            "hint": reading.text(f"part_hint-{number}", most=500),
            "required": reading.flag(f"part_required-{number}"),
        }


def _criteria(reading: Reading) -> Iterator[dict[str, Any]]:
    """The rubric's rows; levels are lines "points: text", the form's errors name the row."""
    for number in range(1, MOST_CRITERIA + BLANK_ROWS + 1):
        id, title = (
            reading.text(f"criterion_id-{number}"),
            reading.text(f"criterion_title-{number}", most=200),
        )
        lines = reading.text(f"criterion_levels-{number}").splitlines()
        if not title and not any(line.strip() for line in lines):
            continue
        levels = []
        for line in lines:
            if not line.strip():
                continue
            found = LEVEL_LINE.match(line)
            if found is None:
                reading.problems.append(
                    Problem(f"criterion_levels-{number}", "level_line", (("line", line.strip()[:60]),))
                )
                continue
            levels.append({"points": found[1].replace(",", "."), "text": found[2].strip()})
        yield {
            "id": id or f"criterion{number}",
            "title": title,
            "hint": "",
            "team_only": reading.flag(f"criterion_team-{number}"),
            "weight": str(reading.number(f"criterion_weight-{number}") or 0),
            "levels": levels,
            "sort": reading.choice(f"criterion_sort-{number}", Sort, Sort.LEVELS).value,
            "step": str(reading.number(f"criterion_step-{number}", Decimal(1))),
            "comments": reading.choice(f"criterion_comments-{number}", Comments, Comments.OPTIONAL).value,
            "words": reading.whole(f"criterion_words-{number}"),
        }


def _part_rows(stored: Settings, scene: Scene) -> Iterator[Row]:
    for number, prompt in enumerate(stored.prompts, start=1):
        yield Row(number, prompt.id, prompt.title, prompt.hint, prompt.required)
    for number in range(len(stored.prompts) + 1, min(MOST_PROMPTS, len(stored.prompts) + BLANK_ROWS) + 1):
        yield Row(number)


def _sorts(reader: Reader) -> list[tuple[str, str]]:
    """What kind of answer a criterion asks for, in words."""
    _ = reader.gettext
    return [
        (Sort.LEVELS.value, _("Levels: one of them is chosen")),
        (Sort.RANGE.value, _("Range: a number between the first line and the last")),
        (Sort.CHECKLIST.value, _("Checklist: what holds is ticked, and added up")),
        (Sort.TEXT.value, _("Words alone: counts nothing")),
    ]


def _comment_rules(reader: Reader) -> list[tuple[str, str]]:
    _ = reader.gettext
    return [
        (Comments.OPTIONAL.value, _("may be left out")),
        (Comments.REQUIRED.value, _("is asked for")),
        (Comments.OFF.value, _("none")),
    ]


def _criterion_rows(stored: Settings, scene: Scene) -> Iterator[Row]:
    rows = stored.rubric.criteria
    for number, criterion in enumerate(rows, start=1):
        levels = "\n".join(f"{scene.reader.points(level.points)}: {level.text}" for level in criterion.levels)
        weight = scene.reader.points(criterion.weight)
        yield Row(
            number, criterion.id, criterion.title, weight=weight, levels=levels,
            team_only=criterion.team_only, sort=criterion.sort.value,
            step=scene.reader.points(criterion.step), comments=criterion.comments.value,
            words=criterion.words,
        )  # fmt: skip
    for number in range(len(rows) + 1, min(MOST_CRITERIA, len(rows) + BLANK_ROWS) + 1):
        yield Row(number)


# --- two people at once ---


@dataclass(frozen=True)
class Clash:
    """One place that both changed: the three texts to choose from, and the values behind them."""

    place: str
    name: str
    yours: str
    theirs: str
    before: str
    choices: str


def merged_with(scene: Scene, request: Request, form: Settings) -> tuple[Settings, list[Clash]]:
    """What a form shows after somebody else saved first: all changes of both, clashes as typed."""
    mine = to_document(form)
    theirs = to_document(scene.settings)
    seen = Reading(request, scene.reader).whole("seen")

    def base_of(unit: UnitOfWork) -> Mapping[str, Any]:
        return to_document(settings_version(unit, scene.activity.id, seen).settings)

    base = began_with(request) if scene.shell.keep_settings is not None else run(scene.ports, base_of)
    merged, clashes = merge_documents(base or {}, mine, theirs)
    for clash in clashes:
        put(merged, clash["place"], clash["yours"])
    return from_document(merged), [_clash(clash, scene.reader) for clash in clashes]


def _clash(clash: Mapping[str, Any], reader: Reader) -> Clash:
    values = {name: clash[name] for name in ("yours", "theirs", "before")}
    return Clash(
        place=clash["place"],
        name=place_name(clash["place"], reader),
        choices=json.dumps(values, ensure_ascii=False),
        **{name: plain(value) for name, value in values.items()},
    )


def place_name(place: str, reader: Reader) -> str:
    """What people call a place of the settings document."""
    _ = reader.gettext
    names = {
        "title": _("Title"),
        "goal": _("Goal"),
        "done_when": _("It counts as done when"),
        "task": _("Task"),
        "prompts": _("Parts of the draft"),
        "rubric": _("Rubric"),
        "submit_rule": _("Who may hand in"),
        "auto_seal": _("What happens at the end"),
        "teams.min": _("Smallest team"),
        "teams.max": _("Largest team"),
        "teams.ideal": _("Usual team"),
        "teams.lock_at": _("Teams are fixed from"),
        "steps.draft.opens": _("Writing opens"),
        "steps.draft.due": _("Handing in is due"),
        "steps.draft.closes": _("Handing in closes"),
        "late.points": _("Points for each started day"),
        "survey.questions": _("Questions of the survey"),
        "survey.closes_at": _("The survey closes"),
        "survey.consent": _("What learners agree to"),
        "forming.wishes": _("What teams should be like"),
        "forming.section": _("Teams stay inside"),
        "forming.late": _("Who comes late"),
        "charter.parts": _("Parts of the charter"),
        "milestones": _("Milestones"),
        "check_in.on": _("Members check in"),
        "check_in.every_days": _("Days between check-ins"),
        "charter.blocks": _("The draft waits for the charter"),
        "team_roles": _("Roles in the team"),
        "listed_words": _("Words that you look at first"),
    }
    return names.get(place, place)


def plain(value: Any) -> str:
    """A value of the document as one short text."""
    if isinstance(value, str | int | float) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, list):
        return "; ".join(
            plain(item.get("title") or item.get("aim") or "") if isinstance(item, Mapping) else str(item)
            for item in value
        )
    if isinstance(value, Mapping) and "criteria" in value:
        return plain(value["criteria"])
    return json.dumps(value, ensure_ascii=False)


def put(document: dict[str, Any], place: str, value: Any) -> None:
    """Set a place such as "teams.min" in a document."""
    *parents, last = place.split(".")
    for name in parents:
        document = document.setdefault(name, {})
    document[last] = value


def _chosen(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    """The document with the choices of a clash put in."""
    for name, values in request.form.items():
        if not name.startswith("choices-") or not values:
            continue
        place = name.removeprefix("choices-")
        choices = json.loads(values[0])
        picked = request.field(f"keep-{place}", "yours")
        if picked in ("theirs", "before") and picked in choices:
            put(document, place, choices[picked])
    return document


# --- files of the task ---


def add(scene: Scene, request: Request) -> Next:
    """Add files to the task text, each told in one line."""
    uploads = [upload for upload in request.files.get("file", ()) if upload.name]
    if not uploads:
        raise Invalid(Problem("file", "file_missing"))
    kept = [
        add_file(
            scene.ports,
            scene.actor,
            scene.activity.id,
            name=upload.name,
            content=upload.content,
            limit=scene.shell.largest_upload,
        )
        for upload in uploads
    ]
    _ = scene.reader.gettext
    return Next("settings", _("Added: %(names)s.", names=", ".join(row.name for row in kept)))


def remove(scene: Scene, request: Request, id: str) -> Next:
    """Take a file away."""
    remove_file(scene.ports, scene.actor, scene.activity.id, id)
    return Next("settings", scene.reader.gettext("Removed."))


def preview(scene: Scene, request: Request) -> Response:
    """What learners will read, before it is published."""
    if not may_change(scene):
        raise NotFound("page")
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "settings_preview.html",
        title=scene.settings.title or _("Team assignment"),
        crumbs=[Crumb(_("Settings"), "settings"), Crumb(_("What learners read"))],
    )


ROUTES = (
    get("settings", settings),
    get("settings/preview", preview),
    post("settings/save", save, form="settings"),
    post("settings/starter", fill_in, form="settings"),
    post("settings/publish", publish_now, form="settings"),
    post("settings/files", add, form="settings"),
    post("settings/files/<id>/remove", remove, form="settings"),
)
