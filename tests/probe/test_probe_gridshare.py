"""The command: through whose account, at what price, and what it says when there is no way."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from gridshare_portal.audit import queries as record
from gridshare_portal.sandbox.api.faults import WRITES


def probe(**options):
    out = io.StringIO()
    call_command("probe_gridshare", stdout=out, pause=0, **options)
    return out.getvalue()


class TestTheCommand:
    def test_prints_what_the_service_does_and_the_settings_to_use(self, homeowner, sandbox):
        told = probe()

        assert "GRIDSHARE_DIALECT=published" in told
        assert "The service speaks the published dialect." in told
        assert [name for name in WRITES if sandbox.calls(name)] == []

    def test_names_nobody(self, homeowner, sandbox):
        told, site = probe(), homeowner.site
        ids = [site.synth_id, *site.devices.values_list("synth_id", flat=True)]
        token = homeowner.connection.access_token()

        for personal in (
            *ids,
            site.name,
            homeowner.user.email,
            homeowner.user.name,
            "ada",
            token,
            token[:20],
        ):
            assert not personal or personal not in told

    def test_says_that_something_differs(self, homeowner, sandbox):
        sandbox.faults.switch_on("getDeviceTelemetry", "flipped")

        assert "!!" in probe() and "flipped" in probe().splitlines()[-1]

    def test_tells_the_homeowner(self, homeowner, sandbox):
        probe()
        event = record.events_of_site(homeowner.site.synth_id).get(name="answer_asked")
        page = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id]))

        assert event.details == {"operation": "probe_gridshare"}
        assert "asked Lunar for a raw answer" in page.text

    def test_reads_through_the_account_that_is_named(self, homeowner, neighbor, sandbox):
        with pytest.raises(CommandError, match="2 Lunar accounts are connected"):
            probe()
        assert "Ids of devices: 6" in probe(account="BEN@portal.example")
        assert "Ids of devices: 1" in probe(account=homeowner.user.email)

    @pytest.mark.parametrize("account", ["", "nobody@portal.example"])
    def test_says_when_nobody_is_connected(self, db, account):
        with pytest.raises(CommandError, match="No Lunar account is connected"):
            probe(account=account)

    def test_says_when_the_connection_has_ended(self, homeowner, sandbox):
        sandbox.faults.switch_on("getDeviceTelemetry", "token_revoked")
        sandbox.faults.switch_on("oauthToken", "invalid_grant")

        with pytest.raises(CommandError, match="The connection to Lunar has ended"):
            probe()

    @pytest.mark.parametrize("pause", [-1, 61, float("nan")])
    def test_waits_no_longer_than_a_minute(self, homeowner, sandbox, pause):
        with pytest.raises(CommandError, match="Wait between 0 and 60 seconds"):
            call_command("probe_gridshare", pause=pause)
