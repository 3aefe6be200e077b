"""What every benchmark prints and stores: tables, claims with floor and goal, a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def arguments(about: str | None, argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of a benchmark; `COURSECREW_BENCH=small` does what `--small` does."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", default=os.environ.get("COURSECREW_BENCH") == "small")
    return parser.parse_args(argv)


class Report:
    """Rows of figures as they come, then the claims they support."""

    def __init__(self, name: str, *, small: bool) -> None:
        self.name, self.small = name, small
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.claims: list[dict[str, Any]] = []

    def row(self, table: str, figures: Mapping[str, Any]) -> None:
        """Add a row to a table and print it; the first row prints the columns."""
        rows = self.rows.setdefault(table, [])
        widths = [max(len(column), 9) for column in figures]
        if not rows or list(rows[-1]) != list(figures):
            print(f"\n{table}")
            print("  ".join(column.rjust(width) for column, width in zip(figures, widths, strict=True)))
        rows.append(dict(figures))
        cells = (shown(value).rjust(width) for value, width in zip(figures.values(), widths, strict=True))
        print("  ".join(cells), flush=True)

    def claim(
        self, what: str, reached: float, *, floor: float, goal: float, more_is_better: bool = False
    ) -> None:
        """State what was reached; a claim beyond its floor fails the benchmark."""
        sign = -1 if more_is_better else 1
        holds = sign * reached <= sign * floor
        self.claims.append(
            {
                "claim": what,
                "reached": reached,
                "floor": floor,
                "goal": goal,
                "holds": bool(holds),
                "at goal": bool(sign * reached <= sign * goal),
            }
        )

    def finish(self) -> int:
        """Print the claims, after a full run write the JSON file, and return 1 if a floor was missed."""
        print("\nclaims")
        for claim in self.claims:
            verdict = (
                "goal reached" if claim["at goal"] else "floor reached" if claim["holds"] else "FLOOR MISSED"
            )
            print(
                f"{claim['claim']}: {shown(claim['reached'])} "
                f"(floor {shown(claim['floor'])}, goal {shown(claim['goal'])}) {verdict}"
            )
        if not self.small:
            RESULTS.mkdir(exist_ok=True)
            conditions = {"python": platform.python_version(), "machine": platform.machine()}
            result = {"conditions": conditions, "claims": self.claims, "tables": self.rows}
            (RESULTS / f"{self.name}.json").write_text(json.dumps(result, indent=1, default=float) + "\n")
        return 0 if all(claim["holds"] for claim in self.claims) else 1


def shown(value: object) -> str:
    """A figure as people read it."""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"
    return str(value)
