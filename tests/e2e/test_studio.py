"""The editor in Studio: the core's form inside, and the modal's own way to close."""

from __future__ import annotations

import pytest

from tests.e2e.hosts import OpenEdx, open_edx

pytestmark = pytest.mark.browser
NEW = "coursecrew_team_assignment.4"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory):
    with open_edx(tmp_path_factory.mktemp("studio")) as running:
        yield running


def listen(page) -> None:
    """Studio's runtime, as far as an editor talks to it."""
    page.evaluate("""() => {
        window.told = [];
        RuntimeProvider.getRuntime(1).notify = (name, what) => window.told.push([name, what.state]);
    }""")


def test_a_new_block_becomes_a_working_assignment_in_three_presses(host: OpenEdx, page) -> None:
    page.goto(host.workbench("ines", NEW, "studio_view"))
    listen(page)
    page.get_by_role("button", name="Fill it in for me").click()
    page.get_by_text("Filled in.").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.", exact=True).wait_for()
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("told") == [["save", "start"], ["save", "end"]]

    page.goto(host.workbench("ines", NEW, "author_view"))
    assert page.get_by_text("Before learners see it").count() == 0
    page.goto(host.workbench("amara", NEW))
    page.get_by_role("link", name="Found a team").wait_for()


def test_closing_with_unsaved_text_warns_once(host: OpenEdx, page) -> None:
    page.goto(host.workbench("ines", view="studio_view"))
    page.get_by_label("Goal, in one sentence").fill("A goal that nobody saved")
    listen(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_text("You have changes here that are not saved").wait_for()
    assert page.evaluate("told") == []
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("told") == [["save", "start"], ["save", "end"]]


def test_in_the_workbench_without_a_modal_closing_does_no_harm(host: OpenEdx, page) -> None:
    page.goto(host.workbench("ines", view="studio_view"))
    page.get_by_label("Goal, in one sentence").wait_for()
    page.get_by_role("button", name="Close").click()
