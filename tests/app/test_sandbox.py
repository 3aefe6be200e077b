from __future__ import annotations

from dataclasses import replace

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import end_mentor, name_mentor
from coursecrew.app.mergers import decide_merger, propose_merger
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import name_ta, retire
from coursecrew.app.records import (
    ALL,
    DRAFT_VERSIONS,
    DRAFTS,
    EVENTS,
    GLASSES,
    MENTORSHIPS,
    NOTICES,
    REQUEST_KEYS,
    SANDBOX_ITEMS,
    SANDBOX_REMARKS,
    SANDBOX_YES,
    TEAMS,
)
from coursecrew.app.sandbox import (
    MOST_ITEMS,
    add_item,
    break_glass,
    change_item,
    delete_item,
    look_at_item,
    look_at_sandbox,
    look_through_glass,
    openings,
    promote,
    say_something,
    say_yes,
)
from coursecrew.app.teams import join_team, leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.sandbox import GLASS_LASTS, Audience, Saying
from coursecrew.domain.teams import Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    world,
)
from tests.builders import write as write_draft

MONA = actor("Mona", Role.OBSERVER)
ADA = actor("Ada", Role.ADMIN)
WORD = "phalarope"
REASON = "A threat was reported to us today."


def a_class() -> tuple[MemoryPorts, Activity, Team]:
    """Blue Ledger (Amara, Tomás, Linh), mentored by Mona; Red Kites; everybody else around."""
    ports = world()
    activity = an_assignment(ports, SOFIA)
    come_in(ports, MONA, KWAME, ADA)
    blue = a_team(ports, activity, AMARA, TOMAS, LINH, draft="The draft.")
    a_team(ports, activity, MEHMET, name="Red Kites")
    run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    return ports, activity, blue


def put(ports: MemoryPorts, activity: Activity, audience: Audience = Audience.ME, **more: bool) -> str:
    return run(
        ports,
        add_item,
        AMARA,
        activity.id,
        title=f"T {WORD}",
        text=f"I try {WORD}.",
        audience=audience,
        **more,
    )


def write(
    ports: MemoryPorts, activity: Activity, who: Actor, item: str, text: str, *, seen: int, **more: object
) -> None:
    shown = ports.rows(SANDBOX_ITEMS, id=item)[0]
    given = {"title": shown.title, "audience": shown.audience, "holds": shown.holds, **more}
    run(ports, change_item, who, activity.id, item, text=text, seen=seen, **given)  # type: ignore[arg-type]


def readers(ports: MemoryPorts, activity: Activity, item: str) -> set[str]:
    found = set()
    for who in (AMARA, TOMAS, LINH, MONA, MEHMET, SOFIA, KWAME, INES, ADA):
        try:
            run(ports, look_at_item, who, activity.id, item)
        except NotAllowed:
            continue
        found.add(who.name)
    return found


TEAM = {"Amara", "Tomás", "Linh"}


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience.ME, {"Amara"}),
        (Audience.ME_MENTOR, {"Amara", "Mona"}),
        (Audience.TEAM, TEAM),
        (Audience.TEAM_MENTOR, TEAM | {"Mona"}),
    ],
)
def test_an_item_opens_for_its_audience_alone(audience: Audience, expected: set[str]) -> None:
    ports, activity, _blue = a_class()
    assert readers(ports, activity, put(ports, activity, audience)) == expected


def test_without_a_choice_only_the_writer_sees_it() -> None:
    ports, activity, _blue = a_class()
    item = run(ports, add_item, AMARA, activity.id, title="Mine", text="")
    assert readers(ports, activity, item) == {"Amara"}


def test_a_new_mentor_does_not_read_what_was_shown_to_the_one_before() -> None:
    ports, activity, blue = a_class()
    item = put(ports, activity, Audience.ME_MENTOR)
    (bond,) = ports.rows(MENTORSHIPS)
    run(ports, end_mentor, INES, activity.id, blue.id, bond.id)
    run(ports, name_mentor, INES, activity.id, blue.id, SOFIA.person)
    assert readers(ports, activity, item) == {"Amara"}
    write(ports, activity, AMARA, item, "Again.", seen=1)  # saved anew: the choice names who mentors now
    assert readers(ports, activity, item) == {"Amara", "Sofia"}


def test_whoever_leaves_the_team_loses_its_items_and_keeps_their_own() -> None:
    ports, activity, _blue = a_class()
    shared, own, asked = (
        put(ports, activity, audience) for audience in (Audience.TEAM, Audience.ME, Audience.ME_MENTOR)
    )
    run(ports, leave_team, AMARA, activity.id)
    assert readers(ports, activity, shared) == {"Tomás", "Linh"}
    assert readers(ports, activity, own) == {"Amara"}
    assert "Amara" in readers(ports, activity, asked)
    run(ports, leave_team, TOMAS, activity.id)
    assert readers(ports, activity, shared) == {"Linh"}


def test_nothing_travels_to_a_new_team() -> None:
    ports, activity, _blue = a_class()
    shared = put(ports, activity, Audience.TEAM)
    run(ports, leave_team, AMARA, activity.id)
    a_team(ports, activity, AMARA, name="Green Line")
    assert "Amara" not in readers(ports, activity, shared)
    with pytest.raises(Conflict):  # and the new team has no mentor to choose
        put(ports, activity, Audience.ME_MENTOR)


def test_a_member_made_an_assistant_reads_their_team_items_no_longer() -> None:
    ports, activity, _blue = a_class()
    shared = put(ports, activity, Audience.TEAM)
    run(ports, name_ta, INES, activity.id, TOMAS.person)
    assert readers(ports, activity, shared) == {"Amara", "Linh"}


def test_without_a_team_or_mentor_nobody_else_can_be_chosen() -> None:
    ports, activity, _blue = a_class()
    for audience in (Audience.TEAM, Audience.TEAM_MENTOR, Audience.ME_MENTOR):
        with pytest.raises(Conflict):
            run(ports, add_item, SOFIA, activity.id, title="T", text="", audience=audience)
    assert not ports.rows(SANDBOX_ITEMS, person=SOFIA.person)


@pytest.mark.parametrize("who", [INES, KWAME, MONA, ADA], ids=lambda who: who.name)
def test_who_takes_no_part_puts_nothing_in(who: Actor) -> None:
    ports, activity, _blue = a_class()
    with pytest.raises(NotAllowed):
        run(ports, add_item, who, activity.id, title="T", text="")


def test_lists_hold_what_is_meant_for_one_and_staff_have_none() -> None:
    ports, activity, _blue = a_class()
    for audience in Audience:
        put(ports, activity, audience)

    def counts(who: Actor) -> tuple[int, int, int]:
        found = run(ports, look_at_sandbox, who, activity.id)
        return len(found.own), len(found.team), len(found.named)

    assert counts(AMARA) == (4, 0, 0)
    assert counts(TOMAS) == (0, 2, 0)
    assert counts(MONA) == (0, 0, 2)
    assert counts(MEHMET) == (0, 0, 0)
    for who in (INES, KWAME, ADA, replace(AMARA, looks_on=True)):
        with pytest.raises(NotAllowed):
            run(ports, look_at_sandbox, who, activity.id)


def test_a_long_list_goes_on_page_by_page() -> None:
    ports, activity, _blue = a_class()
    for number in range(60):
        run(ports, add_item, AMARA, activity.id, title=f"Item {number}", text="")
        ports.clock.advance(minutes=1)
    first = run(ports, look_at_sandbox, AMARA, activity.id)
    second = run(ports, look_at_sandbox, AMARA, activity.id, after=first.own[-1].id)
    titles = [item.title for item in (*first.own, *second.own)]
    assert titles == [f"Item {number}" for number in reversed(range(60))]
    with pytest.raises(NotAllowed):
        run(ports, look_at_sandbox, TOMAS, activity.id, after=first.own[-1].id)


def test_when_teams_merge_items_go_back_to_their_writers_and_the_old_mentor_reads_nothing() -> None:
    ports, activity, blue = a_class()
    shared = put(ports, activity, Audience.TEAM_MENTOR)
    run(ports, leave_team, TOMAS, activity.id)
    run(ports, leave_team, LINH, activity.id)
    red = next(team for team in ports.rows(TEAMS) if team.name == "Red Kites")
    run(ports, join_team, SOFIA, activity.id, red.id)
    write_draft(ports, activity, MEHMET, "The longer draft keeps its name.")
    merger = run(ports, propose_merger, INES, activity.id, blue.id, red.id, why="One is alone.")
    for who in (AMARA, MEHMET, SOFIA):
        run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    assert ports.rows(TEAMS, id=blue.id)[0].merged_into == red.id
    assert readers(ports, activity, shared) == {"Amara"}
    (bond,) = ports.rows(MENTORSHIPS)
    assert bond.until == ports.clock.now()
    write(ports, activity, AMARA, shared, "For all of us.", seen=2, audience=Audience.TEAM)
    assert readers(ports, activity, shared) == {"Amara", "Mehmet", "Sofia"}


def test_there_is_a_limit_to_how_many() -> None:
    ports, activity, _blue = a_class()
    for number in range(MOST_ITEMS):
        run(ports, add_item, AMARA, activity.id, title=f"Item {number}", text="")
    with pytest.raises(Conflict) as refused:
        put(ports, activity)
    assert refused.value.code == "sandbox_full"


# --- writing together ---


def test_a_save_between_is_refused_and_nothing_is_lost() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM)
    write(ports, activity, TOMAS, item, "Tomás was here.", seen=1)
    with pytest.raises(Stale) as stale:
        write(ports, activity, AMARA, item, "Amara, too.", seen=1)
    assert stale.value.values["by"] == TOMAS.person
    row = ports.rows(SANDBOX_ITEMS, id=item)[0]
    assert (row.text, row.authors) == ("Tomás was here.", (AMARA.person, TOMAS.person))


def test_only_the_first_writer_says_who_sees_it_and_not_over_what_others_wrote() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM)
    write(ports, activity, TOMAS, item, "Ours.", seen=1, audience=Audience.TEAM_MENTOR, holds=True)
    row = ports.rows(SANDBOX_ITEMS, id=item)[0]
    assert (row.audience, row.holds) == (Audience.TEAM, False)
    with pytest.raises(Conflict) as refused:
        write(ports, activity, AMARA, item, "Mine.", seen=2, audience=Audience.ME)
    assert refused.value.code == "sandbox_shared_writing"
    write(ports, activity, AMARA, item, "Ours.", seen=2, audience=Audience.TEAM_MENTOR)
    assert "Mona" in readers(ports, activity, item)


def test_no_mentor_and_nobody_else_changes_or_deletes_it() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM_MENTOR)
    for who in (MONA, MEHMET, INES, KWAME, ADA):
        with pytest.raises(NotAllowed):
            write(ports, activity, who, item, "Not mine.", seen=1)
        with pytest.raises(NotAllowed):
            run(ports, delete_item, who, activity.id, item)
    with pytest.raises(NotAllowed):
        run(ports, delete_item, TOMAS, activity.id, item)


def test_while_judgement_is_held_there_are_three_things_to_say() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM_MENTOR, holds=True)
    for saying in (Saying.WORKS, Saying.WONDER, Saying.TRY):
        run(ports, say_something, MONA, activity.id, item, saying=saying, text="Go on.")
    with pytest.raises(Invalid):
        run(ports, say_something, TOMAS, activity.id, item, saying=Saying.FREE, text="Not good.")
    with pytest.raises(Invalid):
        run(ports, say_something, TOMAS, activity.id, item, saying=Saying.TRY, text=" ")
    with pytest.raises(NotAllowed):
        run(ports, say_something, MEHMET, activity.id, item, saying=Saying.TRY, text="Hm.")
    assert len(ports.rows(SANDBOX_REMARKS)) == 3


# --- into the draft ---


def test_ones_own_item_goes_to_the_end_of_a_part_as_a_version_by_oneself() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    assert run(ports, promote, AMARA, activity.id, item, part="where", seen=1) == []
    (draft,) = ports.rows(DRAFTS)
    assert draft.texts["where"] == f"The draft.\n\nI try {WORD}."
    newest = max(ports.rows(DRAFT_VERSIONS), key=lambda row: row.number)
    assert newest.author == AMARA.person
    assert ports.rows(SANDBOX_ITEMS, id=item)  # a copy: the item stays


def test_what_several_wrote_waits_for_a_yes_of_each_to_this_very_text() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM)
    write(ports, activity, TOMAS, item, "Ours, of both.", seen=1)
    assert run(ports, promote, LINH, activity.id, item, part="cost", seen=2) == [AMARA.person, TOMAS.person]
    assert not ports.rows(DRAFTS)[0].texts.get("cost")
    run(ports, say_yes, AMARA, activity.id, item, seen=2)
    write(ports, activity, TOMAS, item, "Ours, changed.", seen=2)  # the yes was to another text
    assert run(ports, promote, TOMAS, activity.id, item, part="cost", seen=3) == [AMARA.person]
    run(ports, say_yes, AMARA, activity.id, item, seen=3)
    assert run(ports, promote, TOMAS, activity.id, item, part="cost", seen=3) == []
    assert ports.rows(DRAFTS)[0].texts["cost"] == "Ours, changed."
    assert len(ports.rows(EVENTS, kind="sandbox_yes_wanted")) == 2  # asked once for each text
    with pytest.raises(NotAllowed):
        run(ports, say_yes, LINH, activity.id, item, seen=3)  # wrote nothing in it


def test_nobody_puts_words_of_somebody_who_left_into_the_draft() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM)
    write(ports, activity, TOMAS, item, "Ours.", seen=1)
    run(ports, leave_team, AMARA, activity.id)
    with pytest.raises(Conflict) as refused:
        run(ports, promote, TOMAS, activity.id, item, part="where", seen=2)
    assert refused.value.code == "sandbox_gone_author"


def test_nothing_goes_into_a_draft_that_is_handed_in_or_a_part_that_is_not_there() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    with pytest.raises(Invalid):
        run(ports, promote, AMARA, activity.id, item, part="nowhere", seen=1)
    hand_in(ports, activity, AMARA)
    with pytest.raises(Exception, match="already_decided"):
        run(ports, promote, AMARA, activity.id, item, part="where", seen=1)
    assert not ports.rows(SANDBOX_YES)


# --- gone, and what is left ---


def anywhere(ports: MemoryPorts) -> set[str]:
    """The tables in which the planted word stands."""
    return {kind.table for kind in ALL for row in ports.rows(kind) if WORD in repr(row)}


def test_a_word_stands_in_the_sandbox_and_in_no_other_table() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM_MENTOR)
    run(ports, say_something, MONA, activity.id, item, saying=Saying.TRY, text=f"More {WORD}.")
    write(ports, activity, TOMAS, item, f"Ours: {WORD}.", seen=1)
    run(ports, promote, TOMAS, activity.id, item, part="where", seen=2)
    run(ports, break_glass, ADA, activity.id, name="Amara", reason=REASON)
    deliver_all(ports, compose=compose)
    assert anywhere(ports) == {SANDBOX_ITEMS.table, SANDBOX_REMARKS.table}
    assert not [mail for _to, mail in ports.mailer.outbox if WORD in f"{mail.subject}{mail.text}{mail.html}"]


def test_deleting_leaves_nothing_behind() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM_MENTOR)
    run(ports, say_something, MONA, activity.id, item, saying=Saying.TRY, text=f"More {WORD}.")
    run(ports, delete_item, AMARA, activity.id, item)
    assert not anywhere(ports)
    assert not ports.rows(SANDBOX_YES)
    with pytest.raises(NotFound):
        run(ports, look_at_item, AMARA, activity.id, item)


def test_somebody_who_goes_for_good_takes_along_what_was_theirs_alone() -> None:
    ports, activity, _blue = a_class()
    for audience in Audience:
        put(ports, activity, audience)
    run(ports, retire, AMARA.person)
    assert {row.audience for row in ports.rows(SANDBOX_ITEMS)} == {Audience.TEAM, Audience.TEAM_MENTOR}


def test_sharing_tells_those_who_see_it_from_now_on_and_nobody_twice() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    assert not ports.rows(EVENTS, kind="sandbox_shared")
    write(ports, activity, AMARA, item, "Look.", seen=1, audience=Audience.TEAM)
    write(ports, activity, AMARA, item, "Look.", seen=2, audience=Audience.TEAM_MENTOR)
    told = [event.detail["people"] for event in ports.rows(EVENTS, kind="sandbox_shared")]
    assert told == [sorted([TOMAS.person, LINH.person]), [MONA.person]]
    assert all(set(event.detail) == {"people"} for event in ports.rows(EVENTS, kind="sandbox_shared"))


# --- breaking the glass ---


def test_an_administrator_opens_a_sandbox_for_an_hour_and_the_owner_is_told() -> None:
    ports, activity, _blue = a_class()
    put(ports, activity)
    glass = run(ports, break_glass, ADA, activity.id, name="Amara", reason=REASON)
    found = run(ports, look_through_glass, ADA, activity.id, glass)
    assert [item.text for item in found.items] == [f"I try {WORD}."]
    deliver_all(ports, compose=compose)
    assert [row.person for row in ports.rows(NOTICES, kind="sandbox_opened")] == [AMARA.person]
    assert REASON not in repr(ports.rows(EVENTS) + ports.rows(NOTICES) + ports.rows(REQUEST_KEYS))
    assert len(run(ports, look_at_sandbox, AMARA, activity.id).opened) == 1
    ports.clock.advance(seconds=GLASS_LASTS.total_seconds())
    with pytest.raises(NotFound):
        run(ports, look_through_glass, ADA, activity.id, glass)
    assert [row.reason for row in run(ports, openings, ADA, activity.course)] == [REASON]


@pytest.mark.parametrize("who", [INES, KWAME, MONA, AMARA, TOMAS], ids=lambda who: who.name)
def test_nobody_but_an_administrator_breaks_the_glass(who: Actor) -> None:
    ports, activity, _blue = a_class()
    glass = run(ports, break_glass, ADA, activity.id, name="Amara", reason=REASON)
    with pytest.raises(NotAllowed):
        run(ports, break_glass, who, activity.id, name="Amara", reason=REASON)
    with pytest.raises(NotAllowed):
        run(ports, look_through_glass, who, activity.id, glass)
    with pytest.raises(NotAllowed):
        run(ports, openings, who, activity.course)
    assert len(ports.rows(GLASSES)) == 1


def test_without_a_sentence_or_an_exact_name_nothing_is_opened_and_no_name_is_told() -> None:
    ports, activity, _blue = a_class()
    come_in(ports, replace(actor("Amara two"), name="Amara"))
    for form in ({"name": "Ama", "reason": REASON}, {"name": "Amara", "reason": REASON}):
        with pytest.raises(Invalid) as refused:
            run(ports, break_glass, ADA, activity.id, **form)
        assert "Amara" not in repr(refused.value.problems)
    with pytest.raises(Invalid):
        run(ports, break_glass, ADA, activity.id, name="Amara", person=AMARA.person, reason="because")
    assert not ports.rows(GLASSES)
    run(ports, break_glass, ADA, activity.id, name="Amara", person=AMARA.person, reason=REASON)
    assert [row.person for row in ports.rows(GLASSES)] == [AMARA.person]


def test_another_administrator_does_not_look_through_a_glass_they_did_not_break() -> None:
    ports, activity, _blue = a_class()
    glass = run(ports, break_glass, ADA, activity.id, name="Amara", reason=REASON)
    with pytest.raises(NotFound):
        run(ports, look_through_glass, actor("Eve", Role.ADMIN), activity.id, glass)
