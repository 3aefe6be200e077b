"""The Open edX side as a browser meets it: the workbench in a process of its own, and LMS pages.

A host lends `address(person, …)`, the page where somebody opens the sample assignment, and
`frame(page)`, what stands around the element there.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.services import ROOT

PATIENCE = 90  # seconds for a server to come up on a busy machine
ASSIGNMENT = "coursecrew_team_assignment.0"
STREET = "coursecrew_team_assignment.1"  # everybody confirms
REVIEW = "coursecrew_peer_review.0"


@dataclass(frozen=True)
class OpenEdx:
    """The workbench, the LMS's pages around the same blocks, and the gradebook behind them."""

    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workbench(self, person: str, scenario: str = ASSIGNMENT, view: str = "student_view") -> str:
        """The workbench's page of a scenario."""
        return f"{self.origin}/scenario/{scenario}/{view}/?student={person}"

    def player(self, person: str, scenario: str = ASSIGNMENT, **query: str) -> str:
        """The course player with the unit in its frame."""
        asked = urlencode({"student": person, **query})
        return f"http://apps.campus.localhost:{self.port}/player/{scenario}?{asked}"

    def unit(self, person: str, scenario: str = ASSIGNMENT, **query: str) -> str:
        """The unit opened directly, without the player."""
        asked = urlencode({"student": person, **query})
        return f"http://lms.campus.localhost:{self.port}/xblock/{scenario}?{asked}"

    def marks(self) -> dict[str, str]:
        """The gradebook: full name -> score as it stands there."""
        html = urllib.request.urlopen(f"{self.origin}/gradebook").read().decode()
        rows = re.findall(
            r'<th scope="row">(.*?)</th><td>.*?</td>\s*<td class="number">(.*?)</td>', html, re.DOTALL
        )
        return {name: " ".join(score.split()) for name, score in rows}


def unit_of(page: Any) -> Any:
    """The frame with the unit inside the player."""
    return page.frame_locator("#unit-iframe")


@contextmanager
def open_edx(folder: Path, **environment: str) -> Iterator[OpenEdx]:
    """Start the workbench with LMS pages on a free port, wait for it, and end it by its own id."""
    port = free_port()
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "demo.studio"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.e2e.lms_settings",
            "STUDIO_PORT": str(port),
            "STUDIO_FOLDER": str(folder),
            **environment,
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        host = OpenEdx(port)
        wait_for(host.origin, process, folder / "server.log")
        yield host
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers; fail with its own words when it ends before."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not answer: {log.read_text()[-3000:]}")
