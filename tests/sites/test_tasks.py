from functools import partial

import pytest
from django.utils import timezone

from gridshare_portal.sites import models as sites
from gridshare_portal.sites import sync, tasks
from tests.people import connect, person
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
class TestConnecting:
    def test_starts_reading_at_once(self, sandbox):
        connection = connect(person("ada@portal.example"), "ada", sandbox=sandbox)

        assert sites.Sync.objects.get(connection=connection).state == "done"
        assert sites.Sensor.objects.count() == 3

    def test_again_reads_what_could_not_be_read_before(self, sandbox):
        user = person("ada@portal.example")
        connect(user, "ada", sandbox=sandbox, granted=["lunar/plan.read"])
        assert sites.Sync.objects.get().last_error == "missing_scope"

        connect(user, "ada", sandbox=sandbox)

        assert sites.Sync.objects.get().state == "done" and sites.Site.objects.count() == 1

    def test_reads_a_large_customer_to_the_end(self, sandbox, settings, monkeypatch):
        monkeypatch.setattr(sync.fetching, "SECONDS", 0)
        settings.GRIDSHARE_PARALLEL = 1

        connect(person("ben@portal.example"), "ben", sandbox=sandbox)

        assert sites.Sync.objects.get().state == "done" and sites.Sensor.objects.count() == 7


@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_read_one_connection_once_between_them(self, homeowner, sandbox):
        connection, before = homeowner.connection, sandbox.calls("listSites")
        sync.request(connection=connection, now=timezone.now())
        work = partial(sync.run, connection_pk=connection.pk, now=timezone.now())
        at_once(*[partial(work, owner=f"worker {number}") for number in range(6)])

        assert sandbox.calls("listSites") - before == 1
        assert sites.Sync.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
class TestTheSweep:
    def test_reads_what_nobody_woke(self, homeowner, neighbor, sandbox):
        before = sandbox.calls("listSites")
        sites.Sync.objects.filter(connection=homeowner.connection).update(due_at=timezone.now())

        tasks.sweep()
        tasks.sweep()

        assert sandbox.calls("listSites") - before == 1
        assert sites.Sync.objects.get(connection=homeowner.connection).due_at > timezone.now()
