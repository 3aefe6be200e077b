"""Cells of CSV files that no spreadsheet takes for a formula."""

from __future__ import annotations

import unicodedata


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; reading takes one quote off again."""
    first = unicodedata.normalize("NFKC", cell.lstrip()[:1])  # a wide "＝" begins one, too
    return f"'{cell}" if first in ("=", "+", "-", "@", "'") or cell[:1] in ("\t", "\r") else cell


def plain_cell(text: str | None) -> str:
    """What stood in the cell before `escaped`, without blanks around it."""
    text = (text or "").strip()
    return text[1:] if text.startswith("'") and escaped(text[1:]) == text else text
