"""What is typed for a moment or a power is a number or a sentence, and never guessed."""

import pytest
from django.core.exceptions import ValidationError

from gridshare_portal.control.plans import fields


class TestWatts:
    @pytest.mark.parametrize(
        ("typed", "power_w"),
        [("", None), (" ", None), ("0", 0.0), ("5", 5.0), (" 2000 ", 2000.0), ("1.5", 1.5), ("-1", -1.0)],
    )
    def test_are_read_in_plain_digits(self, typed, power_w):
        assert fields.Watts(required=False).clean(typed) == power_w

    @pytest.mark.parametrize(
        "typed",
        ["NaN", "Infinity", "1e309", "1e308", "-0", "-0.0", "-00", "1_000", "１２３", "٣", "9" * 5_000, "5\n", "\t5",
         "5\x00", "+5", "5.", ".5", "0x10", "5 W", "1,000", "--1"],
    )  # fmt: skip
    def test_refuse_everything_else(self, typed):
        with pytest.raises(ValidationError, match="plain digits"):
            fields.Watts(required=False).clean(typed)


class TestAMoment:
    @pytest.mark.parametrize(
        "typed",
        ["2026-11-22T14:30\n", "２０２６-06-01T10:00", "2026-02-30T10:00", "2026-06-01T10:00+25:00", "tomorrow",
         "2026-06-01", "0001-01-01T00:00:00Z", "10000-01-01T00:00"],
    )  # fmt: skip
    def test_refuses_what_is_no_moment(self, typed):
        with pytest.raises(ValidationError, match="Write the day and the time"):
            fields.Moment(required=False).clean(typed)
