"""Signs and scales: power against counters, charge against energy."""

from datetime import timedelta

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from gridshare_portal.probe.answers import Bucket
from gridshare_portal.probe.rules import measures
from tests.probe.made import QUARTER, START, day


def largest(found):
    return max(abs(bucket.power) for bucket in found)


def scale(**how):
    found = day(**how)
    return measures.scales({"a": measures.compared(found)}, largest_power=largest(found)).word


class TestSigns:
    @pytest.mark.parametrize(
        ("power", "word"), [(1, "sign"), (-1, "flipped"), (0.001, "sign"), (-0.001, "flipped")]
    )
    def test_are_those_of_the_counters(self, power, word):
        told = measures.signs({"a": measures.compared(day(power=power))})

        assert [one.word for one in told] == [word]

    def test_are_mixed_where_power_has_none(self):
        found = [Bucket(at=one.at, power=abs(one.power), taken=one.taken, given=one.given) for one in day()]

        assert [one.word for one in measures.signs({"a": measures.compared(found)})] == ["sign_mixed"]

    def test_are_unknown_where_nothing_flows_or_is_counted(self):
        still = [Bucket(at=START + n * QUARTER, power=0.0, taken=5.0, given=-5.0) for n in range(96)]
        uncounted = [Bucket(at=one.at, power=one.power) for one in day()]

        for found in (still, uncounted, (), day()[:1]):
            assert [one.word for one in measures.signs({"a": measures.compared(found)})] == ["sign_unknown"]

    @pytest.mark.parametrize("turned", [1, -1])
    def test_do_not_depend_on_how_the_way_out_is_spelled(self, turned):
        found = [
            Bucket(at=one.at, power=one.power, taken=one.taken, given=turned * one.given) for one in day()
        ]

        assert measures.signs({"a": measures.compared(found)})[0].word == "sign"

    @prop(st.lists(st.floats(-5000, 5000), min_size=20, max_size=60), st.sampled_from([1, -1]))
    def test_are_right_for_any_power(self, watts, sign):
        taken = out = 900.0
        found = []
        for number, one in enumerate(watts):
            taken, out = taken + max(one, 0) / 4, out + max(-one, 0) / 4
            found.append(Bucket(at=START + number * QUARTER, power=sign * one, taken=taken, given=-out))
        told = measures.signs({"a": measures.compared(found)})[0].word

        assert told in ("sign" if sign == 1 else "flipped", "sign_unknown")


class TestScales:
    @pytest.mark.parametrize(("power", "counters", "word"), [
        (1, 1, "watts"), (0.001, 1, "kilowatts"), (1, 0.001, "kilowatt_hours"),
        (0.001, 0.001, "kilowatts_and_hours"), (1, 1000, "scale_odd"), (1, 3.6, "scale_odd"), (1, 3600, "scale_odd"),
        (-1, 1, "watts"), (-0.001, 1, "kilowatts"),
    ])  # fmt: skip
    def test_are_told_by_ratio_and_size(self, power, counters, word):
        assert scale(power=power, counters=counters) == word

    def test_stay_the_same_where_a_counter_was_reset(self):
        found = list(day())
        later = [
            Bucket(at=one.at, power=one.power, taken=one.taken - 400_000, given=one.given)
            for one in found[40:]
        ]

        told = measures.scales({"a": measures.compared(found[:40] + later)}, largest_power=largest(found))
        assert told.word == "watts"

    def test_leave_out_a_power_that_no_home_has(self):
        found = list(day())
        found[5] = Bucket(at=found[5].at, power=-429496729.6, taken=found[5].taken, given=found[5].given)

        assert measures.scales({"a": measures.compared(found)}, largest_power=6000).word == "watts"

    def test_are_unknown_without_counters(self):
        assert measures.scales({"a": None}, largest_power=1000).word == "scale_unknown"


class TestWhenACounterIsRead:
    @pytest.mark.parametrize(("lag", "word"), [(0, "counter_at_end"), (1, "counter_at_start")])
    def test_is_told_by_its_lag(self, lag, word):
        assert measures.counter_moment([measures.compared(day(lag=lag))]).word == word

    def test_may_be_in_between(self):
        early, late = day(lag=0), day(lag=1)
        found = [
            Bucket(at=a.at, power=a.power, taken=(a.taken + b.taken) / 2, given=(a.given + b.given) / 2)
            for a, b in zip(early, late, strict=True)
        ]

        assert measures.counter_moment([measures.compared(found)]).word == "counter_averaged"

    @pytest.mark.parametrize("lag", [0, 1])
    def test_does_not_depend_on_sign_and_scale(self, lag):
        word = measures.counter_moment([measures.compared(day(lag=lag))]).word

        for power in (-1, 0.001, -0.001):
            assert measures.counter_moment([measures.compared(day(lag=lag, power=power))]).word == word

    def test_is_unknown_without_any(self):
        assert measures.counter_moment([None]).word == "counter_moment_unknown"


class TestCharge:
    def told(self, charge, **how):
        return measures.charge(day(charge=charge), **how).word

    @pytest.mark.parametrize(("low", "high", "word"), [
        (20, 95, "charge_percent"), (0.2, 0.95, "fraction"), (0, 0, "charge_unknown"), (0, 1, "fraction"),
        (0, 100, "charge_percent"), (20, 950, "charge_odd"), (-40, 50, "charge_odd"),
    ])  # fmt: skip
    def test_is_told_by_its_range(self, low, high, word):
        assert (
            self.told(lambda at: low + (high - low) * ((at - START) / timedelta(days=1) % 0.5) * 2.02) == word
        )

    @pytest.mark.parametrize(("scaled", "word"), [(100.0, "charge_percent"), (1.0, "fraction")])
    def test_of_a_battery_that_is_nearly_empty_is_told_by_its_energy(self, scaled, word):
        found, level = [], 100.0
        for number in range(96):
            level += 8.0 if number % 2 else -8.0
            found.append(Bucket(
                at=START + number * QUARTER, power=32.0 if number % 2 else -32.0, charge=level / 20_000 * scaled,
                taken=900.0 + 8 * (number // 2 + number % 2), given=-900.0 - 8 * (number // 2 + 1),
            ))  # fmt: skip

        assert max(one.charge for one in found) < 1
        assert measures.charge(found, capacity_wh=20_000).word == word

    def test_is_unknown_where_there_is_none(self):
        assert measures.charge(day()).word == "charge_unknown"


class TestOddities:
    def test_of_power_are_counted(self):
        found = [*day()[:3], Bucket(at=START + timedelta(hours=9), power=-429496729.6)]

        assert measures.beyond([day()]).word == "possible"
        assert measures.beyond([day(), found]).sentence.startswith("1 bucket")

    def test_of_counters_are_counted(self):
        found = list(day())
        found[9] = Bucket(at=found[9].at, power=0.0, taken=found[9].taken - 4000, given=found[9].given)

        assert measures.falls([day()]).word == "counters_grow"
        assert measures.falls([found]).sentence.startswith("Counters fell 1 time")

    @pytest.mark.parametrize(("turned", "words"), [(1, "below zero"), (-1, "above zero")])
    def test_of_spelling_are_said(self, turned, words):
        found = [Bucket(at=one.at, given=turned * one.given) for one in day()]

        assert words in measures.spelled([found]).sentence
        assert measures.spelled([()]).word == "decrement_unknown"
