"""`make demo`: a course to click through, at one address, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from demo.processes import ROOT, CannotStart, running


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("DEMO_PORT") or 8500))
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where the course is kept")
    parser.add_argument("--fresh", action="store_true", help="begin the course anew")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    kept = (folder / "seeded.json").exists()
    if folder.exists() and (options.fresh or not kept):
        _clear(folder)
        kept = False
    if kept:
        print(
            "Starting the sample course where it was left (make demo ARGS=--fresh begins it anew).",
            flush=True,
        )
    else:
        print("Filling the sample course: 120 learners, three weeks. It takes up to a minute.", flush=True)
    # Said in words, since a process that was started in the background may ignore Ctrl-C from birth.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        with running(folder, options.port) as both:
            print(f"\n  Open {both.lms}/\n\nCtrl-C stops everything.", flush=True)
            while not both.ended():
                time.sleep(0.5)
            raise CannotStart("One of the demo’s two processes ended by itself.")
    except KeyboardInterrupt:
        print("\nStopped. The course is kept for the next start.")
        return 0
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1


def _clear(folder: Path) -> None:
    """Take away an old or half-filled course; only what the demo itself has put there."""
    for name in ("coursecrew.db", "queue.db"):
        for ending in ("", "-wal", "-shm"):
            (folder / f"{name}{ending}").unlink(missing_ok=True)
    for name in ("clock.json", "lms.json", "lms.new", "mail.jsonl", "seeded.json", "tool.log", "secret"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "files", ignore_errors=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
