"""Raw answers of the API for a person to look at: which operations, fetching them, and what is shown.

Only read operations are allowed. An answer is kept for an hour, at most 256 KB of it, with nothing in it that
looks like a token, and of a list only what belongs to the home. The caller has checked that the person may;
the worker is given the connection.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import calls, clients
from gridshare_portal.sites import models as sites

KEPT = timedelta(hours=1)
LATE = timedelta(seconds=60)
LONGEST = 256 * 1024
DEADLINE_S = 15.0
CUT = "\n… cut here: {:,} characters are not shown"
HIDDEN = "…hidden…"
ELSEWHERE = "left out: not of this home"
NOT_SHOWN = "This list could not be read, so nobody can tell which homes are in it. It is not shown."

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_SECRET = re.compile(
    r'(?i)("[^"]{0,60}(?:token|secret|password|authorization|cookie)[^"]{0,60}"\s*:\s*)"(?:[^"\\]|\\.)*"'
)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A read operation: about a home, device or sensor ("" for a list), and by which scope."""

    about: str
    scope: str = scopes.DEVICE_READ
    has_day: bool = False


OPERATIONS = {
    "getDeviceTelemetry": Operation(about="sensor", has_day=True),
    "getDevice": Operation(about="device"),
    "getDeviceOperationMode": Operation(about="device"),
    "getDeviceOverlayPlan": Operation(about="device", scope=scopes.PLAN_READ),
    "getSiteTopology": Operation(about="site"),
    "listSites": Operation(about=""),
    "listDevices": Operation(about=""),
}


def of_home(
    site: sites.Site, *, asked_by: AbstractBaseUser, asked_for: int, now: datetime
) -> QuerySet[sites.RawResponse]:
    """Return what a person requested on behalf of an organization within the last hour, newest first."""
    mine = sites.RawResponse.objects.filter(site=site, asked_by=asked_by.pk, asked_for=asked_for)
    return mine.filter(asked_at__gt=now - KEPT)


def untaken(*, now: datetime) -> QuerySet[sites.RawResponse]:
    """Return the requests of the last minute that no worker has taken."""
    return sites.RawResponse.objects.filter(taken_at=None, came_at=None, asked_at__gt=now - LATE)


def take(*, pk: int, now: datetime) -> sites.RawResponse | None:
    """Take a request for this worker; None where it is too old or already taken."""
    mine = untaken(now=now).filter(pk=pk)
    if not mine.update(taken_at=now):
        return None
    return sites.RawResponse.objects.select_related("site", "asked_by").get(pk=pk)


def refuse(*, answer: sites.RawResponse, why: str, now: datetime) -> None:
    """Record why nothing was fetched."""
    sites.RawResponse.objects.filter(pk=answer.pk).update(error=why[:40], came_at=now)


def fetch(*, answer: sites.RawResponse, connection: lunar.Connection, now: datetime) -> None:
    """Call the API through this connection, and store the answer as far as it may be shown."""
    began_s = time.monotonic()
    connection.reads_from_at = answer.site.begun_at
    written: dict[str, object] = {}
    try:
        with calls.of_site(answer.site, now=now) as heard:
            client = clients.for_connection(connection, listener=heard.append).within(DEADLINE_S)
            came = client.fetch(answer.operation, answer.subject, start=answer.start, end=answer.end)
        written = {"status": came.status, "size": len(came.body), "body": shown(came, answer)}
    except errors.GridshareError as failure:
        written = {"status": failure.status, "error": type(failure).__name__[:40]}
    except clients.AccessPathError as closed:
        written = {"error": closed.reason}
    ms = round((time.monotonic() - began_s) * 1000)
    came_at = now + timedelta(milliseconds=ms)
    sites.RawResponse.objects.filter(pk=answer.pk).update(ms=ms, came_at=came_at, **written)


def sweep(*, now: datetime) -> int:
    """Delete what was requested more than an hour ago; return how many rows."""
    return sites.RawResponse.objects.filter(asked_at__lte=now - KEPT).delete()[0]


def shown(came: api.Came, answer: sites.RawResponse) -> str:
    """Return what a person may see of an answer: indented, of this home, without tokens, not too long."""
    text = came.body.decode("utf-8-sig", "replace")
    value = _json(text)
    if answer.operation in calls.LISTS and 200 <= came.status < 300:
        site = answer.site
        devices, sensors = (some.values_list("synth_id", flat=True) for some in (site.devices, site.sensors))
        value = _of_home(value, frozenset([site.synth_id, *devices, *sensors]))
        if value is None:
            return NOT_SHOWN
    if value is not None:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    text = hidden(text)
    if len(text) <= LONGEST:
        return text
    kept = text.encode()[:LONGEST].decode("utf-8", "ignore")
    return kept + CUT.format(len(text) - len(kept))


def hidden(text: str) -> str:
    """Return a text with whatever looks like a token hidden, and every invisible mark escaped."""
    text = _SECRET.sub(rf'\g<1>"{HIDDEN}"', text)
    text = _BEARER.sub(rf"\g<1> {HIDDEN}", _JWT.sub(HIDDEN, text))
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _UNSEEN.sub(lambda mark: f"\\u{ord(mark.group()):04x}", whole.replace("\r\n", "\n"))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_home(value: object, ids: Collection[str]) -> object:
    """Return a list's answer without every entry that is not of this home; None if it is no list."""
    entries = value.get("entries") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        return None
    kept = [_plain(one) if _names(one, ids) else ELSEWHERE for one in entries]
    return {"entries": kept} if isinstance(value, dict) else kept


def _names(entry: object, ids: Collection[str]) -> bool:
    """Return whether an entry is about this home: every id in it is one of the home's ids."""
    if not isinstance(entry, dict):
        return isinstance(entry, str) and entry in ids
    named = [inner for name, inner in entry.items() if name.casefold().endswith("id")]
    return bool(named) and all(isinstance(inner, str) and inner in ids for inner in named)


def _plain(entry: object) -> object:
    """Return an entry without what is nested in it: nobody knows of which home that is."""
    if not isinstance(entry, dict):
        return entry
    return {name: ELSEWHERE if isinstance(inner, dict | list) else inner for name, inner in entry.items()}
