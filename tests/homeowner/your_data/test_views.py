import csv
import io
import json
import re
import zipfile
from datetime import timedelta

import numpy as np
import pytest
from allauth.mfa.models import Authenticator

from gridshare_portal.access import consents, visits
from gridshare_portal.access import models as access
from gridshare_portal.audit import models as audit
from gridshare_portal.control import changes, operations
from gridshare_portal.lunar import models as lunar
from gridshare_portal.retention import rules
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import packing
from gridshare_portal.telemetry.models import Day, Revision
from tests import people, readings

pytestmark = pytest.mark.django_db
ADDRESS, KEPT = "/account/data/", "/what-we-keep/"


def archive_of(somebody):
    page = somebody.post(ADDRESS)
    assert page.status_code == 200 and page.streaming
    return zipfile.ZipFile(io.BytesIO(b"".join(page.streaming_content)))


def texts(archive):
    return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def of_home(found, ending):
    return next(text for name, text in found.items() if name.startswith("homes/") and name.endswith(ending))


class TestWhatWeKeep:
    def test_is_read_by_anybody_and_says_every_rule(self, visitor):
        page = visitor.get(KEPT)

        assert page.status_code == 200
        for rule in rules.RULES:
            assert rule.what in page.text and rule.since[1:] in page.text and rule.why in page.text
            assert rule.how_long in page.text
        assert all(data_class.value in page.text for data_class in rules.DataClass)

    def test_is_reached_from_the_front_page_and_from_the_menu(self, visitor, stranger):
        assert f'href="{KEPT}"' in visitor.get("/").text
        menu = stranger.get(ADDRESS).text

        assert f'href="{KEPT}"' in menu and f'href="{ADDRESS}"' in menu
        assert f'href="{KEPT}"' in stranger.get("/account/delete/").text

    def test_is_told_where_somebody_disconnects(self, homeowner):
        where = f"/connection/{homeowner.connection.pk}/disconnect/"
        assert "Otherwise it stays for 30 days" in homeowner.get(where).text

        page = homeowner.post(where, {}, follow=True)

        assert "stay here for 30 days, then they are deleted" in page.text
        assert "What is stored of its homes is deleted on" in page.text


class TestTakingAway:
    @pytest.fixture
    def lived(self, homeowner, installer, battery, now):
        sites.Site.objects.filter(pk=homeowner.site.pk).update(name="=Cottage, by the lake")
        access.Consent.objects.all().delete()
        terms = {"right": "control", "lasts": "year", "ask_first": False}
        given = {"organization": installer.organization, "given_by": homeowner.user, "now": now}
        consents.give(site=homeowner.site, **given, **terms)
        readings.begin(homeowner.site)
        asked = operations.AskMode(mode="Smart")
        changes.make(actor=homeowner.user, device=battery, asked=asked, reason="=1+1", now=now)
        visits.open(
            user=installer.user, site=homeowner.site, organization=installer.organization,
            reason="other", words="@SUM(A1)", now=now,
        )  # fmt: skip
        installer.get(f"/homes/{homeowner.site.synth_id}/")
        Authenticator.objects.create(
            user=homeowner.user, type="webauthn", data={"name": "My phone", "credential": "s3cr3t"}
        )
        return homeowner

    def test_gives_one_archive_with_everything(self, lived):
        archive = archive_of(lived)
        found = texts(archive)

        assert archive.testzip() is None
        assert {
            "README.txt",
            "account.json",
            "lunar-accounts.json",
            "shared.json",
            "what-you-did.csv",
        } <= set(found)
        assert {name.rpartition("/")[2] for name in found} >= {
            "home.json",
            "changes.json",
            "proposals.json",
            "who-looked.csv",
            "changed-later.csv",
        }
        assert len([name for name in found if "/readings/" in name]) == lived.site.sensors.count() > 2
        assert all(json.loads(text) is not None for name, text in found.items() if name.endswith(".json"))
        assert json.loads(found["account.json"])["second_factors"][0]["name"] == "My phone"
        assert json.loads(found["shared.json"])[0]["organization"] == "SunFix"
        change = json.loads(of_home(found, "changes.json"))[0]
        assert (change["asked_by"], change["outcome"]) == ("You", "Confirmed")
        assert "Ines" in of_home(found, "who-looked.csv")
        assert "took all data of the account away" in found["what-you-did.csv"]

    def test_gives_what_lunar_changed_of_readings_later(self, lived, now):
        solar = lived.site.sensors.get(role_found="solar")
        energies = {"out_before_wh": 8200.0, "out_after_wh": 15_800.5}
        noted = {"day": "2026-05-03", "noticed_at": now, "revised": 3, "filled": 0, **energies}
        Revision.objects.create(sensor=solar, **noted)

        (row,) = rows(of_home(texts(archive_of(lived)), "changed-later.csv"))
        assert (row["sensor_id"], row["day"], row["corrected"]) == (solar.synth_id, "2026-05-03", "3")
        assert (row["out_before_wh"], row["out_after_wh"]) == ("8200", "15800.5")
        assert row["in_before_wh"] == ""

    def test_names_files_in_plain_letters_and_lists_them_in_the_explanation(self, lived):
        archive = archive_of(lived)

        assert all(
            re.fullmatch(r"[A-Za-z0-9/._-]+", name) and ".." not in name for name in archive.namelist()
        )
        assert "homes/1-cottage-by-the-lake/home.json" in archive.namelist()
        assert "homes/1-cottage-by-the-lake/" in archive.read("README.txt").decode()

    def test_has_no_cell_that_a_spreadsheet_runs(self, lived):
        cells = [
            cell
            for name, text in texts(archive_of(lived)).items()
            if name.endswith(".csv") and "/readings/" not in name
            for row in csv.reader(io.StringIO(text))
            for cell in row
        ]

        assert "'@SUM(A1)" in cells
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []

    def test_holds_no_key_and_no_secret(self, lived, homeowner):
        connection = lunar.Connection.objects.get(pk=homeowner.connection.pk)
        secrets = [
            connection.access_sealed, connection.refresh_sealed,
            connection.access_token(), connection.refresh_token(),
            homeowner.session.session_key, "s3cr3t", "sealed", "session_key",
        ]  # fmt: skip
        whole = "".join(text for name, text in texts(archive_of(lived)).items() if name != "README.txt")

        assert all(secrets) and [secret for secret in secrets if secret in whole] == []

    def test_leaves_a_line_in_the_record(self, lived):
        archive_of(lived)

        told = audit.Event.objects.get(name="account_exported")
        assert (told.actor_id, told.subject_id, told.details) == (lived.user.pk, lived.user.pk, {"homes": 1})

    def test_happens_only_when_it_was_asked_for(self, lived):
        page = lived.get(ADDRESS)

        assert "Download everything" in page.text
        assert not audit.Event.objects.filter(name="account_exported").exists()

    def test_refuses_a_form_that_came_from_elsewhere(self, lived):
        lived.handler.enforce_csrf_checks = True

        assert lived.post(ADDRESS).status_code == 403
        assert not audit.Event.objects.filter(name="account_exported").exists()

    def test_is_kept_by_nobody_on_the_way(self, stranger, now):
        page = stranger.post(ADDRESS)

        assert page.headers["Cache-Control"] == "no-store"
        assert re.fullmatch(
            r'attachment; filename="my-data_[\d-]+\.zip"', page.headers["Content-Disposition"]
        )

    def test_gives_nothing_of_others(self, lived, co_owner, neighbor):
        share = people.share(lived.site, people.organization("installer", "RoofWorks"), co_owner.user)
        found = "".join(texts(archive_of(lived)).values())
        hers = "".join(texts(archive_of(co_owner)).values())

        for other in (co_owner, neighbor):
            assert other.user.email not in found and other.connection.sub not in found
        assert neighbor.site.synth_id not in found
        assert share.organization.name not in found and share.organization.name in hers
        assert lived.user.email not in hers and lived.connection.sub not in hers

    def test_gives_a_person_without_a_home_their_account(self, installer, homeowner):
        found = texts(archive_of(installer))

        assert [name for name in found if name.startswith("homes/")] == []
        assert json.loads(found["account.json"])["works_for"][0]["organization"] == "SunFix"
        assert "You have no home here" in found["README.txt"]
        assert homeowner.site.synth_id not in "".join(found.values())

    def test_begins_where_one_began_to_live_there(self, lived, battery, now):
        """What an earlier resident did is theirs."""
        lunar.Connection.objects.update(created_at=now + timedelta(hours=1))

        assert json.loads(of_home(texts(archive_of(lived)), "changes.json")) == []


class TestReadings:
    def day(self, sensor, day, columns, known, closed_at):
        return Day.objects.create(
            sensor=sensor, day=day, step_s=900, packed=packing.pack(columns), known=packing.bits(known),
            known_count=int(known.sum()), closed_at=closed_at,
        )  # fmt: skip

    @pytest.fixture
    def sensor(self, homeowner):
        Day.objects.all().delete()
        sites.Site.objects.filter(pk=homeowner.site.pk).update(time_zone="America/New_York")
        return homeowner.site.sensors.first()

    def file_of(self, homeowner, sensor):
        return rows(
            next(text for name, text in texts(archive_of(homeowner)).items() if "/readings/1-" in name)
        )

    def test_are_empty_where_nobody_knows_and_zero_where_it_was_zero(self, homeowner, sensor, now):
        power, known = np.full(96, np.nan), np.zeros(96, dtype=bool)
        power[0], power[2], known[[0, 2]] = 0.0, 1234.5, True
        self.day(sensor, "2026-11-01", {"in_w": power}, known, now)

        found = self.file_of(homeowner, sensor)

        assert len(found) == 96
        assert [row["in_w"] for row in found[:4]] == ["0", "", "1234.5", ""]
        assert {row["charge_pct"] for row in found} == {""}

    def test_tell_both_clocks_also_in_the_hour_that_comes_twice(self, homeowner, sensor, now):
        known = np.ones(96, dtype=bool)
        self.day(sensor, "2026-11-01", {"in_w": np.ones(96)}, known, now)

        found = self.file_of(homeowner, sensor)

        twice = [row for row in found if "T01:30:00" in row["start_local"]]
        assert [row["start_utc"] for row in twice] == ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]
        assert [row["start_local"][-6:] for row in twice] == ["-04:00", "-05:00"]

    def test_of_a_day_that_goes_on_end_with_the_last_known(self, homeowner, sensor):
        known = np.zeros(96, dtype=bool)
        known[:5] = True
        self.day(sensor, "2026-11-01", {"in_w": np.where(known, 7.0, np.nan)}, known, None)

        assert len(self.file_of(homeowner, sensor)) == 5

    def test_are_all_there_over_many_months(self, homeowner, sensor, now):
        known = np.ones(96, dtype=bool)
        for number in range(70):
            day = (now - timedelta(days=number)).date()
            self.day(sensor, day, {"in_w": np.full(96, float(number))}, known, now)

        found = self.file_of(homeowner, sensor)

        assert len(found) == 70 * 96
        starts = [row["start_utc"] for row in found]
        assert starts == sorted(set(starts))
        assert [row["in_w"] for row in found[::96]] == [str(number) for number in range(69, -1, -1)]
