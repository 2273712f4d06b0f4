"""Where a fault of readings holds: whose readings, and which stretch of time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridshare_portal.sandbox.api import parsing
from gridshare_portal.sandbox.simulation.dice import Floats
from gridshare_portal.sandbox.simulation.homes import SimulatedHome, SimulatedSensor

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Parts of ids, and a stretch in seconds since 1970; what was not said is everywhere and always."""

    sensor: str
    site: str
    since_s: float
    until_s: float

    @staticmethod
    def of(options: Mapping[str, object]) -> Place:
        return Place(
            sensor=str(options.get("sensor", "")),
            site=str(options.get("site", "")),
            since_s=seconds(options, "since", -math.inf),
            until_s=seconds(options, "until", math.inf),
        )

    def holds(self, home: SimulatedHome, sensor: SimulatedSensor) -> bool:
        return self.sensor in sensor.synth_id and self.site in home.site_id

    def touched(self, starts: Floats, ends: Floats) -> Mask:
        """Return which buckets have a part in the stretch."""
        return (ends > self.since_s) & (starts < self.until_s)

    def counted(self, moments: Floats) -> Mask:
        """Return at which moments the counter has counted something of the stretch, and nothing beyond."""
        return (moments > self.since_s) & (moments <= self.until_s)


def seconds(options: Mapping[str, object], name: str, otherwise: float) -> float:
    return parsing.moment(options[name], name).timestamp() if name in options else otherwise


def asked_within(options: Mapping[str, object], now: datetime) -> bool:
    """Return whether it is now that asking meets the fault."""
    now_s = now.timestamp()
    return seconds(options, "asked_from", -math.inf) <= now_s < seconds(options, "asked_until", math.inf)
