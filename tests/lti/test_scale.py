"""What only shows on a database that several processes write to, and on other queues."""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import text

from coursecrew_lti.app import prepare, wire
from coursecrew_lti.queue import make_huey
from coursecrew_lti.tool import make_tool
from tests.lti.conftest import Browser, config, find, register, rows
from tests.lti.lms import INSTRUCTOR, LEARNER, Platform


@pytest.fixture
def on_postgres(postgres, clock):
    """The tool and its platform over PostgreSQL, everything emptied afterwards."""
    tool = make_tool(config(database_url=postgres), clock=clock, wall=clock.now)
    prepare(tool)
    app = wire(tool)
    platform = Platform(clock.now)
    platform.tool_keys = lambda: (
        app.test_client().get("/lti/jwks", base_url="https://tool.example").get_json()
    )
    platform.start()
    for client in platform.clients:
        register(tool, platform, client)
    yield tool, app, platform
    platform.stop()
    with tool.begin() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE tablename LIKE 'coursecrew%'")
        ).scalars()
        connection.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
    tool.engine.dispose()


@pytest.mark.postgres
def test_a_class_that_comes_in_at_once_makes_one_course_and_one_place(on_postgres):
    tool, app, platform = on_postgres
    prepared = []
    for number in range(24):
        one = Browser(app, platform)
        asked = one.login()
        claims = platform.claims(asked["nonce"], sub=f"s{number % 12}", **platform.services("/c1"))
        prepared.append((one, platform.sign(claims), asked["state"]))
    answers, start = [], threading.Barrier(len(prepared))

    def post(one, token, state):
        start.wait()
        answers.append(one.send(token, state).status_code)

    threads = [threading.Thread(target=post, args=each) for each in prepared]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 24
    assert rows(tool, "COURSE") == rows(tool, "PLACE") == 1
    assert rows(tool, "USER") == 12
    assert tool.work.waiting() == 1  # the member list was asked for once


@pytest.mark.postgres
def test_of_the_same_launch_posted_many_times_at_once_one_is_let_in(on_postgres):
    tool, app, platform = on_postgres
    first = Browser(app, platform)
    asked = first.login()
    token = platform.sign(platform.claims(asked["nonce"]))
    answers, start = [], threading.Barrier(8)

    def post():
        one = Browser(app, platform)
        one.client.set_cookie(
            f"__Host-lti-{asked['state'][:12]}", asked["state"], domain="tool.example", secure=True
        )
        start.wait()
        answers.append(one.send(token, asked["state"]).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, *[400] * 7]
    assert rows(tool, "SESSION") == 1


@pytest.mark.postgres
def test_a_launch_its_page_and_its_member_list_work_as_on_sqlite(on_postgres):
    tool, app, platform = on_postgres
    platform.members = [{"user_id": f"s{n}", "roles": [LEARNER], "name": f"Person {n}"} for n in range(5)]
    teacher = Browser(app, platform)
    teacher.come_in(sub="t", roles=[INSTRUCTOR], **platform.services("/c1"))
    assert teacher.ui("settings").status_code == 200
    tool.work.run_waiting()
    [course] = find(tool, "COURSE")
    assert course.synced_at == tool.wall()
    assert "Person 4" in teacher.ui("people").text
    learner = Browser(app, platform)
    learner.come_in(sub="s1", **platform.services("/c1"))
    assert learner.ui().status_code == 200
    assert learner.get("/readyz").status_code == 200
    assert learner.get("/metrics").status_code == 200
    tool.work.clean()


@pytest.mark.postgres
def test_tasks_may_wait_in_postgres(postgres):
    does_tasks(postgres.replace("postgresql+psycopg://", "postgresql://"))


@pytest.mark.redis
def test_tasks_may_wait_in_redis(redis):
    does_tasks(redis)


def test_tasks_may_wait_in_a_file(tmp_path):
    does_tasks(f"sqlite:///{tmp_path / 'queue.db'}")


def does_tasks(url):
    """A task that one process hands over is done by another one."""
    done, name = [], f"test-{uuid.uuid4().hex}"

    def of(queue):
        @queue.task(name="note")
        def note(word):
            done.append(word)

        return note

    asking, working = make_huey(url, name), make_huey(url, name)
    ask = of(asking)
    of(working)
    try:
        ask("hello")
        assert asking.pending_count() == 1
        working.execute(working.dequeue())
        assert done == ["hello"]
        assert asking.pending_count() == 0
    finally:
        asking.flush()
        for queue in (asking, working):
            queue.storage.close()


def test_a_queue_of_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="no queue is known for amqp://"):
        make_huey("amqp://somewhere")
