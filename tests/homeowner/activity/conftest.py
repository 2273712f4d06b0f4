"""Lines of a home's access log."""

import pytest
from django.utils import timezone

from gridshare_portal.audit import names, record

NAME = names.Name


@pytest.fixture
def look(homeowner):
    """Return what leaves a line as staff do."""

    def look(staff, name=NAME.SITE_VIEWED, at=None, **details):
        usual = {"reason": "fault", "words": "he called us", "page": "history"}
        return record.add(
            name=name, at=at or timezone.now(), actor=staff.user, site=homeowner.site,
            organization=staff.organization, details={**usual, **details},
        )  # fmt: skip

    return look
