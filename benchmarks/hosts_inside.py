"""`python -m benchmarks.hosts_inside WHAT`: what benchmarks/separate_hosts.py needs the portal's code for.

It runs as a program of its own, with the settings of the portal that is tried, and prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import connected_homes, programs

if TYPE_CHECKING:
    from gridshare_portal.telemetry.models import Day


def spread(raw: dict[str, Any], lasts_s: str) -> int:
    """Write homes, each due at a moment of its own while the trial lasts, and so its token."""
    from django.utils import timezone

    from gridshare_portal.lunar.models import Connection
    from gridshare_portal.telemetry.models import Collection

    now = timezone.now()
    pretended = programs.Lunar(len(raw["tokens"]) - 1, **raw)
    connected_homes.make(pretended, now=now, apart=0)
    mine = Collection.objects.filter(site__connection_sites__connection__username__startswith="home")
    pairs = list(mine.values_list("pk", "site__connection_sites__connection"))
    for number, (collection, connection) in enumerate(pairs):
        at = now + timedelta(seconds=float(lasts_s) * number / len(pairs))
        Collection.objects.filter(pk=collection).update(due_at=at)
        Connection.objects.filter(pk=connection).update(refresh_due_at=at + timedelta(seconds=7))
    return len(pairs)


def due(_raw: dict[str, Any]) -> int:
    """Have every home read once more, as a quarter of an hour later."""
    from django.utils import timezone

    from gridshare_portal.telemetry.models import Collection

    now = timezone.now()
    return Collection.objects.update(due_at=now, last_ok_at=now - timedelta(minutes=15), failures=0)


def left(_raw: dict[str, Any]) -> int:
    """Return how many homes were not read since."""
    from django.utils import timezone

    from gridshare_portal.telemetry.models import Collection

    return Collection.objects.filter(last_ok_at__lt=timezone.now() - timedelta(minutes=10)).count()


def compare(raw: dict[str, Any]) -> dict[str, int]:
    """Compare every stored bucket of the last days with what the pretended Lunar says of it."""
    from django.utils import timezone

    from gridshare_portal.lunar.models import Connection
    from gridshare_portal.sandbox.simulation import clock, world
    from gridshare_portal.sites.models import Sensor
    from gridshare_portal.telemetry import missing, packing
    from gridshare_portal.telemetry.models import Day

    now = timezone.now()
    known = world.World(
        homes_count=len(raw["tokens"]) - 1, seed=1, clock=clock.Clock(now), stored={"begin": raw["begin"]}
    )
    first = missing.day_of(now) - (connected_homes.DAYS - 1) * missing.DAY
    counts: Counter[str] = Counter(connections=Connection.objects.count())
    mine = Sensor.objects.filter(site__connection_sites__connection__username__startswith="home")
    for sensor in mine.select_related("site__collection"):
        found, read_at = known.sensor(sensor.synth_id), sensor.site.collection.last_ok_at
        assert found is not None and read_at is not None, sensor
        said = connected_homes.columns_of(known, *found, read_at, now=now)
        stored = _joined(list(Day.objects.filter(sensor=sensor, day__gte=first)), first)
        counts["sensors"] += 1
        for name in packing.FIELDS:
            is_said = ~np.isnan(said[name])
            counts["buckets"] += int(is_said.sum())
            counts["unknown"] += int((is_said & np.isnan(stored[name])).sum())
            same = (said[name] == stored[name]) | np.isnan(stored[name])
            counts["other"] += int((is_said & ~same).sum())
    return dict(counts)


def _joined(days: list[Day], first: date) -> dict[str, np.ndarray]:
    from gridshare_portal.telemetry import missing, packing

    joined = {name: np.full(connected_homes.DAYS * missing.BUCKETS, np.nan) for name in packing.FIELDS}
    for row in days:
        at = (row.day - first).days * missing.BUCKETS
        for name, column in packing.unpack(row.packed).items():
            joined[name][at : at + missing.BUCKETS] = column
    return joined


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(globals()[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text()), *sys.argv[3:])))
