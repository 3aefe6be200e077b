"""Teams out of the platform's own groups: choose a grouping, see what would change, carry it out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from coursecrew.app.exchange import Plan, Rejected, plan_import
from coursecrew.app.platform_groups import Proposal, propose
from coursecrew.app.ports import Grouping
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.teams import name_key
from coursecrew.ui.errors import say_problem
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.classroom import apply_count


def choose(scene: Scene, request: Request) -> Response:
    """What the platform keeps groups in."""
    require(scene.actor, Action.PLACE_PEOPLE)
    found = scene.ports.people.groupings(scene.activity.course)
    return _page(scene, request, found)


def try_or_apply(scene: Scene, request: Request) -> Response | Next:
    """Dry run of a grouping, or, when its plan was confirmed, the import itself.

    The groups are read anew for both: what is carried out is what they are now, and it is carried
    out only if that is what was shown.
    """
    require(scene.actor, Action.PLACE_PEOPLE)
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    course = scene.activity.course
    chosen = request.field("grouping")
    found = scene.ports.people.groupings(course)
    if chosen not in {one.id for one in found or ()}:
        raise Invalid(Problem("grouping", "not_a_choice"))
    proposal = propose(scene.ports, course, chosen)
    if request.field("act") == "apply" and request.field("seen") == mark(proposal):
        moved = do(scene, request, apply_count, list(proposal.rows), proposal.people)
        return Next("teams", n_("%(number)s person placed.", "%(number)s people placed.", moved))
    plan: Plan = run(scene.ports, plan_import, scene.actor, scene.activity.id, proposal.rows, proposal.people)
    changed = request.field("act") == "apply"
    return _page(scene, request, found, chosen=chosen, proposal=proposal, plan=plan, changed=changed)


def mark(proposal: Proposal) -> str:
    """A short text that differs when the groups do."""
    lines = sorted(f"{name_key(row.team)}\0{proposal.people[row.user]}" for row in proposal.rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _page(
    scene: Scene,
    request: Request,
    found: Sequence[Grouping] | None,
    *,
    chosen: str = "",
    proposal: Proposal | None = None,
    plan: Plan | None = None,
    changed: bool = False,
) -> Response:
    _ = scene.reader.gettext
    title = (
        _("Teams from groups of %(platform)s", platform=scene.shell.platform)
        if scene.shell.platform
        else _("Teams from the platform’s groups")
    )
    return page(
        scene,
        request,
        "teams_platform.html",
        title=title,
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("From the platform"))],
        given=found is not None,
        options=[(one.id, grouping_said(one, scene.reader)) for one in found or ()],
        chosen=chosen,
        proposal=proposal,
        plan=plan,
        changed=changed,
        seen=mark(proposal) if proposal else "",
        rejected=[rejection(one, scene.reader) for one in plan.rejected] if plan else [],
        names={person: name for name, person in proposal.people.items()} if proposal else {},
    )


def grouping_said(one: Grouping, reader: Reader) -> str:
    """What a grouping is called."""
    _ = reader.gettext
    if one.kind == "teams":
        return _("Teams of “%(name)s”", name=one.name)
    if one.kind == "cohorts":
        return _("Cohorts")
    if one.kind == "all":
        return _("All groups of the course")
    return _("Groups of “%(name)s”", name=one.name)


def rejection(one: Rejected, reader: Reader) -> str:
    """Why a member of a group cannot be taken, with the group."""
    if one.code == "row_second_team":
        return reader.gettext("%(name)s is in two of these groups; one team each.", name=one.row.user)
    why = say_problem(Problem("grouping", one.code, one.values), reader)
    return reader.gettext("%(group)s: %(why)s", group=one.row.team, why=why)


ROUTES = (
    get("teams/from-platform", choose),
    post("teams/from-platform", try_or_apply, form="teams/from-platform"),
)
