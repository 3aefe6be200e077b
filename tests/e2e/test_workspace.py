"""A team at work, in a browser in each house: files, sandbox, reminders, going on alone, signs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.classes import Class
from tests.e2e.test_formed_teams import HOUSES
from tests.e2e.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(params=list(HOUSES))
def house(request, tmp_path) -> Iterator[Class]:
    with HOUSES[request.param](tmp_path) as made:
        yield made


def test_a_team_at_work_and_somebody_alone_find_their_way(house: Class, open_page) -> None:
    Workspace(house, open_page).tell()
