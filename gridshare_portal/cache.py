"""A Redis cache that may be gone: the database takes its place until it is back.

What is kept here are limits on sign-in, and codes that were used. Were they forgotten while Redis is away,
nobody would be limited. So a Redis that hangs or dies costs a query and no protection: after three failures
in a row it is tried once in ten seconds. Codes that were used are in the database always, so that one that
was used while Redis was away is not taken again once it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis.exceptions
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from gridshare_portal.outbound import circuit_breaker

log = logging.getLogger(__name__)

FAILURES = 3
PAUSE_S = 10.0
USED_CODE = (
    "allauth.mfa.totp.used"  # as its key begins: `_get_used_cache_key` of allauth's authenticator codes
)

_breaker = circuit_breaker.Breaker(failures_in_a_row=FAILURES, probe_every_s=PAUSE_S)


def _forgiving(name: str) -> Callable[..., object]:
    def method(self: ForgivingRedisCache, *args: object, **options: object) -> object:
        is_code = bool(args) and str(args[0]).startswith(USED_CODE)
        if not is_code and _breaker.admits():
            try:
                result: object = getattr(super(ForgivingRedisCache, self), name)(*args, **options)
            except (redis.exceptions.RedisError, OSError):
                if _breaker.failed():
                    log.warning("Redis does not answer; limits are kept in the database")
            else:
                if _breaker.answered():
                    log.warning("Redis answers again")
                return result
        return getattr(caches["database"], name)(*args, **options)

    method.__name__ = name
    return method


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, in whose place the database cache stands while Redis is away."""


ONE = ("get", "set", "add", "touch", "delete", "has_key", "incr")
for _name in (*ONE, "get_many", "set_many", "delete_many", "clear"):
    setattr(ForgivingRedisCache, _name, _forgiving(_name))
