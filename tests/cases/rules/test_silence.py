"""Findings about a home or a sensor that says nothing, on plain facts."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.cases.rules import silence
from tests.cases.facts import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    NOON,
    causes,
    found,
    home,
    sensor,
)


class TestSilence:
    def test_of_the_home_opens_after_four_hours_and_is_bad_after_a_day(self):
        silent = found(home(sensor("grid", 5 * HOUR), sensor("battery", 5 * HOUR)))
        dead = found(home(sensor("grid", 30 * HOUR)))

        assert silent[Cause.SITE_SILENT, ""].severity == Severity.SOON
        assert dead[Cause.SITE_SILENT, ""].severity == Severity.NOW
        assert len(silent) == len(dead) == 1  # no sensor is named when all are silent

    def test_between_late_and_silent_is_late(self):
        assert causes(home(sensor("grid", 2 * HOUR))) == [Cause.LATE]

    def test_that_was_found_stays_until_the_home_speaks_again(self):
        was = {(Cause.SITE_SILENT.value, "")}

        assert causes(home(sensor("grid", 2 * HOUR)), was) == [Cause.SITE_SILENT]
        assert causes(home(sensor("grid", 50 * MINUTE)), was) == []

    def test_of_one_sensor_names_it_while_the_home_speaks(self):
        one = found(home(sensor("grid"), sensor("battery", 3 * HOUR)))

        assert list(one) == [(Cause.SENSOR_SILENT, "one__battery")]

    def test_of_one_that_never_spoke_is_found_after_a_day(self):
        never = home(sensor("grid"), sensor("battery", None))

        assert found(never)[Cause.SENSOR_SILENT, "one__battery"].data["never"]
        assert causes(replace(never, known_since_at=NOON - 20 * HOUR)) == []

    def test_while_we_did_not_ask_is_nobody_s(self):
        asleep = facts.Collection(answered_at=NOON - 9 * HOUR, failures=0, error="")

        assert causes(home(sensor("grid", 9 * HOUR), collection=asleep)) == []

    @given(st.integers(0, 3000), st.integers(0, 3000))
    def test_never_comes_and_goes_at_the_edge(self, first, second):
        """Whoever is open closes only below the closing span, and whoever is closed opens only above the other."""
        before = set(found(home(sensor("grid", first * MINUTE))))
        after = set(found(home(sensor("grid", second * MINUTE)), before))
        opened, closed = (Cause.SITE_SILENT, ""), silence.SILENT_CLOSES

        if opened in after:
            held = opened in before and second * MINUTE >= closed
            assert held or second * MINUTE >= silence.SILENT_OPENS
        if opened in before and opened not in after:
            assert second * MINUTE < closed
        assert len(after & {opened, (Cause.LATE, "")}) <= 1


class TestSolarAtNight:
    def test_that_says_nothing_is_no_finding(self):
        midnight = home(
            sensor("grid", now=MIDNIGHT),
            sensor("solar", 5 * HOUR, made_ago=5 * HOUR, now=MIDNIGHT),
            now=MIDNIGHT,
        )

        assert causes(midnight, now=MIDNIGHT) == []

    def test_that_says_zero_is_no_finding(self):
        midnight = home(
            sensor("grid", now=MIDNIGHT), sensor("solar", made_ago=5 * HOUR, now=MIDNIGHT), now=MIDNIGHT
        )

        assert causes(midnight, now=MIDNIGHT) == []

    def test_of_a_home_with_nothing_else_is_not_the_home_s_silence(self):
        alone = home(sensor("solar", 6 * HOUR, made_ago=6 * HOUR, now=MIDNIGHT), now=MIDNIGHT)

        assert causes(alone, now=MIDNIGHT) == []

    def test_that_goes_on_by_day_is_found(self):
        silent = found(home(sensor("grid"), sensor("solar", 16 * HOUR, made_ago=16 * HOUR)))

        assert list(silent) == [(Cause.SENSOR_SILENT, "one__solar")]

    def test_that_says_zero_all_day_is_found_once_enough_sun_went_by(self):
        evening = NOON + 6 * HOUR
        speaks = home(
            sensor("grid", now=evening), sensor("solar", made_ago=24 * HOUR, now=evening), now=evening
        )

        assert causes(speaks, now=evening) == [Cause.SOLAR_IDLE]
        assert (
            causes(home(sensor("grid"), sensor("solar", made_ago=19 * HOUR))) == []
        )  # noon: too early to say

    def test_of_a_home_whose_sun_nobody_knows_yet_is_no_finding(self):
        unknown = home(sensor("grid"), sensor("solar", 3 * DAY, made_ago=3 * DAY), solar_hours=frozenset())

        assert causes(unknown) == []
