"""Tokens are looked for everywhere they could leak to: none is found."""

import json
import traceback

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection as database

from gridshare_portal.accounts.models import User
from gridshare_portal.lunar import models, tasks
from gridshare_portal.lunar.login import cognito
from gridshare_portal.lunar.tokens import refresh as tokens_refresh
from tests.lunar.conftest import EVERYTHING, code_from_mail, expire, go_through_lunar
from tests.lunar.second_factors import give_second_factor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def planted(monkeypatch):
    """Remember every token that Lunar hands out."""
    seen, exchange, refresh = [], cognito.exchange, cognito.refresh

    def remember(asked):
        def ask(*arguments, **options):
            answer = asked(*arguments, **options)
            seen.extend(token for token in (answer.access, answer.refresh) if token)
            return answer

        return ask

    monkeypatch.setattr(cognito, "exchange", remember(exchange))
    monkeypatch.setattr(cognito, "refresh", remember(refresh))
    return seen


def everything_stored():
    """Return every value of every row of every table, as text."""
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            yield from (str(value) for row in cursor.fetchall() for value in row)


def sessions():
    return json.dumps([session.get_decoded() for session in Session.objects.all()])


def sealed():
    rows = [*models.Pending.objects.all(), *models.Connection.objects.all()]
    return [text for row in rows for text in (row.access_sealed, row.refresh_sealed) if text]


class TestATokenIsNeverFound:
    def test_in_a_session_sealed_or_not_while_somebody_signs_up(self, client, sandbox, planted):
        go_through_lunar(client, ticked=EVERYTHING)
        on_the_form = sessions()
        client.post("/accounts/3rdparty/signup/", {"email": "new@portal.example"}, follow=True)
        at_the_code = sessions()

        assert len(planted) == 2 and len(sealed()) == 2
        for secret in (*planted, *sealed()):
            assert secret not in on_the_form and secret not in at_the_code
        assert models.Pending.objects.get().key in at_the_code

    def test_anywhere_in_the_database_in_the_clear(self, client, sandbox, planted):
        go_through_lunar(client, ticked=EVERYTHING)
        during = "\n".join(everything_stored())
        client.post("/accounts/3rdparty/signup/", {"email": "new@portal.example"}, follow=True)
        client.post("/accounts/confirm-email/", {"code": code_from_mail()}, follow=True)
        sandbox.pool.rotate = True
        connection = models.Connection.objects.get()
        expire(connection)
        tokens_refresh.access_token(connection.pk)
        after = "\n".join(everything_stored())

        assert len(planted) == 4
        assert not any(secret in during or secret in after for secret in planted)
        assert not SocialToken.objects.exists()
        assert set(SocialAccount.objects.get().extra_data) == {"username"}

    def test_in_a_log_a_mail_or_an_error(self, client, sandbox, homeowner, planted, caplog, connect):
        caplog.set_level(0)
        client.force_login(homeowner)
        go_through_lunar(client, ticked=EVERYTHING)
        connection = models.Connection.objects.get()
        told = []
        for kind in ("truncated", "server_error", "invalid_client", "invalid_grant"):
            models.Outage.objects.all().delete()
            models.Connection.objects.update(retry_at=None)
            expire(connection)
            sandbox.faults.switch_on("oauthToken", kind, times=1)
            try:
                tokens_refresh.access_token(connection.pk)
            except Exception:
                told.append(traceback.format_exc())
        written = "\n".join([caplog.text, *told, *(message.body for message in mail.outbox)])

        assert len(told) == 4 and len(planted) == 2
        assert not any(secret in written for secret in (*planted, sandbox.client_secret))

    def test_in_the_words_of_an_object(self, connect, homeowner, sandbox):
        connection = connect(homeowner)
        granted = cognito.Tokens(access="planted-access", refresh="planted-refresh", expires_in_s=60)
        client = cognito.Client(url="x", id="y", secret="planted-secret")
        said = f"{connection!r} {connection} {granted!r} {client!r}"

        assert "planted" not in said and connection.refresh_sealed not in said

    def test_in_a_task(self, connect, homeowner, sandbox, monkeypatch):
        asked = []
        for task in (tasks.revoke, tasks.tell_owner):
            monkeypatch.setattr(task, "delay", lambda *arguments: asked.append(arguments))
        connection = connect(homeowner)
        homeowner.delete()

        assert asked and all(isinstance(argument, int) for call in asked for argument in call)
        assert connection.refresh_sealed not in str(asked)

    def test_in_the_admin(self, client, connect, homeowner, sandbox):
        connection = connect(homeowner)
        sandbox.faults.switch_on("oauthRevoke", "server_error")
        staff = User.objects.create_superuser("staff@portal.example")
        client.force_login(staff)
        give_second_factor(staff)
        pages = [
            client.get("/admin/"),
            client.get("/admin/lunar/connection/"),
            client.get(f"/admin/lunar/connection/{connection.pk}/change/"),
            client.get("/admin/lunar/revocation/"),
        ]
        secrets = (connection.access_token(), connection.refresh_token(), *sealed())

        assert [page.status_code for page in pages] == [200] * 4
        assert "ada" in pages[2].text
        assert not any(secret in page.text for secret in secrets for page in pages)
        for gone in (
            "socialaccount/socialtoken",
            "socialaccount/socialaccount",
            "lunar/pending",
            "mfa/authenticator",
        ):
            assert client.get(f"/admin/{gone}/").status_code == 404
