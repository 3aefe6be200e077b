"""The story of teams out of a survey, told by `test_formed_teams.py` and by the pictures.

One assignment has the survey. A second one shares its teams; in it the teams work on after the first
is over, and there two people vanish.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from demo.visitor import Page, Unexpected
from tests.e2e.classes import AMARA, INES, LANGUAGES, LATE, LEARNERS, NAMES, TOPICS, Class

SOON = 60_000  # milliseconds that forming teams takes at most, on a busy machine
Take = Callable[[Any, str], None]


@dataclass
class Story:
    """Who tells it, in which house; `take` is asked wherever a picture could be taken."""

    house: Class
    open_page: Callable[..., Any]
    take: Take = field(default=lambda _page, _name: None)

    # --- the instructor asks ---

    def the_survey_is_out(self) -> None:
        """Three screens of settings: how people come into teams, what is asked, what is wished for."""
        shared = {"team_set": "Council teams", "team_min": "3", "team_ideal": "4", "team_max": "8"}
        self.house.configure(shared, second=True)
        page = self.open_page()
        part = self.house.settings(page)
        for name, value in shared.items():
            part.locator(f"#field-{name}").fill(value)
        part.get_by_label("A survey, then teams by your wishes").check()
        part.get_by_role("button", name="Save", exact=True).last.click()
        part.get_by_role("status").filter(has_text="Saved").first.wait_for()
        part.get_by_role("link", name=re.compile("^Survey")).first.click()
        part.get_by_role("button", name="Fill in a usual survey").click()
        part.get_by_role("heading", name="7 questions are asked").wait_for()
        for number, offered in ((3, LANGUAGES), (4, TOPICS)):
            part.get_by_text(f"Change question {number}", exact=True).click()
            part.locator(f"#field-question_options-{number}").fill("\n".join(offered))
        part.get_by_role("button", name="Save", exact=True).last.click()
        part.get_by_role("status").filter(has_text="Saved").first.wait_for()
        self.take(page, "survey-builder")
        part.get_by_role("link", name="What teams should be like").first.click()
        part.get_by_label("Waits for you").check()
        part.get_by_role("button", name="Save", exact=True).last.click()
        part.get_by_role("status").filter(has_text="Saved").first.wait_for()

    # --- learners answer ---

    def amara_answers_by_keyboard(self) -> None:
        """Hours, skills, languages and topics with keys alone; the question of gender is skipped."""
        page = self.open_page()
        part = self.house.enter(page, AMARA)
        part.get_by_role("heading", name="Answer 7 questions").wait_for()
        keys = Keys(page, part)
        keys.tab_to("a[href='#/survey']").press("Enter")
        part.get_by_role("heading", name="Help us find your team").wait_for()
        keys.tab_to("[data-hour]").press("ArrowDown")
        for _ in range(12):
            keys.press("ArrowRight")
        keys.press("Space", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown")
        part.get_by_text("Hours a week: 4.").wait_for()
        part.get_by_text("Tue 18–21; Wed 20–21").wait_for()
        keys.tab_to("[name='q-skills-1']").press("ArrowLeft")
        keys.tab_to("[name='q-languages']").press("Space")
        keys.tab_to("[name='q-topics-1']").press("ArrowDown")
        keys.tab_to("[name='q-gender']")
        assert part.get_by_label("Skip this question").is_checked()
        keys.tab_to("[name='agreed']").press("Space")
        self.take(page, "survey")
        keys.tab_to("button.primary").press("Enter")
        part.get_by_role("status").filter(has_text="Saved. You can change your answers").first.wait_for()

    def everybody_answers(self) -> None:
        """All others, without a browser."""
        self.house.everybody((who for who in LEARNERS if who != AMARA), self.house.answer)

    # --- the instructor forms teams, and changes them ---

    def teams_are_formed(self) -> None:
        """Press once, see how far it is, and look at the teams."""
        page = self.open_page()
        part = self.house.enter(page, INES)
        part.get_by_role("link", name="Form teams").click()
        part.get_by_text("119 of 119 learners answered the survey.").wait_for()
        self.take(page, "wishes")
        self._press_and_wait(part)
        self.take(page, "forming-review")

    def _press_and_wait(self, part: Any) -> None:
        part.get_by_role("button", name=re.compile("^Form teams")).click()
        part.locator("[role=progressbar], #scores").first.wait_for()
        part.locator("#scores").wait_for(timeout=SOON)
        part.get_by_role("heading", name="Look at the teams before you publish them").wait_for()

    def two_are_swapped_by_keyboard(self) -> None:
        """From the weakest team: choose who changes places with whom, read what it does, and do it."""
        page = self.open_page()
        part = self.house.enter(page, INES)
        part.get_by_role("link", name="Look at the teams").click()
        part.locator("#scores").wait_for()
        keys = Keys(page, part)
        keys.tab_to("a[href*='/swap?']").press("Enter")
        part.get_by_role("heading", name="Try a swap or a move").wait_for()
        # "choose a team", or the best partner's team: the team two places further on, whichever it is.
        keys.tab_to("[name=other]").press("ArrowDown", "ArrowDown")
        left = part.locator("[name=other] option:checked").inner_text().partition(",")[0]
        partner = part.get_by_label(f"In exchange for, from {left}", exact=True)
        partner.locator("option").nth(1).wait_for(state="attached")
        keys.tab_to("[name=partner]").press("Home", "ArrowDown")
        part.get_by_role("button", name="Make this swap").wait_for()
        part.locator(".effects").get_by_text("All teams").wait_for()
        self.take(page, "swap")
        going = part.locator("[name=person] option:checked").inner_text()
        coming = part.locator("[name=partner] option:checked").inner_text()
        keys.tab_to("button:has-text('Make this swap')").press("Enter")
        part.get_by_role("status").filter(has_text="The two have changed places.").first.wait_for()
        row = part.locator("tr", has=part.get_by_role("rowheader", name=left, exact=True))
        if not row.count():  # no longer among the weakest
            part.get_by_role("link", name="The next teams").click()
        row.wait_for()
        assert going in row.inner_text()
        assert coming not in row.inner_text()

    def a_team_is_locked_and_another_run_compared(self) -> None:
        """The locked team stays as it is in a second run with another wish; the two side by side."""
        page = self.open_page()
        part = self.house.enter(page, INES)
        part.get_by_role("link", name="Look at the teams").click()
        part.get_by_role("button", name=re.compile("^Lock .* as it is")).click()
        part.get_by_role("status").filter(has_text="is locked: nobody is moved").first.wait_for()
        kept = _locked(part)
        part.get_by_role("link", name="Form teams again").click()
        part.get_by_label("Keep the 1 locked team of run 1 as it is").wait_for()
        part.locator("#field-wish-hours-shared-amount").fill("2")
        self._press_and_wait(part)
        assert _locked(part) == kept
        part.get_by_role("link", name="All runs, and other wishes").click()
        part.get_by_role("button", name="Compare").click()
        part.get_by_role("heading", name="Run 1 and run 2").wait_for()
        part.get_by_text(re.compile("learners? ha(s|ve) other team-mates")).wait_for()
        self.take(page, "compare")

    def teams_are_published(self) -> None:
        """Everybody is told at once."""
        page = self.open_page()
        part = self.house.enter(page, INES)
        part.get_by_role("link", name="Look at the teams").click()
        part.get_by_role("link", name="Publish teams").click()
        part.get_by_role("button", name=re.compile("Publish .* teams")).click()
        part.get_by_role("heading", name=re.compile(r"\d+ teams are published")).wait_for(timeout=SOON)

    # --- learners in their teams ---

    def amara_reads_in_which_team_she_is(self) -> list[str]:
        """Answers who is in it, herself first."""
        page = self.open_page()
        part = self.house.enter(page, AMARA)
        part.get_by_role("heading", name="Your team", exact=True).wait_for()
        part.get_by_text(re.compile("You are in ")).first.wait_for()
        self.take(page, "placed")
        return self.team_of(AMARA)

    def team_of(self, person: str) -> list[str]:
        """Who is in somebody's team, themselves first."""
        return [
            person, *(one for one in _named(self.house.visitor(person).show("team").text) if one != person)
        ]  # fmt: skip

    def work_is_handed_in(self, person: str, second: bool = False) -> None:
        """Somebody writes every part and hands in for their team."""
        one = self.house.visitor(person, second)
        one.press(self.writes(person, second=second), "hand-in", button="Hand in")

    def writes(self, person: str, *, second: bool = False) -> Page:
        """Somebody writes every part, with their name in it, and saves; answers the page of handing in."""
        one = self.house.visitor(person, second)
        shown = one.show("draft")
        boxes = [name for name, _ in shown.form("draft").values if name.startswith("text-")]
        one.press(shown, "draft", dict.fromkeys(boxes, f"What {NAMES[person]} found."))
        return one.show("hand-in")

    # --- somebody comes late, and two vanish ---

    def a_late_one_is_placed(self) -> None:
        """She reads that she has no team; the instructor gives her the seat that fits best."""
        self.house.ahead(1)
        self.house.visitor(LATE)
        page = self.open_page()
        part = self.house.enter(page, INES)
        part.locator("a[href='#/teams']").first.click()
        part.get_by_role("link", name="Which team fits whom best").click()
        part.get_by_role("heading", name="People without a team").wait_for()
        part.get_by_text(NAMES[LATE]).first.wait_for()
        self.take(page, "late")
        part.get_by_role("button", name=f"Place {NAMES[LATE]}").click()
        part.get_by_role("status").filter(has_text="Placed in").first.wait_for()
        page = self.open_page()
        part = self.house.enter(page, LATE)
        part.get_by_role("heading", name="Your team", exact=True).wait_for()
        part.get_by_role("heading", name=re.compile("^Welcome to ")).wait_for()
        self.take(page, "welcome")

    def two_vanish(self, team: list[str]) -> None:
        """All others come by; the last two of this team do not, and ten days later count as inactive."""
        gone = team[-2:]
        self.house.ahead(5)  # the first assignment has closed
        self.house.everybody((who for who in (*LEARNERS, LATE) if who not in gone), self._comes_by)
        self.house.ahead(1.5)  # more than a week since the two were seen: they are asked
        self.house.ahead(3.1)
        shown = self.house.visitor(team[0]).show("team").text
        assert shown.count("not active now") == 2

    def _comes_by(self, person: str) -> None:
        self.house.visitor(person).show("team")

    def their_team_becomes_one_with_another(self, team: list[str]) -> list[str]:
        """Proposed by the instructor, agreed to on both sides; answers who is in the other team."""
        page = self.open_page()
        part = self.house.enter(page, INES, second=True)
        part.locator("a[href='#/teams']").first.click()
        part.get_by_role("link", name="Small teams").click()
        part.get_by_role("heading", name="Teams below the smallest size").wait_for()
        part.get_by_role("link", name=re.compile("^Join .* with another team")).click()
        part.get_by_role("button", name="See what it would do").click()
        part.get_by_role("heading", name="Effect").or_(part.locator("#effect")).first.wait_for()
        part.get_by_label("Why").fill("Two of you have not been here for ten days.")
        self.take(page, "merge")
        part.get_by_role("button", name="Propose to both teams").click()
        part.get_by_text(re.compile("Both teams are asked until")).first.wait_for()

        page = self.open_page()
        part = self.house.enter(page, team[0], second=True)
        part.get_by_role("heading", name=re.compile("become one team")).wait_for()
        self.take(page, "merger")
        others = [one for one in _named(part.locator("#merger").inner_text()) if one not in team]
        part.get_by_role("button", name="Yes, become one team").click()
        part.get_by_role("status").filter(has_text="Your answer is kept.").first.wait_for()
        self.writes(others[0], second=True)
        last = len(others) // 2  # more than half of them
        for person in (team[1], *others[:last]):
            self._says_yes(person)
        part = self.house.enter(self.open_page(), others[last], second=True)
        part.get_by_role("button", name="Yes, become one team").click()
        part.get_by_text("the two teams are one now").first.wait_for()
        return others

    def what_each_side_wrote_stays_with_its_authors(self, team: list[str], others: list[str]) -> None:
        """The draft of the team that went, and the work that was handed in before."""
        page = self.open_page()
        part = self.house.enter(page, others[0], second=True)
        left = part.get_by_role("link", name=re.compile("^What .* wrote$"))
        address = left.get_attribute("href")
        assert address
        left.click()
        part.get_by_role("heading", name="Versions of it").wait_for()
        assert f"What {NAMES[others[0]]} found." in part.locator("textarea").first.input_value()
        part.get_by_text(f"by {NAMES[others[0]]}").first.wait_for()
        self.take(page, "before")
        with pytest.raises(Unexpected, match="403"):
            self.house.visitor(team[0], True).show(address.removeprefix("#/"))

        page = self.open_page()
        part = self.house.enter(page, team[0])
        part.get_by_text(re.compile("Handed in for all of you")).first.wait_for()
        self.take(page, "handed-in-before")
        page = self.open_page()
        part = self.house.enter(page, others[0])
        part.get_by_text("It was handed in before your teams became one.").wait_for()
        assert part.get_by_text(f"What {NAMES[team[0]]} found.").count() == 0
        self.take(page, "not-theirs")

    def _says_yes(self, person: str) -> None:
        one = self.house.visitor(person, True)
        home = one.show("team")
        action = next(form.action for form in home.forms if re.fullmatch(r"merger/\w+/yes", form.action))
        one.press(home, action)


def _named(text: str) -> list[str]:
    """The learners whose names stand there."""
    return [person for person in (*LEARNERS, LATE) if NAMES[person] in text]


def _locked(part: Any) -> set[str]:
    """The members of the one locked team, as the list of teams has them."""
    row = part.locator("tr", has=part.locator("th", has_text="locked"))
    return set(row.locator("td").nth(1).inner_text().split(", "))


@dataclass
class Keys:
    """Somebody with a keyboard alone."""

    page: Any
    part: Any

    def press(self, *keys: str) -> Keys:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def tab_to(self, selector: str, most: int = 250) -> Keys:
        """Press Tab until the focus is on one of these."""
        wanted = self.part.locator(f":is({selector}):focus")
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if wanted.count():
                return self
        raise AssertionError(f"no Tab leads to {selector}")
