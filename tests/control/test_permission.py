"""Who may change a device, asked again just before sending."""

import pytest

from gridshare_portal.control import changes, models, operations, permission
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from tests.control.kept import events

pytestmark = pytest.mark.django_db
MODE, PLAN, DETAILS = "setDeviceOperationMode", "setDeviceOverlayPlan", "patchDevice"


class TestWhoMay:
    def test_does_not_include_a_neighbor(self, ask_smart, neighbor, homeowner, sandbox):
        with pytest.raises(permission.ChangeNotPermitted) as refused:
            ask_smart(actor=neighbor.user)

        assert refused.value.reason == "You cannot see this home."
        assert not models.Change.objects.exists()
        assert events(homeowner.site)[-1] == ("change_refused", None)
        assert sandbox.calls(MODE) == 0

    def test_names_the_permission_that_is_missing(self, reader, now):
        device = sites.Device.objects.filter(site=reader.site, sensors__role_found="battery").first()

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            changes.make(actor=reader.user, device=device, asked=operations.AskMode(mode="Smart"), now=now)

        assert refused.value.scope == "lunar/device.write"

    def test_is_asked_again_just_before_sending(self, ask_smart, homeowner, sandbox):
        real = operations.AskMode.look

        def look_while_disconnecting(self, client, synth_id):
            lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
            return real(self, client, synth_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(operations.AskMode, "look", look_while_disconnecting)
            change = ask_smart()

        assert (change.outcome, sandbox.calls(MODE)) == ("refused", 0)

    def test_is_nobody_any_more_once_the_account_is_gone(self, ask_smart, co_owner, now):
        change = ask_smart(actor=co_owner.user)
        co_owner.user.delete()
        change.refresh_from_db()

        refusal = permission.refusal_of(change, operations.AskMode(mode="Smart"), now=now)

        assert refusal == permission.ACCESS_ENDED

    def test_goes_through_ones_own_connection_and_not_a_co_owners(
        self, ask_smart, homeowner, co_owner, sandbox
    ):
        own = homeowner.connection
        lunar.Connection.objects.filter(pk=co_owner.connection.pk).update(access_sealed="broken")
        lunar.Connection.objects.filter(pk=own.pk).update(failures=5)

        assert ask_smart().outcome == "confirmed"
