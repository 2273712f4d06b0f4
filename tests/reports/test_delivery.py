"""The report by e-mail: once for a period, to whoever may have it."""

import io
import smtplib
import zipfile
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.mail import sender
from gridshare_portal.reports import delivery, periods, tasks
from gridshare_portal.reports import models as reports
from tests.threads import at_once

DAY = timedelta(days=1)


@pytest.fixture
def subscribed(admin):
    """A member who gets the report, and the moment at which the next is due."""
    membership = accounts.Membership.objects.get(user=admin.user)
    return delivery.choose(membership=membership, every="week", time_zone="UTC", now=timezone.now())


def send_all(now):
    return [delivery.send(pk=pk, now=now) for pk in delivery.due(now=now)]


class TestTheLetter:
    def test_says_it_as_text_as_a_page_and_as_a_file(self, hundred, admin, subscribed, keep_day, mailoutbox):
        due = subscribed.due_at
        keep_day(periods.before(every="week", zone="UTC", now=due).first, 7_000_000, 40)
        assert send_all(due) == [True]

        (message,) = mailoutbox
        (html, kind), (name, file, type_) = message.alternatives[0], message.attachments[0]
        assert message.to == ["rita@brightgrid.example"] and kind == "text/html"
        assert message.subject.startswith("BrightGrid: portfolio report, ")
        for text in (message.body, html):
            assert "Homes shared with you" in text and "7,000" in text
            assert "/portfolio/brightgrid/report/" in text
        assert name.endswith(".xlsx") and type_ == delivery.SHEET and zipfile.is_zipfile(io.BytesIO(file))

    def test_says_which_days_lunar_changed_later(self, hundred, subscribed, keep_day, mailoutbox):
        about = periods.before(every="week", zone="UTC", now=subscribed.due_at)
        keep_day(about.first, 1_000, 20, changed=12)
        send_all(subscribed.due_at)

        text, page = mailoutbox[0].body, mailoutbox[0].alternatives[0][0]
        for part in (text, page):
            assert (
                "On 1 day of this time Lunar corrected readings or handed them in later, of up to 12 homes"
                in part
            )

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
        at_once(*[partial(delivery.send, pk=subscribed.pk, now=subscribed.due_at)] * 4)

        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, admin, subscribed, mailoutbox):
        reports.Subscription.objects.update(due_at=timezone.now())
        tasks.sweep()
        tasks.sweep()

        assert len(mailoutbox) == 1
