"""Who sees what, cell by cell, through each host's own doors.

The class and the table are those of `tests/ui/test_who_sees_what.py`. The class is made in memory and
moved into the host's own database, its people being accounts of that host; then everybody opens every
page on which a planted word stands for anybody, as their browser would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from coursecrew.app.records import (
    ACTIVITIES,
    ALL,
    EVENTS,
    NOTICES,
    PARTICIPANTS,
    REQUEST_KEYS,
    SETTINGS_VERSIONS,
    TEAM_SETS,
    TEAMS,
    VISITS,
    RecordType,
)
from coursecrew.app.unit_of_work import run
from coursecrew.domain.people import Actor
from tests.builders import COURSE
from tests.hosts.conftest import House, LtiHost
from tests.hosts.test_workspace_safety import ADMINISTRATOR, ports_of
from tests.lti.conftest import Browser
from tests.lti.lms import INSTRUCTOR, LEARNER
from tests.ui.test_who_sees_what import SEES, WHO, WORDS, _page, here_is

pytestmark = pytest.mark.django_db(transaction=True)

AUTHOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#ContentDeveloper"
ROLES = {"instructor": INSTRUCTOR, "admin": ADMINISTRATOR, "author": AUTHOR}
# Looking on as somebody is each platform's own; authors meet our screens in Studio, which reads no table.
ONLY_IN_MEMORY = {"looking on as a member"}
ONLY_IN_LTI = {"author"}
# What a host writes by itself, or what nobody reads.
NOT_MOVED = (EVENTS, NOTICES, REQUEST_KEYS, SETTINGS_VERSIONS, VISITS)
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


@cache
def telling() -> tuple[str, ...]:
    """The pages on which a word stands for somebody: for whoever has to be kept out, all there is to try."""
    here, paths = here_is()
    teams = [row.id for row in here.ports.rows(TEAMS)]
    found = []
    for path in paths:
        queries: list[dict[str, str]] = [{}]
        if path == "versions":
            queries += [{"team": team} for team in teams]
        for query in queries:
            readers = (who for key, who in WHO.items() if key not in ONLY_IN_MEMORY)
            if any(_tells(_page(here, who, path, query)) for who in readers):
                found.append(path + "".join(f"?{name}={value}" for name, value in query.items()))
    return tuple(found)


def _tells(page: str) -> bool:
    return any(word in page for word in WORDS.values())


@dataclass
class Doors:
    """How each of the table comes into one host."""

    house: House
    accounts: Mapping[str, str]  # who of the table -> name of the account there

    def read(self, who: str, path: str) -> str:
        status, body = self.house.host.get(self.accounts[who], path)
        assert status in (200, 304, 403, 404, 409), (path, status)
        return body


def people_of(house: House) -> dict[str, str]:
    """An account for everybody; each has opened the activity once."""
    left_out = ONLY_IN_MEMORY | (set() if isinstance(house.host, LtiHost) else ONLY_IN_LTI)
    chosen = {who: actor for who, actor in WHO.items() if who not in left_out}
    accounts = {who: _account(actor) for who, actor in chosen.items()}
    for who, account in accounts.items():
        if isinstance(house.host, LtiHost):
            browser = Browser(house.host.app, house.host.platform)
            launch = browser.launch(
                sub=account, name=chosen[who].name, email=f"{account}@water.example",
                roles=[ROLES.get(who, LEARNER)], **house.host.platform.services(),
            )  # fmt: skip
            browser.enter(launch, zone="UTC")
            house.host.browsers[account] = browser
        else:
            _enrol(who, account, chosen[who].name)
        assert house.host.get(account, "")[0] == 200
    return accounts


def _account(actor: Actor) -> str:
    return f"{actor.name.split()[-1].casefold()}x".encode("ascii", "ignore").decode()


def _enrol(who: str, account: str, name: str) -> None:
    from django.contrib.auth import get_user_model

    from demo.studio.models import Enrolment
    from demo.studio.people import COURSE as STUDIO

    first, _, last = name.rpartition(" ")
    user = get_user_model().objects.create(
        username=account, first_name=first, last_name=last, email=f"{account}@water.example",
        is_superuser=who == "admin",
    )  # fmt: skip
    if who != "admin":
        role = "instructor" if who == "instructor" else ""
        Enrolment.objects.create(user=user, course_id=STUDIO, team_role=role, zone="UTC")


def move_in(house: House, accounts: Mapping[str, str]) -> Mapping[str, str]:
    """Write the class into the host's database, at its time; returns the keys of people here -> there."""
    here, _paths = here_is()
    ports = ports_of(house)
    place = _place(house)
    later = ports.clock.now() - here.ports.clock.now()
    with ports.transaction() as store:
        known = {row.name: row for row in store.find(PARTICIPANTS, limit=1000)}
        activity = next(row for row in store.find(ACTIVITIES) if row.place == place)
        names = {WHO[who].person: known[WHO[who].name].person for who in accounts if WHO[who].name in known}
        names |= {COURSE: activity.course, here.activity.id: activity.id}
        for row in store.find(TEAM_SETS, limit=100):
            store.remove(TEAM_SETS, row.id)
        for kind in (kind for kind in ALL if kind not in NOT_MOVED):
            for record in here.ports.rows(kind):
                moved = kind.from_row(_moved(kind, record, names, later))
                if kind is ACTIVITIES:  # the place's own document counts as compared already
                    moved = replace(moved, place=activity.place, name=activity.name, wish=activity.wish)
                    store.remove(ACTIVITIES, activity.id)
                if kind is PARTICIPANTS:
                    old = next((one for one in known.values() if one.person == moved.person), None)
                    if old is None:
                        continue
                    store.remove(PARTICIPANTS, old.id)
                store.add(kind, moved)
    return names


def _place(house: House) -> str:
    (row,) = run(ports_of(house), lambda unit: unit.store.find(ACTIVITIES))
    return str(row.place)


def _moved(kind: RecordType[Any], record: Any, names: Mapping[str, str], later: timedelta) -> dict[str, Any]:
    def value(old: Any) -> Any:
        if isinstance(old, datetime):
            return old + later
        if isinstance(old, str):
            for before, after in names.items():
                old = old.replace(before, after)
            return ISO.sub(lambda found: (datetime.fromisoformat(found[0]) + later).isoformat(), old)
        return old

    return {name: value(old) for name, old in kind.to_row(record).items()}


def wrong_cells(house: House) -> Iterator[str]:
    accounts = people_of(house)
    names = move_in(house, accounts)
    doors = Doors(house, accounts)
    here, _paths = here_is()
    (activity,) = run(ports_of(house), lambda unit: unit.store.find(ACTIVITIES))
    for who in accounts:
        read = "".join(
            doors.read(who, _there(path.replace(here.activity.id, activity.id), names)) for path in telling()
        )
        # Open edX makes whoever is staff of the whole site staff of every course as well.
        row = "instructor" if who == "admin" and not isinstance(house.host, LtiHost) else who
        for what, word in WORDS.items():
            if (word in read) is not (row in SEES[what]):
                yield f"{who}: {what} is {'read' if word in read else 'not read'}"


def _there(path: str, names: Mapping[str, str]) -> str:
    """A path with the host's own keys of people in it."""
    for before, after in names.items():
        path = path.replace(before, after)
    return path


def test_every_cell_of_the_table_holds_through_the_hosts_own_doors(house: House) -> None:
    assert list(wrong_cells(house)) == []
