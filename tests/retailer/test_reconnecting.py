import smtplib
import threading
from datetime import timedelta

import pytest
from django.db import connections as databases
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.audit import models as audit
from gridshare_portal.lunar import models as lunar
from gridshare_portal.mail import sender
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio import reminders, tasks
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection import passes
from tests import people

LIST = "/portfolio/brightgrid/reconnect/"
DAY = timedelta(days=1)


@pytest.fixture
def ended(homeowner, retailer):
    """The homeowner's home, whose connection Lunar has ended; counted since."""
    lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now() - timedelta(hours=2))
    passes.whole(organization=retailer.organization, now=timezone.now())
    return homeowner.site


@pytest.fixture
def ask(retailer, ended):
    def ask(now=None, who=None):
        who = who or retailer
        whose = {"organization": who.organization, "asked_by": who.user}
        return reminders.ask(**whose, site=ended, now=now or timezone.now())

    return ask


def send_all(now=None):
    now = now or timezone.now()
    return sum(reminders.send(pk=pk, now=now) for pk in reminders.due(now=now))


class TestTheList:
    def test_has_homes_whose_connection_ended(self, retailer, ended):
        page = retailer.get(LIST)

        assert str(ended.name) in page.text and "Send a letter" in page.text

    def test_has_no_home_that_is_connected_or_shared_no_more(self, retailer, homeowner, ended):
        access.Consent.objects.update(ended_at=timezone.now())
        assert "No connection has ended." in retailer.get(LIST).text
        access.Consent.objects.update(ended_at=None)
        lunar.Connection.objects.update(status="active")
        passes.whole(organization=retailer.organization, now=timezone.now())

        assert "No connection has ended." in retailer.get(LIST).text

    def test_offers_no_letter_to_who_may_not_ask(self, retailer, ended):
        viewer = people.staff("vic@brightgrid.example", retailer.organization, "viewer")

        assert "Send a letter" not in viewer.get(LIST).text
        assert (
            viewer.post(reverse("retailer:reconnect_ask", args=["brightgrid", ended.pk])).status_code == 403
        )

    @pytest.mark.parametrize("after", ["-1", "x", "٣", "9" * 400, "1.5", "\x00"])
    def test_takes_any_place_to_begin(self, retailer, ended, after):
        assert retailer.get(LIST, {"after": after}).status_code == 200

    def test_costs_the_same_queries_and_goes_on_over_pages(
        self, retailer, ended, monkeypatch, django_assert_max_num_queries
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

        assert f"?after={ended.pk}" in page.text
        assert "Second" not in retailer.get(LIST, {"after": ended.pk}).text  # never shared, never shown


class TestTheLetter:
    @pytest.mark.django_db(transaction=True)
    def test_brings_a_homeowner_back(self, homeowner, retailer, ended, mailoutbox):
        page = retailer.post(reverse("retailer:reconnect_ask", args=["brightgrid", ended.pk]), follow=True)

        assert "Asked. The homeowner gets a letter" in page.text and "asked this week" in page.text
        (letter,) = mailoutbox
        assert letter.to == [homeowner.user.email]
        assert letter.subject == f"BrightGrid asks you to connect “{ended.name}” again"
        assert reverse("lunar_connect") in letter.body and reverse("homeowner:sharing") in letter.body

    def test_leaves_an_event_that_the_homeowner_reads(self, homeowner, retailer, ask):
        ask()

        event = audit.Event.objects.get(name="access_asked")
        assert (event.organization_id, event.actor_id) == (retailer.organization.pk, retailer.user.pk)
        log = homeowner.get(reverse("homeowner:access_log", args=[homeowner.site.synth_id]))
        assert "asked for the home to be connected to Lunar again" in log.text
        told = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id]))
        assert "asked for the home to be connected to Lunar again" in told.text

    def test_comes_once_a_week_from_one_organization(self, ask, mailoutbox):
        start = timezone.now()
        ask(start)
        with pytest.raises(reminders.ReminderRefused, match="asked for a letter already"):
            ask(start + 6 * DAY)
        ask(start + 7 * DAY)

        assert send_all(start + 8 * DAY) == 1 and portfolio.Reminder.objects.count() == 2

    def test_comes_once_a_week_whoever_asks_and_tells_neither(self, homeowner, ask, ended, mailoutbox):
        volta = people.organization("retailer", "Volta")
        people.share(ended, volta, homeowner.user)
        ask(who=people.staff("vi@volta.example", volta, "operator"))
        ask()

        assert send_all() == 1 and len(mailoutbox) == 1 and "Volta" in mailoutbox[0].subject
        assert portfolio.Reminder.objects.filter(due_at=None).count() == 2

    def test_is_refused_while_the_connection_stands(self, ask, homeowner, retailer, ended):
        lunar.Connection.objects.update(status="active")

        page = retailer.post(reverse("retailer:reconnect_ask", args=["brightgrid", ended.pk]), follow=True)
        assert reminders.NOT_ENDED in page.text and not portfolio.Reminder.objects.exists()

    def test_is_dropped_when_the_connection_stands_again_or_sharing_ended(self, ask, mailoutbox):
        ask()
        access.Consent.objects.update(ended_at=timezone.now())

        assert send_all() == 0 and mailoutbox == []

    def test_says_nothing_of_a_home_that_is_not_shared(self, outsider, retailer, neighbor, ended):
        for pk in (neighbor.site.pk, 999_999_999, 2**62):
            page = retailer.post(reverse("retailer:reconnect_ask", args=["brightgrid", pk]))
            assert page.status_code == 404
        with pytest.raises(reminders.ReminderNotPermitted):
            reminders.ask(
                organization=retailer.organization, asked_by=outsider.user, site=ended, now=timezone.now()
            )

    def test_that_could_not_be_sent_is_sent_later(self, ask, mailoutbox, monkeypatch):
        def fail(*_args, **_options):
            raise smtplib.SMTPServerDisconnected

        ask()
        with monkeypatch.context() as patch:
            patch.setattr(sender, "_deliver", fail)
            assert send_all() == 0
        assert send_all() == 0
        assert send_all(timezone.now() + reminders.AGAIN) == 1 and len(mailoutbox) == 1

    def test_puts_no_second_line_into_its_head(self, ask, ended, mailoutbox):
        people.sites.Site.objects.filter(pk=ended.pk).update(name="Home\r\nBcc: all@example.org")
        ask()

        assert send_all() == 1 and "\n" not in mailoutbox[0].subject

    @pytest.mark.django_db(transaction=True)
    def test_is_sent_once_between_many_workers(self, homeowner, retailer, ended, mailoutbox):
        due = timezone.now()
        whose = {"organization": retailer.organization, "site": ended}
        pk = portfolio.Reminder.objects.create(**whose, asked_at=due, due_at=due).pk
        start = threading.Barrier(4)

        def work():
            start.wait()
            try:
                reminders.send(pk=pk, now=due)
            finally:
                databases.close_all()

        workers = [threading.Thread(target=work) for _number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, homeowner, retailer, ended, mailoutbox):
        whose = {"organization": retailer.organization, "site": ended}
        portfolio.Reminder.objects.create(**whose, asked_at=timezone.now(), due_at=timezone.now())
        tasks.sweep_reminders()

        assert len(mailoutbox) == 1
