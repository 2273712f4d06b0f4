"""Sentences about what a home and its battery are doing.

Pure: powers (W) and moments in, sentences out. Directions are words, never signs, and what is unknown is
said to be unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeGuard
from zoneinfo import ZoneInfo

from gridshare_portal.templatetags import energy

RESTING_W = 20.0  # below this a battery or the grid connection is called idle
SOURCES = {"solar": "the sun", "battery": "the battery", "grid": "the grid"}

Power = float | None


def moving(power_w: Power) -> TypeGuard[float]:
    """Return whether a power is large enough to mention."""
    return power_w is not None and power_w >= RESTING_W


def from_whom(flows: Mapping[str, Power], taker: str) -> str:
    """Name the sources that feed a node now, largest first; empty if unknown."""
    powers = {source: flows.get(f"{source}_to_{taker}") or 0.0 for source in SOURCES if source != taker}
    largest_first = sorted(powers, key=powers.__getitem__, reverse=True)
    return listed([SOURCES[source] for source in largest_first if moving(powers[source])])


def listed(names: list[str]) -> str:
    """Join names as a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def happening(
    *,
    flows: Mapping[str, Power],
    home_w: Power,
    charging_w: Power,
    discharging_w: Power,
    to_grid_w: Power,
    whose: str = "your home",
) -> str:
    """Return the flow picture as one sentence."""
    parts = [_home(flows, home_w, whose)]
    if moving(charging_w):
        source = from_whom(flows, "battery")
        from_source = f" from {source}" if source else ""
        parts.append(f"the battery is charging{from_source} at {energy.power(charging_w)}")
    elif moving(discharging_w) and not moving(flows.get("battery_to_home")):
        parts.append(f"the battery is giving {energy.power(discharging_w)}")
    if moving(to_grid_w):
        parts.append(f"{energy.power(to_grid_w)} goes to the grid")
    sentence = listed(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _home(flows: Mapping[str, Power], home_w: Power, whose: str) -> str:
    if home_w is None:
        return f"we do not know what {whose} is using right now"
    source = from_whom(flows, "home")
    return f"{whose} is using {energy.power(home_w)}{f' from {source}' if source else ''}"


def solar_word(solar_w: Power) -> str:
    return _word((solar_w, "making power"), idle="asleep")


def battery_word(charging_w: Power, discharging_w: Power) -> str:
    return _word((charging_w, "charging"), (discharging_w, "discharging"), idle="resting")


def grid_word(from_grid_w: Power, to_grid_w: Power) -> str:
    return _word((to_grid_w, "receiving"), (from_grid_w, "supplying"), idle="idle")


def _word(*powers: tuple[Power, str], idle: str) -> str:
    """Return the word of the first power that is large enough to mention."""
    if all(power_w is None for power_w, _ in powers):
        return "not known"
    return next((word for power_w, word in powers if moving(power_w)), idle)


def outlook(
    *,
    charge_pct: float | None,
    capacity_wh: float | None,
    charging_w: Power,
    discharging_w: Power,
    at: datetime,
    zone: ZoneInfo,
    now: datetime,
) -> str:
    """Say when the battery is full or empty at the power of the moment `at`; "" if that is unknown."""
    if charge_pct is None or not capacity_wh:
        return ""
    if moving(charging_w):
        end, missing_pct, rate_w = "full", 100 - charge_pct, charging_w
    elif moving(discharging_w):
        end, missing_pct, rate_w = "empty", charge_pct, discharging_w
    else:
        return ""
    hours = capacity_wh * max(missing_pct, 0) / 100 / rate_w
    if hours > 24:
        return f"At this rate it lasts for more than a day until it is {end}."
    return f"At this rate it is {end} at about {energy.moment(at + timedelta(hours=hours), zone, now)}."
