"""Before the search: who moves together, how large teams will be, and every clash by name."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from coursecrew.domain.formation.rules import CannotForm, Fault, Rules, Sizes, Source
from coursecrew.domain.formation.traits import Roster

Pair = tuple[int, int]
SEARCH_STEPS = 20_000  # of the exact searches below; they end far earlier on classes of people


@dataclass(frozen=True)
class KeptTeam:
    """A team that stays as it is; `members` are positions in the roster, `gone` keys not found there."""

    name: str
    members: tuple[int, ...]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Learners among whom teams are formed: their units, the pairs kept apart, the planned sizes."""

    name: str
    units: tuple[tuple[int, ...], ...]  # each moves whole; most hold one learner
    apart: tuple[Pair, ...]
    sizes: tuple[int, ...]  # falling


@dataclass(frozen=True)
class Frame:
    """What never breaks, checked: the sections to form and the teams to keep."""

    sections: tuple[Section, ...]
    kept: tuple[KeptTeam, ...]

    @property
    def largest(self) -> int:
        """The size of the largest planned team, 0 without teams."""
        return max((section.sizes[0] for section in self.sections if section.sizes), default=0)


def plan_frame(roster: Roster, rules: Rules, keep: Mapping[str, Sequence[str]] | None = None) -> Frame:
    """Check everything that must hold and fix the sizes.

    `keep` maps names of teams to the keys of their members. Raises `CannotForm` with one fault for
    each clash, in the words an instructor can act on.
    """
    faults: list[Fault] = []
    numbers = roster.numbers
    kept = _kept_teams(numbers, rules.sizes, keep or {}, faults)
    together = _known_pairs(rules.together, "together", numbers, faults)
    apart = _known_pairs(rules.apart, "apart", numbers, faults)
    places = _sections(roster, rules, faults)
    if faults:
        raise CannotForm(faults)
    chains = _Chains(len(roster.keys), together)
    _check_chains(roster, rules, chains, apart, places, kept, faults)
    if faults:
        raise CannotForm(faults)
    fixed = {member for team in kept for member in team.members}
    sections = []
    for name in sorted(set(places)):
        members = [at for at in range(len(roster.keys)) if places[at] == name and at not in fixed]
        if members:
            sections.append(_section(name, members, roster, rules, chains, apart, faults))
    if faults:
        raise CannotForm(faults)
    return Frame(tuple(section for section in sections if section is not None), kept)


def plan_sizes(learners: int, sizes: Sizes) -> tuple[int, ...]:
    """Sizes differing by at most one, nearest to the ideal in sum; larger teams on a tie.

    Empty where nothing fits (and for nobody).
    """
    best: tuple[int, tuple[int, ...]] | None = None
    for teams in range(-(-learners // sizes.max), learners // sizes.min + 1):
        if teams == 0:
            continue
        small, more = divmod(learners, teams)
        off = more * abs(small + 1 - sizes.ideal) + (teams - more) * abs(small - sizes.ideal)
        if best is None or off < best[0]:
            best = (off, (small + 1,) * more + (small,) * (teams - more))
    return best[1] if best else ()


def size_clash(learners: int, sizes: Sizes) -> tuple[str, str]:
    """Place and sentence for a number of learners that no number of teams can hold."""
    if learners < sizes.min:
        who = f"{learners} learner{'s' * (learners != 1)}"
        return "", f"{who} cannot make a team of {sizes.min} to {sizes.max}; at least {sizes.min} are needed"
    do = sizes_that_would_do(learners, sizes)
    would = f"min {do['least']} or max {do['most']} would do"
    return (
        f"size {sizes}",
        f"{learners} learners cannot be split; {do['fewer']} or {do['more']} could; {would}",
    )


def sizes_that_would_do(learners: int, sizes: Sizes) -> dict[str, Any]:
    """For a number of learners that no number of teams can hold: the numbers and sizes nearby that can.

    `code` is "too_few" (for one team) or "sizes_impossible"; then `fewer` or `more` learners could be
    split, and so could these with a minimum of `least` or a maximum of `most`.
    """
    known = {"have": learners, "min": sizes.min, "max": sizes.max}
    if learners < sizes.min:
        return {"code": "too_few", **known}
    teams = learners // sizes.max
    return {
        "code": "sizes_impossible",
        **known,
        "fewer": teams * sizes.max,
        "more": (teams + 1) * sizes.min,
        "least": learners // (teams + 1),
        "most": -(-learners // teams),
    }


class _Chains:
    """The components that `together` makes, and the pairs that join them."""

    def __init__(self, learners: int, pairs: Iterable[Pair]) -> None:
        self.next: dict[int, list[int]] = defaultdict(list)
        for one, other in pairs:
            self.next[one].append(other)
            self.next[other].append(one)
        self.of: dict[int, tuple[int, ...]] = {}
        for start in sorted(self.next):
            if start not in self.of:
                found = {start}
                queue = deque([start])
                while queue:
                    for near in self.next[queue.popleft()]:
                        if near not in found:
                            found.add(near)
                            queue.append(near)
                chain = tuple(sorted(found))
                self.of.update(dict.fromkeys(chain, chain))

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return iter(dict.fromkeys(self.of.values()))

    def unit(self, member: int) -> tuple[int, ...]:
        """Everybody who moves with this learner."""
        return self.of.get(member, (member,))

    def links(self, chain: Sequence[int]) -> list[Pair]:
        """The pairs that hold a chain together, each once."""
        return sorted({(min(a, b), max(a, b)) for a in chain for b in self.next[a]})

    def path(self, start: int, end: int) -> list[Pair]:
        """The shortest run of pairs from one learner of a chain to another."""
        before: dict[int, int] = {start: start}
        queue = deque([start])
        while queue and end not in before:
            here = queue.popleft()
            for near in self.next[here]:
                if near not in before:
                    before[near] = here
                    queue.append(near)
        steps = []
        while end != start:
            steps.append((before[end], end))
            end = before[end]
        return steps[::-1]


def _named(roster: Roster, pairs: Iterable[Pair]) -> str:
    return ", ".join(f"{roster.keys[one]}–{roster.keys[other]}" for one, other in pairs)


def _keyed(roster: Roster, pairs: Iterable[Pair]) -> list[list[str]]:
    return [[roster.keys[one], roster.keys[other]] for one, other in pairs]


def _kept_teams(
    numbers: Mapping[str, int], sizes: Sizes, keep: Mapping[str, Sequence[str]], faults: list[Fault]
) -> tuple[KeptTeam, ...]:
    teams = []
    seen: dict[str, str] = {}
    for name in sorted(keep):
        for key in keep[name]:
            if key in seen:
                text = (
                    f"{key} is in two kept teams" if seen[key] != name else f"{key} stands twice in this team"
                )
                faults.append(Fault(Source.KEPT, f"team {name}", text))
            seen[key] = name
        members = tuple(sorted(numbers[key] for key in set(keep[name]) if key in numbers))
        if len(members) > sizes.max:
            text = f"{len(members)} members, max {sizes.max}"
            said = {"code": "kept_too_large", "team": name, "have": len(members), "max": sizes.max}
            faults.append(Fault(Source.KEPT, f"team {name}", text, said=said))
        teams.append(KeptTeam(name, members, tuple(key for key in keep[name] if key not in numbers)))
    return tuple(teams)


def _known_pairs(
    groups: Iterable[Sequence[str]], place: str, numbers: Mapping[str, int], faults: list[Fault]
) -> list[Pair]:
    pairs: list[Pair] = []
    for group in groups:
        unknown = [key for key in group if key not in numbers]
        for key in unknown:
            said = {"code": "pair_unknown", "people": list(group)}
            place_of = f"{place}, pair {'–'.join(group)}"
            faults.append(Fault(Source.RULES, place_of, f"no learner “{key}”", said=said))
        if not unknown:
            positions = [numbers[key] for key in group]
            # A longer group is a chain if together; apart means each from each.
            found = pairwise(positions) if place == "together" else combinations(positions, 2)
            pairs.extend(found)
    return pairs


def _sections(roster: Roster, rules: Rules, faults: list[Fault]) -> tuple[str, ...]:
    if rules.section is None:
        return ("",) * len(roster.keys)
    cells = roster.cells.get(rules.section)
    if cells is None:
        if roster.keys:
            faults.append(Fault(Source.RULES, "section", f"no column “{rules.section}” in the learners"))
        return ("",) * len(roster.keys)
    return cells


def _check_chains(
    roster: Roster,
    rules: Rules,
    chains: _Chains,
    apart: Sequence[Pair],
    places: Sequence[str],
    kept: Sequence[KeptTeam],
    faults: list[Fault],
) -> None:
    team_of = {member: team.name for team in kept for member in team.members}
    for chain in chains:
        links = chains.links(chain)
        named, pairs = _named(roster, links), _keyed(roster, links)
        if len(chain) > rules.sizes.max:
            text = f"{len(chain)} learners, max {rules.sizes.max}"
            said = {"code": "chain_too_long", "pairs": pairs, "have": len(chain), "max": rules.sizes.max}
            faults.append(Fault(Source.RULES, f"together {named}", text, said=said))
        found = sorted({places[at] for at in chain})
        if len(found) > 1:
            where = " and ".join(f"“{name}”" for name in found)
            said = {"code": "chain_across_sections", "pairs": pairs, "sections": found}
            text = f"they are in sections {where}"
            faults.append(Fault(Source.RULES, f"together {named}", text, said=said))
        teams = sorted({team_of.get(at, "") for at in chain})
        if len(teams) > 1:
            where = ", ".join(f"{roster.keys[at]} in {team_of[at]}" for at in chain if at in team_of)
            said = {"code": "chain_against_kept", "pairs": pairs}
            text = f"kept teams stand against it: {where}"
            faults.append(Fault(Source.RULES, f"together {named}", text, said=said))
    for one, other in apart:
        pair = f"apart {roster.keys[one]}–{roster.keys[other]}"
        if other in chains.unit(one):
            path = chains.path(one, other)
            keyed = {"pairs": _keyed(roster, [(one, other)]), "path": _keyed(roster, path)}
            text = f"but together {_named(roster, path)}"
            faults.append(Fault(Source.RULES, pair, text, said={"code": "apart_together", **keyed}))
        if one in team_of and team_of[one] == team_of.get(other):
            keyed = {"pairs": _keyed(roster, [(one, other)])}
            said = {"code": "apart_kept", **keyed, "team": team_of[one]}
            text = f"both are in the kept team {team_of[one]}"
            faults.append(Fault(Source.RULES, pair, text, said=said))


def _section(
    name: str,
    members: Sequence[int],
    roster: Roster,
    rules: Rules,
    chains: _Chains,
    apart: Sequence[Pair],
    faults: list[Fault],
) -> Section | None:
    before = f"section {name}, " if rules.section is not None else ""
    sizes = plan_sizes(len(members), rules.sizes)
    if not sizes:
        place, text = size_clash(len(members), rules.sizes)
        source = Source.RULES if place else Source.LEARNERS
        said = {**sizes_that_would_do(len(members), rules.sizes), "section": name}
        faults.append(Fault(source, (before + place).rstrip(", "), text, said=said))
        return None
    units = tuple(dict.fromkeys(chains.unit(at) for at in members))
    fitted = fit_sizes([len(unit) for unit in units], rules.sizes)
    if not fitted:
        long = [unit for unit in units if len(unit) > 1]
        text = (
            "these do not fit into teams of "
            + f"{rules.sizes.min} to {rules.sizes.max} with {len(members)} learners"
        )
        named = "; ".join(_named(roster, chains.links(unit)) for unit in long)
        links = [link for unit in long for link in chains.links(unit)]
        said = {"code": "chains_do_not_fit", "pairs": _keyed(roster, links), "have": len(members)}
        said |= {"min": rules.sizes.min, "max": rules.sizes.max, "section": name}
        faults.append(Fault(Source.RULES, f"{before}together {named}", text, said=said))
        return None
    inside = set(members)
    pairs = tuple(sorted({(min(p), max(p)) for p in apart if p[0] in inside and p[1] in inside}))
    group = _too_many_apart(units, pairs, len(fitted))
    if group:
        names = ", ".join(roster.keys[at] for at in group)
        text = f"{names} need {len(group)} teams; there are {len(fitted)}"
        said = {"code": "too_many_apart", "people": [roster.keys[at] for at in group], "section": name}
        said |= {"have": len(group), "teams": len(fitted)}
        faults.append(Fault(Source.RULES, f"{before}apart", text, said=said))
        return None
    return Section(name, units, pairs, fitted)


def fit_sizes(lengths: Sequence[int], sizes: Sizes) -> tuple[int, ...]:
    """Planned sizes into which units of these lengths can be packed; empty if there are none.

    Even sizes where they hold every unit; else the longest units raise a team each and the others
    are lowered, the smallest total deviation from the ideal first.
    """
    learners = sum(lengths)
    even = plan_sizes(learners, sizes)
    if packs(lengths, even):
        return even
    long = sorted((length for length in lengths if length > 1), reverse=True)
    plans: list[tuple[int, int, tuple[int, ...]]] = []
    for teams in range(max(1, -(-learners // sizes.max)), learners // sizes.min + 1):
        # Large classes have seats enough: raising exactly the units that are too long will do there.
        too_long = sum(length > learners // teams for length in long)
        for raised in sorted({*range(min(teams, len(long), 60) + 1), min(teams, too_long)}):
            plan = _raised(learners, teams, long[:raised], sizes)
            if plan:
                plans.append((sum(abs(size - sizes.ideal) for size in plan), teams, plan))
    for _, _, plan in sorted(set(plans)):
        if packs(lengths, plan):
            return plan
    return ()


def _raised(learners: int, teams: int, long: Sequence[int], sizes: Sizes) -> tuple[int, ...]:
    rest_teams, rest = teams - len(long), learners - sum(max(length, sizes.min) for length in long)
    fixed = [max(length, sizes.min) for length in long]
    if rest_teams == 0:
        return tuple(sorted(fixed, reverse=True)) if rest == 0 else ()
    if not sizes.min * rest_teams <= rest <= sizes.max * rest_teams:
        return ()
    small, more = divmod(rest, rest_teams)
    return tuple(sorted([*fixed, *[small + 1] * more, *[small] * (rest_teams - more)], reverse=True))


def packs(lengths: Sequence[int], sizes: Sequence[int]) -> bool:
    """Whether units of these lengths fit into teams of these sizes: first fit, then an exact search."""
    if sum(lengths) > sum(sizes):
        return False
    long = sorted((length for length in lengths if length > 1), reverse=True)
    rooms = list(sizes)
    for length in long:
        at = next((at for at, room in enumerate(rooms) if room >= length), None)
        if at is None:
            return _packs_exactly(long, list(sizes))
        rooms[at] -= length
    return True


def _packs_exactly(long: Sequence[int], rooms: list[int]) -> bool:
    left = SEARCH_STEPS

    def place(number: int) -> bool:
        nonlocal left
        left -= 1
        if number == len(long):
            return True
        tried = set()
        for at, room in enumerate(rooms):
            if room >= long[number] and room not in tried and left > 0:
                tried.add(room)
                rooms[at] -= long[number]
                if place(number + 1):
                    return True
                rooms[at] += long[number]
        return False

    return len(long) <= 400 and place(0)


def _too_many_apart(units: Sequence[tuple[int, ...]], pairs: Sequence[Pair], teams: int) -> tuple[int, ...]:
    """Learners all apart from each other, more than there are teams; empty if there are none."""
    unit_of = {member: number for number, unit in enumerate(units) for member in unit}
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        near[unit_of[one]].add(unit_of[other])
        near[unit_of[other]].add(unit_of[one])
    if _greedy_colours(near) <= teams:
        return ()
    best: list[int] = []
    left = SEARCH_STEPS

    def grow(group: list[int], rest: set[int]) -> None:
        nonlocal best, left
        left -= 1
        if len(group) > len(best):
            best = list(group)
        while rest and left > 0 and len(group) + len(rest) > len(best) and len(best) <= teams:
            pick = max(rest, key=lambda unit: (len(near[unit] & rest), -unit))
            grow([*group, pick], rest & near[pick])
            rest = rest - {pick}

    grow([], set(near))
    return tuple(sorted(units[unit][0] for unit in best)) if len(best) > teams else ()


def _greedy_colours(near: Mapping[int, set[int]]) -> int:
    colour: dict[int, int] = {}
    for unit in sorted(near, key=lambda unit: (-len(near[unit]), unit)):
        used = {colour[other] for other in near[unit] if other in colour}
        colour[unit] = next(c for c in range(len(used) + 1) if c not in used)
    return max(colour.values(), default=-1) + 1
