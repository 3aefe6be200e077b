"""Platforms and their deployments, our own keys and their rotation, and dynamic registration."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import RSAKey
from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from coursecrew_lti.config import Config, Secrets
from coursecrew_lti.lti_tables import DEPLOYMENT, INVITE, REGISTRATION, TOOL_KEY
from coursecrew_lti.outgoing import Outgoing, Unreachable
from coursecrew_lti.platforms import family_of, platform
from coursecrew_lti.upsert import upsert

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = (
    AGS + "lineitem",
    AGS + "lineitem.readonly",
    AGS + "score",
    AGS + "result.readonly",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
INVITE_LASTS = timedelta(days=3)
KEY_SIZE = 2048
KEY_LASTS = timedelta(days=90)  # then upkeep rotates
KEY_STAYS = timedelta(days=14)  # published after its last use
ACTIVE, PENDING = "active", "pending"


@dataclass(frozen=True)
class Registration:
    """A platform as it knows us: issuer and client id, and where its endpoints are."""

    id: str
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    name: str = ""
    family: str = ""
    auth_audience: str = ""
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    active: bool = True
    anonymous: bool = False

    @property
    def audience(self) -> str:
        """Whom our assertions for an access token are addressed to."""
        return self.auth_audience or self.token_url

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Hosts that this platform's services may stand on."""
        named = {
            _host(url) for url in (self.issuer, self.auth_url, self.token_url, self.jwks_url) if _host(url)
        }
        return frozenset(named | set(self.hosts) | set(platform(self.family).hosts))

    @property
    def title(self) -> str:
        """What people call this platform."""
        return self.name or platform(self.family).name or _host(self.issuer) or self.issuer


def _host(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port else host


def _read(row: Row[Any]) -> Registration:
    return Registration(
        id=row.id, issuer=row.issuer, client_id=row.client_id, auth_url=row.auth_url,
        token_url=row.token_url, jwks_url=row.jwks_url, name=row.name, family=row.family,
        auth_audience=row.auth_audience, scopes=tuple(row.scopes), hosts=tuple(row.hosts),
        active=row.active, anonymous=row.anonymous,
    )  # fmt: skip


# --- platforms ---


def find_all(connection: Connection) -> list[Registration]:
    """Every registration, the oldest first."""
    return [_read(row) for row in connection.execute(select(REGISTRATION).order_by(REGISTRATION.c.id))]


def get(connection: Connection, id: str) -> Registration | None:
    """The registration of that id."""
    row = connection.execute(select(REGISTRATION).where(REGISTRATION.c.id == id)).first()
    return _read(row) if row else None


def find(connection: Connection, issuer: str, client_id: str = "") -> Registration | None:
    """The registration of issuer and client; by issuer alone only if there is exactly one."""
    where = REGISTRATION.c.issuer == issuer
    if client_id:
        where = and_(where, REGISTRATION.c.client_id == client_id)
    rows = connection.execute(select(REGISTRATION).where(where).limit(2)).all()
    return _read(rows[0]) if len(rows) == 1 else None


@dataclass(frozen=True)
class Endpoints:
    """What an operator or a platform tells about a platform."""

    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    auth_audience: str = ""
    name: str = ""
    family: str = ""
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    anonymous: bool = False


def register(
    connection: Connection,
    endpoints: Endpoints,
    *,
    new_id: str,
    now: datetime,
    deployments: Iterable[tuple[str, str]] = (),
) -> Registration:
    """Write a platform; the same issuer and client again is brought up to date, never doubled.

    `deployments` are pairs of a new id and the platform's deployment id; they are active at once.
    """
    row = upsert(
        connection,
        REGISTRATION,
        keys={"issuer": endpoints.issuer, "client_id": endpoints.client_id},
        values={
            "auth_url": endpoints.auth_url,
            "token_url": endpoints.token_url,
            "jwks_url": endpoints.jwks_url,
            "auth_audience": endpoints.auth_audience,
            "name": endpoints.name,
            "family": endpoints.family or family_of(endpoints.issuer),
            "scopes": list(endpoints.scopes),
            "hosts": list(endpoints.hosts),
            "active": True,
            "anonymous": endpoints.anonymous,
        },
        first={"id": new_id, "created_at": now, "groups": ""},
    )
    registration = _read(row)
    for deployment_row, deployment in deployments:
        set_deployment(connection, registration.id, deployment, ACTIVE, new_id=deployment_row, now=now)
    return registration


def set_deployment(
    connection: Connection, registration: str, deployment: str, state: str, *, new_id: str, now: datetime
) -> None:
    """Write a deployment, or its new state."""
    upsert(
        connection,
        DEPLOYMENT,
        keys={"registration": registration, "deployment": deployment},
        values={"state": state},
        first={"id": new_id, "seen_at": now, "platform_name": ""},
    )


def note_pending(
    connection: Connection, registration: str, deployment: str, *, name: str, new_id: str, now: datetime
) -> None:
    """Note that an unknown deployment knocked, so that an operator can let it in."""
    upsert(
        connection,
        DEPLOYMENT,
        keys={"registration": registration, "deployment": deployment},
        values={"seen_at": now, "platform_name": name[:255]},
        first={"id": new_id, "state": PENDING},
    )


def deployments(connection: Connection, registration: str) -> list[Row[Any]]:
    """The deployments of a platform."""
    statement = select(DEPLOYMENT).where(DEPLOYMENT.c.registration == registration).order_by(DEPLOYMENT.c.id)
    return list(connection.execute(statement))


def switch(connection: Connection, registration: str, *, active: bool) -> None:
    """Let a platform in or keep it out; nothing of it is deleted."""
    connection.execute(update(REGISTRATION).where(REGISTRATION.c.id == registration).values(active=active))


# --- our keys ---


@dataclass(frozen=True)
class ToolKey:
    """One of our key pairs."""

    id: str
    kid: str
    public: Mapping[str, str]
    created_at: datetime
    used_from: datetime | None
    gone_at: datetime | None


def _read_key(row: Row[Any]) -> ToolKey:
    return ToolKey(row.id, row.kid, row.public, row.created_at, row.used_from, row.gone_at)


def _make_key(
    connection: Connection, seal: Secrets, *, new_id: str, now: datetime, used_from: datetime | None
) -> None:
    key = RSAKey.generate_key(KEY_SIZE)
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "alg": "RS256", "use": "sig"}
    connection.execute(
        insert(TOOL_KEY).values(
            id=new_id, kid=kid, public=public, private=seal.encrypt(key.as_pem(private=True).decode()),
            created_at=now, used_from=used_from, gone_at=None,
        )
    )  # fmt: skip


def tool_keys(connection: Connection, now: datetime) -> list[ToolKey]:
    """The published keys, the one in use first."""
    statement = (
        select(TOOL_KEY)
        .where(or_(TOOL_KEY.c.gone_at.is_(None), TOOL_KEY.c.gone_at > now))
        .order_by(TOOL_KEY.c.id)
    )
    keys = [_read_key(row) for row in connection.execute(statement)]
    return sorted(keys, key=lambda key: (key.gone_at is not None, key.used_from is None))


def ensure_keys(connection: Connection, seal: Secrets, *, ids: Sequence[str], now: datetime) -> None:
    """At first start: a key to use, and a second one published for the first rotation."""
    if connection.execute(select(TOOL_KEY.c.id).limit(1)).first() is None:
        _make_key(connection, seal, new_id=ids[0], now=now, used_from=now)
        _make_key(connection, seal, new_id=ids[1], now=now, used_from=None)


def rotate(connection: Connection, seal: Secrets, *, new_id: str, now: datetime) -> None:
    """Use the key that platforms have known for long, keep the old one published, publish the next."""
    in_turn = next(key for key in tool_keys(connection, now) if key.used_from is None)
    connection.execute(
        update(TOOL_KEY)
        .where(TOOL_KEY.c.used_from.is_not(None), TOOL_KEY.c.gone_at.is_(None))
        .values(gone_at=now + KEY_STAYS)
    )
    connection.execute(update(TOOL_KEY).where(TOOL_KEY.c.id == in_turn.id).values(used_from=now))
    connection.execute(delete(TOOL_KEY).where(TOOL_KEY.c.gone_at <= now))
    _make_key(connection, seal, new_id=new_id, now=now, used_from=None)


def rotation_is_due(connection: Connection, now: datetime) -> bool:
    """Whether the key in use is older than it should be."""
    in_use = tool_keys(connection, now)[0]
    return in_use.used_from is not None and now - in_use.used_from > KEY_LASTS


def signing_key(connection: Connection, seal: Secrets, now: datetime) -> RSAKey:
    """The private key in use, with its kid."""
    in_use = tool_keys(connection, now)[0]
    pem = connection.execute(select(TOOL_KEY.c.private).where(TOOL_KEY.c.id == in_use.id)).scalar_one()
    return RSAKey.import_key(seal.decrypt(pem), {"kid": in_use.kid, "use": "sig", "alg": "RS256"})


# --- one-time invitations ---


def hashed(text: str) -> str:
    """What is kept of a secret that somebody else holds."""
    return hashlib.sha256(text.encode()).hexdigest()


def invite(connection: Connection, purpose: str, now: datetime, lasts: timedelta = INVITE_LASTS) -> str:
    """A secret that is good once."""
    secret = secrets.token_urlsafe(32)
    connection.execute(delete(INVITE).where(INVITE.c.expires_at <= now))
    connection.execute(insert(INVITE).values(id=hashed(secret), purpose=purpose, expires_at=now + lasts))
    return secret


def use_invite(connection: Connection, purpose: str, secret: str, now: datetime) -> bool:
    """Use it up; exactly one caller gets `True`."""
    statement = delete(INVITE).where(
        INVITE.c.id == hashed(secret), INVITE.c.purpose == purpose, INVITE.c.expires_at > now
    )
    return connection.execute(statement).rowcount == 1


def renew_invite(connection: Connection, purpose: str, secret: str, now: datetime) -> None:
    """Make an invitation good again that was used up in vain."""
    connection.execute(
        insert(INVITE).values(id=hashed(secret), purpose=purpose, expires_at=now + timedelta(hours=1))
    )


# --- dynamic registration ---


class WrongConfiguration(Exception):  # noqa: N818 - the platform's, told to the operator in one sentence
    """What the platform tells about itself does not hold together."""


def tool_configuration(config: Config) -> dict[str, Any]:
    """What we tell a platform that registers us."""
    url = config.public_url
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "client_name": "Coursecrew",
        "initiate_login_uri": f"{url}/lti/login",
        "redirect_uris": [f"{url}/lti/launch"],
        "jwks_uri": f"{url}/lti/jwks",
        "logo_uri": f"{url}/static/lti/logo.svg",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(url).netloc,
            "description": "Team assignments: learners form teams, write together and hand in once.",
            "target_link_uri": f"{url}/lti/launch",
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "custom_parameters": CUSTOM,
            "messages": [
                {"type": "LtiResourceLinkRequest"},
                {
                    "type": "LtiDeepLinkingRequest",
                    "target_link_uri": f"{url}/lti/launch",
                    "label": "Coursecrew",
                    "placements": ["ContentArea", "assignment_selection", "link_selection"],
                },
            ],
        },
    }


# Variables that a platform fills in; those it does not know stay as they stand.
CUSTOM = {"ctx_history": "$Context.id.history", "person_zone": "$Person.address.timezone"}


def register_with(
    config: Config, outgoing: Outgoing, configuration_url: str, token: str
) -> tuple[Endpoints, str]:
    """Register with a platform that opened our registration address.

    Returns what to store, and the deployment id if one was given. The platform's answers are
    checked before anything is sent to an address that they name.
    """
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    answer = outgoing.get(configuration_url, headers={"Accept": "application/json", **bearer})
    if not answer.ok:
        raise Unreachable(f"status_{answer.status}")
    told = _checked(answer.json(), configuration_url, outgoing)
    answer = outgoing.post(
        told["registration_endpoint"],
        headers={"Content-Type": "application/json", "Accept": "application/json", **bearer},
        data=_json(tool_configuration(config)),
    )
    if not answer.ok:
        raise Unreachable(f"status_{answer.status}")
    made = answer.json()
    if not isinstance(made, dict) or not isinstance(made.get("client_id"), str) or not made["client_id"]:
        raise WrongConfiguration("The platform's answer names no client id.")
    about = told.get(PLATFORM_CONFIGURATION) or {}
    scopes = made.get("scope")
    granted = scopes.split() if isinstance(scopes, str) else list(SCOPES)
    endpoints = Endpoints(
        issuer=told["issuer"],
        client_id=made["client_id"],
        auth_url=told["authorization_endpoint"],
        token_url=told["token_endpoint"],
        jwks_url=told["jwks_uri"],
        auth_audience=str(told.get("authorization_server") or ""),
        family=family_of(told["issuer"], str(about.get("product_family_code", ""))),
        scopes=tuple(scope for scope in granted if scope in SCOPES),
    )
    deployment = (made.get(TOOL_CONFIGURATION) or {}).get("deployment_id")
    return endpoints, str(deployment) if deployment else ""


def _checked(told: Any, configuration_url: str, outgoing: Outgoing) -> dict[str, Any]:
    """The platform's configuration, if its addresses belong together."""
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        raise WrongConfiguration("The platform's configuration is not complete.")
    asked = urlsplit(configuration_url).hostname or ""
    issuer = urlsplit(told["issuer"]).hostname or ""
    family = family_of(told["issuer"])
    theirs = {asked, *platform(family).hosts}
    if issuer != asked and not any(asked.endswith(host) for host in platform(family).hosts):
        raise WrongConfiguration("The platform's issuer stands on another host than its configuration.")
    for name in names[1:]:
        outgoing.check_form(told[name])
        host = urlsplit(told[name]).hostname or ""
        if host not in theirs | {issuer} and not any(
            host.endswith(one) for one in theirs if one.startswith(".")
        ):
            raise WrongConfiguration(f"The platform's {name} stands on another host than the platform.")
    return told


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def canvas_configuration(config: Config) -> dict[str, Any]:
    """What a Canvas administrator pastes as the address of a developer key's configuration."""
    url = config.public_url
    return {
        "title": "Coursecrew",
        "description": "Team assignments: learners form teams, write together and hand in once.",
        "oidc_initiation_url": f"{url}/lti/login",
        "target_link_uri": f"{url}/lti/launch",
        "public_jwk_url": f"{url}/lti/jwks",
        "scopes": list(SCOPES),
        "custom_fields": {**CUSTOM, "person_zone": "$Person.address.timezone"},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(url).netloc,
                "privacy_level": "public",
                "settings": {
                    "text": "Coursecrew",
                    "placements": [
                        {
                            "placement": name,
                            "message_type": "LtiDeepLinkingRequest",
                            "target_link_uri": f"{url}/lti/launch",
                        }
                        for name in ("assignment_selection", "link_selection")
                    ],
                },
            }
        ],
    }
