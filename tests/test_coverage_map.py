"""docs/coverage.md: what is built, and where each of it is shown to hold in both hosts."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

import pytest

from tests.services import ROOT

DOCUMENT = ROOT / "docs/coverage.md"
HEADS = (
    "id", "what", "rule test", "story in the LTI tool", "story in Open edX", "picture, LTI tool",
    "picture, Open edX",
)  # fmt: skip
TEST_COLUMNS = HEADS[2:5]
PICTURE_COLUMNS = HEADS[5:]
# What is allowed instead of an entry, and for which rows.
NO_SCREEN = "no screen of its own"
OTHER_HOST = "the other host's"
ONE_HOST_ONLY = {"I3": "story in the LTI tool", "I4": "story in Open edX"}
BUILT = (
    "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A11", "A12", "A13", "B1", "B2", "B3", "B4", "B5",
    "B7", "B8", "B9", "B10", "B11", "B12", "B13", "B14", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",
    "C9", "C10", "C11", "C12", "C13", "C15", "C16", "C17", "C18", "D9", "H6", "H7", "I3", "I4", "I6", "J1",
    "K1", "K2", "K4", "L1", "L3", "L4", "P1", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9", "X10",
    "X11",
)  # fmt: skip
SWITCHED_OFF = {"skip", "skipif", "xfail", "importorskip"}


def rows() -> dict[str, dict[str, str]]:
    """The lines of the map by id, each with its cells by head."""
    found: dict[str, dict[str, str]] = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if re.fullmatch(r"[A-Z]\d+", cells[0]):
            assert len(cells) == len(HEADS), f"{cells[0]} has {len(cells)} cells"
            assert cells[0] not in found, f"{cells[0]} stands there twice"
            found[cells[0]] = dict(zip(HEADS, cells, strict=True))
    return found


@lru_cache
def names_in(path: str) -> dict[str, bool]:
    """The tests of a file by name, and whether each really runs."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    whole = any(
        SWITCHED_OFF & attributes(node) for node in tree.body if not isinstance(node, ast.FunctionDef)
    )
    return {
        node.name: not whole and not SWITCHED_OFF & attributes(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def attributes(node: ast.AST) -> set[str]:
    """The names after a dot in a piece of code, such as `skip` of `pytest.skip`."""
    return {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def named_tests(cell: str) -> list[tuple[str, str]]:
    """File and name of each test in a cell."""
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", cell)


def test_the_map_has_a_row_for_everything_that_is_built() -> None:
    assert list(rows()) == list(BUILT)


@pytest.mark.parametrize("id", BUILT)
def test_each_entry_names_tests_that_exist_and_run(id: str) -> None:
    for head in TEST_COLUMNS:
        cell = rows()[id][head]
        if ONE_HOST_ONLY.get(id) == head:
            assert cell == OTHER_HOST
            continue
        named = named_tests(cell)
        assert named, f"{id}, {head}: no test is named"
        for path, name in named:
            assert (ROOT / path).is_file(), f"{id}, {head}: there is no {path}"
            assert name in names_in(path), f"{id}, {head}: there is no {name} in {path}"
            assert names_in(path)[name], f"{id}, {head}: {name} is switched off"


@pytest.mark.parametrize("id", BUILT)
def test_each_entry_shows_a_picture_in_both_hosts(id: str) -> None:
    for head in PICTURE_COLUMNS:
        cell = rows()[id][head]
        if cell == NO_SCREEN:
            assert id[0] in "XIJ", f"{id} has screens, so it has pictures"
            continue
        if cell == OTHER_HOST:
            assert id in ONE_HOST_ONLY
            continue
        named = re.findall(r"\]\(([^)]+\.png)\)", cell)
        assert named, f"{id}, {head}: no picture is named"
        assert [name for name in named if not (DOCUMENT.parent / name).is_file()] == []


def test_the_words_above_the_map_are_those_of_its_columns() -> None:
    assert "| " + " | ".join(HEADS) + " |" in DOCUMENT.read_text(encoding="utf-8")
