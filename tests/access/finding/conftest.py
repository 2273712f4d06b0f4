"""The home that staff look for."""

import pytest
from django.utils import timezone

from gridshare_portal.sites import settings


@pytest.fixture
def home(homeowner):
    """The homeowner's home, with a name of its own."""
    homeowner.user.name = "José García-López"
    homeowner.user.save()
    site = homeowner.site
    return settings.rename(site=site, name="Sunny Cottage", time_zone=site.time_zone, now=timezone.now())
