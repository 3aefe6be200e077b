"""A team at work, in a browser in each house: files, sandbox, reminders, going on alone, signs."""

from __future__ import annotations

import pytest

from tests.e2e.classes import Class
from tests.e2e.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_team_at_work_and_somebody_alone_find_their_way(house: Class, open_page) -> None:
    Workspace(house, open_page).tell()
