"""Teams are formed by the platform's workers, after the commit, or beside the requests of the workbench."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app.forming import run_of, start_run
from coursecrew.app.unit_of_work import run
from coursecrew.domain.formations import RunState
from coursecrew_openedx import tasks
from tests.builders import INES
from tests.surveyed import WISHES, a_surveyed_class


@pytest.fixture
def where(settings):
    """Choose where teams are formed."""

    def choose(**options: str) -> None:
        ours = {**settings.XBLOCK_SETTINGS["coursecrew"], "form": "", **options}
        settings.XBLOCK_SETTINGS = {"coursecrew": ours}

    return choose


@pytest.fixture
def here(ports):
    return a_surveyed_class(ports, 9)


def asked_in(here):
    return run(here.ports, start_run, INES, here.activity.id, wishes=WISHES, seed=1)


def state_of(here, asked) -> RunState:
    return run(here.ports, run_of, INES, here.activity.id, asked.id).state


def test_inline_forms_after_the_commit(here, where) -> None:
    where(form="inline")
    with transaction.atomic():
        asked = asked_in(here)
        assert state_of(here, asked) is RunState.WAITING
    assert state_of(here, asked) is RunState.DONE


def test_celery_is_told_after_the_commit_and_the_task_forms(here, where, monkeypatch) -> None:
    where(deliver="celery")
    told: list[dict] = []
    monkeypatch.setattr(tasks.form, "apply_async", lambda **options: told.append(options))
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: None)
    with transaction.atomic():
        asked = asked_in(here)
        assert told == []
    assert told == [{"retry": False}]
    assert state_of(here, asked) is RunState.WAITING
    assert tasks.form.name == "coursecrew_openedx.form"
    tasks.form()
    assert state_of(here, asked) is RunState.DONE


def test_a_broker_that_does_not_answer_leaves_the_run_to_upkeep(
    here, where, monkeypatch, caplog, capsys
) -> None:
    where(form="celery")

    def unreachable(**_):
        raise BrokerUnreachable("connection refused")

    monkeypatch.setattr(tasks.form, "apply_async", unreachable)
    asked = asked_in(here)
    assert "upkeep will find them" in caplog.text
    call_command("coursecrew_upkeep", no_rosters=True)
    assert " formations 1 " in capsys.readouterr().out
    assert state_of(here, asked) is RunState.DONE


def test_the_workbench_forms_in_a_thread_beside_its_requests(here, where, monkeypatch) -> None:
    where(deliver="inline")
    began = threading.Event()
    names: list[str] = []

    def form() -> None:
        names.append(threading.current_thread().name)
        began.set()

    monkeypatch.setattr(tasks, "form", form)  # the tests' database is in memory, of one thread alone
    asked = asked_in(here)
    assert began.wait(20)
    assert names == ["coursecrew-form"]
    assert state_of(here, asked) is RunState.WAITING
