"""All faults that meet one question for readings, in the order in which they meet it.

First the step of the buckets, then what was measured, then how the answer is spelled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from gridshare_portal.sandbox.api import parsing
from gridshare_portal.sandbox.api.faults import Fault
from gridshare_portal.sandbox.api.misreadings import counters, places, spellings
from gridshare_portal.sandbox.api.misreadings.places import Mask, Place
from gridshare_portal.sandbox.api.misreadings.spellings import Entry
from gridshare_portal.sandbox.simulation.homes import SimulatedHome, SimulatedSensor
from gridshare_portal.sandbox.simulation.sensors import Buckets

NO_DATA_W = -429496729.6  # what is left of a 32-bit "no value" in tenths of a watt
_REFUSALS = {404: "NotFound", 403: "Forbidden"}


class Misreadings:
    """The faults that hold for one sensor when it is asked."""

    def __init__(
        self, faults: Sequence[Fault], home: SimulatedHome, sensor: SimulatedSensor, *, now: datetime
    ) -> None:
        self._on = [fault for fault in faults if Place.of(fault.options).holds(home, sensor)]
        self._sensor, self._now = sensor, now

    def refuse(self) -> None:
        """Raise what is answered for a sensor that is not found for a while."""
        for fault in self._of("not_found_for_a_while"):
            if places.asked_within(fault.options, self._now):
                status = fault.options.get("status", 404)
                raise parsing.Refusal(status, _REFUSALS[status], "there is no such device")

    def heard(self, args: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters of the question that are not ignored."""
        ignored = {fault.options["parameter"] for fault in self._of("ignored")}
        return {name: value for name, value in args.items() if name not in ignored}

    def step(self, asked: timedelta, steps: dict[str, timedelta]) -> timedelta:
        """Return the step that is answered with; `steps` are all by their names."""
        for fault in self._of("coarser"):
            asked = max(asked, steps[fault.options.get("step", "PT1H")])
        for fault in self._of("finer"):
            asked = min(asked, steps[fault.options.get("step", "PT5M")])
        return asked

    def told(self, true: Buckets, counted: counters.Counters, *, step: timedelta) -> Buckets:
        """Return what is told of buckets; `counted` are the sensor's counters without these faults."""
        known = true.where(~self._not_handed_in(true))
        known = self._misjudged(known, step)
        asked = counters.Asked(
            synth_id=self._sensor.synth_id,
            counts=(self._sensor.into is not None, self._sensor.out_of is not None),
            step_s=step.total_seconds(),
            now_s=self._now.timestamp(),
        )
        if not any(fault.kind in counters.ACTING for fault in self._on) or not len(known.start_s):
            return known
        values = counters.spoilt(counted, self._on, asked)(known.end_s)
        return dataclasses.replace(known, counted_in_wh=values[:, 0], counted_out_wh=values[:, 1])

    def spelled(self, entries: Sequence[Entry], told: Buckets, *, step: timedelta) -> list[Entry]:
        """Return the entries of the buckets that were told, spelled as the faults have it."""
        found: Sequence[Entry | None] = list(entries)
        for fault in self._of("null_again"):
            found = spellings.withdrawn(found, told, fault, self._sensor.synth_id, now=self._now, step=step)
        for kind, spell in spellings.SPELLINGS.items():
            if self._of(kind):
                found = [entry and spell(entry) for entry in found]
        if self._of("end_stamps"):
            found = spellings.stamped_at_end(found, told, step=step)
        return [entry for entry in found if entry is not None]

    def paged(self, entries: list[Entry], args: Mapping[str, str]) -> dict[str, object]:
        """Return the body of the answer: all entries, or one page of them with a word for the next."""
        sizes = [max(1, int(fault.options.get("size", 50))) for fault in self._of("paged")]
        if not sizes:
            return {"entries": entries}
        token = args.get("nextToken", "0")
        first = int(token) if token.isascii() and token.isdigit() else 0
        after = first + min(sizes)
        more = {"nextToken": str(after)} if after < len(entries) else {}
        return {"entries": entries[first:after], **more}

    def _of(self, kind: str) -> list[Fault]:
        return [fault for fault in self._on if fault.kind == kind]

    def _not_handed_in(self, true: Buckets) -> Mask:
        late = np.zeros(len(true.start_s), dtype=bool)
        for fault in self._of("late_upload"):
            if self._now.timestamp() < places.seconds(fault.options, "handed_in_at", 0.0):
                late |= Place.of(fault.options).touched(true.start_s, true.end_s)
        return late

    def _misjudged(self, known: Buckets, step: timedelta) -> Buckets:
        """Let power be what it is not: 0 where it is provisional, a value out of this world in a spike."""
        for fault in self._of("provisional"):
            young = known.end_s > self._now.timestamp() - 60 * fault.options.get("minutes", 60)
            place = Place.of(fault.options).touched(known.start_s, known.end_s)
            known = known.with_power(0.0, young & place)
        for fault in self._of("spike"):
            if "wh" in fault.options and "value" not in fault.options:
                continue
            since_s = Place.of(fault.options).since_s
            hit = (known.start_s <= since_s) & (since_s < known.start_s + step.total_seconds())
            known = known.with_power(fault.options.get("value", NO_DATA_W), hit)
        return known
