"""Teams out of a survey, told once for both hosts: formed, reviewed, changed, published, taken back."""

from __future__ import annotations

import re
import time

import pytest

from coursecrew.app.formation_work import work_on_formations
from tests.hosts.conftest import House, LtiHost, Screen
from tests.lti.conftest import find

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = {
    "amara": "Mon 18-21, Sat 9-12",
    "tomas": "Mon 18-21, Tue 8-10",
    "linh": "Wed 9-12",
    "sofia": "Wed 9-12, Sat 9-12",
}


def form_now(house: House) -> None:
    """Let the worker of the host form teams; in the workbench it has done so already."""
    if isinstance(house.host, LtiHost):
        tool = house.host.tool
        for registration in {row.registration for row in find(tool, "COURSE")}:
            work_on_formations(tool.ports(registration), stopwatch=time.perf_counter)


def ask_them(house: House) -> None:
    """Teams of two are formed out of a usual survey, which four people answer."""
    sizes = {"team_min": "2", "team_ideal": "2", "team_max": "3", "team_join": "formed"}
    house.set(sizes)
    settings = f"{house.host.settings}settings/survey"
    form = house.show("ines", settings).page.form("settings/survey/usual")
    assert house.host.post("ines", f"{settings}/usual", form.filled({}))[0] == 200
    for who, hours in HOURS.items():
        shown = house.show(who, "survey")
        form = shown.page.form("survey/save")
        typed = {"q-hours-text": hours, "q-hours-zone": "UTC", "agreed": "yes"}
        filled = form.filled(typed, "Save")
        assert house.host.post(who, "survey/save", filled)[0] == 200


def form_teams(house: House, **changes: str) -> tuple[str, Screen]:
    """Press "Form teams", let them be formed, and look at them; answers the run's path, too."""
    begun = house.press("ines", "teams/forming", "teams/forming/start", changes)
    form_now(house)
    path = begun.page.marks["part"]["data-path"]
    shown = house.show("ines", path)
    assert "Look at the teams before you publish them" in shown.text
    return path, shown


def teams_in(shown: Screen, run: str) -> list[str]:
    """Paths of the proposed teams, the weakest first."""
    found = re.findall(rf"{run}/teams/[0-9a-f]+(?=\")", shown.page.source)
    return list(dict.fromkeys(found))


def members_of(house: House, team: str) -> list[str]:
    """The id of a proposed team and the keys of its members, from the links beside their names."""
    found = re.findall(
        r"swap\?one=([0-9a-f]+)&(?:amp;)?person=([0-9a-f-]+)", house.show("ines", team).page.source
    )
    return [found[0][0], *dict.fromkeys(person for _, person in found)]


def test_teams_are_formed_reviewed_changed_and_published(house: House) -> None:
    ask_them(house)
    assert "Form teams" in house.show("ines").text
    assert "Only instructors form teams" in house.show("amara", "teams/forming", status=403).text

    run, shown = form_teams(house)
    assert "Publish 2 teams" in shown.text
    assert "4 of 4 learners answered the survey." in shown.text
    # Two pairs have three hours in common, and no other teams have that.
    for names in (("Amara Okafor", "Tomás Rivera"), ("Vũ Thùy Linh", "Sofia Lindqvist")):
        assert any(
            all(name in house.show("ines", team).text for name in names) for team in teams_in(shown, run)
        )
    assert "3 of 3 hours" in shown.text
    assert house.show("amara", "draft", status=403)

    first, second = (members_of(house, team) for team in teams_in(shown, run))
    asked = f"{run}/swap?one={first[0]}&person={first[1]}&other={second[0]}&partner={second[1]}"
    tried = house.show("ines", asked)
    assert "worse" in tried.text
    assert "0 of 3 hours" in tried.text
    swapped = house.press("ines", asked, rf"{run}/exchange", screen=tried)
    assert "The two have changed places." in swapped.page.source
    assert "0 of 3 hours" in swapped.text

    published = house.press("ines", f"{run}/publish", rf"{run}/publish")
    assert "2 teams are published" in published.text
    house.host.deliver()
    assert house.show("amara", "draft").status == 200
    assert "You are in Team" in house.show("amara").page.source


def test_two_runs_are_compared_and_a_locked_team_stays(house: House) -> None:
    ask_them(house)
    one, shown = form_teams(house)
    kept = next(team for team in teams_in(shown, one) if "Amara Okafor" in house.show("ines", team).text)
    locked = house.press("ines", kept, r".*/lock")
    assert "is locked: nobody is moved in or out." in locked.page.source

    apart = "Vũ Thùy Linh, Sofia Lindqvist"
    refused = house.press("ines", "teams/forming", "teams/forming/start", {"apart": apart}, status=422)
    assert "2 teams" in refused.text or "apart" in refused.text
    assert apart in refused.page.source

    two, shown = form_teams(house, together=apart)
    both = [house.show("ines", team).text for team in teams_in(shown, two)]
    assert any("locked" in text and "Amara Okafor" in text and "Tomás Rivera" in text for text in both)
    compared = house.show(
        "ines", f"teams/forming/compare?one={one.split('/')[-1]}&other={two.split('/')[-1]}"
    )
    assert "Run 1 and run 2" in compared.text
    assert "other people together" in compared.text
    assert "0 learners have other team-mates." in compared.text


def test_published_teams_are_taken_back_until_the_first_hand_in(house: House) -> None:
    ask_them(house)
    run, _ = form_teams(house)
    house.press("ines", f"{run}/publish", rf"{run}/publish")
    assert house.show("amara", "draft").status == 200

    back = house.press("ines", f"{run}/take-back", rf"{run}/take-back")
    assert "Publish 2 teams" in back.text
    assert house.show("amara", "draft", status=403)

    house.press("ines", f"{run}/publish", rf"{run}/publish")
    asked = house.show("ines", f"{run}/take-back")
    house.write("amara")
    house.hand_in("amara")
    refused = house.press("ines", f"{run}/take-back", rf"{run}/take-back", screen=asked, status=409)
    assert "has handed in its work" in refused.text
    assert house.show("tomas", "draft").status == 200
