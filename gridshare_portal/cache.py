"""A Redis cache that is allowed to be gone.

A cache that hangs or dies must not take a page with it: a read then finds nothing, a write
keeps nothing, and after three failures in a row Redis is tried once in ten seconds. What
must not be forgotten lives in the database, never here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import redis.exceptions
from django.core.cache.backends.redis import RedisCache

from gridshare_portal.outbound import circuit_breaker

log = logging.getLogger(__name__)

Found = TypeVar("Found")

FAILURES = 3
PAUSE_S = 10.0


_breaker = circuit_breaker.Breaker(failures_in_a_row=FAILURES, probe_every_s=PAUSE_S)


def _forgiving(name: str, otherwise: Callable[..., Found]) -> Callable[..., Found]:
    def method(self: ForgivingRedisCache, *args: object, **options: object) -> Found:
        if _breaker.admits():
            try:
                result: Found = getattr(super(ForgivingRedisCache, self), name)(*args, **options)
            except (redis.exceptions.RedisError, OSError):
                if _breaker.failed():
                    log.warning("Redis does not answer; pages go on without a cache")
            else:
                if _breaker.answered():
                    log.warning("Redis answers again")
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
