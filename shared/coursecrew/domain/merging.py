"""Three-way merge of a draft by sentence and line: what two people wrote at once, in one text.

Edits in different sentences both survive without a question. Where both changed the same sentence,
or wrote at the same place, the result is an overlap that keeps both texts until somebody chooses.
Nothing typed is ever lost: it stands in the merged text or in an overlap.

The method is diff3 (Khanna, Kunal, Pierce, "A formal investigation of diff3", FSTTCS 2007) over pieces.
Equal pieces are found first by those that occur once on both sides (Bram Cohen's patience diff), and
by `difflib` between them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# A sentence ends with its sign and closing quotes before white space, or with the line. Written so that
# no run of signs is read twice: a hostile text must not take longer than others.
END = re.compile(
    r"(?<![.!?…؟۔])[.!?…؟۔]++[\"'”’»)\]]*+(?=\s|\Z)\s*+"
    r"|[。！？]++[」』”’)]*+\s*+"
    r"|\n\s*+"
)
# Beyond so many comparisons texts without a single telling sentence count as rewritten.
MOST_COMPARED = 10_000


@dataclass(frozen=True)
class Overlap:
    """A place that both changed: what stood there, and what each made of it."""

    base: str
    mine: str
    theirs: str

    @property
    def both(self) -> str:
        """Both texts, mine first, parted as they have to be."""
        if not self.mine or not self.theirs or self.mine[-1].isspace() or self.theirs[0].isspace():
            return self.mine + self.theirs
        return self.mine + ("\n" if "\n" in self.mine + self.theirs else " ") + self.theirs


@dataclass(frozen=True)
class Merge:
    """The merged draft as plain stretches and overlaps, in their order."""

    parts: tuple[str | Overlap, ...]

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """The places that wait for somebody's choice."""
        return tuple(part for part in self.parts if isinstance(part, Overlap))

    @property
    def text(self) -> str:
        """The merged text, with `theirs` at the overlaps: what others can already see stays."""
        return self.resolved([overlap.theirs for overlap in self.overlaps])

    def resolved(self, chosen: Sequence[str]) -> str:
        """The text with one chosen text for each overlap.

        Raises `ValueError` if there are more or fewer choices than overlaps.
        """
        if len(chosen) != len(self.overlaps):
            raise ValueError(f"{len(self.overlaps)} places need a choice, {len(chosen)} given")
        choices = iter(chosen)
        return "".join(part if isinstance(part, str) else next(choices) for part in self.parts)

    def surroundings(self, around: int = 80) -> tuple[tuple[str, str], ...]:
        """What stands right before and right behind each overlap, at most so many characters.

        Another overlap next to it is told as `theirs`, which is what others see there.
        """
        texts = [part if isinstance(part, str) else part.theirs for part in self.parts]
        found = []
        for place, part in enumerate(self.parts):
            if isinstance(part, Overlap):
                before, behind = "".join(texts[:place]), "".join(texts[place + 1 :])
                found.append((_end_of(before, around), _end_of(behind[::-1], around)[::-1]))
        return tuple(found)

    def places(self) -> tuple[tuple[int, Overlap], ...]:
        """Each overlap with the position in `text` (in characters) where its `theirs` begins."""
        found, at = [], 0
        for part in self.parts:
            if isinstance(part, Overlap):
                found.append((at, part))
                at += len(part.theirs)
            else:
                at += len(part)
        return tuple(found)


@dataclass(frozen=True)
class _Edit:
    """The pieces low … high of the base became `new`; `mine` says on which side."""

    low: int
    high: int
    mine: bool
    new: tuple[str, ...]


def merge(base: str, mine: str, theirs: str) -> Merge:
    """Merge the two texts that grew out of `base`."""
    if mine in (theirs, base):
        return _as_merge([theirs])
    if theirs == base:
        return _as_merge([mine])
    pieces = split(base)
    edits = sorted(
        [*_edits(pieces, split(mine), mine=True), *_edits(pieces, split(theirs), mine=False)],
        key=lambda edit: (edit.low, edit.high),
    )
    parts: list[str | Overlap] = []
    at = 0
    for cluster in _clusters(edits):
        low, high = cluster[0].low, max(edit.high for edit in cluster)
        parts.extend(pieces[at:low])
        parts.extend(_settled(pieces, low, high, cluster))
        at = high
    parts.extend(pieces[at:])
    return _as_merge(parts)


def split(text: str) -> list[str]:
    """The text as sentences or lines and the white space after each, nothing left out.

    White space is a piece of its own, so that a sentence added behind the last one leaves that one
    untouched.
    """
    pieces: list[str] = []
    at = 0
    for end in END.finditer(text):
        pieces.extend(_with_space(text[at : end.end()]))
        at = end.end()
    pieces.extend(_with_space(text[at:]))
    return pieces


def _with_space(piece: str) -> Iterator[str]:
    sentence = piece.rstrip()
    if sentence:
        yield sentence
    if len(sentence) < len(piece):
        yield piece[len(sentence) :]


def _as_merge(parts: Sequence[str | Overlap]) -> Merge:
    """Neighbouring stretches joined, empty ones left out."""
    joined: list[str | Overlap] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
            continue
        if text := "".join(run):
            joined.append(text)
        joined.append(part)
        run = []
    if text := "".join(run):
        joined.append(text)
    return Merge(tuple(joined))


def _end_of(text: str, most: int) -> str:
    """The end of a text, no word torn where it has blanks."""
    end = text[-most:]
    blank = end.find(" ")
    return end[blank:] if len(text) > most and 0 <= blank < len(end) // 2 else end


def _clusters(edits: Sequence[_Edit]) -> Iterator[list[_Edit]]:
    """Edits that share a piece of the base, or insert at the same place, together."""
    cluster: list[_Edit] = []
    high = -1
    for edit in edits:
        same_place = bool(cluster) and cluster[0].low == high == edit.low == edit.high
        if cluster and not same_place and edit.low >= high:
            yield cluster
            cluster = []
        high = max(high, edit.high) if cluster else edit.high
        cluster.append(edit)
    if cluster:
        yield cluster


def _settled(pieces: Sequence[str], low: int, high: int, cluster: Sequence[_Edit]) -> Iterator[str | Overlap]:
    """What becomes of one stretch of the base: one side's edit, what both agree on, or an overlap."""
    mine = _applied(pieces, low, high, [edit for edit in cluster if edit.mine])
    theirs = _applied(pieces, low, high, [edit for edit in cluster if not edit.mine])
    if len({edit.mine for edit in cluster}) == 1:
        yield from mine if cluster[0].mine else theirs
        return
    start = _common(mine, theirs)
    end = _common(mine[start:][::-1], theirs[start:][::-1])
    yield from mine[:start]
    texts = "".join(mine[start : len(mine) - end]), "".join(theirs[start : len(theirs) - end])
    if texts[0] != texts[1]:
        yield Overlap("".join(pieces[low:high]), *texts)
    yield from mine[len(mine) - end :]


def _applied(pieces: Sequence[str], low: int, high: int, edits: Sequence[_Edit]) -> list[str]:
    changed: list[str] = []
    at = low
    for edit in edits:
        changed.extend(pieces[at : edit.low])
        changed.extend(edit.new)
        at = edit.high
    changed.extend(pieces[at:high])
    return changed


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many pieces both begin with."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


# --- differences ---


def _edits(base: Sequence[str], other: Sequence[str], *, mine: bool) -> list[_Edit]:
    """How `base` became `other`."""
    edits = []
    low = new_low = 0
    ends = (len(base), len(other), 0)
    for at, new_at, length in [*equal_runs(base, other), ends]:
        if at > low or new_at > new_low:
            edits.append(_Edit(low, at, mine, tuple(other[new_low:new_at])))
        low, new_low = at + length, new_at + length
    return edits


def equal_runs(base: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of equal pieces (place in base, place in other, length), rising on both sides."""
    runs: list[tuple[int, int, int]] = []
    gaps = [(0, len(base), 0, len(other))]
    while gaps:
        low, high, new_low, new_high = gaps.pop()
        start = low
        while low < high and new_low < new_high and base[low] == other[new_low]:
            low, new_low = low + 1, new_low + 1
        if low > start:
            runs.append((start, new_low - (low - start), low - start))
        end = high
        while low < high and new_low < new_high and base[high - 1] == other[new_high - 1]:
            high, new_high = high - 1, new_high - 1
        if end > high:
            runs.append((high, new_high, end - high))
        if low == high or new_low == new_high:
            continue
        anchors = _anchors(base, other, low, high, new_low, new_high)
        if anchors:
            for at, new_at in anchors:
                gaps.append((low, at, new_low, new_at))
                low, new_low = at, new_at
            # An anchor begins its gap, so that the run it starts is found with it.
            gaps.append((low, high, new_low, new_high))
        elif (high - low) * (new_high - new_low) <= MOST_COMPARED:
            matcher = SequenceMatcher(None, base[low:high], other[new_low:new_high], autojunk=False)
            runs.extend(
                (low + block.a, new_low + block.b, block.size) for block in matcher.get_matching_blocks()[:-1]
            )
    return sorted(runs)


def _anchors(
    base: Sequence[str], other: Sequence[str], low: int, high: int, new_low: int, new_high: int
) -> list[tuple[int, int]]:
    """Pieces that occur once on either side of the gap, in the longest order that rises on both."""
    here, there = Counter(base[low:high]), Counter(other[new_low:new_high])
    place = {other[at]: at for at in range(new_low, new_high) if there[other[at]] == 1}
    pairs = [(at, place[base[at]]) for at in range(low, high) if here[base[at]] == 1 and base[at] in place]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs (sorted by the first) that rises by the second; patience sorting."""
    tops: list[int] = []  # the lowest end of a rising part of each length
    ends: list[int] = []
    before: list[int] = []
    for number, (_, value) in enumerate(pairs):
        length = bisect_left(tops, value)
        before.append(ends[length - 1] if length else -1)
        if length == len(tops):
            tops.append(value)
            ends.append(number)
        else:
            tops[length], ends[length] = value, number
    chain = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]
