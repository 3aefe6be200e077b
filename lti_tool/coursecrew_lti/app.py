"""`create_app` wires everything; the headers that protect every page."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from coursecrew.ui.reader import translations
from coursecrew_lti import admin, deep_linking, notices, operations, pages, views
from coursecrew_lti import registration as registrations
from coursecrew_lti.config import Config, WrongSettings, from_environ
from coursecrew_lti.limits import Limits, OfAddress
from coursecrew_lti.migrations import migrate
from coursecrew_lti.pages import language, page, reference
from coursecrew_lti.tool import Tool, make_tool

LOG = logging.getLogger("coursecrew")
REGISTRATIONS_PER_MINUTE = 60


def create_app(config: Config | None = None, *, tool: Tool | None = None) -> Flask:
    """The tool as a WSGI application; `tool` is given where clocks or clients are not the usual ones."""
    check_installation()
    this = tool or make_tool(config or from_environ())
    prepare(this)
    return wire(this)


def wire(this: Tool) -> Flask:
    """The application over a tool whose database is ready."""
    app = Flask("coursecrew_lti", static_folder=None)
    app.extensions["coursecrew"] = this
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000  # uploads and launches have limits of their own
    app.config["MAX_FORM_MEMORY_SIZE"] = 4_000_000
    for blueprint in (
        views.VIEWS, deep_linking.PICKER, notices.PAGES, operations.OPERATIONS, admin.ADMIN,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    most = {
        "login": this.config.launches_per_minute,
        "launch": this.config.launches_per_minute,
        "registration": REGISTRATIONS_PER_MINUTE,
    }
    limits = Limits(lambda: this.wall().timestamp(), most)

    @app.before_request
    def count() -> None:
        g.limits = OfAddress(limits, request.remote_addr or "")

    app.after_request(protect)
    app.jinja_env.globals["asset_version"] = views.asset_version
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    if this.config.proxies:
        hops = this.config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def check_installation() -> None:
    """Refuse to start where two distributions fill the same folder: which one runs would be chance."""
    try:
        importlib.metadata.version("pylti1p3")
    except importlib.metadata.PackageNotFoundError:
        return
    raise WrongSettings(
        "Both pylti1p3 and pylti1p3next are installed, and they fill the same folder. "
        "Remove both, then install pylti1p3next again."
    )


def prepare(this: Tool) -> None:
    """Bring the database to this version, and see that there are keys to sign with."""
    migrate(this.engine)
    with this.begin() as connection:
        registrations.ensure_keys(
            connection, this.config.secrets, ids=[this.ids.new(), this.ids.new()], now=this.wall()
        )


def protect(answer: Response) -> Response:
    """Headers of every answer; a page may be framed only by the platform that it belongs to."""
    this_nonce = g.get("nonce")
    script = "'self'" + (f" 'nonce-{this_nonce}'" if this_nonce else "")
    frames = _sources(g.get("frames", ()), nobody="'none'")
    # A page that hands over to the platform may be led on from there, and browsers count each step.
    forms = "" if g.get("hands_over") else " form-action 'self';"
    if answer.headers.get("Content-Disposition", "").startswith("attachment"):
        policy = "default-src 'none'; sandbox"
    else:
        policy = (
            f"default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; "
            f"font-src 'self'; connect-src 'self';{forms} base-uri 'none'"
        )
        policy += f"; frame-ancestors {frames}" if frames else ""
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "unsafe-none")
    if pages.tool().config.is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return answer


def _sources(origins: Sequence[str] | None, *, nobody: str) -> str:
    """Origins for `frame-ancestors`; `None` stands for a page that does nothing and says so to anybody."""
    if origins is None:
        return ""
    return " ".join(["'self'", *origins]) if origins else nobody


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400 or request.path.startswith(("/ui", "/lti/token")):
        return error
    _ = translations(language()).gettext
    lines = [_("Go back to your course and open it from there.")]
    titles = {404: _("There is no such page here."), 413: _("That was more than we take at once.")}
    title = titles.get(error.code, _("That cannot be done here."))
    g.frames = None
    return page("message.html", status=error.code, title=title, lines=lines, return_url="")


def _fault(error: Exception) -> Response:
    LOG.exception("event=fault path=%s reference=%s", request.path, reference(), exc_info=error)
    _ = translations(language()).gettext
    title = _("Something went wrong on our side (reference %(reference)s).") % {"reference": reference()}
    g.frames = None
    return page("message.html", status=500, title=title, lines=[_("Try again in a moment.")], return_url="")
