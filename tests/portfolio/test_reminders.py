"""E-mails that ask a homeowner to connect again: once a week, whoever asks."""

import smtplib
from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.audit import models as audit
from gridshare_portal.mail import sender
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio import reminders, tasks
from tests import people
from tests.threads import at_once

DAY = timedelta(days=1)


@pytest.fixture
def ask(retailer, ended_home):
    def ask(now=None, who=None):
        who = who or retailer
        whose = {"organization": who.organization, "asked_by": who.user}
        return reminders.ask(**whose, site=ended_home, now=now or timezone.now())

    return ask


def send_all(now=None):
    now = now or timezone.now()
    return sum(reminders.send(pk=pk, now=now) for pk in reminders.due(now=now))


class TestTheLetter:
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

    def test_comes_once_a_week_whoever_asks_and_tells_neither(self, homeowner, ask, ended_home, mailoutbox):
        volta = people.organization("retailer", "Volta")
        people.share(ended_home, volta, homeowner.user)
        ask(who=people.staff("vi@volta.example", volta, "operator"))
        ask()

        assert send_all() == 1 and len(mailoutbox) == 1 and "Volta" in mailoutbox[0].subject
        assert portfolio.Reminder.objects.filter(due_at=None).count() == 2

    def test_is_dropped_when_the_connection_stands_again_or_sharing_ended(self, ask, mailoutbox):
        ask()
        access.Consent.objects.update(ended_at=timezone.now())

        assert send_all() == 0 and mailoutbox == []

    def test_that_could_not_be_sent_is_sent_later(self, ask, mailoutbox, monkeypatch):
        def fail(*_args, **_options):
            raise smtplib.SMTPServerDisconnected

        ask()
        with monkeypatch.context() as patch:
            patch.setattr(sender, "_deliver", fail)
            assert send_all() == 0
        assert send_all() == 0
        assert send_all(timezone.now() + reminders.AGAIN) == 1 and len(mailoutbox) == 1

    def test_puts_no_second_line_into_its_head(self, ask, ended_home, mailoutbox):
        people.sites.Site.objects.filter(pk=ended_home.pk).update(name="Home\r\nBcc: all@example.org")
        ask()

        assert send_all() == 1 and "\n" not in mailoutbox[0].subject

    @pytest.mark.django_db(transaction=True)
    def test_is_sent_once_between_many_workers(self, homeowner, retailer, ended_home, mailoutbox):
        due = timezone.now()
        whose = {"organization": retailer.organization, "site": ended_home}
        pk = portfolio.Reminder.objects.create(**whose, asked_at=due, due_at=due).pk
        at_once(*[partial(reminders.send, pk=pk, now=due)] * 4)

        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, homeowner, retailer, ended_home, mailoutbox):
        whose = {"organization": retailer.organization, "site": ended_home}
        portfolio.Reminder.objects.create(**whose, asked_at=timezone.now(), due_at=timezone.now())
        tasks.sweep_reminders()

        assert len(mailoutbox) == 1
