"""Login and launch checks: in a fixed order, with one stable reason code for each decision.

The order and the codes are the contract that tests, logs and support rely on. Nothing here writes
anything but the login row, which exactly one launch can use up.
"""

from __future__ import annotations

import base64
import hmac
import json
import math
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy import Connection, delete, insert, select

from coursecrew_lti.lti_tables import LOGIN
from coursecrew_lti.outgoing import Outgoing, Unreachable
from coursecrew_lti.registration import Registration

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"

LOGIN_LASTS = timedelta(minutes=10)
LEEWAY = 60
OLDEST = 600  # seconds since a token was issued
LONGEST = 24 * 3600  # seconds a token may be good for
LARGEST_TOKEN = 65536
LARGEST_BODY = 128 * 1024
LONGEST_ID = 255

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
REVIEW = "LtiSubmissionReviewRequest"
PRIVACY = ("LtiDataPrivacyLaunchRequest", "DataPrivacyLaunchRequest")
TERMS = "LtiEulaRequest"
MESSAGES = frozenset({RESOURCE_LINK, DEEP_LINKING, REVIEW, TERMS, *PRIVACY})

# Everything not named here is 400.
STATUS = {
    "browser_mismatch": 403, "deployment_unknown": 403, "registration_disabled": 403, "signature": 401,
    "alg": 401, "kid_missing": 401, "kid_unknown": 401, "jwks_unavailable": 503, "too_many": 429,
}  # fmt: skip


class Rejected(Exception):  # noqa: N818 - the word of the specification
    """A login or launch that is not let in, by a stable reason code."""

    def __init__(self, code: str, **about: str) -> None:
        super().__init__(code)
        self.code = code
        self.about = about

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS.get(self.code, 400)


@dataclass(frozen=True)
class Login:
    """One login initiation, waiting for its launch."""

    state: str
    nonce: str
    registration: str
    deployment_hint: str
    target_link_uri: str
    login_hint: str
    message_hint: str
    storage_target: str
    expires_at: datetime


# --- login ---


def begin_login(
    connection: Connection,
    registration: Registration,
    asked: Mapping[str, str],
    *,
    public_url: str,
    now: datetime,
) -> Login:
    """Write the login's row; what is asked is unsigned, so its target only has to be on our host."""
    if not asked.get("login_hint"):
        raise Rejected("login_hint_missing")
    if not is_ours(asked.get("target_link_uri"), public_url):
        raise Rejected("target")
    login = Login(
        state=secrets.token_hex(32),
        nonce=secrets.token_hex(32),
        registration=registration.id,
        deployment_hint=(asked.get("lti_deployment_id") or asked.get("deployment_id") or "")[:LONGEST_ID],
        target_link_uri=asked["target_link_uri"],
        login_hint=asked["login_hint"],
        message_hint=asked.get("lti_message_hint", ""),
        storage_target=asked.get("lti_storage_target", "")[:LONGEST_ID],
        expires_at=now + LOGIN_LASTS,
    )
    connection.execute(insert(LOGIN).values(vars(login)))
    return login


def authentication_address(registration: Registration, login: Login, public_url: str) -> str:
    """Where the browser goes to come back with a token; the registered address may have a query."""
    wanted = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": f"{public_url}/lti/launch",
        "login_hint": login.login_hint,
        "state": login.state,
        "nonce": login.nonce,
    }
    if login.message_hint:
        wanted["lti_message_hint"] = login.message_hint
    parts = urlsplit(registration.auth_url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *wanted.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def look_up(connection: Connection, state: str, now: datetime) -> Login | None:
    """The login of a state, left as it is."""
    statement = select(LOGIN).where(LOGIN.c.state == state, LOGIN.c.expires_at > now)
    row = connection.execute(statement).first()
    return Login(**row._mapping) if row else None


def use_up(connection: Connection, state: str, now: datetime) -> Login | None:
    """The login of a state, for exactly one caller; afterwards it has never been."""
    statement = delete(LOGIN).where(LOGIN.c.state == state, LOGIN.c.expires_at > now).returning(LOGIN)
    row = connection.execute(statement).first()
    return Login(**row._mapping) if row else None


def is_ours(target: object, public_url: str) -> bool:
    """Whether an address has our scheme, host and port."""
    if not isinstance(target, str):
        return False
    try:
        ours, theirs = urlsplit(public_url), urlsplit(target)
        return (
            (theirs.scheme, theirs.hostname, theirs.port) == (ours.scheme, ours.hostname, ours.port)
            and theirs.username is None
            and "\\" not in target
        )
    except ValueError:
        return False


# --- keys of platforms ---

SHORTEST_TTL, LONGEST_TTL = 300.0, 24 * 3600.0
REFETCH_AFTER = 60.0  # for a kid that is not in the set, and after a failure with keys at hand
RETRY_AFTER = 5.0  # after a failure with nothing at hand
LARGEST_KEY_SET = 256 * 1024
SMALLEST_KEY = 2048


@dataclass
class _KeySet:
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: dict[str, RSAKey] = field(default_factory=dict)
    known: bool = False
    good_until: float = 0.0
    asked_at: float = -math.inf


class PlatformKeys:
    """Public keys of platforms: kept for a while, fetched again for a new kid, once at a time.

    One platform that hangs keeps nobody else waiting, and an outage of a platform's key server does
    not shut out its people while we still know its keys.
    """

    def __init__(self, outgoing: Outgoing, seconds: Callable[[], float]) -> None:
        self._outgoing = outgoing
        self._seconds = seconds
        self._sets: dict[str, _KeySet] = {}
        self._lock = threading.Lock()

    def get(self, url: str, kid: str) -> RSAKey | None:
        """The key of that kid; `None` if the platform has none; `jwks_unavailable` if it cannot be asked."""
        with self._lock:
            kept = self._sets.setdefault(url, _KeySet())
        now = self._seconds()
        if kid in kept.keys and now < kept.good_until:
            return kept.keys[kid]
        with kept.lock:
            now = self._seconds()
            if not kept.known:
                if now - kept.asked_at < RETRY_AFTER:
                    raise Rejected("jwks_unavailable")
                self._fetch(url, kept, now)
            elif (now >= kept.good_until or kid not in kept.keys) and now - kept.asked_at >= REFETCH_AFTER:
                self._fetch(url, kept, now)
            if not kept.known:
                raise Rejected("jwks_unavailable")
            return kept.keys.get(kid)

    def age(self, url: str) -> float | None:
        """Seconds since a platform's keys were asked for."""
        kept = self._sets.get(url)
        return self._seconds() - kept.asked_at if kept and kept.known else None

    def _fetch(self, url: str, kept: _KeySet, now: float) -> None:
        kept.asked_at = now
        try:
            answer = self._outgoing.get(url, headers={"Accept": "application/json"}, most=LARGEST_KEY_SET)
            found = answer.json() if answer.status == 200 else None
        except Unreachable:
            return
        if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
            return
        kept.keys = dict(_usable(found["keys"]))
        kept.known = True
        kept.good_until = now + _max_age(answer.headers.get("Cache-Control", ""))


def _usable(keys: Iterable[Any]) -> Iterable[tuple[str, RSAKey]]:
    """One by one: a key that is broken, foreign or too short does not spoil the set."""
    for key in keys:
        if not isinstance(key, dict) or key.get("kty") != "RSA" or not isinstance(key.get("kid"), str):
            continue
        if key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
            continue
        try:
            plain = {name: key[name] for name in ("kty", "n", "e")}
            if _bits(plain["n"]) >= SMALLEST_KEY:
                yield key["kid"], RSAKey.import_key(plain, {"kid": key["kid"]})
        except (JoseError, ValueError, TypeError, KeyError, OverflowError):
            continue


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()


def _max_age(cache_control: str) -> float:
    for part in cache_control.split(","):
        name, _, value = part.strip().partition("=")
        if name.casefold() == "max-age" and value.isdigit():
            return min(LONGEST_TTL, max(SHORTEST_TTL, float(value)))
    return 3600.0


# --- the token ---


class _Registry(jws.JWSRegistry):
    """RS256 alone; headers that platforms fill with certificates may be long, and are not looked at."""

    max_header_length = 16 * 1024
    max_payload_length = LARGEST_TOKEN
    max_signature_length = 4 * 1024


_REGISTRY = _Registry(algorithms=["RS256"], strict_check_header=False)
GetKey = Callable[[str], RSAKey | None]


def verified_claims(token: str, get_key: GetKey) -> dict[str, Any]:
    """The claims of a token that one of the platform's keys has signed.

    The verified bytes are parsed here: a JSON parser that lets the last of two equal names win
    would let somebody show one `sub` to a filter and another one to us.
    """
    if len(token) > LARGEST_TOKEN:
        raise Rejected("token_too_large")
    try:
        head = dict(jws.extract_compact(token.encode("ascii"), registry=_REGISTRY).headers())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Rejected("token_malformed") from None
    if head.get("alg") != "RS256" or "crit" in head:
        raise Rejected("alg")
    if not isinstance(head.get("kid"), str) or not head["kid"]:
        raise Rejected("kid_missing")
    key = get_key(head["kid"])
    if key is None:
        raise Rejected("kid_unknown")
    try:
        raw = jws.deserialize_compact(token, key, registry=_REGISTRY).payload
    except (JoseError, ValueError):
        raise Rejected("signature") from None
    try:
        claims = json.loads(raw, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise Rejected("payload") from None
    if not isinstance(claims, dict):
        raise Rejected("payload")
    return claims


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("duplicate name")
    return dict(pairs)


# --- the claims ---


@dataclass(frozen=True)
class Launch:
    """A launch that passed every check."""

    claims: Mapping[str, Any]
    message: str
    sub: str  # empty for an anonymous launch that the registration allows
    deployment: str
    roles: tuple[str, ...]

    def claim(self, name: str) -> Mapping[str, Any]:
        """A claim that is an object; empty where it is missing or something else."""
        value = self.claims.get(name if name.startswith("https://") else CLAIM + name)
        return value if isinstance(value, dict) else {}


def check_claims(
    claims: Mapping[str, Any],
    login: Login,
    registration: Registration,
    *,
    now: datetime,
    public_url: str,
    is_active: Callable[[str], bool],
    trusted_audiences: frozenset[str] = frozenset(),
) -> Launch:
    """All claim checks in order; `is_active` says whether a deployment may come in."""
    check_parties(claims, registration, trusted_audiences)
    check_times(claims, now)
    _check_nonce(claims, login)
    launch = _check_message(claims, registration, is_active)
    _check_ids(launch)
    _check_type(launch)
    if launch.message not in PRIVACY and not is_ours(claims.get(CLAIM + "target_link_uri"), public_url):
        raise Rejected("target")
    return launch


def check_parties(
    claims: Mapping[str, Any], registration: Registration, trusted: frozenset[str] = frozenset()
) -> None:
    """Who issued the token, and for whom."""
    if claims.get("iss") != registration.issuer:
        raise Rejected("iss")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or registration.client_id not in audiences:
        raise Rejected("aud")
    if "azp" in claims and claims["azp"] != registration.client_id:
        raise Rejected("azp")
    if len(audiences) > 1:
        if "azp" not in claims:
            raise Rejected("azp")
        if any(one not in trusted for one in audiences if one != registration.client_id):
            raise Rejected("aud")


def check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """When the token was made and until when it is good, with a minute for clocks that differ."""
    moment = now.timestamp()
    expires, issued = _number(claims, "exp"), _number(claims, "iat")
    if expires <= moment - LEEWAY:
        raise Rejected("exp")
    if issued >= moment + LEEWAY or issued <= moment - OLDEST:
        raise Rejected("iat")
    if expires - issued > LONGEST:
        raise Rejected("lifetime")
    if "nbf" in claims and _number(claims, "nbf") >= moment + LEEWAY:
        raise Rejected("nbf")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Rejected(name)
    try:
        number = float(value)
    except OverflowError:
        raise Rejected(name) from None
    if not math.isfinite(number):
        raise Rejected(name)
    return number


def _check_nonce(claims: Mapping[str, Any], login: Login) -> None:
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not same(nonce, login.nonce):
        raise Rejected("nonce")


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _check_message(
    claims: Mapping[str, Any], registration: Registration, is_active: Callable[[str], bool]
) -> Launch:
    if claims.get(CLAIM + "version") != "1.3.0":
        raise Rejected("version")
    sub = claims.get("sub")
    if "sub" not in claims and registration.anonymous:
        sub = ""
    elif not isinstance(sub, str) or not sub:
        raise Rejected("sub_missing")
    deployment = claims.get(CLAIM + "deployment_id")
    if not isinstance(deployment, str) or not deployment:
        raise Rejected("deployment_unknown")
    if len(deployment) > LONGEST_ID:
        raise Rejected("id_length")
    if not is_active(deployment):
        raise Rejected("deployment_unknown", deployment=deployment)
    roles = claims.get(CLAIM + "roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Rejected("roles")
    message = claims.get(CLAIM + "message_type")
    return Launch(claims, message if isinstance(message, str) else "", sub, deployment, tuple(roles))


def _check_ids(launch: Launch) -> None:
    for id in (launch.sub, launch.claim("context").get("id"), launch.claim("resource_link").get("id")):
        if isinstance(id, str) and len(id) > LONGEST_ID:
            raise Rejected("id_length")


def _check_type(launch: Launch) -> None:
    if launch.message not in MESSAGES:
        raise Rejected("message_type")
    if CLAIM + "context" in launch.claims and not _has_text(launch.claim("context"), "id"):
        raise Rejected("claim_missing")
    if launch.message in (RESOURCE_LINK, REVIEW) and not _has_text(launch.claim("resource_link"), "id"):
        raise Rejected("claim_missing")
    if launch.message in (REVIEW, *PRIVACY) and not _has_text(launch.claim("for_user"), "user_id"):
        raise Rejected("claim_missing")
    if launch.message == REVIEW and not _has_text(launch.claim(AGS_CLAIM), "lineitem"):
        raise Rejected("claim_missing")
    if launch.message == DEEP_LINKING:
        settings = launch.claim(DEEP_LINKING_CLAIM)
        address = settings.get("deep_link_return_url")
        if not isinstance(address, str) or urlsplit(address).scheme not in ("http", "https"):
            raise Rejected("claim_missing")
        if not isinstance(settings.get("accept_types"), list):
            raise Rejected("claim_missing")


def _has_text(claim: Mapping[str, Any], name: str) -> bool:
    return isinstance(claim.get(name), str) and bool(claim[name])
