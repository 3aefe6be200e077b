"""Write, check in and hand in: by keyboard, by roles, on a small phone, and in a mirrored language."""

from __future__ import annotations

import pytest

from tests.e2e.classes import Class
from tests.e2e.ways import WAYS, Task

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("way", WAYS)
def test_a_learner_writes_checks_in_and_hands_in(house: Class, way: str, open_page, take) -> None:
    task = Task(house, open_page, WAYS[way](), take)
    task.a_team_is_there()
    task.tell()
