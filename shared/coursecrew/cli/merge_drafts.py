"""`coursecrew merge-drafts`: the three-way merge of a shared draft, on files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from coursecrew.cli.tables import Problems, read_text, write_files
from coursecrew.domain.merging import Merge, merge

OVERLAPS = 1


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `merge-drafts` and return its parser."""
    parser = subparsers.add_parser(
        "merge-drafts",
        help="merge two texts that grew out of one",
        description="Merge two texts that grew out of one, by sentence and line. Exit code 0: nothing "
        "overlaps; 1: something does, MERGED.txt holds THEIRS there and the file of overlaps lists each "
        "place with both texts; 2: a file cannot be read.",
    )
    for name in ("base", "mine", "theirs"):
        parser.add_argument(name, type=Path, metavar=f"{name.upper()}.txt")
    parser.add_argument("--out", type=Path, required=True, metavar="MERGED.txt")
    parser.add_argument("--overlaps", type=Path, metavar="FILE.json", help="where to list the overlaps")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Merge and write; return 0, or 1 where something overlaps."""
    problems = Problems()
    texts = [read_text(path, problems) for path in (arguments.base, arguments.mine, arguments.theirs)]
    problems.stop_if_any()
    base, mine, theirs = (text or "" for text in texts)
    merged = merge(base, mine, theirs)
    files = {arguments.out: merged.text}
    if arguments.overlaps:
        files[arguments.overlaps] = json.dumps(_listed(merged), ensure_ascii=False, indent=2) + "\n"
    write_files(files)
    return OVERLAPS if merged.overlaps else 0


def _listed(merged: Merge) -> list[dict[str, object]]:
    """Each place as characters `start` to `end` of the merged text, the line it is in, and the texts."""
    text = merged.text
    return [
        {
            "start": start,
            "end": start + len(overlap.theirs),
            "line": text.count("\n", 0, start) + 1,
            "base": overlap.base,
            "mine": overlap.mine,
            "theirs": overlap.theirs,
        }
        for start, overlap in merged.places()
    ]
