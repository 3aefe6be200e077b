"""Flask <-> the core: login, launch, the page behind a launch, and every request of its element."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, redirect, request
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.security import safe_join

from coursecrew import __version__
from coursecrew.app.activities import Placed
from coursecrew.app.files import open_file
from coursecrew.domain.errors import NotFound, Refusal
from coursecrew.domain.people import Actor, Role, Source
from coursecrew.domain.review_rules import TEAM_ASSIGNMENT
from coursecrew.ui import http, routes
from coursecrew.ui.errors import fault, status_of
from coursecrew.ui.reader import translations
from coursecrew.ui.render import STATIC, page_element
from coursecrew.ui.scene import Scene, Shell
from coursecrew_lti import browser, launch, messages, places
from coursecrew_lti import registration as registrations
from coursecrew_lti.browser import Session
from coursecrew_lti.config import Expired
from coursecrew_lti.launch import LARGEST_BODY, Login, Rejected
from coursecrew_lti.lti_tables import COURSE, PLACE, REGISTRATION, USER
from coursecrew_lti.pages import language, log, page, reference, refuse, tool
from coursecrew_lti.places import Here
from coursecrew_lti.platforms import family_of, origin_of, platform
from coursecrew_lti.queue import overdue
from coursecrew_lti.registration import Registration, hashed
from coursecrew_lti.tool import Tool

LOG = logging.getLogger("coursecrew")
VIEWS = Blueprint("views", __name__)
OWN_STATIC = Path(__file__).parent / "static"
LARGEST_UPLOAD = 20_000_000
FILE_LINK, FILE_SECONDS = "file", 60


# --- login ---


@VIEWS.route("/lti/login", methods=["GET", "POST"])
def login() -> Response:
    """Begin a login: a row, a cookie, and a redirect to the platform."""
    this = tool()
    asked = {**request.args.to_dict(), **request.form.to_dict()}
    try:
        g.limits.check("login")
        with this.begin() as connection:
            registration = _registration_for(connection, asked)
            begun = launch.begin_login(
                connection, registration, asked, public_url=this.config.public_url, now=this.wall()
            )
    except Rejected as rejected:
        return refuse(rejected, "login", issuer=asked.get("iss", ""))
    this.counts["login", "accepted", ""] += 1
    address = launch.authentication_address(registration, begun, this.config.public_url)
    if begun.storage_target:
        answer = page(
            "storage.html",
            target=begun.storage_target,
            origin=origin_of(registration.auth_url),
            key=_storage_key(begun),
            value=begun.state,
            next=address,
        )
        g.frames = None
    else:
        answer = _plain(redirect(address, 302))
    answer.headers.add("Set-Cookie", browser.binding_cookie(begun.state, secure=this.config.is_https))
    return answer


def _registration_for(connection: Any, asked: Mapping[str, str]) -> Registration:
    if not asked.get("iss"):
        raise Rejected("iss_missing")
    found = registrations.find(connection, asked["iss"], asked.get("client_id", ""))
    if found is None:
        raise Rejected("registration_unknown", issuer=asked["iss"], client=asked.get("client_id", ""))
    if not found.active:
        raise Rejected("registration_disabled", registration=found.id)
    return found


def _storage_key(begun: Login) -> str:
    """Under which the platform's storage keeps the state; the state itself is only its value."""
    return f"state_{hashed(begun.state)[:24]}"


# --- launch ---


@VIEWS.post("/lti/launch")
def arrive() -> Response:
    """Every LTI message: check, write down who came in and where, and go on to a page."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    this = tool()
    begun: Login | None = None
    try:
        g.limits.check("launch")
        begun, registration, bound = _consume(this)
        session, code = _let_in(this, begun, registration, bound=bound)
    except Rejected as rejected:
        answer = _refused(this, rejected)
    else:
        address = f"/open/{session.id}?code={quote(code)}"
        answer = _plain(redirect(address, 303))
        _ask_for_members(this, session)
    if begun is not None:
        gone = browser.binding_cookie(begun.state, secure=this.config.is_https, gone=True)
        answer.headers.add("Set-Cookie", gone)
    return answer


def _consume(this: Tool) -> tuple[Login, Registration, bool]:
    """Use up the login of the state, once it is clear that this browser began it.

    Without the browser's note the row is left alone, so that a forged post cannot burn it.
    """
    try:
        state = request.form.get("state", "")
    except RequestEntityTooLarge:
        raise Rejected("token_too_large") from None
    if not state:
        raise Rejected("oidc_error" if "error" in request.form else "state_missing")
    if "error" not in request.form and not request.form.get("id_token"):
        raise Rejected("token_missing")
    secure = this.config.is_https
    bound = browser.is_bound(request.cookies, state, secure=secure)
    if not bound:
        with this.begin() as connection:
            waiting = launch.look_up(connection, state, this.wall())
        if waiting is None:
            raise Rejected("state_unknown")
        if not waiting.storage_target:
            raise Rejected("browser_mismatch", registration=waiting.registration)
    with this.begin() as connection:
        begun = launch.use_up(connection, state, this.wall())
        registration = registrations.get(connection, begun.registration) if begun else None
    if begun is None or registration is None:
        raise Rejected("state_unknown")
    if "error" in request.form:
        raise Rejected("oidc_error", registration=registration.id)
    if not registration.active:
        raise Rejected("registration_disabled", registration=registration.id)
    g.registration = registration
    return begun, registration, bound


def _let_in(this: Tool, begun: Login, registration: Registration, *, bound: bool) -> tuple[Session, str]:
    """All checks of the token, then one transaction that writes everything the launch tells."""
    claims = launch.verified_claims(
        request.form["id_token"], lambda kid: this.keys.get(registration.jwks_url, kid)
    )
    g.claims = claims
    now = this.wall()
    try:
        with this.begin() as connection:
            let_in = launch.check_claims(
                claims,
                begun,
                registration,
                now=now,
                public_url=this.config.public_url,
                is_active=lambda deployment: places.is_active(connection, registration.id, deployment),
                trusted_audiences=this.config.trusted_audiences,
            )
            session = places.arrive(connection, let_in, registration, ids=this.ids, now=now)
            if not bound:
                vouched = {"target": begun.storage_target, "key": _storage_key(begun),
                           "origin": origin_of(registration.auth_url)}  # fmt: skip
                session = _with(session, storage=vouched)
            code = browser.open_session(connection, session, now=now, bound_by=None if bound else begun)
    except Rejected as rejected:
        if rejected.code == "deployment_unknown" and rejected.about.get("deployment"):
            _note_pending(this, registration, rejected.about["deployment"], claims)
        raise
    log(
        "launch", "accepted", registration=registration.id, message=let_in.message, session=session.id,
        role=session.role.value, storage="" if bound else "platform",
    )  # fmt: skip
    return session, code


def _with(session: Session, **more: Any) -> Session:
    return replace(session, message={**session.message, **more})


def _note_pending(this: Tool, registration: Registration, deployment: str, claims: Mapping[str, Any]) -> None:
    about = claims.get(launch.CLAIM + "tool_platform")
    name = about.get("name") if isinstance(about, dict) else ""
    with this.begin() as connection:
        registrations.note_pending(
            connection, registration.id, deployment, name=name if isinstance(name, str) else "",
            new_id=this.ids.new(), now=this.wall(),
        )  # fmt: skip


def _refused(this: Tool, rejected: Rejected) -> Response:
    """The page of a refusal; a known login may be begun again in a window of its own."""
    more: dict[str, Any] = {}
    claims = g.get("claims") or {}
    presentation = claims.get(launch.CLAIM + "launch_presentation")
    if isinstance(presentation, dict):
        back = presentation.get("return_url")
        more["return_url"] = back if isinstance(back, str) and origin_of(back) else ""
    if rejected.code == "browser_mismatch":
        with this.begin() as connection:
            waiting = launch.look_up(connection, request.form.get("state", ""), this.wall())
            registration = registrations.get(connection, waiting.registration) if waiting else None
        if waiting is not None and registration is not None:
            more["again"] = {
                "iss": registration.issuer, "client_id": registration.client_id,
                "login_hint": waiting.login_hint, "target_link_uri": waiting.target_link_uri,
                **({"lti_message_hint": waiting.message_hint} if waiting.message_hint else {}),
                **({"lti_deployment_id": waiting.deployment_hint} if waiting.deployment_hint else {}),
            }  # fmt: skip
    found = g.get("registration")
    if found is not None:
        rejected.about.setdefault("registration", found.id)
    return refuse(rejected, "launch", **more)


def _ask_for_members(this: Tool, session: Session) -> None:
    """Have the member list read in the background, where it is some minutes old."""
    if session.course is None or session.kind != places.ACTIVITY:
        return  # Moodle names its list only where an activity is opened, so choosing one asks for nothing
    try:
        if overdue(this, session.registration, session.course):
            this.work.ask_for_members(session.registration, session.course)
    except Exception:  # a queue that is away must not keep anybody out
        LOG.exception("event=nudge result=failed")


# --- the page behind a launch ---


@VIEWS.get("/open/<session_id>")
def opened(session_id: str) -> Response:
    """The page of a launch; it holds nothing of anybody until it has changed its code for a token."""
    this = tool()
    with this.begin() as connection:
        found = browser.waiting(connection, session_id, this.wall())
        here = _here(connection, found[0]) if found else None
    if found is None or here is None:
        return refuse(Rejected("state_unknown"), "open")
    session, unproven = found
    g.language = session.language or None
    g.frames = session.message.get("frames", [])
    storage = session.message.get("storage") if unproven else None
    title = here.place_title or "Coursecrew"
    if session.kind == places.ACTIVITY and session.place:
        element = page_element(
            base=f"/ui?activity={session.place}",
            stylesheet=f"/static/coursecrew/coursecrew.css?v={asset_version('coursecrew.css')}",
            language=language(),
            path=_first_path(session),
            token_key=f"coursecrew {session.id}",
            frame="lti",
            who=(session.person or "")[-8:],
        )
        return page("open.html", title=title, element=element, session=session.id, storage=storage)
    if session.kind == places.PICKER and session.role in (Role.INSTRUCTOR, Role.AUTHOR):
        return page(
            "picker.html", title=title, element=None, session=session.id, storage=storage,
            suggested=_suggested(session.message["deep_linking"]),
        )  # fmt: skip
    return _told(session)


def _suggested(asked: Mapping[str, Any]) -> str:
    """The name that the platform gives the new activity, unless it is only the tool's own.

    Moodle sends the tool's name, and a teacher in a hurry would keep it for every assignment.
    """
    title = str(asked.get("title") or "").strip()[:200]
    return "" if title.casefold() == "coursecrew" else title


def _first_path(session: Session) -> str:
    """Where the element begins: at the team's home or the teacher's view, as the core decides."""
    return ""


def _told(session: Session) -> Response:
    """A launch that leads to no activity: what it means, and whom to ask."""
    _ = translations(language()).gettext
    kind = session.message.get("type")
    if session.kind == places.PICKER:
        title = _("Only teachers can add an assignment to a course.")
        lines = [_("Ask the teacher of this course.")]
    elif kind in launch.PRIVACY:
        title = _("What Coursecrew keeps about you")
        lines = [
            _("Your name and mail address as your learning platform tells them, and your roles in courses."),
            _("The teams you were in, what you wrote there and when, and the grades you were given."),
            _("To have a copy or to have it removed, ask the people who run your learning platform."),
        ]
    elif kind == launch.TERMS:
        title = _("There are no terms to agree to.")
        lines = [_("Your institution decides how Coursecrew is used in its courses.")]
    elif session.role in (Role.INSTRUCTOR, Role.AUTHOR):
        title = _("This link stands outside of any course.")
        lines = [_("Add Coursecrew inside a course: choose it as an external tool, and name an assignment.")]
    else:
        title = _("This link stands outside of any course.")
        lines = [_("Open the assignment from your course. If there is none, ask your course staff.")]
    return page("message.html", title=title, lines=lines, return_url=session.message.get("return_url"))


@VIEWS.post("/lti/token")
def exchange() -> Response:
    """Change a page's one-time code for a token that stays in its tab."""
    this = tool()
    given = request.form
    with this.begin() as connection:
        token = browser.change_code(
            connection,
            given.get("session", ""),
            given.get("code", ""),
            proof=given.get("proof", ""),
            zone=messages.valid_zone(given.get("zone", "")),
            now=this.wall(),
        )
    if token is None:
        log("token", "refused", reason="code_unknown")
        return _json({"error": "code_unknown"}, 403)
    return _json({"token": token})


# --- requests of the element ---


@VIEWS.route("/ui", defaults={"path": ""}, methods=["GET", "POST"])
@VIEWS.route("/ui/", defaults={"path": ""}, methods=["GET", "POST"])
@VIEWS.route("/ui/<path:path>", methods=["GET", "POST"])
def screen(path: str) -> Response:
    """One request of one person: check the token, build the scene, let the core answer."""
    request.max_content_length = LARGEST_UPLOAD + 1_000_000
    scene = _scene()
    if scene is None:
        return _json({"error": "signed_out"}, 401)
    try:
        return _translated(routes.serve(scene, _asked(path)))
    except Refusal:
        raise
    except Exception:
        LOG.exception("event=fault reference=%s", reference())
        return _translated(fault(scene, reference()))


def held_session() -> Session | None:
    """The session whose token this request carries, in its header or, from a plain form, a field."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer":
        token = request.form.get("token", "") if request.method == "POST" else ""
    if not token:
        return None
    this = tool()
    with this.begin() as connection:
        return browser.holder_of(connection, token.strip(), this.wall())


def _scene() -> Scene | None:
    session = held_session()
    if session is None or session.kind != places.ACTIVITY or session.course is None:
        return None
    this = tool()
    with this.begin() as connection:
        here = _here(connection, session)
    return scene_of(this, here) if here is not None else None


def _here(connection: Any, session: Session) -> Here | None:
    """The names around a session; `None` once its platform is switched off."""
    row = connection.execute(
        select(
            REGISTRATION.c.active, REGISTRATION.c.name, REGISTRATION.c.family, REGISTRATION.c.issuer,
            USER.c.name.label("person_name"), USER.c.zone,
            COURSE.c.title.label("course_title"),
            PLACE.c.id.label("place"), PLACE.c.name.label("place_name"), PLACE.c.title, PLACE.c.origin,
            PLACE.c.kind,
        )
        .select_from(REGISTRATION)
        .outerjoin(USER, (USER.c.id == session.person) & (USER.c.registration == REGISTRATION.c.id))
        .outerjoin(COURSE, (COURSE.c.id == session.course) & (COURSE.c.registration == REGISTRATION.c.id))
        .outerjoin(PLACE, (PLACE.c.id == session.place) & (PLACE.c.course == COURSE.c.id))
        .where(REGISTRATION.c.id == session.registration)
    ).first()  # fmt: skip
    if row is None or not row.active:
        return None
    return Here(
        session=session, name=row.person_name or "", zone=row.zone or "",
        course_title=row.course_title or "", place=row.place or "", place_name=row.place_name or "",
        place_title=row.title or "", place_kind=row.kind or TEAM_ASSIGNMENT,
        origin=row.origin or "",
        platform=row.name or platform(row.family or family_of(row.issuer)).name,
    )  # fmt: skip


def scene_of(this: Tool, here: Here) -> Scene:
    """What the core's screens work with."""
    session = here.session
    g.language = session.language or None
    return Scene(
        ports=this.ports(session.registration),
        actor=_actor(session, here),
        placed=Placed(
            course=session.course or "",
            course_title=here.course_title,
            place=here.place,
            name=here.place_name,
            title=here.place_title,
            kind=here.place_kind,
        ),
        shell=Shell(
            heading=1,
            platform=here.platform,
            file_url=lambda file: _file_address(this, session, file),
            largest_upload=LARGEST_UPLOAD,
            privacy_url="/privacy",
        ),
    )


def _actor(session: Session, here: Here) -> Actor:
    return Actor(
        person=session.person or "",
        course=session.course or "",
        role=session.role,
        name=here.name,
        zone=session.zone or here.zone or "UTC",
        language=session.language or "en",
        source=Source.LAUNCH,
        looks_on=session.looks_on,
        may_author=session.role is Role.AUTHOR,
    )


def _asked(path: str) -> http.Request:
    return http.Request(
        method=request.method,
        path=path,
        query=request.args.to_dict(),
        form={name: request.form.getlist(name) for name in request.form if name != "token"},
        files={
            name: [http.Upload(one.filename or "", cast("BinaryIO", one.stream), _size(one)) for one in files]
            for name, files in request.files.lists()
        },
        if_none_match=request.headers.get("If-None-Match", ""),
    )


def _size(upload: FileStorage) -> int:
    upload.stream.seek(0, 2)
    size = upload.stream.tell()
    upload.stream.seek(0)
    return size


def _translated(answer: http.Response) -> Response:
    body = answer.body if isinstance(answer.body, str | bytes) else _pieces(answer.body)
    made = Response(body, answer.status, mimetype=None, content_type=answer.kind)
    for name, value in answer.headers.items():
        made.headers[name] = value
    return made


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(64 * 1024):
            yield piece


# --- files ---


def _file_address(this: Tool, session: Session, file: str) -> str:
    """An address that is good for a minute, for whoever holds this session."""
    return "/files/" + this.config.secrets.sign_at(this.wall(), FILE_LINK, session.id, file)


@VIEWS.get("/files/<link>")
def download(link: str) -> Response:
    """A file, as an attachment, to whoever may read it at this moment."""
    this = tool()
    try:
        parts = this.config.secrets.read_fresh(this.wall(), FILE_LINK, link, seconds=FILE_SECONDS)
        if parts is None:
            raise NotFound("file")
        scene = _scene_by_id(this, parts[0])
        row, content = open_file(scene.ports, scene.actor, scene.placed.course, parts[1])
    except Expired:
        return _no_file(410)
    except Refusal as refusal:
        return _no_file(status_of(refusal))
    answer = Response(_pieces(content), 200, mimetype=row.kind)
    answer.headers["Content-Length"] = str(row.size)
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"{_ascii(row.name)}\"; filename*=UTF-8''{quote(row.name, safe='')}"
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _ascii(name: str) -> str:
    return "".join(sign if " " <= sign < "\x7f" and sign not in '"\\' else "_" for sign in name)


def _scene_by_id(this: Tool, session_id: str) -> Scene:
    with this.begin() as connection:
        found = browser.waiting(connection, session_id, this.wall())
        here = _here(connection, found[0]) if found and found[0].course else None
    if here is None:
        raise NotFound("file")
    return scene_of(this, here)


def _no_file(status: int) -> Response:
    _ = translations(language()).gettext
    title = _("This link to a file is no longer good.")
    lines = [_("Links to files last a minute. Go back to the page and press it again.")]
    return page("message.html", status=status, title=title, lines=lines, return_url="")


@VIEWS.post("/files/renew")
def renew() -> Response:
    """A fresh address for a file whose former one this session was given."""
    this, session = tool(), held_session()
    if session is None:
        return _json({"error": "signed_out"}, 401)
    link = request.form.get("link", "").rpartition("/")[2]
    try:
        parts = this.config.secrets.read_fresh(this.wall(), FILE_LINK, link, seconds=24 * 3600)
    except Expired:
        parts = None
    if parts is None or parts[0] != session.id:
        return _json({"error": "unknown"}, 404)
    return _json({"link": _file_address(this, session, parts[1])})


# --- what stands still ---


@lru_cache(maxsize=64)
def asset_version(name: str) -> str:
    """A short text that changes with the file, so that it may be kept for ever."""
    for folder in (STATIC / "coursecrew", OWN_STATIC):
        if (folder / name).is_file():
            return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
    return __version__


_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def _asset(folder: Path, name: str) -> Response:
    found = safe_join(str(folder), name)
    if found is None or not Path(found).is_file() or Path(found).suffix not in _KINDS:
        raise NoSuchPage
    content = Path(found).read_bytes()
    answer = Response(content, 200, mimetype=_KINDS[Path(found).suffix])
    answer.set_etag(hashlib.sha256(content).hexdigest()[:24])
    kept = "public, max-age=31536000, immutable" if request.args.get("v") else "public, max-age=3600"
    answer.headers["Cache-Control"] = kept
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.make_conditional(request)
    return answer


@VIEWS.get("/static/coursecrew/<path:name>")
def core_static(name: str) -> Response:
    """Script and style of the element."""
    return _asset(STATIC / "coursecrew", name)


@VIEWS.get("/static/lti/<path:name>")
def own_static(name: str) -> Response:
    """Script and style of the tool's own pages."""
    return _asset(OWN_STATIC, name)


@VIEWS.get("/privacy")
def privacy() -> Response:
    """Who sees what people write here."""
    _ = translations(language()).gettext
    lines = [
        _("Your team reads and writes the same draft. Nobody else in the course can read it."),
        _("Course staff see the teams, the drafts and what is handed in; they grade it."),
        _("Your name, mail address and role come from your learning platform. Your grade goes back to it."),
        _("Nothing is sent to anybody else."),
    ]
    return page("message.html", title=_("Who sees what you write here"), lines=lines, return_url="")


# --- small helpers ---


def _json(value: Mapping[str, Any], status: int = 200) -> Response:
    answer: Response = jsonify(value)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _plain(answer: Any) -> Response:
    made: Response = answer
    made.headers["Cache-Control"] = "no-store"
    return made
