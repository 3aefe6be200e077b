"""Life after teams exist, told once for both hosts: late, away, merged by consent, back with one press."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.records import ACTIVITIES, MEMBERSHIPS, MERGERS, PARTICIPANTS, TEAMS, VISITS
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.schedule import Step, Window
from tests.hosts.conftest import NAMES, House
from tests.hosts.test_workspace_safety import find_with, ports_of, rows

pytestmark = pytest.mark.django_db(transaction=True)
BLUE, RED = "Forty litres a second leave the pipe, every night.", "Meters by night."


def key_of(house: House, who: str) -> str:
    (row,) = rows(house, PARTICIPANTS, name=NAMES[who])
    return str(row.person)


def let_days_pass(house: House, days: int, *but: str) -> None:
    """Everything so far happened days earlier; only these people have looked in since."""
    ago = timedelta(days=days)
    seen = {key_of(house, who) for who in but}
    ports = ports_of(house)
    now = ports.clock.now()
    with ports.transaction() as store:
        for activity in store.find(ACTIVITIES, limit=100):
            draft = activity.window(Step.DRAFT)
            opened = (draft.opens or now) - ago
            steps = {**activity.settings.steps, Step.DRAFT: Window(opened, draft.due, draft.closes)}
            published = activity.published_at - ago if activity.published_at else None
            settings = replace(activity.settings, steps=steps)
            store.save(ACTIVITIES, replace(activity, settings=settings, published_at=published))
        for row in store.find(MEMBERSHIPS, limit=1000):
            asked = row.asked_at - ago if row.asked_at else None
            store.save(MEMBERSHIPS, replace(row, since=row.since - ago, asked_at=asked))
        for visit in store.find(VISITS, limit=1000):
            if visit.person not in seen:
                store.save(VISITS, replace(visit, last_at=visit.last_at - ago))
    upkeep(ports)


def team_id(house: House, name: str) -> str:
    return next(str(row.id) for row in rows(house, TEAMS) if row.name == name)


def two_teams(house: House) -> None:
    """Blue Ledger (Amara, Tomás) and Red Kites (Linh, Sofia), each with a draft; two are enough."""
    house.set({"team_min": "2", "team_ideal": "3", "team_max": "4"})
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    house.write("amara", BLUE)
    house.write("linh", RED)


def two_vanish(house: House) -> None:
    """Tomás and Sofia are not seen for a week, asked, and inactive three days later."""
    two_teams(house)
    let_days_pass(house, 8, "amara", "linh")
    asked = {row.person for row in rows(house, MEMBERSHIPS) if row.asked_at}
    assert asked == {key_of(house, "tomas"), key_of(house, "sofia")}
    let_days_pass(house, 3, "amara", "linh")
    away = {row.person for row in rows(house, MEMBERSHIPS, active=False)}
    assert away == asked


def merged(house: House) -> None:
    """Both who are left agree that the two teams become one."""
    two_vanish(house)
    for who in ("amara", "linh"):
        home = house.show(who)
        assert "Shall Red Kites and Blue Ledger become one team?" in home.text
        house.press(who, "", r"merger/[0-9a-f]+/yes", screen=home)
    assert [row.state for row in rows(house, MERGERS)] == [MergerState.DONE]


def test_a_late_learner_is_placed_where_it_costs_least(house: House) -> None:
    house.set({"team_min": "2", "team_ideal": "2", "team_max": "3"})
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    house.write("linh", RED)
    house.hand_in("linh")
    house.show("mehmet")
    page = house.show("ines", "teams/late")
    assert NAMES["mehmet"] in page.text
    assert "Blue Ledger" in page.text
    assert "Red Kites" not in page.text, "who has handed in takes nobody"
    form = page.page.form("teams/late/place")
    assert house.host.post("ines", form.action, form.filled({}))[0] == 200
    home = house.show("mehmet")
    assert "Blue Ledger" in home.text
    house.host.deliver()
    assert "The course staff placed you in Blue Ledger." in house.show("mehmet").text
    assert "Everybody who takes part has a team." in house.show("ines", "teams/late").text


def test_two_people_vanish_and_their_team_is_merged_by_consent(house: House) -> None:
    merged(house)
    home = house.show("linh")
    assert "Team assignment · Blue Ledger" in home.text
    assert BLUE.split()[0] in house.show("linh", "draft").page.source
    house.press("amara", "hand-in", "hand-in", button="Hand in")
    house.score()
    house.release()
    assert set(house.marks()) == {NAMES["amara"], NAMES["linh"]}, "who vanished stands on nothing"


def test_somebody_who_was_away_is_back_with_one_press(house: House) -> None:
    two_vanish(house)
    assert "inactive since" in house.show("ines", f"teams/{team_id(house, 'Blue Ledger')}").text
    home = house.show("tomas")
    assert "You count as inactive; one press and you are back" in home.text
    back = house.press("tomas", "", "team/present", screen=home)
    assert "You count as inactive" not in back.text
    house.host.deliver()
    assert f"{NAMES['tomas']} is back in Blue Ledger." in house.show("amara").text


def test_old_work_stays_with_its_authors_after_a_merger(house: House) -> None:
    merged(house)
    old = f"team/before/{team_id(house, 'Red Kites')}"
    for who in ("linh", "sofia", "ines"):
        assert RED in house.show(who, old).page.source
    for who in ("amara", "tomas", "mehmet"):
        assert RED not in house.show(who, old, status=403).page.source
    assert old in house.show("linh").link("What Red Kites wrote")
    assert "What Red Kites wrote" not in house.show("amara").text
    versions = re.findall(rf"#/({old}/[0-9a-f]+)", house.show("linh", old).page.source)
    assert RED in house.show("linh", versions[0]).page.source
    house.show("amara", versions[0], status=403)


def test_staff_propose_a_merger_and_a_refusal_says_why(house: House) -> None:
    two_teams(house)
    path = f"teams/{team_id(house, 'Red Kites')}/merge"
    shown = find_with(house, "ines", path, **{"with": team_id(house, "Blue Ledger")})
    assert "4 of at most 4, 4 active" in shown.text
    form = shown.page.form(path)
    assert house.host.post("ines", path, form.filled({"why": "Few."}))[0] == 200
    assert "“Few.”" in house.show("sofia").text
    (row,) = rows(house, MERGERS)
    house.press(
        "ines", f"teams/mergers/{row.id}", r"teams/mergers/.*/settle", {"reason": "Not now."},
        button="Refuse, they stay two",
    )  # fmt: skip
    house.host.deliver()
    assert "stay two teams: “Not now.”" in house.show("amara").text
