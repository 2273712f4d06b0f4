"""Fetch everything static about a customer's homes, in two rounds of parallel calls.

Sites and devices are listed together, then every topology and every device's details: a first load costs two
round trips however many homes there are. A part that fails is kept as an error beside the parts that arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.gridshare.http import parallel

Part = types.Topology | types.Device
Came = Part | Exception
Wanted = tuple[Callable[[str], Part], str]

SECONDS = 6.0  # all workers may be at this, and what people wait for has to have its turn
MOST_LISTED = 5_000

AGAIN = (  # failures that may be over in a minute; the others wait for the next ordinary sync
    errors.Unavailable,
    errors.Unauthorized,
    errors.TooManyRequests,
    errors.ServerError,
    errors.Unreachable,
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The ids that the customer may reach; device_ids is None where that part failed.

    `unread_sites` and `unread_devices` are entries that could not be used. A list is `whole` unless one of
    them had no id, so that it may be any: then nothing is missing from it for certain.
    """

    site_ids: tuple[str, ...]
    device_ids: tuple[str, ...] | None
    errors: tuple[Exception, ...] = ()
    unread_sites: int = 0
    unread_devices: int = 0
    whole_sites: bool = True
    whole_devices: bool = True


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What arrived, what failed, and how many parts are still to be fetched."""

    topologies: dict[str, types.Topology] = field(default_factory=dict)
    devices: dict[str, types.Device] = field(default_factory=dict)
    errors: tuple[Exception, ...] = ()
    left: int = 0


def listed(client: gridshare.Client, *, at_most: int) -> Listed:
    """List sites and devices at once; raise where the sites failed: nothing can be kept without them."""
    sites, devices = parallel.gather([client.list_sites, client.list_devices], at_most=at_most)
    if isinstance(sites, Exception):
        raise sites
    site_ids, unread_sites, whole_sites = _usable(sites)
    if isinstance(devices, Exception):
        device_ids, unread_devices, whole_devices = None, 0, True
    else:
        device_ids, unread_devices, whole_devices = _usable(devices)
    return Listed(
        site_ids=site_ids,
        device_ids=device_ids,
        errors=_expected([devices] if isinstance(devices, Exception) else []),
        unread_sites=unread_sites,
        unread_devices=unread_devices,
        whole_sites=whole_sites,
        whole_devices=whole_devices,
    )


def still(client: gridshare.Client, listed: Listed) -> Listed:
    """Return the same list with those sites only that the account lists now, too."""
    now = frozenset(client.list_sites())
    return replace(listed, site_ids=tuple(one for one in listed.site_ids if one in now))


def parts(
    client: gridshare.Client,
    *,
    site_ids: Collection[str],
    device_ids: Collection[str],
    at_most: int,
    report: Callable[[int], object],
) -> Parts:
    """Fetch topologies, then details, several at a time, for as long as SECONDS allow.

    `report` is called with the number of answers so far. What is left when the time is up is left to the next
    run, so that a slow API cannot keep a worker until it is killed with everything it read.
    """
    topologies: list[Wanted] = [(client.get_site_topology, one) for one in site_ids]
    wanted = topologies + [(client.get_device, one) for one in device_ids]
    answers: list[Came] = []
    began_s = time.monotonic()
    while len(answers) < len(wanted) and (not answers or time.monotonic() - began_s < SECONDS):
        some = wanted[len(answers) : len(answers) + 2 * at_most]
        answers += parallel.gather([partial(read, one) for read, one in some], at_most=at_most)
        report(len(answers))
    came = [(synth_id, answer) for (_, synth_id), answer in zip(wanted, answers, strict=False)]
    return Parts(
        topologies={synth_id: answer for synth_id, answer in came if isinstance(answer, types.Topology)},
        devices={synth_id: answer for synth_id, answer in came if isinstance(answer, types.Device)},
        errors=_expected([answer for answer in answers if isinstance(answer, Exception)]),
        left=len(wanted) - len(answers),
    )


def _usable(found: types.Usable[str]) -> tuple[tuple[str, ...], int, bool]:
    """Return each id once, how many entries are left out, and whether nobody can be missing but those."""
    listed = tuple(dict.fromkeys(found))
    beyond = max(0, len(listed) - MOST_LISTED)
    nameless = any(one.nameless for one in found.unusable)
    return listed[:MOST_LISTED], len(found.unusable) + beyond, not (nameless or beyond)


def _expected(failures: list[Exception]) -> tuple[Exception, ...]:
    """Return failures of the API; raise any other exception: our own fault, or a missing access path."""
    for failure in failures:
        if not isinstance(failure, errors.GridshareError):
            raise failure
    return tuple(failures)
