"""The screens of people who come late, are away or come back, and of teams that become one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.absences import mark_by_hand
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mergers import decide_merger, propose_merger
from coursecrew.app.records import ASKINGS, MEMBERSHIPS, MERGERS, TEAMS, WORKS
from coursecrew.app.teams import place
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.people import Actor
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.wishes import Forming, Late
from coursecrew.ui.http import Response
from tests.builders import (
    AMARA,
    CLOSES,
    DUE,
    INES,
    KWAME,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    world,
)
from tests.ui.parts import Part, ask, faults, words_of

DAY = timedelta(days=1)
RULES = TeamRules(name="districts", min=3, ideal=3, max=5, lock_at=START + 2 * DAY)
NOOR, OMAR, PIA = (actor(name) for name in ("Noor", "Omar", "Pia"))
BLUE_TEXT = "Forty litres a second leave the pipe."
SECOND = replace(PLACED, place="place-2", name="second")
AFTERWARDS = {Step.DRAFT: Window(CLOSES, CLOSES + timedelta(days=9))}
RED_TEXT = "Meters by night."


def shown(ports: MemoryPorts, who: Actor, path: str = "team", *, status: int = 200, **query: str) -> Response:
    response = ask(ports, who, path, query=query)
    assert response.status == status, words_of(response)
    assert faults(response) == []
    return response


def pressed(ports: MemoryPorts, who: Actor, path: str, *, status: int = 200, **form: Any) -> Response:
    response = ask(ports, who, path, form)
    assert response.status == status, words_of(response)
    assert faults(response) == []
    return response


def said(response: Response) -> str:
    """What is announced after a press."""
    return Part.of(response).attributes["data-said"]


def two_small(ports: MemoryPorts) -> Activity:
    """Blue Ledger (Amara, Tomás) and Red Kites (Linh, Sofia) are proposed to become one."""
    activity = an_assignment(ports, teams=RULES)
    a_team(ports, activity, AMARA, TOMAS, draft=BLUE_TEXT)
    a_team(ports, activity, LINH, SOFIA, name="Red Kites", draft=RED_TEXT)
    ports.clock.move_to(START + 3 * DAY)
    upkeep(ports)
    return activity


def merger_id(ports: MemoryPorts) -> str:
    return ports.rows(MERGERS)[0].id


def called(ports: MemoryPorts, name: str) -> str:
    return next(team.id for team in ports.rows(TEAMS) if team.name == name)


def everybody_agrees(ports: MemoryPorts) -> None:
    for who in (AMARA, TOMAS, LINH, SOFIA):
        pressed(ports, who, f"merger/{merger_id(ports)}/yes")


# --- away and back ---


def test_somebody_inactive_reads_first_how_to_be_back_and_one_press_does_it() -> None:
    ports = world()
    activity = two_small(ports)
    blue = called(ports, "Blue Ledger")
    run(ports, mark_by_hand, INES, activity.id, blue, TOMAS.person, active=False, reason="Ill until May.")
    home = shown(ports, TOMAS)
    assert "You count as inactive; one press and you are back" in words_of(home)
    assert "Ill until May." not in words_of(home), "the reason is for staff alone"
    assert "Say first that you are back" in words_of(home)
    back = pressed(ports, TOMAS, "team/present")
    assert said(back) == "You count as active in your team."
    assert "You count as inactive" not in words_of(back)


def test_somebody_who_is_asked_reads_that_being_there_answers_it() -> None:
    ports = world()
    an_assignment(ports, teams=replace(RULES, min=2))
    (activity,) = {row.id: row for row in [come_in(ports, AMARA)]}.values()
    a_team(ports, activity, AMARA, TOMAS)
    ports.clock.advance(days=8)
    upkeep(ports)
    home = shown(ports, TOMAS)
    assert "we asked whether you are still there" in words_of(home)
    assert "we asked" not in words_of(pressed(ports, TOMAS, "team/present"))
    (row,) = ports.rows(MEMBERSHIPS, person=TOMAS.person)
    assert row.asked_at is None


def test_staff_read_since_when_and_why_somebody_is_inactive_and_mark_it_by_hand() -> None:
    ports = world()
    two_small(ports)
    blue = called(ports, "Blue Ledger")
    page = f"teams/{blue}"
    refused = pressed(
        ports, INES, f"{page}/presence", status=422, member=TOMAS.person, state="away", reason=""
    )
    assert "Say why, in a sentence." in words_of(refused)
    marked = pressed(
        ports, INES, f"{page}/presence", member=TOMAS.person, state="away", reason="Ill until May."
    )
    assert "inactive since" in words_of(marked)
    assert "“Ill until May.”" in words_of(marked)
    assert "1 active member, and a team here should have 3." in words_of(marked)
    listed = words_of(shown(ports, INES, "teams"))
    assert "Tomás (inactive)" in listed
    assert "below 3" in listed
    pressed(ports, INES, f"{page}/presence", member=TOMAS.person, state="here", reason="Well again.")
    assert "inactive since" not in words_of(shown(ports, INES, page))
    for who in (KWAME, AMARA, MEHMET):
        come_in(ports, who)
        pressed(ports, who, f"{page}/presence", status=403, member=TOMAS.person, state="away", reason="No.")


# --- two teams become one ---


def test_both_teams_read_who_why_and_what_happens_and_answer_by_a_press() -> None:
    ports = world()
    two_small(ports)
    for who in (AMARA, LINH):
        text = words_of(shown(ports, who))
        assert "Two teams wait for your answer" in text
        assert "Shall Red Kites and Blue Ledger become one team?" in text
        assert "at least 3 active members" in text
        assert "The draft of Blue Ledger goes on" in text
        assert "What Red Kites wrote lies beside it." in text
        assert RED_TEXT not in text or who is LINH
    answered = pressed(ports, AMARA, f"merger/{merger_id(ports)}/yes")
    assert said(answered) == "Your answer is kept."
    assert "You said yes." in words_of(answered)
    assert "1 of 2 said yes, 0 said no" in words_of(shown(ports, TOMAS))
    assert "Two teams wait for your answer" not in words_of(shown(ports, AMARA))


def test_the_last_yes_joins_them_and_the_home_leads_to_what_the_old_team_wrote() -> None:
    ports = world()
    two_small(ports)
    everybody_agrees(ports)
    red = called(ports, "Red Kites")
    home = shown(ports, LINH)
    text = words_of(home)
    assert "Team assignment · Blue Ledger" in text
    assert "Welcome to Blue Ledger" in text
    assert f"#/team/before/{red}" in Part.of(home).links
    before = shown(ports, LINH, f"team/before/{red}")
    assert (
        RED_TEXT in Part.of(before).areas["text-where"]
        if "text-where" in Part.of(before).areas
        else str(before.body)
    )
    version = next(link for link in Part.of(before).links if link.startswith(f"#/team/before/{red}/"))
    assert RED_TEXT in str(shown(ports, SOFIA, version.removeprefix("#/")).body)


def test_nobody_else_of_the_joined_team_reads_it_and_a_guessed_id_tells_nothing() -> None:
    ports = world()
    two_small(ports)
    everybody_agrees(ports)
    red, blue = called(ports, "Red Kites"), called(ports, "Blue Ledger")
    come_in(ports, MEHMET)
    for who in (AMARA, TOMAS, MEHMET):
        assert f"team/before/{red}" not in str(shown(ports, who).body)
        response = shown(ports, who, f"team/before/{red}", status=403)
        assert RED_TEXT not in str(response.body)
    assert RED_TEXT in str(shown(ports, INES, f"team/before/{red}").body)
    shown(ports, LINH, f"team/before/{blue}", status=403)
    shown(ports, LINH, f"team/before/{'0' * 32}", status=404)
    shown(ports, LINH, f"team/before/{red}/{'0' * 32}", status=404)
    staff = words_of(shown(ports, INES, f"teams/{red}"))
    assert "This team became part of Blue Ledger." in staff


def test_old_work_stays_with_its_authors_and_each_reads_what_counts_for_them() -> None:
    ports = world()
    first = an_assignment(ports, teams=RULES)
    a_team(ports, first, AMARA, TOMAS, draft=BLUE_TEXT)
    a_team(ports, first, LINH, SOFIA, name="Red Kites", draft=RED_TEXT)
    submissions = {who: hand_in(ports, first, who) for who in (AMARA, LINH)}
    second = an_assignment(ports, placed=SECOND, teams=RULES, steps=AFTERWARDS)
    ports.clock.move_to(CLOSES + DAY)
    come_in(ports, AMARA, TOMAS, LINH, SOFIA, placed=SECOND)
    red, blue = called(ports, "Red Kites"), called(ports, "Blue Ledger")
    merger = run(ports, propose_merger, INES, second.id, red, blue, why="Few.")
    for who in (AMARA, TOMAS, LINH, SOFIA):
        run(ports, decide_merger, who, second.id, merger.id, agrees=True)

    came, there = (LINH, AMARA) if merger.team == red else (AMARA, LINH)
    not_theirs = BLUE_TEXT if there is AMARA else RED_TEXT
    home = words_of(shown(ports, came))
    assert "Your name stands on what your earlier team handed in" in home
    assert "It was handed in before your teams became one." in home
    for path in ("team", "draft", "versions", f"submission/{submissions[there]}"):
        response = shown(ports, came, path, status=200 if path == "team" else 403)
        assert not_theirs not in str(response.body)
    shown(ports, came, f"submission/{submissions[came]}")
    assert not_theirs in str(shown(ports, there).body)
    shown(ports, there, f"submission/{submissions[there]}")


def test_somebody_who_came_after_the_work_was_handed_in_reads_that_it_is_not_theirs() -> None:
    ports = world()
    activity = an_assignment(ports, teams=RULES)
    a_team(ports, activity, AMARA, TOMAS, draft=BLUE_TEXT)
    hand_in(ports, activity, AMARA)
    come_in(ports, LINH)
    run(ports, place, INES, activity.id, LINH.person, called(ports, "Blue Ledger"))
    home = words_of(shown(ports, LINH))
    assert "your name does not stand on it" in home
    assert BLUE_TEXT in home, "a team shows somebody new what it has"


def test_noes_of_more_than_half_a_side_keep_them_two() -> None:
    ports = world()
    two_small(ports)
    pressed(ports, LINH, f"merger/{merger_id(ports)}/no")
    ended = pressed(ports, SOFIA, f"merger/{merger_id(ports)}/no")
    assert said(ended) == "Enough of you said no: the teams stay two."
    assert "become one team?" not in words_of(ended)
    over = pressed(ports, AMARA, f"merger/{merger_id(ports)}/yes", status=409)
    assert "This proposal is decided." in words_of(over)


def test_only_the_two_teams_have_a_say() -> None:
    ports = world()
    two_small(ports)
    come_in(ports, MEHMET)
    for who in (MEHMET, INES, KWAME):
        pressed(ports, who, f"merger/{merger_id(ports)}/yes", status=403)
    pressed(ports, AMARA, f"merger/{'0' * 32}/yes", status=404)


def test_the_instructor_decides_after_three_days_on_a_page_that_says_what_happens() -> None:
    ports = world()
    two_small(ports)
    path = f"teams/mergers/{merger_id(ports)}"
    early = shown(ports, INES, path)
    assert "Join the two teams" not in words_of(early)
    ports.clock.advance(days=3, seconds=1)
    upkeep(ports)
    first = words_of(shown(ports, INES, "teaching"))
    assert "Decide on the merger of two teams" in first
    listed = shown(ports, INES, "teams/mergers")
    assert "yours to decide" in words_of(listed)
    assert f"#/{path}" in Part.of(listed).links
    page = words_of(shown(ports, INES, path))
    assert "Everybody of Red Kites goes to Blue Ledger." in page
    missing = pressed(ports, INES, f"{path}/settle", status=422, act="join", reason="")
    assert "Say why, in a sentence." in words_of(missing)
    for who in (AMARA, KWAME):
        come_in(ports, who)
        pressed(ports, who, f"{path}/settle", status=403, act="join", reason="Two are too few.")
        shown(ports, who, path, status=403)
        shown(ports, who, "teams/mergers", status=403)
    done = pressed(ports, INES, f"{path}/settle", act="join", reason="Two are too few.")
    assert said(done) == "The two teams are one now."
    assert ports.rows(MERGERS)[0].state is MergerState.DONE
    assert "The teams became one on" in words_of(shown(ports, INES, path))


def test_staff_choose_a_partner_see_what_it_does_and_propose_it_with_a_reason() -> None:
    ports = world()
    activity = an_assignment(ports, teams=RULES)
    a_team(ports, activity, AMARA, TOMAS, LINH)
    red = a_team(ports, activity, SOFIA, MEHMET, name="Red Kites", draft=RED_TEXT)
    blue = called(ports, "Blue Ledger")
    ports.clock.move_to(START + 3 * DAY)
    path = f"teams/{red.id}/merge"
    assert "Blue Ledger" in words_of(shown(ports, INES, path))
    effect = words_of(ask(ports, INES, path, query={"with": blue}))
    assert "5 of at most 5, 5 active" in effect
    assert "Red Kites : it handed in last, or has written more" in effect.replace("Kites:", "Kites :")
    refused = pressed(ports, INES, path, status=422, partner=blue, why=" ")
    assert "Propose to both teams" in words_of(refused), "the choice is still there"
    proposed = pressed(ports, INES, path, partner=blue, why="Two are too few.")
    assert said(proposed).startswith("Both teams are asked until")
    assert "Dr Carvalho" in words_of(shown(ports, SOFIA)) or "The course staff" in words_of(
        shown(ports, SOFIA)
    )
    assert "“Two are too few.”" in words_of(shown(ports, AMARA))
    assert "A proposal about this team waits already." in words_of(shown(ports, INES, path))


def test_a_team_that_handed_in_is_offered_to_nobody() -> None:
    ports = world()
    activity = two_small(ports)
    hand_in(ports, activity, AMARA)
    blue = called(ports, "Blue Ledger")
    upkeep(ports)
    assert "No team can be joined with this one now" in words_of(shown(ports, INES, f"teams/{blue}/merge"))


# --- people who come late ---


def locked(
    ports: MemoryPorts, late: Late = Late.STAFF, *, names: tuple[str, ...] = ("Blue Ledger",)
) -> Activity:
    """Pairs in teams of at most three, fixed since yesterday."""
    rules = TeamRules(name="districts", min=2, ideal=3, max=3, lock_at=START + 2 * DAY)
    activity = an_assignment(ports, teams=rules, forming=Forming(late=late))
    for number, name in enumerate(names):
        people = (AMARA, TOMAS) if not number else (actor(f"A{number}"), actor(f"B{number}"))
        a_team(ports, activity, *people, name=name, draft="A plan.")
    ports.clock.move_to(START + 3 * DAY)
    return activity


def test_somebody_late_is_placed_by_a_press_and_welcomed_with_what_is_open() -> None:
    ports = world()
    locked(ports)
    come_in(ports, NOOR)
    page = shown(ports, INES, "teams/late")
    text = words_of(page)
    assert "Noor" in text
    assert "Blue Ledger" in text
    assert "2 of 3" in text
    assert "were not formed out of a survey" in text
    placed = pressed(ports, INES, "teams/late/place", person=NOOR.person, team=called(ports, "Blue Ledger"))
    assert said(placed) == "Placed in Blue Ledger; they are told."
    assert "Everybody who takes part has a team." in words_of(placed)
    home = words_of(shown(ports, NOOR))
    assert "Welcome to Blue Ledger" in home
    assert "Still empty: “What it would cost”." in home
    assert "Welcome to" not in words_of(shown(ports, AMARA))
    ports.clock.advance(days=7, seconds=1)
    assert "Welcome to" not in words_of(shown(ports, NOOR))


def test_three_offers_are_answered_at_home_and_no_seat_is_said_to_be_held() -> None:
    ports = world()
    locked(ports, names=("Blue Ledger", "Red Kites", "Green Line", "Old Pump"))
    come_in(ports, NOOR)
    offered = pressed(ports, INES, "teams/late/offer", person=NOOR.person, team=called(ports, "Red Kites"))
    assert said(offered) == "3 seats are offered for 7 days."
    assert "seats offered until" in words_of(offered)
    home = shown(ports, NOOR)
    assert "Choose one of 3 teams" in words_of(home)
    assert "A seat is not held for you" in words_of(home)
    assert "Ask the course staff for a place" not in words_of(home)
    first, second, _third = ports.rows(ASKINGS)
    assert "Choose one of 2 teams" in words_of(pressed(ports, NOOR, f"asking/{first.id}/decline"))
    for who in (OMAR, AMARA):
        come_in(ports, who)
        pressed(ports, who, f"asking/{second.id}/accept", status=403)
    assert "A seat in" not in words_of(pressed(ports, NOOR, f"asking/{second.id}/accept"))
    assert ports.rows(MEMBERSHIPS, person=NOOR.person)[0].team == second.team


def test_all_are_placed_by_fit_and_those_for_whom_no_seat_is_left_can_be_a_team() -> None:
    ports = world()
    locked(ports)
    for who in (NOOR, OMAR, PIA):
        ports.clock.advance(minutes=1)
        come_in(ports, who)
    assert "A new team of those who have none" in words_of(shown(ports, INES, "teams/late"))
    after = pressed(ports, INES, "teams/late/all")
    assert said(after) == "1 person has a team now."
    assert "no team has a seat for any of them" in words_of(after)
    people = [OMAR.person, PIA.person]
    made = pressed(ports, INES, "teams/late/pool", person=people)
    assert re.fullmatch(r"Team \d+ is made; they are told\.", said(made))
    again = pressed(ports, INES, "teams/late/pool", person=people, status=409)
    assert "have a team by now" in words_of(again)


def test_nobody_but_instructors_sees_or_moves_people_without_a_team() -> None:
    ports = world()
    locked(ports)
    come_in(ports, NOOR, KWAME)
    for who in (KWAME, AMARA, NOOR):
        shown(ports, who, "teams/late", status=403)
        for path in ("all", "offer", "pool", "place"):
            pressed(
                ports, who, f"teams/late/{path}", status=403, person=NOOR.person,
                team=called(ports, "Blue Ledger"),
            )  # fmt: skip
    assert ports.rows(MEMBERSHIPS, person=NOOR.person) == []


def test_no_sensitive_or_private_word_stands_on_the_page_of_people_without_a_team() -> None:
    ports = world()
    locked(ports)
    come_in(ports, NOOR)
    assert "A plan." not in str(shown(ports, INES, "teams/late").body)


# --- names on a work ---


def test_staff_settle_what_a_missed_round_means_for_somebody_new() -> None:
    ports = world()
    activity = locked(ports)
    hand_in(ports, activity, AMARA)
    come_in(ports, NOOR)
    blue = called(ports, "Blue Ledger")
    pressed(ports, INES, "teams/place", person=NOOR.person, team=blue)
    path = f"teams/{blue}/names"
    page = words_of(shown(ports, INES, path))
    assert "In the team, not on the work Noor no grade yet" in page
    refused = pressed(ports, INES, f"{path}/settle", status=422, member=NOOR.person, choice="add", why="")
    assert "Say why, in a sentence." in words_of(refused)
    added = pressed(
        ports, INES, f"{path}/settle", member=NOOR.person, choice="add", why="Measured with them."
    )
    assert "On the work Amara no grade yet Tomás no grade yet Noor no grade yet" in words_of(added)
    off = pressed(ports, INES, f"{path}/off", person=NOOR.person, reason="A mistake.")
    assert said(off) == "Taken off; grades are made again."
    excused = pressed(ports, INES, f"{path}/settle", member=NOOR.person, choice="excuse", why="Came late.")
    assert "Noor excused" in words_of(excused)
    for who in (AMARA, NOOR):
        shown(ports, who, path, status=403)
        pressed(ports, who, f"{path}/off", status=403, person=AMARA.person, reason="No.")


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(days=5)])
def test_before_anything_is_handed_in_the_page_of_names_says_so(late_by: timedelta) -> None:
    ports = world()
    locked(ports)
    ports.clock.move_to(DUE + late_by)
    if late_by:
        upkeep(ports)
    assert ports.rows(WORKS)
    blue = called(ports, "Blue Ledger")
    text = words_of(shown(ports, INES, f"teams/{blue}/names"))
    assert ("On the work" in text) is bool(late_by)
    if not late_by:
        assert "What this work means for them" not in text, "there is nothing to settle yet"
