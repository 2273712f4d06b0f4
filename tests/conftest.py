"""The cast and the world, for every test that asks for them by name."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from django.utils import timezone

from gridshare_portal import cache
from gridshare_portal.limits import counting
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.simulation import sensors
from gridshare_portal.telemetry import missing
from tests import chromium, emptying, environment

pytest_plugins = ["tests.people", "tests.portfolios", "tests.casework", "tests.databases"]

DATABASE = {"db", "transactional_db", "live_server", "other_databases"}
emptying.install()
HERE = Path(__file__).parent
# What a second database proves nothing new about: walks over all addresses, files, words, arithmetic.
ONCE = [HERE / "house", HERE / "frame" / "test_joined.py", HERE / "ids" / "test_refused.py"]
ONCE += [HERE / "telemetry" / "test_misreadings.py", HERE / "telemetry" / "test_one_truth.py"]
ONCE += [
    HERE / "telemetry" / "meaning" / "test_over_http.py",
    HERE / "homeowner" / "control" / "test_bad_plans.py",
]
CALLBACK = "http://testserver/accounts/lunar/login/callback/"


# A slow machine is no fault of what is tested: no property has a deadline.
patient = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("quick", **patient)
hypothesis.settings.register_profile("long", **patient, max_examples=2000)
hypothesis.settings.load_profile("long" if environment.rounds(quick=0, long=1) else "quick")


def pytest_addoption(parser):
    parser.addoption("--rows", action="store_true", help="only tests that ask for the database")


def pytest_collection_modifyitems(config, items):
    """With --rows, leave out what a second database proves nothing new about.

    That is what asks for no row, and what ONCE names.
    """
    if not config.getoption("--rows"):
        return
    kept = [
        one
        for one in items
        if (one.get_closest_marker("django_db") or DATABASE & set(one.fixturenames))
        and not any(place == one.path or place in one.path.parents for place in ONCE)
    ]
    config.hook.pytest_deselected(items=[one for one in items if one not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="session")
def running_sandbox():
    """One pretended Lunar for the whole run, reached over HTTP on this machine."""
    with wsgi.running(homes=6, faults=True, redirect_uris=[CALLBACK]) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox, settings, monkeypatch):
    """The pretended Lunar as new and never late by chance, with the portal pointed at it."""
    monkeypatch.setattr(sensors, "LATE_SHARE", 0.0)
    running_sandbox.reset()
    circuit_breaker.forget()
    settings.LUNAR_LOGIN_URL = settings.GRIDSHARE_URL = running_sandbox.url
    settings.LUNAR_ISSUER = running_sandbox.issuer
    settings.LUNAR_CLIENT_ID = running_sandbox.client_id
    settings.LUNAR_CLIENT_SECRET = running_sandbox.client_secret
    app = {"client_id": running_sandbox.client_id, "secret": running_sandbox.client_secret}
    settings.SOCIALACCOUNT_PROVIDERS = {"lunar": {"APPS": [app]}}
    yield running_sandbox
    running_sandbox.faults.clear()
    circuit_breaker.forget()


@pytest.fixture(autouse=True)
def two_days_of_history(request, monkeypatch):
    """A new home's past is two days long, unless a test asks for the `whole_history`."""
    if "whole_history" not in request.fixturenames:
        monkeypatch.setattr(missing, "HISTORY", timedelta(days=2))


@pytest.fixture
def whole_history():
    """The walk into the past is as long as in production, for the tests that are about it."""
    return missing.HISTORY


@pytest.fixture(autouse=True)
def nothing_counted_before(monkeypatch):
    """Whoever has the same key in another test has done nothing here yet."""
    monkeypatch.setattr(counting, "KEY", f"limit-{uuid.uuid4()}")


@pytest.fixture
def patient_cache(settings, monkeypatch):
    """A cache that waits for a busy machine, for tests of what is counted there."""
    patient = {"socket_timeout": 10.0, "socket_connect_timeout": 10.0}
    default = settings.CACHES["default"]
    settings.CACHES = {
        **settings.CACHES,
        "default": {**default, "OPTIONS": {**default["OPTIONS"], **patient}},
    }
    monkeypatch.setattr(cache, "_breaker", circuit_breaker.Breaker())


@pytest.fixture
def now():
    """The moment at which a test's story begins."""
    return timezone.now()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Start whichever Chromium there is, and let it talk to nobody but us."""
    path = os.environ.get("CHROMIUM") or chromium.find()
    return {**browser_type_launch_args, "executable_path": path, "args": list(chromium.ARGUMENTS)}
