"""Counts acts in the cache, which the database stands in for while Redis is away; whose they are is not kept.

A key is a keyed digest. Counting and noting happen under allauth's lock, so that many requests at once are
as many as they are. Where the lock cannot be had, the act is refused for a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from gridshare_portal.limits import windows
from gridshare_portal.limits.acts import ACTS, Limit, Per

KEY = "limit"
BUSY_S = 10.0
MAILBOXES = ("login", "email")  # the names under which forms ask for an e-mail address


def wait_s(name: str, request: HttpRequest, place: Mapping[str, object], *, now: datetime) -> float:
    """Note that the visitor does this now, and return 0; or return how many seconds that has to wait.

    What has to wait is not noted, so that trying does not make the wait longer.
    """
    keys = [
        (_key(f"{name} {number} {subject}"), limit)
        for number, limit in enumerate(ACTS[name].limits)
        if (subject := subject_of(limit.per, request, place)) is not None
    ]
    waits = [_look(key, limit, now) for key, limit in keys]
    if not any(waits):
        waits = [_note(key, limit, now) for key, limit in keys]
    return max(waits, default=0.0)


def subject_of(per: Per, request: HttpRequest, place: Mapping[str, object]) -> str | None:
    """Return whose acts are counted together with this request's; None where there is nobody such."""
    address = ratelimit.get_ip(request)
    if per is Per.ADDRESS:
        return address
    if per in (Per.PERSON, Per.PLACE):
        person = f"person {request.user.pk}" if request.user.is_authenticated else address
        where = "|".join(f"{name}={value}" for name, value in sorted(place.items()))
        return person if per is Per.PERSON else f"{person} at {where}"
    typed = (request.POST.get(name, "").strip().lower() for name in MAILBOXES)
    mailbox = next(filter(None, typed), None)
    return mailbox and f"{mailbox} from {address}"


def _key(counted: str) -> str:
    return f"{KEY}:{salted_hmac(KEY, counted, algorithm='sha256').hexdigest()[:32]}"


def _look(key: str, limit: Limit, now: datetime) -> float:
    return _wait_s(_noted(key), limit, now)


def _note(key: str, limit: Limit, now: datetime) -> float:
    with ratelimit.cache_lock(key) as locked:
        if not locked:
            return BUSY_S
        noted = _noted(key)
        waits = _wait_s(noted, limit, now)
        if not waits:
            left = windows.kept([now, *noted], limit.windows, now=now)
            longest = max(one.length for one in limit.windows)
            cache.set(key, [at.timestamp() for at in left], longest.total_seconds())
        return waits


def _noted(key: str) -> list[datetime]:
    return [datetime.fromtimestamp(at, UTC) for at in cache.get(key) or []]


def _wait_s(noted: list[datetime], limit: Limit, now: datetime) -> float:
    reached = windows.full(noted, limit.windows, now=now)
    return 0.0 if reached is None else max((reached.until_at - now) / timedelta(seconds=1), 1.0)
