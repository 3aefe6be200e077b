"""axe finds nothing on any screen: each state of a team's work, each role, wide and narrow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from coursecrew.app.absences import mark_by_hand
from coursecrew.app.alerts import look_for_signs
from coursecrew.app.charters import save_charter
from coursecrew.app.draft_openings import open_draft
from coursecrew.app.drafts import share_version
from coursecrew.app.grading import release_grades, score_work
from coursecrew.app.latecomers import offer_three
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.ports import Grouping, PlatformGroup
from coursecrew.app.records import (
    CHARTERS,
    DRAFT_VERSIONS,
    GLASSES,
    GRADES,
    MERGERS,
    POSTS,
    SANDBOX_ITEMS,
    TASKS,
    TEAMS,
    WORKS,
)
from coursecrew.app.sandbox import add_item, break_glass, change_item, say_something
from coursecrew.app.sandbox_files import add_sandbox_files
from coursecrew.app.solo import ask_solo
from coursecrew.app.submissions import submit
from coursecrew.app.surveys import save_answers
from coursecrew.app.team_files import add_link, add_team_files
from coursecrew.app.team_roles import rotate_roles
from coursecrew.app.teams import describe_team, wait_for_seat
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import SubmitRule, TeamRules
from coursecrew.domain.people import Role
from coursecrew.domain.sandbox import Audience, Saying
from coursecrew.domain.solo import Wanted
from coursecrew.domain.wishes import Charter, CharterPart
from tests.builders import (
    AMARA,
    COURSE,
    DUE,
    INES,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    marks,
    world,
    write,
)
from tests.ui.house import House, open_house
from tests.ui.parts import ask
from tests.ui.spaces import a_space
from tests.ui.test_survey import FORMED, SURVEY

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MONA, ADA = actor("Mona", Role.OBSERVER), actor("Ada", Role.ADMIN)
PEOPLE = {
    "amara": AMARA,
    "mona": MONA,
    "ada": ADA,
    "tomas": TOMAS,
    "mehmet": MEHMET,
    "ines": INES,
    "onlooker": replace(LINH, looks_on=True),
}
WIDTHS = (900, 320)
# axe puts styles of its own into the page, which the strict policy of this house forbids.
EXPECTED = ["status of 4", "Applying inline style"]


def forming(ports: MemoryPorts) -> None:
    """Teams with room and without, somebody who waits, somebody without a team."""
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, MEHMET)
    full = a_team(
        ports, activity, AMARA, TOMAS, LINH, SOFIA, draft="A **plan** with a [link](https://example.org)."
    )
    run(ports, wait_for_seat, MEHMET, activity.id, full.id)


def confirming(ports: MemoryPorts) -> None:
    """Handed in late under "all confirm": one has said yes, one has not."""
    activity = an_assignment(ports, MEHMET, submit_rule=SubmitRule.ALL)
    a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    ports.clock.move_to(DUE + timedelta(hours=16))
    run(ports, submit, AMARA, activity.id, seen=1)


def released(ports: MemoryPorts) -> None:
    """Scored, late, released."""
    activity = an_assignment(ports, MEHMET)
    a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    write(ports, activity, TOMAS, "A plan, better.", seen=1)
    ports.clock.move_to(DUE + timedelta(hours=16))
    hand_in(ports, activity, AMARA, seen=2)
    work = ports.rows(WORKS)[0]
    run(ports, score_work, INES, activity.id, work.id, marks("3", "3", "4"), comment="Solid.")
    run(ports, release_grades, INES, activity.id)


def hidden(ports: MemoryPorts) -> None:
    """Not published yet."""
    an_assignment(ports, AMARA, published=False)


def surveyed(ports: MemoryPorts) -> None:
    """A survey that asks everything: one has answered, and both may still."""
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, teams=FORMED, survey=SURVEY)
    answers = {"hours": {"zone": "Africa/Lagos", "week": "1" * 30 + "0" * 138}, "gender": "Woman"}
    run(ports, save_answers, AMARA, activity.id, {**answers, "wanted": [TOMAS.person]}, agreed=True)


def working(ports: MemoryPorts) -> None:
    """A plan with something that waits, a discussion with a decision, check-ins, remarks, cards."""
    a_space(ports)


def agreeing(ports: MemoryPorts) -> None:
    """A charter that one has signed and the draft waits for, roles that went round, a name held."""
    charter = Charter((CharterPart("meeting", "When we meet", "Day, hour and time zone."),), blocks=True)
    activity = an_assignment(
        ports, MEHMET, SOFIA,
        charter=charter, team_roles=("Facilitator", "Recorder"), listed_words=("rotten",),
    )  # fmt: skip
    a_team(ports, activity, AMARA, TOMAS)
    for number, text in enumerate(("Sundays, **18:00**.", "Mondays.")):
        run(ports, save_charter, AMARA, activity.id, {"meeting": text}, seen=number)
    for _ in range(2):
        run(ports, rotate_roles, AMARA, activity.id)
    run(
        ports, describe_team, AMARA, activity.id,
        name="Rotten Ledger", motto="", is_open=True, leader="",
    )  # fmt: skip
    come_in(ports, INES)
    grouping = Grouping("7", "grouping", "Projects")
    ports.people.kept[COURSE] = [(grouping, [PlatformGroup("Pipes", (SOFIA.person,))])]


def drafted(ports: MemoryPorts) -> None:
    """A draft with a past, a link and a file, and somebody else in it."""
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS, draft="The pipe is old. Nobody looks.")
    write(ports, activity, TOMAS, "The pipe is **new**. Nobody looks.", seen=1)
    add_team_files(ports, AMARA, activity.id, [("flows.csv", BytesIO(b"hour,flow"))], limit=1000)
    run(ports, add_link, TOMAS, activity.id, address="https://docs.example/plan")
    ask(ports, TOMAS, "draft")


LEARNER = ("team", "privacy")
MEMBER = (*LEARNER, "draft", "hand-in", "team/about", "team/why", "team/leave", "team/invite", "versions")
STAFF = (
    "teaching",
    "settings",
    "settings/preview",
    "teams",
    "teams/file",
    "grading",
    "grades",
    "release",
    "people",
)


def beside(ports: MemoryPorts) -> None:
    """A mentor, an item of two writers in the sandbox, somebody alone, signs, a reminder to send."""
    activity = an_assignment(ports, MEHMET, submit_rule=SubmitRule.ALL)
    come_in(ports, MONA, ADA)
    blue = a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    a_team(ports, activity, MEHMET, name="Green Line")
    run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    run(ports, share_version, AMARA, activity.id, ports.rows(DRAFT_VERSIONS)[0].id)
    shown: dict[str, Any] = {"title": "An idea", "audience": Audience.TEAM_MENTOR, "holds": True}
    item = run(ports, add_item, AMARA, activity.id, text="- Try *this*", **shown)
    run(ports, say_something, MONA, activity.id, item, saying=Saying.WONDER, text="And at night?")
    run(ports, change_item, TOMAS, activity.id, item, text="- Try **this**", seen=1, **shown)
    add_sandbox_files(
        ports, TOMAS, activity.id, item, [("a sketch.txt", io.BytesIO(b"A sketch."))], limit=100
    )
    run(ports, break_glass, ADA, activity.id, name="Amara", reason="A threat was reported to us today.")
    ports.clock.advance(days=6)
    run(ports, submit, AMARA, activity.id, seen=1)
    look_for_signs(ports, [activity])


def opened(ports: MemoryPorts) -> None:
    """The instructor opened the draft of a team that is writing."""
    activity = an_assignment(ports)
    blue = a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    run(ports, open_draft, INES, activity.id, blue.id)


def asked(ports: MemoryPorts) -> None:
    """The same, later: Mehmet, alone, has asked how to go on."""
    beside(ports)
    activity = come_in(ports, MEHMET)
    run(ports, ask_solo, MEHMET, activity.id, Wanted.MERGE, why="I would rather not be alone.")


def changing(ports: MemoryPorts) -> None:
    """Two small teams may become one; Tomás is away; Mehmet has come late and is offered seats."""
    rules = TeamRules(name="districts", min=3, ideal=3, max=5, lock_at=START + timedelta(days=2))
    activity = an_assignment(ports, teams=rules)
    blue = a_team(ports, activity, AMARA, TOMAS, draft="Ours.")
    a_team(ports, activity, LINH, SOFIA, name="Red Kites", draft="Theirs.")
    ports.clock.move_to(START + timedelta(days=3))
    upkeep(ports)
    run(ports, mark_by_hand, INES, activity.id, blue.id, TOMAS.person, active=False, reason="Ill.")
    come_in(ports, MEHMET)
    run(ports, offer_three, INES, activity.id, MEHMET.person)


CASES = [
    (changing, "amara", ("team",)),
    (changing, "tomas", ("team",)),
    (changing, "mehmet", ("team",)),
    (
        changing,
        "ines",
        ("teams/late", "teams/mergers", "teams/mergers/<merger>", "teams/<team>", "teams/<team>/names"),
    ),
    (beside, "amara", ("team", "sandbox", "sandbox/new", "sandbox/<item>", "sandbox/<item>/edit", "privacy")),
    (beside, "tomas", ("sandbox", "sandbox/<item>")),
    (opened, "tomas", ("draft", "draft/openings")),
    (opened, "ines", ("teams/<team>/draft",)),
    (
        beside,
        "mona",
        (
            "team",
            "mentoring",
            "mentoring/<team>",
            "mentoring/<team>/versions/<version>",
            "sandbox",
            "sandbox/<item>",
        ),
    ),
    (beside, "mehmet", ("team", "team/alone")),
    (beside, "ada", ("team", "sandbox/glass", "sandbox/glass/<glass>")),
    (
        beside,
        "ines",
        ("teaching", "teams/<team>/draft", "teams/alerts", "teams/alone", "teams/<team>/mentors"),
    ),
    (asked, "ines", ("teaching", "teams/alone")),
    (asked, "mehmet", ("team", "team/alone")),
    (forming, "amara", MEMBER),
    (forming, "mehmet", (*LEARNER, "team/found", "team/card")),
    (forming, "ines", (*STAFF, "teams/<team>", "people/<person>")),
    (forming, "onlooker", LEARNER),
    (confirming, "amara", LEARNER),
    (confirming, "tomas", (*LEARNER, "confirm")),
    (released, "amara", (*LEARNER, "result", "draft", "versions")),
    (released, "ines", (*STAFF, "grading/<work>", "grades/<graded>/override")),
    (surveyed, "amara", ("team", "survey", "survey/mine", "survey/take-back")),
    (surveyed, "tomas", ("team", "survey")),
    (
        surveyed,
        "ines",
        ("teaching", "survey/answers", "settings/survey", "settings/survey/preview", "settings/wishes"),
    ),
    (
        working,
        "amara",
        (
            "team",
            "plan",
            "plan/tasks/<task>",
            "check-in",
            "discussion",
            "discussion/<post>",
            "discussion/<post>/edit",
            "decisions",
            "contributions",
            "card/me",
            "kept",
        ),
    ),
    (
        working,
        "ines",
        (
            "teams/plan",
            "teams/<team>",
            "teams/<team>/plan",
            "teams/<team>/check-ins",
            "teams/<team>/discussion",
            "teams/<team>/discussion/<post>",
            "teams/<team>/contributions",
        ),
    ),
    (
        agreeing,
        "amara",
        ("team", "charter", "charter/versions", "charter/versions/<charter>", "roles", "team/about", "draft"),
    ),
    (agreeing, "tomas", ("team", "charter")),
    (
        agreeing,
        "ines",
        (
            "teaching",
            "teams",
            "teams/<team>",
            "teams/from-platform",
            "charter/versions/<charter>",
            "settings",
        ),
    ),
    (drafted, "amara", ("draft", "draft/read", "files", "versions", "versions/<version>", "hand-in")),
    (hidden, "amara", ("team",)),
    (hidden, "ines", ("teaching", "settings")),
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].__name__}-{case[1]}")
def case(request) -> Iterator[tuple[House, str, list[str]]]:
    make, who, paths = request.param
    ports = world()
    make(ports)
    come_in(ports, *(person for person in PEOPLE.values() if not person.looks_on))
    named = {
        "<team>": [row.id for row in ports.rows(TEAMS)],
        "<work>": [row.id for row in ports.rows(WORKS)],
        "<graded>": [row.person for row in ports.rows(GRADES)],
        "<person>": [TOMAS.person],
        "<merger>": [row.id for row in ports.rows(MERGERS)],
        "<task>": [row.id for row in ports.rows(TASKS)],
        "<post>": [row.id for row in ports.rows(POSTS)],
        "<item>": [row.id for row in ports.rows(SANDBOX_ITEMS)],
        "<glass>": [row.id for row in ports.rows(GLASSES)],
        "<charter>": [row.id for row in ports.rows(CHARTERS)],
        "<version>": [row.id for row in ports.rows(DRAFT_VERSIONS)],
    }

    def filled(path: str) -> str:
        for place, ids in named.items():
            if place in path:
                path = path.replace(place, ids[0])
        return path

    with open_house(House(ports, PEOPLE)) as house:
        yield house, who, [filled(path) for path in paths]


def test_axe_finds_nothing_on_any_screen(case, open_page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    house, who, paths = case
    found = []
    for width in WIDTHS:
        page = open_page(width=width, height=900, complaints=EXPECTED)
        for path in paths:
            page.goto(house.page(who, path))
            page.locator("coursecrew-activity [data-coursecrew-part]").wait_for()
            assert page.locator(f'[data-path="{path}"]').count() == 1, f"{path} was not shown to {who}"
            result = Axe().run(page, context="coursecrew-activity")
            found += [
                f"{path} at {width}: {one['id']} {[node['html'][:160] for node in one['nodes']]}"
                for one in result.response["violations"]
            ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_where_two_changed_the_same_and_a_place_was_left_open(open_page, width) -> None:
    from axe_playwright_python.sync_playwright import Axe

    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS, draft="The pipe is old. Nobody looks.")
    with open_house(House(ports, PEOPLE)) as house:
        page = open_page(width=width, height=900, complaints=EXPECTED)
        page.goto(house.page("amara", "draft"))
        page.get_by_label("1 Where the water goes").wait_for()
        write(ports, activity, TOMAS, "The pipe is new. Nobody looks.", seen=1)
        page.get_by_label("1 Where the water goes").fill("The pipe is gone. Nobody looks.")
        page.get_by_role("button", name="Save", exact=True).click()
        for wait in ("Choose a text in 1 place", "Place 1 is still open"):
            if wait == "Place 1 is still open":
                page.get_by_role("button", name="Save the draft").click()
            page.get_by_text(wait).first.wait_for()
            violations = Axe().run(page, context="coursecrew-activity").response["violations"]
            assert not violations, [(one["id"], one["nodes"][0]["html"][:200]) for one in violations]


def test_axe_finds_nothing_on_a_form_that_was_refused(open_page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    ports = world()
    forming(ports)
    come_in(ports, INES)
    with open_house(House(ports, PEOPLE)) as house:
        page = open_page(complaints=EXPECTED)
        page.goto(house.page("ines", "settings"))
        page.locator("#field-team_min").fill("9")
        page.locator("#field-late_points").fill("ten")
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".summary").wait_for()
        assert page.evaluate(
            "document.querySelector('coursecrew-activity').shadowRoot.activeElement.className"
        ) == ("notice bad summary")
        result = Axe().run(page, context="coursecrew-activity")
        assert [one["id"] for one in result.response["violations"]] == []
