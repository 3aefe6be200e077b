"""Groups of the platform as teams: who would come where, in the form that an import has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app.exchange import MOST_ROWS, Row
from coursecrew.app.people import sync_roster
from coursecrew.app.ports import PlatformGroup, Ports
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import Invalid, PlatformUnreachable, Problem
from coursecrew.domain.people import Participant


@dataclass(frozen=True)
class Proposal:
    """Rows as out of a file, and whom they leave out.

    `people` maps what a row calls somebody to their key; `left_out` are members of the groups who
    take no part here (staff, people who are excluded), `unknown` those whom we cannot tell.
    """

    rows: tuple[Row, ...]
    people: Mapping[str, str | None]
    left_out: tuple[str, ...]
    unknown: int
    empty: tuple[str, ...]  # groups of nobody who takes part; they make no team


def propose(ports: Ports, course: str, grouping: str) -> Proposal:
    """Read the groups of a grouping; the member list first, if it may tell somebody whom we miss."""
    groups = ports.people.groups(course, grouping)
    known = _known(ports, course, groups)
    if any(group.unknown for group in groups) or any(
        person not in known for group in groups for person in group.members
    ):
        try:
            sync_roster(ports, course)
        except PlatformUnreachable:
            pass  # whom we know so far has to do
        else:
            groups = ports.people.groups(course, grouping)
            known = _known(ports, course, groups)
    return proposal_of(groups, known)


def _known(ports: Ports, course: str, groups: Sequence[PlatformGroup]) -> dict[str, Participant]:
    keys = sorted({person for group in groups for person in group.members})
    if len(keys) > MOST_ROWS:
        raise Invalid(Problem("grouping", "csv_too_long", (("most", MOST_ROWS),)))
    return run(ports, participants_of, course, keys)


def proposal_of(groups: Sequence[PlatformGroup], known: Mapping[str, Participant]) -> Proposal:
    """The groups as rows, each person under a name that no other row's person has."""
    people: dict[str, str | None] = {}
    called: dict[str, str] = {}
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    unknown, empty = 0, []
    for group in groups:
        unknown += group.unknown
        before = len(rows)
        for person in group.members:
            participant = known.get(person)
            if participant is None:
                unknown += 1
            elif not participant.takes_part:
                left_out[person] = participant.name
            else:
                name = called.setdefault(person, _free(participant.name or "–", people))
                people[name] = person
                rows.append(Row(len(rows) + 1, name, "", group.name, ""))
        if len(rows) == before:
            empty.append(group.name)
    return Proposal(tuple(rows), people, tuple(left_out.values()), unknown, tuple(empty))


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name, numbered where somebody else has the same."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
