"""Background work over huey: which storage, and the few tasks there are.

The rows of the outbox are the truth. A task only says "look now"; a lost one costs time, since the
periodic task looks at every platform each minute.

Forming teams takes seconds to a minute. It has a thread of its own in the worker's process, so that
deliveries never wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from huey import Huey, MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy import delete, func, select, update

from coursecrew.app import outbox
from coursecrew.app.formation_work import formations_wait, work_on_formations
from coursecrew.app.people import sync_roster
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.ui.mail import compose
from coursecrew_lti import browser
from coursecrew_lti import registration as registrations
from coursecrew_lti.lti_tables import COURSE, INVITE, LOGIN, NOTICE

if TYPE_CHECKING:
    from coursecrew_lti.tool import Tool

LOG = logging.getLogger("coursecrew.work")
ROUND = 100  # rows of each kind in one round of delivery
SYNC_EVERY = timedelta(minutes=10)
NOTICES_STAY = timedelta(days=90)
NAME = "coursecrew"


def make_huey(url: str, name: str = NAME) -> Huey:
    """The queue that an address names: a file, Redis, PostgreSQL, or the memory of this process."""
    scheme = urlsplit(url).scheme.partition("+")[0]
    if scheme == "sqlite":
        return SqliteHuey(name, filename=url.partition(":///")[2] or "coursecrew-queue.db", results=False)
    if scheme in ("redis", "rediss"):
        return RedisHuey(name, url=url, results=False)
    if scheme in ("postgres", "postgresql"):
        return PostgresHuey(name, dsn="postgresql://" + url.partition("://")[2], results=False)
    if scheme == "memory":
        return MemoryHuey(name, immediate=False, results=False)
    raise ValueError(f"COURSECREW_QUEUE_URL: no queue is known for {scheme}://")


class Work:
    """The tasks, and the queue they wait in."""

    def __init__(self, tool: Tool, url: str) -> None:
        self.huey = make_huey(url)
        self._tool = tool
        self._delivering = threading.local()
        self._to_form: dict[str, None] = {}  # platforms whose formations wait, in the order they came
        self._forming = threading.Lock()  # guards the two beside it
        self._former: threading.Thread | None = None
        self._has_former = False  # whether forming has a thread of its own here
        self._form = self._task("form", self.form)
        self._deliver = self._task("deliver", self.deliver)
        self._sync = self._task("sync", self.sync)
        self._look = self.huey.periodic_task(crontab(minute="*"), name="look")(self.look_everywhere)
        self._clean = self.huey.periodic_task(crontab(minute="17"), name="clean")(self.clean)

    def _task(self, name: str, act: Callable[..., None]) -> Callable[..., Any]:
        def task(*args: Any) -> None:
            act(*args)

        made: Callable[..., Any] = self.huey.task(name=name)(task)
        return made

    # --- asked for ---

    def nudge(self, registration: str) -> None:
        """Ask for a round of delivery, unless one of this very tenant is going on in this thread."""
        if getattr(self._delivering, "tenant", None) != registration:
            self._deliver(registration)

    def ask_for_members(self, registration: str, course: str) -> None:
        """Ask for a course's member list."""
        self._sync(registration, course)

    def ask_to_form(self, registration: str) -> None:
        """Ask that a platform's waiting formations be worked on."""
        self._form(registration)

    def look_soon(self) -> None:
        """Ask for a look at every platform: a worker that starts after a crash waits for no minute."""
        self._look()

    # --- done ---

    def deliver(self, registration: str) -> None:
        """Deliver what is due for one tenant."""
        self._delivering.tenant = registration
        try:
            outbox.deliver_all(self._tool.ports(registration), compose=compose)
        finally:
            self._delivering.tenant = None

    def form(self, registration: str) -> None:
        """Have one tenant's waiting formations worked on, without waiting for that."""
        with self._forming:
            self._to_form[registration] = None
            if self._has_former and self._former is None:
                self._former = threading.Thread(target=self._form_all, name="former", daemon=True)
                self._former.start()

    def _form_all(self) -> None:
        """Work on formations until no platform has any that wait."""
        while True:
            with self._forming:
                tenant = next(iter(self._to_form), None)
                if tenant is None:
                    self._former = None
                    return
                del self._to_form[tenant]
            try:
                work_on_formations(self._tool.ports(tenant), stopwatch=time.monotonic)
            except Exception:  # one platform's trouble must not stop the others
                LOG.exception("event=form result=failed registration=%s", tenant)

    def sync(self, registration: str, course: str) -> None:
        """Bring a course's people in line with the platform's member list."""
        try:
            change = sync_roster(self._tool.ports(registration), course)
        except PlatformUnreachable as error:
            problem = str(error.values.get("reason", "unreachable"))
            LOG.warning("event=members result=failed course=%s reason=%s", course, problem)
        else:
            problem = ""
            LOG.info(
                "event=members result=read course=%s seen=%d added=%d gone=%d",
                course, change.seen, change.added, change.gone,
            )  # fmt: skip
        values: dict[str, Any] = {"sync_problem": problem[:255]}
        if not problem:
            values["synced_at"] = self._tool.wall()
        with self._tool.begin() as connection:
            connection.execute(update(COURSE).where(COURSE.c.id == course).values(values))

    def look_everywhere(self) -> None:
        """Every minute: let time pass and deliver what is overdue, platform by platform."""
        with self._tool.begin() as connection:
            tenants = [one.id for one in registrations.find_all(connection) if one.active]
        for tenant in tenants:
            try:
                ports = self._tool.ports(tenant)
                upkeep(ports)
                self.deliver(tenant)
                if formations_wait(ports):
                    self.form(tenant)
            except Exception:  # one platform's trouble must not stop the others
                LOG.exception("event=upkeep result=failed registration=%s", tenant)

    def clean(self) -> None:
        """Every hour: forget logins, sessions and invitations that are over; change keys in time."""
        now = self._tool.wall()
        with self._tool.begin() as connection:
            browser.forget_old(connection, now)
            connection.execute(delete(LOGIN).where(LOGIN.c.expires_at <= now))
            connection.execute(delete(INVITE).where(INVITE.c.expires_at <= now))
            connection.execute(delete(NOTICE).where(NOTICE.c.at <= now - NOTICES_STAY))
            if registrations.rotation_is_due(connection, now):
                registrations.rotate(
                    connection, self._tool.config.secrets, new_id=self._tool.ids.new(), now=now
                )

    # --- running ---

    def run_waiting(self) -> int:
        """Do everything that waits now, in this thread; returns how much that was."""
        done = 0
        while True:
            while (task := self.huey.dequeue()) is not None:
                self.huey.execute(task)
                done += 1
            if not self._to_form:
                return done
            self._form_all()

    def waiting(self) -> int:
        """How many tasks wait."""
        return int(self.huey.pending_count())

    def consumer(self, workers: int = 2) -> Consumer:
        """What `coursecrew-lti work` runs; teams are formed in a thread beside its own."""
        self._has_former = True
        return self.huey.create_consumer(
            workers=workers, periodic=True, worker_type="thread", initial_delay=0.05
        )

    def in_background(self) -> Consumer:
        """The same in threads of this process, for a demo or a small single-process site."""
        consumer = self.consumer(1)
        consumer.start()
        return consumer


def overdue(tool: Tool, registration: str, course: str) -> bool:
    """Whether a course's member list should be asked for; notes that it was."""
    now = tool.wall()
    with tool.begin() as connection:
        changed = connection.execute(
            update(COURSE)
            .where(
                COURSE.c.id == course,
                COURSE.c.registration == registration,
                func.coalesce(COURSE.c.asked_at, now - 2 * SYNC_EVERY) <= now - SYNC_EVERY,
            )
            .values(asked_at=now)
        )
        return changed.rowcount == 1


def courses_of(tool: Tool, registration: str) -> list[str]:
    """The courses of a platform."""
    with tool.begin() as connection:
        rows = connection.execute(select(COURSE.c.id).where(COURSE.c.registration == registration))
        return [row.id for row in rows]
