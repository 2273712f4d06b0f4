"""When a home was shared, as one stretch."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access import queries
from gridshare_portal.lunar import models as lunar

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def long_connected(homeowner):
    lunar.Connection.objects.update(created_at=timezone.now() - 100 * DAY)


class TestTheTimeAHomeWasShared:
    def test_is_one_stretch_where_one_consent_replaced_another(self, homeowner, retailer, now):
        of = {"site": homeowner.site, "organization": retailer.organization, "given_by": homeowner.user}
        access.Consent.objects.all().delete()
        for begun, until, ended in [(9, 6, 7), (7, 3, 2.5), (2, None, 1), (1, None, None)]:
            access.Consent.objects.create(
                from_at=now - begun * DAY,
                until_at=until and now - until * DAY,
                ended_at=ended and now - ended * DAY,
                right="view",
                **of,
            )

        pk = retailer.organization.pk
        assert queries.shared_with(homeowner.site) == [
            (pk, now - 9 * DAY, now - 3 * DAY),
            (pk, now - 2 * DAY, None),
        ]
