"""Ids that could lead elsewhere are refused before anything is sent."""

from datetime import UTC, datetime

import pytest

from gridshare_portal.gridshare import errors, types
from tests.gridshare import servers

SITES = b'{"entries":[{"siteId":"site-1"}]}'


class TestIds:
    @pytest.mark.parametrize(
        "bad",
        [
            "",
            ".",
            "..",
            "../sites",
            "..%2f..%2fsites",
            "%2e%2e",
            "a/../../sites",
            "d1?x=",
            "d1#x",
            "d1;x=1",
            "d\x001",
            "d\r\n1",
            "d 1",
            "d1\n",
            "ｄ１",
            "d" * 500,
            "-d",
            None,
            7,
        ],
    )
    def test_that_could_lead_elsewhere_are_refused_before_anything_is_sent(self, bad, client_of, tokens):
        with servers.serving(servers.json_answer(SITES)) as server:
            caller = client_of(server)
            calls = (
                lambda: caller.get_site_topology(bad),
                lambda: caller.get_device(bad),
                lambda: caller.patch_device(bad, changes={}),
                lambda: caller.get_device_telemetry(bad, start=datetime.now(UTC), end=datetime.now(UTC)),
                lambda: caller.get_device_operation_mode(bad),
                lambda: caller.set_device_operation_mode(bad, mode="Smart"),
                lambda: caller.get_device_overlay_plan(bad),
                lambda: caller.set_device_overlay_plan(bad, plan=types.Plan()),
            )
            for call in calls:
                with pytest.raises(errors.BadId):
                    call()

        assert server.requests == []
        assert tokens.asked == []

    def test_of_the_usual_kinds_are_sent_as_they_are(self, client_of):
        with servers.serving(servers.json_answer(b"{}")) as server:
            client_of(server).get_device("0a1b__GRID_METER_DERIVED")
            client_of(server).get_device("site:1.a-b")

        assert server.requests[0].startswith(b"GET /api/v2/devices/0a1b__GRID_METER_DERIVED HTTP")
        assert server.requests[1].startswith(b"GET /api/v2/devices/site%3A1.a-b HTTP")
