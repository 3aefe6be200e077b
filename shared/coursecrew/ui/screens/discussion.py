"""The team's discussion: threads, answers, decisions; and what somebody wrote in teams they have left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coursecrew.app import discussion as acts
from coursecrew.app.circle import Circle
from coursecrew.app.discussion import Thread, Threads
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.discussion import Post
from coursecrew.domain.mentoring import Mentorship
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.submissions import DraftVersion
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.check_in import short_statements
from coursecrew.ui.screens.plan import around, name_of
from coursecrew.ui.screens.workspace import opening


@dataclass(frozen=True)
class ThreadLine:
    """A thread in a list."""

    id: str
    title: str
    by: str
    last: str
    replies: int
    new: bool
    pinned: bool


@dataclass(frozen=True)
class PostLine:
    """A post as a page shows it."""

    id: str
    name: str
    mine: bool
    when: str
    edited: str
    text: str
    deleted: str  # the stub's sentence, for one that was deleted
    pinned: str  # who pinned it as a decision
    linked: str  # id of a version of the draft
    linked_number: int
    may_edit: bool
    names_me: bool


def who_reads(
    scene: Scene, circle: Circle, mentors: Sequence[Mentorship], people: Mapping[str, Participant]
) -> str:
    """Who can read the discussion, for the top of its pages; mentors who were added stand there by name."""
    _ = scene.reader.gettext
    added = [name_of(row.person, people, scene.reader) for row in mentors if row.reads_talk]
    if added:
        return _(
            "%(team)s, its mentor %(names)s and the course staff can read this. Whoever joins the team reads "
            "all of it; whoever leaves keeps only their own posts.",
            team=circle.team.name,
            names=scene.reader.listed(added),
        )
    return _(
        "%(team)s and the course staff can read this. Whoever joins the team reads all of it; whoever "
        "leaves keeps only their own posts.",
        team=circle.team.name,
    )


def threads(scene: Scene, request: Request) -> Response:
    """The threads of one's own team."""
    after = request.query.get("after", "")
    found = run(scene.ports, acts.own_threads, scene.actor, scene.activity.id, after=after)
    return _threads(scene, request, found, [Crumb(scene.reader.gettext("Discussion"))], may_write=True)


def threads_of(scene: Scene, request: Request, id: str) -> Response:
    """The threads of a team, for the course staff."""
    after = request.query.get("after", "")
    found = run(scene.ports, acts.threads_of, scene.actor, scene.activity.id, id, after=after)
    crumbs = around(scene, found.circle, scene.reader.gettext("Discussion"))
    return _threads(scene, request, found, crumbs, may_write=False)


def _threads(
    scene: Scene, request: Request, found: Threads, crumbs: list[Crumb], *, may_write: bool
) -> Response:
    reader = scene.reader
    _ = reader.gettext
    me = scene.actor.person
    base = "discussion" if may_write else f"teams/{found.circle.team.id}/discussion"
    lines = [
        ThreadLine(
            one.id,
            one.title or _("Deleted by its writer"),
            name_of(one.author, found.people, reader),
            reader.near(one.last_at),
            found.replies.get(one.id, 0),
            may_write
            and (found.read_at is None or one.last_at > found.read_at)
            and not (one.author == me and one.id not in found.replies),
            one.pinned,
        )
        for one in found.threads
    ]
    return page(
        scene,
        request,
        "discussion.html",
        title=_("Discussion of %(name)s", name=found.circle.team.name),
        crumbs=crumbs,
        readers=who_reads(scene, found.circle, found.mentors, found.people),
        mentors=[
            (row.person, name_of(row.person, found.people, reader), row.reads_talk) for row in found.mentors
        ]
        if may_write
        else [],
        found=found,
        base=base,
        lines=lines,
        may_write=may_write,
        until=found.threads[0].last_at.isoformat() if any(line.new for line in lines) else "",
        versions=_versions(found.versions, reader),
        names=_mentionable(found.circle, found.people, me),
    )


def _versions(versions: Sequence[DraftVersion], reader: Reader) -> list[tuple[str, str]]:
    _ = reader.gettext
    return [
        ("", _("none")),
        *(
            (one.id, _("Version %(number)s, %(when)s", number=one.number, when=reader.near(one.at)))
            for one in versions
        ),
    ]


def _mentionable(circle: Circle, people: Mapping[str, Participant], me: str) -> list[str]:
    return [people[key].name for key in circle.people if key in people and key != me]


def begin(scene: Scene, request: Request) -> Next:
    """Begin a thread."""
    title, text = request.field("title"), request.field("text")
    made = do(scene, request, acts.begin_thread, title=title, text=text, linked=request.field("linked"))
    return Next(f"discussion/{made.id}", scene.reader.gettext("Written. Your team is told."))


def thread(scene: Scene, request: Request, id: str) -> Response:
    """One thread of one's own team."""
    before = request.query.get("before", "")
    found = run(scene.ports, acts.own_thread, scene.actor, scene.activity.id, id, before=before)
    _ = scene.reader.gettext
    crumbs = [Crumb(_("Discussion"), "discussion"), Crumb(found.first.title or _("A thread"))]
    return _thread(scene, request, found, crumbs, may_write=True)


def thread_of(scene: Scene, request: Request, id: str, post: str) -> Response:
    """One thread of a team, for the course staff."""
    before = request.query.get("before", "")
    found = run(scene.ports, acts.thread_of, scene.actor, scene.activity.id, id, post, before=before)
    _ = scene.reader.gettext
    back = around(scene, found.circle, _("Discussion"))
    crumbs = [*back[:-1], Crumb(_("Discussion"), f"teams/{id}/discussion")]
    return _thread(
        scene, request, found, [*crumbs, Crumb(found.first.title or _("A thread"))], may_write=False
    )


def _thread(
    scene: Scene, request: Request, found: Thread, crumbs: list[Crumb], *, may_write: bool
) -> Response:
    _ = scene.reader.gettext
    base = "discussion" if may_write else f"teams/{found.circle.team.id}/discussion"
    return page(
        scene,
        request,
        "thread.html",
        title=found.first.title or _("A thread whose first post was deleted"),
        crumbs=crumbs,
        readers=who_reads(scene, found.circle, found.mentors, found.people),
        found=found,
        base=base,
        may_write=may_write,
        first=post_line(found.first, scene, found.people, may_write=may_write),
        posts=[post_line(one, scene, found.people, may_write=may_write) for one in found.posts],
        versions=_versions(found.versions, scene.reader),
        names=_mentionable(found.circle, found.people, scene.actor.person),
    )


def post_line(post: Post, scene: Scene, people: Mapping[str, Participant], *, may_write: bool) -> PostLine:
    """A post as a page shows it."""
    reader, me = scene.reader, scene.actor.person
    _ = reader.gettext
    mine = may_write and post.author == me
    edited = ""
    if post.edited_at and not post.is_deleted:
        edited = _("changed %(moment)s", moment=reader.near(post.edited_at))
    deleted = ""
    if post.is_deleted and post.edited_at:
        deleted = _("Deleted by its writer %(moment)s.", moment=reader.near(post.edited_at))
    pinned = ""
    if post.pinned and post.pinned_at:
        pinned = _(
            "pinned by %(name)s %(moment)s",
            name=name_of(post.pinned_by, people, reader), moment=reader.near(post.pinned_at),
        )  # fmt: skip
    return PostLine(
        post.id, name_of(post.author, people, reader), mine, reader.near(post.at), edited, post.text, deleted,
        pinned, post.linked, post.linked_number,
        mine and not post.is_deleted and reader.now <= post.edit_until(), me in post.mentions,
    )  # fmt: skip


def answer(scene: Scene, request: Request, id: str) -> Next:
    """Answer in a thread."""
    do(scene, request, acts.reply, id, text=request.field("text"), linked=request.field("linked"))
    return Next(f"discussion/{id}", scene.reader.gettext("Written. Your team is told."))


def edit_form(scene: Scene, request: Request, id: str) -> Response:
    """One's own post, to change it."""
    _circle, own = run(scene.ports, acts.own_post, scene.actor, scene.activity.id, id)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "edit_post.html",
        title=_("Change your post"),
        crumbs=[
            Crumb(_("Discussion"), "discussion"),
            Crumb(own.title or _("A thread"), f"discussion/{own.first}"),
            Crumb(_("Change")),
        ],
        own=own,
    )


def edit(scene: Scene, request: Request, id: str) -> Next:
    """Change one's own post."""
    title, text = request.field("title"), request.field("text")
    changed = do(scene, request, acts.edit_post, id, text=text, title=title)
    return Next(f"discussion/{changed.first}", scene.reader.gettext("Changed."))


def delete(scene: Scene, request: Request, id: str) -> Next:
    """Delete one's own post."""
    gone = do(scene, request, acts.delete_post, id)
    return Next(
        f"discussion/{gone.first}", scene.reader.gettext("Deleted. A line says that a post was here.")
    )


def pin(scene: Scene, request: Request, id: str) -> Next:
    """Pin a post as a decision, or unpin it."""
    decided = request.field("decided") == "yes"
    pinned = do(scene, request, acts.pin, id, decided=decided)
    _ = scene.reader.gettext
    said = _("Pinned. The decision stands on your team’s page.") if decided else _("No longer a decision.")
    return Next(f"discussion/{pinned.first}", said)


def read(scene: Scene, request: Request) -> Next:
    """Note that one has read everything up to what the page showed."""
    do(scene, request, mark_read, Reading(request, scene.reader).moment("until") or scene.reader.now)
    return Next("discussion", scene.reader.gettext("Nothing is new any more."))


def mark_read(unit: UnitOfWork, actor: Actor, activity_id: str, until: datetime) -> str:
    """The mark as a plain value, which a repeated request can be given again."""
    return acts.mark_read(unit, actor, activity_id, until).isoformat()


def mentor(scene: Scene, request: Request) -> Next:
    """Add a mentor to the discussion, or take them out of it."""
    reads = request.field("reads") == "yes"
    do(scene, request, acts.add_mentor, request.field("person"), reads=reads)
    _ = scene.reader.gettext
    said = _("Added. Their name stands on top.") if reads else _("Your mentor no longer reads along.")
    return Next("discussion", said)


def decisions(scene: Scene, request: Request) -> Response:
    """All decisions of one's own team, the latest first."""
    after = request.query.get("after", "")
    found = run(scene.ports, acts.own_decisions, scene.actor, scene.activity.id, after=after)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "decisions.html",
        title=_("Decisions of %(name)s", name=found.circle.team.name),
        crumbs=[Crumb(_("Discussion"), "discussion"), Crumb(_("Decisions"))],
        readers=who_reads(scene, found.circle, found.mentors, found.people),
        found=found,
        posts=[post_line(one, scene, found.people, may_write=True) for one in found.posts],
        threads={one.id: one.first for one in found.posts},
    )


def kept(scene: Scene, request: Request) -> Response:
    """What one wrote in teams of this activity, also those one has left."""
    after = request.query.get("after", "")
    found = run(scene.ports, acts.own_past, scene.actor, scene.activity.id, after=after)
    reader = scene.reader
    _ = reader.gettext
    return page(
        scene,
        request,
        "kept.html",
        title=_("What you wrote in your teams"),
        crumbs=[Crumb(_("Who sees what you write here"), "privacy"), Crumb(_("What you wrote"))],
        found=found,
        posts=[(one, found.teams[one.team].name if one.team in found.teams else "") for one in found.posts],
        check_ins=[
            (
                row,
                found.teams[row.team].name if row.team in found.teams else "",
                [(head, row.answers.get(one, "")) for one, head in short_statements(reader).items()],
            )
            for row in found.check_ins
        ],
        opening=opening,
    )


ROUTES = (
    get("discussion", threads),
    post("discussion/new", begin, form="discussion"),
    post("discussion/read", read, form="discussion"),
    post("discussion/mentor", mentor, form="discussion"),
    get("discussion/<id>", thread),
    post("discussion/<id>/reply", answer, form="discussion/<id>"),
    get("discussion/<id>/edit", edit_form),
    post("discussion/<id>/edit", edit, form="discussion/<id>/edit"),
    post("discussion/<id>/delete", delete, form="discussion"),
    post("discussion/<id>/pin", pin, form="discussion"),
    get("decisions", decisions),
    get("kept", kept),
    get("teams/<id>/discussion", threads_of),
    get("teams/<id>/discussion/<post>", thread_of),
)
