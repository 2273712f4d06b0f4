"""An invitation opens once, within seven days, for the invited address; from the letter to the membership."""

import hashlib
import re
import smtplib
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import invitations, members
from gridshare_portal.audit.models import Event
from tests import people
from tests.accounts.conftest import code_from_mail, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def sunfix(db):
    return people.organization("installer", "SunFix")


@pytest.fixture
def igor(sunfix):
    return people.staff("igor@sunfix.example", sunfix, "admin")


@pytest.fixture
def made(sunfix, igor, now):
    return invite(sunfix, igor, now)


def invite(sunfix, igor, now, email="Vera@SunFix.example", role="viewer"):
    return invitations.invite(organization=sunfix, email=email, role=role, actor=igor.user, now=now)


def link_in_mail():
    return re.search(r"http://localhost(/invitations/\S+)", mail.outbox[-1].body)[1]


class TestInviting:
    def test_keeps_a_digest_and_no_secret(self, made, sunfix, igor, now):
        kept = models.Invitation.objects.get()

        assert kept.digest == hashlib.sha256(made.secret.encode()).hexdigest()
        assert made.secret not in str(models.Invitation.objects.values()) + str(Event.objects.values())
        assert (kept.email, kept.role, kept.expires_at - now) == (
            "vera@sunfix.example",
            "viewer",
            timedelta(days=7),
        )
        event = Event.objects.get(name="member_invited")
        assert (event.organization_id, event.actor_id) == (sunfix.pk, igor.user.pk)

    def test_somebody_twice_is_said_at_the_field(self, made, sunfix, igor, now):
        with pytest.raises(members.MemberRefused, match="invited already") as refusal:
            invite(sunfix, igor, now, email=" VERA@sunfix.EXAMPLE")

        assert refusal.value.field == "email"

    def test_somebody_again_after_the_first_has_ended(self, made, sunfix, igor, now):
        assert invite(sunfix, igor, now + timedelta(days=7)).invitation.pk != made.invitation.pk

    def test_a_member_is_said_at_the_field_whichever_address_it_is(self, sunfix, igor, now):
        EmailAddress.objects.create(user=igor.user, email="boss@sunfix.example", verified=True)
        for address in ("IGOR@sunfix.example", "boss@sunfix.example"):
            with pytest.raises(members.MemberRefused, match="works for SunFix already") as refusal:
                invite(sunfix, igor, now, email=address)
            assert refusal.value.field == "email"

    @pytest.mark.parametrize(
        "email", ["", "vera", "vera@", "a@b.example\nBcc: c@d.example", "x" * 10_000 + "@b.example", "=1+1", "\x00@b.example"]
    )  # fmt: skip
    def test_what_is_no_address_is_refused(self, sunfix, igor, now, email):
        with pytest.raises(members.MemberRefused) as refusal:
            invite(sunfix, igor, now, email=email)

        assert refusal.value.field == "email" and not models.Invitation.objects.exists()

    @pytest.mark.parametrize("role", ["", "owner", "Admin"])
    def test_to_a_role_that_does_not_exist_is_refused(self, sunfix, igor, now, role):
        with pytest.raises(members.MemberRefused) as refusal:
            invite(sunfix, igor, now, role=role)

        assert refusal.value.field == "role"

    def test_is_for_admins(self, sunfix, igor, now):
        ines = people.staff("ines@sunfix.example", sunfix, "operator")

        with pytest.raises(members.MemberRefused, match="Only an admin"):
            invite(sunfix, ines, now)

    def test_has_an_end_within_a_day(self, sunfix, igor, now):
        for number in range(invitations.AT_MOST_A_DAY):
            invite(sunfix, igor, now, email=f"n{number}@sunfix.example")

        with pytest.raises(members.MemberRefused, match="tomorrow"):
            invite(sunfix, igor, now, email="one.more@sunfix.example")
        assert invite(sunfix, igor, now + timedelta(days=1, seconds=1), email="one.more@sunfix.example")


class TestAccepting:
    def test_makes_a_member_once(self, made, sunfix, now):
        vera = people.person("vera@sunfix.example")
        membership = invitations.accept(secret=made.secret, user=vera, now=now)

        assert (membership.user, membership.organization, membership.role) == (vera, sunfix, "viewer")
        assert Event.objects.get(name="member_joined").organization_id == sunfix.pk
        with pytest.raises(members.MemberRefused, match="works only once"):
            invitations.accept(secret=made.secret, user=vera, now=now)

    def test_takes_a_second_address_that_was_proven(self, made, now):
        vera = people.person("vera@home.example")
        EmailAddress.objects.create(user=vera, email="vera@sunfix.example", verified=True)

        assert invitations.accept(secret=made.secret, user=vera, now=now)

    def test_does_not_take_an_address_that_was_only_claimed(self, made, now):
        vera = people.person("mallory@home.example")
        EmailAddress.objects.create(user=vera, email="vera@sunfix.example", verified=False)

        with pytest.raises(members.MemberRefused, match="opens nothing for anybody else"):
            invitations.accept(secret=made.secret, user=vera, now=now)
        assert not models.Membership.objects.filter(user=vera).exists()

    def test_ends_after_seven_days_to_the_second(self, made, now):
        vera = people.person("vera@sunfix.example")
        with pytest.raises(members.MemberRefused, match="seven days"):
            invitations.accept(secret=made.secret, user=vera, now=now + timedelta(days=7))

        assert invitations.accept(
            secret=made.secret, user=vera, now=now + timedelta(days=6, hours=23, minutes=59)
        )

    def test_ends_with_the_withdrawal(self, made, igor, now):
        invitations.withdraw(invitation=made.invitation, actor=igor.user, now=now)

        assert Event.objects.filter(name="invitation_withdrawn").count() == 1
        with pytest.raises(members.MemberRefused, match="taken this invitation back"):
            invitations.accept(secret=made.secret, user=people.person("vera@sunfix.example"), now=now)
        with pytest.raises(members.MemberRefused, match="not open any more"):
            invitations.withdraw(invitation=made.invitation, actor=igor.user, now=now)

    @pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "\x00", "\ud800", "ünï"])
    def test_knows_nothing_of_another_secret(self, made, now, secret):
        with pytest.raises(members.MemberRefused, match="no such invitation"):
            invitations.accept(secret=secret, user=people.person("vera@sunfix.example"), now=now)


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
        letter = mail.outbox[-1]

        assert letter.to == ["vera@sunfix.example"] and "SunFix" in letter.subject
        for words in ("Igor invites you", "as operator", "Propose a change", "once", "this address only"):
            assert words in letter.body

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
