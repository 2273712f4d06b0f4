"""Counters as services hand them out: what is believed, what is unknown, and what is known of a gap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import counters
from tests import environment

QUARTER_S, DAY, LIMIT_W = 900, 96, 100_000.0
NAN = float("nan")
steps = st.lists(st.integers(0, 3000), min_size=1, max_size=120)


def read(counter, power_w=None, *, day=DAY):
    """Read a counter; with powers, of a meter that runs in this direction alone."""
    counter = np.array(counter, dtype=float)
    expected = None
    if power_w is not None:
        idle, silent = np.zeros(len(counter)), np.full(len(counter), NAN)
        expected = counters.evidence(
            np.array(power_w, dtype=float), idle, silent, step_s=QUARTER_S, limit_w=LIMIT_W
        )
    return counters.growth(counter, expected, step_s=QUARTER_S, limit_w=LIMIT_W, day=day)


def grown(*values):
    return read(values).wh[1:].tolist()


def same(left, right):
    return np.array_equal(np.array(left, dtype=float), np.array(right, dtype=float), equal_nan=True)


class TestGrowth:
    @given(steps, st.integers(0, 10**9))
    def test_returns_what_went_in(self, went_in, start):
        counter = start + np.cumsum([0, *went_in])

        assert same(read(counter).wh[1:], went_in)

    def test_does_not_know_the_first_step_without_the_counter_before_it(self):
        assert same(read([110, 130]).wh, [NAN, 20])

    def test_leaves_a_gap_unknown_and_knows_what_it_brought_in_all(self):
        found = read([100, 110, NAN, NAN, 170, 180])

        assert same(found.wh, [NAN, 10, NAN, NAN, NAN, 10])
        assert found.over(1, 6) == 80
        assert np.isnan(found.over(1, 4))

    def test_loses_one_step_to_a_reset(self):
        before, after = [5000 + 10 * n for n in range(12)], [3 + 10 * n for n in range(12)]

        assert same(grown(*before, *after), [10] * 11 + [NAN] + [10] * 11)

    def test_does_not_believe_a_single_value_that_is_off(self):
        for value in (400, 4000, 5900, 0, 9_000_000):
            assert same(grown(5000, 5010, value, 5030, 5040), [10, NAN, NAN, 10])

    def test_takes_a_fall_of_a_few_watt_hours_for_the_jitter_of_a_register(self):
        assert grown(5000, 5010, 5007, 5012, 5030) == [10, 0, 2, 18]
        assert grown(100.3, 100.3 - 1e-9, 110.3)[0] == 0

    def test_does_not_believe_a_jump_beyond_the_limit(self):
        before, after = [5000 + 10 * n for n in range(12)], [905000 + 10 * n for n in range(12)]

        assert same(grown(*before, *after), [10] * 11 + [NAN] + [10] * 11)

    @pytest.mark.parametrize("times", [1.2, 2.5, 8])
    def test_does_not_take_the_steps_before_a_jump_for_wrong_only_to_spread_it(self, times):
        counter = 5000.0 + np.cumsum([500.0] * DAY)
        power_w = np.full(DAY, 2000.0)
        counter[40:] += times * LIMIT_W / 4
        power_w[40] = NAN  # beyond the limit as well
        found = read(counter, power_w)

        assert np.flatnonzero(np.isnan(found.wh)).tolist() == [0, 40]
        assert np.isnan(found.over(39, 42))

    @pytest.mark.parametrize("size", [2**16, 2**32])
    def test_goes_on_over_the_end_of_a_register(self, size):
        found = read([size - 30, size - 10, 5, 25])

        assert same(found.wh[1:], [20, 15, 20])

    @settings(max_examples=environment.rounds(quick=10, long=2000))
    @given(st.lists(st.integers(0, 3000), min_size=400, max_size=500), st.data())
    def test_depends_on_no_more_than_a_day_to_either_side(self, went_in, data):
        counter = 10_000.0 + np.cumsum(went_in)
        for _ in range(data.draw(st.integers(1, 5))):
            first = data.draw(st.integers(0, len(counter) - 1))
            counter[first : first + data.draw(st.integers(1, 60))] -= data.draw(st.integers(-4000, 9000))
        whole, part = read(counter), read(counter[DAY : 4 * DAY])

        assert same(part.wh[DAY : 2 * DAY], whole.wh[2 * DAY : 3 * DAY])


SUN = np.round(np.maximum(0.0, np.sin((np.arange(3 * DAY) % DAY - 24) / 48 * np.pi)) * 1300)  # Wh, three days
NOON, EVENING = DAY + 50, DAY + 78


def spoiled(kind, place, size):
    """A counter of three sunny days with a fault in the second, and how many steps must stay unknown."""
    counter = 1_000_000.0 + np.cumsum(SUN)
    if kind == "dip":  # for good
        counter[place:] -= size
        return counter, 1
    if kind == "stray":
        counter[place] -= size
        return counter, 2
    if kind == "excursion":
        counter[place : place + 8] -= size
        return counter, 9
    if kind == "freeze":
        counter[place - 12 : place] = counter[place - 13]
        return counter, 13
    if kind == "replace":
        counter[place:] -= counter[place]
        return counter, 1
    if kind == "silence":
        counter[place : place + 12] = NAN
        return counter, 13
    counter[place:] += size
    return counter, 1


class TestAFault:
    @pytest.mark.parametrize("place", [NOON, EVENING], ids=["noon", "evening"])
    @pytest.mark.parametrize("size", [40, 100, 3000, 19_200])
    @pytest.mark.parametrize("kind", ["dip", "stray", "excursion", "freeze", "replace", "silence", "jump"])
    def test_leaves_unknown_what_cannot_be_known_and_nothing_wrong(self, kind, size, place):
        counter, least = spoiled(kind, place, size)
        found = read(counter, SUN * 4)
        day = slice(DAY, 2 * DAY)
        unknown = np.isnan(found.wh[day])

        assert np.array_equal(found.wh[day][~unknown], SUN[day][~unknown])
        assert unknown.sum() <= least + 1

    @pytest.mark.parametrize("kind", ["stray", "excursion", "freeze", "silence"])
    @pytest.mark.parametrize("place", [NOON, EVENING], ids=["noon", "evening"])
    def test_of_a_counter_that_comes_back_leaves_the_day_known_as_a_whole(self, kind, place):
        counter, _least = spoiled(kind, place, 3000)

        assert read(counter, SUN * 4).over(DAY, 2 * DAY) == SUN[DAY : 2 * DAY].sum()

    @given(st.integers(0, 2**31), st.integers(1, 5))
    def test_of_jitter_loses_no_step_and_no_more_than_the_jitter(self, seed, size):
        jitter = np.random.default_rng(seed).integers(-size, size + 1, len(SUN))
        found = read(1_000_000 + np.cumsum(SUN) + jitter, SUN * 4)

        assert not np.isnan(found.wh[1:]).any()
        assert abs(found.over(DAY, 2 * DAY) - SUN[DAY : 2 * DAY].sum()) <= 4 * size

    @given(st.integers(0, 2**31))
    def test_is_not_seen_where_power_is_only_a_sample(self, seed):
        sampled = SUN * 4 * np.random.default_rng(seed).uniform(0.5, 1.5, len(SUN))
        found = read(1_000_000 + np.cumsum(SUN), sampled)

        assert np.isnan(found.wh).sum() <= 3

    def test_of_power_in_the_other_direction_is_not_seen(self):
        counter = 1_000_000 + np.cumsum(SUN)

        assert np.isnan(read(counter, np.zeros(len(SUN))).wh).sum() == 1
