"""A home with readings, which the installer has just opened."""

import pytest
from django.utils import timezone

from tests import readings
from tests.installer.diagnosis.visiting import visit


@pytest.fixture
def home(homeowner, installer):
    """The homeowner's home with readings, as the installer has just opened it."""
    readings.fetch(homeowner, timezone.now(), days=5)
    visit(installer, homeowner.site)
    return homeowner.site
