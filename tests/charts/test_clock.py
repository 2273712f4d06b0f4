"""The home's clock in the browser, beside Python's own knowledge of time zones."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import environment
from tests.charts.conftest import power

pytestmark = pytest.mark.browser

ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/St_Johns",
    "Europe/London",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Honolulu",
    "UTC",
)
SAY = """async (asked) => {
  const { hour, day } = await import("portal/charts/clock");
  return asked.map(([t, zone]) => `${day(t, zone)} ${hour(t, zone)}`);
}"""
TICKS = """async (asked) => {
  const { hourTicks } = await import("portal/charts/scale");
  return asked.map(([start, end, zone, room]) => hourTicks(start, end, zone, room));
}"""
BARS = """async (asked) => {
  const { barTicks } = await import("portal/charts/scale");
  return asked.map(([edges, by, zone, room]) => barTicks(edges, by, zone, room));
}"""
YEAR = 1_735_689_600  # 2025, in UTC


def turns(zone, begin=YEAR, days=365):
    """Return the moments in a year at which the zone's clocks are turned, to the quarter of an hour."""
    offsets = [
        (begin + 900 * n, datetime.fromtimestamp(begin + 900 * n, zone).utcoffset()) for n in range(days * 96)
    ]
    return [b[0] for a, b in zip(offsets, offsets[1:], strict=False) if a[1] != b[1]]


def said(t, name):
    """Say a moment as the browser should: the zone's name only where the hour comes twice."""
    here = datetime.fromtimestamp(t, ZoneInfo(name))
    twice = here.replace(fold=0).utcoffset() > here.replace(fold=1).utcoffset()
    return f"{here:%a} {here.day} {here:%b} {here:%H:%M}", twice


def midnight(day, zone):
    return int(datetime.combine(day, datetime.min.time(), zone).timestamp())


class TestTheHomesClock:
    def test_is_right_around_every_turn_of_it(self, show, page):
        show(power())
        chance = random.Random(5)
        asked = []
        for name in ZONES:
            near = [turn + 900 * n for turn in turns(ZoneInfo(name)) for n in range(-14, 14)]
            some = [
                YEAR + 900 * chance.randrange(365 * 96)
                for _ in range(environment.rounds(quick=60, long=3000))
            ]
            asked += [(t, name) for t in near + some]
        for found, (t, name) in zip(page.evaluate(SAY, asked), asked, strict=True):
            text, twice = said(t, name)
            assert found.startswith(text)
            assert (len(found) > len(text)) == twice, (found, name)

    @pytest.mark.parametrize(
        "name", ["America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
    )
    def test_puts_ticks_at_full_hours_of_days_of_any_length(self, show, page, name):
        show(power())
        zone = ZoneInfo(name)
        starts = [datetime.fromtimestamp(turn, zone).date() for turn in turns(zone)] or [
            datetime(2025, 5, 5).date()
        ]
        asked = [
            (midnight(day, zone), midnight(day + timedelta(days=1), zone), name, room)
            for day in starts
            for room in (2, 5, 13, 26)
        ]
        for ticks, (start, end, _, room) in zip(page.evaluate(TICKS, asked), asked, strict=True):
            assert 2 <= len(ticks) <= room + 2
            for one in ticks:
                here = datetime.fromtimestamp(one["t"], zone)
                assert start <= one["t"] <= end
                assert (here.minute, one["text"]) == (0, f"{here:%H}:00")

    def test_names_days_and_months_where_hours_would_stand_too_close(self, show, page):
        show(power())
        spans = [(8, 5), (31, 8), (365, 18), (365, 5), (400, 6)]
        asked = [(YEAR, YEAR + 86_400 * days, "UTC", room) for days, room in spans]

        for ticks, (_, room) in zip(page.evaluate(TICKS, asked), spans, strict=True):
            assert 2 <= len(ticks) <= room + 1
            assert len({one["text"] for one in ticks}) >= len(ticks) - 1

    @pytest.mark.parametrize("name", ZONES)
    def test_names_bars_by_their_days_and_months(self, show, page, name):
        show(power())
        zone, first = ZoneInfo(name), datetime(2025, 1, 1).date()
        days = [midnight(first + timedelta(days=n), zone) for n in range(366)]
        months = [midnight(first.replace(month=n), zone) for n in range(1, 13)] + [days[-1]]
        year, spring, by_month = page.evaluate(
            BARS, [(days, "day", name, 12), (days[59:90], "day", name, 40), (months, "month", name, 12)]
        )

        names = [f"{first.replace(month=n):%b}" for n in range(1, 13)]
        assert [one["text"] for one in year] == [one["text"] for one in by_month] == names
        assert [one["text"] for one in spring] == [str(n) for n in range(1, 31)]
        assert [days.index(t) for t in months[:-1]] == [
            next(n for n in range(365) if days[n] < one["t"] < days[n + 1]) for one in year
        ]
