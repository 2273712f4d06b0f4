"""Cases as the examination leaves them, homes that were examined, and more homes to do so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.cases import digest, examination
from gridshare_portal.cases.models import Case, Digest, Examination
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import examined as synthetic_cases
from gridshare_portal.synthetic import rows
from tests import people


@pytest.fixture
def make_case():
    """Return what puts a case into the work list of an organization, without examining anything."""

    def make(site, organization, cause="site_silent", severity=2, *, hours=5, **more):
        now = timezone.now()
        told = {"since_at": now - timedelta(hours=hours), "opened_at": now, "seen_at": now, **more}
        return Case.objects.create(
            site=site, organization=organization, cause=cause, severity=severity, **told
        )

    return make


@pytest.fixture
def case(make_case, homeowner, sunfix):
    return make_case(homeowner.site, sunfix)


@pytest.fixture
def examined():
    """Return what examines every home that is shared, at a moment of one's choice."""

    def look(now=None):
        now = now or timezone.now()
        examination.enroll(now=now)
        Examination.objects.update(due_at=now)
        return examination.run(pks=examination.claim(now=now), now=now, owner="the test")

    return look


@pytest.fixture
def many_homes(homeowner, sunfix):
    """Return what shares more homes with SunFix, through the homeowner's own connection."""

    def make(count, name="Home"):
        found = []
        for number in range(count):
            site = sites.Site.objects.create(
                synth_id=f"{name}-{number}",
                name=f"{name} {number}",
                time_zone="UTC",
                created_at=timezone.now(),
            )
            site.connection_sites.create(connection=homeowner.connection, seen_at=timezone.now())
            people.share(site, sunfix, homeowner.user)
            found.append(site)
        return found

    return make


@pytest.fixture
def morning(installer):
    """The moment at which the installer's next digest is due."""
    digest.enroll(now=timezone.now() - timedelta(minutes=1))
    return Digest.objects.get(user=installer.user).due_at


@pytest.fixture
def examined_at(brightgrid):
    """The moment at which a hundred homes of a retailer's were examined."""
    now = timezone.now()
    list(rows.make(count=100, organization=brightgrid, now=now))
    list(synthetic_cases.make(now=now))
    return now
