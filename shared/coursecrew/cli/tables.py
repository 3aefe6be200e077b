"""Plain files for the commands: CSV in with every problem named, CSV out whole or not at all.

Format: RFC 4180 with a header row, UTF-8 (a byte order mark is skipped). Rows are counted as a
spreadsheet counts them: the header is row 1, a cell with line breaks is one row.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

HOURS_A_WEEK = 168
LEAST_DECIMALS = 6
# Wide enough for any mark, narrow enough that exact arithmetic on hostile files stays quick.
LARGEST = Decimal(10) ** 12
MOST_DIGITS = 40
CELL_LIMIT = 1_000_000
# Spreadsheets run such a cell as a formula; quotes before it are counted so that reading undoes writing.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
QUOTIENT = Context(prec=40)

Cell = str | int | float | Decimal | Fraction | None


class WrongInput(Exception):  # noqa: N818 - it names what was found, not what broke
    """Input that cannot be used: one line for each problem; the command ends with exit code 2."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Carry the `lines` as they are printed."""
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


@dataclass
class Problems:
    """What is wrong with the input, collected so that a person mends a file in one go."""

    lines: list[str] = field(default_factory=list)

    def add(self, file: str, problem: str, *, row: int | None = None, column: str | None = None) -> None:
        """Note one problem: `FILE row 17, column points: …`, as far as the place is known."""
        place = file + (f" row {row}" if row is not None else "")
        if column is not None:
            place += f", column {shown(column)}"
        self.lines.append(f"{place}: {problem}")

    def stop_if_any(self) -> None:
        """Raise `WrongInput` with all lines if there are any."""
        if self.lines:
            raise WrongInput(self.lines)


def shown(text: str, *, most: int = 60) -> str:
    """A text from a file as one short printable line."""
    line = "".join(sign if sign.isprintable() else "?" for sign in text)
    return line if len(line) <= most else line[: most - 1] + "…"


@dataclass(frozen=True)
class Row:
    """One row of a table; each reader notes what is wrong with its cell and gives a harmless value."""

    file: str
    number: int
    cells: Mapping[str, str]
    problems: Problems

    def wrong(self, problem: str, column: str | None = None) -> None:
        """Note a problem with this row, or with one cell of it."""
        self.problems.add(self.file, problem, row=self.number, column=column)

    def optional_text(self, column: str) -> str:
        """The trimmed text of a cell, empty where there is none or no such column."""
        return self.cells.get(column, "")

    def text(self, column: str) -> str:
        """The trimmed text of a cell that must be filled."""
        text = self.optional_text(column)
        if not text:
            self.wrong("this cell is empty", column)
        return text

    def items(self, column: str) -> tuple[str, ...]:
        """The values of a cell split by `;`, trimmed, each once, in their order, without empty ones."""
        parts = (part.strip() for part in self.optional_text(column).split(";"))
        return tuple(dict.fromkeys(part for part in parts if part))

    def quantity(self, column: str) -> Decimal | None:
        """The decimal number in a cell, exactly as written; `None` where the cell is empty."""
        text = self.optional_text(column)
        if not text:
            return None
        if not NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
            hint = ", write a decimal point" if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text) else ""
            self.wrong(f"“{shown(text)}” is not a number{hint}", column)
            return None
        number = Decimal(text)
        if abs(number) > LARGEST:
            self.wrong(f"“{shown(text)}” is beyond ±10^12", column)
            return None
        return number

    def whole(self, column: str) -> int | None:
        """The whole number in a cell; `None` where the cell is empty."""
        text = self.optional_text(column)
        if not text:
            return None
        if not WHOLE.fullmatch(text):
            self.wrong(f"“{shown(text)}” is not a whole number", column)
            return None
        return int(text)

    def hours(self, column: str) -> frozenset[int] | None:
        """Free hours of the week (0 = Monday 00:00 UTC … 167); `None` where nothing is known."""
        text = self.optional_text(column)
        if not text:
            return None
        if len(text) != HOURS_A_WEEK or set(text) - {"0", "1"}:
            self.wrong(
                f"needs {HOURS_A_WEEK} characters 0 or 1 (Monday 00:00 UTC first), has {len(text)}"
                + (" with others among them" if set(text) - {"0", "1"} else ""),
                column,
            )
            return None
        return frozenset(hour for hour, sign in enumerate(text) if sign == "1")


@dataclass(frozen=True)
class Table:
    """A CSV file as it was read."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path, required: Sequence[str], problems: Problems) -> Table:
    """Read the CSV file at `path`; note in `problems` whatever does not fit.

    Cells are trimmed and freed of the quote that `write_tables` puts before formulas. Columns
    beyond the `required` ones are kept, for each command to use or to leave. Rows of empty cells
    are skipped. A row with more or fewer cells than the header is a problem and left out.
    """
    file = path.name
    empty = Table(file, tuple(required), ())
    text = read_text(path, problems)
    if text is None:
        return empty
    records = _records(file, text.removeprefix("\ufeff"), problems)
    if records is None:
        return empty
    if not records or not any(cell.strip() for cell in records[0]):
        problems.add(file, "the first row must name the columns: " + ", ".join(required))
        return empty
    columns = tuple(_unescaped(cell.strip()) for cell in records[0])
    if not _has_columns(file, columns, required, problems):
        return empty
    rows = []
    for number, record in enumerate(records[1:], start=2):
        cells = [_unescaped(cell.strip()) for cell in record]
        if not any(cells):
            continue
        if len(cells) != len(columns):
            problems.add(file, f"{len(cells)} cells where the header has {len(columns)}", row=number)
            continue
        rows.append(Row(file, number, dict(zip(columns, cells, strict=True)), problems))
    return Table(file, columns, tuple(rows))


def _records(file: str, text: str, problems: Problems) -> list[list[str]] | None:
    before = csv.field_size_limit(CELL_LIMIT)
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), strict=True):
            records.append(record)
    except csv.Error as error:
        problems.add(file, f"not CSV ({error})", row=len(records) + 1)
        return None
    finally:
        csv.field_size_limit(before)
    return records


def _has_columns(file: str, columns: Sequence[str], required: Sequence[str], problems: Problems) -> bool:
    sound = True
    for column in required:
        if column not in columns:
            hint = ""
            if len(columns) == 1 and re.search(r"[;\t]", columns[0]):
                hint = "; cells must be separated by commas"
            problems.add(file, f"this column is missing{hint}", row=1, column=column)
            sound = False
    for column in dict.fromkeys(columns):
        if columns.count(column) > 1 and column:
            problems.add(file, "this column stands here twice", row=1, column=column)
            sound = False
    return sound


def read_text(path: Path, problems: Problems) -> str | None:
    """The text of the UTF-8 file at `path`, line ends untouched; `None` and a problem if it has none."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        problems.add(path.name, f"cannot be read ({error.strerror})")
    except UnicodeDecodeError as error:
        problems.add(path.name, f"is not UTF-8 text (byte {error.start + 1})")
    return None


def write_tables(tables: Mapping[Path, tuple[Sequence[str], Iterable[Sequence[Cell]]]]) -> None:
    """Write for each path its columns and rows as CSV: all files, or none (`write_files`)."""
    texts = {}
    for path, (columns, rows) in tables.items():
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([written(cell) for cell in row] for row in rows)
        texts[path] = out.getvalue()
    write_files(texts)


def write_files(texts: Mapping[Path, str]) -> None:
    """Write each text as UTF-8 under its path, or change nothing and raise `WrongInput`.

    Every file is first written whole beside its place and then moved there, so that a full disk or
    an interrupt never leaves half a result under the final name.
    """
    parts: dict[Path, Path] = {}
    path = Path()
    try:
        for path, text in texts.items():
            target = path.resolve()
            if target.exists() and not target.is_file() and not target.is_dir():
                target.write_bytes(text.encode("utf-8"))  # a pipe or terminal: nothing to replace
                continue
            if target.is_dir():
                raise WrongInput([f"{path.name}: cannot be written (it is a folder)"])
            part = target.with_name(f".{target.name}.part")
            parts[target] = part
            part.write_bytes(text.encode("utf-8"))
        for path, part in parts.items():
            os.replace(part, path)
    except OSError as error:
        raise WrongInput([f"{path.name}: cannot be written ({error.strerror})"]) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def written(cell: Cell) -> str:
    """A cell as it stands in a file: text safe from formulas, numbers unrounded, `None` empty."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if FORMULA.match(cell) else cell
    if isinstance(cell, int):
        return str(cell)
    return _digits(cell)


def _digits(number: float | Decimal | Fraction) -> str:
    """A number without exponent, with all the digits it has and never fewer than six decimals."""
    if isinstance(number, Fraction):
        exact = QUOTIENT.divide(Decimal(number.numerator), Decimal(number.denominator))
    elif isinstance(number, Decimal):
        exact = number
    else:
        exact = Decimal(repr(float(number)))
    before, _, after = format(exact, "f").partition(".")
    return f"{before}.{after.rstrip('0').ljust(LEAST_DECIMALS, '0')}"


def _unescaped(cell: str) -> str:
    return cell[1:] if ESCAPED.match(cell) else cell
