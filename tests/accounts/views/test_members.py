"""What an admin does with members on the organization's page, and what nobody else may."""

from datetime import timedelta

import pytest

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import members
from tests import people
from tests.accounts.views.pages import MARKUP, PAGE, RECORD, pk_of

pytestmark = pytest.mark.django_db


class TestWhatAnAdminDoes:
    def test_gives_a_role_and_says_so(self, igor, ines):
        page = igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": "admin"}, follow=True)

        assert "Ines is admin now" in page.text
        assert models.Membership.objects.get(pk=pk_of(ines)).role == "admin"

    @pytest.mark.parametrize("role", ["", "owner", "x" * 10_000, MARKUP])
    def test_gives_no_role_that_does_not_exist(self, igor, ines, role):
        page = igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": role})

        assert page.status_code == 422 and "Choose one of the roles" in page.text
        assert f'id="refused-{pk_of(ines)}"' in page.text

    def test_cannot_demote_the_last_one(self, igor):
        page = igor.post(f"{PAGE}members/{pk_of(igor)}/role/", {"role": "viewer"})

        assert page.status_code == 422 and "would be left without an admin" in page.text

    def test_removes_after_a_question_and_signs_out_at_once(self, igor, ines):
        address = f"{PAGE}members/{pk_of(ines)}/remove/"
        assert "signed out in every browser" in igor.get(address).text
        assert ines.get(PAGE).status_code == 200

        assert "does not work for SunFix any more" in igor.post(address, follow=True).text
        gone = ines.get(PAGE)
        assert gone.status_code == 302 and gone["Location"].startswith("/accounts/login/")

    def test_removes_somebody_in_the_middle_of_a_page(self, igor, ines, now):
        members.remove(membership=models.Membership.objects.get(pk=pk_of(ines)), actor=igor.user, now=now)
        part = ines.get(PAGE, headers={"HX-Request": "true"})
        sent = ines.post(f"{PAGE}leave/")

        assert (part.status_code, part["HX-Refresh"], part.content) == (401, "true", b"")
        assert sent.status_code == 302 and sent["Location"].startswith("/accounts/login/")

    def test_is_asked_to_leave_instead_of_removing_himself(self, igor):
        assert igor.post(f"{PAGE}members/{pk_of(igor)}/remove/")["Location"] == f"{PAGE}leave/"

    def test_says_at_the_field_whom_it_cannot_invite(self, igor, ines):
        for email, said in [
            ("INES@sunfix.example", "works for SunFix already"),
            ("nobody", "Write an e-mail address"),
            ("", "Write the e-mail address"),
            ("x" * 10_000, "Write an e-mail address"),
        ]:
            page = igor.post(f"{PAGE}invite/", {"email": email, "role": "viewer"})
            assert page.status_code == 422 and said in page.text, email

    @pytest.mark.parametrize("role", ["owner", "", "Admin"])
    def test_invites_to_no_role_that_does_not_exist(self, igor, role):
        page = igor.post(f"{PAGE}invite/", {"email": "new@sunfix.example", "role": role})

        assert page.status_code == 422 and "Choose one of the roles" in page.text
        assert not models.Invitation.objects.exists()

    def test_describes_the_organization(self, igor, sunfix):
        igor.post(f"{PAGE}details/", {"name": "Sun\u202eFix =1+1", "about": "We repair.", "is_listed": "on"})
        sunfix.refresh_from_db()

        assert (sunfix.name, sunfix.about, sunfix.is_listed) == ("SunFix =1+1", "We repair.", True)

    def test_loses_nothing_that_is_too_long(self, igor, sunfix):
        page = igor.post(f"{PAGE}details/", {"name": "SunFix", "about": "y" * 10_000})

        assert page.status_code == 422 and "at most 300 letters" in page.text and "y" * 10_000 in page.text
        assert igor.post(f"{PAGE}details/", {"name": "\u202e", "about": ""}).status_code == 422


@pytest.mark.parametrize("role", ["viewer", "operator"])
class TestWhoeverIsNoAdmin:
    def test_is_refused_with_a_reason(self, igor, sunfix, role):
        somebody = people.staff("vera@sunfix.example", sunfix, role)
        invitation = models.Invitation.objects.create(
            organization=sunfix, email="a@b.example", role="viewer", digest="d",
            made_at=sunfix.created_at, expires_at=sunfix.created_at + timedelta(days=99),
        )  # fmt: skip
        wishes = {"email": "me2@sunfix.example", "role": "admin", "name": "Mine", "about": ""}
        for address in (
            "details/", "invite/", f"invitations/{invitation.pk}/withdraw/",
            f"members/{pk_of(igor)}/role/", f"members/{pk_of(igor)}/remove/", f"members/{pk_of(somebody)}/role/",
        ):  # fmt: skip
            page = somebody.post(PAGE + address, wishes)
            assert page.status_code == 403 and f"Your role at SunFix is {role}" in page.text, address
        for address in (RECORD, f"{PAGE}record.csv"):
            assert somebody.get(address).status_code == 403
        assert models.Invitation.objects.filter(withdrawn_at=None).count() == 1
        assert models.Membership.objects.filter(role="admin").count() == 1

    def test_leaves(self, igor, sunfix, role):
        somebody = people.staff("vera@sunfix.example", sunfix, role)
        assert "Leave" in somebody.get(f"{PAGE}leave/").text
        page = somebody.post(f"{PAGE}leave/", follow=True)

        assert "You do not work for SunFix any more" in page.text and somebody.get(PAGE).status_code == 404


class TestTheLastAdmin:
    def test_cannot_leave(self, igor):
        page = igor.post(f"{PAGE}leave/")

        assert page.status_code == 422 and "without an admin" in page.text

    def test_cannot_delete_the_account_before_another_one_is_there(self, igor, ines):
        page = igor.post("/account/delete/", {"email": igor.user.email})
        assert (
            page.status_code == 422 and "without an admin" in page.text and "Nothing was deleted" in page.text
        )

        igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": "admin"})
        igor.post("/account/delete/", {"email": igor.user.email})
        assert not models.User.objects.filter(pk=igor.user.pk).exists()
        assert list(models.Membership.objects.values_list("user", flat=True)) == [ines.user.pk]
