"""`manage.py rotate_token_keys` seals every secret again, so that an old key can go."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings as portal
from django.core.management import CommandError, call_command
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.lunar import models
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import pending as tokens_pending
from gridshare_portal.lunar.tokens import refresh, revocations, rotation
from tests.lunar.conftest import expire
from tests.lunar.second_factors import give_second_factor

pytestmark = pytest.mark.django_db(transaction=True)

NEW = Fernet.generate_key().decode()


def rotate():
    said = StringIO()
    call_command("rotate_token_keys", stdout=said)
    return said.getvalue()


class TestRotatingKeys:
    def test_leaves_nothing_that_needs_the_old_key(self, connect, homeowner, sandbox, settings):
        connection = connect(homeowner)
        before = connection.access_token(), connection.refresh_token()
        pending = tokens_pending.keep(
            tokens=cognito.Tokens(access="a", refresh="r", expires_in_s=60), now=timezone.now()
        )
        sandbox.faults.switch_on("oauthRevoke", "server_error")
        revocations.add(refresh_token="over", now=timezone.now())
        give_second_factor(homeowner)
        settings.TOKEN_KEYS = [NEW, *portal.TOKEN_KEYS]

        assert "4 sealed again, 0 unreadable" in rotate()

        settings.TOKEN_KEYS = [NEW]
        row = models.Connection.objects.get()
        assert (row.access_token(), row.refresh_token()) == before
        assert row.version == connection.version
        pending.refresh_from_db()
        assert seal.unseal(pending.refresh_sealed, pending.context("refresh")) == "r"
        revocation = models.Revocation.objects.get()
        assert seal.unseal(revocation.refresh_sealed, revocation.context()) == "over"
        from allauth.mfa.totp.internal.auth import TOTP

        assert TOTP(Authenticator.objects.get(type="totp")).validate_code("") is False

    def test_fails_loudly_and_changes_nothing_it_cannot_read(self, connect, homeowner, sandbox, settings):
        connection = connect(homeowner)
        settings.TOKEN_KEYS = [NEW]

        with pytest.raises(CommandError):
            rotate()

        assert models.Connection.objects.get().refresh_sealed == connection.refresh_sealed

    def test_does_not_write_over_a_refresh_that_came_between(
        self, connect, homeowner, sandbox, settings, monkeypatch
    ):
        sandbox.pool.rotate, sandbox.pool.grace_s = True, 0
        connection = connect(homeowner)
        again, refreshed = seal.rotate, []

        def between(sealed):
            if not refreshed:
                expire(connection)
                refreshed.append(refresh.access_token(connection.pk))
            return again(sealed)

        monkeypatch.setattr(seal, "rotate", between)
        rotation.rotate_all()

        row = models.Connection.objects.get()
        assert row.access_token() == refreshed[0]
        assert sandbox.pool.refresh(row.refresh_token())["access_token"]
