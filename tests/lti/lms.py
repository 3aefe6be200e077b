"""An LTI platform of the tests: it signs tokens, keeps members and scores, and breaks on demand."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DL_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = (AGS + "lineitem", AGS + "score", AGS + "result.readonly")
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LEARNER, INSTRUCTOR = MEMBERSHIP + "Learner", MEMBERSHIP + "Instructor"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@lru_cache
def key(kid: str, size: int = 2048) -> RSAKey:
    """Key pairs are slow to make, so a process makes each once."""
    pem = generate_private_key(65537, size).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with warnings.catch_warnings(action="ignore"):  # short keys are for the test that they are refused
        return RSAKey.import_key(pem, {"kid": kid})


def public(one: RSAKey) -> dict[str, Any]:
    return {**one.as_dict(private=False), "kid": one.kid, "use": "sig", "alg": "RS256"}


Answer = Callable[[Request], Response | None]


@dataclass
class Score:
    """A score that arrived."""

    item: str
    body: dict[str, Any]
    client: str


@dataclass
class Platform:
    """One issuer with two clients of the same key set, as hosted Canvas has for every school."""

    now: Callable[[], datetime]
    signer: RSAKey = field(default_factory=lambda: key("k1"))
    issuer: str = ""
    url: str = ""
    clients: tuple[str, ...] = ("client1", "client2")
    published: list[Any] = field(default_factory=lambda: [public(key("k1"))])
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path of every request
    members: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: list[Score] = field(default_factory=list)
    stamps: dict[tuple[str, str], str] = field(default_factory=dict)
    not_gradable: set[str] = field(default_factory=set)
    tool_keys: Callable[[], dict[str, Any]] | None = None  # how the platform reads the tool's keys
    tokens: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    grants: frozenset[str] = frozenset((*SCOPES, AGS + "lineitem.readonly", NRPS))
    faults: dict[str, list[Answer]] = field(default_factory=dict)  # path part -> answers to come
    link_form: str = '<{url}>; rel="next"'
    configuration: dict[str, Any] = field(default_factory=dict)
    registered: list[dict[str, Any]] = field(default_factory=list)
    headers_seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    # --- serving ---

    def start(self) -> None:
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.issuer = self.issuer or self.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.asked.append((request.method, request.path))
        self.headers_seen.append((request.path, dict(request.headers)))
        return (self._broken(request) or self._served(request))(environ, start_response)

    def fault(self, part: str, *answers: Answer) -> None:
        """Answer the next requests whose path has `part` in this way, one each; then as usual."""
        self.faults.setdefault(part, []).extend(answers)

    def asked_for(self, part: str) -> int:
        return sum(part in path for _method, path in self.asked)

    def _broken(self, request: Request) -> Response | None:
        for part, answers in self.faults.items():
            if part in request.path and answers:
                return answers.pop(0)(request)
        return None

    def _served(self, request: Request) -> Response:
        path = request.path
        if path == "/jwks":
            return as_json({"keys": self.published})
        if path == "/token":
            return self._token(request)
        if path == "/.well-known/openid-configuration":
            return as_json(self.configuration)
        if path == "/registration":
            self.registered.append(json.loads(request.data))
            return as_json({**self.registered[-1], "client_id": "dynamic1"}, 201)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self.tokens:
            return Response("", 401)
        client, scopes = self.tokens[bearer]
        if path.endswith("/members"):
            return self._members(request, scopes)
        if path.endswith("/lineitems"):
            return self._lineitems(request, client, scopes)
        return self._lineitem(request, client, scopes)

    # --- access tokens ---

    def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"].endswith("jwt-bearer")
        assert self.tool_keys is not None
        keys = KeySet.import_key_set(cast("Any", self.tool_keys()))
        told = jwt.decode(form["client_assertion"], keys, algorithms=["RS256"]).claims
        assert told["iss"] == told["sub"] in self.clients
        assert told["aud"] == f"{self.url}/token"
        assert told["exp"] - told["iat"] <= 300
        scopes = frozenset(form["scope"].split()) & self.grants
        bearer = f"token-{len(self.tokens) + 1}-of-{told['iss']}"
        self.tokens[bearer] = (told["iss"], scopes)
        return as_json(
            {"access_token": bearer, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(scopes)}
        )

    # --- members ---

    def _members(self, request: Request, scopes: frozenset[str]) -> Response:
        if NRPS not in scopes or request.headers.get("Accept") != MEMBERS:
            return Response("", 403)
        # The bookmark is case-sensitive: a client that lower-cases addresses never gets page two.
        bookmark = request.args.get("page", "bookmark:WyJBIl0_0")
        start = int(bookmark.removeprefix("bookmark:WyJBIl0_"))
        page = self.members[start : start + self.page_size]
        answer = as_json({"id": request.url, "context": {"id": "ctx"}, "members": page}, kind=MEMBERS)
        if start + self.page_size < len(self.members):
            url = f"{self.url}/{request.path.lstrip('/')}?page=bookmark:WyJBIl0_{start + self.page_size}"
            answer.headers["Link"] = self.link_form.format(url=url)
        return answer

    # --- line items and scores ---

    def _lineitems(self, request: Request, client: str, scopes: frozenset[str]) -> Response:
        course = request.path.rsplit("/", 1)[0]
        if request.method == "POST":
            if AGS + "lineitem" not in scopes:
                return Response("", 403)
            assert request.headers["Content-Type"] == ITEM
            return as_json(self.add_item(course, json.loads(request.data)), 201, kind=ITEM)
        assert request.headers["Accept"] == ITEMS
        wanted = {"resource_id": "resourceId", "tag": "tag", "resource_link_id": "resourceLinkId"}
        found = [
            item
            for path, item in self.items.items()
            if path.startswith(course + "/")
            and all(item.get(wanted[n]) == v for n, v in request.args.items() if n in wanted)
        ]
        return as_json(found, kind=ITEMS)

    def add_item(self, course: str, body: dict[str, Any]) -> dict[str, Any]:
        """A column; its address has a query, as Moodle's have."""
        path = f"{course}/lineitems/{len(self.items) + 1}"
        self.items[path] = {**body, "id": f"{self.url}{path}?type_id=7"}
        return self.items[path]

    def _lineitem(self, request: Request, client: str, scopes: frozenset[str]) -> Response:
        path, _, what = request.path.rpartition("/")
        if path not in self.items or request.args.get("type_id") != "7":
            return Response("", 404)
        if what == "results":
            user = request.args.get("user_id", "")
            stamp = self.stamps.get((path, user))
            return as_json([{"userId": user, "timestamp": stamp}] if stamp else [])
        assert what == "scores", request.path
        assert request.headers["Content-Type"] == SCORE
        if AGS + "score" not in scopes:
            return Response("", 403)
        body = json.loads(request.data)
        if body["userId"] in self.not_gradable:
            return as_json({"reason": "Incorrect score received"}, 400)
        if body["timestamp"] <= self.stamps.get((path, body["userId"]), ""):
            return as_json({"reason": "Refusing score with an earlier timestamp"}, 409)
        self.stamps[path, body["userId"]] = body["timestamp"]
        self.scores.append(Score(path, body, client))
        return Response("", 204)

    # --- launches ---

    def claims(self, of_login: str, *, client: str = "client1", **more: Any) -> dict[str, Any]:
        """The base token of every case; `None` takes a claim away."""
        seconds = int(self.now().timestamp())
        deployment = {"client1": "dep1", "client2": "dep2"}[client]
        found: dict[str, Any] = {
            "iss": self.issuer,
            "aud": client,
            "sub": "s1",
            "iat": seconds,
            "exp": seconds + 300,
            "nonce": of_login,
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": deployment,
            CLAIM + "target_link_uri": "https://tool.example/lti/launch",
            CLAIM + "resource_link": {"id": "link1", "title": "Urban Water"},
            CLAIM + "roles": [LEARNER],
            CLAIM + "context": {"id": "ctx", "title": "Urban Water", "label": "UW1"},
            "name": "Amara Okafor",
            "email": "amara@example.org",
        }
        found.update({name if ":" in name or name in _PLAIN else CLAIM + name: v for name, v in more.items()})
        return {name: value for name, value in found.items() if value is not None}

    def services(self, course: str = "/c1", *, item: str = "", scopes=SCOPES) -> dict[str, Any]:
        """The claims of both services of a course."""
        endpoint: dict[str, Any] = {"scope": list(scopes), "lineitems": f"{self.url}{course}/lineitems"}
        if item:
            endpoint["lineitem"] = item
        return {
            AGS_CLAIM: endpoint,
            NRPS_CLAIM: {
                "context_memberships_url": f"{self.url}{course}/members",
                "service_versions": ["2.0"],
            },
        }

    def sign(self, claims: Any, *, by: RSAKey | None = None, header: dict[str, Any] | None = None) -> str:
        """A token made by hand: libraries rightly refuse to make some of those that tests need."""
        by = by or self.signer
        head = {"alg": "RS256", "kid": by.kid, "typ": "JWT"} if header is None else header
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        text = f"{coded(json.dumps(head).encode())}.{coded(payload)}"
        if head["alg"] == "HS256":
            seal = hmac.digest(by.as_pem(private=False), text.encode(), "sha256")
        else:
            digest = SHA512() if head["alg"] == "RS512" else SHA256()
            seal = cast("Any", by.private_key).sign(text.encode(), PKCS1v15(), digest)
        return f"{text}.{coded(seal)}"


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


_PLAIN = {
    "iss", "aud", "sub", "iat", "exp", "nbf", "nonce", "azp", "name", "email", "given_name", "family_name",
    "locale", "zoneinfo", "ext",
}  # fmt: skip


def as_json(value: Any, status: int = 200, kind: str = "application/json") -> Response:
    return Response(json.dumps(value), status, content_type=kind)


def status(code: int, text: str = "", **headers: str) -> Answer:
    """A fault: this status and text."""
    return lambda _request: Response(
        text, code, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def hang(seconds: float) -> Answer:
    """A fault: no answer for a while."""

    def wait(_request: Request) -> None:
        threading.Event().wait(seconds)

    return wait


def query(url: str) -> dict[str, str]:
    """The query of an address, one value for each name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
