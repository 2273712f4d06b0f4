import pytest

from gridshare_portal.sites import signals, sync
from tests.people import connect, person


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch):
    """What other rooms make of a home that was read, they test themselves."""
    monkeypatch.setattr(signals.synced, "receivers", [])


@pytest.fixture
def connected(sandbox, now):
    """Somebody connected whose homes nobody has read yet."""

    def _connected(username, **how):
        connection = connect(person(f"{username}@portal.example"), username, sandbox=sandbox, now=now, **how)
        sync.request(connection=connection, now=now)
        return connection

    return _connected
