"""The two houses in which a class is told of: up before the first page opens, until the last is closed.

A test that opens a house itself would take it away from pages that are still open and ask again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e import classes
from tests.e2e.classes import Class

HOUSES = {
    "tool": lambda folder: classes.tool(folder),
    "lms": lambda folder: classes.blocks(folder, framed=True),
}


@pytest.fixture(params=list(HOUSES))
def house(request: pytest.FixtureRequest, tmp_path) -> Iterator[Class]:
    """A class in each house. Named before `open_page` by whoever wants both."""
    with HOUSES[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def take(house: Class) -> Callable[[Any, str], None]:
    """Takes a picture of a page to look at, when one is asked for."""
    folder = os.environ.get("KEEP_PICTURES_IN", "")

    def one(page: Any, name: str) -> None:
        if folder:
            page.screenshot(path=f"{folder}/{house.name}-{name}.png", full_page=True)

    return one
