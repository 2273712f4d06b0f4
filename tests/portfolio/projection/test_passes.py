"""Passes through a portfolio, some homes at a time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.portfolio.models import HomesAggregate, ProjectionPass, SiteRow
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.synthetic import rows


@pytest.mark.django_db
class TestARound:
    def test_is_taken_up_where_a_lost_worker_left_it(self, hundred, monkeypatch):
        monkeypatch.setattr(passes, "TOGETHER", 20)
        now = timezone.now() + timedelta(minutes=5)
        row = ProjectionPass.objects.get(organization=hundred)
        assert passes.run(pk=row.pk, now=now, owner="a", steps=2)
        row.refresh_from_db()
        at = row.cursor
        ProjectionPass.objects.filter(pk=row.pk).update(
            lease_owner="lost", lease_until_at=now + timedelta(seconds=90)
        )

        assert not passes.run(pk=row.pk, now=now, owner="b") and passes.due(now=now) == []
        later = now + timedelta(seconds=91)
        assert passes.due(now=later) == [row.pk] and at > 0
        assert not passes.run(pk=row.pk, now=later, owner="c", steps=99)
        assert HomesAggregate.objects.get(organization=hundred, group=None).made_at == later

    def test_begins_for_a_new_retailer_and_for_no_installer(self, brightgrid, now):
        assert passes.enroll(now=now) == 1 and passes.enroll(now=now) == 0

    def test_asks_as_often_for_a_hundred_homes_as_for_ten(self, brightgrid):
        counts = []
        for more in (10, 90):
            list(rows.make(count=more, organization=brightgrid, now=timezone.now()))
            ProjectionPass.objects.all().delete()
            SiteRow.objects.all().delete()
            HomesAggregate.objects.all().delete()
            with CaptureQueriesContext(connection) as asked:
                passes.whole(organization=brightgrid, now=timezone.now())
            counts.append(sum(query["sql"].startswith("SELECT") for query in asked))

        assert SiteRow.objects.count() > 80
        assert counts[0] == counts[1]
