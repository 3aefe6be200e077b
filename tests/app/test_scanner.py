"""The site's scanner as a program: what its endings mean."""

from __future__ import annotations

import io
import shlex
import sys

import pytest

from coursecrew.app.system import scanner
from coursecrew.domain.errors import PlatformUnreachable


def program(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_it_gets_the_bytes_on_its_input_and_its_ending_is_the_answer() -> None:
    scan = scanner(program("import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"))
    assert scan is not None
    assert scan(io.BytesIO(b"fine"))
    assert not scan(io.BytesIO(b"EICAR"))


@pytest.mark.parametrize("command", [program("raise SystemExit(2)"), "/nowhere/clamdscan -"])
def test_a_scanner_that_is_broken_or_missing_lets_nothing_through(command: str) -> None:
    scan = scanner(command)
    assert scan is not None
    with pytest.raises(PlatformUnreachable):
        scan(io.BytesIO(b"fine"))


def test_without_a_command_there_is_none() -> None:
    assert scanner("  ") is None
