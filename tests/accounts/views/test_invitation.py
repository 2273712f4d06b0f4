"""The page of an invitation, from the e-mail to the membership."""

import re
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from gridshare_portal.accounts import models
from tests import people
from tests.accounts.conftest import code_from_mail, sign_in

pytestmark = pytest.mark.django_db


def link_in_mail():
    return re.search(r"http://localhost(/invitations/\S+)", mail.outbox[-1].body)[1]


@pytest.mark.django_db(transaction=True)
class TestTheLetter:
    @pytest.fixture
    def link(self, igor):
        page = igor.post(
            "/organizations/sunfix/invite/", {"email": "Vera@SunFix.example", "role": "operator"}
        )
        assert page.status_code == 302
        return link_in_mail()

    def test_says_who_invites_to_what_until_when(self, link):
        message = mail.outbox[-1]

        assert message.to == ["vera@sunfix.example"] and "SunFix" in message.subject
        for words in ("Igor invites you", "as operator", "Propose a change", "once", "this address only"):
            assert words in message.body

    def test_leads_somebody_new_from_sign_up_to_the_second_factor(self, link, client, igor):
        page = client.get(link)
        assert "Igor" in page.text and "vera@sunfix.example" in page.text and "Join SunFix" not in page.text
        sign_up = re.search(r'href="(/accounts/signup/\?next=[^"]+)"', page.text)[1]
        client.post(sign_up, {"email": "vera@sunfix.example", "next": link})
        arrived = client.post("/accounts/confirm-email/", {"code": code_from_mail()})
        assert arrived["Location"] == link

        assert "Join SunFix" in client.get(link).text
        answer = client.post(link, follow=True)
        assert answer.redirect_chain == [("/accounts/2fa/", 302)]
        assert "Welcome to SunFix" in answer.text and "passkey or an authenticator app" in answer.text
        assert models.Membership.objects.get(user__email="vera@sunfix.example").role == "operator"

    def test_leads_a_known_person_back_after_signing_in(self, link, client):
        people.person("vera@sunfix.example")

        assert sign_in(client, "vera@sunfix.example", next=link)["Location"] == link

    def test_leads_whoever_has_a_second_factor_to_the_organization(self, link):
        vera = people.staff("vera@sunfix.example", people.organization("retailer", "BrightGrid"), "viewer")

        assert vera.post(link)["Location"] == "/organizations/sunfix/"

    def test_opens_nothing_by_being_looked_at(self, link):
        vera = people.signed_in("vera@sunfix.example")
        for _ in range(2):
            assert vera.get(link).status_code == 200

        assert not models.Membership.objects.filter(user=vera.user).exists()

    def test_that_was_passed_on_says_so_and_opens_nothing(self, link):
        mallory = people.signed_in("mallory@home.example")
        page = mallory.get(link)
        assert page.status_code == 200 and "signed in with another address" in page.text
        assert "Join SunFix" not in page.text

        assert mallory.post(link).status_code == 422
        assert mallory.post("/accounts/logout/", {"next": link})["Location"] == link
        assert not models.Membership.objects.filter(user=mallory.user).exists()

    def test_that_was_used_says_so_to_everybody_else(self, link):
        people.signed_in("vera@sunfix.example").post(link)
        mallory = people.signed_in("mallory@home.example")

        for page in (mallory.get(link), mallory.post(link)):
            assert page.status_code == 410 and "was used already" in page.text

    def test_that_was_used_leads_its_owner_to_the_organization(self, link):
        vera = people.signed_in("vera@sunfix.example")
        vera.post(link)

        assert vera.post(link)["Location"] == vera.get(link)["Location"] == "/organizations/sunfix/"

    def test_that_has_ended_says_so(self, link, client):
        models.Invitation.objects.update(expires_at=models.Invitation.objects.get().made_at)

        page = client.get(link)
        assert page.status_code == 410 and "held for seven days" in page.text

    def test_that_was_withdrawn_says_so(self, link, client, igor):
        pk = models.Invitation.objects.get().pk
        page = igor.post(f"/organizations/sunfix/invitations/{pk}/withdraw/", follow=True)
        assert "is withdrawn" in page.text

        assert client.get(link).status_code == 410 and "taken this invitation back" in client.get(link).text

    @pytest.mark.parametrize("secret", ["x", "x" * 5_000, "%00", "%ED%A0%80", "..%2f", "<script>"])
    def test_with_another_secret_says_so(self, client, db, secret):
        page = client.get(f"/invitations/{secret}/")

        assert page.status_code == 404 and "<script>alert" not in page.text

    def test_asks_an_anonymous_visitor_instead_of_accepting(self, link, client):
        page = client.post(link)

        assert page.status_code == 200 and "To accept" in page.text
        assert models.Membership.objects.count() == 1

    def test_that_cannot_be_sent_leaves_no_open_invitation(self, igor, monkeypatch):
        def refuse(*_):
            raise smtplib.SMTPServerDisconnected("gone")

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        page = igor.post("/organizations/sunfix/invite/", {"email": "vera@sunfix.example", "role": "viewer"})

        assert page.status_code == 422 and "could not send the e-mail" in page.text
        assert 'value="vera@sunfix.example"' in page.text
        assert models.Invitation.objects.get().withdrawn_at

    def test_has_no_head_of_its_own_by_a_name(self, igor, sunfix):
        models.Organization.objects.update(name="Sun\r\nBcc: all@portal.example")
        igor.post("/organizations/sunfix/invite/", {"email": "vera@sunfix.example", "role": "viewer"})

        assert mail.outbox[-1].recipients() == ["vera@sunfix.example"]
