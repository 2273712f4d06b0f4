import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.energy import counters

QUARTER_S = 900
steps = st.lists(st.integers(0, 3000), min_size=1, max_size=120)


def grown(*values, before=None, limit_w=None):
    """Growth of a counter that starts at the first value."""
    return counters.growth(
        np.array(values[1:] if before is None else values, dtype=float),
        values[0] if before is None else before,
        step_s=QUARTER_S,
        limit_w=limit_w,
    ).tolist()


def same(left, right):
    return np.array_equal(np.array(left, dtype=float), np.array(right, dtype=float), equal_nan=True)


NAN = float("nan")


class TestGrowth:
    @given(steps, st.integers(0, 10**9))
    def test_returns_what_went_in(self, went_in, start):
        counter = start + np.cumsum(went_in)

        assert same(counters.growth(counter, start, step_s=QUARTER_S), went_in)

    def test_does_not_know_the_first_bucket_without_the_counter_before_it(self):
        assert same(grown(100, 110, 130, before=NAN), [NAN, 10, 20])

    def test_leaves_both_sides_of_a_gap_unknown(self):
        assert same(grown(100, 110, NAN, NAN, 170, 180), [10, NAN, NAN, NAN, 10])

    def test_loses_one_bucket_to_a_reset(self):
        assert same(grown(5000, 5010, 3, 13, 20), [10, NAN, 10, 7])

    def test_does_not_believe_a_dip_that_comes_back(self):
        assert same(grown(5000, 5010, 400, 405, 5040, 5050), [10, NAN, NAN, NAN, 10])

    def test_does_not_believe_a_dip_that_began_in_a_gap(self):
        assert same(grown(5000, 5010, NAN, 400, 405, 5040, 5050), [10, NAN, NAN, NAN, NAN, 10])

    def test_does_not_believe_a_spike_that_goes_away(self):
        assert same(grown(5000, 5010, 5900, 5030, 5040), [10, NAN, NAN, 10])

    def test_does_not_believe_a_jump_beyond_the_limit(self):
        assert same(grown(5000, 5010, 905010, 905020, limit_w=100_000), [10, NAN, 10])

    def test_does_not_take_the_noise_of_a_float_for_a_fall(self):
        assert grown(100.3, 100.3 - 1e-9, 110.3)[0] == 0

    @given(steps, st.data())
    def test_never_invents_energy_whatever_happened(self, went_in, data):
        start = 1_000_000.0
        counter = start + np.cumsum(went_in)
        for _ in range(data.draw(st.integers(1, 4))):
            first = data.draw(st.integers(0, len(counter) - 1))
            length = data.draw(st.integers(1, 40))
            value = data.draw(st.sampled_from([NAN, 0.0]))
            counter[first : first + length] = value
        result = counters.growth(counter, start, step_s=QUARTER_S, limit_w=100_000)

        believed = ~np.isnan(result)
        still = np.diff(np.concatenate(([start], counter))) == 0
        right = np.isclose(np.where(believed, result, 0), np.array(went_in)) | still
        assert right[believed].all()
        assert np.nansum(result) <= sum(went_in)

    @given(st.lists(st.integers(0, 3000), min_size=400, max_size=500), st.data())
    def test_depends_on_no_more_than_a_day_to_either_side(self, went_in, data):
        counter = 10_000.0 + np.cumsum(went_in)
        for _ in range(data.draw(st.integers(1, 8))):
            first = data.draw(st.integers(0, len(counter) - 1))
            counter[first : first + data.draw(st.integers(1, 60))] -= data.draw(st.integers(-4000, 9000))
        whole = counters.growth(counter, step_s=QUARTER_S)
        part = counters.growth(counter[100:300], step_s=QUARTER_S)

        assert same(part[96:-96], whole[196:204])
