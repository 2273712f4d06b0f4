"""A home that was known for a while, by day."""

from datetime import timedelta

import pytest

from gridshare_portal.access import models as access
from tests import readings


@pytest.fixture
def afternoon(sandbox):
    moment = sandbox.clock.now().replace(hour=20, minute=40, second=0, microsecond=0)  # 13:40 in Los Angeles
    sandbox.clock.set(moment)
    return moment


@pytest.fixture
def home(homeowner, sunfix, afternoon):
    """The homeowner's home, known for a while, with its readings, shared with SunFix."""
    before = afternoon - timedelta(days=30)
    homeowner.site.__class__.objects.update(created_at=before)
    access.Consent.objects.update(from_at=before)
    readings.fetch(homeowner, afternoon)
    return homeowner.site
