"""How a sensor tells its readings, as staff and the homeowner read it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.telemetry.meaning import told, words
from gridshare_portal.telemetry.models import Meaning
from tests import readings
from tests.installer.diagnosis.visiting import visit

FLIPPED = words.SENTENCES["power_sign", told.OUT_OF]
HOURS = "Lunar tells a reading every hour; charts show it in steps of that length."


@pytest.fixture
def odd_home(homeowner, installer, sandbox):
    """A home whose power is told the other way round, by the hour."""
    sandbox.faults.switch_on("getDeviceTelemetry", "flipped")
    sandbox.faults.switch_on("getDeviceTelemetry", "coarser")
    Meaning.objects.all().delete()
    readings.fetch(homeowner, timezone.now(), days=5)
    readings.fetch(homeowner, timezone.now() + timedelta(minutes=5), days=5)
    visit(installer, homeowner.site)
    return homeowner.site


class TestWhatIsUnusual:
    @pytest.mark.parametrize("page", ["home", "topology"])
    def test_is_told_to_staff(self, odd_home, installer, page):
        address = reverse(f"installer:{page}", args=[installer.organization.slug, odd_home.synth_id])
        text = installer.get(address).text

        assert FLIPPED in text and HOURS in text

    def test_is_told_to_the_homeowner_beside_the_sensor(self, odd_home, homeowner):
        device = odd_home.devices.filter(sensors__role_found="solar")[0]
        text = homeowner.get(reverse("homeowner:device", args=[device.synth_id])).text

        assert FLIPPED in text and HOURS in text

    def test_is_not_spoken_of_where_all_is_as_usual(self, home, installer):
        for page in ("home", "topology"):
            address = reverse(f"installer:{page}", args=[installer.organization.slug, home.synth_id])
            text = installer.get(address).text
            assert "How readings are told" not in text and "Lunar tells" not in text

    def test_says_that_somebody_set_it(self, home, installer):
        sensor = home.sensors.filter(role_found="solar")[0]
        Meaning.objects.update_or_create(sensor=sensor, defaults={"chosen": {"charge_scale": 100}})
        address = reverse("installer:home", args=[installer.organization.slug, home.synth_id])

        assert "set by those who run the portal" in installer.get(address).text

    def test_costs_the_same_however_many_sensors_there_are(self, odd_home, installer):
        address = reverse("installer:home", args=[installer.organization.slug, odd_home.synth_id])
        with CaptureQueriesContext(connection) as many:
            installer.get(address)
        Meaning.objects.all().delete()
        with CaptureQueriesContext(connection) as none:
            installer.get(address)

        assert len(many) == len(none)


class TestAChartOfDays:
    @pytest.mark.parametrize("by", ["quarter", "hour"])
    def test_does_not_show_hours_that_nobody_told(self, homeowner, sandbox, by):
        sandbox.faults.switch_on("getDeviceTelemetry", "coarser", step="P1D")
        readings.fetch(homeowner, timezone.now(), days=9)
        readings.fetch(homeowner, timezone.now() + timedelta(minutes=5), days=9)
        day = (timezone.now() - timedelta(days=2)).date()
        address = reverse("homeowner:telemetry_json", args=[homeowner.site.synth_id])
        data = homeowner.get(address, {"view": "day", "day": day.isoformat(), "by": by}).json()

        assert data["gaps"] == []
        assert len(data["solar_w" if by == "quarter" else "solar_wh"]) == 1


class TestAChartOfHours:
    def test_has_a_row_an_hour_and_no_gap(self, odd_home, homeowner):
        day = (timezone.now() - timedelta(days=2)).date()
        address = reverse("homeowner:telemetry_json", args=[odd_home.synth_id])
        data = homeowner.get(address, {"view": "day", "day": day.isoformat()}).json()

        assert (data["step"], data["gaps"]) == (3600, [])
        assert data["count"] == len(data["home_w"]) == 24
        assert None not in data["home_w"]

    def test_is_the_same_in_a_file(self, odd_home, homeowner):
        day = (timezone.now() - timedelta(days=2)).date()
        query = {"view": "day", "day": day.isoformat(), "by": "quarter"}
        address = reverse("homeowner:telemetry_csv", args=[odd_home.synth_id])
        fine = homeowner.get(address, query).getvalue().decode("utf-8-sig").splitlines()
        hours = homeowner.get(address, query | {"by": "hour"}).getvalue().decode("utf-8-sig").splitlines()

        assert len(fine) == len(hours) == 25
        for one, other in zip(fine[1:], hours[1:], strict=True):
            assert one.split(",")[1:3] == other.split(",")[1:3]
            assert other.split(",")[3] in one.split(",")
