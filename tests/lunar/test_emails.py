"""The e-mail to an owner whose connection Lunar has ended."""

import smtplib

import pytest
from django.core import mail

from gridshare_portal.lunar import emails, models
from gridshare_portal.mail import sender


@pytest.fixture
def ended(connect, homeowner, now):
    connection = connect(homeowner)
    models.Connection.objects.update(status=emails.Status.RECONNECT, status_since_at=now)
    return connection


class TestTheEmail:
    def test_is_sent_once(self, ended, now):
        assert emails.due() == [ended.pk]

        assert [emails.tell_owner(pk=ended.pk, now=now) for _time in range(2)] == [True, False]

        assert emails.due() == []
        assert [one.to for one in mail.outbox] == [["homeowner@portal.example"]]
        assert "http://localhost/connect/" in mail.outbox[0].body

    def test_is_taken_up_again_when_it_could_not_be_sent(self, ended, now, monkeypatch, caplog):
        def refuse(_letter):
            raise smtplib.SMTPRecipientsRefused({"homeowner@portal.example": (550, b"no")})

        with monkeypatch.context() as broken:
            broken.setattr(sender, "_deliver", refuse)
            assert not emails.tell_owner(pk=ended.pk, now=now)

        assert "SMTPRecipientsRefused" in caplog.text and "homeowner@" not in caplog.text
        assert emails.due() == [ended.pk]
        assert emails.tell_owner(pk=ended.pk, now=now) and len(mail.outbox) == 1

    def test_is_not_sent_once_the_owner_connected_again(self, ended, now):
        models.Connection.objects.update(status=emails.Status.ACTIVE)

        assert emails.due() == [] and not emails.tell_owner(pk=ended.pk, now=now)
        assert mail.outbox == []
