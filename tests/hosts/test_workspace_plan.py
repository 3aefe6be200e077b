"""Working together, told once for both hosts: plan, check-in, discussion, log and card."""

from __future__ import annotations

import re

import pytest

from demo.visitor import Page
from tests.hosts.conftest import NAMES, House, Screen

pytestmark = pytest.mark.django_db(transaction=True)
STATEMENTS = ("step", "fair", "voice", "time", "together")


def key_of(screen: Screen, who: str, field: str) -> str:
    """The value that stands for somebody in a list to choose from."""
    box = re.search(rf'<select id="field-{field}".*?</select>', screen.page.source, re.DOTALL)
    assert box, screen.text[:400]
    found = re.search(rf'<option value="([^"]+)"[^>]*>{NAMES[who]}', box[0])
    assert found, box[0]
    return found[1]


def a_task(house: House, who: str, title: str, owner: str = "") -> str:
    """Write a task down; returns where it is changed."""
    shown = house.show(who, "plan")
    fields = {"title": title}
    if owner:
        fields["owner"] = key_of(shown, owner, "owner")
    after = house.press(who, "plan", "plan/add", fields, screen=shown)
    (path,) = [
        address.removeprefix("#/")
        for text, address in after.page.links
        if address.startswith("#/plan/tasks/") and title in _row(after, address)
    ]
    return path


def _row(screen: Screen, address: str) -> str:
    source = screen.page.source
    return source[source.rindex("<li", 0, source.index(address)) : source.index(address)]


def one_press(house: House, who: str, path: str, words: str) -> Screen:
    """Press the one button of a page that says these words."""
    (form,) = [
        form
        for form in house.show(who, path).page.forms
        if any(words in text for text, _name, _value in form.buttons)
    ]
    status, body = house.host.post(who, form.action, form.filled({}))
    assert status == 200
    return Screen(status, Page(body))


def check_in(house: House, who: str, *numbers: int, **more: str) -> Screen:
    answers = {f"answer-{one}": str(n) for one, n in zip(STATEMENTS, numbers, strict=True)}
    return house.press(who, "check-in", "check-in", {**answers, **more})


def team_of(house: House) -> str:
    """The path of the team's page for the course staff."""
    shown = house.show("ines", "teams")
    return next(a.removeprefix("#/") for _, a in shown.page.links if re.match("#/teams/[0-9a-f]+$", a))


# --- B5: milestones and tasks ---


def test_a_task_that_waits_is_the_first_thing_read_by_whoever_it_waits_for(house: House) -> None:
    house.set(
        {
            "milestone_title-1": "Measured at three points", "milestone_due-1": "2099-12-18T12:00",
            "milestone_title-2": "", "milestone_due-2": "",
        }
    )  # fmt: skip
    house.team("amara", "tomas", "linh")
    task = a_task(house, "tomas", "Fill in the budget table", owner="tomas")
    shown = house.show("tomas", task)
    blocked = {
        "state": "blocked",
        "blocked_by": key_of(shown, "amara", "blocked_by"),
        "blocked_for": "part 3",
    }
    house.press("tomas", task, re.escape(task), blocked, screen=shown)
    house.host.deliver()

    home = house.show("amara")
    assert "Tomás Rivera waits for you: “Fill in the budget table” needs “part 3”." in home.text
    assert "Measured at three points" in home.text
    assert "Nobody waits for you" not in home.text
    assert "You wait for Amara Okafor" in house.show("tomas").text

    page = team_of(house)
    staff = house.show("ines", page)
    assert "waits for Amara Okafor: “part 3”" in staff.text
    assert "Measured at three points" in staff.text
    assert "Fill in the budget table" in house.show("ines", "teams/plan").text

    freed = one_press(house, "amara", "plan", "It can go on")
    assert "waits for you" not in freed.text
    assert "waits for you" not in house.show("amara").page.source.partition("New for you")[0]
    assert "Nothing waits for anybody." in house.show("ines", "teams/plan").text
    house.press("linh", "plan", "plan/milestone", {"milestone": "m1", "reached": "yes"})
    assert "1 of 1" in house.show("ines", "teams/plan").text
    for who in ("sofia", "mehmet"):
        house.show(who, "plan", status=403)
        house.show(who, f"{page}/plan", status=403)
        house.show(who, task, status=403)
        house.show(who, "teams/plan", status=403)


# --- B7: the contribution log ---


def test_the_log_tells_what_each_did_beside_their_own_words_and_is_no_score(house: House) -> None:
    house.team("amara", "tomas")
    house.write("amara", "Forty litres a second leave the pipe.")
    task = a_task(house, "tomas", "Count the meters", owner="tomas")
    house.press("tomas", task, re.escape(task), {"state": "done"})
    house.press("tomas", "discussion", "discussion/new", {"title": "Meters", "text": "There are twelve."})
    house.press("tomas", "contributions", "contributions/remark", {"remark": "I walked all twelve streets."})
    log = house.show("amara", "contributions").text
    assert log.index("This is never a score.") < log.index("Edits")
    assert "I walked all twelve streets." in log
    tomas = log[log.index("Tomás Rivera") :]
    assert tomas.startswith("Tomás Rivera 0 0 1 0 1 0")
    assert "I walked all twelve streets." in house.show("ines", f"{team_of(house)}/contributions").text
    house.show("linh", f"{team_of(house)}/contributions", status=403)


# --- B10: the discussion ---


def test_a_thread_names_somebody_is_decided_changed_and_left(house: House) -> None:
    house.team("amara", "tomas", "linh")
    thread = house.press(
        "amara", "discussion", "discussion/new", {"title": "Who calls?", "text": "@Tomás Rivera, can you?"}
    )
    assert "and the course staff can read this." in thread.text
    path = next(form.action for form in thread.page.forms if form.action.endswith("/reply"))
    where = path.removesuffix("/reply")
    house.host.deliver()
    assert "Amara Okafor names you in your team’s discussion." in house.show("tomas").text
    assert "Discussion (1 new)" in house.show("linh").text

    answered = house.press("tomas", where, re.escape(path), {"text": "I call on Monday at nine."})
    pin = [form.action for form in answered.page.forms if form.action.endswith("/pin")][-1]
    house.press("linh", where, re.escape(pin))
    assert "Decided: I call on Monday at nine." in house.show("amara").text
    assert "I call on Monday at nine." in house.show("amara", "decisions").text

    edit = where + "/edit"
    house.press("amara", edit, re.escape(edit), {"title": "Who calls them?", "text": "Can you, Tomás?"})
    assert "Who calls them?" in house.show("linh", where).text
    house.show("tomas", edit, status=403)

    assert "I call on Monday at nine." in house.show("ines", f"{team_of(house)}/{where}").text
    house.press("tomas", "team/leave", "team/leave", {"reason": "Another course."})
    house.show("tomas", where, status=403)
    kept = house.show("tomas", "kept").text
    assert "I call on Monday at nine." in kept
    assert "Can you, Tomás?" not in kept
    assert "waits" not in kept

    house.join("sofia")
    assert "I call on Monday at nine." in house.show("sofia", where).text
    gone = house.press("amara", where, re.escape(f"{where}/delete"))
    assert "Deleted by its writer" in gone.text
    assert "Can you, Tomás?" not in gone.text


# --- B11: the check-in ---


def test_a_check_in_is_told_in_means_from_three_answers_on(house: House) -> None:
    house.team("amara", "tomas", "linh")
    page = team_of(house)
    check_in(house, "amara", 9, 6, 6, 6, 6)
    second = check_in(
        house, "tomas", 8, 6, 6, 6, 6, problem="yes", note="Between us and you.", note_for="staff"
    )
    assert "shown from 3 answers on" in second.text
    house.host.deliver()
    assert "Somebody in Blue Ledger says: we have a problem." not in house.show("linh").text
    staff = house.show("ines", f"{page}/check-ins").text
    assert "Somebody says: we have a problem." in staff
    assert "Between us and you." in staff
    assert "8.5" not in staff
    assert "Between us and you." not in house.show("amara", "check-in").text

    third = check_in(house, "linh", 4, 6, 6, 6, 6)
    assert "7.0" in third.text
    assert "6.2" in third.text
    assert "6.2" in house.show("ines", page).text
    again = check_in(house, "amara", 3, 6, 6, 6, 6)  # changed within its week
    assert "5.0" in again.text
    for who in ("sofia", "mehmet"):
        house.show(who, "check-in", status=403)
        house.show(who, f"{page}/check-ins", status=403)


# --- B12: the identity card ---


def test_a_card_shows_what_one_wants_to_the_team_and_staff_and_nothing_hidden(house: House) -> None:
    house.team("amara", "tomas")
    page = team_of(house)
    card = {
        "chosen_name": "Tom", "pronouns": "he/him", "helps": "Budgets and maps",
        "link": "https://example.org/tom",
    }  # fmt: skip
    house.press("tomas", "card/me", "card/me", card)
    for screen in (house.show("amara"), house.show("ines", page)):
        assert "Tom Tomás Rivera he/him" in screen.text
        assert "Bogota" in screen.text
        assert "Can help with: Budgets and maps" in screen.text
        assert "example.org/tom" in screen.text
    assert "Budgets and maps" not in house.show("linh").text

    hidden = {**card, "hide_pronouns": "yes", "hide_zone": "yes", "hide_link": "yes"}
    house.press("tomas", "card/me", "card/me", hidden)
    for screen in (house.show("amara"), house.show("ines", page), house.show("linh")):
        assert "he/him" not in screen.text
        assert "Bogota" not in screen.text
        assert "example.org/tom" not in screen.page.source
        assert "Tomás Rivera" in screen.text  # a name cannot be hidden from those one works with
    refused = house.press("tomas", "card/me", "card/me", {"link": "example.org"}, status=422)
    assert "A link begins with https://" in refused.text
