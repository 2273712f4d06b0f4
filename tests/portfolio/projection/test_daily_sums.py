"""What a portfolio did on a day, summed up once it is over."""

from datetime import UTC, datetime, time, timedelta

import pytest

from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import daily_sums
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry
from gridshare_portal.telemetry import stored

DAY = timedelta(days=1)


class TestTheSumsOfDays:
    def test_are_those_of_the_homes(self, hundred, now):
        day = now.astimezone(UTC).date() - DAY
        homes = list(SiteRow.objects.filter(organization=hundred).values_list("site_id", flat=True)[:7])
        for pk in homes:
            for sensor in sites.Sensor.objects.filter(site=pk):
                telemetry.Day.objects.update_or_create(
                    sensor=sensor, day=day,
                    defaults={"step_s": 600, "packed": b"", "known": b"", "known_count": 0,
                              "in_wh": 100, "out_wh": 1000},
                )  # fmt: skip
        others = telemetry.Day.objects.filter(day=day).exclude(sensor__site__in=homes)
        others.delete()
        daily_sums.count(organization=hundred.pk, day=day, now=now)

        solar = sites.Sensor.objects.filter(site__in=homes, role_found="solar")
        kept = portfolio.PortfolioDay.objects.get().figures["solar_wh"]
        assert kept == {"wh": 1000 * solar.count(), "homes": solar.values("site").distinct().count()}
        assert kept["homes"] > 0

    def test_count_the_homes_whose_readings_of_that_day_changed_later(self, hundred, now):
        day = now.astimezone(UTC).date() - DAY
        rows = SiteRow.objects.filter(organization=hundred)
        counted = sites.Sensor.objects.filter(stored.COUNTS, site__in=rows.values("site_id"))
        homes = list(counted.order_by("site").values_list("site", flat=True).distinct()[:3])
        noted = {"day": day, "noticed_at": now, "revised": 1, "filled": 0}
        for sensor in counted.filter(site__in=homes):
            telemetry.Revision.objects.create(sensor=sensor, **noted)
        daily_sums.count(organization=hundred.pk, day=day, now=now)

        assert portfolio.PortfolioDay.objects.get().figures["changed"] == {"homes": 3}

    def test_come_to_the_same_in_steps(self, hundred, now, monkeypatch):
        day = now.astimezone(UTC).date()
        daily_sums.count(organization=hundred.pk, day=day, now=now)
        at_once = portfolio.PortfolioDay.objects.get().figures
        monkeypatch.setattr(daily_sums, "TOGETHER", 7)
        daily_sums.count(organization=hundred.pk, day=day, now=now)

        assert {name: one["homes"] for name, one in portfolio.PortfolioDay.objects.get().figures.items()} == {
            name: one["homes"] for name, one in at_once.items()
        }
        assert portfolio.PortfolioDay.objects.get().figures["solar_wh"]["wh"] == pytest.approx(
            at_once["solar_wh"]["wh"]
        )

    def test_have_what_a_meter_measured_before_it_was_replaced(self, hundred, now):
        day = now.astimezone(UTC).date() - DAY
        home = SiteRow.objects.filter(organization=hundred).first().site_id
        telemetry.Day.objects.filter(day=day).delete()
        old = sites.Sensor.objects.filter(site=home, role_found="grid").first()
        told = {"step_s": 900, "packed": b"", "known": b"", "known_count": 0, "in_wh": 19_200, "out_wh": 0}
        telemetry.Day.objects.create(sensor=old, day=day, **told)
        sites.Sensor.objects.filter(pk=old.pk).update(gone_at=now)
        daily_sums.count(organization=hundred.pk, day=day, now=now)

        assert portfolio.PortfolioDay.objects.get().figures["from_grid_wh"] == {"wh": 19_200, "homes": 1}

    def test_are_made_again_after_a_week_and_a_month(self, hundred, now):
        day = now.astimezone(UTC).date() - DAY
        ended = datetime.combine(day + DAY, time(), UTC)
        ages = [age for age in range(1, 40) if daily_sums._is_due(day, ended + 4 * DAY, ended + age * DAY)]

        assert ages == list(range(8, 40))
        assert not daily_sums._is_due(day, ended + 9 * DAY, ended + 30 * DAY)
        assert daily_sums._is_due(day, ended + 9 * DAY, ended + 31 * DAY)

    def test_are_due_until_they_are_settled(self, hundred, now):
        for _round in range(20):
            for pk, day in daily_sums.due(now=now):
                portfolio.PortfolioDay.objects.update_or_create(
                    organization_id=pk, day=day, defaults={"made_at": now, "figures": {}}
                )
        assert daily_sums.due(now=now) == []
        again = [day for _pk, day in daily_sums.due(now=now + daily_sums.AGAIN)]

        today = now.astimezone(UTC).date()
        later = {today - age for age in daily_sums.LATER}  # where those six hours reach over midnight
        assert set(again) <= {today - number * DAY for number in range(0, 5)} | later and again
        assert portfolio.PortfolioDay.objects.count() == daily_sums.DAYS_BACK
