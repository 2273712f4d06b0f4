"""A home with readings, which the installer has just opened."""

import pytest
from django.utils import timezone

from gridshare_portal.cases import raw_responses
from tests import readings
from tests.installer.diagnosis.visiting import visit


@pytest.fixture
def home(homeowner, installer):
    """The homeowner's home with readings, as the installer has just opened it."""
    readings.fetch(homeowner, timezone.now(), days=5)
    visit(installer, homeowner.site)
    return homeowner.site


@pytest.fixture
def opened_home(homeowner, installer):
    """The same home, without readings."""
    visit(installer, homeowner.site)
    return homeowner.site


@pytest.fixture
def no_worker_yet(monkeypatch):
    """Let a worker come when the test says so, and something happen in between."""
    monkeypatch.setattr(raw_responses, "wake", lambda *args: None)
