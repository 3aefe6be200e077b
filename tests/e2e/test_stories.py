"""The same stories in each house: from an empty place to the mark in its gradebook."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.e2e import stories
from tests.e2e.stories import NAMES, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOUSES = {
    "workbench": lambda folder: stories.workbench(folder),
    "lms": lambda folder: stories.lms(folder),
    "tool-framed": lambda folder: stories.tool(folder, framed=True),
    "tool-window": lambda folder: stories.tool(folder, framed=False),
}


@pytest.fixture(params=list(HOUSES))
def house(request, tmp_path) -> Iterator[House]:
    with HOUSES[request.param](tmp_path) as made:
        yield made


def test_a_team_of_three_writes_hands_in_is_scored_and_reads_its_marks(house: House, open_page) -> None:
    house.begin(open_page)

    amara = house.enter(open_page(), "amara")
    amara.get_by_text("What you write here, your team and the course staff can read.").wait_for()
    amara.get_by_role("link", name="Found a team").click()
    amara.locator("#field-name").fill("Blue Ledger")
    amara.get_by_role("button", name="Found the team").click()
    amara.get_by_role("heading", name="Your team").wait_for()

    for person in ("tomas", "linh"):
        part = house.enter(open_page(), person)
        part.get_by_role("button", name="Join Blue Ledger").click()
        part.get_by_role("heading", name="Your team").wait_for()

    amara = house.enter(open_page(), "amara")
    amara.get_by_role("link", name="Open the draft").first.click()
    amara.get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    boxes = amara.locator("textarea")
    for number in range(boxes.count()):
        boxes.nth(number).fill(f"Part {number + 1}: the night flow was 40 litres a second.")
    amara.get_by_role("button", name="Save", exact=True).click()
    amara.get_by_text(re.compile("Saved")).first.wait_for()

    tomas = house.enter(open_page(), "tomas")
    tomas.get_by_role("link", name="Open the draft").first.click()
    tomas.get_by_role("button", name="Save and go to handing in").click()
    tomas.get_by_role("button", name=re.compile("Hand in version")).click()
    tomas.get_by_text(re.compile("Handed in for all of you")).first.wait_for()

    linh = house.enter(open_page(), "linh")
    linh.get_by_text(re.compile("Handed in for all of you")).first.wait_for()

    ines = house.enter(open_page(), "ines")
    ines.get_by_role("link", name="Begin scoring").click()
    ines.get_by_role("link", name="Open Blue Ledger").click()
    ines.get_by_role("button", name="Score this work").wait_for()
    groups = ines.locator("fieldset.cards")
    for number in range(groups.count()):
        radios = groups.nth(number).get_by_role("radio")
        radios.nth(radios.count() - (2 if number == 0 else 1)).check()
    ines.get_by_label("To the whole team").fill("Solid work; name the valve next time.")
    ines.get_by_role("button", name="Score this work").click()
    ines.get_by_text("Scored. Everybody in the team has a grade").wait_for()

    early = house.enter(open_page(), "amara")
    early.get_by_role("heading", name="Cut water loss in one district").wait_for()
    assert early.get_by_text("Solid work").count() == 0

    ines = house.enter(open_page(), "ines")
    ines.get_by_role("link", name="Look through, then release").click()
    ines.get_by_role("button", name="Release 3 grades").click()
    ines.get_by_text("Released 3 grades").first.wait_for()

    page = open_page()
    amara = house.enter(page, "amara")
    amara.get_by_role("link", name="See how it was made").first.click()
    amara.get_by_text("Solid work; name the valve next time.").first.wait_for()
    shown = amara.locator(".grade").first.inner_text().split()[0]
    assert 0 < float(shown) < 100

    marks = marks_of_three(house)
    assert set(marks) >= set(NAMES.values())
    for name in NAMES.values():
        assert float(re.findall(r"[0-9.]+", marks[name])[0]) == float(shown)


def marks_of_three(house: House) -> dict[str, str]:
    """The gradebook once three marks are there; delivery happens in the background."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        marks = house.marks()
        if len(marks) >= 3:
            return marks
        time.sleep(0.3)
    return house.marks()
