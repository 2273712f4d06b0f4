"""Moments in RFC 3339 in full, and single values that are no numbers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.gridshare import values
from gridshare_portal.gridshare.http import responses

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 2, tzinfo=UTC)
MINUTES = st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59)


class TestMoments:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2026-06-01T12:00:00Z", NOON),
            ("2026-06-01t12:00:00z", NOON),
            ("2026-06-01 12:00:00Z", NOON),
            ("2026-06-01T12:00:00", NOON),
            ("2026-06-01T12:00:00-00:00", NOON),
            ("2026-06-01T05:00:00-07:00", NOON),
            ("2026-06-02T11:59:00+23:59", NOON),
            ("2026-06-01T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
            ("2026-06-01T12:00:00,5Z", NOON + timedelta(milliseconds=500)),
            ("2026-06-01T12:00:00.123456789012345678901234567890Z", NOON + timedelta(microseconds=123456)),
            ("2026-06-01T11:59:59.9999999Z", NOON - timedelta(microseconds=1)),
            ("2026-06-01T24:00:00Z", MIDNIGHT),
            ("2026-06-01T24:00:00.000Z", MIDNIGHT),
            ("2026-12-31T24:00:00-08:00", datetime(2027, 1, 1, 8, tzinfo=UTC)),
            ("1990-12-31T23:59:60Z", datetime(1991, 1, 1, tzinfo=UTC)),
            ("1990-12-31T15:59:60-08:00", datetime(1991, 1, 1, tzinfo=UTC)),
            ("2016-12-31T23:59:60.75Z", datetime(2017, 1, 1, tzinfo=UTC)),
            ("2026-06-30t23:59:60z", datetime(2026, 7, 1, tzinfo=UTC)),
            ("1937-01-01T12:00:27.87+00:20", datetime(1937, 1, 1, 11, 40, 27, 870000, tzinfo=UTC)),
            ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ],
    )
    def test_are_read_as_they_are_meant(self, written, meant):
        found = values.moment(written)

        assert found == meant and found.utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        "wrong",
        [
            *("", "yesterday", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z"),
            *("2026-06-01T24:00:01Z", "2026-06-01T24:01:00Z", "2026-06-01T24:00:00.0000001Z"),
            *("2026-06-01T25:00:00Z", "2026-06-01T12:60:00Z", "2026-06-01T12:00:61Z"),
            *("2026-06-01T12:00:60Z", "2026-06-01T23:59:60Z", "2026-06-30T23:58:60Z", "2026-06-30T24:00:60Z"),
            *("2026-06-01T12:00:00+24:00", "2026-06-01T12:00:00+1:00", "2026-06-01T12:00:00Z Z"),
            *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T24:00:00Z"),
            *(
                "9999-12-31T23:59:60Z",
                "２０２６-06-01T12:00:00Z",
                " 2026-06-01T12:00:00Z",
                "2026-06-01T12:00:00Z\n",
            ),
            *(12, True, None, 1.5, [], {}),
        ],
    )
    def test_that_never_were_are_unknown(self, wrong):
        assert values.moment(wrong) is None

    @given(
        st.datetimes(min_value=datetime(1970, 1, 3), max_value=datetime(2199, 1, 1)),
        MINUTES,
        st.text("0123456789", max_size=40),
        st.booleans(),
    )
    def test_are_the_same_however_they_are_written(self, at, minutes, finer, lower):
        at = at.replace(tzinfo=UTC)
        there = at.astimezone(timezone(timedelta(minutes=minutes)))
        sign, ahead = "-" if minutes < 0 else "+", abs(minutes)
        written = f"{there:%Y-%m-%dT%H:%M:%S.%f}{finer}{sign}{ahead // 60:02d}:{ahead % 60:02d}"

        assert values.moment(written.lower() if lower else written) == at

    @given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[tT ][0-9:.,zZ+-]{0,20}"))
    def test_never_fail(self, written):
        found = values.moment(written)

        assert found is None or found.utcoffset() == timedelta(0)


class TestNumbers:
    @pytest.mark.parametrize(
        "odd", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", '"12"', "true", "[1]"]
    )
    def test_that_are_none_cost_nothing_but_themselves(self, odd):
        answer = responses.content("op", 200, f'{{"good": 1.5, "odd": {odd}, "long": {"9" * 400}}}'.encode())

        assert {name: values.number(value) for name, value in answer.items()} == {
            "good": 1.5,
            "odd": None,
            "long": None,
        }
