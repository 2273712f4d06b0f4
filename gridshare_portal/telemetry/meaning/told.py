"""How a sensor tells its readings: the length of its buckets, its stamps, its signs and its scales.

The usual way is the published contract's. Each property is found from a day of readings (`learning`) or set
by an operator, and taken out of readings before they are stored (`translation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from gridshare_portal.telemetry import missing

START, END = "start", "end"
INTO, OUT_OF = "in", "out"
CHOICES: Mapping[str, tuple[int | str, ...]] = {  # the usual one first
    "step_s": (missing.STEP_S, 60, 300, 600, 1200, 1800, 3600, 7200, 86_400),
    "stamps": (START, END),
    "power_sign": (INTO, OUT_OF),
    "power_scale": (1, 1000),
    "counter_scale": (1, 1000),
    "charge_scale": (1, 100),
}
Found = Mapping[str, int | str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How one sensor tells its readings.

    A bucket is `step_s` seconds long and its timestamp is its start or its end. Power above zero flows into
    the device or out of it. What is told, times its scale, is in W, Wh and %.
    """

    step_s: int = missing.STEP_S
    stamps: str = START
    power_sign: str = INTO
    power_scale: int = 1
    counter_scale: int = 1
    charge_scale: int = 1

    @property
    def unusual(self) -> dict[str, int | str]:
        """What is not as the contract has it, by name."""
        usual = Told()
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in named.items() if value != getattr(usual, name)}


USUAL = Told()
