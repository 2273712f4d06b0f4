"""What a fault makes of a sensor's counters, beside the true energy that went through it."""

import pytest

from tests.sandbox.api.readings import NAMES, at, quarters, switch_on

INCREMENT, DECREMENT = NAMES
DAY = at("16 00:00"), at("17 00:00")
STEPS = ("PT5M", "PT15M", "PT30M", "PT1H")


def difference(one, other):
    """What the second lacks of the first, stamp by stamp, in Wh; the way out is counted below zero."""
    assert list(one) == list(other)
    return {stamp: abs(one[stamp]) - abs(other[stamp]) for stamp in one}


def grown(told, first, last):
    return abs(told[last]) - abs(told[first])


class TestTheTruthOfASensor:
    @pytest.mark.parametrize("meaning", ["solar", "grid", "battery"])
    def test_is_what_its_counters_and_its_power_say_without_a_fault(self, meaning, sensor):
        one = sensor(meaning)
        entries = one.entries(at("16 00:00"), at("17 00:15"))
        truth = one.truth(at("16 00:15"), at("17 00:15"))
        net = sum(entry["power_W"] / 4 for stamp, entry in entries.items() if stamp >= "2026-06-16T00:15")

        for name, known in zip(NAMES, ("in_wh", "out_wh"), strict=True):
            counters = {stamp: entry[name] for stamp, entry in entries.items()}
            assert grown(counters, "2026-06-16T00:00:00Z", "2026-06-17T00:00:00Z") == pytest.approx(
                truth[known], abs=0.01
            )
        assert net == pytest.approx(truth["in_wh"] - truth["out_wh"], abs=0.1)

    def test_is_left_alone_by_every_fault(self, solar, sandbox):
        true = solar.truth(*DAY)
        switch_on(sandbox, "replace", since=at("16 12:00"))
        switch_on(sandbox, "noise", wh=1000)
        solar.entries(*DAY)

        assert solar.truth(*DAY) == true


class TestADip:
    @pytest.mark.parametrize("step", STEPS)
    def test_lowers_the_counter_for_good(self, step, solar, sandbox):
        """0xAHA/Growatt_ModbusTCP#417: a total lost 0.1 kWh at 19:30 and went on from there."""
        true = solar.column(DECREMENT, *DAY, step)
        power = solar.column("power_W", *DAY, step)
        switch_on(sandbox, "dip", since=at("16 19:30"), wh=100)
        lost = difference(true, solar.column(DECREMENT, *DAY, step))

        first = {"PT1H": "2026-06-16T19:00:00Z"}.get(step, "2026-06-16T19:30:00Z")
        assert {stamp: round(wh, 3) for stamp, wh in lost.items()} == {
            stamp: 100.0 if stamp >= first else 0.0 for stamp in lost
        }
        assert solar.column("power_W", *DAY, step) == power

    def test_comes_back_where_an_end_is_given(self, solar, sandbox):
        true = solar.column(DECREMENT, *DAY)
        switch_on(sandbox, "dip", since=at("16 19:30"), until=at("16 20:00"), wh=100)
        lost = difference(true, solar.column(DECREMENT, *DAY))

        assert {stamp for stamp, wh in lost.items() if wh > 1} == set(
            quarters(at("16 19:30"), at("16 20:00"))
        )

    def test_may_be_of_one_counter_and_never_goes_below_zero(self, grid, solar, sandbox):
        into, out_of = grid.column(INCREMENT, *DAY), grid.column(DECREMENT, *DAY)
        switch_on(sandbox, "dip", since=at("16 12:00"), wh=1e12, counter="increment")
        told = grid.column(INCREMENT, *DAY)

        assert {stamp for stamp, wh in told.items() if wh == 0} == set(
            quarters(at("16 12:00"), at("17 00:00"))
        )
        assert {stamp: wh for stamp, wh in told.items() if wh} == {
            s: into[s] for s in quarters(at("16 00:00"), at("16 12:00"))
        }
        assert grid.column(DECREMENT, *DAY) == out_of
        assert set(solar.column(INCREMENT, *DAY).values()) == {0.0}


class TestNoise:
    def test_moves_every_counter_a_little_and_always_the_same_way(self, grid, sandbox):
        true = grid.column(INCREMENT, *DAY)
        switch_on(sandbox, "noise", wh=8)
        off = difference(true, grid.column(INCREMENT, *DAY)).values()

        assert max(off) <= 8.001 and min(off) >= -8.001
        assert max(off) > 5 and min(off) < -5
        assert abs(sum(off) / 96) < 2
        assert list(difference(true, grid.column(INCREMENT, *DAY)).values()) == list(off)

    def test_holds_in_its_stretch_and_not_where_nothing_is_counted(self, solar, sandbox):
        true = solar.column(DECREMENT, *DAY)
        switch_on(sandbox, "noise", wh=8, since=at("16 12:00"), until=at("16 13:00"))
        off = difference(true, solar.column(DECREMENT, *DAY))

        assert {stamp for stamp, wh in off.items() if wh} == set(quarters(at("16 12:00"), at("16 13:00")))
        assert set(solar.column(INCREMENT, *DAY).values()) == {0.0}


class TestAFrozenCounter:
    @pytest.mark.parametrize("step", STEPS)
    def test_stands_still_while_power_goes_on_and_catches_up_at_once(self, step, solar, sandbox):
        true, power = solar.column(DECREMENT, *DAY, step), solar.column("power_W", *DAY, step)
        switch_on(sandbox, "freeze", since=at("16 17:00"), until=at("16 20:00"))
        told = solar.column(DECREMENT, *DAY, step)
        frozen = {stamp for stamp in told if "2026-06-16T17" <= stamp < "2026-06-16T20"}

        last = max(stamp for stamp in told if stamp < "2026-06-16T17")
        assert {told[stamp] for stamp in frozen} == {told[last]} == {true[last]}
        assert {s: wh for s, wh in told.items() if s not in frozen} == {
            s: wh for s, wh in true.items() if s not in frozen
        }
        assert solar.column("power_W", *DAY, step) == power and min(power[stamp] for stamp in frozen) < -1000

    def test_may_never_catch_up(self, solar, sandbox):
        true = solar.column(DECREMENT, *DAY)
        missed = solar.truth(at("16 17:00"), at("16 20:00"))["out_wh"]
        switch_on(sandbox, "freeze", since=at("16 17:00"), until=at("16 20:00"), catch_up=False)
        lost = difference(true, solar.column(DECREMENT, *DAY))

        for stamp in quarters(at("16 20:00"), at("17 00:00")):
            assert lost[stamp] == pytest.approx(missed, abs=0.01)
        assert {lost[stamp] for stamp in quarters(at("16 00:00"), at("16 17:00"))} == {0.0}


class TestAReplacedDevice:
    @pytest.mark.parametrize("step", STEPS)
    def test_counts_from_nothing(self, step, grid, sandbox):
        """ksheumaker/homeassistant-apsystems_ecur#264: a unit was replaced at noon under the same id."""
        true = grid.column(INCREMENT, *DAY, step)
        switch_on(sandbox, "replace", since=at("16 12:00"))
        told = grid.column(INCREMENT, *DAY, step)
        after = grid.truth(at("16 12:00"), at("17 00:00"))["in_wh"]

        assert all(told[stamp] == true[stamp] for stamp in told if stamp < "2026-06-16T12")
        assert told[max(told)] == pytest.approx(after, abs=0.01) and after > 100
        assert min(wh for stamp, wh in told.items() if stamp >= "2026-06-16T12") < 100

    def test_rolls_over_from_its_own_beginning_whatever_was_switched_on_first(self, grid, sandbox):
        switch_on(sandbox, "roll_over", modulus=500)
        switch_on(sandbox, "replace", since=at("16 12:00"))
        told = grid.column(INCREMENT, *DAY)
        after = grid.truth(at("16 12:00"), at("17 00:00"))["in_wh"]

        assert told[max(told)] == pytest.approx(after % 500, abs=0.01)

    def test_may_dip_too(self, grid, sandbox):
        switch_on(sandbox, "dip", since=at("16 20:00"), wh=50)
        switch_on(sandbox, "replace", since=at("16 12:00"))
        told = grid.column(INCREMENT, *DAY)
        after = grid.truth(at("16 12:00"), at("17 00:00"))["in_wh"]

        assert told[max(told)] == pytest.approx(after - 50, abs=0.01)


class TestACounterThatRollsOver:
    @pytest.mark.parametrize("modulus", [2**16, 2**32])
    def test_begins_anew_at_a_moment_and_forgets_nothing(self, modulus, solar, sandbox):
        truth = solar.truth(at("16 00:15"), at("17 00:00"))["out_wh"]
        switch_on(sandbox, "roll_over", since=at("16 19:00"), modulus=modulus)
        told = solar.column(DECREMENT, *DAY)
        before, after = abs(told["2026-06-16T18:45:00Z"]), abs(told["2026-06-16T19:00:00Z"])

        assert all(abs(wh) < modulus for wh in told.values())
        assert before in (0, pytest.approx(modulus)) and after < 3000
        first, last = abs(told["2026-06-16T00:00:00Z"]), abs(told["2026-06-16T23:45:00Z"])
        assert (last - first) % modulus == pytest.approx(truth % modulus, abs=0.01)

    def test_does_so_by_its_own_size_where_no_moment_is_given(self, solar, sandbox):
        true = solar.column(DECREMENT, *DAY)
        switch_on(sandbox, "roll_over")

        assert solar.column(DECREMENT, *DAY) == {
            stamp: pytest.approx(-(abs(wh) % 65536), abs=0.002) for stamp, wh in true.items()
        }


class TestASpike:
    def test_is_a_power_that_no_home_has_in_one_bucket(self, solar, sandbox):
        """0xAHA/Growatt_ModbusTCP#401: -429496729.6 W stood for "no value"."""
        true, counters = solar.column("power_W", *DAY), solar.column(DECREMENT, *DAY)
        switch_on(sandbox, "spike", since=at("16 17:00"))

        assert solar.column("power_W", *DAY) == true | {"2026-06-16T17:00:00Z": -429496729.6}
        assert solar.column(DECREMENT, *DAY) == counters

    @pytest.mark.parametrize("value", [65535, -3000.5, 0])
    def test_is_as_high_as_asked(self, value, grid, sandbox):
        switch_on(sandbox, "spike", since=at("16 17:20"), value=value)

        assert grid.column("power_W", *DAY)["2026-06-16T17:15:00Z"] == value

    @pytest.mark.parametrize("step", STEPS)
    def test_may_be_a_bump_of_the_counter_that_is_gone_in_the_next_bucket(self, step, solar, sandbox):
        true, power = solar.column(DECREMENT, *DAY, step), solar.column("power_W", *DAY, step)
        switch_on(sandbox, "spike", since=at("16 07:00"), wh=19_200)
        off = difference(solar.column(DECREMENT, *DAY, step), true)

        assert {stamp: round(wh, 3) for stamp, wh in off.items() if wh} == {"2026-06-16T07:00:00Z": 19_200}
        assert solar.column("power_W", *DAY, step) == power

    def test_may_be_the_newest_bucket_right_after_midnight(self, solar, sandbox):
        """FusionSolar-App#50: the bump is the newest reading of a day that has only begun."""
        sandbox.clock.set(at("16 07:10"))
        true = solar.column(DECREMENT, at("16 06:00"), at("16 08:00"))
        switch_on(sandbox, "spike", since=at("16 07:00"), wh=19_200)
        told = solar.column(DECREMENT, at("16 06:00"), at("16 08:00"))

        assert max(told) == "2026-06-16T07:00:00Z"
        assert told == true | {max(told): pytest.approx(true[max(true)] - 19_200)}
