"""Serve the sample LMS alone, for a tool that runs elsewhere on this machine."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import requests
import waitress

from demo.clock import CourseClock
from demo.course import Stop
from demo.mail import newest
from demo.processes import HERE, end_with_parent
from demo.sample_lms import Lms, Tool, create_app
from demo.sample_lms.pages import MoveOn

MOVING_TAKES = 300  # seconds at most


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.sample_lms", description=__doc__)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--tool", default="http://127.0.0.1:8501", help="origin of the LTI tool")
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="where marks and keys are kept")
    options = parser.parse_args(arguments)
    options.folder.mkdir(exist_ok=True)
    clock = CourseClock(options.folder / "clock.json")
    lms = Lms(
        f"http://{HERE}:{options.port}", Tool(options.tool), path=options.folder / "lms.json", now=clock.now
    )
    word = os.environ.get("COURSECREW_DEMO_WORD", "")
    mails = partial(newest, options.folder / "mail.jsonl")
    app = create_app(lms, move_on=_asking(options.tool, word) if word else None, mails=mails)
    server = waitress.create_server(app, host=HERE, port=options.port, threads=6)
    threading.Thread(target=server.run, daemon=True).start()
    end_with_parent()
    server.close()


def _asking(tool: str, word: str) -> MoveOn:
    """Move the clock by asking the demo's tool, where people act meanwhile."""

    def move_on(stop: Stop) -> None:
        answer = requests.post(
            f"{tool}/demo/clock",
            json={"to": stop.at.isoformat()},
            headers={"X-Demo": word},
            timeout=MOVING_TAKES,
        )
        answer.raise_for_status()

    return move_on


if __name__ == "__main__":
    main()
