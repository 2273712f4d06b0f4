"""The case file: what is in it, what is not, and who may take it."""

import csv
import io
import json
import re
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes, operations
from gridshare_portal.installer import visiting
from gridshare_portal.installer.diagnosis import bundle
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry.models import Day
from tests import readings
from tests.installer.diagnosis.visiting import visit

FILES = [
    "README.txt", "home.json", "topology.json", "devices.csv", "sensors.csv", "completeness.csv",
    "readings.csv", "calls.csv", "changes.csv", "connection.csv",
]  # fmt: skip
TOKENS = re.compile(r"eyJ[A-Za-z0-9_-]{6,}|(?i:bearer\s+\S{6,})")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")
WICKED = ['=HYPERLINK("http://evil")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\u202e=1", "a\r\n=1,2", "＝1"]


def taken(visitor, site):
    return visitor.post(reverse("installer:bundle", args=[visitor.organization.slug, site.synth_id]))


def opened(response):
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def rows(archive, name):
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


@pytest.fixture
def home(homeowner, installer):
    readings.fetch(homeowner, timezone.now(), days=12)
    visit(installer, homeowner.site)
    return homeowner.site


class TestTheCaseFile:
    def test_holds_every_part(self, home, installer):
        archive = opened(taken(installer, home))

        assert archive.namelist() == FILES and archive.testzip() is None
        assert json.loads(archive.read("home.json"))["id"] == home.synth_id
        assert json.loads(archive.read("topology.json"))["nodes"]
        assert {row["Serial number"] for row in rows(archive, "devices.csv")} == {
            device.serial_number for device in home.devices.all()
        }
        assert len(rows(archive, "sensors.csv")) == 3
        assert {row["Operation"] for row in rows(archive, "calls.csv")} >= {"listSites", "getDeviceTelemetry"}
        assert "connected Lunar" in rows(archive, "connection.csv")[0]["What happened"]

    def test_holds_the_readings_of_seven_days_and_no_more(self, home, installer):
        told = rows(opened(taken(installer, home)), "readings.csv")

        first = (timezone.now() - bundle.READINGS).date()
        expected = sum(
            Day.objects.filter(sensor__site=home, day__gte=first).values_list("known_count", flat=True)
        )
        assert len(told) == expected > 3 * 6 * 90
        assert min(row["Start (UTC)"] for row in told)[:10] == str(first)
        battery = [row for row in told if row["Measures"] == "battery"]
        assert all(0 <= float(row["Charge (%)"]) <= 100 for row in battery)
        assert {row["Charge (%)"] for row in told if row["Measures"] == "grid"} == {""}

    def test_holds_how_complete_every_day_is(self, home, installer):
        told = rows(opened(taken(installer, home)), "completeness.csv")

        assert len(told) == Day.objects.filter(sensor__site=home).count()
        assert {row["Of"] for row in told} == {"96"}

    def test_holds_what_was_changed(self, home, homeowner, battery, installer, now):
        changes.make(actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=now)
        (row,) = rows(opened(taken(installer, home)), "changes.csv")

        assert (row["Kind"], row["Outcome"], json.loads(row["Asked for"])) == (
            "mode", "confirmed", {"mode": "Smart"},
        )  # fmt: skip

    def test_names_no_person(self, home, homeowner, battery, installer, now):
        changes.make(actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=now)
        archive = opened(taken(installer, home))
        whole = "".join(archive.read(name).decode() for name in FILES)

        for person in (homeowner.user, installer.user):
            assert person.email not in whole and person.name not in whole

    def test_holds_no_token_and_nothing_sealed(self, home, homeowner, installer):
        row = homeowner.connection
        device = home.devices.first()
        device.extra, device.model = {}, f"Battery {row.access_token()[:180]}"
        device.save()
        home.topology["nodes"][0]["extra"] = {"authorization": f"Bearer {row.access_token()}"}
        home.save()
        archive = opened(taken(installer, home))

        secrets = [row.access_token(), row.refresh_token(), row.access_sealed, row.refresh_sealed]
        for name in FILES:
            text = archive.read(name).decode()
            assert not TOKENS.search(text), name
            assert not any(secret in text for secret in secrets), name

    @pytest.mark.parametrize("wicked", WICKED)
    def test_begins_no_cell_like_a_formula(self, home, installer, wicked):
        home.devices.update(manufacturer=wicked, model=wicked, serial_number=wicked, kind=wicked)
        home.changes.create(
            device=home.devices.first(), kind="mode", asked={}, sentence=wicked, made_at=timezone.now()
        )
        sites.Site.objects.update(name=wicked)
        archive = opened(taken(installer, home))

        for name in FILES:
            if name.endswith(".csv"):
                for row in csv.reader(io.StringIO(archive.read(name).decode())):
                    assert not any(cell.lstrip().startswith(FORMULA) for cell in row), name
                    assert not any("\u202e" in cell for cell in row)

    def test_is_named_after_the_home_in_plain_letters(self, home, installer):
        sites.Site.objects.update(name='Zoë\'s "home"\r\n\u202e/../x')
        disposition = taken(installer, home)["Content-Disposition"]

        assert re.fullmatch(r'attachment; filename="case-file_[a-z0-9-]+_\d{4}-\d\d-\d\d\.zip"', disposition)


class TestTakingIt:
    def test_leaves_a_line_for_the_homeowner(self, home, installer):
        taken(installer, home)

        event = record.events_of_site(home.synth_id).get(name="site_exported")
        assert (event.organization_id, event.details["page"]) == (installer.organization.pk, "bundle")

    def test_needs_a_visit(self, homeowner, installer):
        assert taken(installer, homeowner.site).status_code == 403
        assert not record.events_of_site(homeowner.site.synth_id).filter(name="site_exported").exists()

    def test_is_not_for_those_whom_the_home_is_not_shared_with(self, home, installer, outsider, neighbor):
        assert taken(outsider, home).status_code == 404
        assert taken(installer, neighbor.site).status_code == 404

    def test_ends_with_the_consent(self, home, installer):
        home.consents.update(ended_at=timezone.now() - timedelta(seconds=1))

        assert taken(installer, home).status_code == 404

    def test_is_not_done_by_looking(self, home, installer):
        there = reverse("installer:bundle", args=[installer.organization.slug, home.synth_id])

        assert installer.get(there).status_code == 405


class TestItsCost:
    def test_in_memory_does_not_grow_with_the_home(self, home, installer):
        looked = visiting.Looked(
            site=home, organization=installer.organization, consents=tuple(home.consents.all()),
            visit=None, now=timezone.now(),
        )  # fmt: skip
        newest = home.sensors.filter(days__isnull=False).first()
        days = list(Day.objects.filter(sensor=newest).order_by("-day")[:8])

        def peak(sensors):
            have = home.sensors.count()
            for number in range(have, have + sensors):
                more = home.sensors.create(synth_id=f"more-{number}", role_found="relay", position=number)
                Day.objects.bulk_create([_copy(day, more) for day in days])
            tracemalloc.start()
            size = sum(len(piece) for piece in bundle.stream(looked))
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return most, size

        peak(10)
        small, small_size = peak(0)
        large, large_size = peak(40)

        assert large_size > 2 * small_size
        assert large < 1.5 * small, (small, small_size, large, large_size)


def _copy(day, sensor):
    fields = {name: getattr(day, name) for name in ("day", "step_s", "packed", "known", "known_count")}
    return Day(sensor=sensor, **fields)
