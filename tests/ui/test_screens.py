"""Every learner's screen, for every role, and every refusal: status, sentence, and the typed text kept."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

import coursecrew
from coursecrew.app import submissions, teams
from coursecrew.app.activities import save_settings
from coursecrew.app.charters import save_charter
from coursecrew.app.drafts import share_version
from coursecrew.app.grading import release_grades, score_work
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import (
    ASKINGS,
    CHARTERS,
    DRAFT_VERSIONS,
    EVENTS,
    GLASSES,
    MEMBERSHIPS,
    NOTICES,
    SANDBOX_ITEMS,
    SUBMISSIONS,
    TEAMS,
    WAITING,
    WORKS,
    RecordType,
)
from coursecrew.app.sandbox import add_item, break_glass
from coursecrew.app.team_roles import rotate_roles
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, JoinRule, SubmitRule, TeamRules
from coursecrew.domain.errors import Conflict, Invalid, Problem, Refusal, StaleWrite
from coursecrew.domain.events import Kind
from coursecrew.domain.notices import TELLS
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.sandbox import Audience
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Team
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui import notices
from coursecrew.ui.errors import CHECKS, PROBLEMS, REFUSALS, TOLD_APART, explain, say_problem
from coursecrew.ui.http import Response
from coursecrew.ui.mail import compose
from coursecrew.ui.reader import Reader, zone
from coursecrew.ui.render import STATIC, full_page, markdown, page_element, plain
from coursecrew.ui.routes import FOR_REVIEWS, ROUTES
from coursecrew.ui.scene import Shell
from tests.builders import (
    AMARA,
    CLOSES,
    DUE,
    INES,
    KWAME,
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
    settings,
    world,
    write,
)
from tests.ui.class_of import merged_before
from tests.ui.parts import Part, ask, faults, words_of
from tests.ui.test_plan import PAGES as WORKSPACE

TESTER = replace(actor("Tester"), looks_on=True)
PARENT = actor("Parent", Role.OBSERVER)
ADA = actor("Ada", Role.ADMIN)
MONA = actor("Mona", Role.OBSERVER)
READER = Reader("en", zone("Africa/Lagos"), START)
SOURCE = Path(coursecrew.__file__).parent


@dataclass
class Stage:
    """A running assignment: Blue Ledger writes, Copper Line is full, Sofia has no team."""

    ports: MemoryPorts
    activity: Activity
    blue: Team
    copper: Team
    seen: dict[str, str] = field(default_factory=dict)


def stage(**changes: Any) -> Stage:
    ports = world()
    rules = TeamRules(name="districts", min=2, ideal=2, max=2)
    activity = an_assignment(ports, AMARA, TOMAS, LINH, MEHMET, SOFIA, **{"teams": rules, **changes})
    blue = a_team(ports, activity, AMARA, TOMAS, draft="The night flow is 30 %.")
    copper = a_team(ports, activity, LINH, MEHMET, name="Copper Line")
    return Stage(ports, activity, blue, copper)


def graded() -> Stage:
    """The same, later: Blue Ledger's work is handed in late, scored and released."""
    made = stage(charter=Charter((CharterPart("meeting", "When we meet"),)), team_roles=("Recorder",))
    run(made.ports, save_charter, AMARA, made.activity.id, {"meeting": "Sundays."}, seen=0)
    run(made.ports, rotate_roles, TOMAS, made.activity.id)
    _beside(made)
    made.ports.clock.move_to(DUE + timedelta(hours=16))
    hand_in(made.ports, made.activity, AMARA)
    work = made.ports.rows(WORKS)[0]
    run(made.ports, score_work, INES, made.activity.id, work.id, marks("3", "3", "4"), comment="Well done.")
    run(made.ports, release_grades, INES, made.activity.id)
    deliver_all(made.ports, compose=compose)
    return made


def _beside(made: Stage) -> None:
    """Mona mentors Blue Ledger and was shown a version; Amara has an item that was opened once."""
    ports, activity = made.ports, made.activity
    come_in(ports, MONA, ADA)
    run(ports, name_mentor, INES, activity.id, made.blue.id, MONA.person)
    run(ports, share_version, AMARA, activity.id, ports.rows(DRAFT_VERSIONS)[0].id)
    run(ports, add_item, AMARA, activity.id, title="An idea", text="Try **this**.", audience=Audience.TEAM)
    run(ports, break_glass, ADA, activity.id, name="Amara", reason="A threat was reported to us today.")
    run(ports, merged_before, activity, made.blue, AMARA)


# --- every screen × every role ---

WHO = {
    "member": AMARA,
    "without team": SOFIA,
    "looking on": TESTER,
    "parent": PARENT,
    "mentor": MONA,
    "ta": KWAME,
    "instructor": INES,
}
ALL_MAY = dict.fromkeys(WHO, 200)
MEMBERS = {**dict.fromkeys(WHO, 403), "member": 200, "ta": 404, "instructor": 404}
OWN_TEAM = {**dict.fromkeys(WHO, 403), "member": 200, "without team": 404}
STAFF = {**dict.fromkeys(WHO, 403), "ta": 200, "instructor": 200}
NOBODY = dict.fromkeys(WHO, 403)
MENTOR = {**NOBODY, "mentor": 200}
SCREENS: Mapping[str, Mapping[str, int]] = {
    "": ALL_MAY,
    "team": ALL_MAY,
    "team/found": ALL_MAY,
    "team/card": ALL_MAY,
    "team/invite": OWN_TEAM,
    "team/about": OWN_TEAM,
    "team/why": OWN_TEAM,
    "team/leave": OWN_TEAM,
    "charter": MEMBERS,
    "charter/versions": MEMBERS,
    "charter/versions/<id>": {**STAFF, "member": 200, "mentor": 200},
    "roles": MEMBERS,
    "draft": MEMBERS,
    "draft/read": MEMBERS,
    "draft/openings": MEMBERS,
    "files": MEMBERS,
    "here/<activity>/<team>": {**dict.fromkeys(WHO, 403), "member": 200},
    "versions": MEMBERS,
    "versions?team=<team>": {**STAFF, "member": 200},
    "versions/<id>": {**STAFF, "member": 200, "mentor": 200},
    "hand-in": MEMBERS,
    "confirm": MEMBERS,
    "take-back": MEMBERS,
    "submission/<id>": {**STAFF, "member": 200, "mentor": 200},
    "result": {**dict.fromkeys(WHO, 403), "member": 200, "without team": 200},
    "privacy": ALL_MAY,
    "mentoring": MENTOR,
    "mentoring/<team>": MENTOR,
    "mentoring/<team>/draft": MENTOR,
    "mentoring/<team>/versions/<version>": MENTOR,
    "sandbox": {**NOBODY, "member": 200, "without team": 200},
    "sandbox/new": {**NOBODY, "member": 200, "without team": 200},
    "sandbox/<item>": {**NOBODY, "member": 200},
    "sandbox/<item>/edit": {**NOBODY, "member": 200},
    "sandbox/glass": NOBODY,
    "sandbox/glass/<glass>": NOBODY,
    "team/alone": {**NOBODY, "member": 409},
    "team/before/<id>": {**STAFF, "member": 200},
    "team/before/<id>/<version>": {**STAFF, "member": 200},
    "teaching": STAFF,
    "release": STAFF,
    "grading": STAFF,
    "grading/<id>": STAFF,
    "grades": STAFF,
    "people": STAFF,
    "teams": STAFF,
    "teams/<id>": STAFF,
}


def address(made: Stage, path: str) -> str:
    """The path with a real id in it."""
    kinds: dict[str, RecordType[Any]] = {
        "versions": DRAFT_VERSIONS,
        "charter": CHARTERS,
        "submission": SUBMISSIONS,
        "grading": WORKS,
        "teams": TEAMS,
    }
    path = path.replace("<activity>", made.activity.id).replace("<team>", made.blue.id)
    if path.startswith("team/before/"):
        (old,) = made.ports.rows(TEAMS, state="merged")
        (work,) = made.ports.rows(WORKS, team=old.id)
        version = made.ports.rows(DRAFT_VERSIONS, work=work.id)[0].id
        return path.replace("<id>", old.id).replace("<version>", version)
    named: dict[str, RecordType[Any]] = {
        "<item>": SANDBOX_ITEMS, "<glass>": GLASSES, "<version>": DRAFT_VERSIONS,
    }  # fmt: skip
    for name, kind in named.items():
        path = path.replace(name, made.ports.rows(kind)[0].id) if name in path else path
    if "<id>" not in path:
        return path
    return path.replace("<id>", made.ports.rows(kinds[path.split("/")[0]])[0].id)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", SCREENS)
def test_each_screen_opens_for_those_it_is_for_and_refuses_the_others_in_words(path: str, who: str) -> None:
    made = graded()
    route, _, search = address(made, path).partition("?")
    response = ask(made.ports, WHO[who], route, query=dict(parse_qsl(search)))
    assert response.status == SCREENS[path][who]
    if not path.startswith("here/") or response.status != 200:  # a line within a part
        assert faults(response) == []
        assert len(words_of(response)) > 20


def test_no_screen_of_a_learner_is_left_out_above() -> None:
    theirs = {route.path for route in ROUTES if route.method == "GET"}
    covered_elsewhere = {
        path for path in theirs if path.split("/")[0] in ("settings", "teams", "people", "grades", "survey")
    }
    covered_elsewhere |= set(WORKSPACE)  # `test_plan.py`
    covered_elsewhere |= {path for path in theirs if path.split("/")[0] in FOR_REVIEWS}  # `test_reviewing.py`
    assert theirs - covered_elsewhere <= {path.partition("?")[0] for path in SCREENS}


STATES: Mapping[str, Callable[[], tuple[Stage, Actor]]] = {
    "no team yet": lambda: (stage(), SOFIA),
    "drafting": lambda: (stage(), AMARA),
    "others' room": lambda: (_another_room(), SOFIA),
    "waiting for a seat": lambda: (_waiting(), SOFIA),
    "invited": lambda: (_invited(), SOFIA),
    "confirming": lambda: (_pressed(SubmitRule.ALL), TOMAS),
    "handed in": lambda: (_pressed(SubmitRule.ANY), TOMAS),
    "leader hands in": lambda: (stage(submit_rule=SubmitRule.LEADER), TOMAS),
    "missed": lambda: (_missed(), LINH),
    "released": lambda: (graded(), AMARA),
    "excused": lambda: (_excused(), AMARA),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("path", ["team", "draft", "hand-in", "confirm", "result", "team/leave"])
def test_each_screen_is_whole_in_each_state_of_the_work(path: str, state: str) -> None:
    made, who = STATES[state]()
    assert faults(ask(made.ports, who, path)) == []


@pytest.mark.parametrize("state", STATES)
def test_the_first_screen_always_says_the_next_step_or_that_there_is_none(state: str) -> None:
    made, who = STATES[state]()
    words = words_of(ask(made.ports, who, ""))
    assert "Your next step" in words or "Your grade" in words


def _pressed(rule: SubmitRule) -> Stage:
    made = stage(submit_rule=rule)
    hand_in(made.ports, made.activity, AMARA)
    return made


def _missed() -> Stage:
    made = stage()
    made.ports.clock.move_to(CLOSES + timedelta(hours=1))
    upkeep(made.ports)
    return made


def _excused() -> Stage:
    made = stage()
    run(made.ports, submissions.excuse, INES, made.activity.id, made.blue.id, reason="Flood in the lab")
    return made


def _another_room() -> Stage:
    made = stage()
    x = actor("Ioana")
    come_in(made.ports, x)
    run(made.ports, teams.found_team, x, made.activity.id, name="Acacia", is_open=False, motto="Old pipes")
    return made


def _waiting() -> Stage:
    made = stage()
    run(made.ports, teams.wait_for_seat, SOFIA, made.activity.id, made.copper.id)
    return made


def _invited() -> Stage:
    made = _another_room()
    run(made.ports, teams.invite, actor("Ioana"), made.activity.id, SOFIA.person)
    return made


# --- what learners press ---


def test_a_learner_founds_a_team_and_lands_in_its_home_with_the_sentence_to_say() -> None:
    made = stage()
    response = ask(
        made.ports, SOFIA, "team/found", {"name": "Night Shift", "open": "yes", "request_key": "k1"}
    )
    assert response.status == 200
    assert Part.of(response).attributes["data-path"] == "team"
    assert (
        Part.of(response).attributes["data-said"] == "Night Shift is founded, and you are its first member."
    )
    assert "team Night Shift" in words_of(response)


def test_the_same_press_twice_has_one_effect_and_the_same_answer() -> None:
    made = _another_room()
    run(made.ports, teams.describe_team, actor("Ioana"), made.activity.id, motto="", is_open=True, leader="")
    acacia = next(team for team in made.ports.rows(TEAMS) if team.name == "Acacia")
    first = ask(made.ports, SOFIA, f"team/{acacia.id}/join", {"request_key": "once"})
    second = ask(made.ports, SOFIA, f"team/{acacia.id}/join", {"request_key": "once"})
    assert (first.status, second.status) == (200, 200)
    assert len(made.ports.rows(MEMBERSHIPS, person=SOFIA.person)) == 1
    assert (
        len([e for e in made.ports.rows(EVENTS) if e.kind is Kind.TEAM_JOINED and e.by == SOFIA.person]) == 1
    )


def test_a_request_key_of_one_act_does_not_answer_for_another() -> None:
    made = stage()
    ask(made.ports, AMARA, "draft", {"text-where": "One", "seen": "1", "request_key": "k"})
    response = ask(made.ports, AMARA, "hand-in", {"seen": "2", "request_key": "k"})
    assert "Handed in for all of you" in Part.of(response).attributes["data-said"]
    assert made.ports.rows(WORKS, team=made.blue.id)[0].state is WorkState.SUBMITTED


def test_a_full_team_offers_its_waiting_list_in_the_refusal_itself() -> None:
    made = stage()
    response = ask(made.ports, SOFIA, f"team/{made.copper.id}/join", {"request_key": "k"})
    assert response.status == 409
    assert "Copper Line filled up while you pressed: 2 of 2." in words_of(response)
    assert f"team/{made.copper.id}/wait" in {form["action"] for form in Part.of(response).forms}
    waited = ask(made.ports, SOFIA, f"team/{made.copper.id}/wait", {"request_key": "k2"})
    assert "You wait for a seat in Copper Line" in words_of(waited)


def test_two_who_changed_the_same_part_choose_between_both_texts_and_nothing_is_lost() -> None:
    made = stage()
    write(made.ports, made.activity, TOMAS, "Thirty per cent at night.", seen=1)
    typed = {
        "text-where": "It is 31 %.",
        "text-cost": "Nobody else wrote here.",
        "seen": "1",
        "request_key": "k",
    }
    refused = ask(made.ports, AMARA, "draft", typed)
    assert refused.status == 409
    words = words_of(refused)
    assert "You and Tomás changed the same sentences." in words
    assert "It is 31 %." in words
    assert "Thirty per cent at night." in words
    assert "The night flow is 30 %." in words
    answer = {**sent_along(refused), "choice-where-0": "theirs", "request_key": "n"}
    saved = ask(made.ports, AMARA, "draft", answer)
    assert saved.status == 200
    assert Part.of(saved).areas["text-where"].strip() == "Thirty per cent at night."
    assert Part.of(saved).areas["text-cost"].strip() == "Nobody else wrote here."
    assert "not chosen" in words_of(ask(made.ports, AMARA, "versions"))


def sent_along(refused: Response) -> dict[str, str]:
    """What the form of open places sends by itself."""
    part = Part.of(refused)
    hidden = {one["name"]: one.get("value", "") for one in part.inputs if one.get("type") == "hidden"}
    return {**hidden, **part.areas}


def test_a_place_left_open_is_named_and_nothing_of_it_is_saved() -> None:
    made = stage()
    write(made.ports, made.activity, TOMAS, "Thirty per cent at night. The pipe is old.", seen=1)
    typed = {"text-where": "It is 31 %. The pipe is old.", "seen": "1", "request_key": "k"}
    refused = ask(made.ports, AMARA, "draft", typed)
    left = ask(made.ports, AMARA, "draft", {**sent_along(refused), "request_key": "m"})
    assert left.status == 422
    assert "Place 1 is still open: choose a text." in words_of(left)
    assert "It is 31 %." in words_of(left)
    assert max(row.number for row in made.ports.rows(DRAFT_VERSIONS)) == 2


def test_keeping_both_texts_puts_ones_own_first_and_writing_new_or_as_before_are_ways_too() -> None:
    outcomes = {
        "both": "Mine. Theirs.",
        "yours": "Mine.",
        "before": "The night flow is 30 %.",
        "new": "Ours.",
    }
    for way, text in outcomes.items():
        made = stage()
        write(made.ports, made.activity, TOMAS, "Theirs.", seen=1)
        refused = ask(made.ports, AMARA, "draft", {"text-where": "Mine.", "seen": "1", "request_key": "k"})
        answer = {**sent_along(refused), "choice-where-0": way, "new-where-0": "Ours.", "request_key": "n"}
        saved = ask(made.ports, AMARA, "draft", answer)
        assert Part.of(saved).areas["text-where"].strip() == text
        kept = [row for row in made.ports.rows(DRAFT_VERSIONS) if row.kind == "kept"]
        assert len(kept) == (1 if way in ("before", "new") else 0)


def test_whoever_has_no_team_reads_that_handing_in_is_closed_and_who_is_first_founds() -> None:
    ports = world()
    an_assignment(ports, AMARA)
    words = words_of(ask(ports, AMARA, "", query={"activity": "a host may say this"}))
    assert "Found the first team" in words
    assert "Times are in" in words
    ports.clock.move_to(CLOSES + timedelta(days=1))
    assert "Write and hand in closed on Sun 29 Nov, 18:00" in words_of(ask(ports, AMARA, ""))


def test_handing_in_names_the_parts_still_empty_before_anybody_presses() -> None:
    made = stage()
    assert "still empty" not in words_of(ask(made.ports, AMARA, "hand-in"))
    ports = world()
    activity = an_assignment(ports, AMARA)
    a_team(ports, activity, AMARA)
    assert "1 part is still empty: Where the water goes." in words_of(ask(ports, AMARA, "hand-in"))


def test_handing_in_shows_each_members_own_late_figure_before_anybody_presses() -> None:
    made = stage()
    run(made.ports, submissions.extend, INES, made.activity.id, person=TOMAS.person, due=CLOSES, reason="ill")
    made.ports.clock.move_to(DUE + timedelta(hours=16))
    words = words_of(ask(made.ports, AMARA, "hand-in"))
    assert "Handing in now costs you 10 points" in words
    assert "it would be 20" in words
    assert "Amara (you) Fri 27 Nov, 18:00 −10" in words
    assert "Tomás Sun 29 Nov, 18:00 extended 0" in words


def test_confirming_a_late_press_shows_each_members_own_figure_and_being_slow_adds_nothing() -> None:
    made = stage(submit_rule=SubmitRule.ALL)
    run(made.ports, submissions.extend, INES, made.activity.id, person=TOMAS.person, due=CLOSES, reason="ill")
    made.ports.clock.move_to(DUE + timedelta(seconds=901))
    hand_in(made.ports, made.activity, AMARA)
    made.ports.clock.move_to(DUE + timedelta(hours=20))
    words = words_of(ask(made.ports, TOMAS, "confirm"))
    assert "Amara Fri 27 Nov, 18:00 −10" in words
    assert "Tomás (you) Sun 29 Nov, 18:00 extended 0" in words


def test_all_confirm_asks_the_others_and_an_objection_opens_the_draft_with_its_reason() -> None:
    made = _pressed(SubmitRule.ALL)
    assert "Amara waits for you." in words_of(ask(made.ports, TOMAS, ""))
    response = ask(made.ports, TOMAS, "confirm/object", {"reason": "Part 2 is missing.", "request_key": "k"})
    assert response.status == 200
    deliver_all(made.ports, compose=compose)
    assert "“Part 2 is missing.”" in words_of(ask(made.ports, AMARA, ""))


def test_the_last_confirmation_hands_in_for_all() -> None:
    made = _pressed(SubmitRule.ALL)
    response = ask(made.ports, TOMAS, "confirm", {"request_key": "k"})
    assert Part.of(response).attributes["data-said"] == "Confirmed, and with that handed in for all of you."


def test_a_result_can_be_worked_out_by_hand_from_its_page() -> None:
    made = graded()
    words = words_of(ask(made.ports, AMARA, "result"))
    assert "70.00 of 100" in words
    assert "3 ÷ 4 × 50 + 3 ÷ 4 × 30 + 4 ÷ 4 × 20" in words
    assert "handed in Sat 28 Nov, 10:00, due Fri 27 Nov, 18:00: 1 started × 10 points, at most 50" in words
    assert "Well done." in words
    assert "in the gradebook since" in words


def test_a_result_is_nobodys_before_release() -> None:
    made = stage()
    hand_in(made.ports, made.activity, AMARA)
    work = made.ports.rows(WORKS)[0]
    run(
        made.ports, score_work, INES, made.activity.id, work.id, marks("1", "1", "1"), comment="Secret so far"
    )
    words = words_of(ask(made.ports, AMARA, "result"))
    assert "There is no result yet." in words
    assert "Secret" not in words + words_of(ask(made.ports, AMARA, ""))


def test_the_privacy_line_stands_until_it_was_read() -> None:
    made = stage()
    assert "your team and the course staff can read" in words_of(ask(made.ports, AMARA, ""))
    assert "your team and the course staff can read" not in words_of(
        ask(made.ports, AMARA, "privacy/read", {"request_key": "k"})
    )


def test_notices_stand_in_the_page_until_they_are_put_away() -> None:
    made = stage()
    deliver_all(made.ports, compose=compose)
    page = ask(made.ports, AMARA, "")
    assert "Tomás joined Blue Ledger." in words_of(page)
    until = max(notice.id for notice in made.ports.rows(NOTICES, person=AMARA.person))
    assert "Tomás joined" not in words_of(
        ask(made.ports, AMARA, "notices/read", {"until": until, "request_key": "k"})
    )


@pytest.mark.parametrize(
    ("rules", "later", "said"),
    [
        ({"join": JoinRule.STAFF}, timedelta(0), "Your course staff make the teams"),
        ({"lock_at": START + timedelta(days=2)}, timedelta(days=3), "You are in no team"),
        ({"publish_at": START + timedelta(days=5)}, timedelta(0), "Teams open on Sat 14 Nov"),
    ],
)
def test_somebody_without_a_team_reads_why(rules: Mapping[str, object], later: timedelta, said: str) -> None:
    ports = world()
    an_assignment(ports, SOFIA, teams=TeamRules(name="t", min=2, ideal=2, max=2, **rules))  # type: ignore[arg-type]
    ports.clock.advance(later)
    assert said in words_of(ask(ports, SOFIA, ""))


def test_somebody_who_came_after_the_lock_reads_so_and_asks_for_a_place_with_one_press() -> None:
    ports = world()
    an_assignment(
        ports, SOFIA, teams=TeamRules(name="t", min=2, ideal=2, max=2, lock_at=START + timedelta(days=2))
    )
    ports.clock.advance(days=4)
    late = actor("Ioana")
    assert "You came after the teams were fixed" in words_of(ask(ports, late, ""))
    for key in ("a", "b"):
        answer = ask(ports, late, "team/place-me", {"request_key": key})
        assert "The course staff know that you need a place." in words_of(answer)
    deliver_all(ports, compose=compose)
    told = [row for row in ports.rows(NOTICES, person=INES.person) if row.kind is Kind.PLACE_WANTED]
    assert len(told) == 1


def test_before_publishing_a_learner_reads_whom_to_ask_and_nothing_of_the_task() -> None:
    ports = world()
    an_assignment(ports, published=False)
    words = words_of(ask(ports, AMARA, ""))
    assert "This assignment is not ready yet." in words
    assert "ask Dr Carvalho" in words
    assert "night flow" not in words


@pytest.mark.parametrize("who", [TESTER, INES, PARENT])
def test_somebody_looking_on_sees_the_learners_screen_and_leaves_no_team_behind(who: Actor) -> None:
    made = stage()
    assert "nothing you press here is kept" in words_of(ask(made.ports, who, "team"))
    for path in (
        "team/found",
        f"team/{made.copper.id}/join",
        f"team/{made.copper.id}/wait",
        "team/card",
        "team/place-me",
    ):
        form = {"name": "Ghosts", "pitch": "Boo", "request_key": path}
        assert ask(made.ports, who, path, form).status == 403
    assert made.ports.rows(MEMBERSHIPS, person=who.person) == []
    assert made.ports.rows(WAITING, person=who.person) == []


def test_a_member_reads_names_of_requests_and_answers_them() -> None:
    made = _another_room()
    acacia = next(team for team in made.ports.rows(TEAMS) if team.name == "Acacia")
    ask(made.ports, SOFIA, f"team/{acacia.id}/ask", {"request_key": "k"})
    home = ask(made.ports, actor("Ioana"), "")
    assert "Sofia waits for your team’s answer" in words_of(home)
    asking = made.ports.rows(ASKINGS)[0]
    answered = ask(made.ports, actor("Ioana"), f"asking/{asking.id}/accept", {"request_key": "k"})
    assert answered.status == 200
    assert made.ports.rows(MEMBERSHIPS, person=SOFIA.person)[0].team == acacia.id


def test_people_can_be_found_by_name_to_invite_them() -> None:
    made = _another_room()
    page = ask(made.ports, actor("Ioana"), "team/invite", query={"q": "sof"})
    assert "Sofia" in words_of(page)
    assert "Amara" not in words_of(page)  # she has a team
    assert (
        ask(made.ports, actor("Ioana"), "team/invite", {"person": SOFIA.person, "request_key": "k"}).status
        == 200
    )


# --- every refusal ---


@dataclass(frozen=True)
class Case:
    """Something a learner presses that is refused."""

    code: str
    status: int
    path: str
    who: Actor
    said: str
    form: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)  # what still stands in the boxes


def _locked() -> Stage:
    made = stage(teams=TeamRules(name="districts", min=2, ideal=2, max=2, lock_at=START + timedelta(days=3)))
    made.ports.clock.advance(days=4)
    return made


def _late() -> Stage:
    made = stage()
    made.ports.clock.move_to(CLOSES + timedelta(hours=1))
    return made


def _not_begun() -> Stage:
    made = stage()
    base = settings(teams=TeamRules(name="districts", min=2, ideal=2, max=2))
    steps = {Step.DRAFT: Window(DUE - timedelta(days=1), DUE, CLOSES)}
    number = made.activity.settings_number
    run(made.ports, save_settings, INES, made.activity.id, replace(base, steps=steps), seen=number)
    return made


def _many_lists() -> Stage:
    made = stage()
    for number in range(3):
        pair = actor(f"P{number}"), actor(f"Q{number}")
        full = a_team(made.ports, made.activity, *pair, name=f"Full {number}")
        run(made.ports, teams.wait_for_seat, SOFIA, made.activity.id, full.id)
    return made


def _answered() -> Stage:
    made = _invited()
    asking = made.ports.rows(ASKINGS)[0]
    run(made.ports, teams.answer_asking, SOFIA, made.activity.id, asking.id, accept=False)
    return made


def _handed_in_and_moved() -> Stage:
    made = stage()
    hand_in(made.ports, made.activity, AMARA)
    run(made.ports, teams.leave_team, AMARA, made.activity.id)
    run(made.ports, teams.found_team, AMARA, made.activity.id, name="Second try")
    write(made.ports, made.activity, AMARA, "Again")
    return made


def _past_due_in() -> Stage:
    made = _pressed(SubmitRule.ANY)
    made.ports.clock.move_to(DUE + timedelta(minutes=1))
    return made


def _staff_place() -> Stage:
    made = stage()
    base = settings(teams=TeamRules(name="districts", min=2, ideal=2, max=2, join=JoinRule.STAFF))
    run(made.ports, save_settings, INES, made.activity.id, base, seen=made.activity.settings_number)
    return made


def _not_shown() -> Stage:
    made = stage()
    later = TeamRules(name="districts", min=2, ideal=2, max=2, publish_at=START + timedelta(days=5))
    run(
        made.ports,
        save_settings,
        INES,
        made.activity.id,
        settings(teams=later),
        seen=made.activity.settings_number,
    )
    return made


# What a refusal must leave as it was.
COUNTED: tuple[RecordType[Any], ...] = (MEMBERSHIPS, SUBMISSIONS, EVENTS, WAITING)
DRAFT = {"text-where": "What I typed.", "seen": "1"}
KEPT = {"text-where": "What I typed."}
CASES: list[tuple[Callable[[], Stage], Case]] = [
    (stage, Case("team_full", 409, "team/{copper}/join", SOFIA, "Copper Line filled up while you pressed")),
    (
        _another_room,
        Case("team_closed", 409, "team/{Acacia}/join", SOFIA, "Acacia takes people by invitation"),
    ),
    (
        _another_room,
        Case("team_closed", 409, "team/{Acacia}/wait", SOFIA, "Acacia takes people by invitation"),
    ),
    (stage, Case("already_in_team", 409, "team/{copper}/join", AMARA, "Everybody is in one team at a time.")),
    (_many_lists, Case("too_many_lists", 409, "team/{copper}/wait", SOFIA, "You wait for 3 teams already")),
    (_answered, Case("asking_over:declined", 409, "asking/{asking}/accept", SOFIA, "said no already")),
    (
        stage,
        Case(
            "name_taken",
            409,
            "team/found",
            SOFIA,
            "Another team is called copper LINE.",
            {"name": "copper LINE", "motto": "Ours"},
            {"name": "copper LINE", "motto": "Ours"},
        ),
    ),
    (
        stage,
        Case(
            "invalid",
            422,
            "team/found",
            SOFIA,
            "Give it a name.",
            {"name": " ", "motto": "Ours"},
            {"motto": "Ours"},
        ),
    ),
    (
        stage,
        Case("invalid", 422, "team/found", SOFIA, "A name has at most 60 characters.", {"name": "x" * 61}),
    ),
    (
        stage,
        Case(
            "invalid",
            422,
            "team/card",
            SOFIA,
            "Say in a sentence",
            {"pitch": "", "skills": "R"},
            {"skills": "R"},
        ),
    ),
    (
        stage,
        Case(
            "invalid",
            422,
            "team/card",
            SOFIA,
            "At most 280 characters; these are 281.",
            {"pitch": "y" * 281},
            {"pitch": "y" * 281},
        ),
    ),
    (
        _not_shown,
        Case(
            "teams_not_published",
            409,
            "team/found",
            SOFIA,
            "Teams are not open yet.",
            {"name": "Early"},
            {"name": "Early"},
        ),
    ),
    (
        _staff_place,
        Case(
            "staff_places",
            409,
            "team/found",
            SOFIA,
            "the staff make the teams",
            {"name": "Own"},
            {"name": "Own"},
        ),
    ),
    (
        _locked,
        Case(
            "teams_locked",
            409,
            "team/found",
            SOFIA,
            "Choosing teams closed on Thu 12 Nov, 09:00.",
            {"name": "Late"},
            {"name": "Late"},
        ),
    ),
    (
        _locked,
        Case(
            "teams_locked",
            409,
            "team/leave",
            AMARA,
            "Choosing teams closed on",
            {"reason": "I must"},
            {"reason": "I must"},
        ),
    ),
    (stage, Case("not_found", 404, "team/{nobody}/join", SOFIA, "This is no longer here.")),
    (
        stage,
        Case(
            "not_found:person",
            404,
            "team/invite",
            AMARA,
            "This person is not in the course.",
            {"person": "9" * 32},
        ),
    ),
    (
        stage,
        Case("not_allowed:leave_team", 403, "team/leave", SOFIA, "Only a member of the team can do this."),
    ),
    (
        stage,
        Case("not_allowed:write_draft", 403, "draft", SOFIA, "Only members of the team can write", DRAFT),
    ),
    (
        stage,
        Case(
            "not_allowed:submit_work",
            403,
            "hand-in",
            SOFIA,
            "Only members of the team can hand in",
            {"seen": "1"},
        ),
    ),
    (_not_begun, Case("not_open:draft", 409, "draft", AMARA, "Writing opens on Thu 26 Nov, 18:00.", DRAFT)),
    (_late, Case("closed:draft", 409, "draft", AMARA, "Handing in closed on Sun 29 Nov, 18:00.", DRAFT)),
    (
        _late,
        Case("closed:draft", 409, "hand-in", AMARA, "Handing in closed on Sun 29 Nov, 18:00.", {"seen": "1"}),
    ),
    (stage, Case("invalid", 422, "hand-in", LINH, "“Where the water goes” is still empty", {"seen": "0"})),
    (
        lambda: _pressed(SubmitRule.ALL),
        Case("already_decided:confirming", 409, "draft", TOMAS, "has handed the work in", DRAFT),
    ),
    (
        lambda: _pressed(SubmitRule.ANY),
        Case("already_decided:submitted", 409, "draft", TOMAS, "Your team has handed the work in.", DRAFT),
    ),
    (stage, Case("already_decided:drafting", 409, "confirm", TOMAS, "The draft is open again")),
    (_missed, Case("already_decided:missed", 409, "draft", AMARA, "", DRAFT)),
    (_excused, Case("already_decided:excused", 409, "draft", AMARA, "This team is excused here", DRAFT)),
    (
        _past_due_in,
        Case("too_late_to_withdraw", 409, "take-back", AMARA, "Work can be taken back until it is due"),
    ),
    (
        lambda: stage(submit_rule=SubmitRule.LEADER),
        Case("leader_only", 409, "hand-in", TOMAS, "In this team Amara hands in.", {"seen": "1"}),
    ),
    (
        _handed_in_and_moved,
        Case("handed_in_elsewhere", 409, "hand-in", AMARA, "another team’s work", {"seen": "1"}),
    ),
    (
        lambda: _overtaken(),
        Case(
            "stale:submit",
            409,
            "hand-in",
            AMARA,
            "Tomás changed the draft after you opened this page.",
            {"seen": "1"},
        ),
    ),
    (
        lambda: _overtaken(),
        Case("stale:draft", 409, "draft", AMARA, "You and Tomás changed the same sentences.", DRAFT, KEPT),
    ),
    (
        lambda: _pressed(SubmitRule.ALL),
        Case("invalid", 422, "confirm/object", TOMAS, "Say why, in a sentence", {"reason": "  "}),
    ),
    (
        stage,
        Case(
            "invalid",
            422,
            "draft",
            AMARA,
            "At most 100000 characters",
            {"text-where": "z" * 100_001, "seen": "1"},
            {"text-where": "z" * 100_001},
        ),
    ),
]


def _overtaken() -> Stage:
    made = stage()
    write(made.ports, made.activity, TOMAS, "Thirty per cent at night.", seen=1)
    return made


@pytest.mark.parametrize(
    ("made", "case"), CASES, ids=[f"{case.code} at {case.path}" for _made, case in CASES]
)
def test_a_refusal_has_its_status_its_sentence_and_keeps_what_was_typed(
    made: Callable[[], Stage], case: Case
) -> None:
    scene = made()
    rows = {team.name: team.id for team in scene.ports.rows(TEAMS)}
    askings = scene.ports.rows(ASKINGS)
    path = case.path.format(
        copper=scene.copper.id,
        nobody="7" * 32,
        asking=askings[0].id if askings else "",
        Acacia=rows.get("Acacia", ""),
    )
    before = {kind.table: len(scene.ports.rows(kind)) for kind in COUNTED}
    response = ask(scene.ports, case.who, path, {**case.form, "request_key": "k"})
    assert response.status == case.status
    assert case.said in words_of(response)
    assert faults(response) == []
    part = Part.of(response)
    boxes = {one["name"]: one.get("value", "") for one in part.inputs if "name" in one} | part.areas
    for name, text in case.kept.items():
        assert boxes[name].strip() == text
    assert before == {kind.table: len(scene.ports.rows(kind)) for kind in COUNTED}


def test_losing_every_race_ends_in_one_sentence_and_the_text_still_in_the_box() -> None:
    made = stage()
    opened = made.ports.transaction
    turns = iter([True, False, False, False])

    @contextmanager
    def transaction() -> Iterator[Any]:
        if not next(turns, True):
            raise StaleWrite(table="coursecrew_team")
        with opened() as store:
            yield store

    ports = replace(made.ports, transaction=transaction)
    response = ask(ports, AMARA, "draft", {**DRAFT, "request_key": "k"})
    assert response.status == 409
    assert "Nothing was lost; press again." in words_of(response)
    assert Part.of(response).areas["text-where"].strip() == "What I typed."


def test_an_unknown_path_is_a_page_that_leads_back() -> None:
    made = stage()
    for path, form in (("nowhere", None), ("draft/../team", None), ("team", {"request_key": "k"})):
        response = ask(made.ports, AMARA, path, form)
        assert response.status == 404
        assert "#/" in Part.of(response).links


def test_an_error_summary_leads_to_each_field_and_says_the_same_there() -> None:
    made = stage()
    response = ask(made.ports, SOFIA, "team/found", {"name": "", "request_key": "k"})
    part = Part.of(response)
    assert "#field-name" in part.links
    wrong = next(one for one in part.inputs if one["name"] == "name")
    assert wrong["aria-invalid"] == "true"
    assert "error-name" in wrong["aria-describedby"].split()
    assert words_of(response).count("Give it a name.") == 2


# --- the tables of sentences are complete ---


def codes_in(folder: str) -> Iterator[tuple[str, str]]:
    """Every code that the rules and use cases raise: (kind of table, code)."""
    for path in (SOURCE / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            place = {"Problem": 1, "Conflict": 0, "Check": 0, "Rejected": 1}.get(name)
            if place is not None and len(node.args) > place:
                argument = node.args[place]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield name, argument.value


@pytest.mark.parametrize("folder", ["domain", "app"])
def test_every_code_of_rules_and_use_cases_has_its_sentence(folder: str) -> None:
    tables = {"Problem": PROBLEMS, "Rejected": PROBLEMS, "Conflict": REFUSALS, "Check": CHECKS}
    missing = {(name, code) for name, code in codes_in(folder) if code not in tables[name]}
    assert missing == set()


def test_every_kind_of_refusal_has_its_sentence() -> None:
    # Engines have refusals of their own, which their commands tell line by line.
    kinds: list[Any] = [k for k in Refusal.__subclasses__() if k.__module__ == Refusal.__module__]
    codes = {"Conflict": "not_ready", "StaleWrite": "stale_write"}
    for kind in kinds:
        if kind is Conflict:
            refusal: Refusal = Conflict(codes["Conflict"])
        elif kind is Invalid:
            refusal = Invalid(Problem("x", "percent"))
        elif kind.__name__ in ("NotOpen", "Closed"):
            refusal = kind("draft", opens=START, closes=DUE)
        elif kind.__name__ == "SlowDown":
            refusal = kind(3)
        else:
            refusal = kind()
        assert explain(refusal, READER).happened


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_can_be_told_even_when_it_carries_nothing(code: str) -> None:
    base, _, told_apart = code.partition(":")
    values = {TOLD_APART[base]: told_apart} if told_apart else {}
    said = explain(Refusal(base, **values), READER)
    assert "%(" not in said.happened + said.next
    assert said.status == REFUSALS[code].status


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_of_a_field_can_be_told(code: str) -> None:
    assert "%(" not in say_problem(Problem("x", code), READER)


def test_everything_that_people_are_told_has_its_sentence() -> None:
    assert set(TELLS) == set(notices.SENTENCES)


# --- what the element and Markdown promise ---


def test_script_and_style_are_small_and_a_first_team_page_too() -> None:
    made = graded()
    files = sum((STATIC / "coursecrew" / name).stat().st_size for name in ("coursecrew.js", "coursecrew.css"))
    element = page_element(base="/ui", stylesheet="/coursecrew.css", language="en", csrf_cookie="csrftoken")
    page = full_page(title="Team", language="en", element=element, script="/coursecrew.js")
    part = str(ask(made.ports, AMARA, "").body)
    assert files <= 60_000
    assert files + len(page.encode()) + len(part.encode()) <= 100_000


def test_the_element_carries_every_sentence_the_script_may_say() -> None:
    script = (STATIC / "coursecrew/coursecrew.js").read_text()
    element = page_element(base="/ui?x=1&y=2", stylesheet="/c.css", language="ar", who='a"b')
    for what in ("loading", "busy", "offline", "kept", "unsaved", "too-large", "signed-out", "fault"):
        assert f' say-{what}="' in element
        assert what in script
    assert 'dir="rtl"' in element
    assert "x=1&amp;y=2" in element
    assert 'who="a&#34;b"' in element


@pytest.mark.parametrize(
    ("typed", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "javascript"),
        ('<img src="x" onerror="alert(1)">', "onerror"),
        ("![x](https://elsewhere.example/pixel.png)", "elsewhere"),
        ('<a href="https://a.example" style="position:fixed">x</a>', "style"),
        ("<iframe src='https://a.example'></iframe>", "iframe"),
        ("<form action='/x'><input name=y></form>", "<form"),
        ('<p id="title" class="status">x</p>', "class"),
    ],
)
def test_what_people_write_can_neither_run_nor_dress_up_nor_call_home(typed: str, never: str) -> None:
    assert never not in markdown(typed, Shell())


def test_the_first_words_of_a_part_stand_without_the_marks_of_markdown() -> None:
    table = "| Step | Dollars |\n| --- | ---: |\n| **Valves** | 61,500 |"
    assert plain("We follow **Manyatta**.\n\n- first\n- *second* & <b>third</b>") == (
        "We follow Manyatta. first second & third"
    )
    assert plain(table) == "Step Dollars Valves 61,500"
    assert plain("<script>alert(1)</script>") == ""


def test_files_of_the_course_are_shown_by_the_hosts_own_address() -> None:
    file = "0" * 31 + "a"
    html = markdown(f"![map](file:{file}) [table](file:{file})", Shell(file_url=lambda one: f"/files/{one}"))
    assert f'src="/files/{file}"' in html
    assert f'href="/files/{file}"' in html
