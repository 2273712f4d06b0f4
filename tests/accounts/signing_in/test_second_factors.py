"""A second factor's secret opens only for the row it was made for, also after a new key."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.management import call_command

from gridshare_portal import seal
from tests.accounts.conftest import known
from tests.accounts.signing_in.test_proof import right_code

pytestmark = pytest.mark.django_db


def app_of(user):
    return totp.TOTP.activate(user, totp.generate_totp_secret()).instance


class TestASecret:
    def test_opens_for_its_own_row(self, somebody):
        app = app_of(somebody)
        cache.clear()

        assert Authenticator.objects.get(pk=app.pk).wrap().validate_code(right_code(somebody))

    def test_opens_nothing_when_it_is_copied_to_another_person(self, somebody):
        victim, thief = app_of(somebody), app_of(known("thief@portal.example"))
        Authenticator.objects.filter(pk=victim.pk).update(data=thief.data)

        with pytest.raises(seal.SecretUnreadable):
            Authenticator.objects.get(pk=victim.pk).wrap().validate_code("123456")

    def test_opens_nothing_when_it_is_moved_to_another_person(self, somebody):
        victim, thief = app_of(somebody), app_of(known("thief@portal.example"))
        data = thief.data
        thief.delete()
        Authenticator.objects.filter(pk=victim.pk).update(data=data)

        with pytest.raises(seal.SecretUnreadable):
            Authenticator.objects.get(pk=victim.pk).wrap().validate_code("123456")

    def test_opens_after_it_was_sealed_with_a_new_key(self, somebody, settings):
        app = app_of(somebody)
        settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
        call_command("rotate_token_keys")
        settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
        cache.clear()

        assert Authenticator.objects.get(pk=app.pk).wrap().validate_code(right_code(somebody))

    def test_of_recovery_codes_is_bound_too(self, somebody):
        codes = RecoveryCodes.activate(somebody)
        one = codes.get_unused_codes()[0]
        assert Authenticator.objects.get(pk=codes.instance.pk).wrap().validate_code(one)

        other = RecoveryCodes.activate(known("thief@portal.example")).instance
        Authenticator.objects.filter(pk=codes.instance.pk).update(data=other.data)
        with pytest.raises(seal.SecretUnreadable):
            Authenticator.objects.get(pk=codes.instance.pk).wrap().validate_code("x")
