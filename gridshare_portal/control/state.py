"""A device's mode and plan as they are now: read side by side, kept with the moment of reading.

Only what the connection allows is asked for. A newer reading is never replaced by an older one, however late
that one comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from gridshare_portal.control import models, operations, outcomes
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.sites import calls, clients, sync
from gridshare_portal.sites import models as sites

DEADLINE_S = 4.0
WATCHED_FOR = timedelta(minutes=2)
NOTED = FRESH_FOR = timedelta(minutes=1)


def last_read(device: sites.Device) -> models.State:
    """Return what was last read of the device; a state that was never read says so by its moments."""
    return models.State.objects.filter(device=device).first() or models.State(device=device)


def plan_of(state: models.State) -> types.Plan | None:
    """Return the plan as last read; None means that it was never read, and is not the same as no plan."""
    return rules.from_json(state.plan) if state.plan_read_at and state.plan is not None else None


def refresh(*, device: sites.Device, now: datetime) -> models.State:
    """Read mode and plan from the device, as far as the connection allows, and keep them.

    Nobody reaches a device that belongs to no home: of that one nothing new is known.
    """
    site = device.site
    if site is None:
        return last_read(device)
    with calls.of_site(site, now=now) as heard:
        ways = [(look, _way(site, scope, heard.append)) for look, scope in LOOKS]
        came = parallel.gather(
            [partial(look, way, device.synth_id) for look, way in ways if not isinstance(way, Exception)]
        )
    for error in came:
        if isinstance(error, Exception) and not _is_expected(error):
            raise error
    for read in came:
        if not isinstance(read, Exception):
            store(device=device, read=read, now=now)
    failures = [item for item in [*(way for _, way in ways), *came] if isinstance(item, Exception)]
    models.State.objects.filter(device=_known(device)).update(tried_at=now, last_error=_word(failures))
    return last_read(device)


def store(*, device: sites.Device, read: outcomes.Read, now: datetime) -> None:
    """Keep what a device said at this moment, unless something newer is known."""
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


def note_watched(*, known: Sequence[models.State], now: datetime) -> list[int]:
    """Note that somebody looks at these devices, at most once a minute; return those to be read again."""
    unnoted = [state for state in known if state.watched_at is None or now - state.watched_at >= NOTED]
    new = [models.State(device_id=state.device_id, watched_at=now) for state in unnoted if state.pk is None]
    if new:
        models.State.objects.bulk_create(
            new, update_conflicts=True, unique_fields=["device"], update_fields=["watched_at"]
        )
    if len(new) < len(unnoted):
        earlier = Q(watched_at=None) | Q(watched_at__lte=now - NOTED)
        rows = models.State.objects.filter(pk__in=[state.pk for state in unnoted if state.pk is not None])
        rows.filter(earlier).update(watched_at=now)
    return [state.device_id for state in known if state.tried_at is None or state.tried_at <= now - FRESH_FOR]


def due(*, now: datetime) -> QuerySet[models.State, int]:
    """Return the devices whose state somebody looks at and that was not read for a minute."""
    watched = models.State.objects.filter(watched_at__gt=now - WATCHED_FOR)
    return watched.filter(_stale(now)).values_list("device_id", flat=True)


def _stale(now: datetime) -> Q:
    return Q(tried_at=None) | Q(tried_at__lte=now - FRESH_FOR)


def _known(device: sites.Device) -> sites.Device:
    models.State.objects.get_or_create(device=device)
    return device


def _way(site: sites.Site, scope: str, listener: api.Listener) -> gridshare.Client | clients.WayError:
    try:
        return clients.for_site(site, scope=scope, listener=listener).within(DEADLINE_S)
    except clients.WayError as closed:
        return closed


def _mode(client: gridshare.Client, synth_id: str) -> types.Mode:
    return client.get_device_operation_mode(synth_id)


def _plan(client: gridshare.Client, synth_id: str) -> types.Plan:
    return client.get_device_overlay_plan(synth_id)


Look = Callable[[gridshare.Client, str], types.Mode | types.Plan]
LOOKS: Sequence[tuple[Look, str]] = ((_mode, operations.DEVICE_READ), (_plan, operations.PLAN_READ))


def _is_expected(error: Exception) -> bool:
    return isinstance(error, errors.GridshareError | clients.WayError)


def _word(failures: list[Exception]) -> str:
    if not failures:
        return ""
    first = failures[0]
    return first.reason if isinstance(first, clients.WayError) else type(first).__name__
