from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.audit import names, record
from gridshare_portal.installer.diagnosis import tree, tree_health
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection, Latest
from tests import people

DAY = date(2026, 6, 15)


def sensor(role="grid", name=None, **more):
    return tree_health.SensorWeek(synth_id=name or role, role=role, device="hub", **more)


def words(*sensors, devices=("hub",), balance=None):
    found = tree_health.mismatches(sensors, devices, balance)
    return {key: [one.word for one in some] for key, some in found.items()}


def hours(*days):
    """Newest day last; each a mapping of hour to watts, all other hours zero."""
    return {
        DAY + timedelta(days=number): {hour: told.get(hour, 0.0) for hour in range(24)}
        for number, told in enumerate(days)
    }


class TestWhatCannotBeRight:
    def test_is_nothing_in_a_healthy_home(self):
        assert words(sensor("grid"), sensor("battery", charge_pct=50.0), sensor("solar")) == {}

    def test_is_two_grid_meters(self):
        assert words(sensor("grid", "a"), sensor("grid", "b")) == {"a": ["grids"], "b": ["grids"]}

    def test_is_a_home_without_a_grid_meter(self):
        assert words(sensor("solar")) == {"": ["no_grid"]}

    def test_is_a_battery_without_a_charge(self):
        assert words(sensor("grid"), sensor("battery")) == {"battery": ["charge"]}

    def test_is_a_device_without_sensors(self):
        assert words(sensor("grid"), devices=("hub", "relay")) == {"relay": ["no_sensors"]}

    def test_is_a_sensor_that_nobody_knows_the_meaning_of(self):
        assert words(sensor("grid"), sensor("unknown")) == {"unknown": ["role"]}

    def test_is_a_sensor_that_never_told_anything(self):
        assert words(sensor("grid"), sensor("ev", has_told=False)) == {"ev": ["never"]}

    def test_is_solar_that_takes_in_more_than_it_gives(self):
        assert words(sensor("grid"), sensor("solar", in_wh=9000.0, out_wh=10.0)) == {"solar": ["turned"]}

    def test_is_a_sum_that_is_off(self):
        off = tree_health.DayBalance(through_wh=20_000, remainder_wh=-4_000)

        assert words(sensor("grid"), balance=off) == {"": ["sum"]}
        assert (
            words(sensor("grid"), balance=tree_health.DayBalance(through_wh=20_000, remainder_wh=900)) == {}
        )


class TestSolarAtNight:
    def test_is_power_in_hours_in_which_other_days_had_none(self):
        days = [{12: 3000.0}] * 4 + [{12: 3000.0, 20: 400.0}]

        assert tree_health.at_night(hours(*days)) == [20]

    def test_is_power_in_the_dead_of_night(self):
        days = [{hour: 500.0 for hour in range(24)}] * 3

        assert tree_health.at_night(hours(*days)) == [0, 1, 2, 3]

    def test_is_not_the_longer_day_of_spring(self):
        days = [{6: 20.0, 12: 3000.0}, {6: 30.0}, {6: 40.0}, {6: 45.0}, {6: 60.0}]

        assert tree_health.at_night(hours(*days)) == []

    def test_is_not_told_from_two_days(self):
        assert tree_health.at_night(hours({12: 1.0}, {20: 400.0})) == []

    @given(st.lists(st.dictionaries(st.integers(5, 21), st.floats(0, 9000)), min_size=1, max_size=2))
    def test_is_never_found_in_daylight_of_a_young_home(self, days):
        assert tree_health.at_night(hours(*days)) == []


@pytest.fixture
def read(homeowner, now):
    """The homeowner's home with ten days of readings."""
    row = Collection.objects.filter(site=homeowner.site)
    row.update(due_at=now, goal=(now - timedelta(days=10)).date())
    collect.run(collection_pk=row.get().pk, now=now, owner="me", seconds=60)
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

        assert counts[1] <= counts[0] <= 14
