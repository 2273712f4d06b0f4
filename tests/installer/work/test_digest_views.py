"""The choice of getting the daily e-mail."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from gridshare_portal.cases import digest
from gridshare_portal.cases.models import Digest

DAY = timedelta(days=1)


def send_all(now):
    return [digest.send(pk=pk, now=now) for pk in digest.due(now=now)]


class TestTheChoice:
    def test_is_one_tap_off(self, installer, morning, case, mailoutbox):
        address = reverse("installer:digest", args=["sunfix"])
        assert "Turn it off" in installer.get(address).text
        page = installer.post(address, {"time_zone": "Europe/Berlin"}, follow=True)

        assert "No more letters." in page.text
        assert send_all(morning + DAY) == [] and mailoutbox == []

    def test_is_also_a_viewer_s_to_make(self, viewer):
        address = reverse("installer:digest", args=["sunfix"])
        assert "<strong>Off.</strong>" in viewer.get(address).text
        viewer.post(address, {"is_on": "on", "time_zone": "Europe/Berlin"})

        chosen = Digest.objects.get(user=viewer.user)
        assert (chosen.is_on, chosen.time_zone) == (True, "Europe/Berlin")
        assert chosen.due_at.astimezone(ZoneInfo("Europe/Berlin")).hour == 7

    @pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "x" * 10_000])
    def test_refuses_a_time_zone_that_is_none(self, zone, installer):
        page = installer.post(
            reverse("installer:digest", args=["sunfix"]), {"is_on": "on", "time_zone": zone}
        )

        assert page.status_code == 422 and not Digest.objects.exists()
