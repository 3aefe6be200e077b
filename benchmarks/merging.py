"""Merging a draft of 100,000 characters against a version that moved, beside `difflib` alone.

    python -m benchmarks.merging [--small]

Two people change some sentences each of the same text. `difflib alone` compares the same pieces
(sentences and lines) of base with mine and of base with theirs, which any merge over it must do.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from benchmarks.report import Report, arguments
from coursecrew.domain.merging import merge, split

WORDS = [
    "water",
    "town",
    "river",
    "rain",
    "pipe",
    "street",
    "flood",
    "pump",
    "people",
    "wall",
    "garden",
    "plan",
]


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(4, 18))).capitalize() + "."


def draft(chance: random.Random, characters: int) -> list[str]:
    sentences: list[str] = []
    size = 0
    while size < characters:
        sentences.append(sentence(chance) + ("\n\n" if chance.random() < 0.15 else " "))
        size += len(sentences[-1])
    return sentences


def edited(base: list[str], chance: random.Random, edits: int) -> list[str]:
    """Change, add, delete or move sentences."""
    text = list(base)
    for _ in range(edits):
        at = chance.randrange(len(text))
        kind = chance.choice(["change", "change", "change", "add", "delete", "move"])
        if kind == "change":
            text[at] = sentence(chance) + " "
        elif kind == "add":
            text.insert(at, sentence(chance) + " ")
        elif kind == "delete":
            del text[at]
        else:
            text.insert(chance.randrange(len(text)), text.pop(at))
    return text


def seconds_of(times: int, work: Callable[[str, str, str], object], *texts: str) -> float:
    """The best of some runs, in seconds of this process's own time: other load does not count."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work(*texts)
        best = min(best, time.process_time() - start)
    return best


def difflib_alone(base: str, mine: str, theirs: str) -> None:
    pieces = split(base)
    for other in (mine, theirs):
        SequenceMatcher(None, pieces, split(other), autojunk=False).get_opcodes()


def difflib_with_junk(base: str, mine: str, theirs: str) -> None:
    """As above with its shortcut for frequent pieces, which is quicker and finds less."""
    pieces = split(base)
    for other in (mine, theirs):
        SequenceMatcher(None, pieces, split(other)).get_opcodes()


def lost(base: list[str], mine: list[str], theirs: list[str]) -> int:
    """Sentences typed by either that are in neither the result nor the kept texts."""
    made = merge("".join(base), "".join(mine), "".join(theirs))
    missing = 0
    for own, kept in (
        (mine, "".join(overlap.mine for overlap in made.overlaps)),
        (theirs, "".join(overlap.theirs for overlap in made.overlaps)),
    ):
        typed = Counter(text.strip() for text in own) - Counter(text.strip() for text in base)
        missing += sum((made.text + kept).count(text) < count for text, count in typed.items())
    return missing


def main(argv: Sequence[str] | None = None) -> int:
    small = arguments(__doc__, argv).small
    report = Report("merging", small=small)
    slowest = ratio = 0.0
    for characters in (100_000,) if small else (1_000, 10_000, 100_000):
        for edits in (1, 20, 200):
            chance = random.Random(f"{characters} {edits}")
            sentences = draft(chance, characters)
            sides = edited(sentences, chance, edits), edited(sentences, chance, edits)
            texts = "".join(sentences), "".join(sides[0]), "".join(sides[1])
            times = 3 if small else 7
            ours = seconds_of(times, merge, *texts)
            alone = seconds_of(1 if small else 3, difflib_alone, *texts)
            quick = seconds_of(times, difflib_with_junk, *texts)
            report.row(
                "merge",
                {
                    "characters": characters,
                    "edits each": edits,
                    "overlaps": len(merge(*texts).overlaps),
                    "ms": 1000 * ours,
                    "difflib ms": 1000 * alone,
                    "with junk ms": 1000 * quick,
                    "ratio": ours / alone,
                    "ratio, with junk": ours / quick,
                },
            )
            slowest, ratio = max(slowest, ours), max(ratio, ours / min(alone, quick))
    missing = 0
    runs = 100 if small else 1_000
    for seed in range(runs):
        chance = random.Random(seed)
        sentences = draft(chance, 2_000)
        missing += lost(sentences, edited(sentences, chance, 8), edited(sentences, chance, 8))
    report.row("random merges", {"merges": runs, "sentences lost": missing})
    report.claim("milliseconds, 100,000 characters", 1000 * slowest, floor=50, goal=25)
    report.claim("time / difflib alone (the quicker way)", ratio, floor=3, goal=1)
    report.claim(f"sentences lost in {runs} random merges", missing, floor=0, goal=0)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
