import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.telemetry import packing

QUARTERS = 96
steps = st.sampled_from([1, 10, 100, 1000, 100_000])
decimals = st.builds(lambda whole, step: whole / step, st.integers(-(10**12), 10**12), steps)
anything = st.floats(allow_nan=False, allow_infinity=True)
columns = st.integers(1, 300).flatmap(
    lambda count: st.dictionaries(
        st.sampled_from(packing.FIELDS),
        st.one_of(
            st.lists(st.one_of(st.none(), decimals), min_size=count, max_size=count),
            st.lists(st.one_of(st.none(), anything), min_size=count, max_size=count),
        ),
    )
)


def array(values):
    return np.array([np.nan if one is None else one for one in values], dtype=float)


def same(left, right):
    return np.array_equal(left, right, equal_nan=True)


def a_day(seed=0, gaps=0):
    """Columns like those of a battery that never rests: whole watts, tenths of volts and per cent."""
    random = np.random.default_rng(seed)
    power = np.round(np.clip(random.normal(0, 200, QUARTERS).cumsum(), -5000, 5000))
    day = {
        "in_w": np.maximum(power, 0),
        "out_w": np.maximum(-power, 0),
        "voltage_v": np.round(random.normal(240, 1, QUARTERS), 1),
        "current_a": np.round(power / 240, 2),
        "charge_pct": np.round(np.clip(50 + power.cumsum() / 5000, 0, 100), 1),
        "in_wh": np.round(4_321_987 + np.maximum(power, 0).cumsum() / 4),
        "out_wh": np.round(3_987_123 + np.maximum(-power, 0).cumsum() / 4),
    }
    for column in day.values():
        column[40 : 40 + gaps] = np.nan
    return day


class TestPacking:
    @given(columns)
    def test_gives_back_every_value_to_the_last_step(self, given_):
        went_in = {name: array(values) for name, values in given_.items()}

        came_out = packing.unpack(packing.pack(went_in))

        for name, column in went_in.items():
            if np.isnan(column).all():
                assert name not in came_out
            else:
                assert same(came_out[name], column)

    @given(columns)
    def test_reads_many_days_as_it_reads_each(self, given_):
        went_in = {name: array(values) for name, values in given_.items()}
        count = len(next(iter(went_in.values()), []))
        blobs = [
            packing.pack(went_in),
            packing.pack({name: column[::-1] for name, column in went_in.items()}),
        ]

        both = packing.unpack_many(blobs, packing.FIELDS, count)

        nothing = np.full(count, np.nan)
        for name in packing.FIELDS:
            column = went_in.get(name, nothing)
            assert same(both[name], np.array([column, column[::-1]]))

    def test_keeps_unknown_apart_from_zero(self):
        column = np.array([0.0, np.nan, 0.0, -0.0, np.nan])

        assert same(packing.unpack(packing.pack({"in_w": column}))["in_w"], column)

    def test_keeps_a_float_that_no_decimal_step_fits(self):
        column = np.array([1 / 3, 1e300, 5e-324, -0.1])

        assert packing.unpack(packing.pack({"in_w": column}))["in_w"].tobytes() == column.tobytes()

    @pytest.mark.parametrize("version", [0, 2, 255])
    def test_refuses_another_version(self, version):
        other = bytes([version]) + packing.pack(a_day())[1:]

        with pytest.raises(packing.UnknownLayout, match=f"layout {version:02x}"):
            packing.unpack(other)

    @pytest.mark.parametrize(
        "damaged", [b"", b"\x01", b"\x01nonsense", bytes([1]) + zlib.compress(b"\x60\x00\x01")]
    )
    def test_refuses_bytes_that_are_damaged(self, damaged):
        with pytest.raises(packing.UnknownLayout):
            packing.unpack(damaged)

    def test_refuses_a_day_of_another_length(self):
        with pytest.raises(packing.UnknownLayout, match="96 buckets"):
            packing.unpack_many([packing.pack(a_day())], ["in_w"], 24)

    def test_refuses_columns_of_two_lengths_and_names_it_does_not_know(self):
        with pytest.raises(ValueError, match="one length"):
            packing.pack({"in_w": np.zeros(2), "out_w": np.zeros(3)})
        with pytest.raises(ValueError, match="known names"):
            packing.pack({"watts": np.zeros(2)})

    def test_takes_less_than_720_bytes_for_a_lively_day(self):
        assert len(packing.pack(a_day(gaps=7))) < 720

    def test_reads_a_year_of_one_series_in_milliseconds(self):
        blobs = [packing.pack(a_day(seed, gaps=seed % 3)) for seed in range(365)]
        took = []
        for _ in range(7):
            began = time.process_time()
            packing.unpack_many(blobs, ["in_wh"], QUARTERS)
            took.append(time.process_time() - began)

        assert min(took) < 0.030  # a third of this on a quiet machine


class TestBits:
    @given(st.lists(st.booleans(), max_size=300))
    def test_remember_each_bucket(self, known):
        mask = np.array(known, dtype=bool)

        assert packing.flags(packing.bits(mask), len(known)).tolist() == known
