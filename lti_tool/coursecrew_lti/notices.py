"""Mail by SMTP, the addresses in it, and the page that stops it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from flask import Blueprint, Response, current_app, request
from sqlalchemy import select

from coursecrew.app.people import stop_mail
from coursecrew.app.ports import Mail, Mailer
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.ui.mail import UNSUBSCRIBE, unsubscribe_page
from coursecrew_lti.lti_tables import COURSE, REGISTRATION, USER
from coursecrew_lti.platforms import platform

if TYPE_CHECKING:
    from coursecrew_lti.config import Config
    from coursecrew_lti.tool import Tool

SECONDS = 20
PORTS = {"smtp": 25, "smtps": 465}


class Post:
    """Sends letters to addresses, by the SMTP server of `COURSECREW_SMTP_URL`.

    `smtp://name:word@host:587` changes to TLS where the server offers it; `smtps://` begins with it.
    """

    def __init__(self, config: Config) -> None:
        self._parts = urlsplit(config.smtp_url)
        host = urlsplit(config.public_url).hostname or "localhost"
        self._sender = config.mail_from or f"Coursecrew <no-reply@{host}>"

    def send(self, address: str, mail: Mail) -> None:
        """Hand a letter to the server; `PlatformUnreachable` if it does not take it now."""
        letter = self._written(address, mail)
        try:
            with self._server() as server:
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused:
            raise PlatformUnreachable(what="mail", reason="address refused") from None
        except (OSError, smtplib.SMTPException) as error:
            raise PlatformUnreachable(what="mail", reason=type(error).__name__) from None

    def _server(self) -> smtplib.SMTP:
        parts = self._parts
        host, port = parts.hostname or "localhost", parts.port or PORTS.get(parts.scheme, 25)
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server

    def _written(self, address: str, mail: Mail) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = self._sender
        letter["To"] = address
        letter["Subject"] = " ".join(mail.subject.split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = make_msgid(domain="coursecrew")
        letter["Auto-Submitted"] = "auto-generated"
        if mail.unsubscribe:
            letter["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        letter.set_content(mail.text)
        letter.add_alternative(mail.html, subtype="html")
        return letter


class LtiMailer:
    """`Mailer` for the people of one registration: the address is looked up at the last moment."""

    def __init__(self, tool: Tool, registration: str) -> None:
        self._tool = tool
        self._registration = registration

    def send(self, person: str, mail: Mail) -> str:
        """Send, and return "sent", or "no_address"."""
        with self._tool.begin() as connection:
            address = connection.execute(
                select(USER.c.email).where(USER.c.id == person, USER.c.registration == self._registration)
            ).scalar()
        if not address or "@" not in address or any(sign in address for sign in "\r\n,;<>"):
            return "no_address"
        if self._tool.post is None:
            raise PlatformUnreachable(what="mail", reason="no SMTP server is named")
        self._tool.post.send(address, mail)
        return "sent"


class LtiLinks:
    """`Links` of one registration; every token names it, so that none opens another tenant's row."""

    def __init__(self, tool: Tool, registration: str) -> None:
        self._tool = tool
        self._registration = registration

    def to_activity(self, activity_place: str, course: str) -> str:
        """The course on the platform: a link into the tool alone would know nobody."""
        with self._tool.begin() as connection:
            row = connection.execute(
                select(COURSE.c.context, REGISTRATION.c.issuer, REGISTRATION.c.family)
                .join(REGISTRATION, REGISTRATION.c.id == COURSE.c.registration)
                .where(COURSE.c.id == course, COURSE.c.registration == self._registration)
            ).first()
        if row is None:
            return ""
        return platform(row.family).course_address(row.issuer, quote(row.context, safe=""))

    def to_unsubscribe(self, token: str) -> str:
        """The page that stops mail for one person in one course."""
        return f"{self._tool.config.public_url}/unsubscribe/{token}"

    def sign(self, purpose: str, *parts: str) -> str:
        """A token for one purpose that only this tool can have made, for this registration."""
        return self._tool.config.secrets.sign(purpose, self._registration, *parts)

    def read(self, purpose: str, token: str) -> tuple[str, ...] | None:
        """The parts of a token, or `None` if it was not made here for this purpose and registration."""
        parts = self._tool.config.secrets.read(purpose, token)
        return parts[1:] if parts and parts[0] == self._registration else None


def mailer(tool: Tool, registration: str) -> Mailer:
    """The mailer of a tenant."""
    return LtiMailer(tool, registration)


PAGES = Blueprint("mail", __name__)


@PAGES.route("/unsubscribe/<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> Response:
    """One press stops mail; looking at the page changes nothing, since mail scanners open every link."""
    tool: Tool = current_app.extensions["coursecrew"]
    language = request.accept_languages.best or "en"
    parts = tool.config.secrets.read(UNSUBSCRIBE, token)
    if not parts or len(parts) != 3:
        return _page(unsubscribe_page(language, state="unknown"), 404)
    if request.method == "GET":
        return _page(unsubscribe_page(language, state="ask"))
    registration, course, person = parts
    known = run(tool.ports(registration), stop_mail, course, person)
    return _page(unsubscribe_page(language, state="done" if known else "unknown"), 200 if known else 404)


def _page(body: str, status: int = 200) -> Response:
    return Response(body, status, mimetype="text/html", headers={"Cache-Control": "no-store"})
