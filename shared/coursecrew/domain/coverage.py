"""Looking ahead in a small class: which take would leave another work without its reviews.

Fewest reviews first is a good order, but it can run into a corner: the last slots may be those of the
last reviewer's own work. Here the slots that can still be filled are counted as a maximum flow, by
augmenting paths (Ford and Fulkerson, 1956), before and after a take; plain Python, for some forty works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

May = Callable[[str, str], bool]  # (reviewer, work): whether that pair is lawful and not there yet


def coverage(needs: Mapping[str, int], supply: Mapping[str, int], may: May) -> int:
    """How many of the needed slots the reviewers can fill, each pair once."""
    holders: dict[str, set[str]] = {work: set() for work in needs}
    left = dict(supply)
    filled = 0
    for work, need in sorted(needs.items()):
        for _ in range(need):
            if not _placed(work, left, holders, may):
                break
            filled += 1
    return filled


def _placed(work: str, left: dict[str, int], holders: dict[str, set[str]], may: May) -> bool:
    """Give a work one more reviewer, moving others about where that is needed."""
    came: dict[str, tuple[str, str]] = {}  # work -> the reviewer whom it would give up, and to which work
    seen = {work}
    queue = [work]
    while queue:
        here = queue.pop(0)
        for reviewer in sorted(left):
            if reviewer in holders[here] or not may(reviewer, here):
                continue
            if left[reviewer] > 0:
                left[reviewer] -= 1
                holders[here].add(reviewer)
                while here != work:
                    given, to = came[here]
                    holders[here].discard(given)
                    holders[to].add(given)
                    here = to
                return True
            for other, who in holders.items():
                if other not in seen and reviewer in who:
                    seen.add(other)
                    came[other] = (reviewer, here)
                    queue.append(other)
    return False


def is_corner(
    needs: Mapping[str, int], supply: Mapping[str, int], may: May, reviewer: str, work: str, best: int
) -> bool:
    """Whether a reviewer had better not take this work: fewer than `best` slots could be filled in all."""

    def still(who: str, what: str) -> bool:
        return may(who, what) and (who, what) != (reviewer, work)

    need = needs.get(work, 0)
    after = {**supply, reviewer: max(0, supply.get(reviewer, 0) - 1)}
    return coverage({**needs, work: max(0, need - 1)}, after, still) + min(need, 1) < best
