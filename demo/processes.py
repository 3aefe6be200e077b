"""The demo's processes: started together, ended together, whatever happens to the one that began."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import requests

HERE = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
STARTING_TAKES = 600  # seconds at most, on a slow machine that also fills the course


class CannotStart(Exception):  # noqa: N818 - one sentence for whoever started it
    """Something of this machine stands in the way."""


def end_with_parent() -> None:
    """Wait until the process that started this one goes, or asks it to."""
    over = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=listen, daemon=True).start()
    while not over.wait(60):
        pass


@dataclass(frozen=True)
class Running:
    """Both processes, and where they answer; `word` lets whoever started them move the clock."""

    lms: str
    tool: str
    processes: tuple[subprocess.Popen[bytes], ...]
    word: str

    def ended(self) -> bool:
        """Whether one of them is gone."""
        return any(process.poll() is not None for process in self.processes)


@contextlib.contextmanager
def running(folder: Path, port: int, *, empty: bool = False) -> Iterator[Running]:
    """The sample LMS and the tool, ready to be used; both end with the block."""
    for one in (port, port + 1):
        must_be_free(one)
    folder.mkdir(parents=True, exist_ok=True)
    lms, tool = f"http://{HERE}:{port}", f"http://{HERE}:{port + 1}"
    word = secrets.token_urlsafe(16)
    environ = _environ(folder, tool, word)
    where = ["--folder", str(folder)]
    commands = (
        ["-m", "demo.sample_lms", "--port", str(port), "--tool", tool, *where],
        ["-m", "demo.tool", "--port", str(port + 1), "--lms", lms, *where, *(["--empty"] if empty else [])],
    )
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            started.append(_start(command, environ))
        both = Running(lms, tool, tuple(started), word)
        _wait(both, f"{lms}/healthz", {})
        _wait(both, f"{tool}/demo/ready", {"X-Demo": word})
        yield both
    finally:
        for process in reversed(started):
            _end(process)


def _start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own, so that Ctrl-C reaches only the process that ends the others.
    return subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=dict(environ), stdin=subprocess.PIPE, start_new_session=True
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(both: Running, address: str, headers: Mapping[str, str]) -> None:
    until = time.monotonic() + STARTING_TAKES
    while time.monotonic() < until:
        if both.ended():
            raise CannotStart("One of the demo’s two processes ended by itself; its last words stand above.")
        with contextlib.suppress(requests.RequestException):
            if requests.get(address, headers=dict(headers), timeout=10).ok:
                return
        time.sleep(0.1)
    raise CannotStart(f"{address} did not answer within {STARTING_TAKES // 60} minutes.")


def must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HERE, port))
        except OSError:
            raise CannotStart(
                f"Port {port} is taken. End what runs there, or choose another: DEMO_PORT=8600 make demo"
            ) from None


def _environ(folder: Path, tool: str, word: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COURSECREW_")}
    return kept | {
        "COURSECREW_DATABASE_URL": f"sqlite:///{folder / 'coursecrew.db'}",
        "COURSECREW_QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
        "COURSECREW_FILES_URL": f"file://{folder / 'files'}",
        "COURSECREW_SECRET_KEY": _secret(folder / "secret"),
        "COURSECREW_PUBLIC_URL": tool,
        "COURSECREW_ALLOW_PRIVATE_NETWORK": "1",
        "COURSECREW_DEMO_WORD": word,
        "PYTHONUNBUFFERED": "1",
    }


def _secret(path: Path) -> str:
    """This demo's own secret, made at its first start."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


def free_ports() -> int:
    """A port that is free, and the next one with it."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind((HERE, 0))
            port = probe.getsockname()[1]
        with contextlib.suppress(CannotStart, OverflowError):
            must_be_free(port + 1)
            return int(port)
    raise CannotStart("No two ports in a row are free on this machine.")
