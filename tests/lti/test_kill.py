"""Signal 9 to the web process and the worker between release and delivery: no score lost, none false."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from demo.check import TEAMS, _become_team, _link
from demo.sample_lms import Lms, Tool, create_app
from demo.sample_lms.state import CLIENT_ID, DEPLOYMENT_ID
from demo.visitor import Visitor
from tests.e2e.hosts import free_port
from tests.services import ROOT

pytestmark = pytest.mark.slow
TEACHER = "ines.carvalho"
PATIENCE = 60


class Gate:
    """The sample LMS with a gate before its scores: it notes each one that comes, and may hold it."""

    def __init__(self, app) -> None:
        self.app = app
        self.came = threading.Event()
        self.open = threading.Event()
        self.scores: dict[str, list[dict]] = defaultdict(list)

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].endswith("/scores"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            score = json.loads(body)
            self.scores[score["userId"]].append(score)
            self.came.set()
            self.open.wait(PATIENCE)
            import io

            environ["wsgi.input"] = io.BytesIO(body)
        return self.app(environ, start_response)


@contextmanager
def serving(app) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Site:
    """`coursecrew-lti` in processes of its own, over one SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{folder / 'coursecrew.db'}"
        self.environ = {
            **os.environ,
            "COURSECREW_DATABASE_URL": self.database,
            "COURSECREW_QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
            "COURSECREW_FILES_URL": f"file://{folder / 'files'}",
            "COURSECREW_SECRET_KEY": "a secret that is long enough for a test",
            "COURSECREW_PUBLIC_URL": self.url,
            "COURSECREW_ALLOW_PRIVATE_NETWORK": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "shared"), str(ROOT / "lti_tool"), str(ROOT)]),
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from coursecrew_lti.cli import main; raise SystemExit(main())", *words]

    def run(self, *words: str) -> None:
        subprocess.run(self.command(*words), env=self.environ, check=True, capture_output=True)

    @contextmanager
    def process(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            self.command(*words), env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()

    def wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/healthz", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError("the tool did not come up")

    def let_claims_run_out(self) -> None:
        """What two minutes do: a claim that a dead worker held is over."""
        engine = create_engine(self.database)
        with engine.begin() as connection:
            for table in ("coursecrew_gradebook_cell", "coursecrew_event", "coursecrew_notice"):
                connection.execute(text(f"UPDATE {table} SET next_try = '2020-01-01 00:00:00.000000' "
                                        "WHERE next_try IS NOT NULL"))  # fmt: skip
        engine.dispose()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killing_web_and_worker_after_a_release_loses_no_score_and_sends_no_other(tmp_path: Path) -> None:
    site = Site(tmp_path)
    lms = Lms("", Tool(site.url), now=lambda: datetime.now(UTC))
    gate = Gate(create_app(lms))
    with serving(gate) as url:
        lms.url = url
        site.run("migrate")
        site.run(
            "platform", "add", "--issuer", url, "--client-id", CLIENT_ID, "--auth-url", f"{url}/auth",
            "--token-url", f"{url}/token", "--jwks-url", f"{url}/jwks", "--deployment-id", DEPLOYMENT_ID,
        )  # fmt: skip
        with site.process("serve", "--port", str(site.port)) as web:
            site.wait()
            release_three_grades(url)
            with site.process("work") as worker:
                assert gate.came.wait(PATIENCE), "the worker never began to deliver"
                kill(web)
                kill(worker)
        gate.open.set()
        site.let_claims_run_out()
        with site.process("work"):
            marks = wait_for_marks(lms, 3)
    assert {float(mark) for mark in marks.values()} == {100.0}
    assert sum(map(len, gate.scores.values())) > 3, "the killed send was not repeated, so this proved nothing"
    for sent in gate.scores.values():
        assert {score["scoreGiven"] for score in sent} == {100}
        stamps = [datetime.fromisoformat(score["timestamp"]) for score in sent]
        assert stamps == sorted(set(stamps))


def release_three_grades(url: str) -> None:
    """The whole way to a release: an assignment, a team of three, its work, full marks."""
    teacher = Visitor(url, TEACHER)
    teacher.add_activity("Cut water loss in one district")
    link = _link(url)
    teacher.open(link)
    page = teacher.press(teacher.show("settings"), "settings/starter")
    teacher.press(page, "settings/publish")
    team = TEAMS[0]
    people = [Visitor(url, person) for person in team.members]
    _become_team(people, link, team)
    draft = people[0].show("draft")
    texts = {name: "Ours." for name, _ in draft.form("draft").values if name.startswith("text-")}
    people[0].press(draft, "draft", texts, "Save")
    people[0].press(people[0].show("hand-in"), "hand-in", button="Hand in")
    teacher.open(link)
    work = next(address for words, address in teacher.show("grading").links if team.name in words)
    page = teacher.show(work.removeprefix("#/"))
    best = {"level-answer": "4", "level-evidence": "4", "level-use": "4"}
    teacher.press(page, f"{work.removeprefix('#/')}/score", best, "Score this work")
    teacher.press(teacher.show("release"), "release/now")


def wait_for_marks(lms: Lms, count: int) -> dict[str, str]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with lms.lock:
            marks = {person: mark.given for (_, person), mark in lms.marks.items() if mark.given}
        if len(marks) >= count:
            return marks
        time.sleep(0.1)
    raise AssertionError(f"only {len(marks)} marks came")
