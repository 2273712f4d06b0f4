"""An invitation opens once, within seven days, for the invited address."""

import hashlib
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import invitations, members
from gridshare_portal.audit.models import Event
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(sunfix, igor, now):
    return invite(sunfix, igor, now)


def invite(sunfix, igor, now, email="Vera@SunFix.example", role="viewer"):
    return invitations.invite(organization=sunfix, email=email, role=role, actor=igor.user, now=now)


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
