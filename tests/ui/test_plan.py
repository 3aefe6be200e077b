"""The plan on its screens, for everybody, and the table of who may open which page of the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from coursecrew.app import plans
from coursecrew.app.plans import TaskWish
from coursecrew.app.records import ACTIVITIES, TASKS, TEAM_MILESTONES
from coursecrew.app.unit_of_work import run
from coursecrew.domain.people import Actor
from coursecrew.domain.plans import TaskState
from coursecrew.ui.routes import ROUTES
from tests.builders import AMARA, INES, KWAME, LINH, MEHMET, TOMAS, a_team, an_assignment, world
from tests.ui.parts import Part, ask, faults, words_of
from tests.ui.spaces import (
    ADMIN,
    AS_AMARA,
    AUTHOR,
    EZRA,
    FEMI,
    JONAS,
    MONA,
    NOOR,
    NOW,
    OMAR,
    PARENT,
    TAMAR,
    TASK,
    VISITOR,
    Space,
    a_space,
)

WHO: Mapping[str, Actor] = {
    "member": TOMAS, "other team": MEHMET, "no team": NOOR, "former member": FEMI, "excluded": EZRA,
    "member, now observer": OMAR, "member, TA of another team": TAMAR, "mentor": MONA, "TA": KWAME,
    "TA of another team": JONAS, "instructor": INES, "parent": PARENT, "author": AUTHOR, "admin": ADMIN,
    "looking on": VISITOR, "viewing as a member": AS_AMARA,
}  # fmt: skip
NOBODY = dict.fromkeys(WHO, 403)
# On one's own team's pages, staff are told that they have none: their way is by the team's id.
OWN = {**NOBODY, "member": 200, "other team": 200, "TA": 404, "instructor": 404}
# A TA of another team is refused here as everywhere.
STAFF_HERE = {"TA": 404, "instructor": 404, "TA of another team": 404, "member, TA of another team": 403}
BY_ID = {**NOBODY, "member": 200, "mentor": 200, "TA": 200, "instructor": 200}
PAGES: Mapping[str, Mapping[str, int]] = {
    "plan": {**OWN, "TA of another team": 404},
    "plan/tasks/<id>": {**NOBODY, "member": 200, "other team": 404},
    "check-in": {**NOBODY, "member": 200, "other team": 200},
    "contributions": {**OWN, "TA of another team": 404},
    "discussion": {**OWN, "TA of another team": 404},
    "discussion/<id>": {**OWN, "other team": 404, "TA of another team": 404},
    "discussion/<id>/edit": {**NOBODY, "other team": 404},
    "decisions": {**OWN, "TA of another team": 404},
    "card/me": {
        **NOBODY, "member": 200, "other team": 200, "no team": 200, "former member": 200, "mentor": 200,
    },
    "kept": {**dict.fromkeys(WHO, 200), "looking on": 403, "viewing as a member": 403},
    "teams/<id>/plan": BY_ID,
    "teams/<id>/check-ins": BY_ID,
    "teams/<id>/discussion": {**BY_ID, "mentor": 403},
    "teams/<id>/discussion/<post>": {**BY_ID, "mentor": 403},
    "teams/<id>/contributions": {**BY_ID, "mentor": 403},
    "teams/plan": {**NOBODY, "TA": 200, "TA of another team": 200, "instructor": 200,
                   "member, TA of another team": 200},
}  # fmt: skip


@pytest.fixture(scope="module")
def space() -> Space:
    return a_space()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", PAGES)
def test_each_page_of_the_workspace_opens_for_those_it_is_for(space: Space, path: str, who: str) -> None:
    response = ask(space.ports, WHO[who], space.path(path))
    assert response.status == PAGES[path][who]
    assert faults(response) == []
    assert len(words_of(response)) > 20


def test_no_page_of_the_workspace_is_left_out_above() -> None:
    modules = ("plan", "check_in", "discussion", "contributions", "identity")
    ours = {r.path for r in ROUTES if r.method == "GET" and r.screen.__module__.split(".")[-1] in modules}
    assert ours == set(PAGES)


# --- the team's home ---


def home(made: Space, who: Actor) -> str:
    return words_of(ask(made.ports, who, "team"))


def test_the_first_thing_one_reads_is_who_waits_for_one(space: Space) -> None:
    shown = home(space, AMARA)
    panel = shown[: shown.index("Draft")]
    assert "Tomás waits for you:" in panel
    assert TASK in panel
    assert "Nobody waits for you" not in panel


def test_whoever_waits_reads_for_whom(space: Space) -> None:
    assert "You wait for Amara, who was told" in home(space, TOMAS)


def test_the_home_shows_the_next_milestone_ones_own_tasks_and_decisions(space: Space) -> None:
    shown = home(space, AMARA)
    assert "Measured at three points" in shown
    assert "Count the meters" in shown
    assert "Plan (2 open tasks)" in shown
    assert "Decided: @Tomás: we take the turnstone." in shown
    assert "Check-in (done)" in shown


def test_a_team_without_any_of_it_is_told_what_to_do_first() -> None:
    ports = world(NOW)
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    shown = words_of(ask(ports, AMARA, "team"))
    assert "No task is open. Plan together who does what until when." in shown
    assert "Nobody waits for you." in shown
    assert "Nothing is planned yet." in words_of(ask(ports, AMARA, "plan"))
    assert "Nothing waits for anybody." in words_of(ask(ports, INES, "teams/plan"))


# --- pressing ---


def press(made: Space, who: Actor, path: str, **form: str) -> str:
    response = ask(made.ports, who, path, {"request_key": f"{path}{form}", **form})
    assert response.status == 200, words_of(response)
    return words_of(response)


def test_a_member_adds_a_task_begins_it_and_finishes_it() -> None:
    made = a_space()
    due = f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M}"
    shown = press(
        made, LINH, "plan/add", title="Call the utility", owner=LINH.person, due=due, milestone="m2"
    )
    assert "Call the utility" in shown
    (task,) = made.ports.rows(TASKS, owner=LINH.person)
    assert (task.due, task.milestone) == (NOW + timedelta(days=1), "m2")
    press(made, LINH, f"plan/tasks/{task.id}/move", state="done")
    (task,) = made.ports.rows(TASKS, owner=LINH.person)
    assert (task.state, task.done_by) == (TaskState.DONE, LINH.person)
    assert "Done (1)" in words_of(ask(made.ports, AMARA, "plan"))


def test_a_member_says_whom_a_task_waits_for_and_frees_it() -> None:
    made = a_space()
    task = run(made.ports, plans.add_task, LINH, made.activity.id, TaskWish("Sum up", LINH.person))
    form = {"title": "Sum up", "owner": LINH.person, "state": "blocked", "blocked_by": TOMAS.person,
            "blocked_for": "the table"}  # fmt: skip
    shown = press(made, LINH, f"plan/tasks/{task.id}", **form)
    assert "waits for Tomás: “the table”" in shown
    shown = press(made, TOMAS, f"plan/tasks/{task.id}/move", state="doing")
    assert "the table" not in shown


def test_what_was_typed_comes_back_when_a_task_is_refused() -> None:
    made = a_space()
    form = {"request_key": "k", "title": "Sum up all of it", "owner": LINH.person, "state": "blocked"}
    response = ask(made.ports, LINH, f"plan/tasks/{made.task.id}", form)
    assert response.status == 422
    assert "Choose whom it waits for" in words_of(response)
    (box,) = [one for one in Part.of(response).inputs if one.get("name") == "title"]
    assert box["value"] == "Sum up all of it"


def test_a_milestone_is_reached_by_one_press_and_taken_back_by_another() -> None:
    made = a_space()
    shown = press(made, AMARA, "plan/milestone", milestone="m1", reached="yes")
    assert "reached today" in shown
    assert made.ports.rows(TEAM_MILESTONES)[0].by == AMARA.person
    press(made, TOMAS, "plan/milestone", milestone="m1", reached="no")
    assert made.ports.rows(TEAM_MILESTONES) == []


def test_a_press_twice_makes_one_task() -> None:
    made = a_space()
    before = len(made.ports.rows(TASKS))
    for _time in range(2):
        press(made, LINH, "plan/add", title="Once")
    assert len(made.ports.rows(TASKS)) == before + 1


# --- the course staff ---


def test_staff_read_milestones_blockers_and_ages_of_a_team() -> None:
    made = a_space()
    made.ports.clock.advance(days=2)
    shown = words_of(ask(made.ports, INES, f"teams/{made.blue.id}"))
    assert "Measured at three points late" in shown
    assert "late by 27 hours" in shown
    assert "waits for Amara: “the marlinspike”" in shown
    assert "2 days" in shown
    assert "6.2, the mean of five statements from 1 to 9 (3 answers)" in shown


def test_staff_read_what_waits_longest_in_all_teams(space: Space) -> None:
    shown = words_of(ask(space.ports, INES, "teams/plan"))
    assert "Blue Ledger" in shown
    assert "1 task waits." in shown
    assert "0 of 2" in shown
    assert TASK not in words_of(ask(space.ports, JONAS, "teams/plan"))


def test_staff_cannot_change_what_they_read(space: Space) -> None:
    page = ask(space.ports, INES, f"teams/{space.blue.id}/plan")
    assert [form for form in Part.of(page).forms if form["method"] == "post"] == []
    for path in ("plan/add", "plan/milestone", f"plan/tasks/{space.task.id}/move"):
        form = {"request_key": "k", "title": "Mine", "milestone": "m1", "reached": "yes", "state": "done"}
        assert ask(space.ports, INES, path, form).status in (403, 404)


# --- the settings ---


def test_an_author_writes_milestones_and_turns_check_ins_off() -> None:
    ports = world(NOW)
    activity = an_assignment(ports)
    page = ask(ports, INES, "settings")
    part = Part.of(page)
    form = {
        one["name"]: one.get("value", "")
        for one in part.inputs
        if one.get("name") and one.get("type") not in ("checkbox", "radio", "file")
    } | part.areas
    form |= {
        "request_key": "k", "seen": str(activity.settings_number), "way_shown": "yes", "check_in_days": "14",
        "milestone_title-1": "Measured", "milestone_due-1": "2026-11-20T12:00", "team_join": "self",
        "submit_rule": "any",
    }  # fmt: skip
    answer = ask(ports, INES, "settings/save", form)
    assert answer.status == 200, words_of(answer)
    saved = ports.rows(ACTIVITIES)[0].settings
    assert [(m.id, m.title) for m in saved.milestones] == [("m1", "Measured")]
    assert (saved.check_in.on, saved.check_in.every_days) == (False, 14)
    shown = ask(ports, INES, "settings/save", {**form, "seen": "3", "milestone_title-1": ""})
    assert shown.status == 422
    assert "A milestone needs a name" in words_of(shown)
