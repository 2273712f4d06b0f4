"""A home with solar and a battery, and what it told in June."""

from datetime import UTC, datetime, timedelta

from gridshare_portal.energy import periods
from gridshare_portal.telemetry import missing, queries

START = datetime(2026, 6, 10, tzinfo=UTC)
LATER = datetime(2026, 6, 20, tzinfo=UTC)
QUARTER = missing.STEP
ENERGIES = [name for name in queries.Totals.__dataclass_fields__ if name.endswith("_wh")]


def solar_home(home, *, until=96):
    """A day of solar, battery and grid; the first bucket has no counter before it."""
    grid, battery, solar = home.sensor("grid"), home.sensor("battery"), home.sensor("solar")
    home.tell(grid, START, [100] * until, [40] * until, now=LATER)
    home.tell(battery, START, [60] * until, [0] * until, charge_pct=50.0, now=LATER)
    home.tell(solar, START, [0] * until, [200] * until, now=LATER)
    home.read_at(START + timedelta(days=1))
    return grid, battery, solar


def over(start, buckets):
    return periods.Period(start, start + buckets * QUARTER)
