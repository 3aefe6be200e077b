"""Both hosts have the same tables: those that the record types describe."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Boolean, DateTime, Integer, String, Text, UniqueConstraint

from coursecrew.app.records import ALL, RecordType, Sort, rule_name
from coursecrew_lti.tables import TABLES
from tests.contracts.places import set_django_up

INNODB_KEY = 3072  # bytes of one index; utf8mb4 takes four for a character
every_kind = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.table)
# What each sort is in SQLAlchemy, and in Django.
SORTS = {
    Sort.KEY: (String, "CharField"),
    Sort.TEXT: (String, "CharField"),
    Sort.NUMBER: (String, "CharField"),
    Sort.LONG: (Text, "TextField"),
    Sort.JSON: (Text, "TextField"),
    Sort.WHOLE: (Integer, "IntegerField"),
    Sort.FLAG: (Boolean, "BooleanField"),
    Sort.TIME: (DateTime, "DateTimeField"),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    set_django_up()
    from coursecrew_openedx.models import MODELS

    return MODELS


@every_kind
def test_columns_have_the_same_names_sorts_lengths_and_nulls(kind: RecordType, models) -> None:
    wanted = {
        name: (SORTS[column.sort], column.null, column.length if SORTS[column.sort][0] is String else None)
        for name, column in kind.columns.items()
    }
    table, fields = TABLES[kind.table], models[kind.table]._meta.get_fields()
    in_sqlalchemy = {
        column.name: (type(column.type), column.nullable, getattr(column.type, "length", None))
        for column in table.columns
        if column.name != "tenant"
    }
    in_django = {f.column: (f.get_internal_type(), f.null, f.max_length) for f in fields}
    assert in_sqlalchemy == {name: (sorts[0], *rest) for name, (sorts, *rest) in wanted.items()}
    assert in_django == {name: (sorts[1], *rest) for name, (sorts, *rest) in wanted.items()}
    assert list(table.columns.keys()) == ["id", "tenant", *list(kind.columns)[1:]]
    assert not table.c.tenant.nullable


@every_kind
def test_the_id_is_the_primary_key(kind: RecordType, models) -> None:
    assert [column.name for column in TABLES[kind.table].primary_key] == ["id"]
    assert models[kind.table]._meta.pk.column == "id"
    assert models[kind.table]._meta.db_table == kind.table


@every_kind
def test_unique_rules_are_the_same_and_within_the_tenant(kind: RecordType, models) -> None:
    wanted = {(rule_name(kind, rule), rule) for rule in kind.unique}
    rules = [part for part in TABLES[kind.table].constraints if isinstance(part, UniqueConstraint)]
    assert {(rule.name, tuple(rule.columns.keys())) for rule in rules} == {
        (name, ("tenant", *rule)) for name, rule in wanted
    }
    assert {(rule.name, rule.fields) for rule in models[kind.table]._meta.constraints} == wanted


@every_kind
def test_indexes_are_the_same_and_begin_with_the_tenant(kind: RecordType, models) -> None:
    wanted = {(rule_name(kind, columns), columns) for columns in kind.indexes}
    assert {(index.name, tuple(index.columns.keys())) for index in TABLES[kind.table].indexes} == {
        (name, ("tenant", *(one.removeprefix("-") for one in columns))) for name, columns in wanted
    }
    assert {(index.name, tuple(index.fields)) for index in models[kind.table]._meta.indexes} == wanted


@every_kind
def test_every_rule_and_index_fits_into_a_key_of_innodb(kind: RecordType) -> None:
    for columns in (*kind.unique, *kind.indexes):
        plain = [name.removeprefix("-") for name in columns]
        of_texts = [kind.columns[name] for name in plain if SORTS[kind.columns[name].sort][0] is String]
        assert 4 * sum(column.length for column in of_texts) + 16 * len(columns) <= INNODB_KEY
        assert len(rule_name(kind, columns)) <= 30


def test_names_of_rules_and_indexes_are_all_different() -> None:
    names = [rule_name(kind, columns) for kind in ALL for columns in (*kind.unique, *kind.indexes)]
    assert sorted(names) == sorted(set(names))


@every_kind
def test_each_model_says_what_of_a_person_it_holds(kind: RecordType, models) -> None:
    note = models[kind.table].__doc__
    if kind.personal:
        assert kind.personal[1:] in note
        assert ".. pii:" in note
        assert ".. pii_retirement: local_api" in note
    else:
        assert note.strip() == ".. no_pii:"
