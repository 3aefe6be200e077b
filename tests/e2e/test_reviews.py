"""Eight people in four teams review each other, in a browser in each house, up to the gradebook."""

from __future__ import annotations

import pytest

from tests.e2e.classes import Class
from tests.e2e.reviews import Reviewed

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_teams_review_teams_hidden_in_two_rounds_by_keyboard(house: Class, open_page, take) -> None:
    Reviewed(house, open_page, take, axe=True).tell()
