"""The tables for operators, to look at and search: what is in them is changed in the activities.

Learner keys only, no names beside them: whoever may read here still sees no person at a glance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from coursecrew.app.records import BY_TABLE, Sort
from coursecrew_openedx.models import MODELS, Person

SHOWN = 8  # columns of a list
LONG = (Sort.LONG, Sort.JSON)


if TYPE_CHECKING:  # only type checkers know the parameter; the class itself takes none
    Admin = admin.ModelAdmin[Any]
else:
    Admin = admin.ModelAdmin


class ReadOnly(Admin):
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are made by what people do."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A change here would pass by every rule and every log."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Erasure goes through retirement, which keeps the teams' work readable."""
        return False


@admin.register(Person)
class PersonAdmin(ReadOnly):
    """The tie between accounts and learner keys."""

    list_display = ("key", "user")
    search_fields = ("key", "user__username", "user__email")
    list_select_related: ClassVar[Any] = ("user",)


def _admin_of(table: str, model: type[models.Model]) -> type[ReadOnly]:
    kind = BY_TABLE[table]
    short = [name for name, column in kind.columns.items() if column.sort not in LONG]
    searched = [name for name in ("id", "person", "activity", "course") if name in kind.columns]
    listed = [name for name in ("state", "kind", "role") if name in kind.columns]
    return type(
        f"{model.__name__}Admin",
        (ReadOnly,),
        {
            "__doc__": f"Rows of {table}.",
            "list_display": tuple(short[:SHOWN]),
            "search_fields": tuple(f"={name}" for name in searched),
            "list_filter": tuple(listed),
            "ordering": ("-id",),
            "show_full_result_count": False,  # a count of a large table takes seconds
        },
    )


for _table, _model in MODELS.items():
    if not BY_TABLE[_table].closed:  # what a person wrote for those they chose is no operator's to read
        admin.site.register(_model, _admin_of(_table, _model))
