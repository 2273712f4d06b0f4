"""The sums of a portfolio: true beside each home, aged, and never about too few."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import policy
from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio import disclosure
from gridshare_portal.portfolio.models import Group, GroupSite, HomesAggregate, ProjectionPass, SiteRow
from gridshare_portal.portfolio.projection import aggregates, passes, row_builder
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import rows
from gridshare_portal.telemetry import latest
from gridshare_portal.telemetry import models as telemetry

PAGE = "/portfolio/brightgrid/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sensor(role, **told):
    at = told.pop("at", NOON - timedelta(minutes=20))
    return row_builder.SensorNow(role=role, at=at, read_at=at + timedelta(minutes=15) if at else None, **told)


def member(group, lines):
    GroupSite.objects.bulk_create([GroupSite(group=group, site_id=line.site_id) for line in lines])


class TestALine:
    def test_takes_battery_grid_and_solar_in_their_directions(self):
        sensors = [
            sensor("solar", in_w=0, out_w=3000),
            sensor("battery", in_w=900, out_w=0, charge_pct=40, capacity_wh=10_000, device=1),
            sensor("grid", in_w=100, out_w=0),
        ]

        line = row_builder.columns(sensors, now=NOON)

        assert (line["solar_w"], line["charging_w"], line["discharging_w"]) == (3000, 900, 0)
        assert (line["from_grid_w"], line["to_grid_w"], line["stored_wh"]) == (100, 0, 4000)

    def test_knows_nothing_of_now_from_readings_of_an_hour_ago(self):
        old = sensor(
            "battery", at=NOON - timedelta(hours=1), in_w=1, out_w=0, charge_pct=50, capacity_wh=1000
        )

        line = row_builder.columns([old], now=NOON)

        assert line["charging_w"] is line["charge_pct"] is line["stored_wh"] is None
        assert line["capacity_wh"] == 1000 and line["last_reading_at"] == NOON - timedelta(minutes=45)

    def test_adds_two_batteries_only_when_both_tell(self):
        one = sensor("battery", in_w=100, out_w=0, charge_pct=20, capacity_wh=10_000, device=1)
        other = sensor("battery", in_w=50, out_w=0, charge_pct=80, capacity_wh=5_000, device=2)
        silent = sensor("battery", at=None, capacity_wh=5_000, device=3)

        both = row_builder.columns([one, other], now=NOON)

        assert both["charging_w"] == 150 and both["stored_wh"] == pytest.approx(2000 + 4000)
        assert both["charge_pct"] == pytest.approx(40)
        assert row_builder.columns([one, silent], now=NOON)["charging_w"] is None

    def test_of_a_home_without_readings_is_unknown_and_never_zero(self):
        line = row_builder.columns([sensor("battery", at=None)], now=NOON)

        assert {line[name] for name in aggregates.SUMMED} == {None}
        assert line["last_reading_key"] == line["charge_key"] == row_builder.UNKNOWN_KEY


@pytest.mark.django_db
class TestTheSums:
    def test_are_those_of_the_homes(self, hundred):
        lines = list(SiteRow.objects.filter(organization=hundred))
        sums = disclosure.disclosed(hundred)

        assert sums.homes == len(lines) == policy.holding(now=timezone.now()).count() > 80
        for name in aggregates.SUMMED:
            known = [getattr(line, name) for line in lines if getattr(line, name) is not None]
            assert sums.figures[name].homes == len(known)
            assert sums.figures[name].value == (pytest.approx(sum(known)) if len(known) >= 5 else None)

    def test_are_what_each_home_s_own_page_says(self, hundred):
        now = HomesAggregate.objects.get(organization=hundred, group=None).made_at
        charging, homes = 0.0, 0
        for line in SiteRow.objects.filter(organization=hundred, has_battery=True).select_related("site"):
            told = latest.now_of(line.site, now=now)
            if told.freshness in ("fresh", "late") and told.charging_w is not None:
                charging, homes = charging + told.charging_w, homes + 1

        figure = disclosure.disclosed(hundred).figures["charging_w"]

        assert homes >= 5 and (figure.homes, figure.value) == (homes, pytest.approx(charging))

    def test_count_homes_of_unknown_charge_apart(self, hundred):
        sums = disclosure.disclosed(hundred)

        assert sums.without_charge > 0
        assert sums.figures["stored_wh"].homes + sums.without_charge == sums.has["battery"]
        assert sums.homes == sum(sums.ages.values())

    def test_take_today_s_energy_from_stored_days(self, hundred, counted):
        now = timezone.now()
        solar = sites.Sensor.objects.filter(role_found="solar", site__in=SiteRow.objects.values("site"))[:7]
        for number, one in enumerate(solar):
            row = {"sensor": one, "step_s": 900, "packed": b"", "known": b"", "known_count": 1, "in_wh": 0}
            telemetry.Day.objects.create(day=now.date(), out_wh=1000.0 * number, **row)
            telemetry.Day.objects.create(day=now.date() - timedelta(days=1), out_wh=9e9, **row)
        counted(now)

        assert disclosure.disclosed(hundred).figures["solar_wh"] == disclosure.Figure(value=21_000, homes=7)

    def test_leave_out_a_home_as_soon_as_it_is_shared_no_more(self, hundred, counted):
        before, now = disclosure.disclosed(hundred).homes, timezone.now()
        gone = Consent.objects.filter(site__in=SiteRow.objects.values("site"), ended_at=None).first()
        Consent.objects.filter(pk=gone.pk).update(ended_at=now, ended_how="by hand")
        counted(now + timedelta(seconds=1))

        assert disclosure.disclosed(hundred).homes == before - 1
        assert not SiteRow.objects.filter(site=gone.site).exists()

    def test_are_the_same_in_small_steps(self, hundred, monkeypatch):
        kept = HomesAggregate.objects.get(organization=hundred, group=None)
        monkeypatch.setattr(passes, "TOGETHER", 7)
        passes.whole(organization=hundred, now=kept.made_at)
        again = HomesAggregate.objects.get(pk=kept.pk)

        assert again.figures == kept.figures


@pytest.mark.django_db
class TestARound:
    def test_is_taken_up_where_a_lost_worker_left_it(self, hundred, monkeypatch):
        monkeypatch.setattr(passes, "TOGETHER", 20)
        now = timezone.now() + timedelta(minutes=5)
        row = ProjectionPass.objects.get(organization=hundred)
        assert passes.run(pk=row.pk, now=now, owner="a", steps=2)
        row.refresh_from_db()
        at = row.cursor
        ProjectionPass.objects.filter(pk=row.pk).update(
            lease_owner="lost", lease_until_at=now + timedelta(seconds=90)
        )

        assert not passes.run(pk=row.pk, now=now, owner="b") and passes.due(now=now) == []
        later = now + timedelta(seconds=91)
        assert passes.due(now=later) == [row.pk] and at > 0
        assert not passes.run(pk=row.pk, now=later, owner="c", steps=99)
        assert HomesAggregate.objects.get(organization=hundred, group=None).made_at == later

    def test_begins_for_a_new_retailer_and_for_no_installer(self, brightgrid, now):
        assert passes.enroll(now=now) == 1 and passes.enroll(now=now) == 0

    def test_asks_as_often_for_a_hundred_homes_as_for_ten(self, brightgrid):
        counts = []
        for more in (10, 90):
            list(rows.make(count=more, organization=brightgrid, now=timezone.now()))
            ProjectionPass.objects.all().delete()
            SiteRow.objects.all().delete()
            HomesAggregate.objects.all().delete()
            with CaptureQueriesContext(connection) as asked:
                passes.whole(organization=brightgrid, now=timezone.now())
            counts.append(sum(query["sql"].startswith("SELECT") for query in asked))

        assert SiteRow.objects.count() > 80
        assert counts[0] == counts[1]


class TestTheSmallestGroup:
    @given(st.integers(0, 40), st.lists(st.integers(0, 40), max_size=3))
    def test_is_kept_by_a_figure_and_by_every_difference(self, homes, more):
        around = [homes + one for one in more]

        if disclosure.is_enough(homes, around):
            assert homes >= 5
            assert not any(0 < larger - homes < 5 for larger in around)

    @given(st.lists(st.integers(0, 30), min_size=4, max_size=4).map(lambda some: sorted(some, reverse=True)))
    def test_is_kept_by_each_step_of_a_week_and_between_any_two(self, counts):
        shown = [one for one in disclosure.veiled(counts) if one is not None]

        assert not any(0 < one < 5 for one in shown)
        assert not any(0 < one - other < 5 for one, other in zip(shown, shown[1:], strict=False))

    def test_shows_a_week_in_which_nothing_happened(self):
        assert disclosure.veiled([0, 0, 0, 0]) == [0, 0, 0, 0]
        assert disclosure.veiled([12, 7, 6, 0]) == [12, 7, None, 0]


@pytest.mark.django_db
class TestAGroup:
    def test_below_the_smallest_size_shows_no_sum(self, hundred, counted, admin):
        lines = list(SiteRow.objects.filter(organization=hundred, charging_w__isnull=False)[:4])
        group = Group.objects.create(organization=hundred, name="Few")
        member(group, lines)
        counted()

        sums, page = disclosure.disclosed(hundred, group), admin.get(f"{PAGE}?group={group.pk}")

        assert sums.is_too_few and {one.value for one in sums.figures.values()} == {None}
        assert sums.charge_pct is None
        assert "Too few homes" in page.text and "kWh" not in page.text

    def test_that_leaves_too_few_out_shows_no_sum(self, hundred, counted):
        lines = list(SiteRow.objects.filter(organization=hundred))
        group = Group.objects.create(organization=hundred, name="All but two")
        told = [line for line in lines if line.charging_w is not None]
        member(group, [line for line in lines if line not in told[:2]])
        counted()

        assert disclosure.disclosed(hundred).figures["charging_w"].value is not None
        assert disclosure.disclosed(hundred, group).figures["charging_w"].is_hidden

    def test_beside_a_slightly_larger_one_shows_no_sum(self, hundred, counted):
        told = list(SiteRow.objects.filter(organization=hundred, charging_w__isnull=False)[:21])
        larger = Group.objects.create(organization=hundred, name="Larger")
        inner = Group.objects.create(organization=hundred, name="Inner")
        member(larger, told)
        member(inner, told[1:])
        counted()

        assert disclosure.disclosed(hundred, larger).figures["charging_w"].homes == 21
        assert disclosure.disclosed(hundred, larger).figures["charging_w"].value is not None
        assert disclosure.disclosed(hundred, inner).figures["charging_w"].value is None

    def test_of_another_organization_does_not_exist(self, admin, hundred, outsider):
        group = Group.objects.create(organization=outsider.organization, name="Theirs")

        for said in (group.pk, "x", "-1", "9" * 30, "²"):
            assert admin.get(f"{PAGE}?group={said}").status_code == 404


@pytest.mark.django_db
class TestThePage:
    def test_says_what_is_summed_how_old_and_of_which_day(self, admin, hundred):
        page = admin.get(PAGE)

        assert page.status_code == 200
        assert "Counted" in page.text and "in UTC" in page.text
        assert "?charged=unknown" in page.text
        assert str(disclosure.disclosed(hundred).homes) in page.text

    def test_before_the_first_count_says_so(self, admin):
        assert "are being counted" in admin.get(PAGE).text

    def test_renews_itself_and_is_not_sent_twice(self, admin, hundred):
        part = admin.get(f"{PAGE}now/")
        again = admin.get(f"{PAGE}now/", headers={"If-None-Match": part.headers["ETag"]})

        assert 'data-refresh-s="30"' in part.text and "<html" not in part.text
        assert again.status_code == 304 and not again.content

    def test_is_where_a_retailer_s_member_arrives(self, admin):
        assert admin.get("/").headers["Location"] == PAGE

    def test_of_an_installer_does_not_exist(self, installer):
        assert installer.get("/portfolio/sunfix/").status_code == 404

    def test_escapes_a_group_s_name(self, admin, hundred):
        Group.objects.create(organization=hundred, name="<b>x</b>")

        assert "&lt;b&gt;x" in admin.get(PAGE).text and "<b>x" not in admin.get(PAGE).text


@pytest.mark.django_db
class TestTheWeeks:
    def test_count_consents_by_the_week_in_which_they_began(self, brightgrid, hundred):
        now = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
        pks = list(Consent.objects.order_by("pk").values_list("pk", flat=True))
        Consent.objects.update(from_at=now - timedelta(days=400), ended_at=None, until_at=None)
        Consent.objects.filter(pk__in=pks[:12]).update(from_at=now - timedelta(days=1))
        Consent.objects.filter(pk__in=pks[12:20]).update(from_at=now - timedelta(days=8))
        passes.whole(organization=brightgrid, now=now)

        weeks = disclosure.disclosed(brightgrid).weeks

        assert [week.begins for week in weeks[:2]] == [date(2026, 11, 16), date(2026, 11, 9)]
        assert [week.counts[1] for week in weeks[:3]] == [12, 8, 0]
        assert weeks[0].counts[-1] == 0
