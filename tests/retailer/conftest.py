"""A retailer with practice homes, and what counts them at a moment of one's choice."""

import pytest
from django.utils import timezone

from gridshare_portal.installer.practice import rows
from gridshare_portal.retailer import counting
from tests import people


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
        counting.whole(organization=brightgrid, now=now or timezone.now())

    return count


@pytest.fixture
def hundred(brightgrid, counted):
    """A hundred practice homes, counted."""
    now = timezone.now()
    list(rows.make(count=100, organization=brightgrid, now=now))
    counted(now)
    return brightgrid
