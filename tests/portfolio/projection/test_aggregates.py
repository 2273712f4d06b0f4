"""The sums of a portfolio: true beside each home."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import policy
from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio import disclosure
from gridshare_portal.portfolio.models import HomesAggregate, SiteRow
from gridshare_portal.portfolio.projection import aggregates, passes
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import latest
from gridshare_portal.telemetry import models as telemetry


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
