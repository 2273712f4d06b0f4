from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.installer.diagnosis import gap_words, gaps
from gridshare_portal.installer.diagnosis.gaps import Kind

START = datetime(2026, 6, 1, tzinfo=UTC)
NOW = START + timedelta(days=2)
COUNT = 192
STEP = timedelta(minutes=15)
GOOD = gaps.ConnectionState(is_active=True, since_at=START)


def collected(**changes):
    told = {"read_at": NOW, "filled_back_to": date(2025, 4, 1), "goal": date(2025, 4, 1)} | changes
    return gaps.Collected(**told)


def sensor(name="grid", *, missing=(), first_at=START - timedelta(days=300), resets=()):
    known = np.ones(COUNT, dtype=bool)
    for first, last in missing:
        known[first:last] = False
    at = np.flatnonzero(known)
    last_at = START + int(at[-1]) * STEP if at.size else None
    return gaps.SensorCoverage(synth_id=name, first_at=first_at, last_at=last_at, known=known, resets=resets)


def found(*sensors, connections=(GOOD,), told=None, now=NOW):
    home = gaps.SiteCoverage(
        start=START, connections=connections, collected=told or collected(), sensors=sensors or (sensor(),)
    )
    return [gap for gap in gaps.gaps(home, now=now) if gap.kind is not Kind.BEFORE]


def only(*sensors, **how):
    (gap,) = found(*sensors, **how)
    return gap


class TestWhyEverythingIsMissing:
    def test_is_that_lunar_ended_the_connection(self):
        ended = gaps.ConnectionState(is_active=False, since_at=NOW - timedelta(hours=3))
        gap = only(sensor(missing=[]), connections=(ended,), told=collected(read_at=NOW - timedelta(hours=3)))

        assert (gap.kind, gap.detail, gap.since_at) == (Kind.ENDED, "lunar", ended.since_at)
        assert gap.good_until == NOW

    def test_is_that_the_homeowner_ended_it(self):
        ended = gaps.ConnectionState(is_active=False, since_at=NOW, by_homeowner=True)

        assert only(connections=(ended,)).detail == "homeowner"

    def test_is_nothing_while_another_connection_stands(self):
        ended = gaps.ConnectionState(is_active=False, since_at=NOW)

        assert found(connections=(ended, GOOD)) == []

    def test_is_that_nobody_may_read(self):
        blind = gaps.ConnectionState(is_active=True, since_at=START, reads=False)

        assert only(connections=(blind,)).kind is Kind.SCOPE_MISSING

    def test_is_that_lunar_fails(self):
        read_at = NOW - timedelta(hours=2)
        gap = only(told=collected(read_at=read_at, failures=3, error="server_error"))

        assert (gap.kind, gap.detail, gap.since_at) == (Kind.UPSTREAM, "server_error", read_at)

    def test_is_that_nobody_asked(self):
        assert only(told=collected(read_at=NOW - timedelta(minutes=46))).kind is Kind.NOT_ASKED
        assert found(told=collected(read_at=NOW - timedelta(minutes=44))) == []

    def test_is_that_it_was_never_asked(self):
        home = gaps.SiteCoverage(start=START, connections=(GOOD,), collected=None, sensors=(sensor(),))

        assert gaps.gaps(home, now=NOW)[0].kind is Kind.NOT_ASKED

    def test_is_that_no_connection_reaches_the_home(self):
        assert only(connections=()).kind is Kind.ENDED


class TestWhoIsSilent:
    def test_is_the_home_when_nobody_speaks(self):
        gap = only(sensor("grid", missing=[(180, 192)]), sensor("solar", missing=[(170, 192)]))

        assert (gap.kind, gap.sensors, gap.good_until, gap.goes_on) == (
            Kind.SITE_OFFLINE, (), START + 180 * STEP, True,
        )  # fmt: skip

    def test_is_one_sensor_while_the_others_speak(self):
        gap = only(sensor("grid"), sensor("solar", missing=[(180, 192)]))

        assert (gap.kind, gap.sensors, gap.good_until) == (
            Kind.SENSOR_SILENT, ("solar",), START + 180 * STEP,
        )  # fmt: skip

    def test_is_a_sensor_that_never_said_anything(self):
        gap = only(sensor("grid"), sensor("ev", missing=[(0, COUNT)], first_at=None))

        assert (gap.kind, gap.sensors, gap.good_until) == (Kind.SENSOR_SILENT, ("ev",), None)

    def test_is_nobody_yet_for_an_hour(self):
        gap = only(sensor("grid"), sensor("solar", missing=[(188, 192)]))

        assert (gap.kind, gap.sensors) == (Kind.LATE, ("solar",))

    def test_is_lunar_when_it_refused_to_answer_for_one(self):
        gap = only(sensor("grid"), sensor("solar", missing=[(180, 192)]), told=collected(error="forbidden"))

        assert (gap.kind, gap.sensors, gap.detail) == (Kind.UPSTREAM, ("solar",), "forbidden")

    def test_is_nobody_before_the_first_reading(self):
        blank = gaps.SensorCoverage(
            synth_id="grid", first_at=None, last_at=None, known=np.zeros(0, dtype=bool)
        )

        assert found(blank) == []


class TestAHoleThatIsOver:
    def test_is_the_homes_when_all_share_it(self):
        gap = only(sensor("grid", missing=[(50, 60)]), sensor("solar", missing=[(50, 60)]))

        assert (gap.kind, gap.good_until, gap.good_again) == (
            Kind.SITE_OFFLINE, START + 50 * STEP, START + 60 * STEP,
        )  # fmt: skip
        assert not gap.goes_on

    def test_is_a_sensors_when_only_it_has_it(self):
        gap = only(sensor("grid"), sensor("solar", missing=[(50, 60)]))

        assert (gap.kind, gap.sensors) == (Kind.SENSOR_SILENT, ("solar",))

    def test_of_two_hours_ago_may_still_be_filled(self):
        assert only(sensor("grid"), sensor("solar", missing=[(187, 188)])).kind is Kind.LATE

    def test_is_listed_after_what_goes_on(self):
        kinds = [
            gap.goes_on
            for gap in found(sensor("grid", missing=[(9, 19)]), sensor("pv", missing=[(150, 192)]))
        ]

        assert kinds == [True, False]


class TestThePast:
    def test_is_still_being_fetched(self):
        gap = only(told=collected(filled_back_to=date(2026, 5, 1)))

        assert (gap.kind, gap.extra) == (Kind.NOT_FETCHED, {"done": 33, "total": 428})

    def test_begins_somewhere(self):
        home = gaps.SiteCoverage(start=START, connections=(GOOD,), collected=collected(), sensors=(sensor(),))

        (gap,) = gaps.gaps(home, now=NOW)
        assert (gap.kind, gap.good_again) == (Kind.BEFORE, START - timedelta(days=300))

    def test_knows_where_a_counter_began_anew(self):
        at = START + timedelta(hours=5)
        gap = only(sensor(resets=(at,)))

        assert (gap.kind, gap.good_until, gap.good_again) == (Kind.RESET, at - STEP, at)


@given(st.lists(st.lists(st.booleans(), min_size=COUNT, max_size=COUNT), min_size=1, max_size=3))
def test_every_missing_bucket_after_the_first_good_one_is_in_a_gap(columns):
    sensors = tuple(
        gaps.SensorCoverage(synth_id=str(number), first_at=START, last_at=START, known=np.array(column))
        for number, column in enumerate(columns)
    )
    home = gaps.SiteCoverage(start=START, connections=(GOOD,), collected=collected(), sensors=sensors)
    told = gaps.gaps(home, now=NOW)
    for one in sensors:
        at = np.flatnonzero(one.known)
        for bucket in range(int(at[0]) if at.size else COUNT, COUNT):
            moment = START + bucket * STEP
            explained = any(
                (not gap.sensors or one.synth_id in gap.sensors)
                and gap.kind is not Kind.BEFORE
                and (gap.good_again is None or gap.good_until <= moment < gap.good_again)
                for gap in told
            )
            assert one.known[bucket] or explained


class TestTheWords:
    @pytest.mark.parametrize("kind", list(Kind))
    @pytest.mark.parametrize("over", [True, False])
    def test_say_why_what_to_do_and_who(self, kind, over):
        gap = gaps.Gap(kind=kind, sensors=("s1",), good_until=START, good_again=NOW if over else None)
        said = gap_words.worded(gap, titles={"s1": "Solar"}, zone=ZoneInfo("UTC"), now=NOW)

        assert said.why.endswith(".") and said.next_step.endswith(".") and said.who and said.title
        assert "{" not in said.why and "None" not in said.why

    def test_of_an_error_nobody_knows_stay_readable(self):
        gap = gaps.Gap(kind=Kind.UPSTREAM, detail="quite_new, timeout")

        assert (
            gap_words.worded(gap, titles={}, zone=ZoneInfo("UTC"), now=NOW).why
            == "Lunar answers “quite new”."
        )
