"""Columns that are said to be unchanged are: whatever changes them changes their mark, before a day is read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.homeowner.history import charts, range
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection, Day
from tests.readings import begin, fetch

VIEWS = ("day", "month", "year")
LATER = timezone.now() + timedelta(hours=1)


@pytest.fixture
def home(homeowner):
    begin(homeowner.site, seconds=0.5)
    return homeowner.site


def marked(home, now):
    """Return for each view today the mark of its columns, and the columns."""
    home = sites.Site.objects.get(pk=home.pk)
    today = now.astimezone(home.zone).date()
    found = {}
    for view in VIEWS:
        choice = range.read({"view": [view]}, today=today, zone=home.zone).choice
        kept = charts.read(home, choice)
        found[view] = charts.mark(kept, choice, now=now), charts.figure(kept, choice, now=now).data
    return found


def differ(before, after):
    """Return the views whose columns differ; each of them has another mark."""
    changed = [view for view in VIEWS if before[view][1] != after[view][1]]
    assert [view for view in changed if before[view][0] == after[view][0]] == []
    return changed


class TestUnchangedColumns:
    def test_are_known_to_be_before_any_day_is_read(self, homeowner, home):
        address = reverse("homeowner:telemetry_json", args=[home.synth_id])
        for view in VIEWS:
            mark = homeowner.get(address, {"view": view})["ETag"]
            with CaptureQueriesContext(connection) as asked:
                answer = homeowner.get(address, {"view": view}, headers={"If-None-Match": mark})

            assert answer.status_code == 304 and answer["ETag"] == mark
            assert answer["Cache-Control"] == "private, no-cache" and "Cookie" in answer["Vary"]
            assert len(asked) == 5
            assert not any(Day._meta.db_table in one["sql"] for one in asked.captured_queries)

    def test_are_refused_to_whoever_may_not_see_the_home(self, homeowner, neighbor, home):
        address = reverse("homeowner:telemetry_json", args=[home.synth_id])
        mark = homeowner.get(address)["ETag"]

        for wish in (mark, "*"):
            assert neighbor.get(address, headers={"If-None-Match": wish}).status_code == 404

    def test_are_refused_to_staff_from_the_moment_a_consent_ends(self, homeowner, installer, home, sunfix):
        address = reverse("homeowner:telemetry_json", args=[home.synth_id])
        installer.post(reverse("homeowner:visit", args=[home.synth_id]), {"reason": "asked"})
        mark = installer.get(address)["ETag"]
        assert installer.get(address, headers={"If-None-Match": mark}).status_code == 304

        sunfix.consents.update(ended_at=timezone.now())

        assert installer.get(address, headers={"If-None-Match": mark}).status_code == 404


class TestAMark:
    @pytest.mark.parametrize(
        "change",
        [
            lambda home: home.sensors.filter(role_found="solar").update(role_set="unknown"),
            lambda home: home.sensors.filter(role_found="solar").update(role_set="home"),
            lambda home: home.sensors.filter(role_found="battery").update(gone_at=timezone.now()),
            lambda home: home.sensors.filter(role_found="grid").delete(),
            lambda home: sites.Site.objects.filter(pk=home.pk).update(time_zone="Asia/Kolkata"),
            lambda home: Collection.objects.filter(site=home).update(last_ok_at=LATER),
            lambda home: Collection.objects.filter(site=home).update(filled_back_to=None),
            lambda home: Collection.objects.filter(site=home).delete(),
        ],
    )
    def test_is_another_after_whatever_changes_columns(self, home, change):
        now = timezone.now()
        before = marked(home, now)
        change(home)

        assert differ(before, marked(home, now))

    def test_is_another_when_two_batteries_weigh_otherwise(self, home):
        """Charge is the mean of batteries by what they hold."""
        now, battery = timezone.now(), home.sensors.filter(role_found="battery").first()
        before = marked(home, now)
        sites.Device.objects.filter(pk=battery.device_id).update(capacity_wh=1)

        assert before["day"][0] != marked(home, now)["day"][0]

    def test_is_another_as_the_worker_brings_readings(self, homeowner, home):
        now = timezone.now()
        before, changed = marked(home, now), set()
        for later in (timedelta(minutes=20), timedelta(hours=2), timedelta(hours=7)):
            homeowner_sees = marked(home, now)
            fetch(homeowner, now + later, days=3, seconds=0.2)
            changed |= set(differ(homeowner_sees, marked(home, now)))

        assert changed and differ(before, marked(home, now))

    def test_is_another_with_each_write_of_one_run(self, homeowner, home, monkeypatch):
        """Also while a run goes on: what a visitor read in its middle is not taken for what it ends with."""
        now, seen = timezone.now() + timedelta(days=2), []
        keep = collect._keep

        def look(run, answers, **more):
            keep(run, answers, **more)
            seen.append(marked(home, now))

        monkeypatch.setattr(collect, "_keep", look)
        Day.objects.filter(sensor__site=home).delete()
        Collection.objects.filter(site=home).update(goal=(now - timedelta(days=20)).date())
        before = marked(home, now)
        fetch(homeowner, now, days=20)

        assert len(seen) > 1 and differ(before, seen[0])
        for one, following in zip([*seen, before], [*seen[1:], marked(home, now)], strict=False):
            differ(one, following)

    def test_is_another_as_buckets_begin(self, home):
        now = timezone.now().replace(minute=7)
        at = [now + timedelta(minutes=minutes) for minutes in (0, 5, 8, 25, 60, 60 * 24, 60 * 24 * 40)]
        found = [marked(home, one) for one in at]

        assert found[0]["day"][0] == found[1]["day"][0]
        assert len({one["day"][0] for one in found}) == len(found) - 1
        for one, following in zip(found, found[1:], strict=False):
            differ(one, following)

    def test_is_another_at_the_very_beginning_of_a_bucket(self, home):
        sharp = timezone.now().replace(minute=15, second=0, microsecond=0)
        at = [sharp + timedelta(microseconds=n) for n in (-1, 0, 1)]
        found = [marked(home, one) for one in at]

        assert len({one["day"][0] for one in found}) == 3
