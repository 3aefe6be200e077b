"""What the sample LMS signs (launches) and what it checks (answers and assertions of the tool)."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import requests
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from demo import course
from demo.course import Person
from demo.sample_lms.state import Link, Lms, Start

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
ROLES = {
    "learner": [f"{MEMBERSHIP}#Learner"],
    "mentor": [f"{MEMBERSHIP}#Mentor"],
    "teacher": [f"{MEMBERSHIP}#Instructor"],
    "assistant": ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"],
}
LIFETIME = 300  # seconds


class Untrusted(Exception):  # noqa: N818 - it says what is wrong with a message
    """A message of the tool that cannot be believed; the text is for whoever reads the answer."""


def launch_claims(lms: Lms, start: Start, nonce: str, *, language: str = "") -> dict[str, Any]:
    """The claims of the launch that somebody has begun.

    `language` is what their browser asks for first; who looks at the demo in another language than
    English gets the tool in that language, as far as it speaks it.
    """
    person = lms.people[start.person]
    if language and not language.casefold().startswith("en"):
        person = replace(person, language=language)
    claims = _common(lms, person, nonce, start)
    if start.kind == "add":
        return claims | _deep_linking(lms, start)
    return claims | _resource_link(lms, lms.links[start.link], lms.people[start.person])


def _common(lms: Lms, person: Person, nonce: str, start: Start) -> dict[str, Any]:
    now = int(time.time())
    first, _, last = person.name.rpartition(" ")
    return {
        "iss": lms.url,
        "aud": lms.tool.client_id,
        "sub": person.id,
        "iat": now,
        "exp": now + LIFETIME,
        "nonce": nonce,
        "name": person.name,
        "given_name": first,
        "family_name": last,
        "email": person.email,
        "preferred_username": person.id,
        "locale": person.language,
        "zoneinfo": person.zone,
        f"{LTI}version": "1.3.0",
        f"{LTI}deployment_id": lms.tool.deployment_id,
        f"{LTI}roles": ROLES[person.role],
        f"{LTI}context": {
            "id": course.ID,
            "label": course.LABEL,
            "title": course.TITLE,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
        },
        f"{LTI}tool_platform": {
            "guid": "sample-lms", "name": "Sample LMS", "product_family_code": "sample-lms", "version": "1",
        },
        f"{LTI}launch_presentation": {
            "document_target": "window" if start.window else "iframe",
            "locale": person.language,
            "return_url": f"{lms.url}/",
        },
        f"{LTI}lis": {"person_sourcedid": person.id, "course_section_sourcedid": course.ID},
        NRPS: {"context_memberships_url": members_url(lms), "service_versions": ["2.0"]},
        AGS: {"scope": list(SCOPES[:4]), "lineitems": line_items_url(lms)},
    }  # fmt: skip


def _resource_link(lms: Lms, link: Link, person: Person) -> dict[str, Any]:
    endpoint: dict[str, Any] = {"scope": list(SCOPES[:4]), "lineitems": line_items_url(lms)}
    columns = lms.columns_of(link.id)
    if len(columns) == 1:
        endpoint["lineitem"] = line_item_url(lms, columns[0].id)
    return {
        f"{LTI}message_type": "LtiResourceLinkRequest",
        f"{LTI}target_link_uri": link.url or lms.tool.launch_url,
        f"{LTI}resource_link": {"id": link.id, "title": link.title, "description": link.text},
        f"{LTI}custom": filled_in(link.custom, link, person),
        AGS: endpoint,
    }


def _deep_linking(lms: Lms, start: Start) -> dict[str, Any]:
    return {
        f"{LTI}message_type": "LtiDeepLinkingRequest",
        f"{LTI}target_link_uri": lms.tool.launch_url,
        f"{DL}deep_linking_settings": {
            "deep_link_return_url": f"{lms.url}/deep-linking",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "accept_lineitem": True,
            "auto_create": True,
            "data": lms.begin(start.person, "return", window=start.window),
        },
    }


def filled_in(custom: Mapping[str, str], link: Link, person: Person) -> dict[str, str]:
    """Custom parameters with variables put in; unknown ones stay as they are written."""
    known = {
        "$Context.id": course.ID,
        "$Context.id.history": "",
        "$Context.title": course.TITLE,
        "$Person.address.timezone": person.zone,
        "$Person.email.primary": person.email,
        "$Person.name.full": person.name,
        "$ResourceLink.id": link.id,
        "$ResourceLink.submission.endDateTime": link.due,
        "$ResourceLink.title": link.title,
        "$User.id": person.id,
        "$User.username": person.id,
    }
    return {name: known.get(value, value) for name, value in custom.items()}


def signed(lms: Lms, claims: Mapping[str, Any]) -> str:
    """A token with the key of the LMS."""
    return jwt.encode({"alg": "RS256", "kid": lms.key.kid, "typ": "JWT"}, dict(claims), lms.key)


class ToolKeys:
    """The tool's public keys, asked for anew when a token names one that is not known yet."""

    def __init__(self, url: str) -> None:
        self._url, self._asked, self._lock = url, -60.0, threading.Lock()
        self._keys: dict[str, RSAKey] = {}

    def get(self, kid: str) -> RSAKey:
        with self._lock:
            if kid not in self._keys and time.monotonic() - self._asked > 1:
                self._asked = time.monotonic()
                self._fetch()
            if kid not in self._keys:
                raise Untrusted("the tool publishes no such key")
            return self._keys[kid]

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._url, timeout=5)
            answer.raise_for_status()
            keys = answer.json()["keys"]
        except (requests.RequestException, ValueError, KeyError) as error:
            raise Untrusted("the tool's keys cannot be had") from error
        self._keys = {key["kid"]: RSAKey.import_key(key) for key in keys if key.get("kty") == "RSA"}


def verified(lms: Lms, keys: ToolKeys, token: str, *, audience: str) -> dict[str, Any]:
    """The claims of a token that the tool signed for us just now."""
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        if not isinstance(kid, str):
            raise Untrusted("the token names no key")
        claims = json.loads(jws.deserialize_compact(token, keys.get(kid), registry=registry).payload)
    except (JoseError, ValueError) as error:
        raise Untrusted("the token is not signed by the tool") from error
    now, audiences = time.time(), claims.get("aud")
    if claims.get("iss") != lms.tool.client_id:
        raise Untrusted("the token is not from this tool")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise Untrusted("the token is for somebody else")
    if not now - 600 < claims.get("iat", 0) < now + 60 or not claims.get("exp", 0) > now - 5:
        raise Untrusted("the token is not of now")
    return claims


def nonce() -> str:
    return secrets.token_urlsafe(16)


# --- addresses of services ---


def members_url(lms: Lms) -> str:
    return f"{lms.url}/services/courses/{course.ID}/members"


def line_items_url(lms: Lms) -> str:
    return f"{lms.url}/services/courses/{course.ID}/lineitems"


def line_item_url(lms: Lms, id: str, tail: str = "") -> str:
    """Like some real platforms' it ends in a query, before which a tool must put its `/scores`."""
    return f"{line_items_url(lms)}/{id}/lineitem{tail}?type=1"


def token_url(lms: Lms) -> str:
    return f"{lms.url}/token"
