"""The Celery application; tasks only wake work that is stored in the database.

`wake` never blocks and never raises: a page must not wait for a broker that hangs, and the next sweep finds
what was not woken.
"""

from __future__ import annotations

import logging
import os
import queue
import threading

import celery
import celery.signals
import kombu.transport.redis
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridshare_portal.settings")

log = logging.getLogger(__name__)

app = celery.Celery("gridshare_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A worker that loses Redis in the middle of a task would try to put the task's message back through the lost
# connection, and end with "Unrecoverable error". Nothing has to be put back: the rows say what is due.
kombu.transport.redis.Channel.do_restore = False


class _OfOpenChannels(kombu.transport.redis.QoS):
    """Acknowledges no message through a connection that was lost, which would end the worker likewise."""

    def ack(self, delivery_tag: str) -> None:
        if not self.channel.closed:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.channel.closed:
            super().reject(delivery_tag, requeue=requeue)


kombu.transport.redis.Channel.QoS = _OfOpenChannels

_waiting: queue.Queue[tuple[celery.Task[..., object], tuple[object, ...]]] = queue.Queue(maxsize=500)
_starting = threading.Lock()
_messenger: threading.Thread | None = None


def wake(task: str | celery.Task[..., object], *args: object) -> None:
    """Queue a task after the current transaction commits; drop it when Redis is down.

    Naming the task "package.tasks.function" avoids an import cycle where its module imports the caller.
    """
    found: celery.Task[..., object] = import_string(f"{app.main}.{task}") if isinstance(task, str) else task
    if settings.CELERY_TASK_ALWAYS_EAGER:
        transaction.on_commit(lambda: found.delay(*args))
    else:
        transaction.on_commit(lambda: _enqueue(found, args))


def _enqueue(task: celery.Task[..., object], args: tuple[object, ...]) -> None:
    global _messenger
    with _starting:
        if _messenger is None or not _messenger.is_alive():
            _messenger = threading.Thread(target=_deliver, name="wake", daemon=True)
            _messenger.start()
    try:
        _waiting.put_nowait((task, args))
    except queue.Full:
        log.warning("the broker does not keep up; %s waits for the next sweep", task.name)


def _deliver() -> None:
    while True:
        task, args = _waiting.get()
        try:
            task.apply_async(args)
        except Exception as error:  # the broker's errors share no base
            log.warning("could not wake %s: %s", task.name, type(error).__name__)


@celery.signals.setup_logging.connect
def _use_our_logging(**_options: object) -> None:
    """Keep Celery from replacing the logging that settings.py describes."""
