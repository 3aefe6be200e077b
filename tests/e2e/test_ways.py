"""Write, check in and hand in: by keyboard, by roles, on a small phone, and in a mirrored language."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.test_formed_teams import HOUSES
from tests.e2e.ways import WAYS, Task

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("house", HOUSES)
def test_a_learner_writes_checks_in_and_hands_in(house: str, way: str, tmp_path: Path, open_page) -> None:
    folder = os.environ.get("KEEP_PICTURES_IN", "")  # to look at, when asked for

    def take(page, name: str) -> None:
        if folder:
            page.screenshot(path=f"{folder}/{house}-{name}.png", full_page=True)

    with HOUSES[house](tmp_path) as made:
        task = Task(made, open_page, WAYS[way](), take)
        task.a_team_is_there()
        task.tell()
