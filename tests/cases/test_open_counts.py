"""How many cases are open, as kept for pages that show the numbers only."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.access import models as access
from gridshare_portal.cases import open_counts, queries, tasks
from gridshare_portal.cases.models import Case, OpenCases
from gridshare_portal.synthetic import rows
from tests import people


def kept(organization):
    return {int(level): number for level, number in open_counts.last_counts(organization).levels}


def listed(visitor, now):
    """Count what the work list shows, filter by filter."""
    asked = {level: queries.Filters(severity=level) for level in (1, 2, 3)}
    return {
        level: len(queries.listed(visitor.user, visitor.organization, one, now=now))
        for level, one in asked.items()
    }


class TestTheNumbers:
    def test_are_those_of_the_work_list(self, brightgrid, admin, examined_at):
        open_counts.count(now=examined_at)

        assert kept(brightgrid) == listed(admin, examined_at)
        assert all(number > 0 for number in kept(brightgrid).values())

    def test_leave_out_what_is_closed_set_aside_or_no_longer_shared(self, brightgrid, admin, examined_at):
        open_counts.count(now=examined_at)
        before = kept(brightgrid)
        first, second, third = Case.objects.filter(severity=3).order_by("site_id").distinct()[:3]
        Case.objects.filter(pk=first.pk).update(closed_at=examined_at, closed_how="resolved")
        Case.objects.filter(pk=second.pk).update(snoozed_until_at=examined_at + timedelta(days=1))
        access.Consent.objects.filter(site=third.site).update(ended_at=examined_at)
        open_counts.count(now=examined_at)

        assert kept(brightgrid)[3] < before[3] - 1
        assert kept(brightgrid) == listed(admin, examined_at)

    def test_count_what_was_set_aside_again_when_its_time_has_come(self, brightgrid, admin, examined_at):
        open_counts.count(now=examined_at)
        before = kept(brightgrid)
        Case.objects.update(snoozed_until_at=examined_at)
        open_counts.count(now=examined_at)

        assert kept(brightgrid) == before

    def test_are_each_organization_s_own(self, brightgrid, examined_at):
        other = people.organization("installer", "SunFix")
        tasks.count_open_cases()

        assert sum(kept(brightgrid).values()) > 0
        assert kept(other) == {1: 0, 2: 0, 3: 0}
        assert OpenCases.objects.count() == 2

    def test_cost_the_same_for_many_homes_and_organizations(self, brightgrid, examined_at):
        open_counts.count(now=examined_at)
        with CaptureQueriesContext(connection) as few:
            open_counts.count(now=examined_at)
        for number in range(5):
            people.organization("retailer", f"Grid {number}")
        list(rows.make(count=100, organization=brightgrid, now=examined_at))
        with CaptureQueriesContext(connection) as many:
            open_counts.count(now=examined_at)

        assert len(many) == len(few) <= 5
