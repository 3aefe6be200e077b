"""A safe place, mentors, reminders, signs, and going on alone: told once for both hosts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ALL,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    NUDGES,
    SANDBOX_ITEMS,
    SANDBOX_REMARKS,
    SOLO_ASKS,
    RecordType,
)
from coursecrew.app.upkeep import upkeep
from demo.visitor import Page
from tests.hosts.conftest import NAMES, BlockHost, House, LtiHost, Screen
from tests.lti.conftest import Browser, find

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "phalarope"
ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
REASON = "A threat was reported to us today."


def ports_of(house: House) -> Ports:
    """The host's own ports, for what time does by itself."""
    if isinstance(house.host, LtiHost):
        (registration,) = {row.registration for row in find(house.host.tool, "COURSE")}
        return house.host.tool.ports(registration)
    from coursecrew_openedx.ports import ports

    return ports()


def rows(house: House, kind: RecordType[Any], **equal: Any) -> list[Any]:
    with ports_of(house).transaction() as store:
        return store.find(kind, limit=1000, **equal)


def older(house: House, kind: RecordType[Any], field: str, days: int) -> None:
    """Let rows have happened days earlier."""
    with ports_of(house).transaction() as store:
        for row in store.find(kind, limit=1000):
            store.remove(kind, row.id)
            store.add(kind, replace(row, **{field: getattr(row, field) - timedelta(days=days)}))


def team_path(house: House) -> str:
    """The team's page for the course staff."""
    shown = house.show("ines", "teams")
    return next(a.removeprefix("#/") for _, a in shown.page.links if re.match("#/teams/[0-9a-f]+$", a))


def find_with(house: House, who: str, path: str, **query: str) -> Screen:
    """Open a screen with a query, as its search form does."""
    if isinstance(house.host, BlockHost):
        answer = house.host.course.get(who, path, **query)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return Screen(answer.status_code, Page(content.decode()))
    search = "&".join(f"{name}={value}" for name, value in query.items())
    return house.show(who, f"{path}?{search}")


def name_mentor(house: House, who: str) -> str:
    """The instructor searches for somebody and makes them the team's mentor; returns the team's id."""
    path = team_path(house)
    shown = find_with(house, "ines", f"{path}/mentors", q=NAMES[who].split(" ")[0])
    (form,) = [form for form in shown.page.forms if form.method == "post"]
    status, body = house.host.post("ines", form.action, form.filled({}))
    assert status == 200
    assert NAMES[who] in Page(body).text.partition("Mentors now")[2].partition("Name a mentor")[0]
    return path.rsplit("/", 1)[-1]


def put(house: House, who: str, audience: str, *, text: str = f"I try {WORD} here.", **more: str) -> str:
    """Put something into the sandbox; returns its path."""
    fields = {"title": f"About {WORD}", "text": text, "audience": audience, **more}
    shown = house.press(who, "sandbox/new", "sandbox/new", fields)
    assert WORD in shown.text
    return shown.page.source.partition('data-path="')[2].partition('"')[0]


@contextmanager
def admin(house: House) -> Iterator[str]:
    """Somebody who administers the site, as each platform has it."""
    if isinstance(house.host, LtiHost):
        browser = Browser(house.host.app, house.host.platform)
        launch = browser.launch(sub="ada", name="Ada Admin", email="ada@water.example", roles=[ADMINISTRATOR])
        browser.enter(launch, zone="UTC")
        house.host.browsers["ada"] = browser
    else:
        from django.contrib.auth import get_user_model

        get_user_model().objects.create(username="ada", email="ada@water.example", is_superuser=True)
    yield "ada"


# --- the mentor's view (2.8) ---


def test_a_mentor_reads_their_own_team_and_nothing_of_it_once_it_ends(house: House) -> None:
    house.show("sofia")
    house.team("amara", "tomas")
    house.write("amara", "Forty litres a second leave the pipe.")
    team = name_mentor(house, "sofia")

    listed = house.show("sofia", "mentoring")
    assert "Blue Ledger" in listed.text
    home = house.show("sofia", f"mentoring/{team}")
    assert "You see this as mentor." in home.text
    assert "Amara Okafor" in home.text
    assert "Forty litres" in house.show("sofia", f"mentoring/{team}/draft").text
    assert not [form for form in home.page.forms if form.method == "post"]

    house.press("tomas", "team", "team/mentors")  # the team keeps its draft to itself
    house.show("sofia", f"mentoring/{team}/draft", status=403)
    assert "Forty litres" not in house.show("sofia", f"mentoring/{team}").page.source
    house.hand_in("amara")
    submission = house.show("sofia", f"mentoring/{team}").link("Read what is handed in")
    assert "Forty litres" in house.show("sofia", submission).text
    house.score()
    house.release()
    told = house.show("sofia", f"mentoring/{team}")
    assert "Solid." in told.text
    assert "100" not in told.text.partition("What was said about it")[2][:200]
    for closed in ("grades", "grading", "people", "teams", "result"):
        assert house.host.get("sofia", closed)[0] in (200, 403)
        assert "Solid." not in house.host.get("sofia", closed)[1]

    house.press("ines", f"teams/{team}/mentors", r"teams/.*/end")
    for path in ("mentoring", f"mentoring/{team}", submission):
        house.show("sofia", path, status=403)


# --- B13: the sandbox ---


def test_a_word_in_the_sandbox_is_found_by_its_audience_and_by_nobody_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house.show("sofia")
    house.show("kwame")
    house.team("amara", "tomas")
    house.team("mehmet", name="Red Kites")
    team = name_mentor(house, "sofia")
    mine, ours = put(house, "amara", "me"), put(house, "amara", "team_mentor")

    assert "Only you see this." in house.show("amara", mine).text
    for who in ("tomas", "sofia"):
        assert WORD in house.show(who, ours).text
        house.show(who, mine, status=403)
    assert WORD in house.show("sofia", f"mentoring/{team}").text
    said = house.press("sofia", ours, r"sandbox/.*/say", {"saying": "try", "text": f"More {WORD}."})
    assert f"More {WORD}." in said.text

    for who in ("ines", "kwame", "mehmet", "linh"):
        for path in (mine, ours, f"{ours}/edit"):
            house.show(who, path, status=403)
    screens = [
        "teaching", "teams", f"teams/{team}", "teams/export", "teams/alerts", "teams/plan", "people",
        "grading", "grades", "release", f"teams/{team}/contributions", f"teams/{team}/discussion",
        "teams/alone",
    ]  # fmt: skip
    for path in screens:
        assert WORD not in house.host.get("ines", path)[1], path
    assert WORD not in find_with(house, "ines", "people", search="Amara").page.source

    draft = house.press("amara", ours, r"sandbox/.*/promote")
    assert "as a version by you" in draft.page.source
    assert WORD in house.show("tomas", "draft").page.source
    house.host.deliver()
    upkeep(ports_of(house))
    found = {kind.table for kind in ALL for row in rows(house, kind) if WORD in repr(row)}
    assert {SANDBOX_ITEMS.table, SANDBOX_REMARKS.table} < found
    assert found - {SANDBOX_ITEMS.table, SANDBOX_REMARKS.table} <= {
        "coursecrew_draft", "coursecrew_draft_version",  # since it was put there by its writer
    }  # fmt: skip
    assert WORD not in caplog.text

    house.press("amara", mine, r"sandbox/.*/delete")
    house.show("amara", mine, status=404)
    house.press("amara", "team/leave", "team/leave", {"reason": "Moving on."})
    house.show("amara", ours, status=403)


def test_an_administrator_opens_a_sandbox_with_a_reason_and_its_owner_is_told(house: House) -> None:
    house.team("amara", "tomas")
    mine = put(house, "amara", "me")
    assert "an administrator of the site can open" in house.show("amara", mine).text
    with admin(house) as who:
        house.show(who, mine, status=403)
        form = {"name": NAMES["amara"], "reason": "because"}
        assert WORD not in house.press(who, "sandbox/glass", "sandbox/glass", form, status=422).page.source
        opened = house.press(who, "sandbox/glass", "sandbox/glass", {**form, "reason": REASON})
        assert WORD in opened.text
        assert REASON in house.show(who, "sandbox/glass").text
    house.host.deliver()
    assert "An administrator opened your sandbox" in house.show("amara").text
    assert "An administrator opened your sandbox" in house.show("amara", "sandbox").text
    for other in ("ines", "tomas"):
        house.show(other, "sandbox/glass", status=403)


# --- B14: going on alone ---


def test_somebody_alone_for_five_days_asks_and_goes_on_alone_with_the_same_rubric(house: House) -> None:
    sizes = {"team_min": "2", "team_ideal": "3", "team_max": "4"}
    house.set({**sizes, "criterion_team-2": "yes"})
    house.team("amara", "tomas")
    house.press("tomas", "team/leave", "team/leave", {"reason": "Another course."})
    assert "You are alone in your team" in house.show("amara").text
    assert not [a for _, a in house.show("amara").page.links if a == "#/team/alone"]
    older(house, MEMBERSHIP_EVENTS, "at", 6)
    older(house, MEMBERSHIPS, "since", 6)

    house.press("amara", "team/alone", "team/alone", {"wanted": "merge", "why": "I would rather not."})
    assert "Amara Okafor" in house.show("ines", "teams/alone").text
    assert "alone in a team" in house.show("ines", "teaching").text
    older(house, SOLO_ASKS, "until", 4)  # nobody decides
    upkeep(ports_of(house))
    house.host.deliver()
    assert "It is decided that you go on alone" in house.show("amara").text
    assert "solo" in {row.event.value for row in rows(house, MEMBERSHIP_EVENTS)}

    house.write("amara")
    house.hand_in("amara")
    work = house.show("ines", "grading").link("Blue Ledger")
    judged = house.show("ines", work)
    assert "They work alone: what is only for teams does not apply" in judged.text
    house.score(below=1)
    house.release()
    assert NAMES["amara"] in house.marks()
    assert "Only for teams, and so left out" in house.show("amara", "result").text


def test_the_instructor_decides_for_somebody_alone(house: House) -> None:
    house.set({"team_min": "2", "team_ideal": "3", "team_max": "4"})
    house.team("amara")
    older(house, MEMBERSHIP_EVENTS, "at", 6)
    older(house, MEMBERSHIPS, "since", 6)
    house.press("amara", "team/alone", "team/alone", {"wanted": "solo"})
    asked = house.show("ines", "teams/alone")
    form = next(form for form in asked.page.forms if "Go on alone" in " ".join(b[0] for b in form.buttons))
    status, _body = house.host.post("ines", form.action, form.filled({}))
    assert status == 200
    assert "It is decided that you go on alone" in house.show("amara").text


# --- H6: signs that a team may need help ---


def test_a_sign_says_why_and_is_seen_to_or_called_a_false_alarm(house: House) -> None:
    house.set({"team_min": "2", "team_ideal": "3", "team_max": "4"})
    house.team("amara")
    upkeep(ports_of(house))
    assert "that a team may need help" in house.show("ines", "teaching").text
    shown = house.show("ines", "teams/alerts")
    assert re.search("Blue Ledger ?: Too few members", shown.text)
    assert "1 member is active; a team should have 2." in shown.text
    assert shown.link("Place somebody in Blue Ledger").startswith("teams/")
    house.show("amara", "teams/alerts", status=403)
    house.press("ines", "teams/alerts", r"teams/alerts/.*/false", screen=shown)
    assert "No team shows a sign of trouble now." in house.show("ines", "teams/alerts").text


# --- H7: reminders ---


def test_whoever_waits_reminds_once_a_day_and_only_the_one_waited_for_is_told(house: House) -> None:
    house.set({"submit_rule": "all"})
    house.team("amara", "tomas", "linh")
    house.write("amara")
    house.hand_in("amara")
    home = house.show("amara")
    press = next(
        form
        for form in home.page.forms
        if f"Remind {NAMES['tomas']}: it counts as handed in" in " ".join(b[0] for b in form.buttons)
    )
    status, body = house.host.post("amara", press.action, press.filled({}))
    assert status == 200
    assert f"{NAMES['tomas']} was reminded" in Page(body).text
    house.host.deliver()
    assert "Amara Okafor waits for you: the work counts as handed in" in house.show("tomas").text
    assert "waits for you: the work counts" not in house.show("linh").text
    again = [(name, "z" * 8 if name == "request_key" else value) for name, value in press.filled({})]
    assert house.host.post("amara", press.action, again)[0] == 409
    assert len(rows(house, NUDGES)) == 1
    house.press("tomas", "confirm", "confirm", button="Confirm")
    older(house, NUDGES, "at", 2)
    last = [(name, "y" * 8 if name == "request_key" else value) for name, value in press.filled({})]
    status, body = house.host.post("amara", press.action, last)
    assert status == 409
    assert "Nobody is waited for there any more." in Page(body).text
