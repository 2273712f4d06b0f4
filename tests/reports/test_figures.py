"""The figures of a report: of days and runs, and none about few."""

from datetime import timedelta

from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import daily_sums
from gridshare_portal.reports import figures as reports_figures
from gridshare_portal.reports import periods
from gridshare_portal.runs import models as runs

DAY = timedelta(days=1)


class TestTheFigures:
    def test_leave_out_what_is_about_few(self, brightgrid, keep_day, last_week):
        keep_day(last_week.first, 1_000, 4)
        keep_day(last_week.first + DAY, 50_000, 9)
        found = reports_figures.report_of(brightgrid, last_week)

        assert found.days[0].figures[0].is_hidden and found.days[0].figures[0].value is None
        assert found.days[1].figures[0].value == 50_000
        assert found.total[0].value == 50_000 and found.total[0].homes == 9

    def test_count_the_days_that_lunar_changed_later_but_those_of_few_homes(
        self, brightgrid, keep_day, last_week
    ):
        for number, homes in enumerate((0, 4, 7, 9)):
            keep_day(last_week.first + number * DAY, 1_000, 20, changed=homes)

        assert reports_figures.report_of(brightgrid, last_week).changed == (2, 9)

    def test_know_of_no_change_of_days_that_were_counted_before_any_was_noted(
        self, brightgrid, keep_day, last_week
    ):
        keep_day(last_week.first, 1_000, 20)
        day = portfolio.PortfolioDay.objects.get()
        del day.figures[daily_sums.CHANGED]
        day.save()

        assert reports_figures.report_of(brightgrid, last_week).changed == (0, 0)

    def test_count_what_came_of_a_run(self, hundred, last_week):
        run = runs.Run.objects.create(
            organization=hundred, name="Peak", kind="mode", asked={}, made_at=last_week.start, homes=3,
            started_at=last_week.start + DAY, state="done",
        )  # fmt: skip
        pks = SiteRow.objects.filter(organization=hundred).values_list("site_id", flat=True)[:3]
        for position, (pk, state) in enumerate(zip(pks, ["confirmed", "refused", "skipped"], strict=True)):
            runs.Line.objects.create(run=run, site_id=pk, position=position, state=state)
        runs.Run.objects.create(
            organization=hundred,
            name="Later",
            kind="mode",
            asked={},
            made_at=last_week.end,
            started_at=last_week.end,
        )
        (found,) = reports_figures.report_of(hundred, last_week).runs

        counted = {"confirmed": 1, "failed": 1, "skipped": 1, "unconfirmed": 0}
        assert found["name"] == "Peak" and counted.items() <= found.items()

    def test_cost_the_same_queries(self, hundred, keep_day, django_assert_max_num_queries, now):
        month = periods.before(every="month", zone="UTC", now=now)
        for day in month.days:
            keep_day(day, 1_000, 50)
        with django_assert_max_num_queries(5):
            reports_figures.report_of(hundred, month)
