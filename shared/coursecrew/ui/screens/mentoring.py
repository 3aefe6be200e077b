"""What a mentor sees of their own teams, and where the instructor names and ends mentors."""

from __future__ import annotations

from coursecrew.app import mentoring as acts
from coursecrew.app.mentoring import MentorView
from coursecrew.app.sandbox import items_for_mentor
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.sandbox import Item
from coursecrew.domain.schedule import Window
from coursecrew.domain.submissions import WorkState
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.team import parts_of
from coursecrew.ui.screens.workspace import space_part

# --- the mentor's own pages ---


def mentoring(scene: Scene, request: Request) -> Response:
    """The teams that one mentors, each with its next step."""
    reader = scene.reader
    _, n_ = reader.gettext, reader.ngettext
    rows = run(scene.ports, acts.mentored_teams, scene.actor, scene.activity.id)
    first = min(rows, key=lambda row: (RANK[row.state], row.team.name_key))
    panel = Panel(
        _("Your next step"),
        _("Read what %(team)s is doing", team=first.team.name),
        [next_of(reader, first.state, first.window)],
        [Press(_("Open %(team)s", team=first.team.name), f"mentoring/{first.team.id}")],
        [
            Wait(
                _("Nobody waits for you."),
                sign="tick",
                quiet=True,
            )
        ],
    )
    return page(
        scene,
        request,
        "mentoring.html",
        title=n_("The team you mentor", "The %(number)s teams you mentor", len(rows)),
        crumbs=[Crumb(_("Mentoring"))],
        panel=panel,
        rows=[(row, CHIPS[row.state], next_of(reader, row.state, row.window)) for row in rows],
        words=state_words(reader),
    )


# Which state a mentor looks at first.
RANK = {
    WorkState.DRAFTING: 0, WorkState.CONFIRMING: 1, WorkState.MISSED: 2, WorkState.SUBMITTED: 3,
    WorkState.IN_REVIEW: 4, WorkState.REVIEWED: 5, WorkState.EXCUSED: 6,
}  # fmt: skip
CHIPS = {
    WorkState.DRAFTING: "now", WorkState.CONFIRMING: "waiting", WorkState.MISSED: "missed",
    WorkState.SUBMITTED: "done", WorkState.IN_REVIEW: "done", WorkState.REVIEWED: "done",
    WorkState.EXCUSED: "excused",
}  # fmt: skip


def state_words(reader: Reader) -> dict[WorkState, str]:
    """The word on the chip of each state."""
    _ = reader.gettext
    done = _("handed in")
    return {
        WorkState.DRAFTING: _("writing"),
        WorkState.CONFIRMING: _("waiting for confirmations"),
        WorkState.SUBMITTED: done,
        WorkState.IN_REVIEW: done,
        WorkState.REVIEWED: done,
        WorkState.MISSED: _("missed"),
        WorkState.EXCUSED: _("excused"),
    }


def next_of(reader: Reader, state: WorkState, window: Window) -> str:
    """What a team does next, in one sentence."""
    _ = reader.gettext
    if state is WorkState.DRAFTING and window.is_before(reader.now) and window.opens:
        return _("Writing opens on %(moment)s.", moment=reader.moment(window.opens))
    if state is WorkState.DRAFTING and window.is_over(reader.now):
        return _("Handing in is closed; what was saved counts.")
    if state is WorkState.DRAFTING:
        if window.due is None:
            return _("The team writes and hands in when it is ready.")
        return _("The team writes; due %(moment)s.", moment=reader.moment(window.due))
    return {
        WorkState.CONFIRMING: _("Somebody handed in; the others confirm or object."),
        WorkState.SUBMITTED: _("The work is handed in and is being graded."),
        WorkState.IN_REVIEW: _("The work is being read."),
        WorkState.REVIEWED: _("The work has been read."),
        WorkState.MISSED: _("Handing in closed, and nothing was handed in."),
        WorkState.EXCUSED: _("The team is excused here; nothing has to be done."),
    }[state]


def _look(unit: UnitOfWork, actor: Actor, activity_id: str, team: str) -> tuple[MentorView, list[Item]]:
    found = acts.look_as_mentor(unit, actor, activity_id, team)
    return found, items_for_mentor(unit, actor, activity_id, team)


def team(scene: Scene, request: Request, team: str) -> Response:
    """The home of a team that one mentors, reading only."""
    reader = scene.reader
    _ = reader.gettext
    found, items = run(scene.ports, _look, scene.actor, scene.activity.id, team)
    view = found.view
    writers = {row.person: row.name for row in view.people.values()}
    actions = (
        [Press(_("Read what is handed in"), f"submission/{view.submission.id}")] if view.submission else []
    )
    if not view.submission and found.reads_draft and view.draft.number:
        actions = [Press(_("Read the draft"), f"mentoring/{team}/draft")]
    panel = Panel(
        _("What the team does next"),
        state_words(reader)[view.state].capitalize(),
        [next_of(reader, view.state, view.window)],
        actions,
        [_waits_for(scene, found)],
    )
    return page(
        scene,
        request,
        "mentored_team.html",
        title=view.team.name,
        crumbs=[Crumb(_("Mentoring"), "mentoring"), Crumb(view.team.name)],
        found=found,
        view=view,
        panel=panel,
        space=space_part(scene, team),
        parts=parts_of(scene, view) if view.submission or found.reads_draft else [],
        members=[(row, view.people[row.person]) for row in view.members if row.person in view.people],
        charter=[
            (part.title, found.charter.get(part.id, ""))
            for part in scene.settings.charter.parts
            if found.charter.get(part.id, "").strip()
        ],
        items=[(item, writers.get(item.person, _("somebody"))) for item in items],
    )


def _waits_for(scene: Scene, found: MentorView) -> Wait:
    _, view = scene.reader.gettext, found.view
    if view.awaited:
        names = [view.people[person].name for person in view.awaited if person in view.people]
        return Wait(
            _("The team waits for %(names)s to confirm.", names=scene.reader.listed(names)),
            [(name, False) for name in names[:2]],
        )
    return Wait(_("You read along; nothing you see here can be changed by you."), sign="eye", quiet=True)


def draft(scene: Scene, request: Request, team: str) -> Response:
    """The draft of a team that one mentors, while the team lets mentors read it."""
    _ = scene.reader.gettext
    view = run(scene.ports, acts.draft_as_mentor, scene.actor, scene.activity.id, team)
    edited = view.work.edited_at if view.work else None
    return page(
        scene,
        request,
        "reading.html",
        title=_("Draft of %(name)s", name=view.team.name),
        crumbs=[
            Crumb(_("Mentoring"), "mentoring"), Crumb(view.team.name, f"mentoring/{team}"), Crumb(_("Draft"))
        ],
        line=(
            _("You see this as mentor. Last edit %(moment)s.", moment=scene.reader.near(edited))
            if edited
            else _("You see this as mentor. Nothing is written yet.")
        ),
        texts=view.draft.texts,
        people=[],
        back=(f"mentoring/{team}", _("Back to the team")),
    )  # fmt: skip


def version(scene: Scene, request: Request, team: str, version: str) -> Response:
    """A version that the team shared with its mentors."""
    _ = scene.reader.gettext
    view, row = run(scene.ports, acts.version_as_mentor, scene.actor, scene.activity.id, team, version)
    return page(
        scene,
        request,
        "reading.html",
        title=_("Version %(number)s", number=row.number),
        crumbs=[
            Crumb(_("Mentoring"), "mentoring"), Crumb(view.team.name, f"mentoring/{team}"),
            Crumb(_("Version %(number)s", number=row.number)),
        ],
        line=_("You see this as mentor. Saved %(moment)s.", moment=scene.reader.near(row.at)),
        texts=row.texts,
        people=[],
        back=(f"mentoring/{team}", _("Back to the team")),
    )  # fmt: skip


# --- in the team's own home ---


def let_read(scene: Scene, request: Request) -> Next:
    """The team opens or closes its draft for its mentors."""
    reads = do(scene, request, acts.let_mentor_read, reads=request.field("reads") == "yes")
    _ = scene.reader.gettext
    return Next(
        "team",
        _("Your mentor can read the draft while you write.")
        if reads
        else _("Your mentor can read the draft no longer."),
    )


# --- the instructor ---


def mentors(scene: Scene, request: Request, id: str) -> Response:
    """The mentors of a team, and a search for one more."""
    _ = scene.reader.gettext
    wanted = request.query.get("q", "").strip()
    found = run(scene.ports, acts.team_mentors, scene.actor, scene.activity.id, id, wanted)
    return page(
        scene,
        request,
        "team_mentors.html",
        title=_("Mentors of %(name)s", name=found.team.name),
        crumbs=[
            Crumb(_("Teams"), "teams"), Crumb(found.team.name, f"teams/{found.team.id}"), Crumb(_("Mentors"))
        ],
        found=found,
        wanted=wanted,
    )  # fmt: skip


def name(scene: Scene, request: Request, id: str) -> Next:
    """Make somebody the team's mentor."""
    person = request.field("person")
    if not person:
        raise NotFound("person")
    do(scene, request, acts.name_mentor, id, person)
    return Next(
        f"teams/{id}/mentors",
        scene.reader.gettext("Named. Mentor and team are told, and can see it at once."),
    )


def end(scene: Scene, request: Request, id: str, mentorship: str) -> Next:
    """End a mentorship now."""
    do(scene, request, acts.end_mentor, id, mentorship)
    return Next(
        f"teams/{id}/mentors", scene.reader.gettext("Ended. Nothing of the team is open to them any more.")
    )


ROUTES = (
    get("mentoring", mentoring),
    get("mentoring/<team>", team),
    get("mentoring/<team>/draft", draft),
    get("mentoring/<team>/versions/<version>", version),
    post("team/mentors", let_read, form="team"),
    get("teams/<id>/mentors", mentors),
    post("teams/<id>/mentors", name, form="teams/<id>/mentors"),
    post("teams/<id>/mentors/<mentorship>/end", end, form="teams/<id>/mentors"),
)
