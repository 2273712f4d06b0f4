"""A retailer with synthetic homes, the passes that keep its portfolio, and a campaign."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.campaigns import lifecycle
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.portfolio.projection import daily_sums, passes
from gridshare_portal.reports import periods
from gridshare_portal.synthetic import rows
from tests import people

CAMPAIGN = {
    "name": "Spring letter",
    "text": "We even out the evening peak.",
    "right": "control",
    "lasts": "year",
}


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
    """A hundred synthetic homes, counted."""
    now = timezone.now()
    list(rows.make(count=100, organization=brightgrid, now=now))
    counted(now)
    return brightgrid


@pytest.fixture
def keep_day(brightgrid, now):
    """Return what keeps a sum for a day."""

    def keep(day, wh, homes, *, changed=0):
        figures = {name: {"wh": wh, "homes": homes} for name in daily_sums.ENERGIES}
        figures[daily_sums.CHANGED] = {"homes": changed}
        portfolio.PortfolioDay.objects.create(organization=brightgrid, day=day, figures=figures, made_at=now)

    return keep


@pytest.fixture
def last_week(now):
    """The week that a report is about."""
    return periods.before(every="week", zone="UTC", now=now)


@pytest.fixture
def ended_home(homeowner, retailer):
    """The homeowner's home, whose connection Lunar has ended; counted since."""
    lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now() - timedelta(hours=2))
    passes.whole(organization=retailer.organization, now=timezone.now())
    return homeowner.site


@pytest.fixture
def make_campaign(retailer):
    """Return what begins a campaign of the retailer's, unless another organization is named."""

    def make(organization=None, **other):
        usual = {**CAMPAIGN, "color": "#0b6370", "ends_at": None, "now": timezone.now(), **other}
        return lifecycle.make(
            organization=organization or retailer.organization, actor=retailer.user, **usual
        )

    return make


@pytest.fixture
def campaign(make_campaign):
    return make_campaign()
