from datetime import UTC, datetime, timedelta

import pytest

from gridshare_portal.sandbox.simulation.clock import Clock

NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)


class TestAClock:
    def test_ticks_with_the_wall_when_nothing_is_said(self):
        assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=1)

    def test_stands_still_where_it_is_set(self):
        clock = Clock()
        clock.set(NOON)

        assert clock.now() == clock.now() == NOON
        clock.advance(timedelta(hours=1))
        assert clock.now() == NOON + timedelta(hours=1)

    def test_ticks_on_from_where_it_is_started(self):
        clock = Clock(NOON)
        first = clock.now()
        clock.advance(timedelta(days=1))

        assert NOON <= first < NOON + timedelta(seconds=1)
        assert timedelta(days=1) < clock.now() - NOON < timedelta(days=1, seconds=1)

    def test_goes_back_to_its_start(self):
        clock = Clock(NOON, ticking=False)
        clock.advance(timedelta(days=1))
        clock.reset()

        assert clock.now() == NOON

    def test_takes_no_moment_without_a_zone(self):
        with pytest.raises(ValueError):
            Clock().set(NOON.replace(tzinfo=None))
