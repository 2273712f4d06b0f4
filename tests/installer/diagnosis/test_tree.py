"""A home's topology as drawn for staff."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.audit import names, record
from gridshare_portal.installer.diagnosis import tree
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry.models import Latest
from tests import people, readings


@pytest.fixture
def read(homeowner, now):
    """The homeowner's home with ten days of readings."""
    readings.fetch(homeowner, now, days=10)
    return homeowner


def drawn(visitor, now, organization_id=0):
    return tree.tree_of(visitor.site, organization_id=organization_id, now=now)


class TestTheTree:
    def test_of_the_pretended_home_is_healthy(self, read, now):
        told = drawn(read, now)

        assert (told.wrong_count, told.silent_count, told.sensor_count) == (0, 0, 3)
        assert {line.freshness for line in told.lines if line.branch.sensor} <= {"fresh", "late"}
        assert {line.role_by for line in told.lines if line.branch.sensor} == {"the portal"}

    def test_finds_a_grid_meter_that_was_called_solar(self, read, now):
        sites.Sensor.objects.filter(site=read.site, role_found="grid").update(role_set="solar")
        told = drawn(read, now)

        found = {one.word for line in told.lines for one in line.wrong} | {one.word for one in told.home}
        assert "no_grid" in found and found & {"turned", "night"}

    def test_finds_a_battery_that_is_none(self, read, now):
        sites.Sensor.objects.filter(site=read.site, role_found="solar").update(role_set="battery")

        (wrong,) = [one for line in drawn(read, now).lines for one in line.wrong]
        assert wrong.word == "charge"

    def test_says_how_old_a_reading_is(self, read, now):
        solar = read.site.sensors.get(role_found="solar")
        Latest.objects.filter(sensor=solar).update(at=now - timedelta(days=2), read_at=now)

        told = drawn(read, now)
        assert [line.freshness for line in told.lines if line.branch.synth_id == solar.synth_id] == ["silent"]
        assert told.silent_count == 1

    @pytest.mark.parametrize(
        ("by", "said"), [(None, "the homeowner"), (7, "Ines Installer"), (8, "another organization")]
    )
    def test_says_who_gave_a_sensor_its_role(self, read, now, by, said):
        solar = read.site.sensors.get(role_found="solar")
        type(solar).objects.filter(pk=solar.pk).update(role_set="solar")

        class Organization:
            pk = by

        class Ines:
            pk = 1

            def __str__(self):
                return "Ines Installer"

        record.add(
            name=names.Name.ROLE_CORRECTED, at=now, actor=Ines(), site=read.site,
            organization=Organization() if by else None, details={"sensor": solar.synth_id},
        )  # fmt: skip

        told = {line.branch.synth_id: line.role_by for line in drawn(read, now, organization_id=7).lines}
        assert told[solar.synth_id] == said

    def test_costs_the_same_for_a_home_with_sixty_sensors(self, read, sandbox, now):
        finn = people.with_home("finn@portal.example", "finn", sandbox=sandbox)
        counts = []
        for visitor in (read, finn):
            with CaptureQueriesContext(connection) as queries:
                drawn(visitor, now)
            counts.append(len(queries))

        assert counts[1] <= counts[0] <= 19
