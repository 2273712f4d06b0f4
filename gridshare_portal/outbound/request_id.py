"""The id of the request on whose behalf something happens: the same in a log's lines, a task and a call.

It is random and says nothing about anybody, so it may be shown, sent and kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TypeVar

T = TypeVar("T")

HEADER = "X-Request-ID"
SHORTEST, LONGEST = 16, 64  # of an id that a proxy gave
_SHAPE = re.compile(rf"[A-Za-z0-9-]{{{SHORTEST},{LONGEST}}}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="")


def new() -> str:
    """Return an id that nothing else has: short enough to be read out, too long to be met twice."""
    return secrets.token_hex(8)


def current() -> str:
    """Return the id of what is going on; empty where nothing was given one."""
    return _current.get()


def accepted(given: object) -> str:
    """Return an id that came from elsewhere if it has the shape of one, and nothing otherwise."""
    return given if isinstance(given, str) and _SHAPE.fullmatch(given) else ""


def begin(name: str) -> Token[str]:
    """Let everything bear this id until `end` is called with what this returns, in the same thread."""
    return _current.set(name)


def end(before: Token[str]) -> None:
    """Let everything bear the id again that it had before `begin`."""
    _current.reset(before)


@contextmanager
def during(name: str) -> Iterator[None]:
    """Let everything inside bear this id."""
    before = begin(name)
    try:
        yield
    finally:
        end(before)


def carried(call: Callable[[], T]) -> Callable[[], T]:
    """Return the call so that it bears the present id in whichever thread it is made."""
    name = current()

    def made() -> T:
        with during(name):
            return call()

    return made
