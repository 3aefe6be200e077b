"""Who reviews whom: exactly k reviews for each work, duties shared evenly, bars never broken.

Two ways, with the same promises. Classes of at most 2k + 4 works without bars sit in a ring, where
everybody reviews the next k. All others get k independent seeded orders, in which bad places are
swapped away; where swapping does not help, shortest augmenting paths place what can be placed.
Independent orders compare everybody with everybody: the graph of reviews mixes as well as a random
regular graph (the bound of Alon and Boppana), while in a ring a lenient corner is never compared
with the rest.

Inside, works and reviewers are numbers in the order of their ids, and chance is the raw stream of
PCG64, which numpy keeps the same for ever: the same input and seed give the same pairs everywhere.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coursecrew.domain.errors import Conflict

Numbers = NDArray[np.int64]

OWN_WORK = "own work"
OWN_TEAM = "own team"
# Partners drawn for a bad place before the exact step takes over; 1 to 3 are usually enough.
TRIES = 60
FEW_TRIES = 10  # where bars are so many that most draws are bad, the exact step is quicker
# In small classes every swap is looked at and the whole is begun anew a few times, so that nobody
# reviews each other where it can be avoided.
LOOKS = 20_000
SMALL = 2_000
RESTARTS = 5
HARD = 1_000
NOBODY = -1


@dataclass(frozen=True)
class Work:
    """A work to be reviewed; `barred` names persons who may not, each with the reason."""

    id: str
    authors: tuple[str, ...]
    team: str = ""
    barred: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Pair:
    """A duty: the `reviewer` reads this work as their first, second, … (`order`)."""

    reviewer: str
    order: int
    work: str


@dataclass(frozen=True)
class Shortage:
    """A work that fewer people may review than are wanted, and how many are barred for which reason."""

    work: str
    possible: int
    people: int
    barred: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Starvation:
    """Works that starve together: the proof that their slots exceed what their reviewers may take."""

    works: tuple[str, ...]
    slots: int
    reviewers: tuple[str, ...]
    load: int


class TooFewReviewers(Conflict):
    """So many reviews a work cannot be had; `largest` can."""

    def __init__(
        self, per_work: int, largest: int, short: tuple[Shortage, ...], starved: Starvation | None
    ) -> None:
        """Carry what was asked for, what is possible, and the proof."""
        super().__init__("too_few_reviewers", per_work=per_work, largest=largest)
        self.per_work = per_work
        self.largest = largest
        self.short = short
        self.starved = starved


def allocate(
    works: Sequence[Work],
    per_work: int,
    *,
    reviewers: Collection[str] | None = None,
    seed: int = 0,
    kept: Collection[tuple[str, str]] = (),
) -> tuple[Pair, ...]:
    """Give every work exactly `per_work` reviewers and return the duties, sorted by reviewer and order.

    `reviewers` are by default all authors. Nobody reviews a work they wrote, one of a team they
    wrote for, or one they are barred from. Loads differ by at most one among those who can take
    more; who has fewer lawful works takes those. While there are more than 2 * `per_work` works, two
    do not review each other, and two authors of one work do not get the same work, as far as bars
    allow it. `kept` are pairs (reviewer, work) of an earlier round that stay where they are lawful.

    Raises `TooFewReviewers` with the largest possible number where `per_work` cannot be had.
    """
    works = sorted(works, key=lambda work: work.id)
    people = sorted({a for work in works for a in work.authors} if reviewers is None else set(reviewers))
    pool = _pool(works, people)
    place = {person: number for number, person in enumerate(people)}
    number_of = {work.id: number for number, work in enumerate(works)}
    earlier = [
        (place[person], number_of[work])
        for person, work in sorted(set(kept))
        if person in place and work in number_of
    ]
    dealt = deal(pool, per_work, seed, kept=earlier)
    if isinstance(dealt, Cut):
        raise _too_few(works, people, pool, per_work, seed, dealt)
    order = reading_order(dealt, len(people), seed)
    pairs = zip(dealt.ravel().tolist(), order.ravel().tolist(), strict=True)
    return tuple(
        sorted(
            Pair(people[reviewer], turn, works[slot // per_work].id)
            for slot, (reviewer, turn) in enumerate(pairs)
        )
    )


# --- by numbers ---


@dataclass(frozen=True)
class Pool:
    """Works 0 … n-1 and reviewers 0 … m-1, and who may not review what.

    A reviewer and a work of the same group are barred; every other bar stands in `bars` as
    work * m + reviewer, sorted, each once. `home` is a reviewer's own work, n or more if there is none.
    """

    works: int
    reviewers: int
    home: Numbers  # m
    group_of_work: Numbers  # n, no group: -1
    group_of_reviewer: Numbers  # m, no group: -2
    bars: Numbers

    def is_barred(self, reviewer: int, work: int) -> bool:
        """Whether this reviewer may not review this work."""
        if self.group_of_reviewer[reviewer] == self.group_of_work[work]:
            return True
        code = work * self.reviewers + reviewer
        at = int(np.searchsorted(self.bars, code))
        return at < len(self.bars) and int(self.bars[at]) == code

    def barred_from(self, work: int) -> set[int]:
        """All reviewers who may not review this work."""
        low, high = np.searchsorted(self.bars, [work * self.reviewers, (work + 1) * self.reviewers])
        barred = set((self.bars[low:high] - work * self.reviewers).tolist())
        barred.update(np.flatnonzero(self.group_of_reviewer == self.group_of_work[work]).tolist())
        return barred

    def bars_beside_groups(self) -> Numbers:
        """The bars that no group already says."""
        work, reviewer = np.divmod(self.bars, max(1, self.reviewers))
        other: Numbers = self.bars[self.group_of_reviewer[reviewer] != self.group_of_work[work]]
        return other

    def lawful_reviewers(self) -> Numbers:
        """How many may review each work (n numbers)."""
        barred = _same_group(self.group_of_work, self.group_of_reviewer)
        barred += np.bincount(self.bars_beside_groups() // max(1, self.reviewers), minlength=self.works)
        return self.reviewers - barred

    def lawful_works(self) -> Numbers:
        """How many works each reviewer may review (m numbers)."""
        barred = _same_group(self.group_of_reviewer, self.group_of_work)
        barred += np.bincount(self.bars_beside_groups() % max(1, self.reviewers), minlength=self.reviewers)
        return self.works - barred

    @property
    def is_plain(self) -> bool:
        """Whether everybody wrote one work alone and nothing else is barred: then the ring serves."""
        own = np.arange(self.works)
        return (
            self.works == self.reviewers
            and not len(self.bars_beside_groups())
            and bool(np.array_equal(np.sort(self.home), own))
            and bool(np.array_equal(self.group_of_work[self.home], self.group_of_reviewer))
            and len(np.unique(self.group_of_work)) == self.works
        )


@dataclass(frozen=True)
class Cut:
    """Why no more could be placed: these works together need more than these reviewers may take."""

    works: tuple[int, ...]
    reviewers: tuple[int, ...]
    load: int


def deal(pool: Pool, per_work: int, seed: int, *, kept: Sequence[tuple[int, int]] = ()) -> Numbers | Cut:
    """Place `per_work` reviewers for each work: an array works x per_work, or the proof that none is."""
    shape = (pool.works, per_work)
    if not pool.works or not per_work:
        return np.zeros(shape, dtype=np.int64)
    if pool.reviewers == 0 or int(pool.lawful_reviewers().min()) < per_work:
        short = np.flatnonzero(pool.lawful_reviewers() < per_work)
        return Cut(tuple(short[:1].tolist()), (), 0)
    chance = np.random.PCG64(seed)
    small = pool.works <= 2 * per_work + 4
    if small and not kept and pool.is_plain:
        return _ring_of(pool, per_work, chance)
    best, fewest = np.empty(shape, dtype=np.int64), pool.works * per_work + 1
    for _ in range(RESTARTS if pool.works * per_work <= SMALL and not kept else 1):
        targets, level = _targets(pool, per_work, chance)
        slots = np.full(shape, NOBODY, dtype=np.int64)
        bad = list(range(pool.works * per_work))
        if kept:
            _keep(pool, slots, kept, level + 1)
        elif not small:
            slots = _orders(pool, per_work, targets, chance)
            bad = _settle(pool, slots, _bad_slots(pool, slots).tolist(), chance)
        if bad:
            cut = _complete(pool, slots, bad, level, chance)
            if cut is not None:
                return cut
            if kept:
                return slots  # an earlier round's reviewers follow the revision, whoever they are
            bad = _settle(pool, slots, _bad_slots(pool, slots).tolist(), chance)
        if len(bad) < fewest:
            best, fewest = slots, len(bad)
        if not fewest:
            return best
    return _ring_of(pool, per_work, chance) if pool.is_plain else best


def ring(order: Sequence[int], per_work: int) -> dict[int, tuple[int, ...]]:
    """For each in the `order` the next `per_work`: who sits at p reviews p+1 … p+k, around the end.

    Everybody gives and gets exactly `per_work`; while there are more than twice as many, no two
    review each other.
    """
    return {
        who: tuple(order[(at + step) % len(order)] for step in range(1, per_work + 1))
        for at, who in enumerate(order)
    }


def reading_order(slots: Numbers, reviewers: int, seed: int) -> Numbers:
    """In which turn (1, 2, …) each reviewer takes each of their slots: a seeded shuffle.

    In the order of works somebody would always be read first, when reviewers are fresh.
    """
    flat = slots.ravel()
    if not len(flat):
        return np.zeros(slots.shape, dtype=np.int64)
    above = np.uint64(64 - max(1, reviewers.bit_length()))
    chance = np.random.PCG64([seed, 1]).random_raw(len(flat)) >> (np.uint64(64) - above)
    by_reviewer = _order_of((flat.astype(np.uint64) << above) | chance)
    loads = np.bincount(flat, minlength=reviewers)
    first = np.repeat(np.cumsum(loads) - loads, loads)
    order = np.empty(len(flat), dtype=np.int64)
    order[by_reviewer] = np.arange(1, len(flat) + 1) - first
    return order.reshape(slots.shape)


def _ring_of(pool: Pool, per_work: int, chance: np.random.PCG64) -> Numbers:
    order = _shuffled(pool.works, chance)
    slots = np.empty((pool.works, per_work), dtype=np.int64)
    writer = np.argsort(pool.home, kind="stable")
    for step in range(1, per_work + 1):
        slots[np.roll(order, -step), step - 1] = writer[order]
    return slots


def _shuffled(count: int, chance: np.random.PCG64) -> Numbers:
    return _order_of(chance.random_raw(count))


def _order_of(keys: NDArray[np.uint64]) -> Numbers:
    """The places of the keys in rising order.

    Each key carries its place in its lowest bits: plain numbers sort several times faster than an
    `argsort`, and as no two are equal every machine sorts them the same way.
    """
    below = np.uint64(max(1, len(keys).bit_length()))
    placed = (keys >> below << below) | np.arange(len(keys), dtype=np.uint64)
    placed.sort()
    return (placed & ((np.uint64(1) << below) - np.uint64(1))).astype(np.int64)


def _same_group(these: Numbers, others: Numbers) -> Numbers:
    """For each of `these` the number of `others` in the same group; negative is no group."""
    size = int(max(these.max(initial=NOBODY), others.max(initial=NOBODY))) + 1
    counts = np.bincount(others[others >= 0], minlength=size + 1)
    return np.where(these >= 0, counts[np.maximum(these, 0)], 0).astype(np.int64)


def _targets(pool: Pool, per_work: int, chance: np.random.PCG64) -> tuple[Numbers, int]:
    """How many each reviewer is to take: the same for all who can, one more for a seeded choice.

    Returns the numbers and the level that all who can reach without the one more.
    """
    slots = pool.works * per_work
    lawful = pool.lawful_works()
    low, high = 0, pool.works
    while low < high:  # the lowest level at which everybody's lawful share is enough
        level = (low + high) // 2
        if int(np.minimum(lawful, level).sum()) >= slots:
            high = level
        else:
            low = level + 1
    targets = np.minimum(lawful, low - 1)
    able = np.flatnonzero(lawful >= low)
    missing = slots - int(targets.sum())
    more = able if missing == len(able) else able[_shuffled(len(able), chance)][:missing]
    targets[more] += 1
    return targets, low if len(more) == len(able) else low - 1


def _orders(pool: Pool, per_work: int, targets: Numbers, chance: np.random.PCG64) -> Numbers:
    """Rounds of slots, each filled from a seeded order of the reviewers, without looking at bars."""
    slots = pool.works * per_work
    full = int(targets.min())
    parts = [_shuffled(pool.reviewers, chance) for _ in range(full)]
    rest = np.repeat(np.arange(pool.reviewers), targets - full)
    parts.append(rest[_shuffled(len(rest), chance)])
    flat = np.concatenate(parts)[:slots]
    return np.ascontiguousarray(flat.reshape(per_work, pool.works).T)


def _bad_slots(pool: Pool, slots: Numbers) -> Numbers:
    """Slots (numbered along the rows) that break a bar or a promise; of two that clash, one."""
    works, per_work = slots.shape
    own = np.arange(works)
    bad = pool.group_of_reviewer[slots] == pool.group_of_work[:, None]
    if len(pool.bars):
        _mark_barred(pool, slots, bad)
    homes = pool.home[slots]
    for later in range(1, per_work):
        for earlier in range(later):
            bad[:, later] |= homes[:, later] == homes[:, earlier]
    if works > 2 * per_work:
        for column in range(per_work):
            home = homes[:, column]
            back = homes[np.where(home < own, home, own)] == own[:, None]
            bad[:, column] |= back.any(axis=1) & (home < own)
    return np.flatnonzero(bad)


def _mark_barred(pool: Pool, slots: Numbers, bad: NDArray[np.bool_]) -> None:
    """Mark slots whose pair stands in the list of bars; most works and people have none."""
    work, reviewer = np.divmod(pool.bars, pool.reviewers)
    has_bar = np.zeros(pool.works, dtype=np.bool_)
    has_bar[work] = True
    is_barred_somewhere = np.zeros(pool.reviewers, dtype=np.bool_)
    is_barred_somewhere[reviewer] = True
    rows = np.flatnonzero(has_bar)
    inside, columns = np.nonzero(is_barred_somewhere[slots[rows]])
    rows = rows[inside]
    codes = rows * pool.reviewers + slots[rows, columns]
    at = np.minimum(np.searchsorted(pool.bars, codes), len(pool.bars) - 1)
    broken = pool.bars[at] == codes
    bad[rows[broken], columns[broken]] = True


def _penalty(pool: Pool, slots: Numbers, work: int, column: int) -> int:
    """What is wrong with one slot: bars and doubles weigh more than promises."""
    works, per_work = slots.shape
    reviewer = int(slots[work, column])
    home = int(pool.home[reviewer])
    wrong = HARD if pool.is_barred(reviewer, work) else 0
    for other in range(per_work):
        if other != column:
            second = int(slots[work, other])
            if second == reviewer:
                wrong += HARD
            elif int(pool.home[second]) == home:
                wrong += 1
    if works > 2 * per_work and home < works:
        wrong += sum(int(pool.home[second]) == work for second in slots[home].tolist())
    return wrong


def _settle(pool: Pool, slots: Numbers, bad: Sequence[int], chance: np.random.PCG64) -> list[int]:
    """Swap the reviewer of each bad slot with that of another, where that makes things better.

    Works in place and returns the slots that are still bad.
    """
    works, per_work = slots.shape
    count = works * per_work
    everywhere = len(bad) * count <= LOOKS
    tries = TRIES if len(bad) * TRIES <= max(LOOKS, count) else FEW_TRIES
    touched = []
    for slot in bad:
        work, column = divmod(slot, per_work)
        wrong = _penalty(pool, slots, work, column)
        if not wrong:
            continue
        touched.append(slot)
        if everywhere:
            partners = _shuffled(count, chance).tolist()
        else:
            partners = (chance.random_raw(tries) % np.uint64(count)).tolist()
        for partner in partners:
            if not wrong:
                break
            second, place = divmod(partner, per_work)
            if second == work:
                continue
            before = wrong + _penalty(pool, slots, second, place)
            slots[work, column], slots[second, place] = slots[second, place], slots[work, column]
            wrong_now = _penalty(pool, slots, work, column)
            if wrong_now + _penalty(pool, slots, second, place) < before:
                wrong = wrong_now
                touched.append(partner)
            else:
                slots[work, column], slots[second, place] = slots[second, place], slots[work, column]
    return [slot for slot in sorted(set(touched)) if _penalty(pool, slots, *divmod(slot, per_work))]


def _keep(pool: Pool, slots: Numbers, kept: Sequence[tuple[int, int]], most: int) -> None:
    """Put the lawful pairs of an earlier round in, as far as slots and loads allow."""
    taken = Counter[int]()
    filled = Counter[int]()
    for reviewer, work in kept:
        if filled[work] < slots.shape[1] and taken[reviewer] < most and not pool.is_barred(reviewer, work):
            slots[work, filled[work]] = reviewer
            filled[work] += 1
            taken[reviewer] += 1


# --- the exact step ---


def _complete(
    pool: Pool, slots: Numbers, bad: Sequence[int], level: int, chance: np.random.PCG64
) -> Cut | None:
    """Fill empty and barred slots by shortest augmenting paths, in place; the proof if that fails.

    A b-matching: each path ends at a reviewer who may take one more, so nothing placed is lost.
    Paths to reviewers below the common `level` come first, then one more is allowed for all.
    """
    empty = _emptied(pool, slots, bad)
    if not empty:
        return None
    table = _Table(pool, slots, chance)
    lawful = pool.lawful_reviewers()
    turns = chance.random_raw(len(empty)).tolist()
    scarcest_first = sorted(zip(lawful[empty].tolist(), turns, empty, strict=True))
    waiting = [work for _, _, work in scarcest_first]
    for limit in (level, level + 1):
        table.spare_below(limit)
        waiting = [work for work in waiting if not table.give(work, limit)]
    if waiting:
        reached_works, reached_reviewers = table.reached(waiting[0], level + 1)
        return Cut(reached_works, reached_reviewers, level + 1)
    table.even_out(pool.lawful_works())
    slots[:] = table.as_array()
    return None


def _emptied(pool: Pool, slots: Numbers, bad: Sequence[int]) -> list[int]:
    """Empty every bad slot that breaks a bar or doubles a pair; return the works of all empty slots."""
    per_work = slots.shape[1]
    empty = []
    for work in sorted({slot // per_work for slot in bad}):
        seen: set[int] = set()
        for column in range(per_work):
            reviewer = int(slots[work, column])
            if reviewer == NOBODY or reviewer in seen or pool.is_barred(reviewer, work):
                slots[work, column] = NOBODY
                empty.append(work)
            seen.add(reviewer)
    return empty


class _Table:
    """Who holds what while the exact step moves reviewers about."""

    def __init__(self, pool: Pool, slots: Numbers, chance: np.random.PCG64) -> None:
        self.pool = pool
        self.holders: list[list[int]] = [[r for r in row if r != NOBODY] for row in slots.tolist()]
        self.held: list[list[int]] = [[] for _ in range(pool.reviewers)]
        for work, holders in enumerate(self.holders):
            for reviewer in holders:
                self.held[reviewer].append(work)
        self.chance = chance
        self.spare: list[int] = []
        self._barred: dict[int, set[int]] = {}
        self._per_work = slots.shape[1]

    def barred(self, work: int) -> set[int]:
        if work not in self._barred:
            self._barred[work] = self.pool.barred_from(work)
        return self._barred[work]

    def spare_below(self, limit: int) -> None:
        """Set who may take more under this limit, in a seeded order."""
        self.spare = [
            r for r in _shuffled(self.pool.reviewers, self.chance).tolist() if len(self.held[r]) < limit
        ]

    def give(self, work: int, limit: int) -> bool:
        """Find this work one more reviewer, moving others where needed; False if there is none."""
        found, came_from, from_work = self._search(work, limit)
        if found == NOBODY:
            return False
        while True:  # walk back along the path: each reviewer on it leaves one work for another
            taken = from_work[found]
            self.holders[taken].append(found)
            self.held[found].append(taken)
            if taken == work:
                return True
            mover = came_from[taken]
            self.holders[taken].remove(mover)
            self.held[mover].remove(taken)
            found = mover

    def reached(self, work: int, limit: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The works and reviewers a failed search came by."""
        _, came_from, from_work = self._search(work, limit)
        return tuple(sorted(came_from)), tuple(sorted(from_work))

    def _search(self, start: int, limit: int) -> tuple[int, dict[int, int], dict[int, int]]:
        """Breadth-first: work → lawful reviewer → works that reviewer holds → …

        Returns the reviewer below the limit (or nobody), for each work the reviewer who would leave
        it, and for each reviewer the work they would take.
        """
        came_from = {start: NOBODY}
        from_work: dict[int, int] = {}
        unseen: list[int] | None = None
        queue = deque([start])
        while queue:
            work = queue.popleft()
            free = self._free_reviewer(work, limit)
            if free != NOBODY:
                from_work[free] = work
                return free, came_from, from_work
            barred, holders = self.barred(work), self.holders[work]
            later = []
            for reviewer in range(self.pool.reviewers) if unseen is None else unseen:
                if reviewer in barred or reviewer in holders:
                    later.append(reviewer)
                    continue
                from_work[reviewer] = work
                for other in self.held[reviewer]:
                    if other not in came_from:
                        came_from[other] = reviewer
                        queue.append(other)
            unseen = later
        return NOBODY, came_from, from_work

    def _free_reviewer(self, work: int, limit: int) -> int:
        """Somebody with room who may take this work, looking from a seeded place."""
        if not self.spare:
            return NOBODY
        barred, holders = self.barred(work), self.holders[work]
        start = int(self.chance.random_raw()) % len(self.spare)
        for step in range(len(self.spare)):
            at = start - step
            reviewer = self.spare[at]
            if len(self.held[reviewer]) >= limit:
                continue
            if reviewer not in barred and reviewer not in holders:
                if len(self.held[reviewer]) + 1 >= limit:
                    self.spare[at] = self.spare[-1]
                    self.spare.pop()
                return reviewer
        return NOBODY

    def even_out(self, lawful_works: Numbers) -> None:
        """Move duties along paths from who has two more to who has less, until there is no such path."""
        loads = [len(held) for held in self.held]
        most = max(loads)
        below = [r for r in range(self.pool.reviewers) if loads[r] < min(most - 1, int(lawful_works[r]))]
        for reviewer in below:
            while self._pull(reviewer):
                pass

    def _pull(self, reviewer: int) -> bool:
        """Take one duty over from somebody with at least two more, by a chain if need be."""
        load = len(self.held[reviewer])
        wanted: dict[int, tuple[int, int]] = {reviewer: (NOBODY, NOBODY)}
        queue = deque([reviewer])
        seen: set[int] = set()
        while queue:
            taker = queue.popleft()
            for work in range(self.pool.works):
                if work in seen or taker in self.barred(work) or taker in self.holders[work]:
                    continue
                seen.add(work)
                for giver in self.holders[work]:
                    if giver in wanted:
                        continue
                    wanted[giver] = (taker, work)
                    if len(self.held[giver]) >= load + 2:
                        self._hand_over(giver, wanted)
                        return True
                    queue.append(giver)
        return False

    def _hand_over(self, giver: int, wanted: Mapping[int, tuple[int, int]]) -> None:
        while wanted[giver][0] != NOBODY:
            taker, work = wanted[giver]
            self.holders[work].remove(giver)
            self.held[giver].remove(work)
            self.holders[work].append(taker)
            self.held[taker].append(work)
            giver = taker

    def as_array(self) -> Numbers:
        return np.array(self.holders, dtype=np.int64).reshape(self.pool.works, self._per_work)


# --- from ids to numbers and back ---


def _pool(works: Sequence[Work], people: Sequence[str]) -> Pool:
    place = {person: number for number, person in enumerate(people)}
    count = len(people)
    groups: dict[tuple[str, str], int] = {}
    group_of_work = np.empty(len(works), dtype=np.int64)
    home = np.arange(len(works), len(works) + count, dtype=np.int64)
    group_of_reviewer = np.full(count, -2, dtype=np.int64)
    in_groups: dict[str, set[int]] = {}
    for number, work in enumerate(works):
        key = ("team", work.team) if work.team else ("work", work.id)
        group = groups.setdefault(key, len(groups))
        group_of_work[number] = group
        for author in work.authors:
            if author in place:
                at = place[author]
                if home[at] >= len(works):
                    home[at], group_of_reviewer[at] = number, group
                in_groups.setdefault(author, set()).add(group)
    works_of: dict[int, list[int]] = {}
    for number, group in enumerate(group_of_work.tolist()):
        works_of.setdefault(group, []).append(number)
    codes = [
        number * count + place[person]
        for number, work in enumerate(works)
        for person in work.barred
        if person in place
    ]
    for person, mine in in_groups.items():
        at = place[person]
        for group in mine - {int(group_of_reviewer[at])}:  # who writes for two teams
            codes.extend(number * count + at for number in works_of[group])
    bars = np.unique(np.array(codes, dtype=np.int64))
    return Pool(len(works), count, home, group_of_work, group_of_reviewer, bars)


def _too_few(
    works: Sequence[Work], people: Sequence[str], pool: Pool, per_work: int, seed: int, cut: Cut
) -> TooFewReviewers:
    lawful = pool.lawful_reviewers()
    short = tuple(
        Shortage(
            works[w].id, int(lawful[w]), len(people), tuple(sorted(_reasons(works, people, pool, w).items()))
        )
        for w in np.flatnonzero(lawful < per_work).tolist()
    )
    starved = None
    if not short:
        starved = Starvation(
            tuple(works[w].id for w in cut.works),
            len(cut.works) * per_work,
            tuple(people[r] for r in cut.reviewers),
            len(cut.reviewers) * cut.load,
        )
    largest = next(k for k in _downwards(per_work, lawful) if not isinstance(deal(pool, k, seed), Cut))
    return TooFewReviewers(per_work, largest, short, starved)


def _downwards(per_work: int, lawful: Numbers) -> Iterator[int]:
    yield from range(min(per_work - 1, max(0, int(lawful.min()))), -1, -1)


def _reasons(works: Sequence[Work], people: Sequence[str], pool: Pool, number: int) -> Counter[str]:
    work = works[number]
    reasons = Counter[str]()
    for reviewer in sorted(pool.barred_from(number)):
        person = people[reviewer]
        if person in work.authors:
            reasons[OWN_WORK] += 1
        else:
            reasons[work.barred.get(person, OWN_TEAM)] += 1
    return reasons
