"""How often a page of a home asks the database: a few times, whatever the home has."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gridshare_portal.sites import models as sites
from tests.readings import begin

SIGNED_IN = 2  # the session, and who it is
PAGES = {  # beyond those two
    "site": 9,
    "now": 7,
    "telemetry": 6,
    "telemetry_json": 4,
    "control": 5,
    "devices": 8,
}


@pytest.fixture
def home(homeowner):
    begin(homeowner.site, seconds=0.5)
    return homeowner.site


def asked(visitor, name, site):
    address = reverse(f"homeowner:{name}", args=[site.synth_id])
    visitor.get(address)  # the first look notes that somebody looks
    with CaptureQueriesContext(connection) as found:
        assert visitor.get(address).status_code == 200
    return len(found)


def grown(site):
    """Give a home twenty times its sensors and devices."""
    device = site.devices.order_by("pk")[0]
    for n in range(20):
        more = sites.Device.objects.create(site=site, synth_id=f"more-{n}", kind=device.kind)
        for sensor in site.sensors.filter(device=device):
            sensor.pk, sensor.device, sensor.synth_id = None, more, f"{sensor.synth_id}-{n}"
            sensor.save()
    return site


class TestAPageOfAHome:
    @pytest.mark.parametrize("name", PAGES)
    def test_asks_the_database_a_few_times(self, homeowner, home, name):
        assert asked(homeowner, name, home) <= SIGNED_IN + PAGES[name]

    @pytest.mark.parametrize("name", PAGES)
    def test_asks_no_more_where_there_are_sixty_sensors(self, homeowner, home, name):
        few = asked(homeowner, name, home)

        assert asked(homeowner, name, grown(home)) <= few
        assert home.sensors.count() >= 60
