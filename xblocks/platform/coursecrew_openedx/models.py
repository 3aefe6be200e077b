"""Tables: shape only. The core's are made from its record types, one model each.

Learners' rows know a person by a learner key alone. The one tie to an account is `Person`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from coursecrew.app.records import ALL, Column, RecordType, Sort, rule_name
from coursecrew_openedx.fields import ExactCharField, ExactTextField


class Person(models.Model):
    """Which account a learner key belongs to; retirement deletes the row.

    .. pii: The tie between an account and the learner key under which everything else is stored.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    user: models.OneToOneField[Any, Any] = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    key = ExactCharField(max_length=32, unique=True)

    class Meta:  # noqa: D106 - Django's
        app_label = "coursecrew"
        db_table = "coursecrew_person"

    def __str__(self) -> str:
        return str(self.key)


def field_of(name: str, column: Column) -> models.Field[Any, Any]:
    """The Django field of a record's column."""
    if name == "id":
        return ExactCharField(max_length=32, primary_key=True)
    if column.sort in (Sort.KEY, Sort.TEXT, Sort.NUMBER):
        return ExactCharField(max_length=column.length, null=column.null, blank=True)
    if column.sort in (Sort.LONG, Sort.JSON):
        return ExactTextField(null=column.null, blank=True)
    if column.sort is Sort.TIME:
        return models.DateTimeField(null=column.null, blank=column.null)
    return models.IntegerField() if column.sort is Sort.WHOLE else models.BooleanField()


def note_of(kind: RecordType[Any]) -> str:
    """The privacy note that the platform's annotation check reads."""
    if not kind.personal:
        return "\n.. no_pii:\n"
    what = f"{kind.personal[0].upper()}{kind.personal[1:]}"
    return f"\n.. pii: {what}.\n.. pii_types: other\n.. pii_retirement: local_api\n"


def model_of(kind: RecordType[Any]) -> type[models.Model]:
    """The Django model of a record type, under its table's name."""
    constraints = [models.UniqueConstraint(fields=rule, name=rule_name(kind, rule)) for rule in kind.unique]
    indexes = [models.Index(fields=columns, name=rule_name(kind, columns)) for columns in kind.indexes]
    meta = type(
        "Meta",
        (),
        {"app_label": "coursecrew", "db_table": kind.table, "constraints": constraints, "indexes": indexes},
    )
    name = "".join(word.capitalize() for word in kind.table.split("_")[1:])
    fields = {column: field_of(column, kind.columns[column]) for column in kind.columns}
    return type(
        name, (models.Model,), {"__module__": __name__, "__doc__": note_of(kind), "Meta": meta, **fields}
    )


MODELS: dict[str, type[models.Model]] = {kind.table: model_of(kind) for kind in ALL}
