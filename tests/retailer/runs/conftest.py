"""Homes that a retailer may change, and a run over them."""

import pytest

from gridshare_portal.sites import models as sites
from tests import people
from tests.retailer.runs import bulk


@pytest.fixture
def fleet(brightgrid, homeowner, neighbor, counted):
    """Two customers' homes that the retailer may change, counted."""
    for person in (homeowner, neighbor):
        for site in sites.Site.objects.filter(connection_sites__connection__user=person.user):
            people.share(site, brightgrid, person.user)
    counted()
    return brightgrid


@pytest.fixture
def ready(fleet, admin):
    """A run over all homes that was checked."""
    return bulk.checked(bulk.drafted(admin))
