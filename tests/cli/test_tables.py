"""Plain files: every problem named with its place, and a result whole or not at all."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.cli.tables import Problems, WrongInput, read_table, write_files, write_tables, written


def table_of(path: Path, content: str | bytes, *required: str):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    problems = Problems()
    return read_table(path, required, problems), problems


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    content = '\ufeffname,points\r\nann,3\r\n\r\n"bo\nb",x\r\ncy,"4,5"\r\n'
    table, problems = table_of(tmp_path / "LEARNERS.csv", content, "name", "points")
    assert [row.quantity("points") for row in table.rows] == [Decimal(3), None, None]
    assert problems.lines == [
        "LEARNERS.csv row 4, column points: “x” is not a number",
        "LEARNERS.csv row 5, column points: “4,5” is not a number, write a decimal point",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "T.csv: the first row must name the columns: a, b"),
        ("a\n1\n", "T.csv row 1, column b: this column is missing"),
        ("a;b\n1;2\n", "T.csv row 1, column a: this column is missing; cells must be separated by commas"),
        ("a,b,b\n", "T.csv row 1, column b: this column stands here twice"),
        ("a,b\n1\n", "T.csv row 2: 1 cells where the header has 2"),
        ("a,b\n1,2,3\n", "T.csv row 2: 3 cells where the header has 2"),
        ('a,b\n"1,2\n', "T.csv row 2: not CSV (unexpected end of data)"),
        (b"a,b\n\xff,2\n", "T.csv: is not UTF-8 text (byte 5)"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: str | bytes, line: str) -> None:
    _, problems = table_of(tmp_path / "T.csv", content, "a", "b")
    assert problems.lines[0] == line
    with pytest.raises(WrongInput) as wrong:
        problems.stop_if_any()
    assert wrong.value.lines == tuple(problems.lines)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    problems = Problems()
    assert read_table(tmp_path / "none.csv", ("a",), problems).rows == ()
    assert problems.lines == ["none.csv: cannot be read (No such file or directory)"]


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1_000", "٣", "1e999", "9" * 41, "1e13", "0x1", "1.2.3", "--1"]
)
def test_only_plain_numbers_are_numbers(tmp_path: Path, text: str) -> None:
    table, problems = table_of(tmp_path / "T.csv", f"a\n{text}\n", "a")
    assert table.rows[0].quantity("a") is None
    assert len(problems.lines) == 1


def test_numbers_come_exactly_as_written(tmp_path: Path) -> None:
    table, problems = table_of(tmp_path / "T.csv", "a\n0.1\n-2\n1e2\n.5\n", "a")
    assert [str(row.quantity("a")) for row in table.rows] == ["0.1", "-2", "1E+2", "0.5"]
    assert not problems.lines


def test_hours_need_168_signs(tmp_path: Path) -> None:
    good, short, wrong = "01" * 84, "01", "2" + "0" * 167
    table, problems = table_of(tmp_path / "T.csv", f"a,b\n{good},x\n{short},x\n{wrong},x\n,x\n", "a")
    hours = [row.hours("a") for row in table.rows]
    assert hours[0] == frozenset(range(1, 168, 2))
    assert hours[1:] == [None, None, None]
    assert [line.split(":")[0] for line in problems.lines] == [
        "T.csv row 3, column a",
        "T.csv row 4, column a",
    ]


def test_lists_are_trimmed_and_without_empty_names(tmp_path: Path) -> None:
    table, _ = table_of(tmp_path / "T.csv", "a,b\n x ;; y;x,1\n,1\n", "a")
    assert [row.items("a") for row in table.rows] == [("x", "y"), ()]


@pytest.mark.parametrize(
    ("cell", "stands"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-3", "'-3"),
        ("@me", "'@me"),
        ("'=x", "''=x"),
        ("plain", "plain"),
        ("a=b", "a=b"),
        (-3, "-3"),
        (-0.5, "-0.500000"),
        (1 / 3, "0.3333333333333333"),
        (1e-9, "0.000000001"),
        (Decimal("2"), "2.000000"),
        (Fraction(1, 3), "0." + "3" * 40),
        (Fraction(5, 4), "1.250000"),
        (None, ""),
    ],
)
def test_text_is_safe_from_formulas_and_numbers_are_whole(cell, stands: str) -> None:
    assert written(cell) == stands


@given(st.text(alphabet="'=+-@a1,\"; ", max_size=8).map(str.strip).filter(bool))
def test_reading_undoes_writing(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("round") / "T.csv"
    write_tables({path: (("a", "b"), [(text, 1)])})
    problems = Problems()
    (row,) = read_table(path, ("a", "b"), problems).rows
    assert row.text("a") == text
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1][0][0] not in "=+-@"


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    with pytest.raises(WrongInput) as wrong:
        write_files({tmp_path / "old.csv": "new", tmp_path / "no folder" / "b.csv": "b"})
    assert wrong.value.lines == ("b.csv: cannot be written (No such file or directory)",)
    assert (tmp_path / "old.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]


def test_a_folder_is_no_place_to_write_to(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="it is a folder"):
        write_files({tmp_path: "x"})
    assert not list(tmp_path.iterdir())
