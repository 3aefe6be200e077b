"""One task in four ways: write, check in and hand in by keyboard, by roles, on a small phone, and mirrored.

The steps are told once; a way says how something is found and pressed, and what must hold on each page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.e2e.classes import AMARA, LEARNERS, Class
from tests.e2e.workspace import TEAM

TOMAS = LEARNERS[1]
TEXT = "Forty litres a second leave the pipe, every night."
MOST_TABS = 150
STATEMENTS = ("step", "fair", "voice", "time", "together")
# Whether an element that has the focus, or what is drawn in its place, has a ring around it.
RING = """el => [el, el.nextElementSibling, el.parentElement].some(one => {
  const style = one && getComputedStyle(one);
  return style && (style.outlineStyle !== "none" || style.boxShadow !== "none");
})"""
TOO_WIDE = (
    "el => { const page = el.ownerDocument.documentElement; return page.scrollWidth - page.clientWidth; }"
)
Take = Callable[[Any, str], None]


@dataclass(frozen=True)
class Target:
    """Something on a page: where it stands, and what a screen reader calls it."""

    css: str
    role: str
    name: str


DRAFT = Target('a[href="#/draft"]', "link", r"^(Open the draft|Write)")
BOX = Target("textarea[name^=text-]", "textbox", r"^1 ")
SAVE = Target("form[data-draft] button[type=submit]:not([name])", "button", r"^Save$")
HOME = Target("nav.crumbs a", "link", r"")
CHECK_IN = Target('a[href="#/check-in"]', "link", r"^Check in")
CHECKED = Target('form[action="check-in"] button[type=submit]', "button", r"^Check in$")
TO_HAND_IN = Target('a[href="#/hand-in"]', "link", r"[Hh]and in")
HAND_IN = Target('form[action="hand-in"] button.primary', "button", r"^Hand in version")


def title(part: Any) -> Any:
    """The heading of the screen, which takes the focus when the screen changes."""
    return part.locator("#title").first


class Way:
    """By mouse or finger, found by where things stand."""

    name = "plain"
    options: ClassVar[dict[str, Any]] = {}

    def find(self, part: Any, target: Target) -> Any:
        return part.locator(target.css).first

    def press(self, page: Any, part: Any, target: Target) -> None:
        self.find(part, target).click()

    def write(self, page: Any, part: Any, target: Target, text: str) -> None:
        self.find(part, target).fill(text)

    def choose(self, page: Any, part: Any, name: str, value: str) -> None:
        part.locator(f'input[name="{name}"][value="{value}"]').check()

    def must_hold(self, page: Any, part: Any) -> None:
        """What is true of every page in this way."""


class ByKeyboard(Way):
    """No mouse: Tab until it has the focus, then Enter, arrows or typing; the focus can be seen."""

    name = "keyboard"

    def _reach(self, page: Any, target: Any) -> None:
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate("el => el === el.getRootNode().activeElement"):
                assert target.evaluate(RING), f"no focus to be seen on {target}"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} tabs do not reach {target}")

    def press(self, page: Any, part: Any, target: Target) -> None:
        self._reach(page, self.find(part, target))
        page.keyboard.press("Enter")

    def write(self, page: Any, part: Any, target: Target, text: str) -> None:
        self._reach(page, self.find(part, target))
        page.keyboard.type(text)

    def choose(self, page: Any, part: Any, name: str, value: str) -> None:
        self._reach(page, part.locator(f'input[name="{name}"]').first)
        page.keyboard.press("Space")
        for _ in range(int(value) - 1):
            page.keyboard.press("ArrowRight")


class ByRoles(Way):
    """As a screen reader has it: by role and name alone; axe finds nothing on any page."""

    name = "roles"
    options: ClassVar[dict[str, Any]] = {"bypass_csp": True}  # axe puts styles of its own into the page

    def find(self, part: Any, target: Target) -> Any:
        return part.get_by_role(target.role, name=re.compile(target.name)).first

    def choose(self, page: Any, part: Any, name: str, value: str) -> None:
        group = part.get_by_role("group").filter(has=part.locator(f'input[name="{name}"]'))
        group.get_by_role("radio", name=re.compile(rf"^{value}\b")).check()

    def must_hold(self, page: Any, part: Any) -> None:
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(page).response["violations"]
        ours = [
            f"{one['id']}: {node['target']}"
            for one in found
            for node in one["nodes"]
            if "coursecrew-activity" in str(node["target"])
        ]
        assert not ours, ours


class OnAPhone(Way):
    """320 pixels wide: nothing scrolls sideways."""

    name = "phone"
    options: ClassVar[dict[str, Any]] = {"width": 320, "height": 700}

    def must_hold(self, page: Any, part: Any) -> None:
        wide = part.locator("coursecrew-activity").first.evaluate(TOO_WIDE)
        assert wide <= 0, f"{wide} pixels too wide"


class Mirrored(OnAPhone):
    """A language that runs from right to left, and whose sentences are longer, on a small screen."""

    name = "mirrored"
    options: ClassVar[dict[str, Any]] = {"width": 400, "height": 800, "locale": "ar-XB"}

    def must_hold(self, page: Any, part: Any) -> None:
        super().must_hold(page, part)
        screen = part.locator("[data-coursecrew-part]").first
        assert screen.get_attribute("dir") == "rtl"
        assert screen.get_attribute("lang").casefold() == "ar-xb"
        said = " ".join(part.locator("[data-coursecrew-part] button").all_inner_texts())
        words = re.findall(r"(?<![\u202e\w])[A-Za-z]{4,}(?![\w\u202c])", said)
        assert not words, f"outside the catalogue: {words}"


WAYS = {way.name: way for way in (ByKeyboard, ByRoles, OnAPhone, Mirrored)}


@dataclass
class Task:
    """Tomás writes, checks in and hands in for his team, in the second assignment of a house."""

    house: Class
    open_page: Callable[..., Any]
    way: Way
    take: Take = field(default=lambda _page, _name: None)

    def a_team_is_there(self) -> None:
        """Amara has founded it."""
        rules = {"team_set": "Street teams", "team_min": "1", "team_ideal": "3", "team_max": "4"}
        self.house.configure({**rules, "submit_rule": "any"}, second=True)
        amara = self.house.visitor(AMARA, True)
        amara.press(amara.show("team/found"), "team/found", {"name": TEAM})
        tomas = self.house.visitor(TOMAS, True)
        home = tomas.show("team")
        join = re.search(r'action="(team/\w+/join)"', home.source.partition(TEAM)[2])
        assert join
        tomas.press(home, join[1])

    def tell(self) -> None:
        """The whole of it."""
        page = self.open_page(**self.way.options)
        part = self.house.enter(page, TOMAS, second=True)
        title(part).wait_for()
        self._look(page, part, "home")

        self.way.press(page, part, DRAFT)
        part.locator("form[data-draft]").wait_for()
        boxes = part.locator("textarea[name^=text-]").count()
        self.way.write(page, part, BOX, TEXT)
        self._look(page, part, "draft")
        self.way.press(page, part, SAVE)
        self._wait(lambda: TEXT in self.house.visitor(TOMAS, True).show("draft/read").text, page)
        if boxes > 1:  # the other parts, quickly
            one = self.house.visitor(TOMAS, True)
            shown = one.show("draft")
            names = [name for name, _ in shown.form("draft").values if name.startswith("text-")]
            one.press(shown, "draft", dict.fromkeys(names[1:], "As before."))

        part = self.house.enter(page, TOMAS, second=True)
        self.way.press(page, part, CHECK_IN)
        part.locator('form[action="check-in"]').wait_for()
        for statement in STATEMENTS:
            self.way.choose(page, part, f"answer-{statement}", "7")
        self._look(page, part, "check-in")
        self.way.press(page, part, CHECKED)
        self._wait(lambda: "You checked in" in self.house.visitor(TOMAS, True).show("check-in").text, page)

        part = self.house.enter(page, TOMAS, second=True)
        self.way.press(page, part, TO_HAND_IN)
        part.locator('form[action="hand-in"]').wait_for()
        self._look(page, part, "hand-in")
        self.way.press(page, part, HAND_IN)
        self._wait(
            lambda: "Read what is handed in" in self.house.visitor(AMARA, True).show("team").text, page
        )
        self._look(page, part, "handed-in")

    def _look(self, page: Any, part: Any, what: str) -> None:
        self.way.must_hold(page, part)
        self.take(page, f"{self.way.name}-{what}")

    def _wait(self, done: Callable[[], bool], page: Any) -> None:
        for _ in range(40):
            if done():
                return
            page.wait_for_timeout(250)
        raise AssertionError(f"nothing came of the press in the way “{self.way.name}”")
