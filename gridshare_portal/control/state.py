"""A device's mode and plan: read from the API in parallel and stored with the moment of reading.

Reads only what the connection's scopes allow, and a device at most once in READ_EVERY, however many pages
look at it. A newer reading is never replaced by an older one that arrives late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from gridshare_portal.celery import wake
from gridshare_portal.control import models, operations, outcomes, queries
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import types
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.sites import calls, clients, sync
from gridshare_portal.sites import models as sites

DEADLINE_S = 4.0
WATCHED_FOR = timedelta(minutes=2)
NOTED = FRESH_FOR = timedelta(minutes=1)
READ_EVERY = timedelta(seconds=10)
Read = Callable[[gridshare.Client, str], types.Mode | types.Plan]
READS: Sequence[tuple[Read, str]] = (
    (gridshare.Client.get_device_operation_mode, operations.DEVICE_READ),
    (gridshare.Client.get_device_overlay_plan, operations.PLAN_READ),
)


def last_read(device: sites.Device) -> models.State:
    """Return the stored state of a device, or an unsaved one if it was never read."""
    return models.State.objects.filter(device=device).first() or models.State(device=device)


def plan_of(state: models.State) -> types.Plan | None:
    """Return the plan as last read; None means never read, which is not the same as no plan."""
    return rules.from_json(state.plan) if state.plan_read_at and state.plan is not None else None


def refresh(*, device: sites.Device, now: datetime) -> models.State:
    """Read mode and plan from the device, as far as the scopes allow, and store them.

    The stored state is returned of a device without a home, which cannot be reached, and of one whose last
    try began less than READ_EVERY ago, also if it is still under way elsewhere.
    """
    site = device.site
    if site is None or not _claim(device, now):
        return last_read(device)
    with calls.of_site(site, now=now) as api_calls:
        paths = [(read, _client(site, scope, api_calls.append)) for read, scope in READS]
        results = parallel.gather(
            [partial(read, path, device.synth_id) for read, path in paths if not isinstance(path, Exception)]
        )
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, clients.FAILURES):
            raise result
    for result in results:
        if not isinstance(result, Exception):
            store(device=device, read=result, now=now)
    failures = [item for item in [*(path for _, path in paths), *results] if isinstance(item, Exception)]
    models.State.objects.filter(device=device).update(last_error=_word(failures))
    return last_read(device)


def store(*, device: sites.Device, read: outcomes.Read, now: datetime) -> None:
    """Store what a device reported at this moment, unless something newer is stored."""
    if isinstance(read, types.Device):
        sync.store_device(device, read, now)
        return
    if isinstance(read, types.Mode):
        older = Q(mode_read_at=None) | Q(mode_read_at__lte=now)
        written: dict[str, object] = {"mode": read.name[:60], "mode_read_at": now}
    else:
        older = Q(plan_read_at=None) | Q(plan_read_at__lte=now)
        written = {"plan": rules.to_json(read), "plan_read_at": now}
    if not models.State.objects.filter(older, device=device).update(**written):
        models.State.objects.filter(older, device=_known(device)).update(**written)


def watch(*, site: sites.Site, now: datetime, known: Sequence[models.State] | None = None) -> None:
    """Note, at most once a minute, that a page shows the home, and wake reads of its batteries that are due.

    It costs no API call. `known` are the home's battery states, if read already.
    """
    if known is None:
        known = queries.battery_states_of(site)
    unnoted = [state for state in known if state.watched_at is None or now - state.watched_at >= NOTED]
    models.State.objects.bulk_create(
        [models.State(device_id=state.device_id, watched_at=now) for state in unnoted],
        update_conflicts=True,
        unique_fields=["device"],
        update_fields=["watched_at"],
    )
    for state in known:
        if state.tried_at is None or state.tried_at <= now - FRESH_FOR:
            wake("control.tasks.refresh_state", state.device_id)


def due(*, now: datetime) -> QuerySet[models.State, int]:
    """Return the keys of devices that a page shows and that were not read for a minute."""
    stale = Q(tried_at=None) | Q(tried_at__lte=now - FRESH_FOR)
    watched = models.State.objects.filter(stale, watched_at__gt=now - WATCHED_FOR)
    return watched.values_list("device_id", flat=True)


def _claim(device: sites.Device, now: datetime) -> bool:
    """Note this try, unless there was one just now; one that seems to lie ahead is a clock's fault."""
    free = Q(tried_at=None) | Q(tried_at__lte=now - READ_EVERY) | Q(tried_at__gt=now + READ_EVERY)
    return bool(models.State.objects.filter(free, device=_known(device)).update(tried_at=now))


def _known(device: sites.Device) -> sites.Device:
    models.State.objects.get_or_create(device=device)
    return device


def _client(
    site: sites.Site, scope: str, listener: api.Listener
) -> gridshare.Client | clients.AccessPathError:
    try:
        return clients.for_site(site, scope=scope, listener=listener).within(DEADLINE_S)
    except clients.AccessPathError as closed:
        return closed


def _word(failures: list[Exception]) -> str:
    if not failures:
        return ""
    first = failures[0]
    return first.reason if isinstance(first, clients.AccessPathError) else type(first).__name__
