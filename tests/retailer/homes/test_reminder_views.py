"""The list of homes whose connection ended, and asking for it from there."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio import reminders
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import passes
from tests import people

LIST = "/portfolio/brightgrid/reconnect/"


class TestTheList:
    def test_has_homes_whose_connection_ended(self, retailer, ended_home):
        page = retailer.get(LIST)

        assert str(ended_home.name) in page.text and "Send a letter" in page.text

    def test_has_no_home_that_is_connected_or_shared_no_more(self, retailer, homeowner, ended_home):
        access.Consent.objects.update(ended_at=timezone.now())
        assert "No connection has ended." in retailer.get(LIST).text
        access.Consent.objects.update(ended_at=None)
        lunar.Connection.objects.update(status="active")
        passes.whole(organization=retailer.organization, now=timezone.now())

        assert "No connection has ended." in retailer.get(LIST).text

    def test_offers_no_letter_to_who_may_not_ask(self, retailer, ended_home):
        viewer = people.staff("vic@brightgrid.example", retailer.organization, "viewer")

        assert "Send a letter" not in viewer.get(LIST).text
        assert (
            viewer.post(reverse("retailer:reconnect_ask", args=["brightgrid", ended_home.pk])).status_code
            == 403
        )

    @pytest.mark.parametrize("after", ["-1", "x", "٣", "9" * 400, "1.5", "\x00"])
    def test_takes_any_place_to_begin(self, retailer, ended_home, after):
        assert retailer.get(LIST, {"after": after}).status_code == 200

    def test_costs_the_same_queries_and_goes_on_over_pages(
        self, retailer, ended_home, monkeypatch, django_assert_max_num_queries
    ):
        monkeypatch.setattr(reminders, "ON_A_PAGE", 1)
        other = people.sites.Site.objects.create(
            synth_id="site-2", name="Second", time_zone="UTC", created_at=timezone.now()
        )
        first = SiteRow.objects.get(organization=retailer.organization)
        SiteRow.objects.create(
            organization=retailer.organization, site=other, state="reconnect", name_key="second",
            time_zone="UTC", right="view", shared_at=first.shared_at, day=first.day,
        )  # fmt: skip
        with django_assert_max_num_queries(9):
            page = retailer.get(LIST)

        assert f"?after={ended_home.pk}" in page.text
        assert "Second" not in retailer.get(LIST, {"after": ended_home.pk}).text  # never shared, never shown


class TestTheLetter:
    @pytest.mark.django_db(transaction=True)
    def test_brings_a_homeowner_back(self, homeowner, retailer, ended_home, mailoutbox):
        page = retailer.post(
            reverse("retailer:reconnect_ask", args=["brightgrid", ended_home.pk]), follow=True
        )

        assert "Asked. The homeowner gets a letter" in page.text and "asked this week" in page.text
        (message,) = mailoutbox
        assert message.to == [homeowner.user.email]
        assert message.subject == f"BrightGrid asks you to connect “{ended_home.name}” again"
        assert reverse("lunar_connect") in message.body and reverse("homeowner:sharing") in message.body

    def test_is_refused_while_the_connection_stands(self, homeowner, retailer, ended_home):
        lunar.Connection.objects.update(status="active")

        page = retailer.post(
            reverse("retailer:reconnect_ask", args=["brightgrid", ended_home.pk]), follow=True
        )
        assert reminders.NOT_ENDED in page.text and not portfolio.Reminder.objects.exists()

    def test_says_nothing_of_a_home_that_is_not_shared(self, outsider, retailer, neighbor, ended_home):
        for pk in (neighbor.site.pk, 999_999_999, 2**62):
            page = retailer.post(reverse("retailer:reconnect_ask", args=["brightgrid", pk]))
            assert page.status_code == 404
        with pytest.raises(reminders.ReminderNotPermitted):
            reminders.ask(
                organization=retailer.organization,
                asked_by=outsider.user,
                site=ended_home,
                now=timezone.now(),
            )
