from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.gridshare.http import calls as api
from gridshare_portal.sites import calls, clients, sync
from gridshare_portal.sites import models as sites
from tests import people

READ = "lunar/device.read"
LATER = timedelta(hours=7)


def heard(operation="getDevice", *, subject="", status=200, error="", took_s=0.1):
    return api.Heard(operation=operation, subject=subject, status=status, error=error, took_s=took_s)


@pytest.fixture
def site(db, now):
    return sites.Site.objects.create(synth_id="site-1", name="Home", time_zone="UTC", created_at=now)


def keep(site, *some, now):
    with calls.of_site(site, now=now) as log:
        log.extend(some)
    return site.calls.get(operation=some[0].operation)


class TestACall:
    def test_is_kept_with_status_time_and_duration(self, site, now):
        call = keep(site, heard(took_s=0.2504), now=now)

        assert (call.status, call.error, call.ms, call.last_at, call.ok_at) == (200, "", 250, now, now)

    def test_that_failed_says_since_when_and_how_often(self, site, now):
        keep(site, heard(), now=now)
        for minute in (1, 2, 3):
            call = keep(site, heard(status=503, error="ServerError"), now=now + timedelta(minutes=minute))

        assert (call.status, call.error, call.failures) == (503, "ServerError", 3)
        assert (call.since_at, call.ok_at) == (now + timedelta(minutes=1), now)

    def test_that_goes_well_again_ends_the_failures(self, site, now):
        keep(site, heard(status=None, error="Timeout"), now=now)
        call = keep(site, heard(), now=now + timedelta(minutes=1))

        assert (call.failures, call.since_at, call.error) == (0, None, "")

    def test_counts_with_those_made_beside_it_as_one(self, site, now):
        some = [heard(took_s=1.0), heard(status=500, error="ServerError", took_s=3.0), heard(took_s=0.5)]
        call = keep(site, *some, now=now)

        assert (call.status, call.failures, call.ok_at, call.ms) == (500, 1, now, 3000)
        assert site.calls.count() == 1

    def test_is_kept_also_when_what_follows_fails(self, site, now):
        with pytest.raises(ValueError), calls.of_site(site, now=now) as log:
            log.append(heard(status=403, error="Forbidden"))
            raise ValueError

        assert site.calls.get().error == "Forbidden"

    def test_costs_few_queries_however_many_there_are(self, site, now):
        with CaptureQueriesContext(
            connection,
        ) as few:
            keep(site, heard(), now=now)
        some = [heard(operation) for operation in ("getDevice", "listSites", "getDeviceTelemetry")] * 30
        with CaptureQueriesContext(connection) as many:
            keep(site, *some, now=now)

        assert len(many) == len(few) <= 6

    def test_that_cannot_be_kept_costs_nobody_the_answer(self, site, now, monkeypatch):
        def full(*args, **options):
            raise DatabaseError("disk full")

        monkeypatch.setattr(sites.Call.objects, "bulk_create", full)
        with calls.of_site(site, now=now) as log:
            log.append(heard())

        assert not sites.Call.objects.exists()

    def test_for_a_home_that_is_gone_is_forgotten(self, site, now):
        with calls.of_site(site, now=now) as log:
            log.append(heard())
            sites.Site.objects.all().delete()

        assert not sites.Call.objects.exists()


class TestWhatALogHears:
    def test_is_what_the_client_did(self, homeowner, sandbox, now):
        with calls.of_site(homeowner.site, now=now) as log:
            client = clients.for_site(homeowner.site, scope=READ, listener=log.append)
            client.get_site_topology(homeowner.site.synth_id)

        assert [(one.operation, one.subject, one.status, one.error) for one in log] == [
            ("getSiteTopology", homeowner.site.synth_id, 200, "")
        ]
        assert log[0].took_s > 0

    def test_is_kept_for_each_home_that_a_reading_is_about(self, neighbor):
        first, second = neighbor.user.connections.get().connection_sites.order_by("pk")
        operations = {"listSites", "listDevices", "getSiteTopology", "getDevice"}

        for reach in (first, second):
            assert set(reach.site.calls.values_list("operation", flat=True)) == operations
            assert not reach.site.calls.exclude(status=200).exists()

    def test_says_which_operation_failed_and_leaves_the_reading_alone(self, homeowner, sandbox):
        sandbox.faults.switch_on("getDevice", "forbidden_without_code")
        later = timezone.now() + LATER
        sync.request(connection=homeowner.connection, now=later)
        sync.run(connection_pk=homeowner.connection.pk, now=later, owner="the test")

        call = homeowner.site.calls.get(operation="getDevice")
        assert (call.status, call.error, call.since_at) == (403, "Forbidden", later)
        assert homeowner.site.calls.get(operation="listDevices").error == ""

    def test_is_not_mixed_with_another_person_s_homes(self, homeowner, neighbor, sandbox):
        before = list(neighbor.site.calls.values_list("operation", "last_at"))
        later = timezone.now() + LATER
        sync.request(connection=homeowner.connection, now=later)
        sync.run(connection_pk=homeowner.connection.pk, now=later, owner="the test")

        assert list(neighbor.site.calls.values_list("operation", "last_at")) == before

    def test_holds_no_token(self, homeowner):
        token = homeowner.connection.access_token()
        kept = sites.Call.objects.filter(site=homeowner.site).values_list()

        assert kept and not any(
            token in str(value) or "Bearer" in str(value) for row in kept for value in row
        )

    def test_of_a_first_reading_that_found_no_home_is_empty(self, db, sandbox):
        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        assert eve.site is None and not sites.Call.objects.exists()
