"""Buckets: their step, where they lie, which end they are stamped at, and whether the newest are final."""

from datetime import timedelta

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from gridshare_portal.probe.answers import Bucket, buckets
from gridshare_portal.probe.rules import buckets as rules
from tests.probe.made import END, NOW, QUARTER, START, day, entries, given

HOUR = timedelta(hours=1)


class TestTheStep:
    @pytest.mark.parametrize(
        ("minutes", "word"), [(15, "step_as_asked"), (5, "finer"), (30, "coarser"), (60, "coarser")]
    )
    def test_is_compared_with_what_was_asked(self, minutes, word):
        assert rules.step(day(step=timedelta(minutes=minutes))).word == word

    def test_is_seen_although_some_are_missing(self):
        found = [bucket for number, bucket in enumerate(day()) if number % 5]

        assert rules.step(found).word == "step_as_asked"

    def test_is_not_guessed_from_one(self):
        assert rules.step(day()[:1]).word == "step_unknown"


class TestWhereBucketsLie:
    @pytest.mark.parametrize(("off", "word"), [(0, "aligned"), (7, "shifted")])
    def test_is_at_whole_steps_or_beside_them(self, off, word):
        found = [Bucket(at=START + number * QUARTER + timedelta(minutes=off)) for number in range(20)]

        assert rules.alignment(found).word == word

    def test_may_be_nowhere_regular(self):
        found = [Bucket(at=START + number * QUARTER + timedelta(seconds=number % 3)) for number in range(20)]

        assert rules.alignment(found).word == "unaligned"

    def test_names_the_hour_at_which_days_begin(self):
        found = [Bucket(at=START + timedelta(days=number, hours=7)) for number in range(4)]

        assert "7 h after whole 1 day" in rules.alignment(found).sentence


class TestTheStamp:
    def said(self, found, hours=(), now=NOW):
        return rules.stamp(found, hours, start=START, end=END, now=now).word

    @pytest.mark.parametrize(("at_end", "word"), [(False, "start_stamps"), (True, "end_stamps")])
    def test_is_told_by_the_ends_of_the_day_that_was_asked_for(self, at_end, word):
        assert self.said(day(at_end=at_end)) == word

    @pytest.mark.parametrize(("at_end", "word"), [(False, "start_stamps"), (True, "end_stamps")])
    def test_is_told_by_the_hours_where_the_service_chooses_by_stamps(self, at_end, word):
        wide = {"start": START - HOUR, "end": END + HOUR, "at_end": at_end}
        within = [one for one in day(**wide) if START <= one.at < END]
        hours = [one for one in day(step=HOUR, **wide) if START <= one.at < END]

        assert within[0].at == START
        assert self.said(within, hours) == word

    def test_that_is_still_to_come_is_an_end(self):
        found = day(at_end=True)

        assert self.said(found[3:-3], now=found[-4].at - timedelta(minutes=4)) == "end_stamps"

    @pytest.mark.parametrize(("at_end", "word"), [(False, "start_stamps"), (True, "end_stamps")])
    def test_is_told_by_hours_to_the_very_quarter(self, at_end, word):
        watts = [number * 7919 % 5000 for number in range(96)]
        found, hours = self.jagged(watts, at_end=at_end)

        assert self.said(found[1:-1], hours) == word

    def test_is_not_known_where_nothing_tells(self):
        for found in (day()[5:-5], day()[1:], day()[:-1], day(at_end=True)[1:], day(at_end=True)[:-1]):
            assert self.said(found) == "stamps_unknown"
        assert self.said(()) == "stamps_unknown"

    def test_is_not_told_by_hours_in_which_nothing_changes(self):
        still = [Bucket(at=START + number * QUARTER, power=5.0) for number in range(3, 90)]
        hours = [Bucket(at=START + number * HOUR, power=5.0) for number in range(24)]

        assert self.said(still, hours) == "stamps_unknown"

    def jagged(self, watts, *, at_end):
        """Quarters of an hour with these powers, and the hours that they make."""
        shift = QUARTER if at_end else timedelta(0)
        found = [Bucket(at=START + number * QUARTER + shift, power=w) for number, w in enumerate(watts)]
        shift = HOUR if at_end else timedelta(0)
        hours = [
            Bucket(at=START + number * HOUR + shift, power=sum(watts[4 * number : 4 * number + 4]) / 4)
            for number in range(len(watts) // 4)
        ]
        return found, hours

    @prop(st.lists(st.floats(-9000, 9000), min_size=32, max_size=32, unique=True), st.booleans())
    def test_is_right_for_any_day_by_its_hours(self, watts, at_end):
        found, hours = self.jagged(watts, at_end=at_end)

        assert self.said(found[1:-1], hours) in ("end_stamps" if at_end else "start_stamps", "stamps_unknown")


class TestADay:
    def test_is_whole_or_says_how_much_is_missing(self):
        assert rules.complete(day(), start=START, end=END).word == "complete"
        missing = rules.complete(day()[:90], start=START, end=END)
        assert (missing.word, missing.sentence) == ("incomplete", "A finished day has 90 of 96 buckets.")
        assert rules.complete(day()[:95], start=START, end=END).word == "incomplete"

    def test_may_hold_nulls(self):
        told = entries()
        told[7]["power_W"] = None
        told[8]["energy_Wh_increment"] = None

        assert rules.nulls([buckets(given(told))]).sentence.startswith("2 values")
        assert rules.nulls([day()]).word == "no_nulls"


class TestTheNewestReadings:
    def recent(self, *, zeros, others=16, counts=True):
        found = []
        for number in range(others):
            final = number < others - zeros
            found.append(Bucket(
                at=NOW - (others - number) * QUARTER, power=-700.0 - number if final else 0.0,
                taken=0.0, given=-1000.0 - (number if final or counts else others - zeros) * 20.0,
            ))  # fmt: skip
        return found

    def words(self, recent):
        return [one.word for one in rules.newest(recent, now=NOW)]

    @pytest.mark.parametrize("zeros", [2, 4, 9])
    def test_are_provisional_where_all_sensors_stand_at_zero(self, zeros):
        recent = {"a": self.recent(zeros=zeros, counts=False), "b": self.recent(zeros=zeros, counts=False)}
        told = rules.newest(recent, now=NOW)[-1]

        assert (told.word, f"newest {15 * zeros} minutes" in told.sentence) == ("provisional", True)

    def test_are_provisional_where_one_sensor_counts_while_its_power_is_zero(self):
        assert self.words({"a": self.recent(zeros=4)})[-1] == "provisional"
        assert self.words({"a": self.recent(zeros=4, counts=False)})[-1] == "final"

    def test_are_final_where_one_sensor_goes_on(self):
        assert self.words({"a": self.recent(zeros=4), "b": self.recent(zeros=0)})[-1] == "final"

    def test_say_nothing_of_a_sensor_that_rests_all_the_time(self):
        night = self.recent(zeros=16, counts=False)

        assert self.words({"sun": night, "b": self.recent(zeros=0)})[-1] == "final"
        assert self.words({"sun": night, "b": self.recent(zeros=4)})[-1] == "provisional"
        assert self.words({"sun": night, "car": night})[-1] == "final"

    def test_have_an_age(self):
        assert "15 minutes old" in rules.newest({"a": self.recent(zeros=0)}, now=NOW)[0].sentence
        assert self.words({"a": []}) == ["newest_unknown"]
