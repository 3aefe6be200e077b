"""What people see of the sample LMS: the course's page, an activity in its frame, the gradebook."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from coursecrew.domain.people import initials
from demo import answers, course, reviews
from demo.course import Person
from demo.sample_lms import messages
from demo.sample_lms.messages import DL, LTI, ToolKeys, Untrusted
from demo.sample_lms.services import services
from demo.sample_lms.state import Link, Lms

GROUPS = (("Learners, by what they see next", ("learner",)), ("Mentors", ("mentor",)),
          ("Course team", ("teacher", "assistant")))  # fmt: skip
MOST_FOUND = 20

# Moves the course's clock on and returns when people have done what they do until then.
MoveOn = Callable[[course.Stop], None]
# Mails that the tool sent, newest first: (to whom, subject, text).
Mails = Callable[[], Sequence[tuple[str, str, str]]]


def create_app(lms: Lms, *, move_on: MoveOn | None = None, mails: Mails | None = None) -> Flask:
    """The sample LMS as a WSGI application."""
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(course=course, initials=initials)
    keys = ToolKeys(lms.tool.jwks_url)
    app.register_blueprint(services(lms, keys))

    @app.after_request
    def headers(answer: Response) -> Response:
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    @app.get("/")
    def home() -> str:
        return render_template(
            "home.html", **_home(lms), can_move=move_on is not None, has_mail=mails is not None
        )

    @app.get("/people")
    def people() -> str:
        """The list of people alone, for the search that follows the typing."""
        return render_template("people.html", **_people(lms))

    # --- opening ---

    @app.get("/open")
    def open_activity() -> AnyResponse:
        """The landing page's button."""
        person, link = _asked_person(lms), _asked_link(lms, request.args.get("activity", ""))
        view = "launch" if "window" in request.args else "activity"
        return redirect(url_for(view, link=link.id, person=person.id), 303)

    @app.get("/activity/<link>")
    def activity(link: str) -> str:
        """An activity in its frame, as a course page shows it."""
        found, person = _asked_link(lms, link), _asked_person(lms)
        source = url_for("launch", link=found.id, person=person.id, frame=1)
        return _frame(lms, found.title, person, source)

    @app.get("/activity/<link>/launch")
    def launch(link: str) -> AnyResponse:
        found, person = _asked_link(lms, link), _asked_person(lms)
        return _begin(lms, person, "link", found)

    @app.get("/add")
    def add() -> str:
        """The tool's own page for choosing or making an activity, in its frame."""
        person = _teacher(lms)
        return _frame(lms, "Add an activity", person, url_for("launch_add", person=person.id, frame=1))

    @app.get("/add/launch")
    def launch_add() -> AnyResponse:
        return _begin(lms, _teacher(lms), "add", None)

    @app.route("/auth", methods=["GET", "POST"])
    def auth() -> AnyResponse | tuple[str, int]:
        """The tool sends the browser here to learn who it is; the answer is a signed launch."""
        asked = request.values
        wrong = _wrong_request(lms, asked)
        if wrong:
            return _message("This launch cannot go on", wrong), 400
        start = lms.starts.get(asked.get("login_hint", ""))
        if start is None:
            fields = {
                "error": "login_required", "state": asked["state"],
                "error_description": "Nobody has begun this launch, or it was too long ago.",
            }  # fmt: skip
            return _post(asked["redirect_uri"], fields)
        speaks = request.accept_languages.best or ""
        claims = messages.launch_claims(lms, start, asked["nonce"], language=speaks)
        return _post(
            asked["redirect_uri"], {"state": asked["state"], "id_token": messages.signed(lms, claims)}
        )

    @app.post("/deep-linking")
    def deep_linking() -> tuple[str, int] | str:
        """What a teacher chose in the tool comes into the course."""
        try:
            claims = messages.verified(lms, keys, request.form.get("JWT", ""), audience=lms.url)
            items = _items(lms, claims)
        except Untrusted as reason:
            return _message("Nothing was added", f"The tool’s answer cannot be used: {reason}."), 400
        links = [lms.add_link(item) for item in items]
        if links:
            goes_to = f"{url_for('home')}?{urlencode({'person': _teacher(lms).id, 'activity': links[-1].id})}"
        else:
            goes_to = url_for("home")
        # The answer arrives in the frame; the course's page is the one around it.
        return render_template("leave_frame.html", url=goes_to, titles=[link.title for link in links])

    # --- the course's clock, marks, mail ---

    @app.post("/clock")
    def clock() -> AnyResponse:
        stop = course.next_stop(lms.now())
        if stop is not None and move_on is not None:
            move_on(stop)
        kept = {name: value for name, value in request.form.items() if name in ("person", "activity")}
        return redirect(f"{url_for('home')}?{urlencode(kept)}#clock", 303)

    @app.get("/gradebook.json")
    def gradebook_json() -> Response:
        return jsonify(_plain_gradebook(lms))

    @app.get("/mail")
    def mail() -> str:
        return render_template("mail.html", mails=mails() if mails else ())

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.errorhandler(404)
    def not_found(_error: Exception) -> tuple[str, int]:
        return _message("This is not in the course", "Go back to the course and choose again."), 404

    return app


# --- the landing page ---


@dataclass(frozen=True)
class Row:
    """One learner in the gradebook."""

    person: Person
    marks: tuple[str, ...]
    received: str


def _home(lms: Lms) -> dict[str, Any]:
    now = lms.now()
    links = list(lms.links.values())
    chosen = request.args.get("activity", "")
    if chosen not in lms.links:
        chosen = links[-1].id if links else ""
        plan = [link.id for link in links if link.title == course.PLAN.title]
        chosen = plan[0] if plan else chosen
    return {
        **_people(lms),
        "links": [(link, _about(lms, link, now)) for link in links],
        "chosen_link": chosen,
        "now": course.time(now),
        "stop": course.next_stop(now),
        **_gradebook(lms, everybody="all" in request.args),
    }


def _about(lms: Lms, link: Link, now: datetime) -> course.About:
    marks = lms.marks_of(link.id)
    known = (
        course.about(link.title, now, marks=marks)
        or answers.about(link.title, now)
        or reviews.about(link.title, now)
    )
    if known is not None:
        return known
    text = link.text or "Added by you"
    return course.About(text, "graded" if marks else "new", "done" if marks else "idle")


def _people(lms: Lms) -> dict[str, Any]:
    """Those the search finds; without a search those with a story, and whoever is chosen."""
    words, now = request.args.get("q", "").strip(), lms.now()
    chosen = lms.people.get(request.args.get("person", ""), lms.people["amara.okafor"])
    found = course.search(words) if words else [p for p in lms.people.values() if p.sees or p is chosen]
    shown = found[:MOST_FOUND]
    groups = [
        (title, [(p, course.sees(p, now) or _place(p)) for p in shown if p.role in roles])
        for title, roles in GROUPS
    ]
    return {
        "groups": [(title, rows) for title, rows in groups if rows],
        "chosen_person": chosen if chosen in shown or not shown else shown[0],
        "words": words,
        "count": len(lms.people),
        "found": len(found),
        "more": len(found) - len(shown),
    }


def _place(person: Person) -> str:
    team = course.team_of(person.id)
    return team.name if team else person.zone.rpartition("/")[2].replace("_", " ")


def _gradebook(lms: Lms, *, everybody: bool) -> dict[str, Any]:
    columns = list(lms.line_items.values())
    learners = [p for p in lms.people.values() if p.role == "learner"]
    shown = learners if everybody else _first_rows(lms, learners)
    return {
        "columns": [column.label for column in columns],
        "rows": [_row(lms, person, [column.id for column in columns]) for person in shown],
        "learners": len(learners),
        "everybody": everybody,
    }


def _first_rows(lms: Lms, learners: Sequence[Person]) -> list[Person]:
    """The few with a story, and whoever is marked in a column that a visitor added."""
    added = {
        item.id
        for item in lms.line_items.values()
        if not _is_known(lms, str(item.document.get("resourceLinkId")))
    }
    marked = {person for item, person in lms.marks if item in added}
    return [p for p in learners if p.id in course.SHOWN_FIRST or p.id in marked]


def _is_known(lms: Lms, link: str) -> bool:
    return link in lms.links and lms.links[link].title in (course.SKETCH.title, course.PLAN.title)


def _row(lms: Lms, person: Person, columns: Sequence[str]) -> Row:
    marks = [lms.marks.get((column, person.id)) for column in columns]
    received = [datetime.fromisoformat(mark.received) for mark in marks if mark]
    latest = max(received).astimezone(course.ZONE) if received else None
    return Row(
        person,
        tuple(_number(mark.given) if mark and mark.given else "" for mark in marks),
        f"{latest.day} {latest:%b, %H:%M:%S}" if latest else "",
    )


def _number(text: str) -> str:
    return f"{Decimal(text):.2f}"


def _plain_gradebook(lms: Lms) -> dict[str, Any]:
    return {
        "columns": [
            {"id": item.id, "label": item.label, "maximum": str(item.maximum),
             "link": item.document.get("resourceLinkId")}
            for item in lms.line_items.values()
        ],
        "marks": [
            {"column": item, "person": person, "name": lms.people[person].name, "score": mark.given,
             "maximum": mark.maximum, "comment": mark.comment, "received": mark.received}
            for (item, person), mark in lms.marks.items()
        ],
    }  # fmt: skip


# --- launches ---


def _asked_person(lms: Lms) -> Person:
    person = lms.people.get(request.args.get("person", ""))
    return person or abort(404)


def _asked_link(lms: Lms, id: str) -> Link:
    link = lms.links.get(id)
    return link or abort(404)


def _teacher(lms: Lms) -> Person:
    """The person chosen, if they may add activities; otherwise the course's instructor."""
    person = lms.people.get(request.args.get("person", ""))
    return person if person and person.role == "teacher" else course.STAFF[0]


def _frame(lms: Lms, title: str, person: Person, source: str) -> str:
    parts = urlsplit(lms.tool.url)
    return render_template(
        "activity.html", title=title, person=person, source=source,
        tool_origin=f"{parts.scheme}://{parts.netloc}", back=url_for("home", person=person.id),
    )  # fmt: skip


def _begin(lms: Lms, person: Person, kind: str, link: Link | None) -> AnyResponse:
    """Send the browser to the tool's login address, as every launch begins."""
    hint = lms.begin(person.id, kind, link.id if link else "", window="frame" not in request.args)
    query = {
        "iss": lms.url,
        "login_hint": hint,
        "target_link_uri": (link.url if link else "") or lms.tool.launch_url,
        "lti_message_hint": '{"of": "sample lms"}',
        "client_id": lms.tool.client_id,
        "lti_deployment_id": lms.tool.deployment_id,
    }
    return redirect(f"{lms.tool.login_url}?{urlencode(query)}", 302)


def _wrong_request(lms: Lms, asked: Mapping[str, str]) -> str:
    """What is wrong with an authentication request, in one sentence; empty when nothing is."""
    expected = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": lms.tool.client_id, "redirect_uri": lms.tool.launch_url,
    }  # fmt: skip
    for name, value in expected.items():
        if asked.get(name) != value:
            return f"The tool’s request says something else than “{value}” for {name}."
    for name in ("login_hint", "nonce", "state"):
        if not asked.get(name):
            return f"The tool’s request lacks {name}."
    return ""


def _post(url: str, fields: Mapping[str, str]) -> AnyResponse:
    """A page that posts a form by itself, or by a press where scripts are off."""
    nonce = secrets.token_urlsafe(16)
    answer = make_response(render_template("post.html", url=url, fields=fields, nonce=nonce))
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'"
    )
    return answer


def _items(lms: Lms, claims: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links of a deep-linking answer; refused where it does not fit what was asked."""
    if claims.get(f"{LTI}message_type") != "LtiDeepLinkingResponse":
        raise Untrusted("it is no deep-linking answer")
    if claims.get(f"{LTI}version") != "1.3.0" or claims.get(f"{LTI}deployment_id") != lms.tool.deployment_id:
        raise Untrusted("version or deployment do not fit")
    with lms.lock:
        asked = lms.starts.pop(str(claims.get(f"{DL}data")), None)
    if asked is None or asked.kind != "return":
        raise Untrusted("nobody asked for it, or it was used before")
    items = claims.get(f"{DL}content_items", [])
    if not isinstance(items, list) or any(item.get("type") != "ltiResourceLink" for item in items):
        raise Untrusted("it holds something that this LMS does not take")
    return items


def _message(title: str, text: str) -> str:
    return render_template("message.html", title=title, text=text)
