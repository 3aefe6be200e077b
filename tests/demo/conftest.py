"""A sample LMS in this process, and a tool that is only a key: it signs, and publishes what it signs with."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from wsgiref.types import WSGIApplication

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from demo import course
from demo.sample_lms import Lms, Tool, create_app
from demo.sample_lms.messages import DL, LTI, SCOPES, token_url
from demo.sample_lms.state import new_key


@dataclass
class KeyHolder:
    """The tool's side of the protocol, as far as the LMS checks it."""

    url: str = ""
    keys: dict[str, RSAKey] = field(default_factory=dict)
    kid: str = ""

    def rotate(self) -> None:
        key = RSAKey.generate_key(2048, private=True, auto_kid=True)
        self.kid = str(key.kid)
        self.keys = {self.kid: key}

    def sign(self, claims: dict) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.kid}, claims, self.keys[self.kid])

    def assertion(self, lms: Lms, **changes: object) -> str:
        now = int(time.time())
        claims = {
            "iss": lms.tool.client_id, "sub": lms.tool.client_id, "aud": token_url(lms), "iat": now - 5,
            "exp": now + 60, "jti": uuid.uuid4().hex,
        }  # fmt: skip
        return self.sign(claims | changes)

    def answer(self, lms: Lms, data: str, items: list, **changes: object) -> str:
        now = int(time.time())
        claims = {
            "iss": lms.tool.client_id, "aud": lms.url, "iat": now, "exp": now + 60, "nonce": uuid.uuid4().hex,
            f"{LTI}deployment_id": "1", f"{LTI}message_type": "LtiDeepLinkingResponse",
            f"{LTI}version": "1.3.0", f"{DL}content_items": items, f"{DL}data": data,
        }  # fmt: skip
        return self.sign(claims | changes)


@contextmanager
def serving_keys(holder: KeyHolder) -> Iterator[str]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"keys": [key.as_dict(private=False) for key in holder.keys.values()]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """An application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def tool() -> Iterator[KeyHolder]:
    holder = KeyHolder()
    holder.rotate()
    with serving_keys(holder) as url:
        holder.url = url
        yield holder


NOW = datetime(2026, 11, 24, 15, 40, tzinfo=UTC)


@pytest.fixture(scope="session")
def key() -> RSAKey:
    """The LMS's own key: making one takes longer than most tests."""
    return new_key()


@pytest.fixture
def lms(tool: KeyHolder, key: RSAKey) -> Lms:
    """A course with the assignment in it, at half past four on a Tuesday."""
    made = Lms("http://lms.test", Tool(tool.url), now=lambda: NOW, key=key)
    made.add_link({
        "title": course.PLAN.title, "custom": {"coursecrew_item": "1234", "zone": "$Person.address.timezone"},
        "lineItem": {"label": "District plan", "scoreMaximum": 100, "resourceId": "1234", "tag": "total"},
    })  # fmt: skip
    return made


@pytest.fixture
def client(lms: Lms):
    return create_app(lms).test_client()


@pytest.fixture
def bearer(lms: Lms, client, tool: KeyHolder) -> Callable[..., dict[str, str]]:
    """Headers with an access token for these scopes (all, unless some are named)."""

    def ask(*scopes: str) -> dict[str, str]:
        answer = client.post("/token", data=token_form(tool.assertion(lms), *scopes))
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json['access_token']}"}

    return ask


def token_form(assertion: str, *scopes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": " ".join(scopes or SCOPES),
    }
