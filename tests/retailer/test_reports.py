import io
import smtplib
import threading
import zipfile
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections as databases
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.mail import sender
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import daily_sums
from gridshare_portal.reports import delivery, periods, tasks, workbook
from gridshare_portal.reports import figures as reports_figures
from gridshare_portal.reports import models as reports
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import models as telemetry
from tests import people

PAGE = "/portfolio/brightgrid/report/"
DAY = timedelta(days=1)
ZONES = st.sampled_from(["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@pytest.fixture
def week(now):
    return periods.before(every="week", zone="UTC", now=now)


@pytest.fixture
def subscribed(admin):
    """A member who gets the report, and the moment at which the next is due."""
    membership = accounts.Membership.objects.get(user=admin.user)
    return delivery.choose(membership=membership, every="week", time_zone="UTC", now=timezone.now())


@pytest.fixture
def days(brightgrid, now):
    """Return what keeps a sum for a day."""

    def keep(day, wh, homes):
        figures = {name: {"wh": wh, "homes": homes} for name in daily_sums.ENERGIES}
        portfolio.PortfolioDay.objects.create(organization=brightgrid, day=day, figures=figures, made_at=now)

    return keep


def send_all(now):
    return [delivery.send(pk=pk, now=now) for pk in delivery.due(now=now)]


def cells(file):
    """Return the parts of a spreadsheet as text."""
    book = zipfile.ZipFile(io.BytesIO(file))
    return {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}


class TestThePeriod:
    @given(MOMENTS, ZONES, st.sampled_from(["week", "month"]))
    def test_is_over_and_whole_and_the_next_is_due_after_it(self, now, zone, every):
        period = periods.before(every=every, zone=zone, now=now)
        due = periods.next_due(every=every, zone=zone, now=now)
        there = due.astimezone(ZoneInfo(zone))

        assert period.last < now.astimezone(ZoneInfo(zone)).date()
        assert (period.days[0], period.days[-1]) == (period.first, period.last)
        assert len(period.days) == 7 if every == "week" else (period.last + DAY).day == 1
        assert due > now and there.hour == 7
        assert there.weekday() == 0 if every == "week" else there.day == 1
        following = periods.before(every=every, zone=zone, now=due)
        assert following.first >= period.first and following.last == there.date() - DAY

    def test_is_named_in_words(self):
        named = [
            periods.Period(every="week", first=date(2026, 11, 9), last=date(2026, 11, 15)).title,
            periods.Period(every="week", first=date(2026, 11, 30), last=date(2026, 12, 6)).title,
            periods.Period(every="month", first=date(2026, 11, 1), last=date(2026, 11, 30)).title,
        ]

        assert named == ["9–15 November 2026", "30 November – 6 December 2026", "November 2026"]


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

    def test_are_due_until_they_are_settled(self, hundred, days, now):
        for _round in range(20):
            for pk, day in daily_sums.due(now=now):
                portfolio.PortfolioDay.objects.update_or_create(
                    organization_id=pk, day=day, defaults={"made_at": now, "figures": {}}
                )
        assert daily_sums.due(now=now) == []
        again = [day for _pk, day in daily_sums.due(now=now + daily_sums.AGAIN)]

        today = now.astimezone(UTC).date()
        assert set(again) <= {today - number * DAY for number in range(0, 5)} and again
        assert portfolio.PortfolioDay.objects.count() == daily_sums.DAYS_BACK


class TestTheFigures:
    def test_leave_out_what_is_about_few(self, brightgrid, days, week):
        days(week.first, 1_000, 4)
        days(week.first + DAY, 50_000, 9)
        found = reports_figures.report_of(brightgrid, week)

        assert found.days[0].figures[0].is_hidden and found.days[0].figures[0].value is None
        assert found.days[1].figures[0].value == 50_000
        assert found.total[0].value == 50_000 and found.total[0].homes == 9

    def test_count_what_came_of_a_run(self, hundred, week):
        run = runs.Run.objects.create(
            organization=hundred, name="Peak", kind="mode", asked={}, made_at=week.start, homes=3,
            started_at=week.start + DAY, state="done",
        )  # fmt: skip
        pks = SiteRow.objects.filter(organization=hundred).values_list("site_id", flat=True)[:3]
        for position, (pk, state) in enumerate(zip(pks, ["confirmed", "refused", "skipped"], strict=True)):
            runs.Line.objects.create(run=run, site_id=pk, position=position, state=state)
        runs.Run.objects.create(
            organization=hundred, name="Later", kind="mode", asked={}, made_at=week.end, started_at=week.end
        )
        (found,) = reports_figures.report_of(hundred, week).runs

        assert (found.name, found.confirmed, found.failed, found.skipped, found.unconfirmed) == (
            "Peak", 1, 1, 1, 0,
        )  # fmt: skip

    def test_cost_the_same_queries(self, hundred, days, django_assert_max_num_queries, now):
        month = periods.before(every="month", zone="UTC", now=now)
        for day in month.days:
            days(day, 1_000, 50)
        with django_assert_max_num_queries(5):
            reports_figures.report_of(hundred, month)


class TestTheFile:
    def test_has_no_cell_that_becomes_a_formula(self, hundred, week, days):
        accounts.Organization.objects.update(name="=1+1\u202e@SUM")
        hundred.refresh_from_db()
        runs.Run.objects.create(
            organization=hundred, name='=HYPERLINK("http://evil")', kind="mode", asked={},
            made_at=week.start, started_at=week.start,
        )  # fmt: skip
        parts = cells(workbook.xlsx(reports_figures.report_of(hundred, week)))

        assert not any("<f>" in part for part in parts.values())
        assert not any("hyperlink" in part for name, part in parts.items() if "worksheets" in name)
        texts = parts["xl/sharedStrings.xml"]
        assert "'=HYPERLINK" in texts and "'=1+1" in texts and "\u202e" not in texts

    def test_has_numbers_as_numbers_and_says_what_is_too_few(self, brightgrid, days, week):
        days(week.first, 12_345, 10)
        days(week.first + DAY, 1, 2)
        parts = cells(workbook.xlsx(reports_figures.report_of(brightgrid, week)))

        assert "<v>12.345</v>" in parts["xl/worksheets/sheet2.xml"]
        assert workbook.TOO_FEW in parts["xl/sharedStrings.xml"]


class TestTheLetter:
    def test_says_it_as_text_as_a_page_and_as_a_file(self, hundred, admin, subscribed, days, mailoutbox):
        due = subscribed.due_at
        days(periods.before(every="week", zone="UTC", now=due).first, 7_000_000, 40)
        assert send_all(due) == [True]

        (letter,) = mailoutbox
        (html, kind), (name, file, type_) = letter.alternatives[0], letter.attachments[0]
        assert letter.to == ["rita@brightgrid.example"] and kind == "text/html"
        assert letter.subject.startswith("BrightGrid: portfolio report, ")
        for text in (letter.body, html):
            assert "Homes shared with you" in text and "7,000" in text
            assert "/portfolio/brightgrid/report/" in text
        assert name.endswith(".xlsx") and type_ == delivery.SHEET and zipfile.is_zipfile(io.BytesIO(file))

    def test_loads_nothing_from_anywhere(self, hundred, subscribed, mailoutbox):
        send_all(subscribed.due_at)
        html = mailoutbox[0].alternatives[0][0]

        assert not any(part in html for part in ("<img", "src=", "<link", "url(", "<script", "@import"))

    def test_shows_names_as_text_and_puts_no_second_line_into_its_head(self, hundred, subscribed, mailoutbox):
        accounts.Organization.objects.update(name="<b>Bright</b>\r\nBcc: all@example.org")
        send_all(subscribed.due_at)

        assert "<b>Bright" not in mailoutbox[0].alternatives[0][0] and "\n" not in mailoutbox[0].subject

    def test_leaves_an_event_in_the_organization_s_record(self, hundred, admin, subscribed, mailoutbox):
        send_all(subscribed.due_at)

        event = audit.Event.objects.get(name="report_sent")
        assert event.organization_id == hundred.pk and event.actor_id is None
        assert "sent a portfolio report" in admin.get("/organizations/brightgrid/record/").text

    def test_comes_once_for_a_period(self, hundred, subscribed, mailoutbox):
        due = subscribed.due_at
        send_all(due)
        reports.Subscription.objects.update(due_at=due)
        assert send_all(due + timedelta(hours=1)) == [False]
        assert reports.Subscription.objects.get().due_at == due + 7 * DAY
        assert send_all(due + 7 * DAY) == [True] and len(mailoutbox) == 2

    def test_is_sent_by_another_worker_after_one_was_killed(
        self, hundred, subscribed, mailoutbox, monkeypatch
    ):
        class Killed(BaseException):
            pass

        def die(*_args):
            raise Killed

        due = subscribed.due_at
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(delivery, "_post", die)
            send_all(due)
        assert send_all(due + timedelta(minutes=1)) == []
        assert send_all(due + delivery.LEASE + timedelta(seconds=1)) == [True] and len(mailoutbox) == 1
        assert audit.Event.objects.filter(name="report_sent").count() == 1

    def test_that_could_not_be_sent_is_sent_later(self, hundred, subscribed, mailoutbox, monkeypatch):
        def fail(*_args):
            raise smtplib.SMTPServerDisconnected

        with monkeypatch.context() as patch:
            patch.setattr(sender, "_deliver", fail)
            assert send_all(subscribed.due_at) == [False]
        assert not audit.Event.objects.filter(name="report_sent").exists()
        assert send_all(subscribed.due_at + delivery.AGAIN) == [True] and len(mailoutbox) == 1

    def test_does_not_go_to_who_was_removed_or_lost_the_second_factor(self, admin, subscribed, mailoutbox):
        admin.user.authenticator_set.all().delete()
        assert send_all(subscribed.due_at) == [False]
        accounts.Membership.objects.all().delete()
        assert send_all(subscribed.due_at + 7 * DAY) == [False] and mailoutbox == []

    @pytest.mark.django_db(transaction=True)
    def test_is_sent_once_between_many_workers(self, admin, subscribed, mailoutbox):
        start, due = threading.Barrier(4), subscribed.due_at

        def work():
            start.wait()
            try:
                delivery.send(pk=subscribed.pk, now=due)
            finally:
                databases.close_all()

        workers = [threading.Thread(target=work) for _number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, admin, subscribed, mailoutbox):
        reports.Subscription.objects.update(due_at=timezone.now())
        tasks.sweep()
        tasks.sweep()

        assert len(mailoutbox) == 1


class TestThePage:
    def test_shows_what_the_letter_says(self, hundred, admin, days, week):
        days(week.first, 7_000_000, 40)
        page = admin.get(PAGE)

        assert week.title in page.text and "7,000" in page.text and "Homes shared with you" in page.text

    def test_says_too_few_where_there_are_few(self, retailer):
        from gridshare_portal.portfolio.projection import passes

        passes.whole(organization=retailer.organization, now=timezone.now())

        assert "too few to say" in retailer.get(PAGE).text

    def test_takes_the_choice_of_one_s_own(self, admin, viewer_there):
        page = viewer_there.post(PAGE, {"every": "month", "time_zone": "Europe/Berlin"}, follow=True)

        assert "The report comes on the first of every month." in page.text
        chosen = reports.Subscription.objects.get()
        assert chosen.user == viewer_there.user
        due = chosen.due_at.astimezone(ZoneInfo("Europe/Berlin"))
        assert (due.day, due.hour) == (1, 7) and due > timezone.now()
        viewer_there.post(PAGE, {"every": "", "time_zone": "Europe/Berlin"})
        assert reports.Subscription.objects.get().due_at is None

    @pytest.mark.parametrize(
        "wish",
        [{"every": "day"}, {"every": "week" * 9_000}, {"time_zone": "Mars/Olympus"}, {"time_zone": ""}],
    )
    def test_refuses_a_choice_that_there_is_not(self, admin, wish):
        page = admin.post(PAGE, {"every": "week", "time_zone": "UTC", **wish})

        assert page.status_code == 422 and not reports.Subscription.objects.exists()

    @pytest.mark.parametrize("every", ["", "day", "week", "month", "\x00", "x" * 10_000])
    def test_is_there_for_any_period_asked_for(self, admin, every):
        assert admin.get(PAGE, {"every": every}).status_code == 200
        file = admin.get(PAGE + "report.xlsx", {"every": every})
        assert zipfile.is_zipfile(io.BytesIO(file.content))

    def test_is_the_organization_s_own(self, admin, db):
        people.organization("retailer", "Volta")

        assert admin.get("/portfolio/volta/report/").status_code == 404
