"""Homes are read while parts fail, workers die and customers are large: nothing is lost or asked twice."""

from datetime import timedelta

import pytest

from gridshare_portal.lunar import models as lunar
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries, sync
from gridshare_portal.sites.reading import fetching
from tests.people import ALL_SCOPES
from tests.sites.synced import read, row

pytestmark = pytest.mark.django_db


class TestAFailure:
    @pytest.mark.parametrize("operation", ["getSiteTopology", "getDevice", "listDevices"])
    def test_of_one_part_keeps_the_others_and_asks_only_for_what_is_missing(
        self, connected, now, sandbox, operation
    ):
        connection = connected("ben")
        sandbox.faults.switch_on(operation, "server_error")

        read(connection, now)

        after = row(connection)
        assert after.state == "failed" and after.failures == 1
        assert set(after.last_error.split(", ")) <= {
            f"{operation}: server_error",
            f"{operation}: unavailable",
        }
        assert sites.Site.objects.count() == 2
        came = {name: sandbox.calls(name) for name in ("getSiteTopology", "getDevice") if name != operation}

        sandbox.faults.clear()
        circuit_breaker.forget()
        later = after.due_at
        read(connection, later)

        assert row(connection).state == "done" and row(connection).last_error == ""
        assert sites.Sensor.objects.exclude(role_found="unknown").count() == sites.Sensor.objects.count() == 7
        if operation != "listDevices":
            assert {name: sandbox.calls(name) for name in came} == came

    def test_of_everything_is_tried_again_later_and_later(self, connected, now, sandbox):
        connection = connected("ada")
        sandbox.faults.switch_on("listSites", "bad_gateway_html")
        pauses, moment = [], now

        for _ in range(6):
            read(connection, moment)
            pauses.append((row(connection).due_at - moment).total_seconds())
            moment = row(connection).due_at
            circuit_breaker.forget()

        assert row(connection).failures == 6 and row(connection).state == "failed"
        assert pauses == sorted(pauses) and pauses[0] < 60 and pauses[-1] > 600
        assert queries.progress_of(connection).again_at == moment

    @pytest.mark.parametrize("kind", ["wrong_types", "truncated", "bad_gateway_html", "html_page"])
    def test_of_the_list_of_homes_loses_no_home(self, connected, now, sandbox, kind):
        connection = connected("ben")
        read(connection, now)
        sandbox.faults.switch_on("listSites", kind)

        read(connection, now + timedelta(hours=7))

        assert row(connection).state == "failed" and row(connection).last_error.startswith("listSites: ")
        assert sites.ConnectionSite.objects.filter(lost_at=None).count() == 2
        assert queries.progress_of(connection).ready

    def test_waits_as_long_as_the_api_asks_for(self, connected, now, sandbox):
        connection = connected("ada")
        sandbox.faults.switch_on("listSites", "too_many", retry_after=1800)

        read(connection, now)

        assert row(connection).due_at >= now + timedelta(seconds=1700)

    def test_that_will_not_pass_leaves_the_home_usable_and_is_named(self, connected, now, sandbox):
        connection = connected("ada")
        sandbox.faults.switch_on("getDevice", "forbidden_without_code")

        read(connection, now)

        assert queries.progress_of(connection).ready
        assert (row(connection).state, row(connection).last_error) == ("done", "getDevice: forbidden")
        assert {sensor.role for sensor in queries.sensors_of(sites.Site.objects.get())} == {
            "grid",
            "battery",
            "solar",
        }

    def test_for_want_of_a_permission_waits_for_the_homeowner(self, connected, now, sandbox):
        connection = connected("ada", granted=ALL_SCOPES[1:2])

        read(connection, now)

        assert (row(connection).last_error, row(connection).due_at) == ("missing_scope", None)
        assert sandbox.calls("listSites") == 0

    def test_of_a_connection_that_ended_waits_for_the_homeowner(self, connected, now):
        connection = connected("ada")
        lunar.Connection.objects.update(status="reconnect")

        read(connection, now)

        assert (row(connection).last_error, row(connection).due_at) == ("ended", None)

    def test_of_our_own_is_raised_and_tried_again_later(self, connected, now, monkeypatch):
        connection = connected("ada")
        monkeypatch.setattr(sync.rows, "write_sensors", lambda *_, **__: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            read(connection, now)

        assert row(connection).state == "failed" and row(connection).due_at > now
        assert not sites.Site.objects.exists()


class TestALargeCustomer:
    def test_is_read_in_several_runs_that_repeat_nothing(
        self, connected, now, sandbox, settings, monkeypatch
    ):
        monkeypatch.setattr(fetching, "SECONDS", 0)
        settings.GRIDSHARE_PARALLEL = 1
        connection = connected("ben")
        runs = 1

        while read(connection, now):
            runs += 1

        assert runs == 4
        assert row(connection).state == "done"
        assert sandbox.calls("getSiteTopology") + sandbox.calls("getDevice") == 8
        assert sites.Sensor.objects.count() == 7


class TestTwoWorkers:
    def test_never_read_one_connection_at_once(self, connected, now, sandbox):
        connection = connected("ada")
        sync._lease(connection.pk, now, "first")

        read(connection, now, owner="second")

        assert sandbox.calls("listSites") == 0
        assert row(connection).lease_owner == "first"

    def test_take_over_from_one_that_died(self, connected, now):
        connection = connected("ada")
        sync._lease(connection.pk, now, "killed")
        later = now + sync.LEASE + timedelta(seconds=1)

        assert sync.claim(now=later) == [connection.pk]
        read(connection, later, owner="second")

        assert row(connection).state == "done"

    def test_of_which_the_late_one_writes_nothing(self, connected, now, monkeypatch):
        connection = connected("ada")
        parts = fetching.parts

        def overtaken(*args, **kwargs):
            sync.request(connection=connection, now=now)
            return parts(*args, **kwargs)

        monkeypatch.setattr(fetching, "parts", overtaken)

        read(connection, now)

        assert row(connection).state == "due"
        assert not sites.Site.objects.exists()


class TestTheQueue:
    def test_hands_out_each_due_connection_once(self, connected, now):
        first, second = connected("ada"), connected("ben")

        assert sorted(sync.claim(now=now)) == sorted([first.pk, second.pk])
        assert sync.claim(now=now) == []

    def test_finds_again_what_was_claimed_and_lost(self, connected, now):
        connection = connected("ada")
        sync.claim(now=now)

        assert sync.claim(now=now + sync.CLAIMED) == [connection.pk]

    def test_leaves_out_connections_that_ended(self, connected, now):
        connection = connected("ada")
        lunar.Connection.objects.update(status="disconnected")

        assert sync.claim(now=now) == []
        assert row(connection).state == "due"

    def test_never_holds_what_a_homeowner_stopped(self, connected, now):
        connection = connected("ada")
        sync.stop(connection=connection)

        assert sync.claim(now=now + timedelta(days=400)) == []
