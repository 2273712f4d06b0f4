"""The e-mail about a request: the same for an address that is known and one that is not."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail

from gridshare_portal.access import emails
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.mail import sender
from gridshare_portal.sites import models as sites

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOBODY = "nobody@portal.example"


def serial_of(home):
    return sites.Device.objects.filter(site=home).exclude(serial_number="").first().serial_number


class TestTheLetter:
    def to(self):
        return [address for message in mail.outbox for address in message.to]

    @pytest.mark.parametrize("address", ["ada@portal.example", NOBODY])
    def test_goes_to_an_address_whether_or_not_it_is_known(self, ask, homeowner, now, address):
        emails.tell(pk=ask(email=address).pk, now=now)

        (message,) = mail.outbox
        assert message.to == [address]
        assert message.subject == "RoofWorks asks to help with your home"
        assert "/sharing/" in message.body

    def test_is_the_same_word_for_word_for_both(self, ask, homeowner, now):
        for address in ("ada@portal.example", NOBODY):
            emails.tell(pk=ask(email=address).pk, now=now)

        assert mail.outbox[0].body == mail.outbox[1].body

    def test_bears_no_words_of_staff(self, ask, now):
        emails.tell(pk=ask(email=NOBODY, message="Buy my pills").pk, now=now)

        assert "pills" not in mail.outbox[0].body

    def test_has_one_line_of_subject_whatever_the_name(self, ask, roofworks, now):
        accounts.Organization.objects.update(name="Roof\r\nBcc: all@portal.example")
        emails.tell(pk=ask(email=NOBODY).pk, now=now)

        assert "\n" not in mail.outbox[0].subject and self.to() == [NOBODY]

    def test_goes_to_all_who_reach_the_device_now(self, ask, homeowner, co_owner, neighbor, now):
        emails.tell(pk=ask(serial_number=serial_of(homeowner.site)).pk, now=now)

        assert self.to() == ["ada@portal.example", "cora@portal.example"]

    def test_does_not_go_to_who_disconnected(self, ask, homeowner, co_owner, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
        emails.tell(pk=ask(serial_number=serial_of(co_owner.site)).pk, now=now)

        assert self.to() == ["cora@portal.example"]

    def test_goes_to_nobody_for_a_serial_number_that_nobody_has(self, ask, homeowner, now):
        assert emails.tell(pk=ask(serial_number="NO-SUCH-THING").pk, now=now) == 0
        assert emails.due(now=now) == []

    def test_is_sent_at_most_once_a_day_to_an_address_however_it_was_named(self, ask, homeowner, now):
        sites.Device.objects.create(site=homeowner.site, synth_id="another", serial_number="SN-2")

        emails.tell(pk=ask(email="ada@portal.example").pk, now=now)
        emails.tell(pk=ask(serial_number=serial_of(homeowner.site)).pk, now=now + DAY / 2)
        assert self.to() == ["ada@portal.example"]

        emails.tell(pk=ask(serial_number="SN-2").pk, now=now + DAY)
        assert self.to() == ["ada@portal.example"] * 2

    def test_of_another_organization_is_another_letter(self, ask, installer, now):
        emails.tell(pk=ask(email=NOBODY).pk, now=now)
        other = ask(email=NOBODY, organization=installer.organization, asked_by=installer.user)
        emails.tell(pk=other.pk, now=now)

        assert len(mail.outbox) == 2

    def test_is_sent_once_however_often_the_task_runs(self, ask, now):
        request = ask(email=NOBODY)

        assert [emails.tell(pk=request.pk, now=now + n * 2 * DAY) for n in range(3)] == [1, 0, 0]

    def test_is_taken_up_again_when_it_could_not_be_sent(self, ask, now, monkeypatch):
        request = ask(email=NOBODY)
        with monkeypatch.context() as broken:
            broken.setattr(sender, "_deliver", refuse)
            assert emails.tell(pk=request.pk, now=now) == 0

        assert emails.due(now=now) == [request.pk]
        assert emails.tell(pk=request.pk, now=now) == 1

    def test_is_written_after_the_page_by_a_task(self, ask, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            ask(email=NOBODY)
            assert mail.outbox == []

        assert self.to() == [NOBODY]


def refuse(*_args, **_options):
    raise smtplib.SMTPServerDisconnected
