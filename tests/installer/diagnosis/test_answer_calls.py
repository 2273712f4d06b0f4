"""Between asking for an answer of Lunar's and the call, whether one may is asked again."""

import pytest
from django.utils import timezone

from gridshare_portal.cases import raw_responses as asking
from gridshare_portal.sites.models import RawResponse
from tests.installer.diagnosis.answers import ask, work
from tests.installer.diagnosis.visiting import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(homeowner, installer):
    visit(installer, homeowner.site)
    return homeowner.site


@pytest.fixture(autouse=True)
def no_worker_yet(monkeypatch):
    """Let a worker come when the test says so, and something happen in between."""
    monkeypatch.setattr(asking, "wake", lambda *args: None)


class TestBetweenAskingAndCalling:
    def refused(self, installer, sandbox, path, sentence):
        before = sandbox.faults.all_calls()
        work()
        assert sandbox.faults.all_calls() == before
        assert sentence in installer.get(path).text

    def test_a_consent_that_ended_stops_the_call(self, home, installer, sandbox):
        ask(installer, home)
        before = sandbox.faults.all_calls()
        home.consents.update(ended_at=timezone.now())
        work()

        assert sandbox.faults.all_calls() == before
        assert RawResponse.objects.get().error == "unshared"

    def test_a_member_who_was_removed_stops_the_call(self, home, installer, sandbox):
        ask(installer, home)
        before = sandbox.faults.all_calls()
        installer.user.memberships.all().delete()
        work()

        assert sandbox.faults.all_calls() == before
        assert RawResponse.objects.get().error == "unshared"

    def test_a_connection_that_ended_stops_the_call(self, home, homeowner, installer, sandbox):
        path = ask(installer, home).request["PATH_INFO"]
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(status="reconnect")

        self.refused(installer, sandbox, path, "connection to Lunar has ended. Nothing was asked.")

    def test_a_permission_that_is_missing_stops_the_call(self, home, homeowner, installer, sandbox):
        path = ask(installer, home, "getDeviceOverlayPlan").request["PATH_INFO"]
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(scopes="lunar/device.read")

        self.refused(installer, sandbox, path, "does not include the permission for this")

    def test_nobody_else_s_connection_is_taken(self, home, homeowner, co_owner, installer, sandbox):
        ask(installer, home)
        row = homeowner.connection
        type(row).objects.filter(pk=row.pk).update(status="reconnect")
        before = sandbox.faults.all_calls()
        work()

        assert sandbox.faults.all_calls() == before
        assert RawResponse.objects.get().error == "ended"
