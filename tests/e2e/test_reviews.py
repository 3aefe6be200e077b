"""Eight people in four teams review each other, in a browser in each house, up to the gradebook."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.reviews import Reviewed
from tests.e2e.test_formed_teams import HOUSES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("house", HOUSES)
def test_teams_review_teams_hidden_in_two_rounds_by_keyboard(house: str, tmp_path: Path, open_page) -> None:
    folder = os.environ.get("KEEP_PICTURES_IN", "")  # to look at, when asked for

    def take(page, name: str) -> None:
        if folder:
            page.screenshot(path=f"{folder}/{house}-{name}.png", full_page=True)

    with HOUSES[house](tmp_path) as made:
        Reviewed(made, open_page, take, axe=True).tell()
