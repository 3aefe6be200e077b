"""What a team agrees on: read it, sign it, change it; its versions; and who has which role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from coursecrew.app import charters as acts
from coursecrew.app import team_roles
from coursecrew.app.charters import CharterView
from coursecrew.app.team_roles import RolesView
from coursecrew.app.teams import members_of
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Settings
from coursecrew.domain.charters import CharterVersion, RoleTurn
from coursecrew.domain.errors import NotFound
from coursecrew.domain.people import Participant
from coursecrew.domain.wishes import CharterPart
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene


@dataclass(frozen=True)
class Place:
    """A part that two people wrote differently: both texts, and the one before."""

    part: str
    title: str
    yours: str
    theirs: str
    before: str


def charter(scene: Scene, request: Request) -> Response:
    """The charter to read and sign, and the form to change it; both texts where two changed it."""
    reader = scene.reader
    _, n_ = reader.gettext, reader.ngettext
    own = run(scene.ports, acts.own_charter, scene.actor, scene.activity.id)
    view, team = own.view, own.here.team
    if team is None or not (view.asked or view.version):
        raise NotFound("charter")
    places = _places(scene)
    if places:
        return page(
            scene,
            request,
            "charter_overlap.html",
            title=n_(
                "Choose what should stand in %(number)s place",
                "Choose what should stand in %(number)s places",
                len(places),
            ),
            crumbs=[Crumb(_("Charter"), "charter"), Crumb(_("Choose"))],
            places=places,
            seen=scene.refusal.values["seen"] if scene.refusal else 0,
            others=_other_texts(scene, request, places),
        )
    me = scene.actor.person
    return page(
        scene,
        request,
        "charter.html",
        title=_("Charter of %(name)s", name=team.name),
        crumbs=[Crumb(_("Charter"))],
        own=own,
        view=view,
        standing=standing(view, reader),
        parts=parts_of(scene.settings, view.version),
        signed_by_me=bool(view.signed and me in view.signed),
        writer=own.people[view.version.by].name
        if view.version and view.version.by in own.people
        else _("somebody"),
        rows=[
            (
                own.people[row.person].name,
                row.person == me,
                row.person in view.active,
                (view.signed or {}).get(row.person),
            )
            for row in own.members
            if row.person in own.people
        ],
    )


def parts_of(settings: Settings, version: CharterVersion | None) -> list[tuple[CharterPart, str]]:
    """The parts that are asked for, each with its text."""
    texts = version.texts if version else {}
    return [(part, texts.get(part.id, "")) for part in settings.charter.parts]


def standing(view: CharterView, reader: Reader) -> tuple[str, str]:
    """Chip and word for where a charter stands."""
    _ = reader.gettext
    if view.version is None:
        return "not-yet", _("Not written yet")
    of = len(view.active)
    have = of - len(view.missing)
    if view.is_signed:
        return "done", _("Signed by all")
    return "waiting", _("Signed by %(have)s of %(of)s", have=have, of=of)


def _places(scene: Scene) -> list[Place]:
    if scene.refusal is None or scene.refusal.values.get("what") != "charter":
        return []
    titles = {part.id: part.title for part in scene.settings.charter.parts}
    return [
        Place(c["place"], titles.get(c["place"], ""), c["yours"], c["theirs"], c["before"])
        for c in scene.refusal.values.get("clashes", ())
    ]


def _other_texts(scene: Scene, request: Request, places: list[Place]) -> dict[str, str]:
    """What stands the same in both, sent along so that nothing of it is lost."""
    open_ = {place.part for place in places}
    return {
        part.id: request.field(f"text-{part.id}")
        for part in scene.settings.charter.parts
        if part.id not in open_ and f"text-{part.id}" in request.form
    }


def save(scene: Scene, request: Request) -> Next:
    """Save the charter; whoever saves signs by it."""
    _ = scene.reader.gettext
    seen = Reading(request, scene.reader).whole("seen")
    saved = do(scene, request, acts.save_charter, _texts(scene, request), seen=seen)
    return Next(
        "charter",
        _("Saved as version %(number)s, and signed by you. The others are asked.", number=saved.number),
    )


def _texts(scene: Scene, request: Request) -> dict[str, str]:
    texts = {}
    for part in scene.settings.charter.parts:
        choice = request.field(f"choice-{part.id}")
        yours, theirs = request.field(f"yours-{part.id}"), request.field(f"theirs-{part.id}")
        if choice == "theirs":
            texts[part.id] = theirs
        elif choice == "yours":
            texts[part.id] = yours
        elif choice == "both":
            texts[part.id] = f"{yours}\n\n{theirs}"
        elif f"text-{part.id}" in request.form:
            texts[part.id] = request.field(f"text-{part.id}")
    return {id: text.replace("\r\n", "\n") for id, text in texts.items()}


def sign(scene: Scene, request: Request) -> Next:
    """Sign the version that was read."""
    seen = Reading(request, scene.reader).whole("seen")
    signed = do(scene, request, acts.sign_charter, seen=seen)
    return Next("charter", scene.reader.gettext("You have signed version %(number)s.", number=signed.number))


def versions(scene: Scene, request: Request) -> Response:
    """The versions of the charter, the newest first."""
    _ = scene.reader.gettext
    rows, people = run(scene.ports, acts.charter_versions, scene.actor, scene.activity.id)
    return page(
        scene,
        request,
        "charter_versions.html",
        title=_("Versions of the charter"),
        crumbs=[Crumb(_("Charter"), "charter"), Crumb(_("Versions"))],
        rows=[(row, people.get(row.by)) for row in rows],
    )


def version(scene: Scene, request: Request, id: str) -> Response:
    """One version to read, with who signed it."""
    reader = scene.reader
    _ = reader.gettext
    row, team, people, signed = run(
        scene.ports, acts.read_charter_version, scene.actor, scene.activity.id, id
    )
    members = {one.person for one in run(scene.ports, members_of, team.id)}
    title = _("Charter of %(name)s, version %(number)s", name=team.name, number=row.number)
    mine = scene.actor.person in members
    if mine:
        back = ("charter/versions", _("Back to the versions"))
        crumbs = [Crumb(_("Charter"), "charter"), Crumb(_("Versions"), "charter/versions")]
    elif scene.actor.is_staff:
        back = (f"teams/{team.id}", _("Back to the team"))
        crumbs = [Crumb(_("Teams"), "teams"), Crumb(team.name, f"teams/{team.id}")]
    else:
        back = (f"mentoring/{team.id}", _("Back to the team"))
        crumbs = [Crumb(team.name, f"mentoring/{team.id}")]
    return page(
        scene,
        request,
        "charter_version.html",
        title=title,
        crumbs=[*crumbs, Crumb(_("Version %(number)s", number=row.number))],
        row=row,
        parts=parts_of(scene.settings, row),
        writer=people[row.by].name if row.by in people else _("somebody"),
        signatures=signatures(signed, people, reader),
        back=back,
    )


def signatures(
    signed: Mapping[str, datetime], people: Mapping[str, Participant], reader: Reader
) -> list[tuple[str, str]]:
    """Names and moments of signatures, the first one first."""
    rows = sorted(signed.items(), key=lambda item: (item[1], item[0]))
    unknown = reader.gettext("former member")
    return [(people[person].name if person in people else unknown, reader.moment(at)) for person, at in rows]


# --- roles ---


def roles(scene: Scene, request: Request) -> Response:
    """Who has which role, the press that moves each on, and the record."""
    _ = scene.reader.gettext
    view: RolesView = run(scene.ports, team_roles.look_at_roles, scene.actor, scene.activity.id)
    if not (view.roles or view.record):
        raise NotFound("page")
    nobody = [("", _("nobody"))]
    return page(
        scene,
        request,
        "roles.html",
        title=_("Roles in %(name)s", name=view.team.name),
        crumbs=[Crumb(_("Roles"))],
        view=view,
        choices=nobody
        + [(person, view.people[person].name) for person in view.active if person in view.people],
        may_rotate=bool(scene.settings.team_roles) and len(view.active) > 1,
        record=record_rows(view.record, view.people, scene.reader),
    )


def record_rows(
    record: Iterable[RoleTurn], people: Mapping[str, Participant], reader: Reader
) -> list[tuple[str, str, str, str]]:
    """The record of turns in words: role, who, from when, until when."""
    unknown, now = reader.gettext("former member"), reader.gettext("now")
    return [
        (
            turn.role,
            people[turn.person].name if turn.person in people else unknown,
            reader.moment(turn.since),
            reader.moment(turn.until) if turn.until else now,
        )
        for turn in record
    ]


def give(scene: Scene, request: Request) -> Next:
    """Say who has which role."""
    reading = Reading(request, scene.reader)
    wanted = {}
    for number in range(1, 41):
        role = reading.text(f"name-{number}")
        if role:
            wanted[role] = reading.text(f"role-{number}")
    do(scene, request, team_roles.give_roles, wanted, seen=reading.text("seen") or None)
    return Next("roles", scene.reader.gettext("Saved. The team is told."))


def rotate(scene: Scene, request: Request) -> Next:
    """Move each role to the next member."""
    seen = request.field("seen") or None
    do(scene, request, team_roles.rotate_roles, seen=seen)
    return Next("roles", scene.reader.gettext("Moved on. Each role is with the next member."))


ROUTES = (
    get("charter", charter),
    post("charter", save, form="charter"),
    post("charter/sign", sign, form="charter"),
    get("charter/versions", versions),
    get("charter/versions/<id>", version),
    get("roles", roles),
    post("roles", give, form="roles"),
    post("roles/rotate", rotate, form="roles"),
)
