from datetime import UTC, datetime

import pytest
import requests

from gridshare_portal.sandbox import wsgi

NOON = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)  # noon in San Francisco, a Wednesday


class Caller:
    """Somebody who signed in, and who calls the API as any client would."""

    def __init__(self, sandbox, username, scopes=None):
        self.sandbox, self.session = sandbox, requests.Session()
        tokens = sandbox.pool.grant(username, **({} if scopes is None else {"scopes": scopes}))
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def get(self, path, **params):
        return self.session.get(f"{self.sandbox.url}{path}", params=params, timeout=10, allow_redirects=False)

    def put(self, path, body):
        return self.session.put(f"{self.sandbox.url}{path}", json=body, timeout=10)

    def patch(self, path, body):
        return self.session.patch(f"{self.sandbox.url}{path}", json=body, timeout=10)


@pytest.fixture(scope="session")
def running_sandbox():
    with wsgi.running(homes=6, now=NOON, faults=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.reset()
    yield running_sandbox
    running_sandbox.reset()


@pytest.fixture(scope="session")
def running_live_sandbox():
    with wsgi.running(homes=6, now=NOON, dialect="live") as sandbox:
        yield sandbox


@pytest.fixture
def live_sandbox(running_live_sandbox):
    running_live_sandbox.reset()
    return running_live_sandbox


@pytest.fixture
def call(sandbox):
    return lambda username, scopes=None: Caller(sandbox, username, scopes)


@pytest.fixture
def ada(call):
    return call("ada")


@pytest.fixture
def home(sandbox):
    """Ada's home."""
    return sandbox.world.customer("ada").homes[0]


@pytest.fixture
def battery(home):
    """The device in Ada's home that holds the battery."""
    return home.device_with("battery")
