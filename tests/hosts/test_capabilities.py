"""What is built, told once for both hosts: each test runs in the LTI tool and in the Open edX block."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.hosts.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)

# --- teams ---


def test_crossed_sizes_are_refused_and_a_teams_size_holds(house: House) -> None:
    refused = house.set({"team_min": "9", "team_max": "2"}, status=422)
    assert "Sizes must rise" in refused.text

    house.set({"team_min": "1", "team_ideal": "2", "team_max": "2"})
    house.team("amara", "tomas")
    home = house.show("linh")
    assert not re.search(r'action="team/[0-9a-f]+/join"', home.page.source)


def test_learners_found_join_ask_invite_and_leave(house: House) -> None:
    house.team("amara", "tomas")
    house.press("amara", "team/about", "team/about", {"open": "no"})
    house.press("linh", "", r"team/[0-9a-f]+/ask")
    accepted = house.press("tomas", "", r"asking/.*/accept")
    assert "Vũ Thùy Linh" in accepted.text

    house.press("sofia", "team/card", "team/card", {"pitch": "I read meters by night."})
    invite = house.show("amara", "team/invite")
    (form,) = (form for form in invite.page.forms if form.method == "post")
    assert house.host.post("amara", form.action, form.filled({}))[0] == 200
    house.press("sofia", "", r"asking/.*/accept")
    assert "Sofia Lindqvist" in house.show("tomas").text
    house.press("tomas", "team/leave", "team/leave", {"reason": "Too many at once."})
    assert "Tomás Rivera" not in house.show("amara").page.source.partition("Your team")[2]


def test_a_freed_seat_goes_to_the_first_who_waits(house: House) -> None:
    house.set({"team_min": "1", "team_ideal": "2", "team_max": "2"})
    house.team("amara", "tomas")
    house.press("linh", "", r"team/[0-9a-f]+/wait")
    house.press("linh", "team/card", "team/card", {"pitch": "I read meters by night."})
    assert "I read meters by night." in house.show("sofia").text

    house.press("tomas", "team/leave", "team/leave", {"reason": "Another course."})

    assert "Blue Ledger" in house.show("linh", "draft").text
    assert "I read meters by night." not in house.show("sofia").text


def test_a_file_of_teams_is_tried_first_and_an_export_changes_nothing(house: House) -> None:
    for who in ("amara", "tomas", "linh"):
        house.show(who)
    wrong = b"user,team_set,team,role\namara,,Blue Ledger,leader\nnobody,,Blue Ledger,\n"
    tried = house.press("ines", "teams/file", "teams/file", {"file": wrong})
    assert "3" in tried.text
    assert "nobody" in tried.text
    assert "Blue Ledger" not in house.show("ines", "teams").text

    right = b"user,team_set,team,role\namara,,Blue Ledger,leader\ntomas,,Blue Ledger,\n"
    tried = house.press("ines", "teams/file", "teams/file", {"file": right})
    apply = next(form for form in tried.page.forms if form.buttons[0][2] == "apply")
    assert house.host.post("ines", apply.action, apply.filled({}))[0] == 200
    assert "Blue Ledger" in house.show("ines", "teams").text

    status, exported = house.host.get("ines", "teams/export")
    assert status == 200
    again = house.press("ines", "teams/file", "teams/file", {"file": exported.encode()})
    assert "People who would be placed or moved 0" in again.text


def test_staff_split_those_without_a_team_and_move_somebody(house: House) -> None:
    for who in ("amara", "tomas", "linh", "sofia", "mehmet"):
        house.show(who)
    house.set({"team_min": "1", "team_ideal": "2", "team_max": "3"})
    house.press("ines", "teams", "teams/split")
    for who in ("amara", "tomas", "linh", "sofia", "mehmet"):
        assert "Your team" in house.show(who).text

    team = next(a for _, a in house.show("ines", "teams").page.links if re.match("#/teams/[0-9a-f]+$", a))
    shown = house.show("ines", team.removeprefix("#/"))
    form = shown.page.form(shown.action(r"teams/.*/move"))
    assert {"person", "to"} <= {name for name, _ in form.values}


def test_who_leaves_loses_the_draft_and_keeps_what_names_them(house: House) -> None:
    house.team("amara", "tomas", "linh")
    house.write("amara")
    house.hand_in("amara")
    submission = house.show("linh").link("Read what is handed in")

    house.press("linh", "team/leave", "team/leave", {"reason": "Moving on."})

    assert "Forty litres" in house.show("linh", submission).text
    house.show("linh", "draft", status=403)


def test_a_team_is_known_by_one_name_and_its_motto(house: House) -> None:
    house.team("amara", "tomas")
    taken = house.press("linh", "team/found", "team/found", {"name": "BLUE  ledger"}, status=409)
    assert "Another team is called" in taken.text
    house.press("amara", "team/about", "team/about", {"motto": "Every litre has a name."})
    assert "Every litre has a name." in house.show("tomas").text


# --- writing and handing in ---


def test_two_who_write_at_once_lose_nothing(house: House) -> None:
    house.team("amara", "tomas")
    house.write("amara", "The night flow was measured once.")
    mine, theirs, later = (house.show(who, "draft") for who in ("amara", "tomas", "tomas"))
    boxes = [name for name, _ in mine.page.form("draft").values if name.startswith("text-")]

    house.press("amara", "", "draft", {boxes[0]: "The night flow was measured three times."}, screen=mine)
    house.press("tomas", "", "draft", {boxes[1]: "It would cost two people and a van."}, screen=theirs)
    text = house.show("amara", "draft").text
    assert "measured three times" in text
    assert "two people and a van" in text

    stale = house.press(
        "tomas", "", "draft", {boxes[0]: "The night flow was never measured."}, screen=later, status=409
    )
    assert "measured three times" in stale.text
    assert "never measured" in stale.text


def test_every_save_is_a_version_that_can_be_read(house: House) -> None:
    house.team("amara", "tomas")
    house.write("amara", "First.")
    house.write("tomas", "Second.")
    versions = house.show("amara", "versions")
    assert "Amara Okafor" in versions.text
    assert "Tomás Rivera" in versions.text
    first = [address for _, address in versions.page.links if "versions/" in address][-1]
    assert "First." in house.show("amara", first.removeprefix("#/")).text


def test_all_confirm_and_an_objection_opens_the_draft_again(house: House) -> None:
    house.set({"submit_rule": "all"})
    house.team("amara", "tomas")
    house.write("amara")
    house.hand_in("amara")
    house.press("tomas", "confirm", "confirm/object", {"reason": "The second figure is wrong."})
    house.host.deliver()
    assert "The second figure is wrong." in house.show("amara").text

    house.hand_in("amara")
    house.press("tomas", "confirm", "confirm", button="Confirm")
    assert "Handed in" in house.show("amara").text


def test_a_team_of_one_goes_all_the_way(house: House) -> None:
    house.set({"team_min": "1", "submit_rule": "all"})
    house.released("amara", below=0)
    assert "100" in house.show("amara", "result").text
    assert house.marks() == {"Amara Okafor": "100"}


def test_each_member_reads_what_lateness_costs_them_and_staff_give_more_time(house: House) -> None:
    soon = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%dT%H:%M")
    house.team("amara", "tomas")
    team = house.show("ines", "teams").link("Blue Ledger")
    house.press("ines", team, r"teams/.*/extend", {"due": soon, "reason": "Ill in the second week."})
    assert "Ill in the second week." in house.show("ines", team).text
    house.write("amara")
    dialog = house.show("amara", "hand-in")
    assert "Tomás Rivera" in dialog.text


# --- grades ---


def test_marks_lock_the_structure_of_a_rubric_but_not_its_words(house: House) -> None:
    house.released("amara", "tomas")
    form = house.show("ines", f"{house.host.settings}settings").page.form("settings/save")
    weight = next(name for name, _ in form.values if name.startswith("criterion_weight-"))
    house.set({weight: "77"})
    held = house.show("ines", f"{house.host.settings}settings" if house.name == "lti" else "settings")
    assert "Some of it is not in force." in held.text


def test_a_result_says_how_it_was_made_and_an_override_why(house: House) -> None:
    house.released("amara", "tomas")
    result = house.show("amara", "result")
    assert "How your grade was made" in result.text
    before = house.marks()["Amara Okafor"]

    grades = house.show("ines", "grades").page.source
    (path,) = re.findall(r"Amara Okafor.*?#/(grades/[0-9a-f]+/override)", grades, re.DOTALL)
    house.press("ines", path, r"grades/.*/override", {"value": "91.5", "reason": ""}, status=422)
    house.press("ines", path, r"grades/.*/override", {"value": "91.5", "reason": "Found the valve."})

    assert "Found the valve." in house.show("amara", "result").text
    marks = house.marks()
    assert marks["Amara Okafor"] == "91.5"
    assert marks["Tomás Rivera"] == before


def test_a_released_grade_reaches_the_gradebook_for_every_member(house: House) -> None:
    house.released("amara", "tomas", "linh")
    marks = house.marks()
    assert set(marks) == {"Amara Okafor", "Tomás Rivera", "Vũ Thùy Linh"}
    assert len(set(marks.values())) == 1


# --- people and settings ---


def test_staff_name_a_ta_and_exclude_somebody(house: House) -> None:
    house.team("amara", "tomas")
    people = house.show("ines", "people")
    assert "Tomás Rivera" in people.text
    tomas = people.link("Tomás Rivera")
    house.press("ines", tomas, r"people/.*/exclude", {"reason": ""}, status=422)
    house.press("ines", tomas, r"people/.*/exclude", {"reason": "Left the programme."})
    assert "Tomás Rivera" not in house.show("amara").page.source.partition("Your team")[2]
    house.press("ines", people.link("Amara Okafor"), r"people/.*/name")
    assert "teaching assistant" in house.show("ines", "people").text


def test_a_setting_says_beforehand_when_it_is_locked_and_the_rule_of_handing_in_then_stays(
    house: House,
) -> None:
    form = house.show("ines", f"{house.host.settings}settings")
    assert "Until the first team hands in." in form.text
    house.team("amara", "tomas")
    house.write("amara")
    house.hand_in("amara")
    house.set({"submit_rule": "leader"})
    house.show("amara")
    held = house.show("ines", "settings")
    assert "Some of it is not in force." in held.text


def test_a_goal_that_is_missing_is_named_before_publishing(house: House) -> None:
    house.set({"goal": ""})
    form = house.show("ines", f"{house.host.settings}settings")
    assert [address for _, address in form.page.links if "field-goal" in address]


# --- what holds everywhere ---


def test_a_guessed_address_is_refused_with_a_sentence(house: House) -> None:
    house.team("amara", "tomas")
    assert "Only the course staff" in house.show("amara", "grading", status=403).text
    house.show("sofia", "draft", status=403)
    assert "no longer here" in house.show("amara", f"submission/{'0' * 32}", status=404).text


def test_the_same_press_twice_has_one_effect(house: House) -> None:
    form = house.show("amara", "team/found")
    house.press("amara", "", "team/found", {"name": "Blue Ledger"}, screen=form)
    house.press("amara", "", "team/found", {"name": "Blue Ledger"}, screen=form)
    teams = {a for _, a in house.show("ines", "teams").page.links if re.match("#/teams/[0-9a-f]+$", a)}
    assert len(teams) == 1


def test_what_was_typed_is_still_there_after_a_refusal(house: House) -> None:
    long_motto = "Every litre has a name. " * 10
    refused = house.press(
        "amara", "team/found", "team/found", {"name": "Blue Ledger", "motto": long_motto}, status=422
    )
    assert "Blue Ledger" in refused.page.source
    assert "Every litre has a name." in refused.page.source


def test_people_read_times_on_their_own_clocks(house: House) -> None:
    house.team("amara", "tomas")
    assert "Lagos time" in house.show("amara").text
    tomas = house.show("tomas").text
    assert "Bogota time" in tomas
    assert re.search(r"Lagos, \d\d:\d\d", tomas)


def test_who_came_and_went_is_told_and_put_away(house: House) -> None:
    house.team("amara", "tomas")
    house.host.deliver()
    assert "Tomás Rivera joined Blue Ledger" in house.show("amara").text
    house.press("amara", "", "notices/read")
    assert "Tomás Rivera joined Blue Ledger" not in house.show("amara").text
