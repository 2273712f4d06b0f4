"""The demo homes: who reaches which, their state, their clock, and the true energy flows.

Whatever is accepted is kept with its moment and acts from then on; the past stays.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypedDict, Unpack

import numpy as np

from gridshare_portal.sandbox.simulation import cast, ledger, lifetime, physics, sensors
from gridshare_portal.sandbox.simulation.clock import Clock
from gridshare_portal.sandbox.simulation.dice import Floats
from gridshare_portal.sandbox.simulation.homes import (
    Customer,
    SimulatedDevice,
    SimulatedHome,
    SimulatedSensor,
)
from gridshare_portal.sandbox.simulation.ledger import Accepted, Ledger

HISTORY_DAYS = 400


class Stored(TypedDict, total=False):
    """What a restart has to know, as plain JSON values."""

    begin: str
    started: str
    devices: dict[str, ledger.Stored]


class World:
    """All homes of one sandbox. Safe to use from many threads."""

    def __init__(self, *, homes_count: int, seed: int, clock: Clock, stored: Stored | None = None) -> None:
        self.clock, self.seed = clock, seed
        self.customers = cast.customers(homes_count, seed=seed)
        self._lock = threading.RLock()
        self.shelf = lifetime.Shelf()
        self._histories: dict[str, lifetime.History] = {}
        self._flaws: dict[str, sensors.Blemishes] = {}
        self._index()
        self._found(stored or {})

    def customer(self, username: str) -> Customer | None:
        return self._customers.get(username)

    def home(self, site_id: str) -> SimulatedHome | None:
        return self._homes.get(site_id)

    def device(self, synth_id: str) -> tuple[SimulatedHome, SimulatedDevice] | None:
        return self._devices.get(synth_id)

    def sensor(self, synth_id: str) -> tuple[SimulatedHome, SimulatedSensor] | None:
        return self._sensors.get(synth_id)

    def ledger(self, device: SimulatedDevice) -> Ledger:
        return self._ledgers[device.synth_id]

    def accept(self, device: SimulatedDevice, *, now: datetime, **accepted: Unpack[Accepted]) -> None:
        """Let what is given hold from now on; a plan replaces any other, an empty one deletes it."""
        with self._lock:
            self.ledger(device).accept(now=now, **accepted)
            if "details" not in accepted:
                self._relive(device, now)

    def buckets(
        self, sensor: SimulatedSensor, *, start: datetime, end: datetime, step: timedelta, now: datetime
    ) -> sensors.Buckets:
        with self._lock:
            return sensors.buckets(
                self._history(self._sensors[sensor.synth_id][0]), sensor, self.blemishes(sensor.synth_id),
                start_s=start.timestamp(), end_s=end.timestamp(), step_s=int(step.total_seconds()),
                now_s=now.timestamp(),
            )  # fmt: skip

    def counters(self, sensor: SimulatedSensor, moments: Floats) -> Floats:
        """Return what a sensor counted in and out (Wh) by each of some moments, rising seconds since 1970."""
        with self._lock:
            history = self._history(self._sensors[sensor.synth_id][0])
            return sensors.counters(history, sensor, self.blemishes(sensor.synth_id), moments)

    def blemishes(self, synth_id: str) -> sensors.Blemishes:
        """Return the faults of a sensor's data."""
        if synth_id not in self._flaws:
            begin_s, start_s = physics.midnight(self.begin), self._started.timestamp()
            self._flaws[synth_id] = sensors.blemishes(
                *self._sensors[synth_id], seed=self.seed, begin_s=begin_s, start_s=start_s
            )
        return self._flaws[synth_id]

    def truth(self, site_id: str, start: datetime, end: datetime) -> dict[str, float]:
        """Return the exact Wh of a period, without outage, reset or dip, up to now."""
        home = self._homes[site_id]
        relays = [sensor.into for sensor in home.sensors if sensor.meaning == "relay"]
        names = ["solar", "from_grid", "to_grid", "charged", "discharged", "home", "ev", *relays]
        now_s = self.clock.now().timestamp()
        moments = np.array([min(moment.timestamp(), now_s) for moment in (start, end)])
        with self._lock:
            values = self._history(home).at(moments, names)
        grown = (values[1] - values[0]).tolist()
        return dict(zip(names[:7], grown[:7], strict=True)) | {"relay": sum(grown[7:])}

    def sensor_truth(self, synth_id: str, start: datetime, end: datetime) -> dict[str, float]:
        """Return the exact Wh that went into and out of one sensor in a period, up to now."""
        home, sensor = self._sensors[synth_id]
        now_s = self.clock.now().timestamp()
        moments = np.array([min(moment.timestamp(), now_s) for moment in (start, end)])
        with self._lock:
            values = self._history(home).at(moments, [sensor.into, sensor.out_of])
        into, out_of = (values[1] - values[0]).tolist()
        return {"in_wh": into, "out_wh": out_of}

    def hand_over(self, site_id: str, *, to: Collection[str]) -> None:
        """Let these customers list a home from now on, and nobody else, as when it is sold or shared."""
        home = self._homes[site_id]
        with self._lock:
            for username, customer in self._customers.items():
                others = tuple(one for one in customer.homes if one is not home)
                homes = (*others, home) if username in to else others
                self._customers[username] = replace(customer, homes=homes)

    def reset(self) -> None:
        """Forget all that devices accepted and who moved, as if the world had just been made."""
        with self._lock:
            self._customers = {customer.username: customer for customer in self.customers}
            for synth_id, known in self._ledgers.items():
                if known.modes or known.plans:
                    first = min(at for at, _ in (*known.modes, *known.plans))
                    self._relive(self._devices[synth_id][1], first)
                for entries in (known.modes, known.plans, known.details):
                    entries.clear()

    def respell(self, spell: Callable[[str], str]) -> None:
        """Give every site, device and sensor another id, and forget what devices accepted."""
        with self._lock:
            self.customers = cast.respelled(self.customers, spell)
            self._histories.clear()
            self._flaws.clear()
            self._index()
            self._found({"begin": self.begin.isoformat(), "started": self._started.isoformat()})

    def packed(self) -> Stored:
        with self._lock:
            changed = {
                synth_id: ledger.packed(known)
                for synth_id, known in self._ledgers.items()
                if known.modes or known.plans or known.details
            }
            return {"begin": self.begin.isoformat(), "started": self._started.isoformat(), "devices": changed}

    def _index(self) -> None:
        self._customers = {customer.username: customer for customer in self.customers}
        self._homes = {home.site_id: home for customer in self.customers for home in customer.homes}
        everywhere = [(home, device) for home in self._homes.values() for device in home.devices]
        self._devices = {device.synth_id: (home, device) for home, device in everywhere}
        self._sensors = {s.synth_id: (home, s) for home in self._homes.values() for s in home.sensors}

    def _found(self, stored: Stored) -> None:
        now = self.clock.now()
        self._started = datetime.fromisoformat(stored["started"]) if "started" in stored else now
        begin = now.date() - timedelta(days=HISTORY_DAYS)
        self.begin = date.fromisoformat(stored["begin"]) if "begin" in stored else begin
        known = stored.get("devices", {})
        self._ledgers = {
            synth_id: ledger.unpacked(known[synth_id])
            if synth_id in known
            else Ledger(first_mode=home.first_mode)
            for synth_id, (home, _) in self._devices.items()
        }

    def _history(self, home: SimulatedHome) -> lifetime.History:
        if home.site_id not in self._histories:
            ledgers = {device.synth_id: self._ledgers[device.synth_id] for device in home.devices}
            self._histories[home.site_id] = lifetime.History(
                home, seed=self.seed, begin=self.begin, ledgers=ledgers, shelf=self.shelf
            )
        return self._histories[home.site_id]

    def _relive(self, device: SimulatedDevice, now: datetime) -> None:
        home = self._devices[device.synth_id][0]
        if home.site_id in self._histories:
            self._histories[home.site_id].forget_from(now.timestamp())
