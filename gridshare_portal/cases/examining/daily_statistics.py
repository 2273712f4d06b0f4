"""What only whole days of readings tell of a home: daylight hours, when solar last produced, its balance.

Pure arithmetic on stored readings. Computed every few hours and kept as JSON on the Examination row, so that
an examination costs the same few queries however many homes there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.rules import daylight
from gridshare_portal.energy import periods
from gridshare_portal.telemetry import balance, missing, stored
from gridshare_portal.telemetry import queries as telemetry

LOOK_BACK = timedelta(days=8)
MADE_W = 20.0  # below this a solar sensor measures its own inverter


Learned = Mapping[str, Any]  # an Examination's, as JSON


def learned(home: stored.Kept, before: Learned, *, now: datetime) -> dict[str, object]:
    """Return the statistics as JSON; what the last days do not tell stays as it was before."""
    made = _made(home, now)
    zone = home.site.zone
    local = [(end - missing.STEP).astimezone(zone) for ends in made.values() for end in ends]
    hours = daylight.hours((one.date(), one.hour) for one in local)
    moments = {synth_id: max(found).isoformat() for synth_id, found in made.items() if found}
    return {
        "solar_hours": sorted(hours) or list(before.get("solar_hours", [])),
        "made_at": {**before.get("made_at", {}), **moments},
        "balance": _balance(home, now),
    }


def balance_of(learned: Learned) -> facts.BalanceFacts | None:
    kept = learned.get("balance")
    if not kept:
        return None
    moments = {"day": date.fromisoformat(kept["day"]), "ended_at": datetime.fromisoformat(kept["ended_at"])}
    return facts.BalanceFacts(**{**kept, **moments})


def _made(home: stored.Kept, now: datetime) -> dict[str, list[datetime]]:
    """Return for each solar sensor the ends of the buckets in which it produced at least MADE_W."""
    if not any(sensor.role == "solar" for sensor in home.sensors):
        return {}
    period = periods.Period(missing.midnight(missing.day_of(now - LOOK_BACK)), now)
    read = balance.columns(home, period, ("out_w",))
    return {
        sensor.synth_id: [read.grid.start + (int(step) + 1) * missing.STEP for step in np.flatnonzero(powers)]
        for sensor, powers in zip(read.sensors, read.values["out_w"] >= MADE_W, strict=True)
        if sensor.role == "solar"
    }


def _balance(home: stored.Kept, now: datetime) -> dict[str, object] | None:
    """Return the energy balance (Wh) of the home's last whole local day, as its own pages compute it."""
    if not home.sensors:
        return None
    day = now.astimezone(home.site.zone).date() - timedelta(days=1)
    period = periods.local_day(day, home.site.zone)
    went = telemetry.totals(home, period)
    if went.remainder_wh is None:
        return None
    came_in = (went.solar_wh, went.from_grid_wh, went.discharged_wh)
    return {
        "day": day.isoformat(),
        "ended_at": period.end.isoformat(),
        "through_wh": sum(amount for amount in came_in if amount is not None),
        "remainder_wh": went.remainder_wh,
        "known_s": went.known_s,
    }
