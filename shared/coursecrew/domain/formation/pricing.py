"""Fast values of many teams at once, with numpy.

Each rule keeps one row of figures per learner and a neutral row behind them for empty seats. The
figures of a team combine its members' rows (sum, maximum, minimum, product), so a part of a team
has the same form as a team, and any part can be priced in any rest: one matrix, parts by rests.

Learners are positions in the roster; a team is a row of positions, filled up with `pricing.empty`.
Sums are of whole numbers, which float32 adds without rounding in any order, or run member by
member; so neither BLAS nor the number of threads can change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from coursecrew.domain.formation.judging import EDGE, UNKNOWN, least_distance
from coursecrew.domain.formation.rules import Kind, Trait
from coursecrew.domain.formation.traits import HOURS_A_WEEK, Answer, Criterion

Positions = NDArray[np.intp]
Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Rows = tuple[Matrix, ...]  # figures of several teams or parts, first axis: team

BROKEN = 1e6  # what a broken hard rule adds to the loss of its team during the search
NEVER = 1e9  # what no gain can pay: a pair that must stay apart
TABLE_SHARE = 4  # parts that repeat at least so often are priced once each


class RulePrices:
    """The prices of one rule. Subclasses say how rows combine and what a combination is worth."""

    def __init__(self, criterion: Criterion) -> None:
        self.weight = criterion.rule.weight
        self.hard = criterion.rule.is_hard
        self.bound = criterion.rule.met_from or 0.0
        self.needs_two = False
        self.codes, self.kinds_of_answers = _codes(criterion.answers)
        answered = [0.0 if answer is None else 1.0 for answer in criterion.answers]
        self.answered = np.array([*answered, 0.0], dtype=np.float32)

    def rows(self, members: Positions) -> Rows:
        """The figures of teams or parts; the last entry is always the number of answers."""
        raise NotImplementedError

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """Value (parts, rests), 0 to 1, as if everything were known."""
        raise NotImplementedError

    def opened(self, rests: Rows, parts: Rows) -> Callable[[int, int], Matrix]:
        """`values` for a range of parts; what all ranges share may be prepared here."""
        return lambda start, stop: self.values(rests, tuple(rows[start:stop] for rows in parts))

    def price(self, rests: Rows, parts: Rows) -> tuple[Matrix, NDArray[np.bool_] | None]:
        """Value of every part in every rest, and where a hard rule is broken."""
        return self.judged(self.values(rests, parts), rests, parts)

    def judged(self, values: Matrix, rests: Rows, parts: Rows) -> tuple[Matrix, NDArray[np.bool_] | None]:
        """`values` with 0.5 for what is not known, and where a hard rule is broken."""
        unknown: NDArray[np.bool_] | None = None
        if self.needs_two:
            few = np.flatnonzero(rests[-1] + parts[-1].min(initial=2) < 2)
            if few.size:
                unknown = parts[-1][:, None] + rests[-1][None, few] < 2
                some = values[:, few]
                some[unknown] = UNKNOWN
                values[:, few] = some
        if not self.hard:
            return values, None
        broken = values < self.bound - 1e-6
        if unknown is not None:
            broken[:, few] &= ~unknown
        return values, broken

    def team_values(self, members: Positions) -> tuple[Floats, NDArray[np.bool_] | None]:
        """Value of whole teams, and where a hard rule is broken."""
        nobody = self.rows(np.full((1, 1), len(self.answered) - 1, dtype=np.intp))
        values, broken = self.price(self.rows(members), nobody)
        return values[0].astype(np.float64), None if broken is None else broken[0]


def _codes(answers: Sequence[Answer | None]) -> tuple[Positions, int]:
    """A whole number for each different answer; blank and the empty seat have their own."""
    known: dict[Answer | None, int] = {None: 0}
    codes = [known.setdefault(answer, len(known)) for answer in answers]
    return np.array([*codes, len(known)], dtype=np.intp), len(known) + 1


def _fold(
    figures: NDArray[np.float32], members: Positions, join: Callable[..., NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Combine the members' figures one seat after the other."""
    folded = figures[members[:, 0]]
    for seat in range(1, members.shape[1]):
        join(folded, figures[members[:, seat]], out=folded)
    return folded


def _with_neutral(rows: NDArray[np.float32], neutral: float) -> NDArray[np.float32]:
    return np.concatenate([rows, np.full((1, *rows.shape[1:]), neutral, dtype=np.float32)])


def _incidence(answers: Sequence[Answer | None], options: Sequence[str]) -> NDArray[np.float32]:
    """1 where a learner (row) gave an option (column)."""
    column = {option: at for at, option in enumerate(options)}
    found = np.zeros((len(answers), len(options)), dtype=np.float32)
    for at, answer in enumerate(answers):
        for item in answer if isinstance(answer, tuple) else () if answer is None else (str(answer),):
            if item in column:
                found[at, column[item]] = 1
    return found


def _options(answers: Sequence[Answer | None]) -> tuple[str, ...]:
    """Every option given, also such as the class figures do not know yet."""
    found: set[str] = set()
    for answer in answers:
        if answer is not None:
            found.update(answer if isinstance(answer, tuple) else (str(answer),))
    return tuple(sorted(found))


def _pairwise_sum(parts: Matrix, rests: Matrix) -> Matrix:
    total: Matrix = np.add.outer(parts, rests)
    return total


class _Spread(RulePrices):
    """`diverse`, and `similar` as its opposite."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.needs_two = True
        self.similar = criterion.rule.kind is Kind.SIMILAR
        self.figures = criterion.figures

    def spread(self, rests: Rows, parts: Rows) -> Matrix:
        """How far answers lie apart, 0 to 1."""
        raise NotImplementedError

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """The spread, or what it lacks to 1."""
        if not self.figures.can_differ:
            spread: Matrix = np.zeros((len(parts[-1]), len(rests[-1])), dtype=np.float32)
        else:
            spread = np.minimum(self.spread(rests, parts), np.float32(1))
        return np.subtract(np.float32(1), spread, out=spread) if self.similar else spread


class NumberSpread(_Spread):
    """Greatest minus least number, in class ranges."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        # Shares of the class range keep float32 exact enough, however large the numbers are.
        low, span = criterion.figures.low, criterion.figures.range or 1.0
        given = [
            None if a is None else (float(a) - low) / span
            for a in criterion.answers
            if not isinstance(a, str | tuple)
        ]
        self.high = np.array([*(-np.inf if x is None else x for x in given), -np.inf], dtype=np.float32)
        self.low = np.array([*(np.inf if x is None else x for x in given), np.inf], dtype=np.float32)

    def rows(self, members: Positions) -> Rows:
        """Greatest, least, answers."""
        return (
            _fold(self.high, members, np.maximum),
            _fold(self.low, members, np.minimum),
            _fold(self.answered, members, np.add),
        )

    def spread(self, rests: Rows, parts: Rows) -> Matrix:
        """Range of the two together."""
        span: Matrix = np.maximum.outer(parts[0], rests[0])
        span -= np.minimum.outer(parts[1], rests[1])
        return span


class ChoiceSpread(_Spread):
    """Different choices, out of as many as could differ."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.held = _with_neutral(_incidence(criterion.answers, _options(criterion.answers)), 0)

    def rows(self, members: Positions) -> Rows:
        """Presence by option, different options, answers."""
        held = _fold(self.held, members, np.maximum)
        return held, held.sum(axis=1), _fold(self.answered, members, np.add)

    def spread(self, rests: Rows, parts: Rows) -> Matrix:
        """(different − 1) / (possible − 1)."""
        different = _pairwise_sum(parts[1], rests[1])
        different -= np.matmul(parts[0], rests[0].T)
        different -= 1
        most = np.minimum(_pairwise_sum(parts[-1], rests[-1]), np.float32(len(self.figures.options)))
        most -= 1
        np.maximum(most, 1, out=most)
        different /= most
        return different


class ListSpread(_Spread):
    """Mean over pairs of what two lists do not share."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.held = _with_neutral(_incidence(criterion.answers, _options(criterion.answers)), 0)

    def rows(self, members: Positions) -> Rows:
        """Distances inside, members, answers."""
        inside = np.zeros(len(members), dtype=np.float64)
        for one in range(members.shape[1]):
            for other in range(one):
                first, second = self.held[members[:, one]], self.held[members[:, other]]
                common = np.einsum("ij,ij->i", first, second)
                inside += _distance(common, first.sum(axis=1), second.sum(axis=1))
        return inside.astype(np.float32), members.astype(np.float32), _fold(self.answered, members, np.add)

    def spread(self, rests: Rows, parts: Rows) -> Matrix:
        """Distances inside both and across, by pairs who answered."""
        total = np.add.outer(parts[0], rests[0])
        part_members, rest_members = parts[1].astype(np.intp), rests[1].astype(np.intp)
        for one in range(part_members.shape[1]):
            first = self.held[part_members[:, one]]
            for other in range(rest_members.shape[1]):
                second = self.held[rest_members[:, other]]
                common = np.matmul(first, second.T)
                total += _distance(common, first.sum(axis=1)[:, None], second.sum(axis=1)[None, :])
        answers = _pairwise_sum(parts[-1], rests[-1])
        total /= np.maximum(answers * (answers - 1) / 2, 1)
        return total.astype(np.float32)


def _distance(common: Matrix, one: Matrix, other: Matrix) -> Floats:
    """1 − shared / union of two lists; 0 where either is blank."""
    union = np.maximum(np.asarray(one + other - common, dtype=np.float64), 1)
    both: Floats = np.where((one > 0) & (other > 0), 1 - common / union, 0.0)
    return both


class NumberBalance(RulePrices):
    """How near the team's mean is to the class's, in class deviations."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.needs_two = True
        figures = criterion.figures
        scale = 1 / figures.deviation if figures.deviation > 0 else 0.0
        numbers = (
            0.0 if a is None or isinstance(a, str | tuple) else (float(a) - figures.mean) * scale
            for a in criterion.answers
        )
        self.offsets = np.array([*numbers, 0.0], dtype=np.float32)

    def rows(self, members: Positions) -> Rows:
        """Sum of offsets from the class mean, answers."""
        return _fold(self.offsets, members, np.add), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """1 − |mean of both|, not below 0."""
        answers = parts[-1].astype(np.intp)
        shares = 1 / np.maximum(np.arange(answers.max(initial=0) + 1)[:, None] + rests[-1][None, :], 1)
        values: Matrix = np.add.outer(parts[0], rests[0])
        values *= shares.astype(np.float32)[answers]
        np.abs(values, out=values)
        np.subtract(np.float32(1), values, out=values)
        return np.maximum(values, np.float32(0), out=values)


class ChoiceBalance(RulePrices):
    """How near the team's shares are to the class's, against the nearest its answers allow."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.needs_two = True
        options = _options(criterion.answers)
        shares = dict(zip(criterion.figures.options, criterion.figures.shares, strict=True))
        self.shares = np.array([shares.get(option, 0.0) for option in options], dtype=np.float32)
        self.figures = criterion.figures
        self.held = _with_neutral(_incidence(criterion.answers, options), 0)

    def rows(self, members: Positions) -> Rows:
        """Counts by option, answers."""
        return _fold(self.held, members, np.add), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """(1 − distance) / (1 − least distance)."""
        answers = _pairwise_sum(parts[-1], rests[-1])
        most = int(answers.max(initial=1))
        np.maximum(answers, 1, out=answers)
        apart = np.zeros(answers.shape, dtype=np.float32)
        for at, share in enumerate(self.shares):
            counts = _pairwise_sum(parts[0][:, at], rests[0][:, at])
            counts /= answers
            counts -= share
            apart += np.abs(counts, out=counts)
        # Options of the class that nobody in the column gives now are missing from every team.
        missing = sum(self.figures.shares) - float(self.shares.sum())
        apart += np.float32(max(0.0, missing))
        apart /= 2
        room = [1.0, *(1 - least_distance(self.figures.shares, n) for n in range(1, most + 1))]
        values: Matrix = np.subtract(np.float32(1), apart, out=apart)
        values /= np.array(room, dtype=np.float32)[answers.astype(np.intp)]
        return np.clip(values, 0, 1, out=values)


class Isolation(RulePrices):
    """Nobody alone with a value."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.holders = _with_neutral(_incidence(criterion.answers, criterion.rule.values), 0)

    def rows(self, members: Positions) -> Rows:
        """Holders by value, answers."""
        return _fold(self.holders, members, np.add), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """Share of values not held by exactly one."""
        values = np.zeros((len(parts[-1]), len(rests[-1])), dtype=np.float32)
        for at in range(self.holders.shape[1]):
            values += _pairwise_sum(parts[0][:, at], rests[0][:, at]) != 1
        values /= self.holders.shape[1]
        return values


class RoleCover(RulePrices):
    """Roles that different members can fill.

    By Kőnig's theorem the largest matching has min over sets A of roles of
    (roles outside A + members holding any role of A); these counts add up over members.
    """

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.cover = criterion.figures.cover
        roles = len(criterion.rule.values)
        held = _incidence(criterion.answers, criterion.rule.values).astype(np.int64)
        masks = held @ (1 << np.arange(roles))
        sets = np.arange(1 << roles)
        self.outside = roles - np.array([int(s).bit_count() for s in sets], dtype=np.float32)
        by_mask = ((sets[:, None] & sets[None, :]) != 0).astype(np.float32)
        self.counts = _with_neutral(by_mask[masks], 0)
        self.codes = np.array([*masks, 0], dtype=np.intp)
        self.kinds_of_answers = 1 << roles

    def rows(self, members: Positions) -> Rows:
        """Members holding any role, by set of roles; answers."""
        return _fold(self.counts, members, np.add), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """Roles filled, out of those the largest team can fill."""
        filled = np.full((len(parts[-1]), len(rests[-1])), self.cover, dtype=np.float32)
        for at, outside in enumerate(self.outside):
            np.minimum(filled, _pairwise_sum(parts[0][:, at] + outside, rests[0][:, at]), out=filled)
        filled /= self.cover
        return filled


class Overlap(RulePrices):
    """Hours or list values common to all who answered, kept as bits."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.needs_two = True
        self.wanted = np.float32(criterion.wanted)
        if criterion.trait is Trait.HOURS:
            free = _weeks(criterion.answers)
        else:
            free = _incidence(criterion.answers, _options(criterion.answers))
            free = np.ascontiguousarray(free[:, free.sum(axis=0) > 1])  # what one has, none can share
        free[self.answered[:-1] == 0] = 1
        self.columns = free.shape[1]
        # Few hours are left in a rest, so its product with a part is a sum of few rows. Bytes are added
        # many at once; two are needed only where more than 255 values could be shared.
        self.narrow = self.columns < 256
        self.free = np.packbits(_with_neutral(free, 1) > 0, axis=1)

    def rows(self, members: Positions) -> Rows:
        """Bits of what all who answered have in common; answers."""
        free = self.free[members[:, 0]]
        for seat in range(1, members.shape[1]):
            free &= self.free[members[:, seat]]
        return free.astype(np.float32), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """Shared, out of wanted."""
        if len(parts[-1]) == 1:
            common = rests[0].astype(np.uint8) & parts[0].astype(np.uint8)
            return self._valued(BITS[common].sum(axis=1, dtype=np.int64)[None, :])
        return self._valued(self._sparse(parts[0]) @ self._columns(rests[0]))

    def opened(self, rests: Rows, parts: Rows) -> Callable[[int, int], Matrix]:
        """Both sides are unpacked once."""
        rows, columns = self._sparse(parts[0]), self._columns(rests[0])
        return lambda start, stop: self._valued(rows[start:stop] @ columns)

    def _columns(self, free: Matrix) -> NDArray[np.int64]:
        bits = np.unpackbits(free.astype(np.uint8), axis=1, count=self.columns)
        return np.ascontiguousarray(bits.T if self.narrow else bits.T.astype(np.int16))

    def _sparse(self, free: Matrix) -> csr_matrix:
        bits = np.unpackbits(free.astype(np.uint8), axis=1, count=self.columns)
        return csr_matrix(bits if self.narrow else bits.astype(np.int16))

    def _valued(self, shared: NDArray[np.int64]) -> Matrix:
        values: Matrix = shared.astype(np.float32)
        np.minimum(values, self.wanted, out=values)
        values /= self.wanted
        return values


BITS = np.array([number.bit_count() for number in range(256)], dtype=np.uint8)


def _weeks(answers: Sequence[Answer | None]) -> NDArray[np.float32]:
    """Free hours as 0 and 1, learners by hours."""
    octets = b"".join((answer if isinstance(answer, int) else 0).to_bytes(21, "little") for answer in answers)
    bits = np.unpackbits(np.frombuffer(octets, dtype=np.uint8).reshape(-1, 21), axis=1, bitorder="little")
    return bits[:, :HOURS_A_WEEK].astype(np.float32)


class Topic(RulePrices):
    """The topic that suits a team best."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        self.needs_two = True
        self.longest = max(criterion.figures.longest, 1)
        topics = {topic: at for at, topic in enumerate(_options(criterion.answers))}
        steps = np.zeros((len(criterion.answers), max(1, len(topics))), dtype=np.float32)
        for at, answer in enumerate(criterion.answers):
            for place, topic in enumerate(answer if isinstance(answer, tuple) else ()):
                steps[at, topics[topic]] = max(0, self.longest - place)
        self.steps = _with_neutral(steps, 0)

    def rows(self, members: Positions) -> Rows:
        """Steps by topic (the longest ranking gives that many to its first), answers."""
        return _fold(self.steps, members, np.add), _fold(self.answered, members, np.add)

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """Steps of the best topic, out of all it could have."""
        return self.opened(rests, parts)(0, len(parts[-1]))

    def opened(self, rests: Rows, parts: Rows) -> Callable[[int, int], Matrix]:
        """The best topic is the rest's own, or one of the few that the part ranks.

        Each kind of (answers, topic, steps) is priced once for all rests; kind 0 ranks nothing.
        """
        topics = rests[0].shape[1]
        answers, steps = parts[-1].astype(np.int64), parts[0].astype(np.int64)
        ranked = steps > 0
        width = max(1, int(ranked.sum(axis=1).max(initial=0)))
        order = np.argsort(~ranked, axis=1, kind="stable")[:, :width]
        top = int(steps.max(initial=0)) + 1
        joined = (answers[:, None] * topics + order) * top + np.take_along_axis(steps, order, axis=1)
        kinds, kind_of = np.unique(joined, return_inverse=True)
        kind_of = kind_of.reshape(order.shape)
        answer, topic, step = kinds // top // topics, kinds // top % topics, kinds % top
        table = rests[0].T[topic] + step.astype(np.float32)[:, None]
        np.maximum(table, rests[0].max(axis=1)[None, :], out=table)
        table /= np.maximum((rests[-1][None, :] + answer[:, None]) * self.longest, 1).astype(np.float32)

        def values(start: int, stop: int) -> Matrix:
            best: Matrix = table[kind_of[start:stop, 0]]
            for column in range(1, width):
                np.maximum(best, table[kind_of[start:stop, column]], out=best)
            return best

        return values


class NotAgain(RulePrices):
    """Pairs that shared a former team; few, so they are patched into the matrix."""

    def __init__(self, criterion: Criterion) -> None:
        super().__init__(criterion)
        # Who is paired with whom depends on the person, not only on the answer.
        self.codes, self.kinds_of_answers = np.arange(len(self.codes)), len(self.codes)
        options = _options(criterion.answers)
        column = {option: at for at, option in enumerate(options)}
        entries = [
            (at, column[i]) for at, a in enumerate(criterion.answers) if isinstance(a, tuple) for i in a
        ]
        shape = (len(criterion.answers) + 1, max(len(options), 1))
        rows, columns = [at for at, _ in entries], [at for _, at in entries]
        held = csr_matrix((np.ones(len(entries), dtype=np.float32), (rows, columns)), shape=shape)
        self.pairs = _Partners((held @ held.T).tocsr())
        self.seats = np.array([1.0] * len(criterion.answers) + [0.0], dtype=np.float32)

    def rows(self, members: Positions) -> Rows:
        """Repeated pairs inside, members, number of members, answers (unused)."""
        return (
            self.pairs.inside(members),
            members.astype(np.float32),
            _fold(self.seats, members, np.add),
            _fold(self.answered, members, np.add),
        )

    def values(self, rests: Rows, parts: Rows) -> Matrix:
        """1 − repeated / all pairs."""
        repeated = _pairwise_sum(parts[0], rests[0])
        self.pairs.add_across(repeated, parts[1].astype(np.intp), rests[1].astype(np.intp), 1)
        size = _pairwise_sum(parts[2], rests[2])
        size *= (size - 1) / 2
        np.maximum(size, 1, out=size)
        repeated /= size
        return np.subtract(np.float32(1), repeated, out=repeated)


class _Partners:
    """Who is paired with whom, and how often such pairs meet in teams."""

    def __init__(self, pairs: csr_matrix) -> None:
        pairs.setdiag(0)
        pairs.eliminate_zeros()
        self.start, self.partner = pairs.indptr, pairs.indices
        self.seats = pairs.shape[0]

    def add_across(self, matrix: Matrix, parts: Positions, rests: Positions, amount: float) -> None:
        """Add `amount` where a member of a part (row) is paired with one of a rest (column)."""
        rest_of = np.full(self.seats, -1, dtype=np.intp)
        rest_of[rests.ravel()] = np.repeat(np.arange(len(rests)), rests.shape[1])
        rest_of[-1] = -1
        for seat in range(parts.shape[1]):
            members = parts[:, seat]
            counts = self.start[members + 1] - self.start[members]
            row = np.repeat(np.arange(len(parts)), counts)
            first = np.repeat(self.start[members] - np.cumsum(counts) + counts, counts)
            column = rest_of[self.partner[first + np.arange(len(row))]]
            np.add.at(matrix, (row[column >= 0], column[column >= 0]), np.float32(amount))

    def inside(self, members: Positions) -> NDArray[np.float32]:
        """Pairs that meet inside each team."""
        team_of = np.full(self.seats, -1, dtype=np.intp)
        counted = np.zeros(len(members), dtype=np.float32)
        if len(np.unique(members[members < self.seats - 1])) < (members < self.seats - 1).sum():
            # The same learner in several teams, as when a proof lists teams: one seat after another.
            for one in range(members.shape[1]):
                for other in range(one):
                    counted += self._meet(members[:, one], members[:, other])
            return counted
        team_of[members.ravel()] = np.repeat(np.arange(len(members)), members.shape[1])
        team_of[-1] = -1
        row = np.repeat(np.arange(self.seats), np.diff(self.start))
        same = (team_of[row] >= 0) & (team_of[row] == team_of[self.partner]) & (row < self.partner)
        np.add.at(counted, team_of[row[same]], np.float32(1))
        return counted

    def _meet(self, one: Positions, other: Positions) -> NDArray[np.float32]:
        keys = (
            np.repeat(np.arange(self.seats, dtype=np.int64), np.diff(self.start)) * self.seats + self.partner
        )
        keys = np.sort(keys, kind="stable")
        if not keys.size:
            return np.zeros(len(one), dtype=np.float32)
        wanted = one.astype(np.int64) * self.seats + other
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        met: Matrix = (keys[at] == wanted).astype(np.float32)
        return met


# Every kind of rule by what its column holds.
PRICES: dict[tuple[Kind, Trait], type[RulePrices]] = {
    (Kind.SIMILAR, Trait.NUMBER): NumberSpread,
    (Kind.DIVERSE, Trait.NUMBER): NumberSpread,
    (Kind.SIMILAR, Trait.CHOICE): ChoiceSpread,
    (Kind.DIVERSE, Trait.CHOICE): ChoiceSpread,
    (Kind.SIMILAR, Trait.LIST): ListSpread,
    (Kind.DIVERSE, Trait.LIST): ListSpread,
    (Kind.BALANCED, Trait.NUMBER): NumberBalance,
    (Kind.BALANCED, Trait.CHOICE): ChoiceBalance,
    (Kind.NO_ISOLATION, Trait.CHOICE): Isolation,
    (Kind.NO_ISOLATION, Trait.LIST): Isolation,
    (Kind.ROLE_COVER, Trait.LIST): RoleCover,
    (Kind.OVERLAP, Trait.HOURS): Overlap,
    (Kind.OVERLAP, Trait.LIST): Overlap,
    (Kind.TOPIC, Trait.LIST): Topic,
    (Kind.NOT_AGAIN, Trait.LIST): NotAgain,
}


class Pricing:
    """All weighted rules of a class together, and the pairs that must stay apart."""

    def __init__(
        self, criteria: Sequence[Criterion], learners: int, apart: Sequence[tuple[int, int]] = ()
    ) -> None:
        """Prepare the figures of every learner; a few hundred bytes each."""
        self.empty = learners  # the position that fills up shorter teams
        self.rules = [PRICES[c.rule.kind, c.trait](c) for c in criteria if c.rule.weight > 0]
        self.weight = sum(rule.weight for rule in self.rules)
        self.apart: _Partners | None = None
        if apart:
            ends = np.array([*apart, *((b, a) for a, b in apart)], dtype=np.intp)
            shape = (learners + 1, learners + 1)
            self.apart = _Partners(
                csr_matrix((np.ones(len(ends), np.float32), (ends[:, 0], ends[:, 1])), shape=shape)
            )

    def scores(self, members: Positions) -> tuple[Floats, NDArray[np.intp]]:
        """Score (0 to 1) and number of broken hard rules of each team."""
        total = np.zeros(len(members), dtype=np.float64)
        broken = np.zeros(len(members), dtype=np.intp)
        if not self.rules:
            return np.ones(len(members)), broken
        for rule in self.rules:
            values, missed = rule.team_values(members)
            total += rule.weight * values
            if missed is not None:
                broken += missed
        return total / self.weight, broken

    def open(self, rests: Positions, parts: Positions) -> Market:
        """Get ready to price every part in every rest."""
        return Market(self, rests, parts)


def losses(scores: Floats) -> Floats:
    """`judging.team_loss` of many scores."""
    raised = np.maximum(scores, EDGE)
    return 1 / raised + (raised - scores) / EDGE**2


@dataclass(frozen=True)
class _Table:
    """Prices of the different parts only, and which of them each part is."""

    kind_of: Positions  # by part
    values: Matrix  # weighted, by different part and rest
    broken: Matrix | None


class Market:
    """Every rest and every part of one pass, priced block by block so that blocks stay in cache."""

    def __init__(self, pricing: Pricing, rests: Positions, parts: Positions) -> None:
        self.pricing = pricing
        self.rests, self.parts = rests, parts
        self.tables: list[_Table] = []
        self.dense: list[tuple[RulePrices, Rows, Rows, Callable[[int, int], Matrix]]] = []
        for rule in pricing.rules:
            self._open(rule)
        self.tables = _merged(self.tables, len(parts))

    def _open(self, rule: RulePrices) -> None:
        rest_rows = rule.rows(self.rests)
        kinds, first, kind_of = _different(rule, self.parts)
        if kinds * TABLE_SHARE > len(self.parts):
            part_rows = rule.rows(self.parts)
            self.dense.append((rule, rest_rows, part_rows, rule.opened(rest_rows, part_rows)))
            return
        values, broken = rule.price(rest_rows, rule.rows(self.parts[first]))
        values = values * np.float32(rule.weight)
        self.tables.append(_Table(kind_of, values, None if broken is None else broken.astype(np.float32)))

    def costs(self, start: int, stop: int) -> Matrix:
        """Loss of parts `start` to `stop` (rows) in every rest (columns)."""
        total: Matrix = np.zeros((stop - start, len(self.rests)), dtype=np.float32)
        broken: Matrix | None = None
        for table in self.tables:
            total += table.values[table.kind_of[start:stop]]
            if table.broken is not None:
                missed = table.broken[table.kind_of[start:stop]]
                broken = missed if broken is None else broken + missed
        for rule, rests, parts, value in self.dense:
            some = tuple(rows[start:stop] for rows in parts)
            values, missing = rule.judged(value(start, stop), rests, some)
            values *= np.float32(rule.weight)
            total += values
            if missing is not None:
                broken = missing.astype(np.float32) if broken is None else broken + missing
        costs = self._losses(total)
        if broken is not None:
            costs += np.float32(BROKEN) * broken
        if self.pricing.apart is not None:
            self.pricing.apart.add_across(costs, self.parts[start:stop], self.rests, NEVER)
        return costs

    def _losses(self, total: Matrix) -> Matrix:
        weight = np.float32(self.pricing.weight)
        if not self.pricing.rules:
            return np.ones_like(total)
        edge = np.float32(EDGE * self.pricing.weight)
        if total.min(initial=edge) >= edge:
            return np.divide(weight, total, out=total)
        raised = np.maximum(total, edge)
        costs: Matrix = np.divide(weight, raised)
        costs += (raised - total) / np.float32(EDGE**2 * self.pricing.weight)
        return costs


def _different(rule: RulePrices, parts: Positions) -> tuple[int, Positions, Positions]:
    """How many different parts there are for a rule, one of each, and which one each part is."""
    codes = rule.codes[parts]
    codes.sort(axis=1, kind="stable")
    joined = codes[:, 0]
    for seat in range(1, codes.shape[1]):
        joined = np.unique(joined, return_inverse=True)[1] * rule.kinds_of_answers + codes[:, seat]
    kinds, first, kind_of = np.unique(joined, return_index=True, return_inverse=True)
    return len(kinds), first, kind_of


def _merged(tables: list[_Table], parts: int) -> list[_Table]:
    """Join tables while the combinations of their parts stay few: fewer passes over each block."""
    merged: list[_Table] = []
    for table in sorted(tables, key=lambda table: len(table.values)):
        last = merged[-1] if merged else None
        if last is None:
            merged.append(table)
            continue
        joined = last.kind_of * len(table.values) + table.kind_of
        kinds, kind_of = np.unique(joined, return_inverse=True)
        if len(kinds) * TABLE_SHARE > parts:
            merged.append(table)
            continue
        one, other = kinds // len(table.values), kinds % len(table.values)
        broken = last.broken[one] if last.broken is not None else None
        if table.broken is not None:
            broken = table.broken[other] if broken is None else broken + table.broken[other]
        merged[-1] = _Table(kind_of, last.values[one] + table.values[other], broken)
    return merged
