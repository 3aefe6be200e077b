"""The number of SQL statements that a screen sends does not grow with the course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from coursecrew.app.memory import ONE_TENANT
from coursecrew.domain.people import Actor
from coursecrew_lti.store import make_engine, transaction
from coursecrew_lti.tables import METADATA
from tests.builders import world
from tests.ui.class_of import SCREENS, Course, course_of
from tests.ui.parts import ask


class CourseInSqlite:
    """A course in a file of its own, with every statement that is sent to it."""

    def __init__(self, path: Path, learners: int) -> None:
        self.engine = make_engine(f"sqlite:///{path}")
        METADATA.create_all(self.engine)
        self.statements: list[str] = []
        event.listen(self.engine, "before_cursor_execute", self._note)
        ports = replace(world(), transaction=lambda: transaction(self.engine, ONE_TENANT))
        self.course: Course = course_of(ports, learners)

    def _note(self, _connection, _cursor, statement, _parameters, _context, _many) -> None:
        self.statements.append(statement)

    def sent_for(self, path: str, who: Actor) -> int:
        """How many statements the second look at a screen sends."""
        route, _, search = self.course.path(path).partition("?")
        query = dict([search.split("=")]) if search else {}
        ask(self.course.ports, who, route, query=query)
        self.statements.clear()
        assert ask(self.course.ports, who, route, query=query).status == 200
        return len(self.statements)


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CourseInSqlite, CourseInSqlite]]:
    """One course of ten learners and one of a thousand."""
    folder = tmp_path_factory.mktemp("courses")
    small, large = CourseInSqlite(folder / "10.sqlite", 10), CourseInSqlite(folder / "1000.sqlite", 1000)
    yield small, large
    small.engine.dispose()
    large.engine.dispose()


@pytest.mark.parametrize(("path", "who"), SCREENS, ids=[f"{path} by {who.name}" for path, who in SCREENS])
def test_a_screen_sends_as_many_statements_for_a_thousand_learners_as_for_ten(
    courses: tuple[CourseInSqlite, CourseInSqlite], path: str, who: Actor
) -> None:
    small, large = courses
    assert large.sent_for(path, who) == small.sent_for(path, who)
