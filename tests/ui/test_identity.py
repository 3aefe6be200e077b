"""What makes people a team, on its screens: charter, roles, name and sign, seats, groups of the platform."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from coursecrew.app.activities import publish, team_set_of
from coursecrew.app.charters import save_charter, sign_charter
from coursecrew.app.grading import score_work
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, name_ta
from coursecrew.app.platform_groups import propose
from coursecrew.app.ports import Grouping, Member, PlatformGroup
from coursecrew.app.records import (
    MEMBERSHIPS,
    NOTICES,
    PARTICIPANTS,
    TEAM_SETS,
    TEAMS,
    WORKS,
)
from coursecrew.app.team_roles import rotate_roles
from coursecrew.app.teams import leave_team, wait_for_seat
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Conflict
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Role, Source
from coursecrew.domain.teams import Team
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.http import Response
from coursecrew.ui.mail import compose
from coursecrew.ui.notices import say
from coursecrew.ui.reader import Reader, zone
from coursecrew.ui.screens.platform_groups import mark
from tests.builders import (
    AMARA,
    COURSE,
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
    key,
    marks,
    world,
    write,
)
from tests.ui.parts import Part, ask, words_of

PARTS = (CharterPart("goal", "Our goal"), CharterPart("meeting", "When we meet"))
READER = Reader("en", zone("UTC"), START)


class Stage:
    """Blue Ledger of Amara and Tomás; charter and roles as the author wants them."""

    def __init__(self, **changes: Any) -> None:
        self.ports: MemoryPorts = world()
        rules = {"charter": Charter(PARTS), "team_roles": ("Facilitator", "Recorder"), **changes}
        self.activity: Activity = an_assignment(self.ports, SOFIA, LINH, MEHMET, **rules)
        come_in(self.ports, KWAME, INES)
        self.blue: Team = a_team(self.ports, self.activity, AMARA, TOMAS)

    def get(self, who: Any, path: str, **query: str) -> Response:
        return ask(self.ports, who, path, query=query)

    def post(self, who: Any, path: str, **form: Any) -> Response:
        return ask(self.ports, who, path, form)

    def words(self, who: Any, path: str) -> str:
        return words_of(self.get(who, path))

    def team(self) -> Team:
        return self.ports.rows(TEAMS, id=self.blue.id)[0]


def hidden_of(response: Response) -> dict[str, str]:
    inputs = Part.of(response).inputs
    return {one["name"]: one.get("value", "") for one in inputs if one.get("type") == "hidden"}


def said(response: Response) -> str:
    return Part.of(response).attributes["data-said"]


# --- charter ---


def test_the_home_says_who_has_not_signed_and_leads_there() -> None:
    here = Stage()
    assert "Your team has no charter yet" in here.words(AMARA, "team")
    saved = here.post(AMARA, "charter", seen="0", **{"text-goal": "A plan that works."})
    assert "Saved as version 1, and signed by you." in said(saved)
    home = here.words(AMARA, "team")
    assert "Signed by 1 of 2" in home
    assert "Not signed yet: Tomás." in home
    theirs = here.get(TOMAS, "team")
    assert "Your team’s charter waits for your signature." in words_of(theirs)
    assert "#/charter" in Part.of(theirs).links
    signed = here.post(TOMAS, "charter/sign", seen="1")
    assert "You have signed version 1." in said(signed)
    assert "Signed by all" in here.words(AMARA, "team")


def test_two_who_changed_the_charter_choose_between_both_texts_and_nothing_is_lost() -> None:
    here = Stage()
    run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "A pass.", "meeting": "Sundays."}, seen=0)
    run(here.ports, save_charter, TOMAS, here.activity.id, {"goal": "The best."}, seen=1)
    typed = {"text-goal": "A plan.", "text-meeting": "Sundays.", "seen": "1"}
    refused = here.post(AMARA, "charter", **typed)
    assert refused.status == 409
    words = words_of(refused)
    assert "Tomás saved the charter after you opened this page." in words
    for text in ("A plan.", "The best.", "A pass."):
        assert text in words
    hidden = {
        one["name"]: one.get("value", "") for one in Part.of(refused).inputs if one.get("type") == "hidden"
    }
    assert hidden["seen"] == "2"
    answer = {
        "seen": hidden["seen"],
        "choice-goal": "both",
        "yours-goal": hidden["yours-goal"],
        "theirs-goal": hidden["theirs-goal"],
        "text-meeting": Part.of(refused).areas["text-meeting"],
    }
    saved = here.post(AMARA, "charter", **answer)
    assert saved.status == 200
    words = words_of(saved)
    assert "A plan." in words
    assert "The best." in words
    assert "Sundays." in words
    assert "Version 1" in here.words(TOMAS, "charter/versions")


def test_a_charter_that_changed_is_read_again_before_it_is_signed() -> None:
    here = Stage()
    run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "A pass."}, seen=0)
    run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "The best grade."}, seen=1)
    refused = here.post(TOMAS, "charter/sign", seen="1")
    assert refused.status == 409
    assert "Read it again below before you sign it." in words_of(refused)
    assert "The best grade." in words_of(refused)


def test_a_draft_that_waits_for_the_charter_says_so_and_keeps_what_was_typed() -> None:
    here = Stage(charter=Charter(PARTS, blocks=True))
    assert "Write your team’s charter" in here.words(AMARA, "team")
    refused = here.post(AMARA, "draft", seen="0", **{"text-where": "We begin."})
    assert refused.status == 409
    assert "Write the charter first." in words_of(refused)
    assert "We begin." in Part.of(refused).areas["text-where"]
    run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "A pass."}, seen=0)
    assert "Sign your team’s charter" in here.words(TOMAS, "team")
    waiting = here.words(AMARA, "team")
    assert "Nothing to do now" in waiting
    assert "Your team waits for Tomás to sign the charter." in waiting
    assert "The draft opens when all of you have signed the charter." in here.words(AMARA, "draft")
    run(here.ports, sign_charter, TOMAS, here.activity.id, seen=1)
    assert here.post(AMARA, "draft", seen="0", **{"text-where": "We begin."}).status == 200


def test_staff_see_who_has_signed_on_the_teams_page_and_the_count_in_the_list() -> None:
    here = Stage()
    assert "not written" in here.words(INES, "teams")
    run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "A pass."}, seen=0)
    assert "signed by 1 of 2" in here.words(INES, "teams")
    page = here.words(INES, f"teams/{here.blue.id}")
    assert "Signed by 1 of 2" in page
    assert "Not signed yet: Tomás." in page
    assert "A pass." in page


def test_a_former_member_reads_the_charter_nowhere() -> None:
    here = Stage()
    version = run(here.ports, save_charter, AMARA, here.activity.id, {"goal": "quillback"}, seen=0)
    run(here.ports, leave_team, TOMAS, here.activity.id)
    for path in ("charter", "charter/versions", f"charter/versions/{version.id}", "roles", "team"):
        response = here.get(TOMAS, path)
        assert "quillback" not in str(response.body)
        assert response.status == (200 if path == "team" else 403)


def test_what_was_agreed_is_shown_as_text_and_acts_on_no_page() -> None:
    here = Stage()
    mean = '<script>alert(1)</script> <img src="https://elsewhere.example/x.png"> [x](javascript:alert(1))'
    here.post(AMARA, "charter", seen="0", **{"text-goal": mean})
    for who, path in ((TOMAS, "charter"), (INES, f"teams/{here.blue.id}")):
        body = str(here.get(who, path).body)
        assert "<script>alert" not in body
        assert 'src="https://elsewhere' not in body
        assert 'href="javascript' not in body


def test_the_first_charter_is_told_otherwise_than_a_change() -> None:
    here = Stage()
    for number, goal in enumerate(("One.", "Two.")):
        run(here.ports, save_charter, AMARA, here.activity.id, {"goal": goal}, seen=number)
    deliver_all(here.ports, compose=compose)
    told = [n for n in here.ports.rows(NOTICES, person=TOMAS.person) if n.kind is Kind.CHARTER_CHANGED]
    assert [say(n, READER, {AMARA.person: "Amara"}) for n in told] == [
        "Amara wrote your team’s charter. Read it, then sign it or change it.",
        "Amara changed your team’s charter. It wants your signature again.",
    ]


# --- settings ---


def settings_form(here: Stage) -> dict[str, str]:
    part = Part.of(here.get(INES, "settings"))
    form = {
        one["name"]: one.get("value", "")
        for one in part.inputs
        if one.get("name") and (one.get("type") not in ("checkbox", "radio") or "checked" in one)
    }
    return {**form, **{name: text.strip() for name, text in part.areas.items()}, "request_key": "k1"}


def test_one_press_fills_the_charter_and_another_the_roles() -> None:
    here = Stage(charter=Charter(), team_roles=())
    filled = ask(here.ports, INES, "settings/save", {**settings_form(here), "ready": "charter"})
    assert filled.status == 200
    inputs = {one["name"]: one.get("value", "") for one in Part.of(filled).inputs if "name" in one}
    assert [inputs[f"charter_title-{n}"] for n in range(1, 7)] == [
        "Our goal", "When we meet", "Where we talk", "How we decide", "If somebody vanishes",
        "What a mentor may see",
    ]  # fmt: skip
    form = {**settings_form(here), "ready": "roles", "request_key": "k2"}
    roles = Part.of(ask(here.ports, INES, "settings/save", form)).areas["team_roles"]
    assert roles.split("\n")[-4:] == ["Facilitator", "Recorder", "Checker", "Time keeper"]


def test_a_part_added_after_one_was_removed_has_an_id_of_its_own() -> None:
    here = Stage(charter=Charter((CharterPart("agree1", "One"), CharterPart("agree3", "Three"))))
    form = settings_form(here)
    form |= {"charter_title-1": "", "charter_title-3": "Another"}
    assert ask(here.ports, INES, "settings/save", form).status == 200
    parts = come_in(here.ports, INES).settings.charter.parts
    assert [(part.id, part.title) for part in parts] == [("agree3", "Three"), ("agree4", "Another")]


def test_roles_of_the_same_name_are_refused_beside_their_box() -> None:
    here = Stage()
    refused = ask(
        here.ports, INES, "settings/save", {**settings_form(here), "team_roles": "Recorder\nrecorder"}
    )
    assert refused.status == 422
    assert "#field-team_roles" in Part.of(refused).links


# --- roles ---


def test_roles_are_given_rotated_and_recorded_on_one_screen() -> None:
    here = Stage()
    form = {"name-1": "Facilitator", "role-1": AMARA.person, "name-2": "Recorder", "role-2": TOMAS.person}
    given = here.post(AMARA, "roles", seen="none", **form)
    assert given.status == 200
    assert "Facilitator" in here.words(TOMAS, "team")
    hidden = {
        one["name"]: one.get("value", "") for one in Part.of(given).inputs if one.get("type") == "hidden"
    }
    rotated = here.post(TOMAS, "roles/rotate", seen=hidden["seen"])
    assert "Moved on." in said(rotated)
    record = words_of(rotated).partition("Who had which role")[2]
    assert record.count("Facilitator") == 2
    assert record.count(" now") == 2
    assert here.post(AMARA, "roles/rotate", seen=hidden["seen"]).status == 409
    assert "Tomás changed the roles" in words_of(here.post(AMARA, "roles/rotate", seen=hidden["seen"]))
    assert "Who had which role" in here.words(INES, f"teams/{here.blue.id}")


# --- name, sign, motto ---


def test_members_change_name_sign_and_motto_and_a_taken_name_gets_suggestions() -> None:
    here = Stage()
    a_team(here.ports, here.activity, SOFIA, name="Copper Line")
    form = {"name": "Copper  LINE", "motto": "Every litre.", "open": "yes", "sign": "kite", "colour": "red"}
    taken = here.post(TOMAS, "team/about", **form)
    assert taken.status == 409
    assert "Copper LINE 2" in words_of(taken)
    saved = here.post(TOMAS, "team/about", **{**form, "name": "Night Flow"})
    assert saved.status == 200
    assert (here.team().name, here.team().sign) == ("Night Flow", "kite-red")
    deliver_all(here.ports, compose=compose)
    assert "Tomás gave your team a new name: Night Flow." in here.words(AMARA, "team")
    body = str(here.get(LINH, "team").body)
    assert re.search(r'class="sign red".*?</svg><bdi>Night Flow</bdi>', body)
    assert here.post(TOMAS, "team/about", **{**form, "name": "X", "sign": "photo"}).status == 422


def test_a_name_with_a_listed_word_waits_for_the_staff() -> None:
    here = Stage(listed_words=("rotten",))
    form = {"motto": "rotten luck", "open": "yes", "name": "Rotten Ledger"}
    assert (
        "waits for the course staff"
        in Part.of(here.post(AMARA, "team/about", **form)).attributes["data-said"]
    )
    assert "Rotten Ledger" in here.words(TOMAS, "team")
    for who, path in ((SOFIA, "team"), (LINH, "team")):
        assert "otten" not in str(here.get(who, path).body)
    # Sending the form again as it stands takes no wish back.
    here.post(TOMAS, "team/about", name="Blue Ledger", motto="", open="yes")
    assert (here.team().wanted_name, here.team().held) == ("Rotten Ledger", True)
    assert "team’s name or motto waits for you" in here.words(INES, "teaching")
    listed = here.words(INES, "teams")
    assert "Blue Ledger wants to be called “Rotten Ledger”." in listed
    assert here.post(AMARA, f"teams/{here.blue.id}/name", act="pass").status == 403
    assert here.post(INES, f"teams/{here.blue.id}/name", act="pass").status == 200
    assert (here.team().name, here.team().motto, here.team().held) == ("Rotten Ledger", "rotten luck", False)
    assert "Rotten Ledger" in here.words(SOFIA, "team")


def test_a_name_that_is_not_passed_is_forgotten_and_the_team_is_told() -> None:
    here = Stage(listed_words=("rotten",))
    here.post(AMARA, "team/about", name="Rotten Ledger", motto="", open="yes")
    assert here.post(KWAME, f"teams/{here.blue.id}/name", act="reject").status == 200
    assert (here.team().name, here.team().wanted_name, here.team().held) == ("Blue Ledger", "", False)
    deliver_all(here.ports, compose=compose)
    assert "did not pass the name or motto" in here.words(TOMAS, "team")
    here.post(AMARA, "team/about", name="Rotten Ledger", motto="", open="yes")
    here.post(TOMAS, "team/about", name="Night Flow", motto="", open="yes")
    assert (here.team().name, here.team().held) == ("Night Flow", False)


def test_a_team_founded_under_a_listed_word_goes_by_a_number_until_it_is_passed() -> None:
    here = Stage(listed_words=("rotten",))
    here.post(SOFIA, "team/found", name="Rotten Pipes", motto="", open="yes")
    made = next(team for team in here.ports.rows(TEAMS) if team.id != here.blue.id)
    assert (made.name, made.wanted_name) == ("Team 2", "Rotten Pipes")
    assert "Rotten" not in here.words(LINH, "team")


def test_a_limited_ta_decides_on_names_of_their_own_teams_alone() -> None:
    here = Stage(listed_words=("rotten",))
    here.post(AMARA, "team/about", name="Rotten Ledger", motto="", open="yes")
    other = a_team(here.ports, here.activity, SOFIA, name="Copper Line")
    limited = actor("Uma")
    come_in(here.ports, limited)
    run(here.ports, name_ta, INES, here.activity.id, limited.person, teams=[other.id])
    assert "Rotten" not in here.words(limited, "teams")
    assert here.post(limited, f"teams/{here.blue.id}/name", act="pass").status == 403


# --- a seat from the waiting list ---


def test_who_moved_up_is_offered_to_decline_on_the_home() -> None:
    here = Stage(teams=TeamRules(name="districts", min=1, ideal=2, max=2))
    run(here.ports, wait_for_seat, LINH, here.activity.id, here.blue.id)
    run(here.ports, leave_team, TOMAS, here.activity.id)
    home = here.get(LINH, "team")
    assert "You moved up from the waiting list." in words_of(home)
    assert "team/decline" in {form["action"] for form in Part.of(home).forms}
    assert "team/decline" not in {form["action"] for form in Part.of(here.get(AMARA, "team")).forms}
    declined = here.post(LINH, "team/decline")
    assert "The seat in Blue Ledger goes to whoever waits next." in said(declined)
    assert here.post(AMARA, "team/decline").status == 409


# --- groups of the platform ---

PROJECTS = Grouping("7", "grouping", "Projects")


def with_groups(here: Stage, *groups: PlatformGroup) -> None:
    here.ports.people.kept[COURSE] = [(PROJECTS, list(groups)), (Grouping("all", "all"), [])]


def test_a_platform_without_groups_is_said_in_words() -> None:
    here = Stage()
    page = here.words(INES, "teams/from-platform")
    assert "This platform gives no groups here." in page
    assert here.get(AMARA, "teams/from-platform").status == 403
    assert here.get(KWAME, "teams/from-platform").status == 403
    here.ports.people.kept[COURSE] = []
    assert "There are no groups in this course yet." in here.words(INES, "teams/from-platform")


def test_groups_are_tried_first_and_carried_out_as_they_were_shown() -> None:
    here = Stage()
    with_groups(
        here,
        PlatformGroup("Pipes", (SOFIA.person, LINH.person)),
        PlatformGroup("Blue Ledger", (AMARA.person,)),
    )
    choice = here.get(INES, "teams/from-platform")
    assert "Groups of “Projects”" in words_of(choice)
    tried = here.post(INES, "teams/from-platform", grouping="7", act="try")
    words = words_of(tried)
    assert "Nothing was changed yet." in words
    assert "People who would be placed or moved 2" in words
    assert "People who are there already 1" in words
    assert len(here.ports.rows(TEAMS)) == 1
    seen = {one["name"]: one.get("value", "") for one in Part.of(tried).inputs}["seen"]
    done = here.post(INES, "teams/from-platform", grouping="7", act="apply", seen=seen, request_key="k")
    assert "2 people placed." in said(done)
    pipes = next(team for team in here.ports.rows(TEAMS) if team.name == "Pipes")
    assert {row.person for row in here.ports.rows(MEMBERSHIPS, team=pipes.id)} == {SOFIA.person, LINH.person}
    again = words_of(here.post(INES, "teams/from-platform", grouping="7", act="try"))
    assert "People who would be placed or moved 0" in again


def test_groups_that_changed_since_the_dry_run_are_shown_again() -> None:
    here = Stage()
    with_groups(here, PlatformGroup("Pipes", (SOFIA.person,)))
    tried = here.post(INES, "teams/from-platform", grouping="7", act="try")
    seen = {one["name"]: one.get("value", "") for one in Part.of(tried).inputs}["seen"]
    with_groups(here, PlatformGroup("Pipes", (SOFIA.person, LINH.person)))
    shown = here.post(INES, "teams/from-platform", grouping="7", act="apply", seen=seen)
    assert "The groups have changed since you looked." in words_of(shown)
    assert len(here.ports.rows(TEAMS)) == 1


def test_somebody_in_two_groups_or_a_group_too_large_stops_all_of_it() -> None:
    here = Stage()
    four = (SOFIA.person, LINH.person, MEHMET.person, AMARA.person, TOMAS.person)
    with_groups(here, PlatformGroup("Pipes", four), PlatformGroup("Valves", (SOFIA.person,)))
    tried = here.post(INES, "teams/from-platform", grouping="7", act="try")
    words = words_of(tried)
    assert "Sofia is in two of these groups; one team each." in words
    assert "Pipes would have more than 4 members." in words
    assert "Carry it out" not in words
    forced = here.post(INES, "teams/from-platform", grouping="7", act="apply", seen=seen_of(here))
    assert forced.status == 409
    assert len(here.ports.rows(TEAMS)) == 1


def seen_of(here: Stage) -> str:
    return mark(propose(here.ports, COURSE, "7"))


def test_staff_and_strangers_in_groups_are_left_out_and_named() -> None:
    here = Stage()
    stranger = key("Stranger")
    with_groups(
        here,
        PlatformGroup("Pipes", (SOFIA.person, KWAME.person, stranger), unknown=2),
        PlatformGroup("Staff", (KWAME.person,)),
    )
    words = words_of(here.post(INES, "teams/from-platform", grouping="7", act="try"))
    assert "Left out, since they take no part here: Kwame." in words
    assert "3 members of the groups are not known in this course and are left out." in words
    assert "No team comes of: Staff." in words
    assert "People who would be placed or moved 1" in words


def test_somebody_whom_only_the_member_list_knows_is_read_in_first() -> None:
    here = Stage()
    new = Member(key("Nadia"), "Nadia", Role.LEARNER, source=Source.ROSTER)
    here.ports.people.put(COURSE, new)
    with_groups(here, PlatformGroup("Pipes", (new.person, SOFIA.person)))
    words = words_of(here.post(INES, "teams/from-platform", grouping="7", act="try"))
    assert "People who would be placed or moved 2" in words
    assert "Nadia" in words
    assert len(here.ports.rows(PARTICIPANTS, person=new.person)) == 1


def test_a_platform_that_does_not_answer_changes_nothing_and_is_named() -> None:
    here = Stage()
    with_groups(here, PlatformGroup("Pipes", (SOFIA.person,)))
    here.ports.people.unreachable = True
    assert here.get(INES, "teams/from-platform").status == 503
    assert "did not give its groups" in here.words(INES, "teams/from-platform")


def test_two_people_of_one_name_are_told_apart() -> None:
    here = Stage()
    twin = replace(actor("Twin"), name="Sofia")
    come_in(here.ports, twin)
    with_groups(here, PlatformGroup("Pipes", (SOFIA.person, twin.person)))
    words = words_of(here.post(INES, "teams/from-platform", grouping="7", act="try"))
    assert "Sofia (2)" in words
    applied = here.post(INES, "teams/from-platform", grouping="7", act="apply", seen=seen_of(here))
    assert applied.status == 200
    pipes = next(team for team in here.ports.rows(TEAMS) if team.name == "Pipes")
    assert pipes.size == 2


# --- who may see what, and what a look must not do ---


def scored(here: Stage) -> str:
    """Blue Ledger's work, scored and not released; returns the work's id."""
    write(here.ports, here.activity, AMARA, "Ours.")
    hand_in(here.ports, here.activity, AMARA)
    work = here.ports.rows(WORKS)[0].id
    run(here.ports, score_work, INES, here.activity.id, work, marks("3", "3", "4"), comment="turnstone")
    return work


def test_a_ta_reads_no_unreleased_marks_of_the_team_they_are_in() -> None:
    here = Stage()
    work = scored(here)
    run(here.ports, name_ta, INES, here.activity.id, TOMAS.person)
    assert here.get(TOMAS, f"grading/{work}").status == 403
    assert "your own team" in here.words(TOMAS, "grading")
    grades = here.words(TOMAS, "grades")
    assert "not yours to read" in grades
    assert "80" not in grades.replace("80 %", "")
    assert "turnstone" in str(here.get(KWAME, f"grading/{work}").body)


def test_a_limited_tas_pages_are_full_and_their_counts_are_of_their_teams() -> None:
    here = Stage()
    scored(here)
    last = None
    for number in range(60):
        person = actor(f"N{number:02}")
        come_in(here.ports, person)
        last = a_team(here.ports, here.activity, person, name=f"Aa {number:02}", draft="x")
    assert last is not None
    ta = actor("Uma")
    come_in(here.ports, ta)
    mine = [team.id for team in here.ports.rows(TEAMS) if team.name in ("Aa 58", "Aa 59", "Blue Ledger")]
    run(here.ports, name_ta, INES, here.activity.id, ta.person, teams=mine)
    # By name, fifty others come before these; no page may be shorter for it.
    listed = here.words(ta, "teams")
    for name in ("Aa 58", "Aa 59", "Blue Ledger"):
        assert name in listed
    assert "Aa 01" not in listed
    works = here.words(ta, "grading")
    assert "Aa 59" in works
    assert "Aa 01" not in works
    assert "The next" not in listed + works
    everybody = here.words(INES, "teaching")
    assert "59" in everybody or "60" in everybody
    own = here.words(ta, "teaching")
    assert "60" not in own
    assert "no team yet" not in own


def test_an_excluded_ta_has_no_rights_left_here() -> None:
    here = Stage()
    come_in(here.ports, actor("Uma"))
    run(here.ports, name_ta, INES, here.activity.id, actor("Uma").person)
    assert here.get(actor("Uma"), "grading").status == 200
    run(here.ports, exclude, INES, here.activity.id, actor("Uma").person, reason="Resigned")
    assert here.get(actor("Uma"), "grading").status == 403
    with pytest.raises(Conflict):
        run(here.ports, name_ta, INES, here.activity.id, actor("Uma").person)
    assert here.post(INES, f"people/{actor('Uma').person}/include").status == 200
    assert here.get(actor("Uma"), "grading").status == 403


@pytest.mark.parametrize(
    "path",
    ["team", "team/found", "team/card", "team/leave", "draft", "hand-in", "result", "charter", "roles"],
)
def test_a_learners_look_at_a_hidden_activity_makes_no_team_set(path: str) -> None:
    ports = world()
    an_assignment(ports, AMARA, published=False)
    before = len(ports.rows(TEAM_SETS))
    response = ask(ports, AMARA, path)
    assert response.status == (200 if path == "team" else 409)
    assert "not ready yet" in words_of(response)
    assert len(ports.rows(TEAM_SETS)) == before == 0
    assert ask(ports, AMARA, "team/found", {"name": "Early"}).status == 409
    assert ports.rows(TEAMS) == []


def test_few_people_block_only_where_the_member_list_is_complete() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, published=False)
    words = words_of(ask(ports, INES, "settings"))
    assert "Known so far: 1 of the 2 people that a team needs." in words
    ports.people.complete = True
    assert "The course has 1 people, and a team needs 2." in words_of(ask(ports, INES, "settings"))
    assert ask(ports, INES, "settings/publish", {}).status == 409
    ports.people.complete = False
    assert ask(ports, INES, "settings/publish", {}).status == 200
    assert run(ports, publish, INES, activity.id).is_visible
    assert run(ports, team_set_of, activity).name == "districts"


def test_rotating_needs_somebody_to_rotate_to() -> None:
    here = Stage()
    run(here.ports, leave_team, TOMAS, here.activity.id)
    run(here.ports, rotate_roles, AMARA, here.activity.id)
    assert "Rotate" not in here.words(AMARA, "roles")
