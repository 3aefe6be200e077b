"""Runs every benchmark of this folder, one after the other: `make bench`.

A benchmark is a module with `main(argv) -> int | None`. It prints its own table, knows `--small`
(a minute at most, for CI), writes `results/<name>.json` in a full run, and answers with something
other than 0 when a claim does not hold. Each runs in a process of its own, so that none inherits
another's memory.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benchmarks() -> list[str]:
    """The names of the modules that have a `main(argv)`."""
    found = []
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        mains = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
        if path.stem != "run" and mains and mains[0].args.args:
            found.append(path.stem)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all; 1 when a claim of one of them does not hold."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="Runs the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(benchmarks())}")
    parser.add_argument("--small", action="store_true", help="a run of a minute at most each")
    arguments = parser.parse_args(argv)
    names = arguments.names or benchmarks()
    if unknown := set(names) - set(benchmarks()):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    ended: list[tuple[str, int, float]] = []
    for name in names:
        print(f"\n=== {name}", flush=True)
        small = ["--small"] if arguments.small else []
        code = f"import sys; from benchmarks import {name}; sys.exit({name}.main({small}))"
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, check=False)
        ended.append((name, done.returncode, time.perf_counter() - begun))
    print()
    for name, code_, seconds in ended:
        print(f"{name:15} {'holds' if code_ == 0 else f'DOES NOT HOLD ({code_})':20} {seconds:7.1f} s")
    return int(any(code_ for _, code_, _ in ended))


if __name__ == "__main__":
    sys.exit(main())
