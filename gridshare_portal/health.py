"""What operators and their programs ask: whether the process runs, and how the portal fares.

In public nothing is said but yes or no. Numbers are for whoever has OPERATOR_TOKEN, and for operators who are
signed in.
"""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.contrib import admin
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.db.models import Min, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from gridshare_portal.control.models import Change
from gridshare_portal.lunar.models import Connection, Outage
from gridshare_portal.sites.models import Call, Sync
from gridshare_portal.telemetry.models import Collection

HEARTBEAT = "heartbeat"
LATE_S = 45.0  # three heartbeats
QUEUES = ("interactive", "sync", "runs")
UNUSABLE = ("NotJson", "TooLarge", "Truncated", "WrongShape")  # errors of gridshare.errors
MEANINGS = {
    "heartbeat_age_seconds": "Since when neither beat nor worker was heard of",
    "tasks_waiting": "Tasks in Redis that no worker has taken yet",
    "oldest_due_seconds": "How long the oldest row that is due has waited for a worker",
    "connections_active": "Connections to Lunar that work",
    "connections_failing": "Active connections whose last renewal failed",
    "connections_ended": "Connections that homeowners have to renew",
    "lunar_outages": "Reasons why Lunar is not asked for tokens at all",
    "unusable_answers_day": "Operations whose last answer, within a day, could not be read",
}

Facts = dict[str, float | None]


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database responds; with ?deep, and the token, also what `facts` says."""
    is_deep = "deep" in request.GET
    if is_deep and not _has_token(request):
        return _refused()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        known = facts(now=timezone.now()) if is_deep else {}
    except DatabaseError:
        return HttpResponse("not ready", content_type="text/plain", status=503, headers={"Retry-After": "10"})
    if not is_deep:
        return HttpResponse("ready", content_type="text/plain")
    return JsonResponse({"ready": is_well(known), **known}, status=200 if is_well(known) else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever has the token in Prometheus' text format; what nobody knows is NaN."""
    if not _has_token(request):
        return _refused()
    registry = CollectorRegistry()
    for name, value in facts(now=timezone.now()).items():
        Gauge(f"portal_{name}", MEANINGS[name], registry=registry).set(math.nan if value is None else value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def page(request: HttpRequest) -> HttpResponse:
    """Show operators the same numbers; to be wrapped by the admin site."""
    known = facts(now=timezone.now())
    rows = [(MEANINGS[name], value) for name, value in known.items()]
    context = {**admin.site.each_context(request), "title": "Health", "rows": rows, "is_well": is_well(known)}
    return render(request, "admin/health.html", context)


def is_well(known: Facts) -> bool:
    """Return whether beat and a worker were heard of lately."""
    age_s = known["heartbeat_age_seconds"]
    return age_s is not None and age_s <= LATE_S


def facts(*, now: datetime) -> Facts:
    """Return how the portal fares, by the names of MEANINGS; None is what nobody knows."""
    heard: datetime | None = caches["database"].get(HEARTBEAT)
    every, status = Connection.objects.order_by(), Connection.Status
    unusable = Call.objects.filter(error__in=UNUSABLE, last_at__gt=now - timedelta(days=1))
    return {
        "heartbeat_age_seconds": (now - heard).total_seconds() if heard else None,
        "tasks_waiting": _waiting(),
        "oldest_due_seconds": _oldest_due_s(now),
        "connections_active": every.filter(status=status.ACTIVE).count(),
        "connections_failing": every.filter(status=status.ACTIVE, failures__gt=0).count(),
        "connections_ended": every.filter(status=status.RECONNECT).count(),
        "lunar_outages": Outage.objects.count(),
        "unusable_answers_day": unusable.count(),
    }


def _oldest_due_s(now: datetime) -> float:
    """Return for how many seconds the oldest due row has waited; rows under a lease are being worked on."""
    free = Q(lease_until_at=None) | Q(lease_until_at__lt=now)
    moments = [
        rows.objects.filter(free, due_at__lte=now).aggregate(at=Min("due_at"))["at"]
        for rows in (Sync, Collection)
    ]
    moments.append(Change.objects.filter(read_again_at__lte=now).aggregate(at=Min("read_again_at"))["at"])
    return max(((now - at).total_seconds() for at in moments if at), default=0.0)


def _waiting() -> int | None:
    address = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    try:
        with redis.Redis.from_url(address, socket_timeout=0.3, socket_connect_timeout=0.2) as broker:
            waiting: int = sum(broker.llen(f"{prefix}{queue}") for queue in QUEUES)
            return waiting
    except redis.RedisError:
        return None


def _has_token(request: HttpRequest) -> bool:
    if not settings.OPERATOR_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), settings.OPERATOR_TOKEN.encode())


def _refused() -> HttpResponse:
    return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
