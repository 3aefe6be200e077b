"""Background work on the platform's workers. The rows are the truth: a lost task costs only time."""

from __future__ import annotations

import logging
import threading

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app import outbox
from coursecrew_openedx.settings import option

log = logging.getLogger(__name__)
_here = threading.local()


@shared_task(name="coursecrew_openedx.deliver", ignore_result=True)
def deliver() -> None:
    """Deliver what waits: notices, grades, mail. Two at once share the work row by row."""
    from coursecrew.ui.mail import compose
    from coursecrew_openedx.completion import complete
    from coursecrew_openedx.ports import ports

    outbox.deliver_all(ports(), compose=compose, hear=complete)


class PlatformQueue:
    """`Queue` of Open edX: after the commit, on a worker."""

    def nudge(self) -> None:
        """Ask for a delivery once everything that is being written is written."""
        transaction.on_commit(hand_over, robust=True)


def hand_over() -> None:
    """Queue the task; where no broker answers, upkeep finds the rows a little later."""
    if option("deliver") == "inline":
        _deliver_here()
        return
    try:
        deliver.apply_async(retry=False)
    except BrokerUnreachable as error:
        log.warning("coursecrew: no worker was told to deliver (%s); upkeep will find the rows", error)


def _deliver_here() -> None:
    """Deliver in this very process; what delivery itself records is part of the same round."""
    if getattr(_here, "delivering", False):
        return
    _here.delivering = True
    try:
        deliver()
    finally:
        _here.delivering = False
