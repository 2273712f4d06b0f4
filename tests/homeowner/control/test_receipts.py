"""A command of a plan in words: its days are named as seen from the day on which the page is read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridshare_portal.gridshare import types
from gridshare_portal.homeowner.control import receipts
from gridshare_portal.templatetags import energy

LA = ZoneInfo("America/Los_Angeles")
THURSDAY = datetime(2026, 6, 5, 5, 0, tzinfo=UTC)  # 22:00 on June 4 there
HOUR = timedelta(hours=1)


def worded(*, lasts, read_after, watts=None):
    command = types.Command(start=THURSDAY, end=THURSDAY + lasts * HOUR, action="charge", power_limit_w=watts)
    return receipts.command_worded(command, zone=LA, now=THURSDAY + read_after * HOUR)


class TestACommand:
    @pytest.mark.parametrize(
        ("lasts", "read_after", "words"),
        [
            (1, 0, "Charge 22:00 to 23:00"),
            (4, 0, "Charge 22:00 to tomorrow, 02:00"),
            (4, -24, "Charge tomorrow, 22:00 to Fri 5 Jun, 02:00"),
            (4, 3, "Charge Thu 4 Jun, 22:00 to today, 02:00"),
            (4, 72, "Charge Thu 4 Jun, 22:00 to Fri 5 Jun, 02:00"),
            (1, 72, "Charge Thu 4 Jun, 22:00 to 23:00"),
        ],
    )
    def test_names_no_day_tomorrow_that_is_not(self, lasts, read_after, words):
        assert worded(lasts=lasts, read_after=read_after) == words

    def test_names_its_power(self):
        assert worded(lasts=1, read_after=0, watts=1500.0).endswith(
            f"to 23:00, at most {energy.power(1500.0)}"
        )
