"""Ways to tell readings, served by the sandbox over HTTP: what is stored in the end is the truth."""

from datetime import timedelta

import pytest

from gridshare_portal.energy import periods
from gridshare_portal.telemetry import balance, missing
from gridshare_portal.telemetry.models import Day
from tests.telemetry.collected import collected, set_back

ASKED = "getDeviceTelemetry"
WAYS = {
    "flipped": [("flipped", {})],
    "kilowatts": [("kilowatts", {})],
    "kilowatt hours": [("kilowatt_hours", {})],
    "fraction": [("fraction", {})],
    "end stamps": [("end_stamps", {})],
    "five minutes": [("finer", {})],
    "hours": [("coarser", {})],
    "half hours, ends, flipped": [("coarser", {"step": "PT30M"}), ("end_stamps", {}), ("flipped", {})],
    "five minutes, ends, kilowatts": [("finer", {}), ("end_stamps", {}), ("kilowatts", {})],
    "hours, fraction, kilowatt hours": [("coarser", {}), ("fraction", {}), ("kilowatt_hours", {})],
    "days": [("coarser", {"step": "P1D"})],
}


@pytest.fixture
def week(homeowner, sandbox, whole_history):
    """A home whose last week is fetched anew when the test says so."""
    set_back(homeowner, goal=(sandbox.clock.now() - timedelta(days=9)).date(), cursor=None)
    Day.objects.filter(sensor__site=homeowner.site).delete()
    return homeowner


def fetched(visitor, sandbox):
    now = sandbox.clock.now()
    for minutes in (0, 5, 10):
        collected(visitor, now=now + timedelta(minutes=minutes))


class Compared:
    """Four days of the week before, step by step: how far what is stored is from the truth."""

    def __init__(self, site, sandbox, *, step):
        end = missing.midnight(missing.day_of(sandbox.clock.now()) - missing.DAY)
        period = periods.Period(end - timedelta(days=4), end)
        self.metered, self.size = balance.energy(site, period), step // missing.STEP
        self.read = balance.columns(site, period, ("in_w", "out_w", "charge_pct"))
        self.off_wh = self.off_w = self.unknown = 0
        for row, sensor in enumerate(self.metered.sensors):
            for first in range(0, self.metered.grid.count, self.size):
                begins = period.start + first * missing.STEP
                true = sandbox.world.sensor_truth(sensor.synth_id, begins, begins + step)
                self._compare(row, slice(first, first + self.size), true, step / timedelta(hours=1))

    def _compare(self, row, steps, true, hours):
        for grown, name in ((self.metered.went_in, "in_wh"), (self.metered.went_out, "out_wh")):
            energy_wh = float(grown[row].wh[steps].sum())
            self.unknown += energy_wh != energy_wh
            self.off_wh = max(self.off_wh, abs(energy_wh - true[name]))
        power_w = float((self.read.values["in_w"][row][steps] - self.read.values["out_w"][row][steps]).mean())
        self.unknown += power_w != power_w
        self.off_w = max(self.off_w, abs(power_w - (true["in_wh"] - true["out_wh"]) / hours))

    @property
    def charges(self):
        rows = [row for row, one in enumerate(self.read.sensors) if one.role == "battery"]
        return self.read.values["charge_pct"][rows]


class TestAWayToTellReadings:
    @pytest.mark.parametrize("way", WAYS)
    def test_is_seen_and_what_is_stored_is_the_truth(self, week, sandbox, way):
        for kind, options in WAYS[way]:
            sandbox.faults.switch_on(ASKED, kind, **options)
        fetched(week, sandbox)
        steps = {"finer": missing.STEP, "coarser": timedelta(hours=1)}
        longest = max((steps.get(kind, missing.STEP) for kind, _options in WAYS[way]), default=missing.STEP)
        longest = missing.DAY if way == "days" else longest
        found = Compared(week.site, sandbox, step=longest)

        assert (found.unknown, round(found.off_wh, 1), round(found.off_w)) == (0, 0, 0)
        assert 5 < found.charges.min() < found.charges.max() <= 100
