from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridshare_portal.sandbox.simulation import cast, physics

JUNE, DECEMBER = date(2026, 6, 17), date(2026, 12, 16)


def local_hours(place, day):
    return physics.local_clock(place.zone, day)[0]


class TestTheSun:
    def test_stands_highest_around_local_noon_and_is_down_at_night(self):
        place = cast.SAN_FRANCISCO
        height, hour = physics.sun_height(place, JUNE), local_hours(place, JUNE)

        assert 12.5 < hour[height.argmax()] < 13.75  # summer time
        assert (height[(hour < 5) | (hour > 21)] == 0).all()
        assert height.max() == pytest.approx(np.sin(np.radians(90 - 37.77 + 23.4)), abs=0.01)

    def test_gives_more_in_summer_than_in_winter_and_never_more_than_the_panels_can(self):
        june, december = (
            physics.solar_w(cast.SAN_FRANCISCO, day, peak_w=8000, key=3) for day in (JUNE, DECEMBER)
        )

        assert june.sum() > 1.5 * december.sum() > 0
        assert june.min() >= 0 and june.max() <= 8000

    def test_is_dimmed_by_clouds_that_differ_from_day_to_day(self):
        days = [physics.solar_w(cast.PONCE, date(2026, 3, n), peak_w=5000, key=3).sum() for n in range(1, 29)]

        assert min(days) < 0.8 * max(days)

    def test_knows_the_23_hour_day(self):
        hours = local_hours(cast.SAN_FRANCISCO, date(2026, 3, 8))

        assert not ((hours >= 2) & (hours < 3)).any()


class TestTheHousehold:
    def use(self, day, hours, place=cast.AUSTIN):
        clock = local_hours(place, day)
        power = physics.household_w(place, day, size=1.5, key=11)
        return power[(clock >= hours[0]) & (clock < hours[1])].mean()

    def mean(self, days, hours):
        return np.mean([self.use(date(2026, 5, day), hours) for day in days])

    def test_wakes_in_the_morning_and_is_busy_in_the_evening(self):
        days = range(4, 30)

        night, morning, evening = (self.mean(days, hours) for hours in ((1, 4), (6.5, 8), (18.5, 21)))
        assert evening > morning > 1.3 * night > 0

    def test_stays_at_home_on_weekends(self):
        weekend, workdays = (2, 3, 9, 10, 16, 17, 23, 24), (4, 5, 6, 7, 11, 12, 13, 14)

        assert self.mean(weekend, (12, 15)) > 1.3 * self.mean(workdays, (12, 15))


class TestTheVehicle:
    def test_charges_on_some_nights_only_and_at_no_other_time(self):
        place, charging, days = cast.SACRAMENTO, np.zeros(physics.STEPS), 0
        for number in range(1, 29):
            day = date(2026, 2, number)
            spans = physics.vehicle_spans(place, day, key=5, power_w=7200)
            share = physics.duty(spans, physics.midnight(day) + 300 * np.arange(physics.STEPS))
            charging += share
            days += share.any()
        hour = local_hours(place, date(2026, 2, 1))

        assert 10 < days < 28
        assert not charging[(hour > 9) & (hour < 16)].any()
        assert charging[(hour > 19) & (hour < 22)].any()


class TestSpans:
    def test_cover_the_share_of_a_step_that_they_last(self):
        starts = 300.0 * np.arange(4)
        share = physics.duty([(450, 750)], starts)

        assert share.tolist() == [0, 0.5, 0.5, 0]


class TestTheBattery:
    def run(self, level, want, *, low=500.0, high=4000.0, one_way=0.9):
        want, shape = np.array(want, dtype=float), np.ones(len(want))
        return physics.run_battery(level, want, shape, low * shape, high * shape, one_way)

    def test_stores_less_than_it_takes_and_gives_less_than_it_loses(self):
        taken, given, levels = self.run(1000, [1000, -810])

        assert (taken[0], levels[0]) == (pytest.approx(1000), pytest.approx(1900))
        assert (given[1], levels[1]) == (pytest.approx(810), pytest.approx(1000))

    def test_never_holds_more_than_it_can_nor_gives_its_reserve(self):
        taken, given, levels = self.run(3900, [9000, 9000, -9000, -9000])

        assert levels.tolist() == pytest.approx([4000, 4000, 500, 500])
        assert taken.tolist() == pytest.approx([100 / 0.9, 0, 0, 0])
        assert given.tolist() == pytest.approx([0, 0, 3500 * 0.9, 0])

    def test_conserves_energy_whatever_it_is_asked(self):
        wishes = np.sin(np.arange(500)) * 3000
        taken, given, levels = self.run(1000, wishes)

        stored = taken.sum() * 0.9 - given.sum() / 0.9
        assert levels[-1] - 1000 == pytest.approx(stored)
        assert (np.minimum(taken, given) == 0).all()

    def test_is_not_moved_by_a_limit_alone(self):
        _, _, levels = self.run(3900, [100, 0, -0.0], high=3000)

        assert levels.tolist() == [3900, 3900, 3900]


class TestCircuits:
    def test_add_up_to_nine_tenths_of_the_home(self):
        total = physics.household_w(cast.HONOLULU, JUNE, size=2, key=1)
        parts = physics.circuits_w(total, JUNE, count=57, key=4)

        assert parts.shape == (physics.STEPS, 57)
        assert (parts > 0).all()
        assert parts.sum(axis=1) == pytest.approx(0.9 * total)


class TestLocalTime:
    def test_knows_the_weekday_where_people_live(self):
        hour, weekday = physics.local_clock(
            ZoneInfo("Pacific/Honolulu"), date(2026, 6, 17)
        )  # a Wednesday in UTC

        assert set(weekday[hour >= 14]) == {1}
        assert set(weekday[hour < 14]) == {2}


class TestSomeDaysAtOnce:
    """The clocks of San Francisco go forward on the second of these days."""

    FIRST, DAYS = date(2026, 3, 7), 3

    def same(self, ask):
        alone = [ask(day=date(2026, 3, 7 + number), days=1) for number in range(self.DAYS)]
        return ask(day=self.FIRST, days=self.DAYS) == pytest.approx(np.concatenate(alone), rel=1e-12)

    def test_bring_the_same_sun_as_one_by_one(self):
        assert self.same(lambda **when: physics.solar_w(cast.SAN_FRANCISCO, peak_w=8000, key=3, **when))
        assert self.same(
            lambda **when: physics.expected_sun_wh(cast.SAN_FRANCISCO, peak_w=8000, key=3, **when)
        )

    def test_are_lived_through_as_one_by_one(self):
        zone = cast.SAN_FRANCISCO.zone
        assert self.same(lambda **when: physics.household_w(cast.SAN_FRANCISCO, size=2, key=3, **when))
        assert self.same(lambda day, days: physics.local_clock(zone, day, days)[0])
        assert self.same(lambda day, days: physics.local_clock(zone, day, days)[1])

    def test_share_the_use_among_circuits_as_one_by_one(self):
        def circuits(day, days):
            return physics.circuits_w(np.full(days * physics.STEPS, 900.0), day, count=5, key=4)

        assert self.same(circuits)
