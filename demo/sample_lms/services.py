"""What the tool may ask of the sample LMS: keys, access tokens, the member list and the gradebook.

Each endpoint can be disturbed on purpose (`Lms.faults`), so that tests see how the tool bears it.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, abort, jsonify, make_response, request

from demo import course
from demo.sample_lms.messages import (
    ROLES,
    SCOPES,
    ToolKeys,
    Untrusted,
    line_item_url,
    token_url,
    verified,
)
from demo.sample_lms.state import Fault, LineItem, Lms, Mark

LINE_ITEM, LINE_ITEM_READ, RESULT, SCORE, MEMBERS = SCOPES
VND = "application/vnd.ims."
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACTIVITY = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
GRADING = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}
LASTS = 3600
T = TypeVar("T")


class Tokens:
    """Access tokens in use: what each may do, and until when."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[frozenset[str], float]] = {}
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def give(self, scopes: frozenset[str]) -> str:
        token = secrets.token_urlsafe(32)
        self._given[token] = (scopes, time.time() + LASTS)
        return token

    def scopes(self, token: str) -> frozenset[str]:
        scopes, until = self._given.get(token, (frozenset(), 0.0))
        return scopes if time.time() < until else frozenset()

    def is_new(self, jti: str) -> bool:
        """Whether an assertion comes for the first time."""
        with self._lock:
            now = time.time()
            self._used = {known: until for known, until in self._used.items() if until > now}
            fresh = bool(jti) and jti not in self._used
            self._used[jti] = now + 700
        return fresh

    def forget(self) -> None:
        """Let every token given so far be worth nothing."""
        self._given.clear()


def services(lms: Lms, keys: ToolKeys) -> Blueprint:
    """The endpoints, as a part of the application."""
    part = Blueprint("services", __name__)
    tokens = Tokens()

    def fault(at: str) -> Fault | None:
        found = lms.fault(at)
        if found and found.status:
            abort(make_response(jsonify(error="ordered for a test"), found.status, found.headers))
        return found

    def allowed(*scopes: str) -> None:
        """Refuse a request without a token for one of these."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        have = tokens.scopes(token.strip()) if kind.lower() == "bearer" else frozenset()
        if not have:
            abort(make_response(jsonify(error="invalid_token"), 401, {"WWW-Authenticate": "Bearer"}))
        if not have & set(scopes):
            abort(make_response(jsonify(error="insufficient_scope"), 403))

    @part.get("/jwks")
    def keys_() -> Response:
        fault("keys")
        answer = jsonify(keys=[{**lms.key.as_dict(private=False), "use": "sig", "alg": "RS256"}])
        answer.headers["Cache-Control"] = "max-age=3600"
        return answer

    @part.post("/token")
    def token() -> tuple[Response, int] | Response:
        fault("token")
        form = request.form
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION:
            return jsonify(error="unsupported_grant_type"), 400
        try:
            claims = verified(lms, keys, form.get("client_assertion", ""), audience=token_url(lms))
            if claims.get("sub") != lms.tool.client_id:
                raise Untrusted("subject and issuer differ")
            if not tokens.is_new(str(claims.get("jti") or "")):
                raise Untrusted("the assertion came before, or has no id")
        except Untrusted as reason:
            return jsonify(error="invalid_client", error_description=str(reason)), 401
        scopes = frozenset(form.get("scope", "").split()) & frozenset(SCOPES)
        if not scopes:
            return jsonify(error="invalid_scope"), 400
        return jsonify(
            access_token=tokens.give(scopes), token_type="Bearer", expires_in=LASTS,
            scope=" ".join(sorted(scopes)),
        )  # fmt: skip

    # --- the member list ---

    @part.get("/services/courses/<context>/members")
    def members(context: str) -> Response:
        fault("members")
        allowed(MEMBERS)
        _here(context)
        now = lms.now()
        people = [p for p in lms.people.values() if p.joined is None or p.joined <= now]
        if role := request.args.get("role"):
            people = [p for p in people if any(r in (role, r.rsplit("#")[-1]) for r in ROLES[p.role])]
        page, following = _page(lms, people)
        answer = jsonify(
            id=request.url,
            context={"id": course.ID, "label": course.LABEL, "title": course.TITLE},
            members=[
                {
                    "status": "Active", "user_id": p.id, "name": p.name, "email": p.email,
                    "lis_person_sourcedid": p.id, "roles": ROLES[p.role],
                }
                for p in page
            ],
        )  # fmt: skip
        return _container(answer, "lti-nrps.v2.membershipcontainer", following)

    # --- the gradebook ---

    @part.get("/services/courses/<context>/lineitems")
    def line_items(context: str) -> Response:
        fault("line_items")
        allowed(LINE_ITEM, LINE_ITEM_READ)
        _here(context)
        filters = {"tag": "tag", "resource_id": "resourceId", "resource_link_id": "resourceLinkId"}
        wanted = {member: request.args[name] for name, member in filters.items() if name in request.args}
        found = [
            item
            for item in lms.line_items.values()
            if all(item.document.get(member) == value for member, value in wanted.items())
        ]
        page, following = _page(lms, found)
        answer = jsonify([_as_sent(lms, item) for item in page])
        return _container(answer, "lis.v2.lineitemcontainer", following)

    @part.post("/services/courses/<context>/lineitems")
    def add_line_item(context: str) -> tuple[Response, int]:
        fault("line_items")
        allowed(LINE_ITEM)
        _here(context)
        item = lms.add_line_item(_line_item(lms))
        return _container(jsonify(_as_sent(lms, item)), "lis.v2.lineitem"), 201

    @part.get("/services/courses/<context>/lineitems/<id>/lineitem")
    def line_item(context: str, id: str) -> Response:
        fault("line_items")
        allowed(LINE_ITEM, LINE_ITEM_READ)
        return _container(jsonify(_as_sent(lms, _item(lms, context, id))), "lis.v2.lineitem")

    @part.put("/services/courses/<context>/lineitems/<id>/lineitem")
    def change_line_item(context: str, id: str) -> Response:
        fault("line_items")
        allowed(LINE_ITEM)
        item = _item(lms, context, id)
        with lms.change():
            item.document = _line_item(lms)
        return _container(jsonify(_as_sent(lms, item)), "lis.v2.lineitem")

    @part.delete("/services/courses/<context>/lineitems/<id>/lineitem")
    def remove_line_item(context: str, id: str) -> tuple[str, int]:
        fault("line_items")
        allowed(LINE_ITEM)
        item = _item(lms, context, id)
        with lms.change():
            del lms.line_items[item.id]
            lms.marks = {place: mark for place, mark in lms.marks.items() if place[0] != item.id}
        return "", 204

    @part.post("/services/courses/<context>/lineitems/<id>/lineitem/scores")
    def score(context: str, id: str) -> tuple[Response, int]:
        wrong = fault("score")
        allowed(SCORE)
        item = _item(lms, context, id)
        if request.mimetype != f"{VND}lis.v1.score+json":
            return jsonify(error="a score has the type application/vnd.ims.lis.v1.score+json"), 415
        document = _json()
        person, mark = _mark(lms, item, document, add=Decimal(str(wrong.add)) if wrong else Decimal(0))
        with lms.change():
            old = lms.marks.get((item.id, person))
            if old and _moment(mark.timestamp) <= _moment(old.timestamp):
                return jsonify(error="a score with this or a later timestamp is here already"), 409
            if not (wrong and wrong.lose):
                lms.marks[item.id, person] = mark
        return jsonify(resultUrl=line_item_url(lms, item.id, f"/results/{person}")), 200

    @part.get("/services/courses/<context>/lineitems/<id>/lineitem/results")
    def results(context: str, id: str) -> Response:
        fault("results")
        allowed(RESULT)
        item = _item(lms, context, id)
        only = request.args.get("user_id")
        found = [
            (person, mark)
            for (column, person), mark in lms.marks.items()
            if column == item.id and only in (None, person)
        ]
        page, following = _page(lms, found)
        answer = jsonify([_result(lms, item, person, mark) for person, mark in page])
        return _container(answer, "lis.v2.resultcontainer", following)

    # --- for tests ---

    @part.post("/faults")
    def faults() -> tuple[str, int]:
        if request.remote_addr not in ("127.0.0.1", "::1"):
            abort(403)
        orders = _json()
        with lms.lock:
            if orders.pop("forget_tokens", False):
                tokens.forget()
            if orders:
                lms.faults.append(Fault(**orders))
            else:
                lms.faults.clear()
        return "", 204

    return part


def _here(context: str) -> None:
    if context != course.ID:
        abort(404)


def _item(lms: Lms, context: str, id: str) -> LineItem:
    _here(context)
    if id not in lms.line_items:
        abort(404)
    return lms.line_items[id]


def _json() -> dict[str, Any]:
    document = request.get_json(force=True, silent=True)
    if not isinstance(document, dict):
        abort(make_response(jsonify(error="a JSON object is needed"), 400))
    return document


def _line_item(lms: Lms) -> dict[str, Any]:
    if request.mimetype != f"{VND}lis.v2.lineitem+json":
        abort(
            make_response(
                jsonify(error="a line item has the type application/vnd.ims.lis.v2.lineitem+json"), 415
            )
        )
    document = {name: value for name, value in _json().items() if name != "id"}
    maximum, link = document.get("scoreMaximum"), document.get("resourceLinkId")
    problem = ""
    if not str(document.get("label") or "").strip():
        problem = "a line item needs a label"
    elif isinstance(maximum, bool) or not isinstance(maximum, int | float) or maximum <= 0:
        problem = "scoreMaximum must be a number above 0"
    elif link is not None and link not in lms.links:
        problem = "there is no such resource link in this course"
    if problem:
        abort(make_response(jsonify(error=problem), 400))
    return document


def _mark(lms: Lms, item: LineItem, document: dict[str, Any], *, add: Decimal) -> tuple[str, Mark]:
    """The mark that a score makes, on the column's own scale; refused where it breaks a rule."""

    def refuse(status: int, problem: str) -> None:
        abort(make_response(jsonify(error=problem), status))

    person = lms.people.get(str(document.get("userId")))
    if person is None or person.role != "learner":
        refuse(422, "this person is not graded in this course")
    assert person is not None
    if document.get("activityProgress") not in ACTIVITY or document.get("gradingProgress") not in GRADING:
        refuse(400, "activityProgress and gradingProgress are needed")
    try:
        _moment(document.get("timestamp"))
    except ValueError:
        refuse(400, "timestamp must be a date and time with its offset")
    given = ""
    if document.get("scoreGiven") is not None and document["gradingProgress"] == "FullyGraded":
        try:
            score = Decimal(str(document["scoreGiven"]))
            maximum = Decimal(str(document["scoreMaximum"]))
        except (KeyError, InvalidOperation):
            refuse(400, "scoreGiven and scoreMaximum must be numbers")
        if score < 0 or maximum <= 0 or not score.is_finite() or not maximum.is_finite():
            refuse(400, "scoreGiven must not be below 0, scoreMaximum must be above 0")
        given = f"{(score / maximum * item.maximum + add).normalize():f}"
    return person.id, Mark(
        given=given,
        maximum=str(item.maximum),
        comment=str(document.get("comment") or ""),
        timestamp=document["timestamp"],
        activity=document["activityProgress"],
        grading=document["gradingProgress"],
        received=lms.now().isoformat(),
    )


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("no moment")
    return moment


def _as_sent(lms: Lms, item: LineItem) -> dict[str, Any]:
    return {"id": line_item_url(lms, item.id), **item.document}


def _result(lms: Lms, item: LineItem, person: str, mark: Mark) -> dict[str, Any]:
    result: dict[str, Any] = {
        "id": line_item_url(lms, item.id, f"/results/{person}"),
        "scoreOf": line_item_url(lms, item.id),
        "userId": person,
        "resultMaximum": float(item.maximum),
    }
    if mark.given:
        result["resultScore"] = float(mark.given)
    return result | ({"comment": mark.comment} if mark.comment else {})


def _page(lms: Lms, rows: Sequence[T]) -> tuple[Sequence[T], str]:
    """The rows of the page asked for, and the address of the next one."""
    limit = request.args.get("limit", "")
    size = min(int(limit), lms.page) if limit.isdigit() and int(limit) else lms.page
    start = 0
    if mark := request.args.get("page"):
        try:
            start = int(base64.urlsafe_b64decode(mark).decode().removeprefix("From:"))
        except ValueError:
            abort(404)  # a bookmark in other letters is another bookmark
    following = ""
    if start + size < len(rows):
        bookmark = base64.urlsafe_b64encode(f"From:{start + size}".encode()).decode()
        parts = urlsplit(request.url)
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "page"]
        following = parts._replace(query=urlencode([*query, ("page", bookmark)])).geturl()
    return rows[start : start + size], following


def _container(answer: Response, kind: str, following: str = "") -> Response:
    answer.mimetype = f"{VND}{kind}+json"
    if following:
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer
