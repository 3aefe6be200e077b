"""What differs between two versions of a text, by word, for people to read.

Sentences that are the same are found first, as the merge of drafts does; words are compared only
within what is left. The stretches, without what is gone, make the later text, and without what is
new the earlier one: nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from coursecrew.domain.merging import MOST_COMPARED, equal_runs, split

WORD = re.compile(r"\s+|\w+|[^\w\s]")
AROUND = 60  # characters of what stayed that are shown on either side of a change
Kind = Literal["same", "gone", "new", "skipped"]


@dataclass(frozen=True)
class Stretch:
    """A stretch of text and what became of it; for "skipped", `words` says how many are left out."""

    kind: Kind
    text: str
    words: int = 0


def differences(before: str, after: str) -> list[Stretch]:
    """How one text became the other, as stretches in reading order."""
    if before == after:
        return [Stretch("same", after)] if after else []
    old, new = split(before), split(after)
    found: list[Stretch] = []
    at = new_at = 0
    for low, new_low, length in [*equal_runs(old, new), (len(old), len(new), 0)]:
        found.extend(_within("".join(old[at:low]), "".join(new[new_at:new_low])))
        found.append(Stretch("same", "".join(old[low : low + length])))
        at, new_at = low + length, new_low + length
    return _joined(found)


def _within(before: str, after: str) -> Iterator[Stretch]:
    """The words of one stretch that differs; texts too long to compare are shown whole."""
    if not before or not after:
        yield from (Stretch("gone", before), Stretch("new", after))
        return
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) * len(new) > MOST_COMPARED * 10:
        yield from (Stretch("gone", before), Stretch("new", after))
        return
    for code, low, high, new_low, new_high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if code == "equal":
            yield Stretch("same", "".join(old[low:high]))
        else:
            yield Stretch("gone", "".join(old[low:high]))
            yield Stretch("new", "".join(new[new_low:new_high]))


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of one kind as one; a lone blank between two changes belongs to both of them."""
    runs: list[Stretch] = []
    for stretch in stretches:
        if stretch.text:
            _add(runs, stretch)
    done: list[Stretch] = []
    for place, stretch in enumerate(runs):
        lone = stretch.kind == "same" and stretch.text.isspace() and "\n" not in stretch.text
        if lone and 0 < place < len(runs) - 1:
            _add(done, replace(stretch, kind="gone"))
            _add(done, replace(stretch, kind="new"))
        else:
            _add(done, stretch)
    return done


def _add(done: list[Stretch], stretch: Stretch) -> None:
    """Put a stretch behind the others; what is gone stands before what is new in its place."""
    last = done[-1] if done else None
    if last and last.kind == stretch.kind:
        done[-1] = Stretch(last.kind, last.text + stretch.text)
    elif last and last.kind == "new" and stretch.kind == "gone":
        if len(done) > 1 and done[-2].kind == "gone":
            done[-2] = Stretch("gone", done[-2].text + stretch.text)
        else:
            done.insert(-1, stretch)
    else:
        done.append(stretch)


def shortened(stretches: Sequence[Stretch], around: int = AROUND) -> list[Stretch]:
    """The same with long stretches that stayed cut to what stands beside a change."""
    found: list[Stretch] = []
    for place, stretch in enumerate(stretches):
        head = around if place else 0
        tail = around if place < len(stretches) - 1 else 0
        if stretch.kind != "same" or len(stretch.text) <= head + tail + around:
            found.append(stretch)
            continue
        start = _cut(stretch.text, head) if head else 0
        end = len(stretch.text) - _cut(stretch.text[::-1], tail) if tail else len(stretch.text)
        left_out = stretch.text[start:end]
        parts = (
            Stretch("same", stretch.text[:start]),
            Stretch("skipped", "", len(left_out.split())),
            Stretch("same", stretch.text[end:]),
        )
        found.extend(part for part in parts if part.text or part.words)
    return found


def _cut(text: str, most: int) -> int:
    """Where to cut so that no word is torn, at most that far in."""
    blank = max(text.rfind(" ", 0, most), text.rfind("\n", 0, most))
    return blank if blank > 0 else most
