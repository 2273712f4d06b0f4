"""Days of a battery as they were, minute by minute, and told in any of the ways in which a service may."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from gridshare_portal.gridshare import wire
from gridshare_portal.telemetry.meaning import told

START = datetime(2026, 6, 15, tzinfo=UTC)
FINE_S = 300
CAPACITY_WH = 13_500.0
BEGAN_WH = 4000.0


@dataclass(frozen=True)
class Truth:
    """Watts of each five minutes from START on: above zero into the battery."""

    watts: np.ndarray

    @property
    def days(self):
        return len(self.watts) * FINE_S // 86_400

    @property
    def end(self):
        return START + timedelta(days=self.days)

    def counted(self, direction):
        """Wh by the end of each five minutes, before the first too; direction is 1 or -1."""
        wh = np.maximum(direction * self.watts, 0.0) * FINE_S / 3600
        return BEGAN_WH + np.concatenate(([0.0], np.cumsum(wh)))

    def charge(self):
        """Percent in each five minutes, wherever the battery began: never empty, never full."""
        level = np.cumsum(self.watts) * FINE_S / 3600 / CAPACITY_WH * 100
        spread = max(float(np.ptp(level)), 1.0)
        return 5.0 + (level - level.min()) * min(1.0, 90.0 / spread)

    def buckets(self, step_s):
        """Columns of buckets of a length: mean W and %, and Wh at the end."""
        size = step_s // FINE_S
        grouped = self.watts.reshape(-1, size).mean(axis=1)
        return {
            "power_w": grouped,
            "charge_pct": self.charge().reshape(-1, size).mean(axis=1),
            "in_wh": self.counted(1)[size::size],
            "out_wh": self.counted(-1)[size::size],
        }

    def served(self, way, *, start=START, end=None, by_stamps=False):
        """The answer to a question for [start, end), read as the client reads it."""
        end = end or self.end
        columns = self.buckets(way.step_s)
        step = timedelta(seconds=way.step_s)
        entries = []
        for number, watts in enumerate(columns["power_w"].tolist()):
            begins = START + number * step
            at = begins + step if way.stamps == told.END else begins
            if not start <= (at if by_stamps else begins) < end:
                continue
            sign = 1 if way.power_sign == told.INTO else -1
            entries.append(
                {
                    "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "power_W": sign * watts / way.power_scale,
                    "energy_Wh_increment": float(columns["in_wh"][number]) / way.counter_scale,
                    "energy_Wh_decrement": -float(columns["out_wh"][number]) / way.counter_scale,
                    "stateOfCharge_pct": float(columns["charge_pct"][number]) / way.charge_scale,
                }
            )
        return wire.readings({"entries": entries}, start=start, end=end)
