"""A case as the examination leaves it, and homes that were examined."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.cases import examination
from gridshare_portal.cases.models import Case, Examination


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
