"""Days of synthetic homes: made up once and copied, and yet of one home each, whose sums come out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import queries as work
from gridshare_portal.cases.models import Case, Examination
from gridshare_portal.energy import periods
from gridshare_portal.portfolio import disclosure
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import days_of_energy, examined, people, rows
from gridshare_portal.synthetic import sites as synthetic_sites
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import queries as readings
from tests import people as cast

NIGHT = datetime(2026, 6, 2, 3, 40, tzinfo=UTC)
KEYS = st.builds(
    days_of_energy.Key,
    roles=st.sets(st.sampled_from(["solar", "battery", "grid", "ev"])).map(frozenset),
    kind=st.integers(0, days_of_energy.KINDS - 1),
    shift=st.integers(-48, 56),
)


def make(count, now=NIGHT, days=1):
    organization = cast.organization("retailer", "BrightGrid")
    list(rows.make(count=count, organization=organization, now=now, days=days))
    return organization


class TestACourse:
    @given(KEYS)
    def test_lets_go_out_what_came_in(self, key):
        solar, battery, grid, car = (
            days_of_energy.day_of(key, role) for role in ("solar", "battery", "grid", "ev")
        )
        came = solar.out_w + battery.out_w + grid.in_w
        went = battery.in_w + grid.out_w + car.in_w
        bare = days_of_energy.day_of(replace(key, roles=frozenset({"grid"})), "grid")

        assert (came - went == bare.in_w).all()  # what is left is what the rooms use, whatever else there is
        assert (bare.in_w > 0).all()
        assert all((one.in_w * one.out_w == 0).all() for one in (solar, battery, grid, car))

    @given(KEYS)
    def test_ends_with_the_battery_about_as_it_began(self, key):
        battery = days_of_energy.day_of(key, "battery")
        moved_wh = (battery.in_w - battery.out_w).sum() * days_of_energy.STEP_H

        assert abs(moved_wh) < days_of_energy.BATTERY_WH / 50
        assert ((battery.charge_pct >= 0) & (battery.charge_pct <= 100)).all()

    @given(KEYS, st.sampled_from(["solar", "battery", "grid", "ev"]), st.integers(0, 900))
    def test_goes_on_counting_from_day_to_day(self, key, role, number):
        day, course = days_of_energy.BEGAN_ON + timedelta(days=number), days_of_energy.day_of(key, role)
        for name in ("in_w", "out_w"):
            both = [course.counted_wh(name, one) for one in (day, day + missing.DAY)]

            assert (np.diff(np.concatenate(both)) >= 0).all()
            assert both[1][0] - both[0][-1] == pytest.approx(getattr(course, name)[0] * days_of_energy.STEP_H)

    def test_is_shared_by_two_batteries(self):
        key = days_of_energy.Key(roles=frozenset({"solar", "battery", "grid"}), kind=2, shift=0)

        assert (
            days_of_energy.day_of(key, "battery", 2).in_w * 2 == days_of_energy.day_of(key, "battery").in_w
        ).all()

    def test_is_dark_at_night(self):
        key = days_of_energy.Key(roles=frozenset({"solar", "grid"}), kind=5, shift=0)
        lit = np.flatnonzero(days_of_energy.day_of(key, "solar").out_w)

        assert lit.size and lit.min() >= 6 * 4 and lit.max() < 19 * 4


@pytest.mark.django_db
class TestTheDays:
    def test_reach_as_far_as_each_sensor_told(self):
        make(60, days=2)
        for row in telemetry.Day.objects.select_related("sensor__latest"):
            columns = packing.unpack(row.packed)
            last = missing.midnight(row.day) + row.known_count * missing.STEP

            assert last <= NIGHT and last <= row.sensor.latest.at + missing.STEP
            assert np.isfinite(columns["in_wh"]).sum() == row.known_count
            assert packing.flags(row.known, missing.BUCKETS).sum() == row.known_count

    def test_meet_the_newest_reading(self):
        make(60)
        today = telemetry.Day.objects.filter(day=NIGHT.date()).select_related("sensor__latest")
        told = [row for row in today if row.sensor.latest.at + missing.STEP <= NIGHT]

        assert told
        for row in told:
            columns, last = packing.unpack(row.packed), row.known_count - 1
            assert columns["in_wh"][last] == row.sensor.latest.in_wh
            assert columns["out_w"][last] == row.sensor.latest.out_w

    def test_are_as_many_as_were_asked_for(self):
        make(20, days=4)
        days = set(telemetry.Day.objects.values_list("day", flat=True))

        assert days == {NIGHT.date() - timedelta(days=number) for number in range(4)}
        assert set(telemetry.Day.objects.values_list("closed_at", flat=True)) == {
            None
        }  # all may still change
        assert not telemetry.Day.objects.filter(ask_again_at=None).exists()

    def test_are_packed_a_few_times_for_many_homes(self):
        make(200)
        blobs = telemetry.Day.objects.values_list("packed", flat=True)

        assert len(set(map(bytes, blobs))) < len(blobs) / 1.5

    def test_balance_on_the_pages_of_a_home(self):
        make(40, days=3)
        for site in sites.Site.objects.filter(devices__kind="BatteryPack")[:5]:
            day = periods.local_day(NIGHT.date() - timedelta(days=1), site.zone)
            went = readings.totals(site, day)

            if went.remainder_wh is not None:
                assert abs(went.remainder_wh) < 1.0


@pytest.mark.django_db
class TestReady:
    def test_has_cases_at_homes_and_figures_of_today(self):
        noon = datetime.now(UTC).replace(hour=12)  # just after midnight nobody knows a figure of the day
        with time_machine.travel(noon):
            call_command("make_portfolio", 150, kind="retailer", ready=True, yes=True, verbosity=0)
        organization = accounts.Organization.objects.get()
        sums = disclosure.disclosed(organization)

        assert Examination.objects.filter(examined_at=None).count() == 0
        assert len(set(Case.objects.values_list("cause", flat=True))) >= 5
        assert sums.homes > 100 and sums.figures["from_grid_wh"].value is not None

    def test_shows_cases_in_the_work_list(self):
        organization = make(80)
        list(examined.make(now=NIGHT))
        staff = cast.staff("rita@brightgrid.example", organization, "admin")

        assert work.page(staff.user, organization, work.Filters(), now=NIGHT).lines

    def test_stops_where_workers_are_at_it(self):
        make(5)
        held = {"lease_owner": "somebody", "lease_until_at": NIGHT + timedelta(minutes=1)}
        Examination.objects.bulk_create(
            Examination(site=site, due_at=NIGHT, **held) for site in sites.Site.objects.all()
        )

        assert list(examined.make(now=NIGHT)) == []

    def test_refuses_more_days_than_a_portal_keeps(self):
        with pytest.raises(CommandError, match="400"):
            call_command("make_portfolio", 1, days=401, yes=True)


class TestNames:
    def test_are_now_and_then_such_as_break_pages_and_files(self):
        made = [people.person(number).home for number in range(3000)]

        assert all(0 < len(name) <= 80 for name in made)
        assert set(people.ODD_HOMES) <= set(made)
        assert any("<script>" in name for name in made) and any(name.startswith("=") for name in made)

    def test_of_homes_are_no_longer_than_they_may_be(self):
        assert all(len(name) <= 120 for name in people.ODD_NAMES)
        assert synthetic_sites.SHAPES and max(len(name) for name in people.ODD_HOMES) == 80
