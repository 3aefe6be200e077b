"""Calls to a platform's services: access tokens, the connector under pylti1p3's classes, paging."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.service_connector import ServiceConnector, TServiceConnectorResponse
from sqlalchemy import Connection, delete, select

from coursecrew_lti.config import Secrets, WrongSettings
from coursecrew_lti.lti_tables import ACCESS_TOKEN
from coursecrew_lti.outgoing import Answered, Outgoing, Unreachable
from coursecrew_lti.registration import Registration, hashed
from coursecrew_lti.upsert import upsert

__all__ = ["AssignmentsGradesService", "Connector", "Grade", "LineItem", "NamesRolesProvisioningService"]

ENDS_EARLY = timedelta(seconds=60)
USUAL_LIFE = 3600
MOST_PAGES = 1000
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ScopeMissing(Unreachable):
    """The platform's administrator did not grant what this call needs."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__("scope_missing")
        self.scopes = tuple(scopes)


@dataclass(frozen=True)
class Token:
    """An access token, and the scopes that the platform really gave with it."""

    text: str
    scopes: tuple[str, ...]
    expires_at: datetime


class AccessTokens:
    """Access tokens by registration, token address and scopes; kept encrypted in the database.

    Every hosted Canvas school has the same issuer, so a key of issuer and scopes would send one
    school's token with another's request.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Connection]],
        outgoing: Outgoing,
        seal: Secrets,
        signing_key: Callable[[], RSAKey],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._begin = begin
        self._outgoing = outgoing
        self._seal = seal
        self._signing_key = signing_key
        self._now = clock
        self._new_id = new_id
        self._kept: dict[str, Token] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, registration: Registration, scopes: Sequence[str]) -> Token:
        """A token that is good for a minute at least; fetched by one caller at a time."""
        wanted = sorted(set(scopes))
        key = hashed("\n".join([registration.id, registration.token_url, *wanted]))
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            token = self._kept.get(key) or self._stored(key)
            if token is None or token.expires_at <= self._now() + ENDS_EARLY:
                token = self._fetch(registration, wanted)
                self._store(key, registration, token)
            self._kept[key] = token
            return token

    def drop(self, registration: Registration, scopes: Sequence[str], token: Token) -> None:
        """Forget a token that a service did not take; a newer one is left."""
        key = hashed("\n".join([registration.id, registration.token_url, *sorted(set(scopes))]))
        if self._kept.get(key) == token:
            del self._kept[key]
        with self._begin() as connection:
            row = connection.execute(select(ACCESS_TOKEN).where(ACCESS_TOKEN.c.id == key)).first()
            if row is not None and self._opened(row.token) == token.text:
                connection.execute(delete(ACCESS_TOKEN).where(ACCESS_TOKEN.c.id == key))

    def _opened(self, sealed: str) -> str | None:
        try:
            return self._seal.decrypt(sealed)
        except WrongSettings:
            return None

    def _stored(self, key: str) -> Token | None:
        with self._begin() as connection:
            row = connection.execute(select(ACCESS_TOKEN).where(ACCESS_TOKEN.c.id == key)).first()
        text = self._opened(row.token) if row is not None else None
        return Token(text, tuple(row.scopes), row.expires_at) if row is not None and text else None

    def _store(self, key: str, registration: Registration, token: Token) -> None:
        with self._begin() as connection:
            upsert(
                connection,
                ACCESS_TOKEN,
                keys={"id": key},
                values={
                    "token": self._seal.encrypt(token.text),
                    "scopes": list(token.scopes),
                    "expires_at": token.expires_at,
                },
                first={"registration": registration.id},
            )

    def _fetch(self, registration: Registration, scopes: Sequence[str]) -> Token:
        now = self._now()
        answer = self._outgoing.post(
            registration.token_url,
            headers={"Accept": "application/json"},
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(registration, now),
                "scope": " ".join(scopes),
            },
        )
        if not answer.ok:
            raise Unreachable("token_refused" if answer.status < 500 else "token_unavailable")
        told = answer.json()
        text = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(text, str) or not text:
            raise Unreachable("token_malformed")
        life = told.get("expires_in")
        life = (
            life if isinstance(life, int | float) and not isinstance(life, bool) and life > 0 else USUAL_LIFE
        )
        given = told.get("scope")
        return Token(
            text,
            tuple(given.split()) if isinstance(given, str) else tuple(scopes),
            now + timedelta(seconds=min(life, 86400)),
        )

    def _assertion(self, registration: Registration, now: datetime) -> str:
        key, seconds = self._signing_key(), int(now.timestamp())
        claims = {
            "iss": registration.client_id, "sub": registration.client_id, "aud": registration.audience,
            "iat": seconds - 5, "exp": seconds + 240, "jti": self._new_id(),
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)


class ServiceError(Unreachable):
    """A service answered with something else than success."""

    def __init__(self, answer: Answered) -> None:
        super().__init__(f"status_{answer.status}")
        self.answer = answer

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, where the platform says so."""
        told = self.answer.headers.get("Retry-After", "")
        return float(told) if told.isdigit() else None

    def says(self, pattern: str) -> bool:
        """Whether the answer's text matches; the text itself is shown to nobody."""
        text = self.answer.content[:4000].decode("utf-8", "replace")
        return re.search(pattern, text, re.IGNORECASE) is not None


BREAKS_AFTER = 5
REST_SECONDS = 60.0
OUTAGES = frozenset({"timeout", "no_connection", "unknown_host", "token_unavailable"})


class Breakers:
    """Leaves a platform alone for a minute once it did not answer five times in a row."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._failures: dict[str, int] = {}
        self._rests: dict[str, float] = {}

    def check(self, registration: str) -> None:
        """`Unreachable` while a platform rests."""
        if self._rests.get(registration, 0.0) > self._seconds():
            raise Unreachable("resting")

    def note(self, registration: str, *, answered: bool) -> None:
        """Count failures in a row."""
        if answered:
            self._failures.pop(registration, None)
            self._rests.pop(registration, None)
            return
        failures = self._failures[registration] = self._failures.get(registration, 0) + 1
        if failures >= BREAKS_AFTER:
            self._rests[registration] = self._seconds() + REST_SECONDS


class Connector(ServiceConnector):
    """What pylti1p3's service classes talk through: our tokens, limits and hosts, PUT and DELETE too.

    The library's own connector sends without time limits, shares tokens between clients of one
    issuer, and finds a next page only in one of the legal spellings.
    """

    def __init__(
        self, registration: Registration, outgoing: Outgoing, tokens: AccessTokens, breakers: Breakers
    ) -> None:
        self._reg = registration
        self._outgoing = outgoing
        self._tokens = tokens
        self._breakers = breakers

    def make_service_request(
        self,
        scopes: Sequence[str],
        url: str,
        *,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> TServiceConnectorResponse:
        """One call in the library's own form."""
        method = "POST" if is_post else "GET"
        answer = self.request(method, url, scopes, data=data, content_type=content_type, accept=accept)
        return {
            "headers": dict(answer.headers),
            "body": answer.json() if answer.content.strip() else None,
            "next_page_url": next_link(answer.headers.get("Link", ""), url),
        }

    def request(
        self,
        method: str,
        url: str,
        scopes: Sequence[str],
        *,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answered:
        """One call with a bearer token; a token that is not taken is changed for a new one, once."""
        wanted = self._granted(scopes)
        self._breakers.check(self._reg.id)
        try:
            answer = self._once(method, url, wanted, data, content_type, accept, last=False)
            if answer is None:
                answer = self._once(method, url, wanted, data, content_type, accept, last=True)
        except Unreachable as error:
            if error.reason in OUTAGES:
                self._breakers.note(self._reg.id, answered=False)
            raise
        assert answer is not None  # noqa: S101 - the last try always answers
        self._breakers.note(self._reg.id, answered=answer.status < 500)
        if not answer.ok:
            raise ServiceError(answer)
        return answer

    def _once(
        self,
        method: str,
        url: str,
        scopes: Sequence[str],
        data: str | None,
        content_type: str,
        accept: str,
        *,
        last: bool,
    ) -> Answered | None:
        token = self._tokens.get(self._reg, scopes)
        headers = {"Authorization": f"Bearer {token.text}", "Accept": accept}
        if data is not None:
            headers["Content-Type"] = content_type
        answer = self._outgoing.request(
            method, url, hosts=self._reg.allowed_hosts, headers=headers, data=data.encode() if data else None
        )
        if answer.status == 401:
            self._tokens.drop(self._reg, scopes, token)
            return answer if last else None
        return answer

    def _granted(self, scopes: Sequence[str]) -> list[str]:
        """What is needed and was granted at registration, where the platform has told that."""
        if not self._reg.scopes:
            return list(scopes)
        granted = [scope for scope in scopes if scope in self._reg.scopes]
        if not granted:
            raise ScopeMissing(scopes)
        return granted


# --- paging ---

_LINK = re.compile(r"<([^>]*)>((?:[^,\"“”<]|\"[^\"]*\"|“[^”]*”|”[^”]*”|,(?!\s*<))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|[“”]([^“”]*)[“”]|'([^']*)'|([^\s;,\"“”]+))", re.IGNORECASE)


def next_link(header: str, base: str, rel: str = "next") -> str | None:
    """The address of the next page out of a Link header, in every spelling platforms use.

    `rel` may stand anywhere, bare, quoted, among other words, or in Moodle's curly quotes; some
    escape `&` as in HTML.
    """
    # Header bytes are read as Latin-1; Moodle's curly quotes are UTF-8.
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        header = header.encode("latin-1").decode("utf-8")
    for target, parameters in _LINK.findall(header.replace("\n", " ")):
        for found in _REL.findall(parameters):
            words = next(filter(None, found), "").casefold().split()
            if rel in words:
                return urljoin(base, html.unescape(target.strip()))
    return None


def pages(first: str, read: Callable[[str], tuple[Any, str | None]]) -> Iterator[Any]:
    """Page after page, the next address used exactly as given; a circle or endless list is an error."""
    seen: set[str] = set()
    url: str | None = first
    while url:
        if url in seen or len(seen) >= MOST_PAGES:
            raise Unreachable("pages_never_end")
        seen.add(url)
        page, url = read(url)
        yield page


def with_query(url: str, **more: str) -> str:
    """The address with parameters added, what it had kept as it is, repeated and blank ones too."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(more)]))
    return urlunsplit(parts._replace(query=query))


def below(url: str, *segments: str) -> str:
    """The address with segments added to its path, before any query."""
    parts = urlsplit(url)
    path = "/".join([parts.path.rstrip("/"), *segments])
    return urlunsplit(parts._replace(path=path))
