"""What a screen asks of the store does not grow with the course, and a look changes nothing."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from coursecrew.domain.people import Actor
from coursecrew.ui.routes import FOR_REVIEWS, ROUTES
from tests.builders import world
from tests.ui.class_of import NOT_SCREENS, SCREENS, Counted, Course, course_of
from tests.ui.parts import ask


@lru_cache(maxsize=2)
def course(learners: int) -> Course:
    return course_of(world(), learners)


def calls(made: Course, path: str, who: Actor) -> Counter[str]:
    counted = Counted(made.ports)
    route, _, search = made.path(path).partition("?")
    query = dict([search.split("=")]) if search else {}
    ask(made.ports, who, route, query=query)  # the first visit is written down; the second only looks
    response = ask(counted.ports, who, route, query=query)
    assert response.status == 200
    return counted.calls


@pytest.mark.parametrize(("path", "who"), SCREENS, ids=[f"{path} by {who.name}" for path, who in SCREENS])
def test_a_screen_asks_the_store_as_often_for_a_thousand_learners_as_for_ten(path: str, who: Actor) -> None:
    assert calls(course(1000), path, who) == calls(course(10), path, who)


@pytest.mark.parametrize(("path", "who"), SCREENS, ids=[f"{path} by {who.name}" for path, who in SCREENS])
def test_looking_at_a_screen_again_writes_nothing(path: str, who: Actor) -> None:
    made = course(10)
    counted = Counted(made.ports)
    route, _, search = made.path(path).partition("?")
    query = dict([search.split("=")]) if search else {}
    ask(made.ports, who, route, query=query)
    ask(counted.ports, who, route, query=query)
    assert counted.writes() == 0


def test_no_screen_is_left_out() -> None:
    shown = {route.path for route in ROUTES if route.method == "GET"}
    shown -= {path for path in shown if path.split("/")[0] in FOR_REVIEWS}  # `test_reviewing.py`
    assert shown - NOT_SCREENS == {path.partition("?")[0] for path, _who in SCREENS}
