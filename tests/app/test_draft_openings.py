"""The course staff open a live draft: never unseen, never their own team's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.draft_openings import look_at_draft, open_draft, own_openings
from coursecrew.app.presence import who_is_here
from coursecrew.app.records import DRAFT_OPENINGS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import NotAllowed
from tests.builders import AMARA, INES, KWAME, LINH, MEHMET, SOFIA, a_team, an_assignment, come_in, world


def test_the_text_is_shown_only_after_the_opening_is_written_down() -> None:
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA, LINH, draft="Where it goes")
    closed = run(ports, look_at_draft, INES, activity.id, team.id)
    assert (closed.is_open, closed.openings) == (False, ())
    run(ports, open_draft, INES, activity.id, team.id)
    shown = run(ports, look_at_draft, INES, activity.id, team.id)
    assert (shown.is_open, shown.view.draft.texts["where"]) == (True, "Where it goes")
    rows, people = run(ports, own_openings, LINH, activity.id)
    assert [people[row.by].name for row in rows] == ["Dr Carvalho"]
    assert [row.name for row in run(ports, who_is_here, LINH, activity.id, team.id)] == ["Dr Carvalho"]


def test_within_an_hour_it_is_one_opening_and_later_another() -> None:
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA, draft="Where it goes")
    for minutes in (0, 59):
        ports.clock.move_to(ports.clock.now() + timedelta(minutes=minutes))
        run(ports, open_draft, INES, activity.id, team.id)
    assert len(ports.rows(DRAFT_OPENINGS)) == 1
    ports.clock.move_to(ports.clock.now() + timedelta(minutes=2))
    assert not run(ports, look_at_draft, INES, activity.id, team.id).is_open
    run(ports, open_draft, INES, activity.id, team.id)
    assert len(ports.rows(DRAFT_OPENINGS)) == 2


def test_nobody_else_opens_it_and_no_other_team_reads_who_did() -> None:
    ports = world()
    activity = an_assignment(ports, SOFIA)
    team = a_team(ports, activity, AMARA, draft="Where it goes")
    other = a_team(ports, activity, MEHMET, name="Green Line")
    come_in(ports, KWAME)
    limited = replace(KWAME, teams=(other.id,))
    for who in (AMARA, MEHMET, SOFIA, limited):
        with pytest.raises(NotAllowed):
            run(ports, open_draft, who, activity.id, team.id)
        with pytest.raises(NotAllowed):
            run(ports, look_at_draft, who, activity.id, team.id)
    run(ports, open_draft, INES, activity.id, team.id)
    assert run(ports, own_openings, MEHMET, activity.id)[0] == []
    with pytest.raises(NotAllowed):
        run(ports, own_openings, SOFIA, activity.id)
