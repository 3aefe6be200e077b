"""Text columns that compare by code point in every database.

MySQL's usual collations hold `ann` and `ANN` equal, also in unique rules, and each database sorts in
its own way; pages and rules must come out the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:  # only the checker knows these classes as generic
    _Char = models.CharField[Any, Any]
    _Text = models.TextField[Any, Any]
else:
    _Char, _Text = models.CharField, models.TextField

EXACT = {"mysql": "utf8mb4_bin", "postgresql": "C"}  # SQLite compares so by itself


class ExactCharField(_Char):
    """A short text."""

    def db_parameters(self, connection: Any) -> Any:
        """The column's type, with the collation that this database calls exact."""
        return {**super().db_parameters(connection), "collation": EXACT.get(connection.vendor)}


class ExactTextField(_Text):
    """A text of any length."""

    def db_parameters(self, connection: Any) -> Any:
        """The column's type, with the collation that this database calls exact."""
        return {**super().db_parameters(connection), "collation": EXACT.get(connection.vendor)}
