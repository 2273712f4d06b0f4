"""All of one's data as an archive, and a home that had its time: how long, and how much memory.

    .venv/bin/python -m benchmarks.take_away

A person has a home with three sensors and so many days of made-up readings. Printed are the time until the
archive's first byte, the time and CPU for the whole, the most memory that Python held meanwhile, and how long
the sweep takes to delete the home with its readings.
"""

from __future__ import annotations

import time
import tracemalloc
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import world

if TYPE_CHECKING:
    from gridshare_portal.accounts import models as accounts

SENSORS = 3
DAYS = (400, 1800)
MB = 1e6


def main() -> None:
    """Print a line for each number of days."""
    with world.portal() as kind:
        from django.utils import timezone

        print(f"{kind}, {SENSORS} sensors, 96 buckets of 7 values a day")
        for days in DAYS:
            now = timezone.now()
            user = _person(days, now)
            first_ms, whole_s, cpu_s, size = _taken(user, now)
            tracemalloc.start()
            _taken(user, now)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(
                f"{days:5} days: first byte {first_ms:.0f} ms, whole {whole_s:.1f} s ({cpu_s:.1f} s of CPU), "
                f"{size / MB:.1f} MB, at most {most / MB:.2f} MB held; swept in {_swept(now):.2f} s"
            )


def _taken(user: accounts.User, now: datetime) -> tuple[float, float, float, int]:
    from gridshare_portal.files import archives
    from gridshare_portal.homeowner.your_data import archive

    began_s, cpu_s, size, first_ms = time.perf_counter(), time.process_time(), 0, 0.0
    for piece in archives.zipped(archive.members(user, now=now)):
        first_ms = first_ms or (time.perf_counter() - began_s) * 1000
        size += len(piece)
    return first_ms, time.perf_counter() - began_s, time.process_time() - cpu_s, size


def _person(days: int, now: datetime) -> accounts.User:
    from gridshare_portal.accounts import models as accounts
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.sites import models as sites
    from gridshare_portal.telemetry import packing
    from gridshare_portal.telemetry.models import Day

    dice, known = np.random.default_rng(1), np.ones(96, dtype=bool)
    user = accounts.User.objects.create_user(email=f"somebody{days}@portal.example")
    named = {"issuer": "lunar", "sub": str(days), "status_since_at": now, "authorized_at": now}
    connection = lunar.Connection.objects.create(user=user, **named)
    home = sites.Site.objects.create(
        synth_id=f"home-{days}", name="Home", time_zone="America/Los_Angeles", created_at=now
    )
    sites.ConnectionSite.objects.create(site=home, connection=connection, seen_at=now)
    for number in range(SENSORS):
        sensor = sites.Sensor.objects.create(site=home, synth_id=f"sensor-{number}", position=number)
        for ago in range(days):
            columns = {name: np.round(dice.random(96) * 3000, 1) for name in packing.FIELDS}
            Day.objects.create(
                sensor=sensor,
                day=(now - timedelta(days=ago)).date(),
                step_s=900,
                packed=packing.pack(columns),
                known=packing.bits(known),
                known_count=96,
                closed_at=now,
            )
    return user


def _swept(now: datetime) -> float:
    from gridshare_portal.lunar import models as lunar
    from gridshare_portal.retention import rules, sweep

    ended = now - rules.length("home")
    lunar.Connection.objects.update(status="disconnected", status_since_at=ended)
    began_s = time.perf_counter()
    assert sweep.run(now=now, for_s=60).gone["home"] == 1
    return time.perf_counter() - began_s


if __name__ == "__main__":
    main()
