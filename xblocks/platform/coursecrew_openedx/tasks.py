"""Background work on the platform's workers. The rows are the truth: a lost task costs only time."""

from __future__ import annotations

import logging
import threading
import time

from celery import shared_task
from django.db import connections, transaction
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app import outbox
from coursecrew.app.formation_work import work_on_formations
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


@shared_task(name="coursecrew_openedx.form", ignore_result=True)
def form() -> None:
    """Form teams where somebody asked for them. Of two at once, each takes other runs."""
    from coursecrew_openedx.ports import ports

    work_on_formations(ports(), stopwatch=time.monotonic)


class PlatformQueue:
    """`Queue` of Open edX: after the commit, on a worker."""

    def nudge(self) -> None:
        """Ask for a delivery once everything that is being written is written."""
        transaction.on_commit(hand_over, robust=True)

    def form(self) -> None:
        """Ask for teams to be formed once the run that waits for it is written."""
        transaction.on_commit(hand_over_forming, robust=True)


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


def hand_over_forming() -> None:
    """Queue the task, or do it here; where no broker answers, upkeep finds the runs a little later."""
    where = option("form") or ("thread" if option("deliver") == "inline" else "celery")
    if where == "inline":
        form()
    elif where == "thread":
        threading.Thread(target=_form_beside, name="coursecrew-form", daemon=True).start()
    else:
        try:
            form.apply_async(retry=False)
        except BrokerUnreachable as error:
            log.warning("coursecrew: no worker was told to form teams (%s); upkeep will find them", error)


def _form_beside() -> None:
    """Form teams in a thread that has connections of its own to the database."""
    try:
        form()
    finally:
        connections.close_all()
