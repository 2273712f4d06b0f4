"""The platform's operators set organizations up, by a command or in the admin."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.management import CommandError, call_command

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import invitations
from gridshare_portal.audit.models import Event
from tests import people
from tests.accounts.conftest import known

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(client):
    user = known("operator@portal.example", is_staff=True, is_superuser=True)
    totp.TOTP.activate(user, totp.generate_totp_secret())
    client.force_login(user)
    return client


class TestTheCommand:
    def test_sets_an_organization_up_and_invites_its_first_admin(self, capsys):
        call_command("make_organization", "installer", "Sun Fix", "Igor@SunFix.example")

        said = capsys.readouterr().out
        secret = re.search(r"http://localhost/invitations/([^/]+)/", said)[1]
        assert secret in mail.outbox[-1].body and mail.outbox[-1].to == ["igor@sunfix.example"]
        igor = people.person("igor@sunfix.example")
        membership = invitations.accept(secret=secret, user=igor, now=models.timezone.now())
        assert (membership.role, membership.organization.slug) == ("admin", "sun-fix")
        assert set(Event.objects.values_list("name", flat=True)) == {
            "organization_made", "member_invited", "member_joined",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "name", "email"),
        [
            ("bank", "Bank", "a@b.example"),
            ("installer", "\u202e", "a@b.example"),
            ("installer", "Sun", "nobody"),
        ],
    )
    def test_leaves_nothing_behind_when_it_refuses(self, kind, name, email):
        with pytest.raises(CommandError):
            call_command("make_organization", kind, name, email)

        assert not models.Organization.objects.exists() and mail.outbox == []


class TestTheAdmin:
    def make(self, operator, **form):
        said = {
            "kind": "installer",
            "name": "SunFix",
            "about": "",
            "is_listed": "on",
            "invite": "igor@sunfix.example",
        }
        return operator.post("/admin/accounts/organization/add/", {**said, **form}, follow=True)

    def test_sets_an_organization_up_and_invites_its_first_admin(self, operator):
        page = self.make(operator)

        sunfix = models.Organization.objects.get()
        assert page.status_code == 200 and (sunfix.slug, sunfix.is_listed) == ("sunfix", True)
        assert mail.outbox[-1].to == ["igor@sunfix.example"] and "as admin" in mail.outbox[-1].body
        assert Event.objects.get(name="organization_made").actor_label == "operator@portal.example"

    def test_asks_for_the_first_admin(self, operator):
        assert "Name the first admin" in self.make(operator, invite="").text
        assert not models.Organization.objects.exists()

    def test_refuses_a_name_that_nobody_can_read(self, operator):
        assert "name that can be read" in self.make(operator, name="\u202e\u200b").text
        assert not models.Organization.objects.exists()

    def test_invites_another_admin_later_and_keeps_the_address(self, operator):
        self.make(operator)
        sunfix = models.Organization.objects.get()
        form = {"name": "Sun & Fix", "about": "Repairs", "invite": "zoe@sunfix.example"}
        operator.post(f"/admin/accounts/organization/{sunfix.pk}/change/", form, follow=True)

        sunfix.refresh_from_db()
        assert (sunfix.name, sunfix.slug, sunfix.kind) == ("Sun & Fix", "sunfix", "installer")
        assert mail.outbox[-1].to == ["zoe@sunfix.example"] and sunfix.invitations.count() == 2

    def test_never_shows_the_digest(self, operator):
        self.make(operator)
        invitation = models.Invitation.objects.get()
        for address in ("", f"{invitation.pk}/change/"):
            page = operator.get(f"/admin/accounts/invitation/{address}")
            assert page.status_code == 200 and "igor@sunfix.example" in page.text
            assert invitation.digest not in page.text

    def test_withdraws_an_invitation(self, operator):
        self.make(operator)
        form = {"action": "withdraw", "_selected_action": [models.Invitation.objects.get().pk]}
        operator.post("/admin/accounts/invitation/", form)

        assert models.Invitation.objects.get().withdrawn_at

    def test_removes_a_member_but_never_the_last_admin(self, operator):
        sunfix = people.organization("installer", "SunFix")
        igor, ines = (people.staff(f"{name}@sunfix.example", sunfix, role)
                      for name, role in (("igor", "admin"), ("ines", "operator")))  # fmt: skip
        everybody = list(sunfix.memberships.values_list("pk", flat=True))
        form = {"action": "remove", "_selected_action": everybody}
        page = operator.post("/admin/accounts/membership/", form, follow=True)

        assert "without an admin" in page.text
        assert list(sunfix.memberships.values_list("user", flat=True)) == [igor.user.pk]
        assert ines.get("/accounts/email/").status_code == 302

    def test_makes_an_admin_where_there_is_none(self, operator):
        sunfix = people.organization("installer", "SunFix")
        ines = people.staff("ines@sunfix.example", sunfix, "operator")
        pk = sunfix.memberships.get().pk
        operator.post("/admin/accounts/membership/", {"action": "make_admin", "_selected_action": [pk]})

        assert sunfix.memberships.get(user=ines.user).role == "admin"
        assert operator.get("/admin/accounts/membership/add/").status_code == 403
        assert operator.get(f"/admin/accounts/membership/{pk}/delete/").status_code == 403

    def test_is_closed_to_an_organization_s_admin(self, client):
        igor = people.staff("igor@sunfix.example", people.organization("installer", "SunFix"), "admin")

        for model in ("organization", "membership", "invitation"):
            assert igor.get(f"/admin/accounts/{model}/").status_code == 302
