"""The LTI tool as the demo runs it: everything in one process, with the course's own clock.

One address more than usual: the sample LMS asks `/demo/clock` to move the clock on, and people act
until then.
"""

from __future__ import annotations

import argparse
import hmac
import logging
import os
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import waitress
from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import select

from coursecrew_lti import registration as registrations
from coursecrew_lti.app import create_app
from coursecrew_lti.config import from_environ
from coursecrew_lti.lti_tables import USER
from coursecrew_lti.registration import Endpoints
from coursecrew_lti.tool import Tool, make_tool
from demo import course
from demo.clock import CourseClock
from demo.mail import MailBox
from demo.processes import HERE, end_with_parent
from demo.sample_lms.state import CLIENT_ID, DEPLOYMENT_ID
from demo.seed import Rehearsal

WORD = "COURSECREW_DEMO_WORD"  # known to both processes, so that nobody else moves the clock


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.tool", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lms", required=True, help="origin of the sample LMS")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--empty", action="store_true", help="a course in which nobody has acted yet")
    options = parser.parse_args(arguments)
    logging.basicConfig(filename=options.folder / "tool.log", level=logging.INFO)
    clock = CourseClock(options.folder / "clock.json")
    tool = make_tool(
        from_environ(),
        clock=clock,
        make_mailer=lambda tool, _registration: MailBox(
            options.folder / "mail.jsonl", lambda key: _name_of(tool, key)
        ),
    )
    app = create_app(tool=tool)
    rehearsal = Rehearsal(tool, _register(tool, options.lms), clock, options.folder)
    ready = threading.Event()
    app.register_blueprint(_demo(clock, rehearsal, tool, ready, empty=options.empty))
    server = waitress.create_server(app, host=HERE, port=options.port, threads=6)
    threading.Thread(target=server.run, daemon=True).start()
    _begin(rehearsal, clock, options.lms, empty=options.empty)
    consumer = tool.work.in_background()
    ready.set()
    end_with_parent()
    clock.stand()
    consumer.stop(graceful=False)
    server.close()


def _begin(rehearsal: Rehearsal, clock: CourseClock, lms: str, *, empty: bool) -> None:
    """Fill the course, or let it go on where it stopped."""
    if empty:
        clock.set(course.BEGIN)
    elif rehearsal.is_done:
        clock.start()
    else:
        rehearsal.fill(lms, _progress)


def _progress(moment: datetime, share: float) -> None:
    """One line that grows older: how far the course is."""
    end = "\r" if sys.stdout.isatty() else "\n"
    if end == "\r" or moment.hour < 6:
        print(f"  {course.time(moment)}: people are at work in the sample course   ", end=end, flush=True)


def _register(tool: Tool, lms: str) -> str:
    """Write the sample LMS down as a platform, as an operator would."""
    endpoints = Endpoints(
        issuer=lms, client_id=CLIENT_ID, auth_url=f"{lms}/auth", token_url=f"{lms}/token",
        jwks_url=f"{lms}/jwks", name="Sample LMS",
    )  # fmt: skip
    with tool.begin() as connection:
        return registrations.register(
            connection,
            endpoints,
            new_id=tool.ids.new(),
            now=tool.wall(),
            deployments=[(tool.ids.new(), DEPLOYMENT_ID)],
        ).id


def _name_of(tool: Tool, key: str) -> str:
    with tool.begin() as connection:
        return str(connection.execute(select(USER.c.name).where(USER.c.id == key)).scalar() or key)


def _demo(
    clock: CourseClock, rehearsal: Rehearsal, tool: Tool, ready: threading.Event, *, empty: bool
) -> Blueprint:
    """What only the demo's own processes ask for."""
    part = Blueprint("demo", __name__)
    moving = threading.Lock()

    @part.before_request
    def only_ours() -> None:
        if not hmac.compare_digest(request.headers.get("X-Demo", ""), os.environ.get(WORD, "")):
            abort(404)

    @part.get("/demo/ready")
    def is_ready() -> tuple[Response, int]:
        return jsonify(ready=ready.is_set()), 200 if ready.is_set() else 503

    @part.post("/demo/clock")
    def move_clock() -> Response:
        to = datetime.fromisoformat(request.get_json()["to"])
        with moving:
            if to > clock.now():
                if empty:
                    clock.set(to)
                    tool.work.look_everywhere()
                else:
                    rehearsal.move_on(to)
        return jsonify(now=clock.now().isoformat())

    return part


if __name__ == "__main__":
    main()
