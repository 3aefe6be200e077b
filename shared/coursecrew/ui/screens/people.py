"""People: everybody in the course with role and where it comes from; staff name TAs and exclude."""

from __future__ import annotations

from coursecrew.app.activities import team_set_of
from coursecrew.app.people import exclude, include, list_people, name_ta, sync_roster, unname_ta
from coursecrew.app.teams import participant_of, team_rows
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import Invalid, NotFound, Problem
from coursecrew.domain.people import Actor, Participant, Role, Source
from coursecrew.domain.permissions import Action, is_allowed, require
from coursecrew.domain.teams import Team
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene

PAGE = 50
MOST_SEARCHED = 2_000


def people(scene: Scene, request: Request) -> Response:
    """Everybody in the course, a page at a time, or those whose name holds the words searched."""
    search, after = request.query.get("search", "").strip(), request.query.get("after", "")
    limit = MOST_SEARCHED if search else PAGE
    rows = run(scene.ports, list_people, scene.actor, search=search, after=after, limit=limit)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "people.html",
        title=_("People"),
        crumbs=[Crumb(_("People"))],
        rows=rows[:PAGE],
        search=search,
        more=rows[-1].id if len(rows) == PAGE and not search else "",
        role=lambda person: role_said(person, scene.reader),
        source=lambda person: source_said(person, scene.reader),
        may_name=is_allowed(scene.actor, Action.NAME_STAFF),
    )


def role_said(person: Participant, reader: Reader) -> str:
    """Somebody's role in words, the named one first."""
    _ = reader.gettext
    words = {
        Role.LEARNER: _("learner"),
        Role.TA: _("teaching assistant"),
        Role.INSTRUCTOR: _("instructor"),
        Role.AUTHOR: _("author"),
        Role.ADMIN: _("administrator"),
        Role.OBSERVER: _("observer, no rights"),
    }
    if person.looks_on:
        return _("test student, looks around only")
    if person.effective_role is Role.LEARNER and person.once_staff:
        return _("once staff, looks around only")
    return words[person.effective_role]


def source_said(person: Participant, reader: Reader) -> str:
    """Where the role comes from."""
    _ = reader.gettext
    if person.named_role is not None and person.effective_role is person.named_role:
        n_ = reader.ngettext
        if person.teams:
            return n_(
                "named here, for %(number)s team", "named here, for %(number)s teams", len(person.teams)
            )
        return _("named here, for all teams")
    return {
        Source.LAUNCH: _("came in from the course"),
        Source.ROSTER: _("from the member list"),
        Source.CSV: _("from a file"),
        Source.NAMED: _("named here"),
    }[person.source]


def person(scene: Scene, request: Request, person: str) -> Response:
    """One person, with what staff can do."""

    def read(unit: UnitOfWork, actor: Actor) -> tuple[Participant, list[Team]]:
        require(actor, Action.NAME_STAFF)
        found = participant_of(unit, actor.course, person)
        if found is None:
            raise NotFound("person")
        rows = team_rows(unit, actor.course, team_set_of(unit, scene.activity), limit=200)
        return found, [row.team for row in rows]

    found, teams = run(scene.ports, read, scene.actor)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "person.html",
        title=found.name or _("No name"),
        crumbs=[Crumb(_("People"), "people"), Crumb(found.name)],
        person=found,
        teams=teams,
        role=role_said(found, scene.reader),
        source=source_said(found, scene.reader),
    )


def name(scene: Scene, request: Request, person: str) -> Next:
    """Make somebody a TA, for all teams or for those ticked."""
    only = Reading(request, scene.reader).many("team") if request.field("scope") == "some" else []
    if request.field("scope") == "some" and not only:
        # No team ticked must not come to mean all teams.
        require(scene.actor, Action.NAME_STAFF)
        raise Invalid(Problem("team", "not_a_choice"))
    named = do(scene, request, name_ta, person, teams=only)
    return Next("people", scene.reader.gettext("%(name)s is a teaching assistant now.", name=named.name))


def unname(scene: Scene, request: Request, person: str) -> Next:
    """Take the role back."""
    former = do(scene, request, unname_ta, person)
    return Next(
        "people", scene.reader.gettext("%(name)s is no teaching assistant any more.", name=former.name)
    )


def exclude_now(scene: Scene, request: Request, person: str) -> Next:
    """Take somebody out of teams, counts and gradebook."""
    out = do(scene, request, exclude, person, reason=request.field("reason"))
    return Next(
        "people", scene.reader.gettext("%(name)s is excluded. Nothing of theirs is deleted.", name=out.name)
    )


def include_now(scene: Scene, request: Request, person: str) -> Next:
    """Take an exclusion back."""
    back = do(scene, request, include, person)
    return Next("people", scene.reader.gettext("%(name)s takes part again.", name=back.name))


def sync(scene: Scene, request: Request) -> Next:
    """Read the platform's member list now."""
    require(scene.actor, Action.NAME_STAFF)
    change = sync_roster(scene.ports, scene.activity.course)
    n_ = scene.reader.ngettext
    return Next(
        "people",
        n_(
            "The member list has %(number)s person; %(added)s new, %(gone)s gone.",
            "The member list has %(number)s people; %(added)s new, %(gone)s gone.",
            change.seen,
            added=change.added,
            gone=change.gone,
        ),
    )


ROUTES = (
    get("people", people),
    post("people/sync", sync, form="people"),
    get("people/<person>", person),
    post("people/<person>/name", name, form="people/<person>"),
    post("people/<person>/unname", unname, form="people/<person>"),
    post("people/<person>/exclude", exclude_now, form="people/<person>"),
    post("people/<person>/include", include_now, form="people/<person>"),
)
