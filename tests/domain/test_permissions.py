from __future__ import annotations

from dataclasses import replace

import pytest

from coursecrew.domain.errors import NotAllowed
from coursecrew.domain.people import Role
from coursecrew.domain.permissions import TABLE, Action, Subject, is_allowed, require
from tests.builders import AMARA, INES, KWAME

OUTSIDER = Subject(team="t", takes_part=True)
MEMBER = Subject(team="t", takes_part=True, member=True)
NAMED = Subject(team="t", takes_part=True, in_byline=True)


def test_every_action_has_a_rule() -> None:
    assert set(TABLE) == set(Action)


def test_an_action_without_a_rule_is_refused() -> None:
    with pytest.raises(NotAllowed):
        require(INES, "fly")  # type: ignore[arg-type]


@pytest.mark.parametrize("action", list(Action))
def test_somebody_looking_on_may_only_look(action: Action) -> None:
    onlooker = replace(AMARA, looks_on=True)
    allowed = is_allowed(onlooker, action, replace(MEMBER, in_byline=True))
    assert allowed is (action in (Action.LOOK_AT_ACTIVITY, Action.READ_FILE))


def test_a_draft_is_for_its_team_and_staff() -> None:
    assert is_allowed(AMARA, Action.READ_DRAFT, MEMBER)
    assert not is_allowed(AMARA, Action.READ_DRAFT, OUTSIDER)
    assert is_allowed(INES, Action.READ_DRAFT, OUTSIDER)
    assert not is_allowed(INES, Action.WRITE_DRAFT, OUTSIDER)


def test_a_ta_with_some_teams_sees_only_those() -> None:
    limited = replace(KWAME, teams=("other",))
    assert not is_allowed(limited, Action.READ_DRAFT, OUTSIDER)
    assert is_allowed(replace(limited, teams=("t",)), Action.SCORE_WORK, OUTSIDER)


def test_nobody_grades_a_team_they_are_in() -> None:
    assert not is_allowed(KWAME, Action.SCORE_WORK, replace(OUTSIDER, graded_by_self=True))


def test_a_submission_is_for_its_byline_also_after_leaving() -> None:
    assert is_allowed(AMARA, Action.READ_SUBMISSION, NAMED)
    assert not is_allowed(AMARA, Action.READ_SUBMISSION, OUTSIDER)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OBSERVER, Role.AUTHOR])
def test_admins_authors_and_observers_read_no_learners_text_by_that_role(role: Role) -> None:
    somebody = replace(AMARA, role=role)
    for action in (Action.READ_DRAFT, Action.READ_SUBMISSION, Action.READ_GRADES, Action.LOOK_AT_PEOPLE):
        assert not is_allowed(somebody, action, Subject(team="t"))


@pytest.mark.parametrize(
    "action", [Action.RELEASE_GRADES, Action.EXTEND, Action.NAME_STAFF, Action.PLACE_PEOPLE]
)
def test_a_ta_does_not_run_the_assignment(action: Action) -> None:
    assert not is_allowed(KWAME, action)
    assert is_allowed(INES, action)
