"""From the environment to one frozen settings value, and the keys that are derived from its secret."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadSignature, URLSafeSerializer

from coursecrew.domain.errors import Refusal

SHORTEST_SECRET = 16


class WrongSettings(Exception):  # noqa: N818 - it is about the settings, not about a fault
    """The environment does not say what the tool needs, in one sentence for the operator."""


@dataclass(frozen=True)
class Config:
    """Everything that the environment decides."""

    secret_key: str = field(repr=False)
    public_url: str
    secret_key_old: str = field(default="", repr=False)
    database_url: str = field(default="sqlite:///coursecrew.db", repr=False)
    files_url: str = "file://./files"
    queue_url: str = field(default="sqlite:///coursecrew-queue.db", repr=False)
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    allow_private_network: bool = False
    trusted_audiences: frozenset[str] = frozenset()
    launches_per_minute: int = 1200  # from one address; a campus is one address
    scan_command: str = ""  # looks through each upload on its input: 0 harmless, 1 not
    proxies: int = 0  # how many reverse proxies of ours stand before the tool

    def __post_init__(self) -> None:
        if len(self.secret_key) < SHORTEST_SECRET:
            raise WrongSettings(
                f"Set COURSECREW_SECRET_KEY to a random text of at least {SHORTEST_SECRET} characters; "
                "the tool does not start without it."
            )
        parts = urlsplit(self.public_url)
        if not parts.hostname or parts.scheme not in ("http", "https") or parts.path.strip("/"):
            raise WrongSettings(
                "Set COURSECREW_PUBLIC_URL to the tool's own origin, such as https://coursecrew.example.org."
            )
        if parts.scheme == "http" and not self.allow_private_network:
            raise WrongSettings(
                "COURSECREW_PUBLIC_URL must begin with https://; plain http is for development "
                "and needs COURSECREW_ALLOW_PRIVATE_NETWORK=1."
            )
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))

    @property
    def is_https(self) -> bool:
        """Whether cookies may be `Secure`."""
        return self.public_url.startswith("https://")

    @cached_property
    def secrets(self) -> Secrets:
        """What signs and encrypts."""
        return Secrets(self.secret_key, self.secret_key_old)


def from_environ(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the `COURSECREW_…` variables; `WrongSettings` says in one sentence what is missing."""

    def text(name: str, default: str = "") -> str:
        return environ.get(f"COURSECREW_{name}", "").strip() or default

    def whole(name: str, default: int) -> int:
        try:
            return int(text(name, str(default)))
        except ValueError:
            raise WrongSettings(f"COURSECREW_{name} must be a whole number.") from None

    return Config(
        secret_key=text("SECRET_KEY"),
        secret_key_old=text("SECRET_KEY_OLD"),
        public_url=text("PUBLIC_URL"),
        database_url=text("DATABASE_URL", Config.database_url),
        files_url=text("FILES_URL", Config.files_url),
        queue_url=text("QUEUE_URL", Config.queue_url),
        smtp_url=text("SMTP_URL"),
        mail_from=text("MAIL_FROM"),
        allow_private_network=text("ALLOW_PRIVATE_NETWORK", "0") not in ("0", "no", "false"),
        trusted_audiences=frozenset(text("TRUSTED_AUDIENCES").split()),
        launches_per_minute=whole("LAUNCHES_PER_MINUTE", Config.launches_per_minute),
        scan_command=text("SCAN_COMMAND"),
        proxies=whole("PROXIES", Config.proxies),
    )


class Expired(Refusal):
    """A signed text was made here, but its time is over."""

    def __init__(self) -> None:
        super().__init__("not_found", what="link")


class Secrets:
    """Signs and encrypts with keys derived from the secret, one for each use.

    Nothing made for one purpose is good for another. While the secret is being changed, what the
    old one made is still read, and everything new is made with the new one.
    """

    def __init__(self, secret: str, old: str = "") -> None:
        self._secrets = [secret, old] if old else [secret]
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(k)) for k in self._keys("at rest")])

    def encrypt(self, text: str) -> str:
        """Make a text unreadable for whoever only has the database."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, text: str) -> str:
        """Read what `encrypt` made."""
        try:
            return self._fernet.decrypt(text.encode()).decode()
        except InvalidToken:
            raise WrongSettings(
                "COURSECREW_SECRET_KEY is not the one this database was made with; put the former one "
                "into COURSECREW_SECRET_KEY_OLD."
            ) from None

    def sign(self, purpose: str, *parts: str) -> str:
        """A token for one purpose, good for ever."""
        return str(self._serializer(purpose).dumps(list(parts)))

    def read(self, purpose: str, token: str) -> tuple[str, ...] | None:
        """The parts of a token, or `None` if it was not made here for this purpose."""
        try:
            return tuple(self._serializer(purpose).loads(token))
        except BadSignature:
            return None

    def sign_at(self, now: datetime, purpose: str, *parts: str) -> str:
        """A token that also says when it was made."""
        return self.sign(f"{purpose} for a time", str(int(now.timestamp())), *parts)

    def read_fresh(self, now: datetime, purpose: str, token: str, *, seconds: int) -> tuple[str, ...] | None:
        """The parts of a token made at most so long ago; `Expired` for an older one, `None` for no token."""
        parts = self.read(f"{purpose} for a time", token)
        if parts is None:
            return None
        if not 0 <= int(now.timestamp()) - int(parts[0]) <= seconds:
            raise Expired
        return parts[1:]

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._newest_last("signing"), salt=purpose, signer_kwargs=_SHA256)

    def _newest_last(self, use: str) -> list[bytes]:
        return list(reversed(list(self._keys(use))))

    def _keys(self, use: str) -> Iterable[bytes]:
        for secret in self._secrets:
            derived = HKDF(SHA256(), 32, salt=None, info=f"coursecrew {use}".encode())
            yield derived.derive(secret.encode())


_SHA256 = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
