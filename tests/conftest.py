"""The cast and the world, for every test that asks for them by name."""

import os

import pytest
from django.utils import timezone

from gridshare_portal import cache
from gridshare_portal.gridshare import gate
from gridshare_portal.sandbox import wsgi
from tests import chromium

pytest_plugins = ["tests.people"]

CALLBACK = "http://testserver/accounts/lunar/login/callback/"


@pytest.fixture(scope="session")
def running_sandbox():
    """One pretended Lunar for the whole run, reached over HTTP on this machine."""
    with wsgi.running(homes=6, faults=True, redirect_uris=[CALLBACK]) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox, settings):
    """The pretended Lunar as new, with the portal pointed at it."""
    running_sandbox.reset()
    gate.forget()
    settings.LUNAR_LOGIN_URL = settings.GRIDSHARE_URL = running_sandbox.url
    settings.LUNAR_ISSUER = running_sandbox.issuer
    settings.LUNAR_CLIENT_ID = running_sandbox.client_id
    settings.LUNAR_CLIENT_SECRET = running_sandbox.client_secret
    app = {"client_id": running_sandbox.client_id, "secret": running_sandbox.client_secret}
    settings.SOCIALACCOUNT_PROVIDERS = {"lunar": {"APPS": [app]}}
    yield running_sandbox
    running_sandbox.faults.clear()
    gate.forget()


@pytest.fixture
def patient_cache(settings, monkeypatch):
    """A cache that waits for a busy machine, for tests of what is counted there."""
    patient = {"socket_timeout": 10.0, "socket_connect_timeout": 10.0}
    default = settings.CACHES["default"]
    settings.CACHES = {"default": {**default, "OPTIONS": {**default["OPTIONS"], **patient}}}
    monkeypatch.setattr(cache, "_breaker", cache._Breaker())


@pytest.fixture
def now():
    """The moment at which a test's story begins."""
    return timezone.now()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Start whichever Chromium there is, and let it talk to nobody but us."""
    path = os.environ.get("CHROMIUM") or chromium.find()
    return {**browser_type_launch_args, "executable_path": path, "args": list(chromium.ARGUMENTS)}
