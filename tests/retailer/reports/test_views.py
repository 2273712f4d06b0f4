"""The page of the report, and the choice of getting it."""

import io
import zipfile
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from gridshare_portal.reports import models as reports
from tests import people

PAGE = "/portfolio/brightgrid/report/"


class TestThePage:
    def test_shows_what_the_letter_says(self, hundred, admin, keep_day, last_week):
        keep_day(last_week.first, 7_000_000, 40)
        page = admin.get(PAGE)

        assert last_week.title in page.text and "7,000" in page.text and "Homes shared with you" in page.text

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
        "other",
        [{"every": "day"}, {"every": "week" * 9_000}, {"time_zone": "Mars/Olympus"}, {"time_zone": ""}],
    )
    def test_refuses_a_choice_that_there_is_not(self, admin, other):
        page = admin.post(PAGE, {"every": "week", "time_zone": "UTC", **other})

        assert page.status_code == 422 and not reports.Subscription.objects.exists()

    @pytest.mark.parametrize("every", ["", "day", "week", "month", "\x00", "x" * 10_000])
    def test_is_there_for_any_period_asked_for(self, admin, every):
        assert admin.get(PAGE, {"every": every}).status_code == 200
        file = admin.get(PAGE + "report.xlsx", {"every": every})
        assert zipfile.is_zipfile(io.BytesIO(b"".join(file)))

    def test_is_the_organization_s_own(self, admin, db):
        people.organization("retailer", "Volta")

        assert admin.get("/portfolio/volta/report/").status_code == 404
