from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridshare_portal.homeowner.control import timeline

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 4, 22, 30, tzinfo=UTC)  # 14:30 in Los Angeles


@dataclass
class Command:
    start: datetime
    end: datetime
    action: str = "charge"


def drawn(*hours):
    commands = [Command(NOW + timedelta(hours=start), NOW + timedelta(hours=end)) for start, end in hours]
    return timeline.draw(commands, now=NOW, zone=ZONE)


class TestATimeLine:
    def test_covers_the_coming_day(self):
        assert [tick.name for tick in drawn().ticks] == [
            "14:00",
            "20:00",
            "Thu 02:00",
            "Thu 08:00",
            "Thu 14:00",
        ]

    def test_places_a_command_by_its_share_of_the_day(self):
        band = drawn((1.5, 4.5)).bands[0]

        assert (band.x, band.width) == (
            pytest.approx(100 * 2 / 24, abs=0.01),
            pytest.approx(100 * 3 / 24, abs=0.01),
        )

    def test_begins_with_a_command_that_is_under_way(self):
        line = drawn((-3, 1))

        assert line.bands[0].x == 0
        assert line.now_x == pytest.approx(100 * 3 / 24, abs=0.01)

    def test_stretches_to_the_end_of_the_last_command(self):
        band = drawn((1, 30)).bands[0]

        assert band.x + band.width == pytest.approx(100)

    def test_leaves_out_what_is_over(self):
        assert drawn((-8, -2)).bands == ()
