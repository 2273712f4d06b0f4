import pytest

from gridshare_portal.gridshare import client
from gridshare_portal.outbound import circuit_breaker


@pytest.fixture(autouse=True)
def nothing_remembered_of_any_host():
    circuit_breaker.forget()
    yield
    circuit_breaker.forget()


class Tokens:
    """A token callable that counts, and gives out other tokens when forced."""

    def __init__(self):
        self.asked = []

    def __call__(self, force=False):
        self.asked.append(force)
        return f"secret-token-{sum(self.asked)}"


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def client_of(tokens):
    def make(server, deadline_s=5.0, dialect="published"):
        return client.Client(server.url, tokens, dialect, deadline_s=deadline_s)

    return make
