"""The daily e-mail of new cases: once a day, and only where there is something to say."""

import smtplib
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases import digest, tasks
from gridshare_portal.cases.models import Case, Digest
from gridshare_portal.mail import sender
from tests.threads import at_once

DAY = timedelta(days=1)


def send_all(now):
    return [digest.send(pk=pk, now=now) for pk in digest.due(now=now)]


class TestTheLetter:
    def test_tells_what_is_new_and_where_it_stands(self, installer, morning, case, mailoutbox):
        assert send_all(morning) == [True]

        (message,) = mailoutbox
        assert message.to == ["ines@sunfix.example"] and message.subject == "SunFix: 1 new in the work list"
        assert "Home silent (new)" in message.body and "Nothing was heard from the home since" in message.body
        assert f"/support/sunfix/cases/{case.pk}/" in message.body
        assert "/support/sunfix/digest/" in message.body

    def test_comes_once_a_day(self, morning, case, mailoutbox):
        for minutes in (0, 1, 60):
            send_all(morning + timedelta(minutes=minutes))
        Case.objects.update(severity=1)  # would be told every day
        Digest.objects.update(due_at=morning)
        send_all(morning + timedelta(hours=3))

        assert len(mailoutbox) == 1

    def test_comes_again_the_next_day_only_for_what_is_new_or_cannot_wait(self, morning, case, mailoutbox):
        send_all(morning)
        assert send_all(morning + DAY + timedelta(hours=1)) == [False]
        Case.objects.update(severity=1)
        assert send_all(morning + 2 * DAY + timedelta(hours=1)) == [True]

        assert len(mailoutbox) == 2 and "(new)" not in mailoutbox[1].body

    def test_does_not_come_when_there_is_nothing_to_say(self, morning, mailoutbox):
        assert send_all(morning) == [False]
        assert mailoutbox == []

    def test_does_not_tell_of_what_is_set_aside_closed_or_no_longer_shared(self, morning, case, mailoutbox):
        for change in ({"snoozed_until_at": morning + DAY}, {"closed_at": morning, "closed_how": "gone"}):
            Case.objects.update(**change)
            assert send_all(morning) == [False]
            Digest.objects.update(due_at=morning, sent_on=None, told_at=morning - 2 * DAY)
            Case.objects.update(snoozed_until_at=None, closed_at=None)
        access.Consent.objects.update(ended_at=morning)

        assert send_all(morning) == [False] and mailoutbox == []

    def test_does_not_go_to_who_was_removed_or_lost_the_second_factor(
        self, installer, morning, case, mailoutbox
    ):
        installer.user.authenticator_set.all().delete()
        send_all(morning)
        Digest.objects.update(due_at=morning, sent_on=None)
        accounts.Membership.objects.all().delete()
        send_all(morning)

        assert mailoutbox == []

    def test_puts_no_second_line_into_its_head(self, morning, case, sunfix, mailoutbox):
        accounts.Organization.objects.update(name="Sun\r\nBcc: all@example.org")
        send_all(morning)

        assert mailoutbox[0].subject.startswith("Sun Bcc: all@example.org:")

    def test_that_could_not_be_sent_is_tried_again_the_same_morning(
        self, morning, case, mailoutbox, monkeypatch
    ):
        def fail(*_args, **_options):
            raise smtplib.SMTPServerDisconnected

        with monkeypatch.context() as patch:
            patch.setattr(sender, "_deliver", fail)
            assert send_all(morning) == [False]
        assert send_all(morning + digest.AGAIN) == [True]
        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_sent_once_between_many_workers(self, installer, homeowner, sunfix, make_case, mailoutbox):
        make_case(homeowner.site, sunfix)
        digest.enroll(now=timezone.now() - 2 * DAY)
        Digest.objects.update(due_at=timezone.now(), told_at=timezone.now() - DAY)
        now, pk = timezone.now(), Digest.objects.get().pk
        at_once(*[partial(digest.send, pk=pk, now=now)] * 4)

        assert len(mailoutbox) == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_swept(self, installer, homeowner, sunfix, make_case, mailoutbox):
        make_case(homeowner.site, sunfix)
        tasks.sweep_digests()
        Digest.objects.update(due_at=timezone.now(), told_at=timezone.now() - DAY)
        tasks.sweep_digests()

        assert len(mailoutbox) == 1


class TestTheChoice:
    def test_is_made_for_those_who_work_on_cases(self, installer, installer_admin, viewer):
        digest.enroll(now=timezone.now())

        assert set(Digest.objects.values_list("user", flat=True)) == {
            installer.user.pk,
            installer_admin.user.pk,
        }
        assert set(Digest.objects.values_list("time_zone", flat=True)) == {"America/Los_Angeles"}
        assert digest.enroll(now=timezone.now()) == 0


class TestTheMorning:
    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
        st.sampled_from(
            ["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"]
        ),
    )
    def test_is_the_next_seven_o_clock_there(self, now, zone):
        found = digest.next_morning(zone=zone, now=now)

        assert timedelta(0) < found - now <= timedelta(hours=25)
        assert found.astimezone(ZoneInfo(zone)).hour == 7
