"""Teams out of a survey, in a browser in each house: answered, formed, changed, published, and mended."""

from __future__ import annotations

import pytest

from tests.e2e.classes import Class
from tests.e2e.formed import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_class_answers_gets_teams_and_a_team_that_lost_people_goes_on(house: Class, open_page) -> None:
    story = Story(house, open_page)
    story.the_survey_is_out()
    story.amara_answers_by_keyboard()
    story.everybody_answers()
    story.teams_are_formed()
    story.two_are_swapped_by_keyboard()
    story.a_team_is_locked_and_another_run_compared()
    story.teams_are_published()
    team = story.amara_reads_in_which_team_she_is()
    story.work_is_handed_in(team[0])
    story.writes(team[0], second=True)
    story.a_late_one_is_placed()
    story.two_vanish(team)
    others = story.their_team_becomes_one_with_another(team)
    story.what_each_side_wrote_stays_with_its_authors(team, others)
