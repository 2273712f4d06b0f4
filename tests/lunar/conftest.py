"""A pretended Lunar over HTTP, a way through its sign-in page, and connections made through it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from gridshare_portal.accounts.models import User
from gridshare_portal.lunar import connections, models, scopes
from gridshare_portal.lunar.login import cognito, identity
from gridshare_portal.lunar.tokens import pending as tokens_pending
from gridshare_portal.sandbox import wsgi

CALLBACK = "/accounts/lunar/login/callback/"
READING = [scopes.DEVICE_READ, scopes.PLAN_READ]
EVERYTHING = [scope.id for scope in scopes.SCOPES]


@pytest.fixture(scope="session")
def running_sandbox():
    with wsgi.running(homes=6, faults=True, redirect_uris=[f"http://testserver{CALLBACK}"]) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox, settings):
    settings.LUNAR_LOGIN_URL = running_sandbox.url
    settings.LUNAR_ISSUER = running_sandbox.issuer
    settings.LUNAR_CLIENT_ID = running_sandbox.client_id
    settings.LUNAR_CLIENT_SECRET = running_sandbox.client_secret
    app = {"client_id": running_sandbox.client_id, "secret": running_sandbox.client_secret}
    settings.SOCIALACCOUNT_PROVIDERS = {"lunar": {"APPS": [app]}}
    rotation = running_sandbox.pool.rotate, running_sandbox.pool.grace_s, running_sandbox.pool.access_token_s
    running_sandbox.reset()
    yield running_sandbox
    running_sandbox.faults.clear()
    pool = running_sandbox.pool
    pool.rotate, pool.grace_s, pool.access_token_s = rotation


@pytest.fixture(autouse=True)
def _no_rate_limit_left_by_another_test():
    cache.clear()


@pytest.fixture
def homeowner(db):
    return new_user("homeowner@portal.example")


@pytest.fixture
def neighbor(db):
    return new_user("neighbor@portal.example")


def new_user(email):
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def connect(sandbox):
    """Give a user a connection without a browser, as the end of a sign-in would."""

    def make(user, username="ada", granted=READING, **options):
        granted_now = sandbox.pool.grant(username, scopes=granted)
        tokens = cognito.Tokens(
            access=granted_now["access_token"],
            refresh=granted_now["refresh_token"],
            expires_in_s=granted_now["expires_in"],
        )
        pending = tokens_pending.keep(tokens=tokens, now=timezone.now())
        owner = identity.identify(tokens.access, issuer=sandbox.issuer, client_id=sandbox.client_id)
        tokens_pending.name_owner(key=pending.key, owner=owner)
        options = {"time_zone": "America/Los_Angeles", "now": timezone.now(), **options}
        return connections.store(user=user, key=pending.key, **options)

    return make


def leave(client, ticked=READING, **more):
    """Post the boxes and return the answer that leads to Lunar."""
    return client.post("/accounts/lunar/login/", {"scope": list(ticked), **more})


def sign_in_at_lunar(answer, username="ada", granted=None):
    """Walk through Lunar's sign-in page; return the path and query that come back."""
    assert answer.status_code == 302, answer.content
    address = urlsplit(answer["Location"])
    asked = dict(parse_qsl(address.query))
    form = {**asked, "username": username, "granted": granted or asked["scope"].split()}
    back = requests.post(
        f"{address.scheme}://{address.netloc}/login", data=form, allow_redirects=False, timeout=10
    )
    returned = urlsplit(back.headers["Location"])
    return f"{returned.path}?{returned.query}"


def go_through_lunar(client, username="ada", ticked=READING, granted=None, **more):
    """Leave, sign in, come back; return what the portal answers."""
    return client.get(sign_in_at_lunar(leave(client, ticked, **more), username, granted), follow=True)


def code_from_mail():
    return re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]


def expire(connection, *, access=True, **fields):
    """Let the stored access token be over, as time would."""
    past = timezone.now() - timedelta(minutes=1)
    moments = {"access_expires_at": past, "refresh_due_at": past} if access else {"refresh_due_at": past}
    models.Connection.objects.filter(pk=connection.pk).update(**moments, **fields)
