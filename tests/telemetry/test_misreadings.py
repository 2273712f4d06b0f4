"""Readings as services really send them, from the sandbox over HTTP into every figure of the portal.

For each fault: nothing that is shown is wrong, and no more is unknown than has to be.
"""

from datetime import UTC, datetime, time, timedelta

import pytest

from gridshare_portal.energy import periods
from gridshare_portal.telemetry import balance, missing, queries
from gridshare_portal.telemetry.models import Day
from tests.telemetry.collected import collected, set_back

ASKED = "getDeviceTelemetry"
CLOSE_WH = 0.01  # what the service rounds
OUTPUTS = ("solar", "from_grid", "to_grid", "charged", "discharged", "home")
PLACES = [("solar", 12), ("solar", 19), ("solar", 0), ("grid", 12)]  # whose counter, and at which local hour


@pytest.fixture
def week(homeowner, sandbox, whole_history):
    """A home whose last week is fetched anew when the test says so."""
    set_back(homeowner, goal=(sandbox.clock.now() - timedelta(days=8)).date())
    return homeowner


def local_day(site, sandbox, *, ago=4):
    day = sandbox.clock.now().astimezone(site.zone).date() - timedelta(days=ago)
    return day, periods.local_day(day, site.zone)


def spelled(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Compared:
    """The counters of each sensor on one day, beside the truth of each bucket."""

    def __init__(self, site, sandbox, period):
        self.site, self.sandbox, self.period = site, sandbox, period
        self.metered = balance.energy(site, period)
        self.whole = queries.totals(site, period)

    def worst_wh(self):
        return max((abs(told - true) for told, true in self._pairs() if told == told), default=0.0)

    def unknown(self):
        """How many buckets of the home are unknown."""
        return int((~self.metered.balance.known).sum())

    def total_off_wh(self):
        """How far the sums of the day are from the truth."""
        return self._off_wh(self.period, self.whole)

    def hours_off_wh(self):
        """How far the hours that are said to be whole are from the truth at most."""
        hours = periods.cut(self.period, "hour", self.site.zone)
        bars = zip(hours, queries.bars(self.site, hours), strict=True)
        whole = [(hour, bar) for hour, bar in bars if not (bar.missing_s or bar.uncounted_s)]
        return max(self._off_wh(hour, bar) for hour, bar in whole)

    def _off_wh(self, period, told):
        truth = self.sandbox.world.truth(self.site.synth_id, period.start, period.end)
        amounts = {name: getattr(told, f"{name}_wh") for name in OUTPUTS}
        return max(abs(amount - truth[name]) for name, amount in amounts.items() if amount is not None)

    def _pairs(self):
        grid = self.metered.grid
        for number, sensor in enumerate(self.metered.sensors):
            for step in range(grid.count):
                begins = grid.start + step * missing.STEP
                true = self.sandbox.world.sensor_truth(sensor.synth_id, begins, begins + missing.STEP)
                yield self.metered.went_in[number].wh[step], true["in_wh"]
                yield self.metered.went_out[number].wh[step], true["out_wh"]


FAULTS = [  # the kind, its options, how many buckets cannot be known, whether the day is known as a whole
    ("dip", {"wh": 100}, 1, False),
    ("dip", {"wh": 5000}, 1, False),
    ("dip", {"wh": 30_000, "for": 8}, 9, True),
    ("dip", {"wh": 100, "for": 8}, 9, True),
    ("dip", {"wh": 5000, "for": 1}, 2, True),
    ("noise", {"wh": 3, "for": 400}, 0, True),
    ("freeze", {"for": 1}, 2, True),
    ("freeze", {"for": 12}, 13, True),
    ("freeze", {"for": 12, "catch_up": False}, 12, False),
    ("replace", {}, 1, False),
    ("roll_over", {"modulus": 2**16}, 0, True),
    ("spike", {"value": -429496729.6}, 0, True),
    ("spike", {"wh": 19_200}, 2, True),
    ("spike", {"wh": 300}, 2, True),
    ("null_again", {"for": 20}, 0, True),
    ("null_again", {"for": 20, "how": "left_out"}, 0, True),
    ("null_again", {"for": 20, "how": "empty"}, 0, True),
]


class TestAFault:
    @pytest.mark.parametrize(("role", "hour"), PLACES, ids=["-".join(map(str, one)) for one in PLACES])
    @pytest.mark.parametrize(
        ("kind", "options", "least", "whole"), FAULTS, ids=[f"{kind} {more}" for kind, more, *_ in FAULTS]
    )
    def test_leaves_no_more_unknown_than_it_must_and_nothing_wrong(
        self, week, sandbox, record_property, kind, options, least, whole, hour, role
    ):
        site = week.site
        day, period = local_day(site, sandbox)
        since = datetime.combine(day, time(hour, 30), site.zone)
        length = options.get("for")
        given = {name: value for name, value in options.items() if name != "for"}
        if length:
            given["until"] = spelled(since + length * missing.STEP)
        sensor = site.sensors.filter(role_found=role).first()
        sandbox.faults.switch_on(ASKED, kind, sensor=sensor.synth_id, since=spelled(since), **given)
        collected(week)
        if kind == "null_again":  # it was served once: asked again, it is gone
            Day.objects.update(ask_again_at=sandbox.clock.now())
            collected(week, now=sandbox.clock.now() + timedelta(minutes=5))
        found = Compared(site, sandbox, period)

        allowed = 2 * options["wh"] if kind == "noise" else CLOSE_WH
        told = {"quarter": found.worst_wh(), "hour": found.hours_off_wh(), "day": found.total_off_wh()}
        told |= {"unknown": found.unknown(), "least": least, "whole": whole}
        for name, value in told.items():
            record_property(name, float(value))
        assert told["quarter"] <= allowed
        assert told["hour"] <= 4 * max(allowed, 0.1)
        assert told["unknown"] <= least + 1
        if whole:
            assert told["day"] <= 4 * max(allowed, 0.1)


class TestLateReadings:
    def test_of_a_home_that_was_silent_for_five_days_are_all_known_once_they_are_handed_in(
        self, week, sandbox
    ):
        site, start = week.site, sandbox.clock.now()
        handed_in = start + timedelta(days=5)
        late = {"since": spelled(start), "until": spelled(handed_in), "handed_in_at": spelled(handed_in)}
        sandbox.faults.switch_on(ASKED, "late_upload", **late)
        collected(week, now=start)
        while sandbox.clock.now() < handed_in + timedelta(days=3):
            sandbox.clock.advance(timedelta(hours=6))
            collected(week, now=sandbox.clock.now())

        whole = queries.totals(site, periods.Period(start, handed_in))
        assert whole.missing_s <= 900
        assert whole.known_s >= 120 * 3600 - 1800

    def test_that_were_provisional_are_corrected_and_were_marked_as_not_final_until_then(self, week, sandbox):
        site, start = week.site, sandbox.clock.now()
        sandbox.faults.switch_on(ASKED, "provisional", minutes=60, counters=True)
        for _ in range(20):
            sandbox.clock.advance(timedelta(minutes=15))
            collected(week, now=sandbox.clock.now(), seconds=0)
        before = queries.series(site, periods.Period(start, sandbox.clock.now()), step_s=900)
        sandbox.clock.advance(timedelta(hours=1))
        collected(week, now=sandbox.clock.now(), seconds=0)

        period = periods.Period(start + timedelta(minutes=15), start + timedelta(hours=4))
        assert before["final_steps"] <= 9
        assert Compared(site, sandbox, period).worst_wh() <= CLOSE_WH

    def test_that_are_withdrawn_stay_known(self, week, sandbox):
        collected(week)
        before = {row.pk: bytes(row.packed) for row in Day.objects.filter(known_count=96)}
        sandbox.faults.switch_on(ASKED, "null_again", since="2000-01-01T00:00:00Z")
        Day.objects.update(ask_again_at=sandbox.clock.now())
        collected(week, now=sandbox.clock.now() + timedelta(minutes=5))

        assert before == {row.pk: bytes(row.packed) for row in Day.objects.filter(pk__in=before)}

    def test_of_a_sensor_that_was_not_found_for_a_while_are_fetched_later(self, week, sandbox):
        site, now = week.site, sandbox.clock.now()
        sensor = site.sensors.filter(role_found="solar").first()
        until = spelled(now + timedelta(hours=1))
        sandbox.faults.switch_on(ASKED, "not_found_for_a_while", sensor=sensor.synth_id, asked_until=until)
        collected(week, now=now)
        assert not sensor.days.exists()
        sandbox.clock.advance(timedelta(hours=2))
        collected(week, now=sandbox.clock.now())

        assert sensor.days.filter(known_count__gt=80).count() >= 7
