"""The operator's page: platforms, places that wait to be let in, and registration addresses.

It is opened by a one-time address from `coursecrew-lti admin-link` and needs no cookie: each form
carries the token, so that no other page can act for an operator.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from coursecrew.ui.reader import translations
from coursecrew_lti import registration as registrations
from coursecrew_lti.config import Expired
from coursecrew_lti.launch import Rejected
from coursecrew_lti.operations import checks
from coursecrew_lti.pages import language, log, page, refuse, tool
from coursecrew_lti.tool import Tool

ADMIN = Blueprint("admin", __name__)
PURPOSE = "admin"
LINK_LASTS = timedelta(minutes=30)
SESSION_SECONDS = 3600


def admin_address(this: Tool) -> str:
    """A one-time address of the page."""
    with this.begin() as connection:
        secret = registrations.invite(connection, PURPOSE, this.wall(), LINK_LASTS)
    return f"{this.config.public_url}/admin/{secret}"


def registration_address(this: Tool) -> str:
    """A one-time address that a platform's administrator pastes into its registration form."""
    with this.begin() as connection:
        secret = registrations.invite(connection, "registration", this.wall())
    return f"{this.config.public_url}/lti/register?invite={secret}"


@ADMIN.get("/admin/<secret>")
def enter(secret: str) -> Response:
    """A button: looking at the address does not use it up."""
    _ = translations(language()).gettext
    return page("admin_enter.html", title=_("Coursecrew: for whoever runs it"), secret=secret)


@ADMIN.post("/admin")
def act() -> Response:
    """Show the page, after doing what its form asked."""
    this = tool()
    try:
        token = _token(this)
    except Rejected as rejected:
        return refuse(rejected, "admin")
    made = _do(this)
    return page("admin.html", token=token, made=made, **_seen(this))


def _token(this: Tool) -> str:
    given = request.form.get("token", "")
    if given:
        try:
            if this.config.secrets.read_fresh(this.wall(), PURPOSE, given, seconds=SESSION_SECONDS):
                return given
        except Expired:
            pass
        raise Rejected("state_unknown")
    with this.begin() as connection:
        if not registrations.use_invite(connection, PURPOSE, request.form.get("secret", ""), this.wall()):
            raise Rejected("state_unknown")
    return this.config.secrets.sign_at(this.wall(), PURPOSE, this.ids.new())


def _do(this: Tool) -> str:
    """What a form asked for; returns an address to show, where one was made."""
    asked, id, deployment = (request.form.get(name, "") for name in ("act", "registration", "deployment"))
    if asked == "link":
        return registration_address(this)
    if asked in ("switch_on", "switch_off"):
        with this.begin() as connection:
            registrations.switch(connection, id, active=asked == "switch_on")
    elif asked in ("let_in", "keep_out"):
        state = registrations.ACTIVE if asked == "let_in" else registrations.PENDING
        with this.begin() as connection:
            known = {row.deployment for row in registrations.deployments(connection, id)}
            if deployment in known:
                registrations.set_deployment(
                    connection, id, deployment, state, new_id=this.ids.new(), now=this.wall()
                )
    else:
        return ""
    log("admin", "accepted", act=asked, registration=id, deployment=deployment)
    return ""


def _seen(this: Tool) -> dict[str, Any]:
    with this.begin() as connection:
        platforms = [
            {"platform": one, "deployments": registrations.deployments(connection, one.id)}
            for one in registrations.find_all(connection)
        ]
    for one in platforms:
        one["keys_age"] = this.keys.age(one["platform"].jwks_url)  # type: ignore[attr-defined]
    return {"platforms": platforms, "checks": checks(this)}
