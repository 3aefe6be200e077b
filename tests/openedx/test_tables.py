"""Our tables under Django: the migrations make what the models have, in every database."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tests import services
from tests.contracts.places import django_database, set_django_up

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)


@pytest.fixture(params=["sqlite", POSTGRES, MARIADB])
def migrated(request: pytest.FixtureRequest, tmp_path, django_db_blocker):
    """The alias of a database in which our migrations have run."""
    alias = f"tables_{request.param}"
    lend = {"postgres": services.fresh_postgres, "mariadb": services.fresh_mariadb}.get(
        request.param, lambda: nullcontext("")
    )
    with lend() as url:
        sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{tmp_path}/tables.sqlite"}
        entry = services.django_database(url) if url else sqlite
        with django_database(alias, entry, django_db_blocker):
            from django.core.management import call_command

            call_command("migrate", "coursecrew", database=alias, verbosity=0)
            yield alias


def test_no_model_has_changed_without_a_migration(migrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "coursecrew", check=True, dry_run=True)  # exits where one is missing
    assert "No changes detected" in capsys.readouterr().out


def test_migrating_back_takes_every_table_away(migrated: str) -> None:
    from django.core.management import call_command
    from django.db import connections

    def ours() -> list[str]:
        with connections[migrated].cursor() as cursor:
            names = connections[migrated].introspection.table_names(cursor)
        return [name for name in names if name.startswith("coursecrew_")]

    assert "coursecrew_person" in ours()
    call_command("migrate", "coursecrew", "zero", database=migrated, verbosity=0)
    assert ours() == []


def test_an_account_has_one_key_and_a_key_one_account(migrated: str) -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import IntegrityError, transaction

    from coursecrew_openedx.models import Person

    call_command("migrate", "auth", database=migrated, verbosity=0)
    people = Person.objects.using(migrated)
    account = get_user_model().objects.using(migrated).create(username="amara")
    people.create(user_id=account.pk, key="a" * 32)
    with pytest.raises(IntegrityError), transaction.atomic(using=migrated):
        people.create(user_id=account.pk, key="b" * 32)
    other = get_user_model().objects.using(migrated).create(username="linh")
    with pytest.raises(IntegrityError), transaction.atomic(using=migrated):
        people.create(user_id=other.pk, key="a" * 32)
    assert list(people.values_list("user_id", "key")) == [(account.pk, "a" * 32)]


@pytest.mark.mariadb
@pytest.mark.parametrize("migrated", [MARIADB], indirect=True)
def test_mariadb_keeps_microseconds_and_compares_by_code_point(migrated: str) -> None:
    from django.db import connections

    with connections[migrated].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT data_type, datetime_precision, collation_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name LIKE 'coursecrew%%'"
            " AND data_type IN ('datetime', 'varchar', 'longtext', 'text')"
        )
        found = set(cursor.fetchall())
    assert found == {
        ("datetime", 6, None),
        ("varchar", None, "utf8mb4_bin"),
        ("longtext", None, "utf8mb4_bin"),
    }


def test_settings_are_found_for_django_alone() -> None:
    set_django_up()
    from django.apps import apps

    assert apps.get_app_config("coursecrew").name == "coursecrew_openedx"
