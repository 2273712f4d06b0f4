"""Each class of gaps, made by a fault of the pretended Lunar and seen through the real fetching."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.installer.diagnosis import gap_facts, gap_words, gaps
from gridshare_portal.installer.diagnosis.gaps import Kind
from gridshare_portal.lunar import connections
from gridshare_portal.sandbox.simulation import sensors
from tests import people, readings

ASKED = "getDeviceTelemetry"
HOUR, STEP = timedelta(hours=1), timedelta(minutes=15)
fetch = partial(readings.fetch, days=20)


def doctor(visitor, now):
    return gaps.gaps(gap_facts.coverage_of(visitor.site, now=now), now=now)


def going_on(visitor, now):
    return [gap for gap in doctor(visitor, now) if gap.goes_on and gap.kind is not Kind.LATE]


def stamp(moment):
    return f"{moment:%FT%TZ}"


@pytest.fixture
def now(sandbox):
    """A moment at which every reading has come."""
    moment = sandbox.clock.now().replace(minute=40, second=0, microsecond=0)
    sandbox.clock.set(moment)
    return moment


@pytest.fixture
def fetched(homeowner, now):
    """The homeowner's home with three weeks of readings."""
    fetch(homeowner, now)
    return homeowner


def later(sandbox, by=3 * HOUR):
    sandbox.clock.advance(by)
    return sandbox.clock.now()


class TestAHomeThatDoesWell:
    def test_has_no_gap_that_goes_on(self, fetched, now):
        assert going_on(fetched, now) == []


class TestAConnection:
    @pytest.mark.django_db(transaction=True)  # the token is renewed in a thread of its own
    def test_that_lunar_ended_is_found(self, fetched, sandbox):
        sandbox.faults.switch_on(ASKED, "token_revoked")
        sandbox.faults.switch_on("oauthToken", "invalid_grant")
        good_until = gaps._last(gap_facts.coverage_of(fetched.site, now=sandbox.clock.now()).sensors)
        at = later(sandbox)
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        assert (gap.kind, gap.detail, gap.good_until) == (Kind.ENDED, "lunar", good_until)
        assert gap_words.worded(gap, titles={}, zone=fetched.site.zone, now=at).who == "The homeowner"

    def test_that_the_homeowner_ended_is_found(self, fetched, now):
        connections.disconnect(
            connection=fetched.connection, actor=fetched.user, forget_readings=False, now=now
        )

        (gap,) = going_on(fetched, now)
        assert (gap.kind, gap.detail) == (Kind.ENDED, "homeowner")

    def test_that_may_not_read_is_found(self, fetched, sandbox):
        people.connect(fetched.user, "ada", sandbox=sandbox, granted=["lunar/plan.read"])
        at = later(sandbox)
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        assert gap.kind is Kind.SCOPE_MISSING


class TestLunar:
    @pytest.mark.parametrize(
        ("fault", "word"),
        [
            ("server_error", "server_error"),
            ("bad_gateway_html", "server_error"),
            ("html_page", "not_json"),
            ("refuse_connection", "connection_lost"),
            ("forbidden_without_code", "forbidden"),
            ("wrong_types", "wrong_shape"),
        ],
    )
    def test_is_to_blame_for_an_answer_that_nobody_can_use(self, fetched, sandbox, fault, word):
        sandbox.faults.switch_on(ASKED, fault)
        at = later(sandbox)
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        assert gap.kind is Kind.UPSTREAM
        assert gap.detail.split(",")[0] in {word, "unavailable"}  # the latter after five failures in a row
        call = fetched.site.calls.get(operation=ASKED)
        assert (call.failures, call.last_at, bool(call.error)) == (1, at, True)

    def test_is_to_blame_for_one_sensor_that_it_refuses(self, fetched, sandbox, now):
        at = later(sandbox)
        sensor = fetched.site.sensors.get(role_found="solar")
        type(sensor).objects.filter(pk=sensor.pk).update(synth_id="somebody-else-s")
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        assert (gap.kind, gap.sensors, gap.detail) == (Kind.UPSTREAM, ("somebody-else-s",), "forbidden")


class TestSilence:
    def test_of_the_whole_home_is_found(self, fetched, sandbox, now):
        good_until = gaps._last(gap_facts.coverage_of(fetched.site, now=now).sensors)
        sandbox.faults.switch_on(ASKED, "silence", since=stamp(good_until))
        at = later(sandbox)
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        assert (gap.kind, gap.sensors, gap.good_until) == (Kind.SITE_OFFLINE, (), good_until)

    def test_of_one_sensor_is_found(self, fetched, sandbox, now):
        since = now.replace(minute=0)
        sandbox.faults.switch_on(ASKED, "silence", sensor="PV_DERIVED", since=stamp(since))
        at = later(sandbox)
        fetch(fetched, at)

        (gap,) = going_on(fetched, at)
        solar = fetched.site.sensors.get(role_found="solar").synth_id
        assert (gap.kind, gap.sensors) == (Kind.SENSOR_SILENT, (solar,))
        assert abs(gap.good_until - now) <= 2 * STEP

    def test_that_is_over_keeps_its_first_and_last_good_point(self, homeowner, sandbox, now):
        since, until = now - timedelta(days=1, hours=6), now - timedelta(days=1)
        since, until = since.replace(minute=0), until.replace(minute=0)
        sandbox.faults.switch_on(
            ASKED, "silence", sensor="PV_DERIVED", since=stamp(since), until=stamp(until)
        )
        fetch(homeowner, now)

        told = [gap for gap in doctor(homeowner, now) if gap.good_again == until]
        assert [(gap.kind, gap.good_until, len(gap.sensors)) for gap in told] == [
            (Kind.SENSOR_SILENT, since, 1)
        ]

    def test_of_a_device_that_the_world_had_is_found(self, homeowner, sandbox, now):
        site = homeowner.site
        outages = [
            (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC))
            for first, last in sandbox.world.blemishes(site.sensors.first().synth_id).outages
        ]
        first, last = outages[-1]
        at = last + timedelta(days=4)
        sandbox.clock.set(at)
        fetch(homeowner, at)

        told = [gap for gap in doctor(homeowner, at) if gap.good_again == last]
        assert [(gap.kind, gap.good_until) for gap in told] == [(Kind.SITE_OFFLINE, first)]


class TestALateBucket:
    def test_is_found_until_it_comes(self, fetched, sandbox, now, monkeypatch):
        monkeypatch.setattr(sensors, "LATE_SHARE", 0.06)
        at, found = now.replace(minute=1), []
        for _quarter in range(40):
            at += STEP
            sandbox.clock.set(at)
            fetch(fetched, at)
            found = [gap for gap in doctor(fetched, at) if gap.kind is Kind.LATE]
            if found:
                break
        assert found and found[0].sensors

        sandbox.clock.set(at + HOUR)
        fetch(fetched, at + HOUR)
        came = [gap for gap in doctor(fetched, at + HOUR) if gap.good_until == found[0].good_until]
        assert came == []


class TestWhatIsNotHereYet:
    def test_is_said_to_be_on_its_way(self, homeowner, now):
        fetch(homeowner, now, seconds=0)

        (gap,) = [gap for gap in doctor(homeowner, now) if gap.kind is Kind.NOT_FETCHED]
        assert gap.extra["done"] <= 2 < gap.extra["total"]

    def test_is_said_not_to_have_been_asked_for(self, fetched, sandbox):
        at = later(sandbox)

        (gap,) = going_on(fetched, at)
        assert gap.kind is Kind.NOT_ASKED

    def test_before_the_first_reading_is_said_to_be_nowhere(self, fetched, now):
        (gap,) = [gap for gap in doctor(fetched, now) if gap.kind is Kind.BEFORE]

        assert abs(gap.good_again - (now - timedelta(days=20))) < timedelta(days=2)


class TestACounter:
    def test_that_began_anew_is_found(self, homeowner, sandbox, now):
        sensors = homeowner.site.sensors.all()
        flaws = {one.synth_id: sandbox.world.blemishes(one.synth_id) for one in sensors}
        (sensor,) = [name for name, flaw in flaws.items() if flaw.reset_s is not None]
        reset_at = datetime.fromtimestamp(flaws[sensor].reset_s, UTC)
        at = reset_at + timedelta(days=5)
        sandbox.clock.set(at)
        fetch(homeowner, at)

        told = [gap for gap in doctor(homeowner, at) if gap.kind is Kind.RESET]
        assert [(gap.sensors, gap.goes_on) for gap in told] == [((sensor,), False)]
        assert abs(told[0].good_again - reset_at) <= STEP


class TestTheCost:
    def test_is_the_same_for_a_home_with_sixty_sensors(self, fetched, sandbox, now):
        finn = people.with_home("finn@portal.example", "finn", sandbox=sandbox)
        fetch(finn, now, seconds=0)
        counts = []
        for visitor in (fetched, finn):
            with CaptureQueriesContext(connection) as queries:
                doctor(visitor, now)
            counts.append(len(queries))

        assert finn.site.sensors.count() == 60
        assert counts[0] == counts[1] <= 6
