"""A platform that others wrote launches the tool, lists its people, and receives scores."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from coursecrew.app.records import ACTIVITIES, CELLS, PARTICIPANTS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.gradebook import Cell, Component, Delivery
from coursecrew_lti import registration as registrations
from coursecrew_lti.app import wire
from coursecrew_lti.registration import Endpoints
from coursecrew_lti.tool import make_tool
from tests import services
from tests.lti.conftest import find

pytestmark = [pytest.mark.peer_platform, pytest.mark.slow]


@pytest.fixture
def tool(settings) -> Iterator:
    """The tool behind a real server: the peer reads our keys over HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = make_tool(replace(settings, public_url=f"http://127.0.0.1:{port}"))
    server = make_server("127.0.0.1", port, wire(made), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.engine.dispose()


@pytest.fixture
def peer(tool) -> Iterator[str]:
    """The other platform in a process of its own; the tool knows it."""
    python = services.peer_platform()
    assert python
    started = subprocess.Popen(
        [python, str(Path(__file__).with_name("peer.py")), tool.config.public_url],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert started.stdout
    url = started.stdout.readline().strip()
    endpoints = Endpoints(url, "coursecrew", f"{url}/auth", f"{url}/token", f"{url}/jwks")
    with tool.begin() as connection:
        registrations.register(
            connection, endpoints, new_id=tool.ids.new(), now=tool.wall(),
            deployments=[(tool.ids.new(), "1")],
        )  # fmt: skip
    yield url
    started.terminate()
    started.wait(10)
    started.stdout.close()


class Visitor:
    """Somebody who opens a link on the platform; follows it into the tool as a browser would."""

    def __init__(self, tool, peer, person):
        self.tool, self.peer, self.person = tool.config.public_url, peer, person
        self.browser = requests.Session()

    def open(self, hint):
        form = self.browser.get(f"{self.peer}/start", params={"person": self.person, "hint": hint}).json()
        sent = {"id_token": form["id_token"], "state": form["state"]}
        answer = self.browser.post(form["launch_url"], data=sent, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        session, code = re.findall(r"^/open/(\w+)\?code=(.+)$", answer.headers["Location"])[0]
        told = self.browser.post(f"{self.tool}/lti/token", data={"session": session, "code": code})
        self.token = told.json()["token"]
        return self

    def see(self, path):
        answer = requests.get(f"{self.tool}/ui/{path}", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer.text


def test_the_other_platform_launches_us_and_lists_its_people(tool, peer):
    assert "Cut water loss" in Visitor(tool, peer, "ines").open("link1").see("settings")
    assert "not ready yet" in Visitor(tool, peer, "amara").open("link1").see("team")
    tool.work.run_waiting()
    [course] = find(tool, "COURSE")
    assert course.sync_problem == ""
    people = run(tool.ports(course.registration), lambda unit: unit.store.find(PARTICIPANTS))
    roles = {person.name: person.role.value for person in people}
    assert roles == {"Inês Carvalho": "instructor", "Amara Okafor": "learner", "Linh Tran": "learner"}


def test_the_other_platform_takes_our_link_and_receives_scores(tool, peer):
    teacher = Visitor(tool, peer, "ines").open("choose")
    page = requests.post(
        f"{teacher.tool}/lti/pick", data={"token": teacher.token, "title": "Cut water loss", "act": "add"}
    ).text
    signed = unescape(re.findall(r'name="JWT" value="([^"]+)"', page)[0])
    [item] = requests.post(f"{peer}/chosen", data={"JWT": signed}).json()
    hint = f"link1 {item['custom']['coursecrew_item']}"
    Visitor(tool, peer, "ines").open(hint).see("settings")
    for person in ("amara", "linh"):
        Visitor(tool, peer, person).open(hint).see("team")

    [course] = find(tool, "COURSE")
    ports = tool.ports(course.registration)
    [activity] = run(ports, lambda unit: unit.store.find(ACTIVITIES))
    keys = {row.sub: row.id for row in find(tool, "USER")}

    def grade(person, value):
        cell = Cell(
            tool.ids.new(), activity.id, keys[person], Component.TOTAL, Decimal(value), 1,
            comment="Well measured.", next_try=tool.clock.now(),
        )  # fmt: skip
        run(ports, lambda unit: unit.store.add(CELLS, cell))

    grade("amara", "87.5")
    grade("linh", "91")
    tool.work.deliver(course.registration)
    cells = run(ports, lambda unit: unit.store.find(CELLS))
    assert {(cell.state, cell.answer) for cell in cells} == {(Delivery.SENT, "ok")}

    book = requests.get(f"{peer}/gradebook").json()
    assert [(one["label"], one["tag"], one["resourceId"]) for one in book["items"].values()] == [
        ("Cut water loss", "total", item["custom"]["coursecrew_item"])
    ]
    assert book["scores"]["1 amara"][0]["scoreGiven"] == 87.5
    assert book["scores"]["1 amara"][0]["comment"] == "Well measured."
    assert book["scores"]["1 linh"][0]["scoreGiven"] == 91

    # An older stamp is told as what it is.
    answer = ports.gradebook.send(
        cells[0], value=Decimal(1), maximum=Decimal(100), title="",
        stamp=tool.clock.now() - timedelta(hours=1),
    )  # fmt: skip
    assert (answer.kind, answer.code) == ("older", "older_stamp")
