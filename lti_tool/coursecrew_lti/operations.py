"""For operators and platforms: keys, configuration, dynamic registration, notices, health."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, g, request
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from coursecrew import __version__
from coursecrew.ui.reader import translations
from coursecrew_lti import launch, places
from coursecrew_lti import registration as registrations
from coursecrew_lti.launch import LARGEST_BODY, Rejected
from coursecrew_lti.lti_tables import DEPLOYMENT, NOTICE, REGISTRATION
from coursecrew_lti.migrations import is_current
from coursecrew_lti.outgoing import Unreachable
from coursecrew_lti.pages import language, log, page, refuse, tool
from coursecrew_lti.platforms import origin_of
from coursecrew_lti.registration import Registration, WrongConfiguration
from coursecrew_lti.tables import TABLES
from coursecrew_lti.tool import Tool

OPERATIONS = Blueprint("operations", __name__)
MOST_NOTICES = 50


@OPERATIONS.get("/lti/jwks")
def jwks() -> Response:
    """Our public keys, the next one among them, so that a rotation surprises nobody."""
    this = tool()
    with this.begin() as connection:
        keys = [dict(key.public) for key in registrations.tool_keys(connection, this.wall())]
    answer = _json({"keys": keys})
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@OPERATIONS.get("/lti/canvas.json")
def canvas() -> Response:
    """What a Canvas administrator names as the address of the tool's configuration."""
    return _json(registrations.canvas_configuration(tool().config))


@OPERATIONS.get("/lti/register")
def register() -> Response:
    """Dynamic registration; the address is public, so it works only with a one-time invitation."""
    this = tool()
    secret, address = request.args.get("invite", ""), request.args.get("openid_configuration", "")
    g.frames = [origin_of(address)] if origin_of(address) else []
    try:
        g.limits.check("registration")
        with this.begin() as connection:
            if not registrations.use_invite(connection, "registration", secret, this.wall()):
                raise Rejected("invite")
    except Rejected as rejected:
        return refuse(rejected, "registration")
    _ = translations(language()).gettext
    try:
        registration = _register(this, address, request.args.get("registration_token", ""))
    except (Unreachable, WrongConfiguration) as error:
        reason = error.reason if isinstance(error, Unreachable) else "wrong_configuration"
        log("registration", "refused", reason=reason, address=address)
        with this.begin() as connection:  # nothing came of it, so the invitation stays good
            registrations.renew_invite(connection, "registration", secret, this.wall())
        lines = [
            str(error) if isinstance(error, WrongConfiguration) else _("The platform gave no usable answer."),
            _("The address you used is still good. Try again."),
        ]
        return page(
            "message.html", status=400, title=_("Nothing was registered."), lines=lines, return_url=""
        )
    log("registration", "accepted", registration=registration.id, issuer=registration.issuer)
    lines = [_("Your learning platform may ask you to switch the tool on before teachers can add it.")]
    return page("done.html", title=_("Coursecrew is registered."), lines=lines)


def _register(this: Tool, address: str, token: str) -> Registration:
    endpoints, deployment = registrations.register_with(this.config, this.outgoing, address, token)
    with this.begin() as connection:
        return registrations.register(
            connection,
            endpoints,
            new_id=this.ids.new(),
            now=this.wall(),
            deployments=[(this.ids.new(), deployment)] if deployment else [],
        )


# --- notices of platforms ---


@OPERATIONS.post("/lti/notices")
def receive() -> Response:
    """Notices, each checked like a launch and kept once; the answer is quick, work comes later."""
    request.max_content_length = LARGEST_BODY
    this = tool()
    told = request.get_json(silent=True)
    notices = told.get("notices") if isinstance(told, dict) else None
    if not isinstance(notices, list) or len(notices) > MOST_NOTICES:
        return _json({"error": "malformed"}, 400)
    try:
        g.limits.check("launch")
        for notice in notices:
            _note(this, notice.get("jwt") if isinstance(notice, dict) else None)
    except Rejected as rejected:
        log("notice", "refused", reason=rejected.code, **rejected.about)
        return _json({"error": rejected.code}, rejected.status)
    return _json({})


def _note(this: Tool, token: Any) -> None:
    if not isinstance(token, str):
        raise Rejected("token_missing")
    registration = _issuer_of(this, token)
    claims = launch.verified_claims(token, lambda kid: this.keys.get(registration.jwks_url, kid))
    now = this.wall()
    launch.check_parties(claims, registration, this.config.trusted_audiences)
    launch.check_times(claims, now)
    notice = claims.get(launch.CLAIM + "notice")
    deployment = claims.get(launch.CLAIM + "deployment_id")
    if claims.get(launch.CLAIM + "version") != "1.3.0":
        raise Rejected("version")
    if not isinstance(notice, dict) or not all(isinstance(notice.get(n), str) for n in ("id", "type")):
        raise Rejected("claim_missing")
    if len(notice["id"]) > launch.LONGEST_ID:
        raise Rejected("id_length")
    with this.begin() as connection:
        if not isinstance(deployment, str) or not places.is_active(connection, registration.id, deployment):
            raise Rejected("deployment_unknown")
        told = {name: claims.get(launch.CLAIM + name) for name in ("context", "origin_contexts")}
        detail = {name: value for name, value in told.items() if value is not None}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        fresh = connection.execute(
            dialect.insert(NOTICE)
            .values(
                id=this.ids.new(), registration=registration.id, notice=notice["id"],
                kind=notice["type"][:80], detail=detail, at=now,
            )
            .on_conflict_do_nothing()
        ).rowcount  # fmt: skip
    log("notice", "accepted" if fresh else "repeated", registration=registration.id, kind=notice["type"])


def _issuer_of(this: Tool, token: str) -> Registration:
    """Whose keys to try, by what the token says of itself; nothing else of it is believed yet."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if len(token) > launch.LARGEST_TOKEN:
        raise Rejected("token_too_large")
    try:
        said = json.loads(jws.extract_compact(token.encode("ascii")).payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Rejected("token_malformed") from None
    issuer = said.get("iss") if isinstance(said, dict) else None
    audience = said.get("aud") if isinstance(said, dict) else None
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(issuer, str) or not isinstance(audiences, list):
        raise Rejected("token_malformed")
    with this.begin() as connection:
        for client in audiences[:5]:
            found = (
                registrations.find(connection, issuer, client) if isinstance(client, str) and client else None
            )
            if found is not None and found.active:
                return found
    raise Rejected("registration_unknown", issuer=issuer)


# --- health ---


@OPERATIONS.get("/healthz")
def healthy() -> Response:
    """The process lives."""
    return _json({"ok": True, "version": __version__})


@OPERATIONS.get("/readyz")
def ready() -> Response:
    """The process can serve: its database answers and has this version's tables."""
    found = checks(tool())
    good = all(value == "ok" for value in found.values())
    return _json({"ok": good, **found}, 200 if good else 503)


def checks(this: Tool) -> dict[str, str]:
    """What the tool stands on, each "ok" or a word for what is wrong."""
    found = {}
    try:
        with this.begin() as connection:
            connection.execute(text("SELECT 1"))
        found["database"] = "ok"
        found["tables"] = "ok" if is_current(this.engine) else "not_migrated"
    except SQLAlchemyError:
        found["database"] = "unreachable"
    try:
        this.work.waiting()
        found["queue"] = "ok"
    except Exception:  # noqa: BLE001 - each queue has errors of its own, and all mean the same here
        found["queue"] = "unreachable"
    return found


@OPERATIONS.get("/metrics")
def metrics() -> Response:
    """Counts for a monitoring system, in the form of Prometheus; nothing about anybody."""
    return Response("".join(f"{line}\n" for line in _lines(tool())), mimetype="text/plain")


def _lines(this: Tool) -> Iterable[str]:
    yield "# TYPE coursecrew_decisions_total counter"
    for (event, result, reason), count in sorted(this.counts.items()):
        yield f'coursecrew_decisions_total{{event="{event}",result="{result}",reason="{reason}"}} {count}'
    yield "# TYPE coursecrew_waiting gauge"
    for table, column in (("gradebook_cell", "state"), ("event", "state"), ("notice", "mail")):
        rows = TABLES[f"coursecrew_{table}"]
        with this.begin() as connection:
            count = connection.execute(
                select(func.count()).select_from(rows).where(rows.c[column] == "waiting")
            ).scalar_one()
        yield f'coursecrew_waiting{{what="{table}"}} {count}'
    try:
        yield f'coursecrew_waiting{{what="task"}} {this.work.waiting()}'
    except Exception:  # noqa: BLE001 - a queue that is away is told by /readyz
        return
    with this.begin() as connection:
        pending = connection.execute(
            select(func.count()).select_from(DEPLOYMENT).where(DEPLOYMENT.c.state == registrations.PENDING)
        ).scalar_one()
        platforms = connection.execute(select(func.count()).select_from(REGISTRATION)).scalar_one()
    yield "# TYPE coursecrew_platforms gauge"
    yield f"coursecrew_platforms {platforms}"
    yield "# TYPE coursecrew_deployments_pending gauge"
    yield f"coursecrew_deployments_pending {pending}"


def _json(value: Any, status: int = 200) -> Response:
    return Response(
        json.dumps(value), status, mimetype="application/json", headers={"Cache-Control": "no-store"}
    )
