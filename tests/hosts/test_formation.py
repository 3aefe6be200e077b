"""The survey before teams are formed, told once for both hosts: built, answered, read."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.hosts.conftest import House, Screen

pytestmark = pytest.mark.django_db(transaction=True)


def build(house: House, fields: dict[str, str], *, status: int = 200) -> Screen:
    """Send the author's form of the survey, in the tool or in Studio."""
    path = f"{house.host.settings}settings/survey"
    form = house.show("ines", path).page.form("settings/survey/save")
    return house._screen(*house.host.post("ines", f"{path}/save", form.filled(fields)), status)


def test_a_survey_is_built_answered_and_read(house: House) -> None:
    for who in ("tomas", "linh"):
        house.show(who)  # whoever was here can be named
    house.set({"team_min": "2", "team_ideal": "2", "team_max": "3"})

    # The author: a usual survey in one press, a question more, one less, and a fault that is named.
    path = f"{house.host.settings}settings/survey"
    usual = house.show("ines", path).page.form("settings/survey/usual")
    filled = house._screen(*house.host.post("ines", f"{path}/usual", usual.filled({})), 200)
    assert "7 questions are asked" in filled.text
    assert "nobody is the only one in a team with one of the answers “Woman” and “Man”" in filled.text
    added = build(
        house,
        {
            "act": "add",
            "question_kind-new": "choice",
            "question_title-new": "Where do you live?",
            "question_options-new": "City\nCoast",
        },
    )
    assert "Where do you live?" in added.text
    refused = build(house, {"question_options-8": "City; Coast"}, status=422)
    assert "an answer may have no semicolon" in refused.text
    build(house, {"act": "remove-4"})
    assert "Which topics would you like most?" not in house.show("ines", path).text
    wishes = f"{house.host.settings}settings/wishes"
    form = house.show("ines", wishes).page.form("settings/wishes/save")
    sent = form.filled({"late_joiners": "offer", "wish-hours-shared-amount": "2"})
    assert house.host.post("ines", f"{wishes}/save", sent)[0] == 200
    assert "At least 2 hours a week in common." in house.show("ines", path).text
    house.set({"team_join": "formed"})

    # A learner: the next step, a refusal that keeps what was typed, and what was saved.
    home = house.show("amara")
    assert "Answer 7 questions" in home.text
    shown = house.show("amara", "survey")
    (place,) = set(re.findall(r'name="(q-q[0-9a-f]{10})" value="o:Coast"', shown.page.source))
    answers = {
        "q-hours-text": "Mon 18-21, Wed 6-8 and 20-22",
        "q-skills-1": "3",
        "q-gender": "own",
        "q-gender-own": "ptarmigan",
        "q-wanted-1": "Tomás Rivera",
        "q-unwanted-1": "Vũ Thùy Linh",
        place: "o:Coast",
    }
    refused = house.press("amara", "survey", "survey/save", answers, button="Save", status=422)
    assert "Without it nothing is stored." in refused.text
    assert "ptarmigan" in refused.page.source
    wrong = {**answers, "agreed": "yes", "q-hours-text": "whenever"}
    assert (
        "“whenever” cannot be read."
        in house.press("amara", "survey", "survey/save", wrong, button="Save", status=422).text
    )
    saved = house.press("amara", "survey", "survey/save", {**answers, "agreed": "yes"}, button="Save")
    assert "Nothing to do now" in saved.text
    assert "Mon 18–21; Wed 6–8, 20–22" in house.show("amara", "survey").text
    own = house.show("amara", "survey/mine").text
    assert "ptarmigan" in own
    assert "Vũ Thùy Linh" in own
    status, file = house.host.get("amara", "survey/mine/file")
    assert status == 200
    assert ["Your gender", "ptarmigan"] in list(csv.reader(io.StringIO(file)))

    # The course staff: how many, what they said, as a page and as a file; nothing under a lock.
    assert "1 person has answered the survey" in house.show("ines", "teaching").text
    read = house.show("ines", "survey/answers").text
    assert "Amara Okafor" in read
    assert "Coast" in read
    assert "Tomás Rivera" in read
    status, exported = house.host.get("ines", "survey/export")
    assert status == 200
    (row,) = csv.DictReader(io.StringIO(exported))
    assert row["Where do you live?"] == "Coast"
    for told in (read, exported, house.show("ines", path).text):
        assert "ptarmigan" not in told
    assert "Vũ Thùy Linh" not in read
    house.show("tomas", "survey/answers", status=403)
    house.show("ines", "survey/mine", status=403)

    # What people answered under a lock stays under it, whatever is saved afterwards.
    gender = next(n for n in range(1, 8) if f'name="question_id-{n}" value="gender"' in _source(house, path))
    open_ = house.show("ines", path).page.form("settings/survey/save")
    values = [(name, value) for name, value in open_.filled({}) if name != f"question_sensitive-{gender}"]
    house._screen(*house.host.post("ines", f"{path}/save", values), 200)
    house.show("amara", "survey")  # in Open edX the new settings are compared with those in force
    again = house.press("amara", "survey", "survey/save", {"q-gender-own": "dotterel"}, button="Save")
    assert "Nothing to do now" in again.text
    assert "dotterel" in house.show("amara", "survey/mine").text
    assert "dotterel" not in house.show("ines", "survey/answers").text


def _source(house: House, path: str) -> str:
    return house.show("ines", path).page.source
