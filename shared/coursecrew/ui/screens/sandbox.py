"""The sandbox: items for oneself or for whom one chooses, and the administrator's way in."""

from __future__ import annotations

from coursecrew.app import sandbox as acts
from coursecrew.app import sandbox_files
from coursecrew.app.bonds import mentors_of
from coursecrew.app.files import ACCEPTED, MOST_BYTES
from coursecrew.app.sandbox import Shown
from coursecrew.app.teams import Standing, members_of, participants_of, standing
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.sandbox import REASON_WORDS, TEXT_LENGTH, TITLE_LENGTH, Audience, Item, Saying
from coursecrew.domain.team_files import MOST_FILES
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page, press_key
from coursecrew.ui.panels import Panel, Press
from coursecrew.ui.reader import Reader
from coursecrew.ui.render import plain
from coursecrew.ui.scene import Scene

OPENING = 24  # words of an item in a list


def sandbox(scene: Scene, request: Request) -> Response:
    """What of the sandbox is meant for whoever looks."""
    reader = scene.reader
    _ = reader.gettext
    found = run(
        scene.ports,
        acts.look_at_sandbox,
        scene.actor,
        scene.activity.id,
        after=request.query.get("after", ""),
    )
    may_add = found.here.subject.takes_part and not scene.actor.looks_on
    lines = [_("No judge looks in here: no grades, no counts, no search. Each item says who sees it.")]
    press = [Press(_("Try something"), "sandbox/new")] if may_add else []
    return page(
        scene,
        request,
        "sandbox.html",
        title=_("Sandbox"),
        crumbs=[Crumb(_("Sandbox"))],
        panel=Panel(_("A place to try"), _("Try something where nobody judges it"), lines, press),
        groups=[
            (heading, empty, [_row(scene, item, found.people) for item in items])
            for heading, empty, items in (
                (_("Yours"), _("Nothing yet. What you put here only you see, unless you choose others."),
                 found.own),
                (_("Shown to your team"), "", found.team),
                (_("Shown to you as mentor"), "", found.named),
            )
            if items or (empty and may_add)
        ],
        opened=found.opened,
        more=f"sandbox?after={found.own[-1].id}" if found.more else "",
    )  # fmt: skip


def _row(scene: Scene, item: Item, people: dict[str, Participant]) -> tuple[Item, str, str, str]:
    """An item in a list: its writer (empty for oneself), its first words, and who sees it."""
    seen = plain(item.text).split()
    opening = " ".join(seen[:OPENING]) + (" …" if len(seen) > OPENING else "")
    writer = ""
    if item.person != scene.actor.person:
        known = people.get(item.person)
        writer = known.name if known else scene.reader.gettext("somebody")
    return item, writer, opening, audience_said(scene.reader, item.audience, mine=not writer)


def audience_said(reader: Reader, audience: Audience, *, mine: bool) -> str:
    """The line on an item that says who sees it."""
    _ = reader.gettext
    if mine:
        return {
            Audience.ME: _("Only you see this."),
            Audience.ME_MENTOR: _("You and the mentor you chose see this."),
            Audience.TEAM: _("Your team sees this."),
            Audience.TEAM_MENTOR: _("Your team and the mentor you chose see this."),
        }[audience]
    return {
        Audience.ME: _("Only its writer sees this."),
        Audience.ME_MENTOR: _("Its writer and the mentor see this."),
        Audience.TEAM: _("The team sees this."),
        Audience.TEAM_MENTOR: _("The team and its mentor see this."),
    }[audience]


# --- one item ---


def item(scene: Scene, request: Request, item: str) -> Response:
    """An item with what was said about it."""
    _ = scene.reader.gettext
    shown = run(scene.ports, acts.look_at_item, scene.actor, scene.activity.id, item)
    mine = shown.item.person == scene.actor.person
    return page(
        scene,
        request,
        "sandbox_item.html",
        title=shown.item.title,
        crumbs=[Crumb(_("Sandbox"), "sandbox"), Crumb(shown.item.title)],
        shown=shown,
        item=shown.item,
        mine=mine,
        line=audience_said(scene.reader, shown.item.audience, mine=mine),
        writer=_name(scene, shown, shown.item.person),
        written_by=scene.reader.listed([_name(scene, shown, key) for key in shown.item.authors]),
        waits_for=[_name(scene, shown, key) for key in shown.item.authors if key not in shown.agreed],
        files=[
            (row, scene.shell.file_url(row.id), scene.reader.size(row.size), _name(scene, shown, row.by))
            for row in shown.files
        ],
        left=MOST_FILES - len(shown.files),
        accepted=", ".join(ACCEPTED),
        limit=scene.reader.size(_limit(scene)),
        remarks=[(row, _name(scene, shown, row.person)) for row in shown.remarks],
        sayings=sayings(scene.reader, holds=shown.item.holds),
        words={saying: word for saying, word, _hint in sayings(scene.reader, holds=False)},
    )


def _limit(scene: Scene) -> int:
    return min(scene.shell.largest_upload, MOST_BYTES)


def add_files(scene: Scene, request: Request, item: str) -> Next:
    """Add files to an item."""
    uploads = [one for one in request.files.get("file", ()) if one.name]
    if not uploads:
        raise Invalid(Problem("file", "file_missing"))
    ids = sandbox_files.add_sandbox_files(
        scene.ports, scene.actor, scene.activity.id, item,
        [(one.name, one.content) for one in uploads],
        limit=_limit(scene), request_key=press_key(request),
    )  # fmt: skip
    said = scene.reader.ngettext("%(num)s file added.", "%(num)s files added.", len(ids), num=len(ids))
    return Next(f"sandbox/{item}", said)


def remove_file(scene: Scene, request: Request, item: str, file: str) -> Next:
    """Take a file out of an item for good."""
    sandbox_files.remove_sandbox_file(
        scene.ports, scene.actor, scene.activity.id, item, file, request_key=press_key(request)
    )
    return Next(f"sandbox/{item}", scene.reader.gettext("Taken out; nothing of it is kept."))


def _name(scene: Scene, shown: Shown, person: str) -> str:
    if person == scene.actor.person:
        return scene.reader.gettext("you")
    known = shown.people.get(person)
    return known.name if known else scene.reader.gettext("somebody")


def sayings(reader: Reader, *, holds: bool) -> list[tuple[str, str, str]]:
    """What may be said about an item: value, words, and what it is for."""
    _ = reader.gettext
    offered = [
        (Saying.WORKS.value, _("Works"), _("what carries already")),
        (Saying.WONDER.value, _("I wonder"), _("a question that helps")),
        (Saying.TRY.value, _("Try"), _("one thing to try next")),
    ]
    free = (Saying.FREE.value, _("Anything else"), _("in your own words"))
    return offered if holds else [*offered, free]


def _form(scene: Scene) -> tuple[Standing, list[Participant], list[Participant]]:
    def read(
        unit: UnitOfWork, actor: Actor, activity: Activity
    ) -> tuple[Standing, list[Participant], list[Participant]]:
        here = standing(unit, actor, activity)
        require(actor, Action.USE_SANDBOX, here.subject)
        if here.team is None:
            return here, [], []
        members = [row.person for row in members_of(unit, here.team.id)]
        mentors = [row.person for row in mentors_of(unit, here.team.id)]
        known = participants_of(unit, activity.course, {*members, *mentors})
        return (
            here,
            [known[key] for key in members if key in known and key != actor.person],
            [known[key] for key in mentors if key in known],
        )

    return run(scene.ports, read, scene.actor, scene.activity)


def audiences(
    reader: Reader, here: Standing, team: list[Participant], mentors: list[Participant]
) -> list[tuple[str, str, str]]:
    """Who may be chosen to see an item, each with the names that this means today."""
    _ = reader.gettext
    names = reader.listed([person.name for person in mentors])
    mates = reader.listed([person.name for person in team]) or _("nobody else yet")
    offered = [(Audience.ME.value, _("Only me"), _("Nobody else in the course, whatever their role."))]
    if mentors:
        offered.append((Audience.ME_MENTOR.value, _("Me and our mentor"), names))
    if here.team:
        mine = _("%(names)s; whoever leaves the team no longer sees it.", names=mates)
        offered.append((Audience.TEAM.value, _("My team"), mine))
        if mentors:
            both = _("%(team)s, and %(mentors)s", team=mates, mentors=names)
            offered.append((Audience.TEAM_MENTOR.value, _("My team and our mentor"), both))
    return offered


def new_form(scene: Scene, request: Request) -> Response:
    """The form of a new item."""
    _ = scene.reader.gettext
    here, team, mentors = _form(scene)
    title = _("Try something")
    return page(
        scene,
        request,
        "sandbox_form.html",
        title=title,
        crumbs=[Crumb(_("Sandbox"), "sandbox"), Crumb(title)],
        item=None,
        audiences=audiences(scene.reader, here, team, mentors),
        action="sandbox/new",
        theirs=None,
        back="sandbox",
        most=TITLE_LENGTH,
        longest=TEXT_LENGTH,
    )


def edit_form(scene: Scene, request: Request, item: str) -> Response:
    """The form of an item that one may change."""
    _ = scene.reader.gettext
    shown = run(scene.ports, acts.look_at_item, scene.actor, scene.activity.id, item)
    require(scene.actor, Action.READ_SANDBOX, _named(shown.may_write))
    mine = shown.item.person == scene.actor.person
    offered = audiences(scene.reader, *_form(scene)) if mine else []
    stale = scene.refusal is not None and scene.refusal.code == "stale"
    return page(
        scene,
        request,
        "sandbox_form.html",
        title=_("Change “%(title)s”", title=shown.item.title),
        crumbs=[
            Crumb(_("Sandbox"), "sandbox"),
            Crumb(shown.item.title, f"sandbox/{shown.item.id}"),
            Crumb(_("Change")),
        ],
        item=shown.item,
        audiences=offered,
        action=f"sandbox/{shown.item.id}/edit",
        theirs=shown.item.text if stale else None,
        back=f"sandbox/{shown.item.id}",
        most=TITLE_LENGTH,
        longest=TEXT_LENGTH,
    )


def _named(named: bool) -> Subject:  # noqa: FBT001 - what the permission table calls it
    return Subject(named=named)


def add(scene: Scene, request: Request) -> Next:
    """Put something into the sandbox."""
    title, text, audience, holds, _seen = _read(scene, request)
    made = do(scene, request, acts.add_item, title=title, text=text, audience=audience, holds=holds)
    return Next(
        f"sandbox/{made}",
        scene.reader.gettext("Kept. %(who)s", who=audience_said(scene.reader, audience, mine=True)),
    )


def edit(scene: Scene, request: Request, item: str) -> Next:
    """Change an item."""
    title, text, audience, holds, seen = _read(scene, request)
    do(
        scene, request, acts.change_item, item,
        title=title, text=text, audience=audience, holds=holds, seen=seen,
    )  # fmt: skip
    return Next(f"sandbox/{item}", scene.reader.gettext("Saved."))


def _read(scene: Scene, request: Request) -> tuple[str, str, Audience, bool, int]:
    reading = Reading(request, scene.reader)
    audience = reading.choice("audience", Audience, Audience.ME)
    seen = reading.whole("seen")
    reading.check()
    return request.field("title"), request.field("text"), audience, reading.flag("holds"), seen


def say(scene: Scene, request: Request, item: str) -> Next:
    """Answer an item."""
    reading = Reading(request, scene.reader)
    saying = reading.choice("saying", Saying)
    text = reading.text("text", required="remark_missing")
    reading.check()
    do(scene, request, acts.say_something, item, saying=saying, text=text)
    return Next(f"sandbox/{item}", scene.reader.gettext("Said. Only those who see the item read it."))


def yes(scene: Scene, request: Request, item: str) -> Next:
    """Agree that an item goes into the draft."""
    do(scene, request, acts.say_yes, item, seen=_seen(request))
    return Next(f"sandbox/{item}", scene.reader.gettext("Said yes. A later change asks again."))


def promote(scene: Scene, request: Request, item: str) -> Next:
    """Put an item into a part of the draft."""
    _ = scene.reader.gettext
    missing = sandbox_files.promote_with_files(
        scene.ports, scene.actor, scene.activity.id, item,
        part=request.field("part"), seen=_seen(request), request_key=press_key(request),
    )  # fmt: skip
    if missing:
        known = run(scene.ports, participants_of, scene.activity.course, missing)
        names = scene.reader.listed([known[key].name for key in missing if key in known])
        return Next(
            f"sandbox/{item}",
            _("Not in the draft yet: %(names)s wrote in this, too, and are asked for a yes.", names=names),
        )
    return Next("draft", _("It stands at the end of that part now, as a version by you."))


def _seen(request: Request) -> int:
    try:
        return int(request.field("seen") or 0)
    except ValueError:
        return 0


def delete(scene: Scene, request: Request, item: str) -> Next:
    """Delete an item for good."""
    do(scene, request, acts.delete_item, item)
    sandbox_files.sweep_sandbox_files(scene.ports)
    return Next("sandbox", scene.reader.gettext("Deleted, with all that was said about it."))


# --- the administrator ---


def glass(scene: Scene, request: Request) -> Response:
    """How an administrator opens somebody's sandbox, and the log."""
    _ = scene.reader.gettext
    log = run(scene.ports, acts.openings, scene.actor, scene.activity.course)
    typed = request.field("name") if scene.refusal else ""
    several = run(scene.ports, acts.people_called, scene.actor, scene.activity.course, typed) if typed else []
    people = run(
        scene.ports,
        participants_of,
        scene.activity.course,
        {key for row in log for key in (row.person, row.by)},
    )
    names = {key: person.name for key, person in people.items()}
    return page(
        scene,
        request,
        "glass.html",
        title=_("Open a sandbox"),
        crumbs=[Crumb(_("Open a sandbox"))],
        log=[(row, names.get(row.person, ""), names.get(row.by, "")) for row in log],
        several=several if len(several) > 1 else [],
        least=REASON_WORDS,
    )


def break_glass(scene: Scene, request: Request) -> Next:
    """Open somebody's sandbox for an hour."""
    reading = Reading(request, scene.reader)
    name, person, reason = reading.text("name"), reading.text("person"), reading.text("reason", most=1000)
    reading.check()
    made = do(scene, request, acts.break_glass, name=name, person=person, reason=reason)
    return Next(
        f"sandbox/glass/{made}", scene.reader.gettext("Opened for an hour, logged, and told to the owner.")
    )


def opened(scene: Scene, request: Request, glass: str) -> Response:
    """What an administrator reads for an hour."""
    _ = scene.reader.gettext
    found = run(scene.ports, acts.look_through_glass, scene.actor, scene.activity.id, glass)
    name = found.owner.name if found.owner else _("somebody")
    return page(
        scene,
        request,
        "opened.html",
        title=_("Sandbox of %(name)s", name=name),
        crumbs=[Crumb(_("Open a sandbox"), "sandbox/glass"), Crumb(name)],
        found=found,
        rows=[
            (
                row,
                audience_said(scene.reader, row.audience, mine=False),
                [(one, scene.shell.file_url(one.id)) for one in found.files.get(row.id, ())],
            )
            for row in found.items
        ],
    )


ROUTES = (
    get("sandbox", sandbox),
    get("sandbox/new", new_form),
    post("sandbox/new", add, form="sandbox/new"),
    get("sandbox/glass", glass),
    post("sandbox/glass", break_glass, form="sandbox/glass"),
    get("sandbox/glass/<glass>", opened),
    get("sandbox/<item>", item),
    get("sandbox/<item>/edit", edit_form),
    post("sandbox/<item>/edit", edit, form="sandbox/<item>/edit"),
    post("sandbox/<item>/say", say, form="sandbox/<item>"),
    post("sandbox/<item>/yes", yes, form="sandbox/<item>"),
    post("sandbox/<item>/promote", promote, form="sandbox/<item>"),
    post("sandbox/<item>/files", add_files, form="sandbox/<item>"),
    post("sandbox/<item>/files/<file>/remove", remove_file, form="sandbox/<item>"),
    post("sandbox/<item>/delete", delete, form="sandbox/<item>"),
)
