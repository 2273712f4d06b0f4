"""What a mode or a command demands of a battery over a run of steps: a power and two limits.

Simple follows the home's balance, Schedule a weekly plan of the owner's, Smart fills up in cheap night hours
when little sun is expected. A command overrules the mode while it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridshare_portal.sandbox.simulation.dice import Floats, Numbers
from gridshare_portal.sandbox.simulation.ledger import PlannedCommand
from gridshare_portal.sandbox.simulation.physics import Battery

CHEAP_HOURS = (0.0, 5.0)
SMART_SMALLEST_WH = 4800.0


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A run of steps as the battery's controller sees it, one number per step."""

    surplus_w: Floats
    hour: Floats
    weekday: Numbers
    expected_sun_wh: Floats


# Power (W), low and high (Wh) per step: charge (power above 0) up to high, or discharge down to low.
Demand = tuple[Floats, Floats, Floats]


def demand(battery: Battery, mode: str, command: PlannedCommand | None, stretch: Stretch) -> Demand:
    if command is not None:
        return _commanded(battery, command, stretch)
    if mode == "Schedule":
        return _scheduled(battery, stretch)
    if mode == "Smart":
        return _smart(battery, stretch)
    return _balance(battery, stretch, battery.power_limit_w)


def _limits(battery: Battery, power_w: Floats, high_share: Floats | float = 1.0) -> Demand:
    low_wh = np.full(len(power_w), battery.capacity_wh * battery.reserve)
    return power_w, low_wh, np.broadcast_to(high_share * battery.capacity_wh, power_w.shape)


def _balance(battery: Battery, stretch: Stretch, limit_w: float) -> Demand:
    return _limits(battery, np.clip(stretch.surplus_w, -limit_w, limit_w))


def _commanded(battery: Battery, command: PlannedCommand, stretch: Stretch) -> Demand:
    limit = battery.power_limit_w if command.power_w is None else min(command.power_w, battery.power_limit_w)
    if command.action == "follow":
        return _balance(battery, stretch, limit)
    power = {"charge": limit, "discharge": -limit}.get(command.action, 0.0)
    return _limits(battery, np.full(len(stretch.hour), power))


def _scheduled(battery: Battery, stretch: Stretch) -> Demand:
    """Charge to nine tenths from one to four on weekdays, idle on Saturday noon, else balance."""
    night = (stretch.hour >= 1) & (stretch.hour < 4) & (stretch.weekday < 5)
    idle = (stretch.hour >= 12) & (stretch.hour < 14) & (stretch.weekday == 5)
    limit = battery.power_limit_w
    power = np.where(night, 0.5 * limit, np.clip(stretch.surplus_w, -limit, limit))
    return _limits(battery, np.where(idle, 0.0, power), np.where(night, 0.9, 1.0))


def _smart(battery: Battery, stretch: Stretch) -> Demand:
    """Fill up in cheap hours, the further the less sun is expected; never discharge in them."""
    cheap = (stretch.hour >= CHEAP_HOURS[0]) & (stretch.hour < CHEAP_HOURS[1])
    share = np.clip(1.0 - stretch.expected_sun_wh / (2.5 * battery.capacity_wh), 0.35, 0.95)
    limit = battery.power_limit_w
    power = np.where(cheap, 0.4 * limit, np.clip(stretch.surplus_w, -limit, limit))
    return _limits(battery, power, np.where(cheap, share, 1.0))
