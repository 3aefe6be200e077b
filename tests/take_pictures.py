"""Takes the pictures of the documents again: `make screenshots`.

One story is told in both hosts, the LTI tool in the sample LMS's frame and the block in the XBlock
workbench, and each screen is photographed where the story passes it.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests import services
from tests.e2e import classes, stories
from tests.e2e.classes import Class
from tests.e2e.formed import Story
from tests.e2e.hosts import ASSIGNMENT, open_edx
from tests.e2e.reviews import Reviewed
from tests.e2e.stories import House
from tests.e2e.workspace import Workspace
from tests.services import ROOT

PICTURES = ROOT / "docs/pictures"
WIDTH, HEIGHT = 1120, 760
TALLEST = 1500
Show = Callable[[Any], None]
TEXTS = (
    "Between two and four at night the meter at the Kisumu East inlet shows 41 litres a second. "
    "Nobody draws that much while the district sleeps: about 30 of them are loss.",
    "Close valve 12 for three nights, one street after the other, and read the meter each hour. "
    "It costs two people and a van, and no pipe is opened.",
    "Ms Achieng starts on Monday, and the first figures are on the table a week later.",
    "Whether valve 12 still closes. Nobody has turned it since 2019; the first night will show.",
)


@dataclass
class Camera:
    """Photographs pages of one house under names that say what is on them."""

    house: str
    taken: list[str]

    def take(self, page: Any, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.mouse.move(1, 1)
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        path = PICTURES / f"{self.house}-{name}.png"
        page.screenshot(
            path=path,
            full_page=True,
            animations="disabled",
            clip={"x": 0, "y": 0, "width": WIDTH, "height": max(tall, HEIGHT)},
        )
        self.taken.append(path.name)
        print(path.relative_to(ROOT), flush=True)


@contextmanager
def visitors(chromium: Any) -> Iterator[Callable[[], Any]]:
    """Opens pages, each with cookies of its own, and closes them all."""
    contexts = []

    def open_page() -> Any:
        context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en")
        context.set_default_timeout(30_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def tell(house: House, settings: Show, open_page: Callable[[], Any], camera: Camera) -> None:
    """The story of one team, from finding each other to the result."""
    house.begin(open_page)
    page = open_page()
    amara = house.enter(page, "amara")
    amara.get_by_role("link", name="Found a team").click()
    amara.locator("#field-name").fill("Blue Ledger")
    amara.get_by_role("button", name="Found the team").click()
    amara.get_by_role("heading", name="Your team", exact=True).wait_for()

    looking = open_page()
    tomas = house.enter(looking, "tomas")
    tomas.get_by_role("button", name="Join Blue Ledger").wait_for()
    camera.take(looking, "find-a-team")
    tomas.get_by_role("button", name="Join Blue Ledger").click()
    tomas.get_by_role("heading", name="Your team", exact=True).wait_for()
    linh = house.enter(open_page(), "linh")
    linh.get_by_role("button", name="Join Blue Ledger").click()
    linh.get_by_role("heading", name="Your team", exact=True).wait_for()

    page = open_page()
    amara = house.enter(page, "amara")
    amara.get_by_role("link", name="Open the draft").first.click()
    amara.get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    boxes = amara.locator("textarea")
    for number in range(boxes.count()):
        boxes.nth(number).fill(TEXTS[number % len(TEXTS)])
    amara.get_by_role("button", name="Save", exact=True).click()
    amara.get_by_text(re.compile("Saved")).first.wait_for()
    camera.take(page, "draft")

    page = open_page()
    tomas = house.enter(page, "tomas")
    tomas.get_by_role("heading", name="Your team", exact=True).wait_for()
    camera.take(page, "team-home")
    tomas.get_by_role("link", name="Open the draft").first.click()
    tomas.get_by_role("button", name="Save and go to handing in").click()
    tomas.get_by_role("button", name=re.compile("Hand in version")).wait_for()
    camera.take(page, "hand-in")
    tomas.get_by_role("button", name=re.compile("Hand in version")).click()
    tomas.get_by_text(re.compile("Handed in for all of you")).first.wait_for()

    page = open_page()
    ines = house.enter(page, "ines")
    ines.get_by_role("link", name="Begin scoring").wait_for()
    camera.take(page, "control-room")
    for screen in ("teams", "people"):
        page = open_page()
        ines = house.enter(page, "ines")
        ines.locator(f'a[href="#/{screen}"]').first.click()
        ines.locator("table").first.wait_for()
        camera.take(page, screen)
    page = open_page()
    settings(page)
    camera.take(page, "settings")
    page = open_page()
    ines = house.enter(page, "ines")
    ines.get_by_role("link", name="Begin scoring").click()
    ines.get_by_role("link", name="Open Blue Ledger").click()
    ines.get_by_role("button", name="Score this work").wait_for()
    groups = ines.locator("fieldset.cards")
    for number in range(groups.count()):
        radios = groups.nth(number).get_by_role("radio")
        radios.nth(radios.count() - (2 if number == 0 else 1)).check()
    ines.get_by_label("To the whole team").fill("Solid work; name the valve next time.")
    camera.take(page, "grading")
    ines.get_by_role("button", name="Score this work").click()
    ines.get_by_text("Scored. Everybody in the team has a grade").wait_for()
    page = open_page()
    ines = house.enter(page, "ines")
    ines.get_by_role("link", name="Look through, then release").click()
    ines.get_by_role("button", name=re.compile("Release [0-9] grades")).wait_for()
    camera.take(page, "release")
    ines.get_by_role("button", name=re.compile("Release [0-9] grades")).click()
    ines.get_by_text(re.compile("Released [0-9] grades")).first.wait_for()

    page = open_page()
    amara = house.enter(page, "amara")
    amara.get_by_role("link", name="See how it was made").click()
    amara.get_by_text("Solid work; name the valve next time.").first.wait_for()
    camera.take(page, "result")


@contextmanager
def tool(folder: Path) -> Iterator[tuple[House, Show]]:
    """The LTI tool in the frame of the sample LMS; its settings form is one of its own screens."""
    with stories.tool(folder, framed=True) as house:

        def settings(page: Any) -> None:
            part = house.enter(page, "ines")
            part.locator('a[href="#/settings"]').first.click()
            part.locator("form.settings").wait_for()

        yield house, settings


@contextmanager
def block(folder: Path) -> Iterator[tuple[House, Show]]:
    """The block on the workbench's page; its settings form is Studio's editor."""
    with open_edx(folder) as host:

        def enter(page: Any, person: str) -> Any:
            page.goto(host.workbench(person, ASSIGNMENT))
            return page

        def settings(page: Any) -> None:
            page.goto(host.workbench("ines", ASSIGNMENT, "studio_view"))
            page.locator("form.settings").wait_for()

        yield House("block", enter, host.marks), settings


def tell_how_teams_are_formed(house: Class, open_page: Callable[[], Any], camera: Camera) -> None:
    """The story of a class, from the survey to a team that lost two people and goes on with another."""
    story = Story(house, open_page, camera.take)
    story.the_survey_is_out()
    story.amara_answers_by_keyboard()
    story.everybody_answers()
    story.teams_are_formed()
    story.two_are_swapped_by_keyboard()
    story.a_team_is_locked_and_another_run_compared()
    story.teams_are_published()
    team = story.amara_reads_in_which_team_she_is()
    story.work_is_handed_in(team[0])
    story.writes(team[0], second=True)
    story.a_late_one_is_placed()
    story.two_vanish(team)
    others = story.their_team_becomes_one_with_another(team)
    story.what_each_side_wrote_stays_with_its_authors(team, others)


def tell_how_a_team_works(house: Class, open_page: Callable[[], Any], camera: Camera) -> None:
    """Files, sandbox, reminders, going on alone, signs."""
    Workspace(house, open_page, camera.take).tell()


def tell_how_teams_review(house: Class, open_page: Callable[[], Any], camera: Camera) -> None:
    """Practice, a review, held, answered, a second round, a mark that is asked about."""
    Reviewed(house, open_page, camera.take).tell()


CLASSES: dict[str, Callable[[Path], AbstractContextManager[Class]]] = {
    "lti": classes.tool,
    "openedx": lambda folder: classes.blocks(folder, framed=False),
}
HOUSES: dict[str, Callable[[Path], AbstractContextManager[tuple[House, Show]]]] = {
    "lti": tool,
    "openedx": block,
}


def main() -> int:
    """Tell the story in both houses and say what was taken."""
    PICTURES.mkdir(exist_ok=True)
    chosen = sys.argv[1:] or list(HOUSES)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=services.chromium(), args=list(services.CHROMIUM_FLAGS)
        )
        for name in chosen:
            camera = Camera(name, [])
            with tempfile.TemporaryDirectory() as folder, HOUSES[name](Path(folder)) as (house, settings):
                with visitors(chromium) as open_page:
                    tell(house, settings, open_page, camera)
            for tell_more in (tell_how_teams_are_formed, tell_how_a_team_works, tell_how_teams_review):
                with tempfile.TemporaryDirectory() as folder, CLASSES[name](Path(folder)) as formed:
                    with visitors(chromium) as open_page:
                        tell_more(formed, open_page, camera)
            print(f"{name}: {len(camera.taken)} pictures")
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
