"""When something may be done once more, and how the wait is said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gridshare_portal.limits import windows
from gridshare_portal.limits.windows import DAY, HOUR, MINUTE, Window

BEGIN = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WINDOWS = some.lists(
    some.builds(Window, most=some.integers(1, 5), length=some.integers(1, 90).map(lambda one: one * MINUTE)),
    min_size=1,
    max_size=3,
)
PAUSES = some.lists(some.integers(0, 3_000).map(lambda one: one * SECOND), max_size=40)


def done(pauses, allowed):
    """Return when things were done, by somebody who tries after each of these pauses."""
    at, noted, all_of_them = BEGIN, [], []
    for pause in pauses:
        at += pause
        if windows.full(noted, allowed, now=at) is None:
            noted = windows.kept([at, *noted], allowed, now=at)
            all_of_them.append(at)
    return all_of_them


class TestWhatIsDone:
    @given(PAUSES, WINDOWS)
    def test_is_never_more_than_any_window_holds_wherever_it_begins(self, pauses, allowed):
        moments = done(pauses, allowed)

        for one in allowed:
            for first in moments:
                assert sum(first <= at < first + one.length for at in moments) <= one.most

    @given(PAUSES, WINDOWS)
    def test_may_be_done_again_at_the_moment_that_is_told_and_not_before(self, pauses, allowed):
        moments = done(pauses, allowed)
        now = moments[-1] if moments else BEGIN
        reached = windows.full(moments, allowed, now=now)

        if reached is not None:
            assert reached.until_at > now
            assert windows.full(moments, allowed, now=reached.until_at) is None
            assert windows.full(moments, allowed, now=reached.until_at - SECOND) is not None

    def test_by_a_clock_that_was_ahead_keeps_nobody_out_for_longer_than_the_window(self):
        ahead = [BEGIN + DAY] * 3
        reached = windows.full(ahead, [Window(most=3, length=HOUR)], now=BEGIN)

        assert reached.until_at == BEGIN + HOUR


class TestAWait:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (0.2, "in a minute"), (60, "in a minute"), (61, "in 2 minutes"), (3_600, "in 60 minutes"),
            (6_000, "in 2 hours"), (7_201, "in 3 hours"), (86_400, "in 24 hours"), (3 * 86_400, "in 3 days"),
        ],
    )  # fmt: skip
    def test_is_said_in_words_and_never_too_short(self, seconds, words):
        assert windows.wait_in_words(seconds) == words

    def test_of_a_window_is_said_too(self):
        lengths = (MINUTE, 10 * MINUTE, HOUR, DAY, 2 * DAY)

        assert [windows.length_in_words(one) for one in lengths] == [
            "a minute", "10 minutes", "an hour", "a day", "2 days",
        ]  # fmt: skip
        with pytest.raises(ValueError, match="whole minutes"):
            windows.length_in_words(timedelta(seconds=5))
