"""The workspace in a real browser: by keyboard alone, on a phone, and from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from coursecrew.app.records import CHECK_INS, TASKS
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.plans import TaskState
from tests.builders import AMARA, INES, LINH, TOMAS
from tests.ui.house import House, open_house
from tests.ui.spaces import NOOR, Space, a_space

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PEOPLE = {
    "amara": AMARA, "tomas": TOMAS, "linh": LINH, "ines": INES, "noor": NOOR,
    "amara-ar": replace(AMARA, language="ar"), "ines-ar": replace(INES, language="ar"),
}  # fmt: skip
PATHS = {
    "amara": (
        "team", "plan", "plan/tasks/<id>", "check-in", "discussion", "discussion/<id>", "decisions",
        "contributions", "card/me", "kept",
    ),
    "ines": (
        "teams/plan", "teams/<id>", "teams/<id>/plan", "teams/<id>/check-ins", "teams/<id>/discussion",
        "teams/<id>/discussion/<post>", "teams/<id>/contributions",
    ),
}  # fmt: skip


@pytest.fixture
def space() -> Space:
    return a_space()


@pytest.fixture
def house(space: Space) -> Iterator[House]:
    with open_house(House(space.ports, PEOPLE)) as opened:
        yield opened


def show(page, house: House, who: str, path: str) -> None:
    page.goto(house.page(who, path))
    page.locator(f'[data-path="{path}"]').wait_for()


def tab_to(page, **wanted) -> None:
    """Press Tab until the focus is on the element of that role and name."""
    target = page.get_by_role(wanted.pop("role"), **wanted)
    for _press in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("node => node.getRootNode().activeElement === node"):
            return
    raise AssertionError(f"the keyboard does not reach {target}")


def _forget(unit: UnitOfWork, check_in: str) -> None:
    unit.store.remove(CHECK_INS, check_in)


def test_a_check_in_is_done_with_the_keyboard_alone(space: Space, house: House, open_page) -> None:
    page = open_page()
    for row in space.ports.rows(CHECK_INS, person=AMARA.person):
        run(space.ports, _forget, row.id)
    show(page, house, "amara", "check-in")
    for statement in ("I know my next step.", "The work is spread fairly.", "I can say what I think here."):
        group = page.get_by_role("group", name=statement)
        first = group.get_by_role("radio").first
        for _press in range(80):
            page.keyboard.press("Tab")
            if first.evaluate("node => node.getRootNode().activeElement === node"):
                break
        page.keyboard.press("Space")
        for _step in range(6):
            page.keyboard.press("ArrowRight")
    for _statement in range(2):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    tab_to(page, role="button", name="Check in")
    page.keyboard.press("Enter")
    page.get_by_text("You checked in").wait_for()
    (row,) = space.ports.rows(CHECK_INS, person=AMARA.person)
    assert [row.answers[one] for one in ("step", "fair", "voice", "time", "together")] == [7, 7, 7, 1, 1]


def test_whom_a_task_waits_for_is_asked_when_it_waits_and_told_where_it_matters(
    space: Space, house: House, open_page
) -> None:
    page = open_page()
    show(page, house, "linh", "plan")
    page.get_by_label("What is to be done").fill("Sum up")
    page.get_by_label("Who does it").select_option(label="Linh (you)")
    page.get_by_role("button", name="Add the task").click()
    page.get_by_text("Added: “Sum up”.").wait_for()
    page.get_by_role("link", name="Change: Sum up").click()
    waits = page.get_by_label("Whom it waits for")
    page.get_by_role("radio", name="doing").check()
    assert not waits.is_visible()
    page.get_by_role("radio", name="waiting for somebody").check()
    assert waits.is_visible()
    waits.select_option(label="Amara")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    (task,) = space.ports.rows(TASKS, title="Sum up")
    assert (task.state, task.blocked_by) == (TaskState.BLOCKED, AMARA.person)

    other = open_page()
    show(other, house, "amara", "team")
    panel = other.locator(".panel")
    assert "Linh waits for you:" in panel.inner_text()
    panel.get_by_role("link", name="“Sum up”").click()
    other.get_by_role("heading", name="Change a task").wait_for()


@pytest.mark.parametrize("width", [900, 320])
@pytest.mark.parametrize("language", ["", "-ar"], ids=["left to right", "right to left"])
def test_no_page_is_wider_than_its_place(
    space: Space, house: House, open_page, width: int, language: str
) -> None:
    page = open_page(width=width)
    wide = []
    for who, paths in PATHS.items():
        for path in (space.path(one) for one in paths):
            show(page, house, f"{who}{language}", path)
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over:
                wide.append((path, over))
    assert wide == []
