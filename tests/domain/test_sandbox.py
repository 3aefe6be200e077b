from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.errors import Invalid
from coursecrew.domain.mentoring import Mentorship, active_only
from coursecrew.domain.people import Role
from coursecrew.domain.permissions import Action, Subject, is_allowed
from coursecrew.domain.sandbox import (
    REASON_WORDS,
    TEXT_LENGTH,
    Audience,
    Item,
    Reader,
    checked_item,
    checked_reason,
    may_delete,
    may_read,
    may_write,
)
from tests.builders import AMARA, INES, KWAME, START, actor

OWNER, MATE, MENTOR, OTHER = "owner", "mate", "mentor", "other"
MINE = Item(
    "i", "a", OWNER, "", Audience.ME, (), (OWNER,), "Title", "Text", 1, False, START, START, OWNER
)  # fmt: skip


def shown(audience: Audience) -> Item:
    team = "" if audience is Audience.ME else "blue"
    return replace(MINE, audience=audience, team=team, mentors=(MENTOR,) if audience.has_mentor else ())


READERS = {
    "owner": Reader(OWNER, "blue", ()),
    "owner who left": Reader(OWNER, "", ()),
    "owner in another team": Reader(OWNER, "red", ()),
    "team-mate": Reader(MATE, "blue", ()),
    "former team-mate": Reader(MATE, "", ()),
    "member of another team": Reader(OTHER, "red", ()),
    "mentor": Reader(MENTOR, "", ("blue",)),
    "mentor whose time is over": Reader(MENTOR, "", ()),
    "another mentor of the team": Reader(OTHER, "", ("blue",)),
    "mentor of another team": Reader(MENTOR, "", ("red",)),
    "nobody": Reader(OTHER, "", ()),
}
# Who reads, by audience; everybody else does not.
READ = {
    Audience.ME: {"owner", "owner who left", "owner in another team"},
    Audience.ME_MENTOR: {"owner", "owner who left", "owner in another team", "mentor"},
    Audience.TEAM: {"owner", "team-mate"},
    Audience.TEAM_MENTOR: {"owner", "team-mate", "mentor"},
}


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("who", READERS)
def test_an_item_is_read_by_its_audience_and_nobody_else(audience: Audience, who: str) -> None:
    assert may_read(shown(audience), READERS[who]) is (who in READ[audience])


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("who", READERS)
def test_who_writes_reads_and_no_mentor_writes(audience: Audience, who: str) -> None:
    writes = may_write(shown(audience), READERS[who])
    assert writes is (who in READ[audience] - {"mentor"})


@given(
    st.sampled_from(list(Audience)),
    st.sampled_from([OWNER, MATE, MENTOR, OTHER]),
    st.sampled_from(["", "blue", "red"]),
    st.sets(st.sampled_from(["", "blue", "red"])),
)
def test_nobody_deletes_what_they_may_not_read(
    audience: Audience, person: str, team: str, mentors: set[str]
) -> None:
    reader = Reader(person, team, mentors)
    item = replace(shown(audience), authors=(OWNER, MATE))
    if may_delete(item, reader, {OWNER, MATE}) or may_delete(item, reader, {MATE}):
        assert may_read(item, reader)


def test_a_team_mate_who_wrote_along_deletes_only_once_the_first_writer_has_left() -> None:
    item = replace(shown(Audience.TEAM), authors=(OWNER, MATE))
    mate = Reader(MATE, "blue", ())
    assert not may_delete(item, mate, {OWNER, MATE})
    assert may_delete(item, mate, {MATE})
    assert not may_delete(shown(Audience.TEAM), mate, {MATE})  # did not write in it


def test_an_item_of_no_team_is_shown_to_no_team() -> None:
    lost = replace(MINE, audience=Audience.TEAM_MENTOR, mentors=(MENTOR,))
    assert not may_read(lost, Reader(MATE, "", ()))
    assert not may_read(lost, Reader(MENTOR, "", ("",)))


def test_title_and_text_are_cleaned_and_limited() -> None:
    assert checked_item("  A \u202e title\n", " a\r\nb ") == ("A title", "a\nb")
    with pytest.raises(Invalid) as wrong:
        checked_item(" ", "x" * (TEXT_LENGTH + 1))
    assert [problem.code for problem in wrong.value.problems] == ["sandbox_title", "text_too_long"]


def test_a_reason_is_a_sentence() -> None:
    assert checked_reason(" a threat was reported today ") == "a threat was reported today"
    with pytest.raises(Invalid):
        checked_reason("word " * (REASON_WORDS - 1))


# --- mentors ---


def test_a_bond_holds_from_its_beginning_and_not_at_the_moment_it_ends() -> None:
    bond = Mentorship("m", "s", "blue", MENTOR, START, "ines")
    assert bond.is_active(START)
    assert not replace(bond, until=START).is_active(START)
    assert active_only([bond, replace(bond, until=START)], START) == [bond]


MENTORS = Subject(team="t", mentor=True)


def test_a_mentor_reads_and_that_is_all() -> None:
    lent = actor("Mona", Role.OBSERVER)
    allowed = {action for action in Action if is_allowed(lent, action, MENTORS)}
    everybody = {action for action in Action if is_allowed(lent, action, Subject(team="t"))}
    assert allowed - everybody >= {Action.READ_AS_MENTOR, Action.READ_SUBMISSION, Action.READ_CHARTER}
    for action in (Action.WRITE_DRAFT, Action.SUBMIT_WORK, Action.READ_GRADES, Action.READ_SURVEY):
        assert action not in allowed
    assert Action.READ_DRAFT not in allowed
    assert is_allowed(lent, Action.READ_DRAFT, replace(MENTORS, open_draft=True))


def test_nobody_mentors_a_team_they_are_in_and_nobody_grades_one_they_mentor() -> None:
    assert not is_allowed(AMARA, Action.READ_AS_MENTOR, replace(MENTORS, member=True, takes_part=True))
    assert is_allowed(KWAME, Action.SCORE_WORK, Subject(team="t"))
    assert not is_allowed(KWAME, Action.SCORE_WORK, MENTORS)
    assert not is_allowed(INES, Action.SCORE_WORK, MENTORS)


@pytest.mark.parametrize("role", list(Role))
def test_no_role_opens_the_sandbox_and_only_an_administrator_breaks_the_glass(role: Role) -> None:
    who = actor("X", role, may_author=True)
    assert not is_allowed(who, Action.READ_SANDBOX, Subject(team="t", member=True, takes_part=True))
    assert is_allowed(who, Action.BREAK_GLASS) is (role is Role.ADMIN)
    assert is_allowed(replace(who, also=frozenset({Role.ADMIN})), Action.BREAK_GLASS)
    assert not is_allowed(replace(who, role=Role.ADMIN, looks_on=True), Action.BREAK_GLASS)
