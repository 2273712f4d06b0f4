"""A Redis cache that is allowed to be gone.

A cache that hangs or dies must not take a page with it: a read then finds nothing, a write
keeps nothing, and after three failures in a row Redis is left alone for ten seconds. What
must not be forgotten lives in the database, never here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis.exceptions
from django.core.cache.backends.redis import RedisCache

log = logging.getLogger(__name__)

Found = TypeVar("Found")

FAILURES = 3
PAUSE_S = 10.0


class _Breaker:
    """Remembers, for this process, that Redis does not answer."""

    def __init__(self) -> None:
        self.failures = 0
        self.closed_until = 0.0

    def open(self) -> bool:
        return time.monotonic() >= self.closed_until

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= FAILURES:
            self.closed_until = time.monotonic() + PAUSE_S
            if self.failures == FAILURES:
                log.warning("Redis does not answer; pages go on without a cache")

    def answered(self) -> None:
        if self.failures >= FAILURES:
            log.warning("Redis answers again")
        self.failures = 0


_breaker = _Breaker()


def _forgiving(name: str, otherwise: Callable[..., Found]) -> Callable[..., Found]:
    def method(self: ForgivingRedisCache, *args: object, **options: object) -> Found:
        if _breaker.open():
            try:
                result: Found = getattr(super(ForgivingRedisCache, self), name)(*args, **options)
            except (redis.exceptions.RedisError, OSError):
                _breaker.failed()
            else:
                _breaker.answered()
                return result
        return otherwise(*args, **options)

    method.__name__ = name
    return method


def _default(_key: str, default: object = None, **_options: object) -> object:
    return default


def _first_count(_key: str, delta: int = 1, **_options: object) -> int:
    return delta


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, which behaves as an empty one while Redis is away."""

    get = _forgiving("get", _default)
    get_many = _forgiving("get_many", lambda *_a, **_o: {})
    set = _forgiving("set", lambda *_a, **_o: None)
    set_many = _forgiving("set_many", lambda data, *_a, **_o: list(data))
    add = _forgiving("add", lambda *_a, **_o: True)
    touch = _forgiving("touch", lambda *_a, **_o: False)
    delete = _forgiving("delete", lambda *_a, **_o: False)
    delete_many = _forgiving("delete_many", lambda *_a, **_o: None)
    has_key = _forgiving("has_key", lambda *_a, **_o: False)
    incr = _forgiving("incr", _first_count)
    clear = _forgiving("clear", lambda *_a, **_o: None)
