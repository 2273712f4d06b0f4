"""Commands, modes and relays act from the moment they are accepted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gridshare_portal.sandbox.simulation.ledger import PlannedCommand
from tests.sandbox.simulation.lived import NOW, device, new_world, told


def power(world, meaning, start, end, **how):
    buckets = told(world, meaning, start, end, **how)
    return (buckets.in_wh - buckets.out_wh) / buckets.length_h


class TestCommands:
    def test_act_from_the_very_moment_they_are_accepted(self, world):
        at = NOW + timedelta(minutes=2, seconds=30)
        before = power(world, "battery", NOW - timedelta(hours=6), NOW)
        world.clock.set(at)
        plan = (PlannedCommand(start=at, end=at + timedelta(hours=1), action="discharge", power_w=4000.0),)
        world.accept(device(world), plan=plan, now=at)
        world.clock.set(NOW + timedelta(minutes=5))
        site = world.customer("ada").homes[0].site_id

        assert world.truth(site, at, at + timedelta(seconds=150))["discharged"] == pytest.approx(
            4000 * 150 / 3600
        )
        assert world.truth(site, NOW, at)["discharged"] == 0  # the sun shone, nothing had to be given
        assert power(world, "battery", NOW - timedelta(hours=6), NOW).tolist() == before.tolist()

    @pytest.mark.parametrize(("action", "watts"), [("charge", 2000), ("discharge", -2000), ("hold", 0)])
    def test_make_the_battery_do_what_they_say(self, world, action, watts):
        plan = (PlannedCommand(start=NOW, end=NOW + timedelta(hours=1), action=action, power_w=2000.0),)
        world.accept(device(world), plan=plan, now=NOW)
        world.clock.advance(timedelta(minutes=45))

        assert power(world, "battery", NOW, NOW + timedelta(minutes=45)).tolist() == pytest.approx(
            [watts] * 3
        )

    def test_make_the_battery_follow_the_home_within_a_limit(self, world):
        world.accept(device(world), mode="Schedule", now=NOW)
        plan = (PlannedCommand(start=NOW, end=NOW + timedelta(hours=8), action="follow", power_w=500.0),)
        world.accept(device(world), plan=plan, now=NOW)
        world.clock.advance(timedelta(hours=8))
        watts = power(world, "battery", NOW, NOW + timedelta(hours=8))

        assert np.abs(watts).max() <= 500.001
        assert np.abs(watts).max() > 400

    def test_end_and_leave_the_mode_to_rule(self, world):
        undisturbed = new_world()
        plan = (PlannedCommand(start=NOW, end=NOW + timedelta(minutes=15), action="hold"),)
        world.accept(device(world), plan=plan, now=NOW)
        for each in (world, undisturbed):
            each.clock.advance(timedelta(minutes=30))

        ends = NOW + timedelta(minutes=15)
        assert power(world, "battery", NOW, ends).tolist() == [0]
        assert power(undisturbed, "battery", NOW, ends)[0] > 100
        assert power(world, "battery", ends, ends + timedelta(minutes=15))[0] > 100

    def test_that_are_replaced_ruled_until_then(self, world):
        hour = timedelta(hours=1)
        world.accept(
            device(world), plan=(PlannedCommand(start=NOW, end=NOW + 2 * hour, action="hold"),), now=NOW
        )
        half = NOW + timedelta(minutes=30)
        world.clock.set(half)
        world.accept(device(world), plan=(), now=half)
        world.clock.set(NOW + hour)
        watts = power(world, "battery", NOW, NOW + hour)

        assert watts[:2].tolist() == [0, 0]
        assert abs(watts[2:]).min() > 100


class TestModes:
    def test_change_what_the_battery_does_from_then_on(self, world):
        plain = new_world()
        world.accept(device(world), mode="Schedule", now=NOW)
        for each in (world, plain):
            each.clock.set(datetime(2026, 6, 18, 12, 0, tzinfo=UTC))
        night = datetime(2026, 6, 18, 8, 0, tzinfo=UTC)  # one in the morning in San Francisco, a Thursday

        assert power(world, "battery", night, night + timedelta(minutes=15))[0] > 4000
        assert power(plain, "battery", night, night + timedelta(minutes=15))[0] < 0

    def test_of_a_smart_battery_fill_it_in_cheap_hours_when_little_sun_is_expected(self, lived):
        nights, suns = [], []
        for number in range(120):
            day = datetime(2026, 1, 5, 8, 0, tzinfo=UTC) + timedelta(days=number)
            truth = lived.truth(lived.customer("ben").homes[0].site_id, day, day + timedelta(hours=5))
            later = lived.truth(lived.customer("ben").homes[0].site_id, day, day + timedelta(hours=20))
            nights.append(truth["charged"])
            suns.append(later["solar"])

        assert max(nights) > 2000
        assert np.corrcoef(nights, suns)[0, 1] < -0.5

    def test_of_a_small_home_without_sun_follow_its_weekly_plan(self, lived):
        night = datetime(2026, 6, 16, 6, 0, tzinfo=UTC)  # one in the morning in Austin, a Tuesday

        assert power(lived, "battery", night, night + timedelta(minutes=15), name="cleo")[0] == pytest.approx(
            1200
        )


class TestTheRelay:
    def test_is_held_open_or_heats_as_told(self, world):
        relay = world.customer("ben").homes[0].device_with("relay")
        plan = (
            PlannedCommand(start=NOW, end=NOW + timedelta(minutes=15), action="heat"),
            PlannedCommand(start=NOW + timedelta(minutes=15), end=NOW + timedelta(hours=16), action="hold"),
        )
        world.accept(relay, plan=plan, now=NOW)
        world.clock.advance(timedelta(hours=16))
        watts = power(world, "relay", NOW, NOW + timedelta(hours=16), name="ben")

        assert watts[0] == pytest.approx(3000)
        assert (watts[1:] == 0).all()
