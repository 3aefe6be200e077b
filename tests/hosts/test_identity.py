"""What makes people a team, told once for both hosts: charter, roles, name and sign, seats, groups."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coursecrew_lti.groups import CANVAS, connect
from demo.studio.people import COURSE
from tests.hosts.conftest import NAMES, BlockHost, House, LtiHost, Screen
from tests.lti.conftest import find
from tests.lti.group_platforms import TOKEN, Canvas, serve
from tests.openedx.platform_stand_in import Groups

pytestmark = pytest.mark.django_db(transaction=True)


def ready_made(house: House, button: str, **fields: str) -> Screen:
    """One press of the settings form that fills something in."""
    path = f"{house.host.settings}settings"
    shown = house.show("ines", path)
    form = shown.page.form(shown.action(r".*settings/save"))
    sent = form.filled(fields, button)
    return house._screen(*house.host.post("ines", f"{path}/save", sent), 200)


def test_a_team_agrees_signs_and_a_change_asks_again(house: House) -> None:
    ready_made(house, "Put the ready-made charter in", charter_blocks="yes")
    house.team("amara", "tomas", "linh")
    assert "Write your team’s charter" in house.show("amara").text

    house.press("amara", "charter", "charter", {"text-goal": "A plan by Friday."}, button="Save and sign")
    house.host.deliver()
    asked = house.show("tomas")
    assert "Sign your team’s charter" in asked.text
    assert "Amara Okafor wrote your team’s charter." in asked.text
    refused = house.press("tomas", "charter", "charter/sign").text
    assert "A plan by Friday." in refused
    assert "Not signed yet: Vũ Thùy Linh." in house.show("amara").text
    teams = house.show("ines", "teams")
    assert "signed by 2 of 3" in teams.text
    one = house.show("ines", teams.link("Open Blue Ledger"))
    assert "Not signed yet: Vũ Thùy Linh." in one.text
    blocked = house.show("amara", "draft")
    assert "The draft opens when all of you have signed the charter." in blocked.text

    opened = house.show("linh", "charter")  # before the change: she signs nothing unread
    house.press("tomas", "charter", "charter", {"text-goal": "A plan by Monday."}, button="Save and sign")
    unread = house.press("linh", "charter", "charter/sign", screen=opened, status=409)
    assert "Read it again below before you sign it." in unread.text
    assert "Signed by 1 of 3" in house.show("amara").text
    house.press("linh", "charter", "charter/sign")
    house.press("amara", "charter", "charter/sign")
    assert "Signed by all" in house.show("amara").text
    house.write("amara")

    versions = house.show("linh", "charter/versions")
    first = versions.link("Version 1")
    assert "A plan by Friday." in house.show("linh", first).text
    house.press("linh", "team/leave", "team/leave", {"reason": "Moving on."})
    house.show("linh", "charter", status=403)
    house.show("linh", first, status=403)


def test_two_who_write_the_charter_at_once_see_both_texts(house: House) -> None:
    ready_made(house, "Put the ready-made charter in")
    house.team("amara", "tomas")
    mine, theirs = (house.show(who, "charter") for who in ("amara", "tomas"))
    house.press("tomas", "charter", "charter", {"text-goal": "The best grade."}, screen=theirs)
    choice = house.press("amara", "charter", "charter", {"text-goal": "A pass."}, screen=mine, status=409)
    assert "A pass." in choice.text
    assert "The best grade." in choice.text
    saved = house.press("amara", "charter", "charter", {"choice-goal": "both"}, screen=choice)
    assert "A pass. The best grade." in " ".join(saved.text.split())


def test_roles_rotate_and_the_record_says_who_had_them(house: House) -> None:
    ready_made(house, "Put the ready-made roles in")
    house.team("amara", "tomas", "linh")
    shown = house.show("amara", "roles")
    amara = next(key for key, name in options(shown, "role-1") if name == NAMES["amara"])
    given = house.press("amara", "roles", "roles", {"role-1": amara}, screen=shown)
    assert "Facilitator" in given.text
    assert "Facilitator" in house.show("linh").text

    rotated = house.press("tomas", "roles", "roles/rotate")
    record = rotated.text.partition("Who had which role")[2]
    assert re.search(r"Facilitator\s+Tomás Rivera \w+ \d+ \w+, \d\d:\d\d now", record)
    assert re.search(r"Facilitator\s+Amara Okafor", record)
    stale = house.press("linh", "roles", "roles/rotate", screen=given, status=409)
    assert "changed the roles after you opened this page" in stale.text

    house.press("tomas", "team/leave", "team/leave", {"reason": "Another course."})
    after = house.show("linh", "roles").text.partition("Who had which role")[2]
    assert re.search(r"Facilitator\s+Tomás Rivera", after)
    assert " now" not in after


def options(screen: Screen, name: str) -> list[tuple[str, str]]:
    """The choices of a list: value and words."""
    select = re.search(rf'<select id="field-{name}".*?</select>', screen.page.source, re.S)
    assert select
    return re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', select[0])


def test_a_team_changes_its_name_sign_and_motto(house: House) -> None:
    house.set({"listed_words": "rotten"})
    house.team("amara", "tomas")
    house.team("linh", name="Night Shift")
    taken = house.press("tomas", "team/about", "team/about", {"name": "NIGHT  shift"}, status=409)
    assert "Another team is called" in taken.text
    assert "NIGHT shift 2" in taken.text
    fields = {"name": "Deep Wells", "sign": "drop", "colour": "green", "motto": "Every litre has a name."}
    house.press("tomas", "team/about", "team/about", fields)
    for who, path in (("amara", ""), ("sofia", ""), ("ines", "teams")):
        source = house.show(who, path).page.source
        assert re.search(r'<svg class="sign green".*?</svg><bdi>Deep Wells</bdi>', source)

    house.press("amara", "team/about", "team/about", {"name": "Rotten Wells"})
    assert "“Rotten Wells” waits for the course staff." in house.show("tomas").text
    assert "Rotten" not in house.show("sofia").text
    listed = house.show("ines", "teams")
    assert "Deep Wells wants to be called “Rotten Wells”." in listed.text
    forms = [form for form in listed.page.forms if re.fullmatch(r"teams/[0-9a-f]+/name", form.action)]
    rejected = next(form for form in forms if ("act", "reject") in form.values)
    assert house.host.post("ines", rejected.action, rejected.filled({}))[0] == 200
    house.host.deliver()
    told = house.show("amara").text
    assert "did not pass the name or motto" in told
    assert "waits for the course staff" not in told


def test_somebody_moved_up_may_decline_and_the_next_one_moves_up(house: House) -> None:
    house.set({"team_min": "1", "team_ideal": "2", "team_max": "2"})
    house.team("amara", "tomas")
    house.press("linh", "", r"team/[0-9a-f]+/wait")
    house.press("sofia", "", r"team/[0-9a-f]+/wait")
    house.press("tomas", "team/leave", "team/leave", {"reason": "Another course."})
    house.set({"team_lock": "2020-01-01T12:00"})
    house.show("linh", "draft")

    home = house.show("linh")
    assert "You moved up from the waiting list." in home.text
    assert not any("team/leave" in address for _, address in home.page.links)
    house.press("linh", "", "team/decline", screen=home)
    house.show("linh", "draft", status=403)
    house.show("sofia", "draft")


def test_groups_of_the_platform_become_teams_after_a_dry_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("amara", "tomas", "linh", "sofia"):
        house.show(who)
    none = house.show("ines", "teams/from-platform")
    assert "This platform gives no groups here." in none.text

    groups = groups_in(house, monkeypatch)
    groups("Pipes", "amara", "tomas", "ines")
    groups("Meters", "linh")
    choice = house.show("ines", "teams/from-platform")
    (grouping,) = (value for value, words in options(choice, "grouping") if "Term projects" in words)
    look = ("ines", "teams/from-platform", "teams/from-platform", {"grouping": grouping})
    tried = house.press(*look, screen=choice)
    assert "People who would be placed or moved 3" in tried.text
    assert "Left out, since they take no part here: Dr Inês Carvalho." in tried.text
    assert "Pipes" not in house.show("ines", "teams").text

    def apply(screen: Screen) -> Screen:
        form = next(form for form in screen.page.forms if ("seen" in dict(form.values)))
        sent = form.filled({}, "Carry it out")
        return house._screen(*house.host.post("ines", form.action, sent), 200)

    groups("Valves", "sofia")
    assert "The groups have changed since you looked." in apply(tried).text
    assert "Valves" not in house.show("ines", "teams").text
    groups.forget("Valves")
    groups("Valves", "amara")
    again = house.press(*look)
    assert "Amara Okafor is in two of these groups; one team each." in again.text
    assert "Carry it out" not in again.text
    groups.forget("Valves")
    again = house.press(*look)
    assert "Pipes" in apply(again).text
    assert "Pipes" in house.show("tomas").text
    assert "Meters" in house.show("linh").text
    once_more = house.press(*look)
    assert "People who would be placed or moved 0" in once_more.text


class PlatformsGroups:
    """One set of groups, on Canvas or on the platform's Teams page."""

    def __init__(self, add: Any, forget: Any) -> None:
        self._add = add
        self.forget = forget

    def __call__(self, name: str, *people: str) -> None:
        self._add(name, people)


def groups_in(house: House, monkeypatch: pytest.MonkeyPatch) -> PlatformsGroups:
    host = house.host
    if isinstance(host, BlockHost):
        made = Groups(monkeypatch, COURSE)
        made.sets = {"projects": "Term projects"}

        def forget(name: str) -> None:
            made.team_memberships[:] = [row for row in made.team_memberships if row.team.name != name]
            made.teams[:] = [row for row in made.teams if row.name != name]

        return PlatformsGroups(
            lambda name, people: made.team("projects", name, *(host.course.account(who) for who in people)),
            forget,
        )
    assert isinstance(host, LtiHost)
    users = dict(enumerate(NAMES, start=1))
    canvas = Canvas(
        "ctx",
        host.platform.url,
        users={number: {"email": f"{who}@water.example"} for number, who in users.items()},
        categories={1: "Term projects"},
    )
    serve(host.platform, "/api/v1/", canvas)
    course = find(host.tool, "COURSE")[0]
    registration = next(one for one in find(host.tool, "REGISTRATION") if one.id == course.registration)
    connect(host.tool, registration, kind=CANVAS, url=host.platform.url, token=TOKEN)
    ids = {who: number for number, who in users.items()}

    def add(name: str, people: tuple[str, ...]) -> None:
        canvas.groups[len(canvas.groups) + 100] = (1, name, [ids[who] for who in people])

    def forget_group(name: str) -> None:
        canvas.groups = {id: row for id, row in canvas.groups.items() if row[1] != name}

    return PlatformsGroups(add, forget_group)
