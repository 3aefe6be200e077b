"""What every part of the tool works with, in one value: settings, database, clocks, clients, ports."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from random import Random  # the type only; chance is made in the core's system module

from joserfc.jwk import RSAKey
from sqlalchemy import Connection, Engine

from coursecrew.app import system
from coursecrew.app.ports import Clock, Ids, Mailer, Ports
from coursecrew_lti import registration as registrations
from coursecrew_lti import store
from coursecrew_lti.config import Config
from coursecrew_lti.files import Folder
from coursecrew_lti.gradebook import LtiGradebook
from coursecrew_lti.launch import PlatformKeys
from coursecrew_lti.notices import LtiLinks, LtiMailer, Post
from coursecrew_lti.outgoing import Outgoing, Resolve, resolve
from coursecrew_lti.people import LtiPeople
from coursecrew_lti.queue import Work
from coursecrew_lti.registration import Registration
from coursecrew_lti.services import AccessTokens, Breakers, Connector

LOG = logging.getLogger("coursecrew.work")
KEY_KEPT = 300.0  # seconds for which a private key stays opened in memory


@dataclass
class Tool:
    """The running tool.

    `clock` is the courses' time, which a demo may move; `wall` is the time of tokens, keys and
    sessions, which platforms share with us.
    """

    config: Config
    engine: Engine
    clock: Clock
    wall: Callable[[], datetime]
    ids: Ids
    chance: Random
    outgoing: Outgoing
    make_mailer: Callable[[Tool, str], Mailer]

    def __post_init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.keys = PlatformKeys(self.outgoing, lambda: self.wall().timestamp())
        self.breakers = Breakers(lambda: self.wall().timestamp())
        self.tokens = AccessTokens(
            self.begin, self.outgoing, self.config.secrets, self.signing_key, self.wall, self.ids.new
        )
        self._key: tuple[float, RSAKey] | None = None

    @cached_property
    def work(self) -> Work:
        """Background work."""
        return Work(self, self.config.queue_url)

    @cached_property
    def folder(self) -> Folder:
        """Where uploads are kept."""
        return Folder(self.config.files_url)

    @cached_property
    def post(self) -> Post | None:
        """The way to the mail server; `None` where none is named."""
        return Post(self.config) if self.config.smtp_url else None

    def begin(self) -> AbstractContextManager[Connection]:
        """A transaction over the tables of this side; never open one inside a store's."""
        return self.engine.begin()

    def ports(self, registration: str) -> Ports:
        """Everything the core needs, for one tenant."""
        return Ports(
            transaction=lambda: store.transaction(self.engine, registration),
            clock=self.clock,
            ids=self.ids,
            chance=self.chance,
            people=LtiPeople(self, registration),
            gradebook=LtiGradebook(self, registration),
            mailer=self.make_mailer(self, registration),
            files=self.folder.of(registration),
            links=LtiLinks(self, registration),
            queue=_Nudge(self, registration),
            pause=system.pause,
            scan=system.scanner(self.config.scan_command),
            has_mailer=self.post is not None or self.make_mailer is not LtiMailer,
        )

    def connector(self, registration: Registration) -> Connector:
        """The way to a platform's services."""
        return Connector(registration, self.outgoing, self.tokens, self.breakers)

    def signing_key(self) -> RSAKey:
        """Our private key in use; opened again now and then, so that a rotation is noticed."""
        now = self.wall().timestamp()
        if self._key is None or not 0 <= now - self._key[0] < KEY_KEPT:
            with self.begin() as connection:
                self._key = (now, registrations.signing_key(connection, self.config.secrets, self.wall()))
        return self._key[1]


@dataclass(frozen=True)
class _Nudge:
    """`Queue` of one tenant."""

    tool: Tool
    registration: str

    def nudge(self) -> None:
        """Ask for a round of delivery; a queue that is away costs time, never what was done."""
        try:
            self.tool.work.nudge(self.registration)
        except Exception:
            LOG.exception("event=nudge result=failed")

    def form(self) -> None:
        """Ask that waiting formations be worked on; each minute's look finds them otherwise."""
        try:
            self.tool.work.ask_to_form(self.registration)
        except Exception:
            LOG.exception("event=form result=failed")


def now() -> datetime:
    """The machine's time."""
    return datetime.fromtimestamp(time.time(), UTC)


def make_tool(
    config: Config,
    *,
    clock: Clock | None = None,
    wall: Callable[[], datetime] = now,
    ids: Ids | None = None,
    resolve: Resolve = resolve,
    make_mailer: Callable[[Tool, str], Mailer] = LtiMailer,
) -> Tool:
    """Put the tool together; everything that reads the world can be given."""
    return Tool(
        config=config,
        engine=store.make_engine(config.database_url),
        clock=clock or system.SystemClock(),
        wall=wall,
        ids=ids or system.SystemIds(),
        chance=system.chance(),
        outgoing=Outgoing(allow_private=config.allow_private_network, resolve=resolve),
        make_mailer=make_mailer,
    )
