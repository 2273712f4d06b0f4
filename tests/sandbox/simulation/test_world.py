"""Energy in the pretended homes is conserved, and their past is always the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gridshare_portal.sandbox.simulation.ledger import PlannedCommand
from tests.sandbox.simulation.lived import NOW, device, new_world, told

CAST = ("ada", "ben", "cleo", "dev", "finn")


def homes_of(world):
    return [home for name in CAST for home in world.customer(name).homes]


def gained(truth):
    return truth["solar"] + truth["from_grid"] + truth["discharged"]


def spent(truth):
    return truth["home"] + truth["to_grid"] + truth["charged"]


class TestEnergy:
    def test_is_conserved_over_all_of_history(self, lived):
        for home in homes_of(lived):
            truth = lived.truth(home.site_id, NOW - timedelta(days=400), NOW)
            assert gained(truth) == pytest.approx(spent(truth), abs=1)
            assert gained(truth) > 400_000

    def test_is_conserved_in_every_bucket_between_the_meters(self, world):
        battery, now = device(world), NOW
        world.accept(battery, mode="Smart", now=now - timedelta(hours=20, minutes=7, seconds=13))
        odd = now - timedelta(hours=5, seconds=17)
        plan = (
            PlannedCommand(
                start=odd, end=odd + timedelta(minutes=31, seconds=7), action="charge", power_w=3210.0
            ),
        )
        world.accept(battery, plan=plan, now=odd)
        site = world.customer("ada").homes[0].site_id
        for number in range(2 * 288):
            start = now - timedelta(minutes=5 * (number + 1))
            truth = world.truth(site, start, start + timedelta(minutes=5))
            assert gained(truth) == pytest.approx(spent(truth), abs=1e-3)

    def test_is_used_by_vehicle_and_relay_within_the_home(self, lived):
        home = lived.customer("ben").homes[0]
        truth = lived.truth(home.site_id, NOW - timedelta(days=100), NOW)

        assert truth["ev"] > 100_000 and truth["relay"] > 50_000
        assert truth["ev"] + truth["relay"] < truth["home"]

    def test_is_lost_in_the_battery_as_its_efficiency_says(self, lived):
        home = lived.customer("ada").homes[0]
        truth = lived.truth(home.site_id, NOW - timedelta(days=400), NOW)

        assert truth["discharged"] / truth["charged"] == pytest.approx(home.battery.efficiency, abs=0.01)

    @pytest.mark.parametrize("meaning", ["grid", "battery", "solar"])
    def test_of_the_counters_is_the_integral_of_the_power(self, lived, meaning):
        start = NOW - timedelta(days=2)
        buckets = told(lived, meaning, start, NOW, minutes=5)
        grown = np.diff(buckets.counted_in_wh - buckets.counted_out_wh)
        steps = np.diff(buckets.start_s) == 300

        watts = (buckets.in_wh - buckets.out_wh)[1:] / buckets.length_h[1:]
        assert grown[steps] == pytest.approx((watts * buckets.length_h[1:])[steps], abs=1e-3)
        assert steps.sum() > 500

    def test_is_the_same_at_every_size_of_bucket(self, lived):
        start = datetime(2026, 6, 10, tzinfo=UTC)
        sums = [
            told(lived, "solar", start, start + timedelta(days=5), minutes=m).out_wh.sum()
            for m in (5, 15, 30, 60, 1440)
        ]

        assert sums == pytest.approx([sums[0]] * 5)

    def test_charge_stays_between_empty_and_full(self, lived):
        for name in ("ada", "ben", "cleo", "finn"):
            battery = lived.customer(name).homes[0].battery
            levels = told(lived, "battery", NOW - timedelta(days=7), NOW, name=name).level_wh
            assert (
                battery.capacity_wh * battery.reserve - 1
                <= levels.min()
                < levels.max()
                <= battery.capacity_wh
            )


class TestHistory:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self, lived):
        first = lived.truth(homes_of(lived)[0].site_id, NOW - timedelta(days=400), NOW)
        again, other = new_world(), new_world(seed=2)

        assert again.truth(homes_of(again)[0].site_id, NOW - timedelta(days=400), NOW) == first
        assert other.truth(homes_of(other)[0].site_id, NOW - timedelta(days=400), NOW) != first

    def test_does_not_depend_on_what_was_asked_first(self, lived):
        day = datetime(2026, 1, 10, tzinfo=UTC)
        site = homes_of(lived)[0].site_id
        lived.truth(site, NOW - timedelta(days=400), NOW)

        assert new_world().truth(site, day, day + timedelta(days=1)) == lived.truth(
            site, day, day + timedelta(days=1)
        )

    @pytest.mark.parametrize("meaning", ["grid", "battery"])
    def test_is_the_same_when_it_is_lived_again(self, world, meaning):
        world.accept(device(world), mode="Smart", now=NOW - timedelta(days=50, seconds=77))

        def year():
            buckets = told(world, meaning, NOW - timedelta(days=365), NOW, minutes=60)
            return np.stack([buckets.counted_in_wh, buckets.counted_out_wh, buckets.level_wh]).tolist()

        first = year()
        world.shelf.clear()
        assert year() == first

    def test_has_no_seam_at_midnight(self, lived):
        site, step = homes_of(lived)[0].site_id, timedelta(minutes=5)
        for number in range(20):
            midnight = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=number)
            assert (
                lived.truth(site, midnight - step, midnight)["home"] > 10
            )  # the fridge and what never sleeps
            assert lived.truth(site, midnight, midnight + step)["home"] > 10

    def test_goes_back_four_hundred_days_and_no_further(self, lived):
        begin = NOW.date() - timedelta(days=400)
        buckets = told(lived, "grid", NOW - timedelta(days=402), NOW - timedelta(days=398), minutes=60)

        assert datetime.fromtimestamp(buckets.start_s[0], UTC).date() == begin
        assert len(buckets.start_s) >= 2 * 24 - 10

    def test_goes_on_while_the_clock_does(self, world):
        world.clock.advance(timedelta(days=40))
        later = NOW + timedelta(days=39)

        assert len(told(world, "grid", later, later + timedelta(hours=12)).start_s) == 48

    def test_has_no_bucket_that_has_not_begun(self, world):
        world.clock.set(NOW + timedelta(minutes=7))
        buckets = told(world, "solar", NOW - timedelta(hours=3), NOW + timedelta(days=1))

        assert buckets.start_s[-1] <= world.clock.now().timestamp()
        assert buckets.length_h[:-1].tolist() == [0.25] * (len(buckets.length_h) - 1)


class TestARestart:
    def test_keeps_what_was_asked_and_what_happened(self, world):
        battery, later = device(world), NOW + timedelta(hours=9)
        world.accept(battery, mode="Smart", now=NOW)
        plan = (PlannedCommand(start=NOW, end=later, action="charge", power_w=1234.5),)
        world.accept(battery, plan=plan, now=NOW + timedelta(seconds=1))
        world.accept(battery, details={"model": "Other"}, now=NOW)
        again = new_world(now=later, stored=world.packed())
        world.clock.set(later)
        site, moment = world.customer("ada").homes[0].site_id, NOW + timedelta(seconds=2)

        assert again.ledger(battery) == world.ledger(battery)
        assert again.ledger(battery).plan_at(moment) == plan
        assert again.begin == world.begin
        assert again.truth(site, NOW - timedelta(days=400), later) == world.truth(
            site, NOW - timedelta(days=400), later
        )
        assert again.blemishes(f"{battery.synth_id}__bb_agg") == world.blemishes(
            f"{battery.synth_id}__bb_agg"
        )

    def test_is_not_what_a_reset_is(self, world):
        battery = device(world)
        site = world.customer("ada").homes[0].site_id
        world.clock.advance(timedelta(hours=9))
        before = world.truth(site, NOW, world.clock.now())
        world.accept(battery, mode="Smart", now=NOW)
        world.accept(
            battery, plan=(PlannedCommand(start=NOW, end=NOW + timedelta(hours=5), action="hold"),), now=NOW
        )
        changed = world.truth(site, NOW, world.clock.now())
        world.reset()

        assert changed != before
        assert world.truth(site, NOW, world.clock.now()) == before
        assert world.ledger(battery).mode_at(NOW) == "Simple"
