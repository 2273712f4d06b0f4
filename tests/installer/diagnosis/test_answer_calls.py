"""Between asking for an answer of Lunar's and the call, whether one may is asked again."""

import pytest
from django.utils import timezone

from gridshare_portal.sites.models import RawResponse
from tests.installer.diagnosis.answers import ask, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_worker_yet")]


class TestBetweenAskingAndCalling:
    def refused(self, installer, sandbox, path, sentence):
        before = sandbox.faults.calls()
        work()
        assert sandbox.faults.calls() == before
        assert sentence in installer.get(path).text

    def test_a_consent_that_ended_stops_the_call(self, opened_home, installer, sandbox):
        ask(installer, opened_home)
        before = sandbox.faults.calls()
        opened_home.consents.update(ended_at=timezone.now())
        work()

        assert sandbox.faults.calls() == before
        assert RawResponse.objects.get().error == "unshared"

    def test_a_member_who_was_removed_stops_the_call(self, opened_home, installer, sandbox):
        ask(installer, opened_home)
        before = sandbox.faults.calls()
        installer.user.memberships.all().delete()
        work()

        assert sandbox.faults.calls() == before
        assert RawResponse.objects.get().error == "unshared"

    def test_a_connection_that_ended_stops_the_call(self, opened_home, homeowner, installer, sandbox):
        path = ask(installer, opened_home).request["PATH_INFO"]
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(status="reconnect")

        self.refused(installer, sandbox, path, "connection to Lunar has ended. Nothing was asked.")

    def test_a_permission_that_is_missing_stops_the_call(self, opened_home, homeowner, installer, sandbox):
        path = ask(installer, opened_home, "getDeviceOverlayPlan").request["PATH_INFO"]
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(scopes="lunar/device.read")

        self.refused(installer, sandbox, path, "does not include the permission for this")

    def test_nobody_else_s_connection_is_taken(self, opened_home, homeowner, co_owner, installer, sandbox):
        ask(installer, opened_home)
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(status="reconnect")
        before = sandbox.faults.calls()
        work()

        assert sandbox.faults.calls() == before
        assert RawResponse.objects.get().error == "ended"
