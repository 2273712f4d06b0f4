"""A retailer with practice homes, and what counts them at a moment of one's choice."""

import pytest
from django.utils import timezone

from gridshare_portal.portfolio.projection import passes
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import rows
from tests import people
from tests.retailer import bulk


@pytest.fixture
def brightgrid(db):
    return people.organization("retailer", "BrightGrid")


@pytest.fixture
def admin(brightgrid):
    return people.staff("rita@brightgrid.example", brightgrid, "admin")


@pytest.fixture
def viewer_there(brightgrid):
    return people.staff("vito@brightgrid.example", brightgrid, "viewer")


@pytest.fixture
def counted(brightgrid):
    """Return what counts the portfolio, at this moment unless another is named."""

    def count(now=None):
        passes.whole(organization=brightgrid, now=now or timezone.now())

    return count


@pytest.fixture
def hundred(brightgrid, counted):
    """A hundred practice homes, counted."""
    now = timezone.now()
    list(rows.make(count=100, organization=brightgrid, now=now))
    counted(now)
    return brightgrid


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
