"""The one HTTP client: time limits, size limits, no redirects, and only addresses we may talk to."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from coursecrew import __version__
from coursecrew.domain.errors import PlatformUnreachable

TIMEOUT = (3, 5)  # seconds to connect, and between two pieces of an answer
LONGEST_ANSWER = 20  # seconds for the whole body
MOST_BYTES = 4 * 1024 * 1024
CHUNK = 64 * 1024
USER_AGENT = f"Coursecrew/{__version__} (LTI 1.3 tool)"

Resolve = Callable[[str, int], Iterable[str]]


class Unreachable(PlatformUnreachable):
    """No usable answer came; `reason` is a stable word, never text of the other side."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class Forbidden(Unreachable):
    """The address is one we do not talk to; nothing was sent."""


@dataclass(frozen=True)
class Answered:
    """What the other side answered, whole, read within the limits."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; `Unreachable` where it is none. The body itself never enters a message."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise Unreachable("not_json") from None


def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses that a host's name stands for."""
    return {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}


class Outgoing:
    """Sends requests to platforms."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve) -> None:
        self.allow_private = allow_private
        self._resolve = resolve
        self._local = threading.local()

    def get(self, url: str, **more: Any) -> Answered:
        """Ask for something."""
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> Answered:
        """Send something."""
        return self.request("POST", url, **more)

    def request(
        self,
        method: str,
        url: str,
        *,
        hosts: Iterable[str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: str | bytes | Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        most: int = MOST_BYTES,
    ) -> Answered:
        """Send one request; `hosts`, if given, are the only ones it may go to.

        A host is written `lms.example`, `lms.example:8443`, or `.lms.example` for all below it.
        Redirects are answers like any other: following one could lead anywhere.
        """
        self.check(url, hosts)
        try:
            with self._session().request(
                method, url, headers={"User-Agent": USER_AGENT, **(headers or {})}, data=data,  # type: ignore[arg-type]
                timeout=TIMEOUT, allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                return Answered(response.status_code, response.headers, _read(response, most))
        except requests.Timeout:
            raise Unreachable("timeout") from None
        except requests.RequestException:
            raise Unreachable("no_connection") from None

    def check(self, url: str, hosts: Iterable[str] | None = None) -> None:
        """`Forbidden` unless this is an address we may talk to."""
        host, port = self.check_form(url)
        if hosts is not None and not any(_is_host(one.casefold(), host, port) for one in hosts):
            raise Forbidden("host_not_allowed")
        if self.allow_private:
            return
        try:
            found = list(self._resolve(host, port))
        except (OSError, UnicodeError):
            raise Unreachable("unknown_host") from None
        if not found or any(not is_public(address) for address in found):
            raise Forbidden("private_address")

    def check_form(self, url: str) -> tuple[str, int]:
        """Host and port of an https address (http where private networks are allowed)."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise Forbidden("malformed_address") from None
        if not host or parts.username or parts.password:
            raise Forbidden("malformed_address")
        if parts.scheme != "https" and not (self.allow_private and parts.scheme == "http"):
            raise Forbidden("not_https")
        return host.casefold(), port or (443 if parts.scheme == "https" else 80)

    def _session(self) -> requests.Session:
        """A session for each thread: connections are kept open, cookies and `.netrc` are not used."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            self._local.session = session
        session.cookies.clear()
        return session


def _is_host(pattern: str, host: str, port: int) -> bool:
    if pattern.startswith("."):
        return host.endswith(pattern)
    return pattern in (host, f"{host}:{port}")


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: no loopback, link, campus or cloud-metadata one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if mapped is not None:
        found = mapped
    return found.is_global and not found.is_multicast


def _read(response: requests.Response, most: int) -> bytes:
    parts, size, began = [], 0, time.monotonic()
    for part in response.iter_content(CHUNK):
        size += len(part)
        if time.monotonic() - began > LONGEST_ANSWER:
            raise Unreachable("timeout")
        if size > most:
            raise Unreachable("too_large")
        parts.append(part)
    return b"".join(parts)
