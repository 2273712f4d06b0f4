"""Signing in and up with a code, and where one lands afterwards."""

import re
import smtplib

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from gridshare_portal.accounts.models import User
from gridshare_portal.audit.models import Event
from tests.accounts.conftest import code_from_mail, known, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://ok@evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/\r\nSet-Cookie:x=1",
    "/\x00",
    "/" + "x" * 5000,
    "///evil.example",
    "/\t/evil.example",
    "\\\\evil.example",
]


class TestSigningIn:
    def test_takes_an_address_and_a_code(self, client, somebody):
        answer = sign_in(client, somebody.email)

        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert client.session["_auth_user_id"] == str(somebody.pk)
        assert Event.objects.filter(name="signed_in", actor_id=somebody.pk).count() == 1

    def test_gives_the_session_a_key_that_nobody_knew_before(self, client, somebody):
        client.post("/accounts/login/", {"login": somebody.email})
        before = client.session.session_key
        client.post("/accounts/login/code/confirm/", {"code": code_from_mail()})

        assert before and client.session.session_key != before
        assert not Session.objects.filter(session_key=before).exists()

    def test_does_not_care_about_the_case_of_the_address(self, client, somebody):
        sign_in(client, somebody.email.upper())

        assert "_auth_user_id" in client.session

    def test_offers_lunar_a_passkey_and_no_password(self, client, db):
        page = client.get("/accounts/login/")

        assert "Continue with Lunar" in page.text and 'href="/connect/"' in page.text
        assert "Sign in with a passkey" in page.text and 'type="password"' not in page.text

    def test_refuses_a_wrong_code_and_records_it(self, client, somebody):
        client.post("/accounts/login/", {"login": somebody.email})
        for _ in range(3):
            client.post("/accounts/login/code/confirm/", {"code": "AAAA-AAAA"})
        client.post("/accounts/login/code/confirm/", {"code": code_from_mail()})

        assert "_auth_user_id" not in client.session
        assert Event.objects.filter(name="sign_in_failed", subject_id=somebody.pk).count() == 3

    def test_does_not_say_whether_an_address_is_known(self, client, somebody):
        pages = []
        for email in (somebody.email, "nobody@portal.example"):
            page = Client().post("/accounts/login/", {"login": email}, follow=True)
            pages.append((page.status_code, page.redirect_chain, page.text.count("portal.example")))

        assert pages[0] == pages[1]

    def test_of_a_suspended_person_ends_at_a_page_of_words(self, client, somebody):
        User.objects.update(is_active=False)
        page = client.post("/accounts/login/", {"login": somebody.email}, follow=True)

        assert page.status_code == 200 and "_auth_user_id" not in client.session

    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_never_leads_elsewhere(self, client, somebody, target):
        answer = sign_in(client, somebody.email, next=target)

        assert (answer.status_code, answer["Location"]) == (302, "/")

    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_shows_its_page_whatever_the_address_says(self, client, db, target):
        page = client.get("/accounts/login/", {"next": target})

        links = re.findall(r'(?:href|action)="([^"]*)"', page.text)
        assert page.status_code == 200 and all(link[:1] in "/#" and link[:2] != "//" for link in links)

    def test_leads_back_to_the_page_that_asked_for_it(self, client, somebody):
        assert sign_in(client, somebody.email, next="/homes/a1/?day=1")["Location"] == "/homes/a1/?day=1"

    def test_says_so_when_no_mail_can_be_sent(self, client, somebody, monkeypatch):
        def refuse(*_):
            raise smtplib.SMTPServerDisconnected("gone")

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        page = client.post("/accounts/login/", {"login": somebody.email}, follow=True)

        assert page.status_code == 200 and "could not send the e-mail" in page.text

    def test_needs_a_form_of_ours(self, somebody):
        answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": somebody.email})

        assert answer.status_code == 403 and mail.outbox == []


class TestSigningUp:
    def test_takes_an_address_and_a_code(self, client, db):
        page = client.post("/accounts/signup/", {"email": "New@portal.example"}, follow=True)
        assert page.status_code == 200 and "_auth_user_id" not in client.session
        client.post("/accounts/confirm-email/", {"code": code_from_mail()})

        user = User.objects.get()
        assert user.email == "new@portal.example" and not user.has_usable_password()
        assert client.session["_auth_user_id"] == str(user.pk)
        assert Event.objects.filter(name="signed_up", subject_id=user.pk).count() == 1

    def test_offers_lunar_first(self, client, db):
        page = client.get("/accounts/signup/").text

        assert page.index("Continue with Lunar") < page.index("Continue with e-mail")

    def test_lets_a_mistyped_address_be_corrected(self, client, db):
        client.post("/accounts/signup/", {"email": "wrnog@portal.example"})
        assert "Type another one" in client.get("/accounts/confirm-email/").text
        again = client.post("/accounts/logout/", {"next": "/accounts/signup/"})
        assert again["Location"] == "/accounts/signup/"
        client.post("/accounts/signup/", {"email": "right@portal.example"})
        client.post("/accounts/confirm-email/", {"code": code_from_mail()})

        assert mail.outbox[-1].to == ["right@portal.example"]
        assert client.session["_auth_user_id"] == str(User.objects.get(email="right@portal.example").pk)

    @pytest.mark.parametrize(
        "email", ["", "nobody", "a@b", "x" * 300 + "@portal.example", "a@portal.example\nBcc: b@c.de"]
    )
    def test_refuses_what_is_no_address(self, client, db, email):
        page = client.post("/accounts/signup/", {"email": email})

        assert page.status_code == 200 and "errorlist" in page.text
        assert mail.outbox == [] and not User.objects.exists()

    def test_of_a_known_person_tells_only_them(self, client, somebody):
        page = client.post("/accounts/signup/", {"email": somebody.email}, follow=True)

        assert "already" not in page.text and "already" in mail.outbox[-1].body
        assert "/accounts/login/" in mail.outbox[-1].body and User.objects.count() == 1


class TestSigningOut:
    def test_ends_the_session_and_is_recorded(self, client, somebody):
        client.force_login(somebody)
        client.post("/accounts/logout/")

        assert "_auth_user_id" not in client.session
        assert Event.objects.filter(name="signed_out", actor_id=somebody.pk).count() == 1

    def test_leaves_a_key_that_opens_nothing(self, client, somebody):
        client.force_login(somebody)
        assert client.get("/accounts/email/").status_code == 200
        thief = Client()
        thief.cookies["session"] = client.cookies["session"].value
        client.post("/accounts/logout/")

        assert thief.get("/accounts/email/").status_code == 302


class TestEveryPageOfOnesOwn:
    @pytest.mark.parametrize(
        "path", ["/accounts/2fa/", "/accounts/email/", "/accounts/sessions/", "/accounts/logout/", "/accounts/2fa/webauthn/add/",
                 "/accounts/2fa/totp/activate/"],
    )  # fmt: skip
    def test_opens(self, client, path):
        client.force_login(known("somebody@portal.example"))
        page = client.get(path, follow=True)

        assert page.status_code == 200 and "<h1" in page.text
        assert " style=" not in page.text and " onclick=" not in page.text
