"""The Celery application; tasks only wake work that is stored in the database.

`wake` never blocks and never raises: a page must not wait for a broker that hangs, and the next sweep finds
what was not woken.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from contextvars import Token

import celery
import celery.signals
import celery.utils.log
import kombu.transport.redis
import sentry_sdk
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from gridshare_portal.logs import lines, reporting
from gridshare_portal.outbound import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridshare_portal.settings")

log = logging.getLogger(__name__)

ID_HEADER = "request_id"

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

_waiting: queue.Queue[tuple[celery.Task[..., object], tuple[object, ...], str]] = queue.Queue(maxsize=500)
_begun: dict[str, Token[str]] = {}  # tasks that run now, by their ids
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
        _waiting.put_nowait((task, args, request_id.current()))
    except queue.Full:
        log.warning("the broker does not keep up; %s waits for the next sweep", task.name)


def _deliver() -> None:
    while True:
        task, args, name = _waiting.get()
        try:
            with request_id.during(name):
                task.apply_async(args)
        except Exception as error:  # the broker's errors share no base
            log.warning("could not wake %s: %s", task.name, type(error).__name__)


@celery.signals.setup_logging.connect
def _use_our_logging(**_options: object) -> None:
    """Keep Celery from replacing the logging of settings.py, and have all it says be a line of that."""
    from celery.apps import worker  # of the worker alone, and half a second of work for all others

    app.log.redirect_stdouts("WARNING")  # type: ignore[arg-type]  # a number, which its stub asks for, is misread
    if children := celery.utils.log.get_multiprocessing_logger():  # cut off from all other logging
        children.setLevel(logging.WARNING)
        children.propagate = True
    worker.safe_say = _say  # type: ignore[attr-defined]  # its stub leaves it out


def _say(words: str, _file: object = None) -> None:
    """Say something inside a signal's handler, where a lock of the log may be held."""
    record = logging.LogRecord("celery.worker", logging.INFO, "", 0, words, (), None)
    os.write(2, f"{lines.JsonLine().format(record)}\n".encode())


@celery.signals.before_task_publish.connect
def _name_message(headers: dict[str, object], **_options: object) -> None:
    """Have a task bear the id of the request that woke it; one that beat woke begins with a new one."""
    headers[ID_HEADER] = request_id.current() or request_id.new()


@celery.signals.task_prerun.connect
def _begin_task(task_id: str, task: celery.Task[..., object], **_options: object) -> None:
    name = request_id.accepted(task.request.get(ID_HEADER)) or request_id.current() or request_id.new()
    _begun[task_id] = request_id.begin(name)


@celery.signals.task_postrun.connect
def _end_task(task_id: str, **_options: object) -> None:
    if task_id in _begun:
        request_id.end(_begun.pop(task_id))


@celery.signals.worker_process_shutdown.connect
def _send_reports(**_options: object) -> None:
    """Have a child of the worker send its last reports of errors: it ends without any other chance."""
    sentry_sdk.flush(reporting.ENDING_S)
