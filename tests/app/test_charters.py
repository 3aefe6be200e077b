from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coursecrew.app.charters import (
    charter_versions,
    own_charter,
    read_charter_version,
    save_charter,
    sign_charter,
    signed_counts,
)
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import end_mentor, name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude
from coursecrew.app.records import CHARTERS, EVENTS, MEMBERSHIPS, NOTICES, SIGNATURES, TEAMS
from coursecrew.app.submissions import save_draft
from coursecrew.app.teams import join_team, leave_team, mark_presence, rows_of, take_out
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Refusal
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor
from coursecrew.domain.teams import Team
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    world,
    write,
)
from tests.ui.class_of import Counted

PARTS = (CharterPart("goal", "Our goal"), CharterPart("meeting", "When we meet"))
GOAL = {"goal": "A plan that works.", "meeting": "Sundays."}


def a_team_with_rules(*, blocks: bool = False) -> tuple[MemoryPorts, Activity, Team]:
    ports = world()
    activity = an_assignment(ports, SOFIA, charter=Charter(PARTS, blocks=blocks))
    come_in(ports, KWAME)
    return ports, activity, a_team(ports, activity, AMARA, TOMAS, LINH)


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def missing(ports: MemoryPorts, activity: Activity, who: Actor = AMARA) -> set[str]:
    return set(run(ports, own_charter, who, activity.id).view.missing)


def test_the_writer_signs_by_saving_and_the_others_are_asked() -> None:
    ports, activity, _team = a_team_with_rules()
    version = run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    assert (version.number, version.by) == (1, AMARA.person)
    assert missing(ports, activity) == {TOMAS.person, LINH.person}
    deliver_all(ports, compose=compose)
    told = {n.person for n in ports.rows(NOTICES) if n.kind is Kind.CHARTER_CHANGED}
    assert told == {TOMAS.person, LINH.person}


def test_all_sign_and_a_change_asks_for_new_signatures() -> None:
    ports, activity, _team = a_team_with_rules()
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    for who in (TOMAS, LINH):
        run(ports, sign_charter, who, activity.id, seen=1)
    assert run(ports, own_charter, AMARA, activity.id).view.is_signed
    run(ports, save_charter, TOMAS, activity.id, {"meeting": "Mondays."}, seen=1)
    view = run(ports, own_charter, AMARA, activity.id).view
    assert set(view.missing) == {AMARA.person, LINH.person}
    assert view.version.texts == {"goal": "A plan that works.", "meeting": "Mondays."}
    assert len(ports.rows(CHARTERS)) == 2  # and the first one is still there, with its signatures
    assert len(ports.rows(SIGNATURES)) == 4


def test_signing_twice_or_saving_the_same_again_changes_nothing() -> None:
    ports, activity, _team = a_team_with_rules()
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    for _ in range(2):
        run(ports, sign_charter, TOMAS, activity.id, seen=1)
    run(ports, save_charter, LINH, activity.id, GOAL, seen=0)  # typed the very same: that is signing it
    assert len(ports.rows(CHARTERS)) == 1
    assert len(ports.rows(SIGNATURES)) == 3
    assert len([e for e in ports.rows(EVENTS) if e.kind is Kind.CHARTER_CHANGED]) == 1


def test_a_save_over_a_version_that_was_not_seen_is_refused_with_both_texts() -> None:
    ports, activity, _team = a_team_with_rules()
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    run(ports, save_charter, TOMAS, activity.id, {"goal": "The best grade."}, seen=1)
    refusal = refused(
        "stale", ports, save_charter, AMARA, activity.id, {"goal": "A pass.", "meeting": "Sundays."}, seen=1
    )
    assert refusal.values["what"] == "charter"
    assert refusal.values["seen"] == 2
    assert refusal.values["clashes"] == [
        {"place": "goal", "yours": "A pass.", "theirs": "The best grade.", "before": "A plan that works."}
    ]
    # Also where the two changed different parts: nobody signs what they have not read.
    refused("stale", ports, save_charter, LINH, activity.id, {**GOAL, "meeting": "Fridays."}, seen=1)
    assert len(ports.rows(CHARTERS)) == 2


def test_a_version_that_was_changed_meanwhile_cannot_be_signed_unread() -> None:
    ports, activity, _team = a_team_with_rules()
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    run(ports, save_charter, TOMAS, activity.id, {"goal": "Other."}, seen=1)
    assert refused("stale", ports, sign_charter, LINH, activity.id, seen=1).values["what"] == "sign"
    assert missing(ports, activity) == {AMARA.person, LINH.person}


def test_a_draft_waits_for_all_signatures_only_where_the_author_says_so() -> None:
    ports, activity, _team = a_team_with_rules()
    assert write(ports, activity, AMARA, "We begin.") == 1

    ports, activity, _team = a_team_with_rules(blocks=True)
    call = (ports, save_draft, AMARA, activity.id, {"where": "We begin."})
    assert refused("charter_unsigned", *call, seen=0).values["written"] == "unwritten"
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    run(ports, sign_charter, TOMAS, activity.id, seen=1)
    refusal = refused("charter_unsigned", *call, seen=0)
    assert refusal.values["names"] == ["Linh"]
    run(ports, sign_charter, LINH, activity.id, seen=1)
    assert write(ports, activity, AMARA, "We begin.") == 1


def test_members_who_are_not_active_or_take_no_part_are_not_waited_for() -> None:
    ports, activity, _team = a_team_with_rules(blocks=True)
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    linh = ports.rows(MEMBERSHIPS, person=LINH.person)[0]
    run(ports, mark_presence, activity, linh, active=False, by="")
    assert missing(ports, activity) == {TOMAS.person}
    run(ports, exclude, INES, activity.id, TOMAS.person, reason="Left")
    assert run(ports, own_charter, AMARA, activity.id).view.is_signed
    assert write(ports, activity, AMARA, "We begin.") == 1


def test_somebody_who_joins_later_is_asked_too() -> None:
    ports, activity, team = a_team_with_rules(blocks=True)
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    for who in (TOMAS, LINH):
        run(ports, sign_charter, who, activity.id, seen=1)
    run(ports, join_team, SOFIA, activity.id, team.id)
    assert missing(ports, activity) == {SOFIA.person}
    refused("charter_unsigned", ports, save_draft, AMARA, activity.id, {"where": "x"}, seen=0)


def test_who_leaves_or_is_taken_out_no_longer_reads_the_charter() -> None:
    ports, activity, _team = a_team_with_rules()
    version = run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    run(ports, leave_team, LINH, activity.id)
    run(ports, take_out, INES, activity.id, TOMAS.person)
    for who in (LINH, TOMAS, SOFIA):
        refused("not_allowed", ports, own_charter, who, activity.id)
        refused("not_allowed", ports, charter_versions, who, activity.id)
        refused("not_allowed", ports, read_charter_version, who, activity.id, version.id)
        refused("not_allowed", ports, sign_charter, who, activity.id, seen=1)
        refused("not_allowed", ports, save_charter, who, activity.id, GOAL, seen=1)


def test_staff_read_a_charter_and_sign_none() -> None:
    ports, activity, team = a_team_with_rules()
    version = run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    for who in (INES, KWAME):
        row, whose, _people, signed = run(ports, read_charter_version, who, activity.id, version.id)
        assert (row.texts, whose.id, list(signed)) == (GOAL, team.id, [AMARA.person])
        refused("not_allowed", ports, sign_charter, who, activity.id, seen=1)
    other = replace(KWAME, teams=("another-team",))
    refused("not_allowed", ports, read_charter_version, other, activity.id, version.id)


def test_a_mentor_of_the_team_reads_its_charter_as_long_as_they_are_one() -> None:
    ports, activity, team = a_team_with_rules()
    version = run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    mona = actor("Mona")
    come_in(ports, mona)
    refused("not_allowed", ports, read_charter_version, mona, activity.id, version.id)
    bond = run(ports, name_mentor, INES, activity.id, team.id, mona.person)
    assert run(ports, read_charter_version, mona, activity.id, version.id)[0] == version
    refused("not_allowed", ports, sign_charter, mona, activity.id, seen=1)
    run(ports, end_mentor, INES, activity.id, team.id, bond.id)
    refused("not_allowed", ports, read_charter_version, mona, activity.id, version.id)


def test_a_member_of_another_team_reads_no_charter_by_its_id() -> None:
    ports, activity, _team = a_team_with_rules()
    version = run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    a_team(ports, activity, SOFIA, name="Copper Line")
    refused("not_allowed", ports, read_charter_version, SOFIA, activity.id, version.id)


def test_an_assignment_without_parts_asks_for_no_charter() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    refused("not_found", ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    assert not run(ports, own_charter, AMARA, activity.id).view.asked


def test_counting_signatures_costs_one_query_for_any_number_of_teams() -> None:
    ports, activity, team = a_team_with_rules()
    run(ports, save_charter, AMARA, activity.id, GOAL, seen=0)
    run(ports, sign_charter, TOMAS, activity.id, seen=1)
    run(ports, save_charter, LINH, activity.id, {"goal": "Other."}, seen=1)
    run(ports, sign_charter, TOMAS, activity.id, seen=2)
    other = a_team(ports, activity, SOFIA, name="Copper Line")
    rows = run(ports, rows_of, activity.course, [ports.rows(TEAMS, id=team.id)[0], other])
    counted = Counted(ports)
    assert run(counted.ports, signed_counts, rows) == {team.id: (2, 3), other.id: (0, 1)}
    assert sum(counted.calls.values()) == 1
