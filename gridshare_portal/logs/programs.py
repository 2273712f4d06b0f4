"""Sets logging up in every program of the portal, so that what a program says is a line of the log.

Settings name `configure` as LOGGING_CONFIG; Django calls it in the web server's processes, in the worker, in
beat and in commands alike. The web server's first process has no Django: it is given granian.json.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
from types import TracebackType
from typing import Any

from django.conf import settings

from gridshare_portal.logs import lines, reporting

log = logging.getLogger(__name__)


def configure(config: dict[str, Any]) -> None:
    """Apply settings.LOGGING, and have warnings and errors that nobody catches become lines too."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)
    logging.lastResort = _last_resort()
    if not settings.DEBUG:
        sys.excepthook = _uncaught
        threading.excepthook = _ended_a_thread
        sys.unraisablehook = _unraisable
    reporting.start()


def _last_resort() -> logging.Handler:
    """Return what writes the lines of loggers that were cut off from ours."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(lines.JsonLine())
    return handler


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("an error ended this program", exc_info=(kind, error, trace))


def _ended_a_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "a thread"
    error = args.exc_value
    log.critical(
        "an error ended %s", name, exc_info=(type(error), error, args.exc_traceback) if error else None
    )


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    error = args.exc_value
    log.error(
        args.err_msg or "an error that could not be raised",
        exc_info=(type(error), error, args.exc_traceback) if error else None,
    )
