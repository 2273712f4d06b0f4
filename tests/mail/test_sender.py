"""One way to send an e-mail, and one list of the pages that e-mails lead to."""

import smtplib
import uuid

import pytest
from django.conf import settings
from django.core import mail
from django.urls import NoReverseMatch, resolve

from gridshare_portal.mail import addresses, sender

TO = "ada@portal.example"
CONTEXT = {"name": "Ada", "address": "http://localhost/connect/"}


def send(**how):
    sender.send(template="lunar/email/ended", to=TO, context={**CONTEXT, "connection": None}, **how)


class TestSending:
    def test_writes_one_line_of_subject_to_one_person(self):
        send(attachments=(("homes.csv", b"a", "text/csv"),))

        (message,) = mail.outbox
        assert message.to == [TO] and "\n" not in message.subject and CONTEXT["address"] in message.body
        assert message.attachments[0].filename == "homes.csv"

    @pytest.mark.parametrize("failure", [OSError("no way"), smtplib.SMTPServerDisconnected("gone")])
    def test_says_that_it_failed_and_logs_whom_it_was_for_to_nobody(self, failure, monkeypatch, caplog):
        def fail(_letter):
            raise failure

        monkeypatch.setattr(sender, "_deliver", fail)
        with pytest.raises(sender.NotSent):
            send()

        assert type(failure).__name__ in caplog.text and TO not in caplog.text
        assert mail.outbox == []


class TestAddresses:
    @pytest.mark.parametrize("name", settings.PAGES)
    def test_lead_to_a_page_that_is_there(self, name):
        for given in ((), ("a-1",), (1,), ("a-1", 1), (uuid.uuid4(),)):
            try:
                path = addresses.path(name, *given)
            except NoReverseMatch:
                continue
            assert resolve(path).view_name == settings.PAGES[name]
            assert addresses.public(name, *given) == f"http://localhost{path}"
            return
        pytest.fail(f"no page {name}")
