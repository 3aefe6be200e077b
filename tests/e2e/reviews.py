"""Four teams of two review each other twice, hidden, up to the gradebook: told by the tests and the pictures.

What learners and the course staff decide is done in a browser by keyboard alone; whoever else is needed
does their part quickly, without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from demo.visitor import Page, Visitor
from tests.e2e.classes import INES, LEARNERS, NAMES, REVIEWS, SECOND, Class
from tests.e2e.ways import ByKeyboard, ByRoles, Target

TEAMS = ("Blue Ledger", "Red Kites", "Green Herons", "Night Gauge")
MEMBERS = {name: LEARNERS[2 * number : 2 * number + 2] for number, name in enumerate(TEAMS)}
PEOPLE = tuple(person for members in MEMBERS.values() for person in members)
MENTOR = LEARNERS[len(PEOPLE)]
AMARA, TOMAS = MEMBERS["Blue Ledger"]
WORK = (
    "Rain falls on the street for an hour. Half of it runs past the school.\n\n"
    "We move two drains and open one garden; it costs as much as one flood."
)
REVISED = WORK + " The council pays the first third in spring."
SAID = (
    "The street is drawn well and the drains are where the rain runs; could you also say who cleans them "
    "and what one garden would cost?"
)
AGAIN = "Who pays is said now, and the council is a good address; perhaps add what each of the drains costs?"
WHY = (
    "The second paragraph names the price and who pays it, which is what the rubric asks for, and the "
    "reviewer says that no cost is there at all."
)
RUBRIC = {
    "criterion_title-1": "Where the rain goes", "criterion_weight-1": "2",
    "criterion_levels-1": "0: not shown\n2: for one hour of rain\n4: for one hour, before and after",
    "criterion_title-2": "What it costs", "criterion_weight-2": "1",
    "criterion_levels-2": "0: no figure\n4: a sum that an outsider can redo",
}  # fmt: skip
MOST_TABS = 400
Take = Callable[[Any, str], None]


def css(where: str, words: str = "") -> Target:
    return Target(where, "", words)


@dataclass
class Reviewed:
    """Who tells it, in which house. `checks` looks at each page that is photographed."""

    house: Class
    open_page: Callable[..., Any]
    take: Take = field(default=lambda _page, _name: None)
    axe: bool = False

    def tell(self) -> None:
        """The whole story."""
        self.works_are_handed_in()
        self.the_review_is_set_up()
        self.amara_practises()
        self.amara_reviews_by_keyboard()
        self.the_others_review()
        self.ines_holds_one_and_lets_it_pass()
        self.ines_names_a_mentor_who_fills_in()
        self.ines_lets_authors_read()
        self.amara_answers_by_keyboard()
        self.works_are_revised()
        self.the_second_round_is_reviewed()
        self.ines_leaves_one_out()
        self.grades_are_released()
        self.amara_asks_about_a_mark()
        self.ines_decides()
        self.marks_are_in_the_gradebook()

    # --- the people ---

    def enter(self, person: str) -> tuple[Any, Any]:
        """A new browser page, and the part of the peer review in which somebody is."""
        page = self.open_page(**(ByRoles.options if self.axe else {}))
        part = self.house.enter(page, person, second=REVIEWS)
        part.locator("#title").first.wait_for()
        return page, part

    def look(self, page: Any, part: Any, name: str) -> None:
        """A picture, and what must hold of every screen."""
        if self.axe:
            ByRoles().must_hold(page, part)
        self.take(page, f"review-{name}")

    def press(self, page: Any, part: Any, where: str) -> None:
        """Tab to it, then Enter."""
        ByKeyboard().press(page, part, css(where))

    def type(self, page: Any, part: Any, where: str, text: str) -> None:
        ByKeyboard().write(page, part, css(where), text)

    def choose(self, page: Any, part: Any, name: str, place: int) -> None:
        """The radio at that place, counted from 1, by space and arrows."""
        ByKeyboard().choose(page, part, name, str(place))

    def quick(self, person: str) -> Visitor:
        return self.house.visitor(person, REVIEWS)

    def said(self, part: Any, words: str) -> None:
        part.get_by_text(re.compile(words)).first.wait_for()

    # --- before ---

    def works_are_handed_in(self) -> None:
        """Four teams of two write and hand in, in the second assignment."""
        rules = {"team_set": "Street teams", "team_min": "1", "team_ideal": "2", "team_max": "4"}
        self.house.configure({**rules, "submit_rule": "any"}, second=True)
        for name, (first, second) in MEMBERS.items():
            founder, other = self.house.visitor(first, True), self.house.visitor(second, True)
            founder.press(founder.show("team/found"), "team/found", {"name": name})
            home = other.show("team")
            join = re.search(r'action="(team/\w+/join)"', home.source.partition(f"{name}</bdi>")[2])
            assert join, home.text
            other.press(home, join[1])
            self.hands_in(founder, WORK)

    def hands_in(self, one: Visitor, text: str) -> None:
        shown = one.show("draft")
        boxes = [name for name, _ in shown.form("draft").values if name.startswith("text-")]
        one.press(shown, "draft", dict.fromkeys(boxes, text))
        one.press(one.show("hand-in"), "hand-in", button="Hand in")

    def the_review_is_set_up(self) -> None:
        """Team reviews team, double anonymous, two reviews each, two rounds, samples to practise on."""
        now = self.house.now()
        when = {
            "review_due": now + timedelta(days=6),
            "revise-2": now + timedelta(days=12),
            "review-2": now + timedelta(days=16),
        }
        fields = {
            "title": "Judge two streets", "goal": "See how others went about it, and say what you see.",
            "of": self.name_of_second(), "per_work": "2", "reviewers": "team", "anonymity": "double",
            "feedback": "hand", "weight_product": "80", "practice": "offered",
            "own_review": "after", **RUBRIC,
            **{name: f"{moment:%Y-%m-%dT%H:%M}" for name, moment in when.items()},
        }  # fmt: skip
        self.house.configure(fields, second=REVIEWS)
        ines = self.house.author(REVIEWS)
        shown = ines.show("settings")
        one, two = sorted(set(re.findall(r'name="sample_level-1-([^"]+)"', shown.source)))
        sample = {
            "sample_title-1": "A street of last year", "sample_text-1": "All rain runs into the river.",
            f"sample_level-1-{one}": "2", f"sample_level-1-{two}": "0",
            f"sample_comment-1-{two}": "No figure at all.",
        }  # fmt: skip
        saved = ines.press(shown, "settings/save", sample)
        page = self.open_page(**(ByRoles.options if self.axe else {}))
        self.look(page, self.settings(page), "settings")
        if "settings/publish" in {form.action for form in saved.forms}:
            ines.press(saved, "settings/publish")

    def settings(self, page: Any) -> Any:
        """The author's form of the peer review."""
        if self.house.name == "tool":
            part = self.house.enter(page, INES, second=REVIEWS)
            part.locator("#title").first.wait_for()
            if not part.locator("form.settings").count():
                part.locator('a[href="#/settings"]').first.click()
        else:
            part = self.house.settings(page, REVIEWS)
        part.locator("form.settings").first.wait_for()
        return part

    def name_of_second(self) -> str:
        """The short name of the assignment whose works are reviewed."""
        ines = self.house.author(REVIEWS)
        offered = re.search(rf'<option value="([^"]+)"[^>]*>{SECOND}', ines.show("settings").source)
        if offered:
            return offered[1]
        from coursecrew_openedx.activities import short_name

        place = re.search(r"/handler/([^/]+)/", self.house.visitor(AMARA, True)._base)
        assert place
        return short_name(place[1])

    # --- the first round ---

    def amara_practises(self) -> None:
        page, part = self.enter(AMARA)
        self.look(page, part, "home")
        self.press(page, part, 'a[href="#/practice"]')
        self.press(page, part, 'a[href^="#/practice/"]')
        part.locator('form[action$="/try"]').wait_for()
        levels = self.levels(part)
        for name in levels:
            self.choose(page, part, name, 2)
        self.press(page, part, 'form[action$="/try"] button[type=submit]')
        self.said(part, "No figure at all.")
        self.look(page, part, "practice")

    def levels(self, part: Any) -> list[str]:
        """The names of the radio groups on a page, in their order."""
        part.locator('input[type=radio][name^="level-"]').first.wait_for()
        names = part.locator('input[type=radio][name^="level-"]').evaluate_all(
            "all => all.map(one => one.name)"
        )
        return list(dict.fromkeys(names))

    def amara_reviews_by_keyboard(self) -> None:
        """Take a work, comment on a paragraph, be hinted at once, hand in."""
        page, part = self.enter(AMARA)
        self.press(page, part, 'form[action="reviews/take"] button')
        part.locator("form[data-draft]").wait_for()
        self.press(page, part, ".passage details summary")
        self.type(page, part, '.passage details[open] textarea[name="remark"]', "Which school?")
        self.press(page, part, ".passage details[open] form button[type=submit]")
        self.said(part, "Which school?")
        self.judges(page, part, "Good work.", (2, 2))
        self.said(part, "Before you hand it in")
        self.look(page, part, "desk")
        box = part.locator("#field-text")
        box.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(SAID)
        self.press(page, part, 'form[data-draft] button[value="submit"]')
        part.locator('form[action="reviews/take"]').wait_for()

    def judges(self, page: Any, part: Any, text: str, places: tuple[int, int]) -> None:
        for name, place in zip(self.levels(part), places, strict=True):
            self.choose(page, part, name, place)
        self.type(page, part, "#field-text", text)
        self.press(page, part, 'form[data-draft] button[value="submit"]')

    def the_others_review(self) -> None:
        """Each team writes what it owes, all at it a few at a time."""
        for _ in range(2):
            for first, _second in MEMBERS.values():
                self.writes(first, SAID + f" – {NAMES[first][:1]}.")
        page, part = self.enter(TOMAS)
        self.press(page, part, 'form[action="reviews/own"] button')
        part.locator("form[data-draft]").wait_for()
        self.judges(page, part, "We like our drains best.", (3, 2))
        self.said(part, "Your reviews are done")

    def writes(self, person: str, text: str, marks: tuple[str, str] = ("2", "4")) -> bool:
        """One review, if one is owed; hints are passed by."""
        one = self.quick(person)
        home = one.show("")
        if "reviews/take" in {form.action for form in home.forms}:
            desk = one.press(home, "reviews/take")
        else:
            going = [address for words, address in home.links if words == "Go on writing"]
            if not going:
                return False
            desk = one.show(going[0].partition("#/")[2])
        for _ in range(2):
            desk = self.sends(one, desk, text, marks)
            if "Before you hand it in" not in desk.text:
                return True
        raise AssertionError(desk.text[:400])

    def sends(self, one: Visitor, desk: Page, text: str, marks: tuple[str, str]) -> Page:
        action = next(form.action for form in desk.forms if form.action.endswith("/save"))
        names = list(dict.fromkeys(re.findall(r'type="radio" name="(level-[^"]+)"', desk.source)))
        fields = {"text": text, **dict(zip(names, marks, strict=True))}
        return one.press(desk, action, fields, "Hand in the review")

    def room(self) -> tuple[Any, Any]:
        page, part = self.enter(INES)
        part.get_by_text("Does every work have its reviews?").wait_for()
        return page, part

    def reviews_of(self, part: Any, page: Any, team: str) -> None:
        """From the room to the reviews of a team, by keyboard."""
        link = part.get_by_role("link", name=team, exact=True)
        link.wait_for()
        self.press(page, part, f'a[href="{link.first.get_attribute("href")}"]')
        part.get_by_role("heading", name=f"Reviews of {team}").wait_for()

    def ines_holds_one_and_lets_it_pass(self) -> None:
        """Moderation by keyboard: held, other words, passed."""
        page, part = self.room()
        self.look(page, part, "room")
        self.reviews_of(part, page, "Red Kites")
        self.look(page, part, "of-a-team")
        self.press(page, part, 'a[href^="#/room/held/"]')
        self.press(page, part, 'form[action$="/hold"] button')
        part.locator('form[action$="/pass"]').wait_for()
        self.look(page, part, "held")
        self.press(page, part, 'form[action$="/redact"] button[type=submit]')
        self.said(part, "No review waits for you")

    def ines_names_a_mentor_who_fills_in(self) -> None:
        """Somebody outside the four teams mentors one; the staff let them write what is missing."""
        self.house.visitor(MENTOR, True)
        page = self.open_page()
        part = self.house.enter(page, INES, second=True)
        part.locator('a[href="#/teams"]').first.click()
        part.locator('a[href^="#/teams/"]').filter(has_text="Red Kites").first.click()
        part.locator('a[href$="/mentors"]').first.click()
        part.locator("#field-q").fill(NAMES[MENTOR])
        part.get_by_role("button", name="Find").click()
        part.get_by_role("button", name=f"Make {NAMES[MENTOR]} mentor").click()
        part.get_by_role("status").filter(has_text="Named.").first.wait_for()
        page, part = self.room()
        self.press(page, part, 'a[href="#/room/mentors"]')
        self.press(page, part, 'form[action="room/mentors/name"] button')
        part.get_by_role("status").filter(has_text="Named. They are told").first.wait_for()
        self.look(page, part, "mentors")

    def ines_lets_authors_read(self) -> None:
        page, part = self.room()
        self.press(page, part, 'form[action="room/release"] button')
        self.said(part, "can be read now")

    def amara_answers_by_keyboard(self) -> None:
        """A rejoinder, with what is taken up."""
        page, part = self.enter(AMARA)
        self.press(page, part, 'a[href="#/feedback"]')
        part.get_by_role("heading", name="Reviews of your work").wait_for()
        text = part.locator("[data-coursecrew-part]").inner_text()
        for person in PEOPLE[2:]:
            assert NAMES[person] not in text
        self.said(part, "You see it 2 points better than others do")
        self.look(page, part, "feedback")
        self.press(page, part, 'a[href^="#/feedback/answer/"]')
        part.locator("select[name^=uptake-]").first.wait_for()
        part.locator("select[name^=uptake-]").first.focus()
        page.keyboard.press("ArrowDown")
        for name in ("helpful", "specific", "kind"):
            self.choose(page, part, name, 5)
        self.look(page, part, "answer")
        self.press(page, part, 'form[action$="/save"] button[value="send"]')
        self.said(part, "The authors answered")

    # --- the second round ---

    def works_are_revised(self) -> None:
        for first, _second in MEMBERS.values():
            one = self.house.visitor(first, True)
            shown = one.show("draft")
            boxes = [name for name, _ in shown.form("draft").values if name.startswith("text-")]
            one.press(shown, "draft", dict.fromkeys(boxes, REVISED))
            one.press(one.show("hand-in"), "hand-in", button="Hand in")

    def the_second_round_is_reviewed(self) -> None:
        """Amara sees what changed and what became of her comments; the others follow quickly."""
        page, part = self.enter(AMARA)
        self.said(part, "Round 2 of 2")
        taking = part.locator('form[action="reviews/take"] button')
        if taking.count():
            self.press(page, part, 'form[action="reviews/take"] button')
        else:
            self.press(page, part, 'section.panel a[href^="#/reviews/"]')
        part.locator("form[data-draft]").wait_for()
        self.said(part, "What you said last time")
        self.press(page, part, ".stack > details summary")
        self.look(page, part, "again")
        self.judges(
            page,
            part,
            AGAIN,
            (3, 2),
        )
        part.get_by_role("heading", name=re.compile("Go on with your review|Review 1 work")).wait_for()
        for _ in range(2):
            for first, _second in MEMBERS.values():
                self.writes(first, "Again. " + SAID + f" – {NAMES[first][:1]}.")
        page, part = self.room()
        self.press(page, part, 'form[action="room/release"] button')
        self.said(part, "can be read now")

    def ines_leaves_one_out(self) -> None:
        """Exclusion by keyboard, with a reason."""
        page, part = self.room()
        self.reviews_of(part, page, "Green Herons")
        self.press(page, part, 'details:has(form[action$="/exclude"]) summary')
        self.type(page, part, 'form[action$="/exclude"] [name="reason"]', "It is about another street.")
        self.press(page, part, 'form[action$="/exclude"] button[type=submit]')
        self.said(part, "Left out of the score: It is about another street.")

    def grades_are_released(self) -> None:
        self.house.ahead(18)
        page, part = self.room()
        self.press(page, part, 'form[action="room/mark"] button')
        self.said(part, "are worked out")
        page, part = self.room()
        self.press(page, part, 'a[href="#/release"]')
        self.press(page, part, 'form[action="release/now"] button')
        self.said(part, "Released")

    def amara_asks_about_a_mark(self) -> None:
        page, part = self.enter(AMARA)
        self.press(page, part, 'a[href="#/result"]')
        part.get_by_text("How your grade was made").wait_for()
        self.look(page, part, "result")
        page, part = self.enter(AMARA)
        self.press(page, part, 'a[href="#/appeals"]')
        self.type(page, part, "#field-reason", WHY)
        self.press(page, part, 'form[action="appeals/make"] button[type=submit]')
        self.said(part, "waits")
        self.look(page, part, "appeals")

    def ines_decides(self) -> None:
        page, part = self.room()
        self.press(page, part, 'a[href="#/room/appeals"]')
        self.press(page, part, 'a[href^="#/room/appeals/"]')
        part.locator('form[action$="/decide"]').wait_for()
        self.choose(page, part, "outcome", 1)
        self.type(page, part, "#field-points", "4")
        self.type(page, part, "#field-answer", "You are right: both hours are there.")
        self.look(page, part, "appeal")
        self.press(page, part, 'form[action$="/decide"] button[type=submit]')
        self.said(part, "upheld")

    def marks_are_in_the_gradebook(self) -> None:
        page, part = self.enter(AMARA)
        self.press(page, part, 'a[href="#/result"]')
        self.said(part, "decided after your team asked")
        grade = part.locator(".grade").first.inner_text()
        for _ in range(40):
            marks = self.house.marks()
            if marks.get(NAMES[AMARA], "").startswith(grade.rstrip("0").rstrip(".")):
                break
            page.wait_for_timeout(250)
        assert marks[NAMES[AMARA]].startswith(grade.rstrip("0").rstrip(".")), (marks, grade)
        assert {NAMES[person] for person in PEOPLE} <= set(marks)
