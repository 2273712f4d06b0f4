"""A home in the database with sensors of any role, and days of readings written as collect writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from gridshare_portal.gridshare import types
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import days, missing
from gridshare_portal.telemetry.models import Collection
from tests.telemetry.collected import set_back

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Home:
    """A home whose meters tell what the test says, bucket by bucket."""

    def __init__(self):
        self.site = sites.Site.objects.create(
            synth_id="site-1", name="Home", time_zone="Europe/London", created_at=NOON
        )

    def sensor(self, role, *, capacity_wh=None, gone_at=None):
        number = self.site.sensors.count()
        device = sites.Device.objects.create(
            site=self.site, synth_id=f"device-{number}", capacity_wh=capacity_wh
        )
        return sites.Sensor.objects.create(
            site=self.site,
            device=device,
            synth_id=f"sensor-{number}",
            role_found=role,
            position=number,
            gone_at=gone_at,
        )

    def tell(self, sensor, start, went_in, went_out=None, *, charge_pct=None, now=NOON, counted=1000.0):
        """Store energies per bucket as a meter reports them; None leaves a bucket out."""
        readings, total_in, total_out = [], counted, counted
        pairs = zip(went_in, went_out or [0] * len(went_in), strict=True)
        for number, (into, out_of) in enumerate(pairs):
            if into is None:
                continue
            total_in, total_out = total_in + into, total_out + out_of
            readings.append(
                types.Reading(
                    at=start + number * missing.STEP,
                    in_w=max(into - out_of, 0) * 4,
                    out_w=max(out_of - into, 0) * 4,
                    in_wh=total_in,
                    out_wh=total_out,
                    charge_pct=charge_pct,
                )
            )
        window = missing.Window(sensor=sensor.pk, start=start, end=start + len(went_in) * missing.STEP)
        answer = days.FetchedReadings(window=window, readings=readings)
        days.store(days.merge([answer], now=now))
        days.write_latest([answer], now=now)
        return answer

    def read_at(self, moment):
        Collection.objects.update_or_create(
            site=self.site,
            defaults={
                "last_ok_at": moment,
                "stamped_at": moment,
                "goal": (moment - timedelta(days=400)).date(),
                "due_at": moment,
            },
        )


@pytest.fixture
def home(db):
    return Home()


@pytest.fixture
def month(homeowner):
    """The homeowner's home, whose walk into the past is to end after four weeks."""
    set_back(homeowner, goal=(timezone.now() - timedelta(days=30)).date())
    return homeowner
