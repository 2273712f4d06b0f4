import pytest

from gridshare_portal.sites import signals


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch):
    """What other rooms make of a home that was read, they test themselves."""
    monkeypatch.setattr(signals.synced, "receivers", [])
