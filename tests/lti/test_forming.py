"""Teams are formed by the tool's worker, in a thread that no delivery waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coursecrew.app.forming import publish_run, run_of, start_run
from coursecrew.app.records import MEMBERSHIPS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.formations import RunState
from tests.builders import INES
from tests.lti.conftest import register
from tests.surveyed import WISHES, a_surveyed_class


@dataclass(frozen=True)
class Nowhere:
    """A queue whose word is lost."""

    def nudge(self) -> None: ...

    def form(self) -> None: ...


def a_class(tool, platform, learners=12):
    registration = register(tool, platform, "client9").id
    ports = tool.ports(registration)
    return registration, ports, a_surveyed_class(ports, learners)


def asked_in(ports, here):
    return run(ports, start_run, INES, here.activity.id, wishes=WISHES, seed=1)


def state_of(ports, here, asked):
    return run(ports, run_of, INES, here.activity.id, asked.id).state


def test_the_worker_forms_teams_and_goes_on_publishing_them(tool, platform):
    _, ports, here = a_class(tool, platform, 220)
    tool.work.run_waiting()
    asked = asked_in(ports, here)
    assert tool.work.waiting() == 1
    tool.work.run_waiting()
    assert state_of(ports, here, asked) is RunState.DONE
    assert run(ports, publish_run, INES, here.activity.id, asked.id).state is RunState.PUBLISHING
    tool.work.run_waiting()
    assert state_of(ports, here, asked) is RunState.PUBLISHED
    with ports.transaction() as store:
        assert store.count(MEMBERSHIPS, team_set=asked.team_set) == 220


def test_a_lost_word_costs_a_minute(tool, platform):
    _, ports, here = a_class(tool, platform)
    asked = asked_in(replace(ports, queue=Nowhere()), here)
    tool.work.run_waiting()
    assert state_of(ports, here, asked) is RunState.WAITING
    tool.work.look_everywhere()
    tool.work.run_waiting()
    assert state_of(ports, here, asked) is RunState.DONE


def test_a_worker_goes_on_with_other_tasks_while_teams_are_formed(tool, platform):
    registration, ports, here = a_class(tool, platform)
    tool.work.run_waiting()
    tool.work.consumer(1)  # what runs the worker; not started, so that this test gives the tasks out
    asked = asked_in(ports, here)
    with ports.transaction():  # nobody else gets in: forming cannot end before this does
        tool.work.huey.execute(tool.work.huey.dequeue())
        former = tool.work._former
        assert former.is_alive()
    former.join(60)
    assert state_of(ports, here, asked) is RunState.DONE
    again = tool.work
    again.form(registration)
    if again._former is not None:
        again._former.join(60)
    assert again._former is None


def test_a_queue_that_is_away_keeps_nobody_from_asking(tool, platform):
    _, ports, here = a_class(tool, platform)

    def away(*_args):
        raise ConnectionError("no queue")

    tool.work.huey.storage.enqueue = away
    asked = asked_in(ports, here)
    assert state_of(ports, here, asked) is RunState.WAITING


def test_each_platforms_runs_are_worked_on_with_its_own_ports(tool, platform):
    made = [a_class(tool, platform, 8)]
    other = register(tool, platform, "client8").id
    ports = tool.ports(other)
    made.append((other, ports, a_surveyed_class(ports, 9)))
    asked = [asked_in(ports, here) for _, ports, here in made]
    tool.work.run_waiting()
    done = [
        run(ports, run_of, INES, here.activity.id, one.id)
        for (_, ports, here), one in zip(made, asked, strict=True)
    ]
    assert [(one.state, one.learners) for one in done] == [(RunState.DONE, 8), (RunState.DONE, 9)]
