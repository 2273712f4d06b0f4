from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gridshare_portal.sandbox.simulation.clock import Clock
from gridshare_portal.sandbox.simulation.world import World

NOW = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world():
    return World(homes_count=6, seed=1, clock=Clock(NOW, ticking=False))


def sensors(world, name="ada"):
    return world.customer(name).homes[0].sensors


def blemished(world, name="ada"):
    return next(sensor for sensor in sensors(world, name) if world.blemishes(sensor.synth_id).reset_s)


def told(world, sensor, start, end, *, minutes=15, now=NOW):
    return world.buckets(sensor, start=start, end=end, step=timedelta(minutes=minutes), now=now)


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


class TestAnOutage:
    def test_hides_every_bucket_and_the_counters_go_on_growing(self, world):
        sensor = next(s for s in sensors(world) if s.meaning == "grid")
        start, end = world.blemishes(sensor.synth_id).outages[0]
        around = told(world, sensor, at(start) - timedelta(hours=1), at(end) + timedelta(hours=1))
        inside = (around.start_s >= start) & (around.start_s < end)
        truth = world.truth(
            world.customer("ada").homes[0].site_id, at(start), at(end) + timedelta(minutes=15)
        )

        assert not inside.any()
        assert len(around.start_s) == 8
        grown = around.counted_in_wh[4] - around.counted_in_wh[3]
        assert grown == pytest.approx(truth["from_grid"])

    def test_is_of_a_device_and_so_of_all_its_sensors(self, world):
        outages = {world.blemishes(sensor.synth_id).outages for sensor in sensors(world)}

        assert len(outages) == 1
        assert 3 <= len(next(iter(outages))) <= 25

    def test_comes_in_whole_hours_and_never_lately(self, world):
        for home in (home for customer in world.customers for home in customer.homes):
            for sensor in home.sensors:
                for start, end in world.blemishes(sensor.synth_id).outages:
                    assert start % 3600 == 0 and 3600 <= end - start <= 9 * 3600
                    assert at(end) < NOW - timedelta(days=2)


class TestTheReset:
    def test_happens_to_one_sensor_of_a_home(self, world):
        for customer in world.customers:
            for home in customer.homes:
                flaws = [world.blemishes(sensor.synth_id) for sensor in home.sensors]
                assert sum(flaw.reset_s is not None for flaw in flaws) == 1

    def test_lets_the_counters_fall_to_near_nothing_and_grow_again(self, world):
        sensor = blemished(world)
        moment = at(world.blemishes(sensor.synth_id).reset_s)
        buckets = told(world, sensor, moment - timedelta(hours=12), moment + timedelta(hours=12))
        counted = buckets.counted_in_wh + buckets.counted_out_wh
        after = buckets.start_s + 900 >= moment.timestamp()

        assert counted[~after].min() > 100_000
        assert counted[after].max() < 60_000
        assert (np.diff(counted[after]) >= -1e-6).all() and counted[after][-1] > 0

    def test_does_not_touch_the_truth(self, world):
        moment = at(world.blemishes(blemished(world).synth_id).reset_s)
        truth = world.truth(
            world.customer("ada").homes[0].site_id, moment - timedelta(hours=1), moment + timedelta(hours=1)
        )

        assert all(0 <= value < 50_000 for value in truth.values())


class TestTheDip:
    @pytest.mark.parametrize("minutes", [5, 15, 60])
    def test_is_a_moment_below_and_then_back(self, world, minutes):
        sensor = blemished(world)
        _, end = world.blemishes(sensor.synth_id).dip
        hours = timedelta(hours=3)
        buckets = told(world, sensor, at(end) - hours, at(end) + hours, minutes=minutes)
        counted = buckets.counted_in_wh + buckets.counted_out_wh
        falls = np.flatnonzero(np.diff(counted) < -1)

        assert len(falls) == 1
        dipped = (buckets.start_s + minutes * 60 > end - 900) & (buckets.start_s + minutes * 60 <= end)
        assert (np.diff(counted[~dipped]) >= -1e-6).all()
        assert dipped.sum() == (3 if minutes == 5 else 1)


class TestLateNews:
    def newest(self, world, sensor, now):
        buckets = told(world, sensor, now - timedelta(hours=2), now, now=now)
        return at(buckets.start_s[-1])

    def test_comes_minutes_late_and_only_sometimes(self, world):
        sensor, late, moments = sensors(world)[0], 0, 200
        for number in range(moments):
            now = NOW - timedelta(minutes=7 + 15 * number)
            missing = now - self.newest(world, sensor, now)
            assert missing < timedelta(minutes=40)
            late += missing > timedelta(minutes=15)

        assert 1 <= late <= 0.2 * moments

    def test_comes_in_the_end_and_is_then_complete(self, world):
        sensor = sensors(world)[0]
        hour = told(world, sensor, NOW - timedelta(hours=3), NOW - timedelta(hours=1))

        assert len(hour.start_s) == 8


class TestABucket:
    def test_still_running_carries_the_values_so_far(self, world):
        sensor = next(s for s in sensors(world) if s.meaning == "solar")
        now = NOW - timedelta(minutes=10)
        so_far = told(world, sensor, NOW - timedelta(minutes=15), NOW, now=now)
        whole = told(world, sensor, NOW - timedelta(minutes=15), NOW)

        assert so_far.length_h.tolist() == [pytest.approx(5 / 60)]
        assert 0 < so_far.out_wh[0] < whole.out_wh[0]
        assert so_far.counted_out_wh[0] < whole.counted_out_wh[0]

    def test_begins_in_the_stretch_that_was_asked_for(self, world):
        start = datetime(2026, 6, 1, 0, 7, tzinfo=UTC)
        buckets = told(world, sensors(world)[0], start, start + timedelta(hours=1))

        assert [at(s).minute for s in buckets.start_s] == [15, 30, 45, 0]
