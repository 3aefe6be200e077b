"""The story of a team at work, told by `test_workspace.py` and by the pictures.

A file is added to the draft, something is tried in the sandbox and moved over, the one who is waited
for is reminded; somebody is alone and asks to go on alone, and the instructor reads the signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.classes import AMARA, INES, LEARNERS, NAMES, Class

TOMAS, LINH, ALONE = LEARNERS[1:4]
TEAM = "Blue Ledger"
Take = Callable[[Any, str], None]


@dataclass
class Workspace:
    """Who tells it, in which house; all of it in the second assignment, which is open for weeks."""

    house: Class
    open_page: Callable[..., Any]
    take: Take = field(default=lambda _page, _name: None)

    def tell(self) -> None:
        """The whole story."""
        self.teams_are_there()
        self.a_file_is_added()
        self.something_is_tried_and_moved_over()
        self.who_is_waited_for_is_reminded()
        self.somebody_asks_to_go_on_alone()
        self.the_instructor_reads_the_signs()

    def enter(self, person: str) -> tuple[Any, Any]:
        """A new page, and the part of it in which somebody is."""
        page = self.open_page()
        return page, self.house.enter(page, person, second=True)

    def teams_are_there(self) -> None:
        """Three in one team, and somebody in a team of their own."""
        rules = {"team_set": "Street teams", "team_min": "2", "team_ideal": "3", "team_max": "4"}
        self.house.configure({**rules, "submit_rule": "all"}, second=True)
        for person, name in ((AMARA, TEAM), (ALONE, "Red Kites")):
            one = self.house.visitor(person, True)
            one.press(one.show("team/found"), "team/found", {"name": name})
        for person in (TOMAS, LINH):
            one = self.house.visitor(person, True)
            home = one.show("team")
            near = home.source.partition(TEAM)[2]
            join = re.search(r'action="(team/\w+/join)"', near)
            assert join
            one.press(home, join[1])

    def a_file_is_added(self) -> None:
        """Whoever uploads reads what became of it, and the whole team has it."""
        page, part = self.enter(AMARA)
        part.get_by_role("link", name=re.compile("^Files")).first.click()
        part.locator("#field-file").set_input_files(
            {"name": "night flow.csv", "mimeType": "text/csv", "buffer": b"hour,flow\n2,41\n3,40\n"}
        )
        part.get_by_role("button", name=re.compile("^Add")).first.click()
        part.get_by_role("status").filter(has_text="Added: night flow.csv.").first.wait_for()
        self.take(page, "files")
        assert "night flow.csv" in self.house.visitor(TOMAS, True).show("files").text

    def something_is_tried_and_moved_over(self) -> None:
        """An item says who sees it; its writer moves it into the draft as a version."""
        page, part = self.enter(AMARA)
        part.get_by_role("link", name=re.compile("[Ss]andbox")).first.click()
        part.get_by_role("link", name=re.compile("^(New|Put|Try|Write)")).first.click()
        part.locator("#field-title").fill("A bolder first sentence")
        part.locator("#field-text").fill("Manyatta pays every night for water that nobody drinks.")
        part.locator("[name=audience][value=team]").check()
        part.locator("form[action='sandbox/new'] button.primary").click()
        part.get_by_role("heading", name="A bolder first sentence").wait_for()
        part.locator("#field-file").set_input_files(
            {"name": "a sketch.csv", "mimeType": "text/csv", "buffer": b"hour,flow\n2,41\n"}
        )
        part.locator("form[action$='/files'] button").click()
        part.get_by_role("link", name="a sketch.csv").wait_for()
        self.take(page, "sandbox")
        part.locator("form[action$='/promote'] button").first.click()
        # The item's own page says "as a version by you", too: what tells that it stands there is the answer.
        part.get_by_role("status").filter(has_text="It stands at the end of that part").first.wait_for()

    def who_is_waited_for_is_reminded(self) -> None:
        """Under "all confirm" each press says what can go on only then."""
        one = self.house.visitor(AMARA, True)
        shown = one.show("draft")
        boxes = [name for name, _ in shown.form("draft").values if name.startswith("text-")]
        one.press(shown, "draft", dict.fromkeys(boxes, "Forty litres a second leave the pipe."))
        one.press(one.show("hand-in"), "hand-in", button="Hand in")
        page, part = self.enter(AMARA)
        remind = part.get_by_role("button", name=re.compile(f"^Remind {NAMES[TOMAS]}"))
        remind.first.wait_for()
        self.take(page, "remind")
        remind.first.click()
        part.get_by_text(re.compile("[Rr]eminded")).first.wait_for()
        assert "waits for you" in self.house.visitor(TOMAS, True).show("team").text

    def somebody_asks_to_go_on_alone(self) -> None:
        """After five days alone there is a way on, and the instructor decides."""
        self.house.ahead(6)
        page, part = self.enter(ALONE)
        part.locator("a[href='#/team/alone']").first.click()
        part.locator("form[action='team/alone']").wait_for()
        part.locator("[name=wanted][value=solo]").check()
        self.take(page, "alone")
        part.locator("form[action='team/alone'] button.primary").click()
        part.get_by_role("status").first.wait_for()
        asked = self.house.visitor(INES, True).show("teams/alone")
        assert NAMES[ALONE] in asked.text

    def the_instructor_reads_the_signs(self) -> None:
        """Each says why, and what to do."""
        page, part = self.enter(INES)
        part.locator("a[href='#/teams/alerts']").first.click()
        part.get_by_text(re.compile("Too few members|Nobody has been active")).first.wait_for()
        self.take(page, "signs")
