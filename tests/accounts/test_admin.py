"""The admin opens for staff with a second factor, through the portal's own sign-in."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from cryptography.fernet import Fernet
from django.test import Client

from gridshare_portal import seal
from gridshare_portal.accounts.models import User
from gridshare_portal.accounts.signing_in import adapter
from tests.accounts.conftest import known, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db):
    return known("staff@portal.example", is_staff=True, is_superuser=True)


class TestTheAdmin:
    def test_sends_strangers_to_the_portals_sign_in(self, client, db):
        answer = client.get("/admin/login/?next=/admin/", follow=True)

        assert answer.redirect_chain[-1][0].startswith("/accounts/login/")

    def test_is_closed_to_staff_without_a_second_factor(self, client, staff):
        client.force_login(staff)
        answer = client.get("/admin/accounts/user/")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")

    def test_is_closed_to_homeowners(self, client, somebody):
        client.force_login(somebody)

        assert client.get("/admin/accounts/user/").status_code in (302, 403)

    def test_opens_with_one_and_shows_no_secret(self, client, staff):
        secret = auth.generate_totp_secret()
        auth.TOTP.activate(staff, secret)
        client.force_login(staff)
        page = client.get(f"/admin/accounts/user/{staff.pk}/change/")

        assert page.status_code == 200 and "staff@portal.example" in page.text
        assert secret not in page.text and Authenticator.objects.get().data["secret"] not in page.text
        assert "password" not in page.text.lower()

    def test_signs_somebody_out_everywhere(self, client, staff, somebody):
        browser = Client()
        sign_in(browser, somebody.email)
        assert browser.get("/accounts/email/").status_code == 200
        auth.TOTP.activate(staff, auth.generate_totp_secret())
        client.force_login(staff)
        form = {"action": "sign_out_everywhere", "_selected_action": [somebody.pk]}
        client.post("/admin/accounts/user/", form)

        assert browser.get("/accounts/email/").status_code == 302


class TestSecondFactors:
    def test_are_stored_sealed(self, db, somebody, settings):
        secret = auth.generate_totp_secret()
        auth.TOTP.activate(somebody, secret)

        assert secret not in str(Authenticator.objects.values_list("data", flat=True)[0])

    def test_are_never_given_out_sealed_when_the_key_is_lost(self, db, somebody, settings):
        sealed = adapter.SecondFactors().encrypt("secret")
        settings.TOKEN_KEYS = [Fernet.generate_key().decode()]

        with pytest.raises(seal.SecretUnreadable):
            adapter.SecondFactors().decrypt(sealed)


class TestDeletingAPerson:
    def test_takes_their_second_factors_along(self, somebody):
        auth.TOTP.activate(somebody, auth.generate_totp_secret())
        somebody.delete()

        assert not Authenticator.objects.exists() and not User.objects.exists()
