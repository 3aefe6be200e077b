"""Access to a platform's own groups, through Moodle's web services or Canvas's interface.

LTI has no service that both platforms offer for groups, so an administrator gives a token of the
platform's own interface. It is tried before it is kept, and kept encrypted.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import update

from coursecrew_lti.lti_tables import REGISTRATION
from coursecrew_lti.outgoing import Unreachable
from coursecrew_lti.registration import Registration
from coursecrew_lti.tool import Tool

MOODLE, CANVAS = "moodle", "canvas"
KINDS = (MOODLE, CANVAS)


def connect(this: Tool, registration: Registration, *, kind: str, url: str, token: str) -> str:
    """Try the access and keep it; returns as whom the platform knows us."""
    who = _ask_moodle(this, url, token) if kind == MOODLE else _ask_canvas(this, url, token)
    sealed = this.config.secrets.encrypt(json.dumps({"kind": kind, "url": url.rstrip("/"), "token": token}))
    with this.begin() as connection:
        connection.execute(
            update(REGISTRATION).where(REGISTRATION.c.id == registration.id).values(groups=sealed)
        )
    return who


def _ask_moodle(this: Tool, url: str, token: str) -> str:
    """Moodle answers 200 with an `exception` for everything it refuses; the token never goes into a URL."""
    answer = this.outgoing.post(
        f"{url.rstrip('/')}/webservice/rest/server.php",
        data={"wstoken": token, "wsfunction": "core_webservice_get_site_info", "moodlewsrestformat": "json"},
    )
    told = _object(answer.json() if answer.ok and answer.content else None)
    if "exception" in told:
        raise Unreachable(str(told.get("errorcode", "refused"))[:40])
    return f"{told.get('fullname', '')} ({told.get('sitename', '')})"


def _ask_canvas(this: Tool, url: str, token: str) -> str:
    answer = this.outgoing.get(
        f"{url.rstrip('/')}/api/v1/users/self", headers={"Authorization": f"Bearer {token}"}
    )
    if not answer.ok:
        raise Unreachable(f"status_{answer.status}")
    return str(_object(answer.json()).get("name", ""))


def _object(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Unreachable("malformed")
    return told
