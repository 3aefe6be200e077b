"""Write the team's draft together: the boxes, places two changed, who is here, versions and files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app import drafts, presence
from coursecrew.app import submissions as acts
from coursecrew.app.attached import files_of_team
from coursecrew.app.bonds import mentors_of
from coursecrew.app.charters import look_at_charter
from coursecrew.app.draft_openings import openings_of, own_openings
from coursecrew.app.drafts import Choice, VersionRow, VersionView
from coursecrew.app.files import ACCEPTED, MOST_BYTES
from coursecrew.app.records import ACTIVITIES
from coursecrew.app.submissions import WorkView, own_work
from coursecrew.app.team_files import add_link, add_team_files, remove_team_file
from coursecrew.app.teams import Standing, participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.differences import Stretch, differences, shortened
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.merging import Merge, Overlap
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.presence import ASK_EVERY, STAFF_READS, Presence
from coursecrew.domain.submissions import Draft, DraftOpening, VersionKind, WorkState, words
from coursecrew.domain.team_files import MOST_FILES, TeamFile
from coursecrew.ui.forms import Fields
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page, press_key
from coursecrew.ui.reader import Reader
from coursecrew.ui.render import render
from coursecrew.ui.scene import Scene

AROUND = 80  # characters shown before and behind a place


@dataclass(frozen=True)
class Desk:
    """A team's draft with everything around it, read with a fixed number of queries."""

    activity: Activity
    here: Standing
    view: WorkView
    others: tuple[Presence, ...]
    files: tuple[TeamFile, ...]
    people: Mapping[str, Participant]
    versions: int
    opening: DraftOpening | None = None  # by somebody of the course staff, the latest
    unsigned: bool = False  # the author wants the charter signed first, and it is not


def _read_desk(unit: UnitOfWork, actor: Actor, activity_id: str, *, writes: bool = False) -> Desk:
    activity, here, view = own_work(unit, actor, activity_id)
    others: Sequence[Presence] = ()
    if writes and is_allowed(actor, Action.WRITE_DRAFT, here.subject) and here.participant:
        others = presence.be_here(unit, activity, view.team.id, actor, here.participant.name)
    files = files_of_team(unit, activity.id, view.team.id)
    opened = openings_of(unit, activity.id, view.team.id)[:1]
    keys = ({row.by for row in files} | {row.by for row in opened}) - set(view.people)
    people = participants_of(unit, activity.course, keys)
    versions = drafts.count_versions(unit, view.work.id if view.work else "")
    charter = look_at_charter(unit, activity, view.team, view.active)
    return Desk(
        activity, here, view, tuple(others), tuple(files), {**view.people, **people}, versions,
        opening=opened[0] if opened else None, unsigned=charter.is_in_the_way,
    )  # fmt: skip


# --- writing ---


def draft(scene: Scene, request: Request) -> Response:
    """The draft: one box for each part, or the places where two changed the same."""
    _ = scene.reader.gettext
    desk = run(scene.ports, _read_desk, scene.actor, scene.activity.id, writes=True)
    merges, base, seen = _open_places(scene, request, desk)
    if merges:
        return _overlaps(scene, request, desk, merges, base, seen)
    view = desk.view
    may_write = view.state is WorkState.DRAFTING and view.window.is_open(scene.reader.now)
    # What was typed while somebody changed the charter stays in its box.
    unsigned = may_write and desk.unsigned and scene.refusal is None
    may_write = may_write and not unsigned
    return page(
        scene,
        request,
        "draft.html",
        title=_("Draft of %(name)s", name=view.team.name),
        crumbs=[Crumb(_("Draft"))],
        here=desk.here,
        view=view,
        seen=view.draft.number,
        texts=view.submission.texts if view.submission else view.draft.texts,
        window=view.deadlines.of(scene.actor.person),
        may_write=may_write,
        unsigned=unsigned,
        saved=saved_line(scene, view),
        versions=desk.versions,
        files=file_rows(scene, desk.files, desk.people),
        present=here_line(scene, desk.others, {prompt.id: prompt.title for prompt in scene.settings.prompts}),
        opened=opened_line(scene, desk.opening, desk.people),
        poll=f"here/{desk.activity.id}/{view.team.id}" if may_write else "",
        every=int(ASK_EVERY.total_seconds()),
    )


def read(scene: Scene, request: Request) -> Response:
    """The draft as it will look when it is handed in."""
    _ = scene.reader.gettext
    desk = run(scene.ports, _read_desk, scene.actor, scene.activity.id)
    return page(
        scene,
        request,
        "draft_read.html",
        title=_("Version %(number)s, as it will be read", number=desk.view.draft.number),
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Preview"))],
        view=desk.view,
        texts=desk.view.draft.texts,
        files=file_rows(scene, desk.files, desk.people),
        saved=saved_line(scene, desk.view),
    )


def opened_line(scene: Scene, opening: DraftOpening | None, people: Mapping[str, Participant]) -> str:
    """Who of the course staff opened the draft last, and when; "" if nobody did."""
    _ = scene.reader.gettext
    if opening is None:
        return ""
    return _(
        "%(name)s of the course staff opened this draft %(moment)s.",
        name=people[opening.by].name if opening.by in people else _("Somebody"),
        moment=scene.reader.near(opening.at),
    )


def openings(scene: Scene, request: Request) -> Response:
    """Every opening of the own team's draft by the course staff."""
    rows, people = run(scene.ports, own_openings, scene.actor, scene.activity.id)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "draft_openings.html",
        title=_("Who opened the draft"),
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Who opened the draft"))],
        lines=[opened_line(scene, row, people) for row in rows],
    )


def saved_line(scene: Scene, view: WorkView) -> str:
    """Who saved last, and when."""
    _, work = scene.reader.gettext, view.work
    if work is None or work.edited_at is None:
        return _("Nothing is saved yet.")
    if work.edited_by == scene.actor.person:
        return _(
            "Version %(number)s, saved by you %(moment)s.",
            number=view.draft.number,
            moment=scene.reader.near(work.edited_at),
        )
    known = view.people.get(work.edited_by)
    return _(
        "Version %(number)s, saved by %(name)s %(moment)s.",
        number=view.draft.number,
        name=known.name if known else _("somebody"),
        moment=scene.reader.near(work.edited_at),
    )


def save(scene: Scene, request: Request) -> Next | Response:
    """Save the draft; `then` says where to go next. A page that saves by itself gets only what it takes."""
    _ = scene.reader.gettext
    texts, seen = _texts(scene, request), _number(request, "seen")
    if "base" in request.form:
        saved = do(
            scene, request, drafts.resolve_draft, texts, base=_number(request, "base"),
            seen=seen, choices=_choices(request, texts),
        )  # fmt: skip
    else:
        kind = VersionKind.AUTO if request.field("auto") else VersionKind.SAVED
        saved = do(scene, request, acts.save_draft, texts, seen=seen, kind=kind)
        if kind is VersionKind.AUTO and saved.number > seen:
            return _saved_by_itself(scene, request, saved)
    then = {"hand-in": "hand-in", "preview": "draft/read"}.get(request.field("then"))
    if then:
        return Next(then)
    return Next("draft", _("Saved as version %(number)s.", number=saved.number))


def _saved_by_itself(scene: Scene, request: Request, saved: Draft) -> Response:
    line = scene.reader.gettext(
        "Version %(number)s, saved by you %(moment)s.",
        number=saved.number,
        moment=scene.reader.near(scene.reader.now),
    )
    team = request.field("of")
    return Response(
        render(scene, "draft_saved.html", team=team, number=saved.number, texts=saved.texts, saved=line,
               fields=Fields()),
        headers={"Cache-Control": "private, no-store"},
    )  # fmt: skip


def _texts(scene: Scene, request: Request) -> dict[str, str]:
    """The texts that were sent, by part."""
    return {
        prompt.id: request.field(f"text-{prompt.id}").replace("\r\n", "\n")
        for prompt in scene.settings.prompts
        if f"text-{prompt.id}" in request.form
    }


# --- places that two changed ---


@dataclass(frozen=True)
class Place:
    """One place to choose in: what stands around it, and both texts with what each changed."""

    name: str  # of its fields
    number: int
    title: str  # of the part
    before: str
    behind: str
    yours: tuple[Stretch, ...]
    theirs: tuple[Stretch, ...]
    overlap: Overlap


def _open_places(scene: Scene, request: Request, desk: Desk) -> tuple[dict[str, Merge], int, int]:
    """The merges that wait for choices, after a save that was refused or a choice left open."""
    refusal = scene.refusal
    texts = _texts(scene, request)
    if refusal is None or scene.posted != "draft" or not texts:
        return {}, 0, 0
    if refusal.code == "stale":
        base, seen = refusal.values.get("base", 0), refusal.values.get("seen", 0)
    elif refusal.code == "invalid" and "base" in request.form:
        base, seen = _number(request, "base"), _number(request, "seen")
    else:
        return {}, 0, 0
    found = run(
        scene.ports, drafts.places_of, scene.actor, scene.activity.id, texts, base=base, seen=seen
    )  # fmt: skip
    return found, base, seen


def _overlaps(
    scene: Scene, request: Request, desk: Desk, merges: Mapping[str, Merge], base: int, seen: int
) -> Response:
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    parts = [
        (prompt, places)
        for prompt, places in _places(scene, merges).items()
    ]  # fmt: skip
    work = desk.view.work
    theirs = desk.people.get(work.edited_by) if work and work.edited_by != scene.actor.person else None
    count = sum(len(places) for _prompt, places in parts)
    return page(
        scene,
        request,
        "overlap.html",
        title=n_("Choose a text in %(number)s place", "Choose a text in %(number)s places", count),
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Choose"))],
        parts=parts,
        count=count,
        merges=merges,
        base=base,
        seen=seen,
        texts=_texts(scene, request),
        theirs=theirs.name if theirs else "",
        keeps=scene.refusal is not None and scene.refusal.code == "invalid",
    )


def _places(scene: Scene, merges: Mapping[str, Merge]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    number = 0
    for prompt in scene.settings.prompts:
        merged = merges.get(prompt.id)
        if merged is None:
            continue
        around = merged.surroundings(AROUND)
        places = found.setdefault(prompt.id, [])
        for place, (overlap, (before, behind)) in enumerate(zip(merged.overlaps, around, strict=True)):
            number += 1
            places.append(
                Place(
                    f"{prompt.id}-{place}", number, prompt.title, before, behind,
                    _changed(overlap.base, overlap.mine), _changed(overlap.base, overlap.theirs), overlap,
                )
            )  # fmt: skip
    return found


def _changed(base: str, text: str) -> tuple[Stretch, ...]:
    """A text with what is new in it; what is gone stands in "as it was before"."""
    return tuple(one for one in differences(base, text) if one.kind != "gone")


def _choices(request: Request, texts: Mapping[str, str]) -> dict[str, list[Choice]]:
    """What was chosen, place by place, as far as the form goes."""
    found: dict[str, list[Choice]] = {}
    for part in texts:
        places = found.setdefault(part, [])
        while f"new-{part}-{len(places)}" in request.form:
            name = f"{part}-{len(places)}"
            new = request.field(f"new-{name}").replace("\r\n", "\n")
            places.append(Choice(request.field(f"choice-{name}"), new))
    return found


# --- who is here ---


def here(scene: Scene, request: Request, activity: str, team: str) -> Response:
    """Who else has the draft open, as one line; 304 while nothing has changed."""
    part = request.query.get("in", "").removeprefix("text-")
    others = run(scene.ports, presence.who_is_here, scene.actor, activity, team, part=part)
    said = "|".join(f"{row.person} {row.part} {row.name}" for row in others)
    tag = '"' + hashlib.sha256(f"{scene.reader.language}|{said}".encode()).hexdigest()[:20] + '"'
    headers = {"ETag": tag, "Cache-Control": "private, no-store"}
    if request.if_none_match == tag:
        return Response("", 304, headers=headers)
    titles = run(scene.ports, part_titles, activity) if any(row.part for row in others) else {}
    line = here_line(scene, others, titles)
    body = render(scene, "here.html", line=line, every=int(ASK_EVERY.total_seconds()))
    return Response(body, headers=headers)


def part_titles(unit: UnitOfWork, activity_id: str) -> dict[str, str]:
    """What the parts of the draft are called, by their ids."""
    return {prompt.id: prompt.title for prompt in unit.store.get(ACTIVITIES, activity_id).settings.prompts}


def here_line(scene: Scene, others: Sequence[Presence], titles: Mapping[str, str]) -> str:
    """ "Linh is writing in “Costs”. Tomás is here now." – in words, or nothing if one is alone."""
    reader, _ = scene.reader, scene.reader.gettext
    writing: dict[str, list[str]] = {}
    beside: list[str] = []
    staff: list[str] = []
    for row in others:
        name = row.name or _("somebody")
        if row.part == STAFF_READS:
            staff.append(name)
        elif row.part in titles:
            writing.setdefault(row.part, []).append(name)
        else:
            beside.append(name)
    said = [
        reader.ngettext(
            "%(names)s is writing in “%(part)s”.", "%(names)s are writing in “%(part)s”.", len(names),
            names=reader.listed(names), part=titles[part],
        )
        for part, names in sorted(writing.items())
    ]  # fmt: skip
    if beside:
        said.append(
            reader.ngettext(
                "%(names)s is here now.", "%(names)s are here now.", len(beside), names=reader.listed(beside)
            )
        )
    if staff:
        said.append(
            reader.ngettext(
                "%(names)s of the course staff reads along.", "%(names)s of the course staff read along.",
                len(staff), names=reader.listed(staff),
            )
        )  # fmt: skip
    return " ".join(said)


# --- versions ---


def versions(scene: Scene, request: Request) -> Response:
    """The saved versions of the draft, newest first, a page at a time."""
    _ = scene.reader.gettext
    after = request.query.get("after", "")
    team = request.query.get("team", "")
    rows, more = run(
        scene.ports, drafts.versions_page, scene.actor, scene.activity.id, team=team, after=after
    )  # fmt: skip
    of_team = f"&team={team}" if team else ""
    back = (f"teams/{team}", _("Back to the team")) if team else ("draft", _("Back to the draft"))
    return page(
        scene,
        request,
        "versions.html",
        title=_("Versions of the draft"),
        crumbs=[] if team else [Crumb(_("Draft"), "draft"), Crumb(_("Versions"))],
        back=back,
        rows=[(row.version, row.author, _count(row), _what(scene.reader, row)) for row in rows],
        more=f"versions?after={rows[-1].version.id}{of_team}" if more else "",
        newest=f"versions?{of_team[1:]}" if after else "",
    )


def _count(row: VersionRow) -> int:
    return sum(words(text) for text in row.version.texts.values())


def _what(reader: Reader, row: VersionRow) -> tuple[str, str]:
    """Chip and words for what a version is, beyond a plain save."""
    _ = reader.gettext
    said = {
        VersionKind.SEALED: ("done", _("handed in")),
        VersionKind.KEPT: ("held", _("not chosen")),
        VersionKind.RESTORED: ("extended", _("version %(number)s again", number=row.version.source)),
        VersionKind.PROMOTED: ("done", _("from the sandbox")),
    }
    if row.version.kind in said:
        return said[VersionKind(row.version.kind)]
    return ("now", _("shown to the mentor")) if row.version.shared else ("", "")


def version(scene: Scene, request: Request, id: str) -> Response:
    """One version: what differs from the one before, the whole of it, and the way back to it."""
    reader = scene.reader
    _ = reader.gettext
    found, has_mentor = run(scene.ports, _read_version, scene.actor, scene.activity.id, id)
    row, own = found.version, found.may_restore or found.may_share
    title = _("Version %(number)s", number=row.number)
    name = found.author.name if found.author else _("somebody")
    line = _("Saved by %(name)s %(moment)s.", name=name, moment=reader.near(row.at))
    before = found.before.texts if found.before else {}
    changes = [
        (prompt, shortened(differences(before.get(prompt.id, ""), row.texts.get(prompt.id, ""))))
        for prompt in scene.settings.prompts
        if before.get(prompt.id, "") != row.texts.get(prompt.id, "")
    ]
    same = all(row.texts.get(part, "") == text for part, text in found.draft.texts.items())
    return page(
        scene,
        request,
        "version.html",
        title=title,
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Versions"), "versions"), Crumb(title)] if own else [],
        team=found.team,
        staff=scene.actor.is_staff,
        line=line,
        what=_what(reader, VersionRow(row, found.author)),
        row=row,
        before=found.before,
        changes=changes,
        seen=found.draft.number,
        may_restore=found.may_restore and not same,
        may_share=found.may_share and has_mentor,
        own=own,
        same=same and found.may_restore,
    )


def _read_version(unit: UnitOfWork, actor: Actor, activity_id: str, id: str) -> tuple[VersionView, bool]:
    found = drafts.look_at_version(unit, actor, activity_id, id)
    return found, found.may_share and bool(mentors_of(unit, found.team))


def restore(scene: Scene, request: Request, id: str) -> Next:
    """Put an earlier version in force again, as a new one."""
    saved = do(scene, request, drafts.restore_version, id, seen=_number(request, "seen"))
    return Next("draft", scene.reader.gettext("Restored as version %(number)s.", number=saved.number))


def share(scene: Scene, request: Request, id: str) -> Next:
    """Show a version to the team's mentor."""
    do(scene, request, drafts.share_version, id)
    return Next(f"versions/{id}", scene.reader.gettext("Your mentor can read this version now."))


# --- files ---


@dataclass(frozen=True)
class FileRow:
    """One file or link as it is shown."""

    file: TeamFile
    url: str
    size: str
    by: str
    own: bool


def file_rows(
    scene: Scene, files: Sequence[TeamFile], people: Mapping[str, Participant], *, own: bool = False
) -> list[FileRow]:
    """Files and links with their addresses; `own` says whether one's own may be taken out."""
    return [
        FileRow(
            row,
            row.link or scene.shell.file_url(row.id),
            "" if row.is_link else scene.reader.size(row.size),
            people[row.by].name if row.by in people else scene.reader.gettext("somebody"),
            own and row.by == scene.actor.person,
        )
        for row in files
    ]


def files(scene: Scene, request: Request) -> Response:
    """The team's files and links: look, add, take one's own out."""
    reader = scene.reader
    _ = reader.gettext
    desk = run(scene.ports, _read_desk, scene.actor, scene.activity.id)
    view = desk.view
    may_add = view.state is WorkState.DRAFTING and view.window.is_open(reader.now)
    left = MOST_FILES - len(desk.files)
    limit = min(scene.shell.largest_upload, MOST_BYTES)
    return page(
        scene,
        request,
        "files.html",
        title=_("Files of %(name)s", name=view.team.name),
        crumbs=[Crumb(_("Draft"), "draft"), Crumb(_("Files"))],
        view=view,
        files=file_rows(scene, desk.files, desk.people, own=may_add),
        may_add=may_add,
        left=left,
        most=MOST_FILES,
        accepted=", ".join(ACCEPTED),
        limit=reader.size(limit),
        refused_name=_refused_file(scene),
    )


def _refused_file(scene: Scene) -> str:
    """The name of the file that was just refused; it stays in the list with the reason."""
    refusal = scene.refusal
    if refusal is None or refusal.code not in ("too_large", "file_type", "file_unsafe"):
        return ""
    return str(refusal.values.get("name", ""))


def add(scene: Scene, request: Request) -> Next:
    """Add files to the draft: all that were chosen, or none."""
    _ = scene.reader.gettext
    uploads = [upload for upload in request.files.get("file", ()) if upload.name]
    if not uploads:
        raise Invalid(Problem("file", "file_missing"))
    rows = add_team_files(
        scene.ports,
        scene.actor,
        scene.activity.id,
        [(upload.name, upload.content) for upload in uploads],
        limit=min(scene.shell.largest_upload, MOST_BYTES),
        request_key=press_key(request),
    )
    names = scene.reader.listed([row.name for row in rows])
    if any(row.cleaned for row in rows):
        said = _("Added: %(names)s. Where and with what a picture was taken is no longer in it.", names=names)
    else:
        said = _("Added: %(names)s.", names=names)
    return Next("files", said)


def link(scene: Scene, request: Request) -> Next:
    """Add the address of a document elsewhere."""
    row = do(scene, request, add_link, address=request.field("link"), name=request.field("name"))
    return Next("files", scene.reader.gettext("Added: %(names)s.", names=row.name))


def remove(scene: Scene, request: Request, id: str) -> Next:
    """Take one's own file out of the draft."""
    row = remove_team_file(scene.ports, scene.actor, scene.activity.id, id)
    return Next("files", scene.reader.gettext("%(name)s is no longer in the draft.", name=row.name))


def _number(request: Request, name: str) -> int:
    value = request.field(name)
    return int(value) if value.isdecimal() and len(value) < 10 else 0


ROUTES = (
    get("draft", draft),
    post("draft", save, form="draft"),
    get("draft/read", read),
    get("here/<activity>/<team>", here, light=True),
    get("draft/openings", openings),
    get("versions", versions),
    get("versions/<id>", version),
    post("versions/<id>/restore", restore, form="versions/<id>"),
    post("versions/<id>/share", share, form="versions/<id>"),
    get("files", files),
    post("files", add, form="files"),
    post("files/link", link, form="files"),
    post("files/<id>/remove", remove, form="files"),
)
