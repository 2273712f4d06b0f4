"""How many cases are open, as kept for pages that show the numbers only."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.cases import open_counts, queries, tasks
from gridshare_portal.cases.models import Case, OpenCases
from gridshare_portal.synthetic import examined, rows
from tests import people

PART = "/support/brightgrid/open-cases/"


@pytest.fixture
def brightgrid(db):
    return people.organization("retailer", "BrightGrid")


@pytest.fixture
def admin(brightgrid):
    return people.staff("rita@brightgrid.example", brightgrid, "admin")


@pytest.fixture
def now(brightgrid):
    """The moment at which a hundred homes were examined."""
    now = timezone.now()
    list(rows.make(count=100, organization=brightgrid, now=now))
    list(examined.make(now=now))
    return now


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
    def test_are_those_of_the_work_list(self, brightgrid, admin, now):
        open_counts.count(now=now)

        assert kept(brightgrid) == listed(admin, now)
        assert all(number > 0 for number in kept(brightgrid).values())

    def test_leave_out_what_is_closed_set_aside_or_no_longer_shared(self, brightgrid, admin, now):
        open_counts.count(now=now)
        before = kept(brightgrid)
        first, second, third = Case.objects.filter(severity=3).order_by("site_id").distinct()[:3]
        Case.objects.filter(pk=first.pk).update(closed_at=now, closed_how="resolved")
        Case.objects.filter(pk=second.pk).update(snoozed_until_at=now + timedelta(days=1))
        access.Consent.objects.filter(site=third.site).update(ended_at=now)
        open_counts.count(now=now)

        assert kept(brightgrid)[3] < before[3] - 1
        assert kept(brightgrid) == listed(admin, now)

    def test_count_what_was_set_aside_again_when_its_time_has_come(self, brightgrid, admin, now):
        open_counts.count(now=now)
        before = kept(brightgrid)
        Case.objects.update(snoozed_until_at=now)
        open_counts.count(now=now)

        assert kept(brightgrid) == before

    def test_are_each_organization_s_own(self, brightgrid, now):
        other = people.organization("installer", "SunFix")
        tasks.count_open_cases()

        assert sum(kept(brightgrid).values()) > 0
        assert kept(other) == {1: 0, 2: 0, 3: 0}
        assert OpenCases.objects.count() == 2

    def test_cost_the_same_for_many_homes_and_organizations(self, brightgrid, now):
        open_counts.count(now=now)
        with CaptureQueriesContext(connection) as few:
            open_counts.count(now=now)
        for number in range(5):
            people.organization("retailer", f"Grid {number}")
        list(rows.make(count=100, organization=brightgrid, now=now))
        with CaptureQueriesContext(connection) as many:
            open_counts.count(now=now)

        assert len(many) == len(few) <= 5


class TestThePart:
    def test_leads_from_each_number_to_the_cases(self, brightgrid, admin, now):
        open_counts.count(now=now)
        page = admin.get(PART)

        assert page.status_code == 200
        for level, number in kept(brightgrid).items():
            assert f'href="/support/brightgrid/?severity={level}"' in page.text
            assert f"<strong>{number}</strong>" in page.text

    def test_says_so_before_the_first_count(self, admin):
        page = admin.get(PART)

        assert "counted within a few minutes" in page.text and 'href="/support/brightgrid/"' in page.text

    def test_asks_again_only_in_a_page_that_is_looked_at(self, admin, now):
        page = admin.get(PART)

        assert 'hx-trigger="portal:refresh"' in page.text and "data-refresh-s" in page.text

    def test_costs_the_same_at_any_number_of_homes(self, brightgrid, admin, now):
        open_counts.count(now=now)
        with CaptureQueriesContext(connection) as few:
            admin.get(PART)
        list(rows.make(count=60, organization=brightgrid, now=now))
        list(examined.make(now=now))
        open_counts.count(now=now)
        with CaptureQueriesContext(connection) as many:
            admin.get(PART)

        assert len(many) == len(few)

    def test_does_not_exist_for_another_organization(self, brightgrid):
        stranger = people.staff("olga@other.example", people.organization("retailer", "Other"), "admin")

        assert stranger.get(PART).status_code == 404


class TestThePages:
    @pytest.mark.parametrize("page", ["", "report/"])
    def test_of_a_retailer_ask_for_the_part_and_lead_to_the_list_without_javascript(self, admin, page):
        page = admin.get(f"/portfolio/brightgrid/{page}")

        assert f'hx-get="{PART}" hx-trigger="load, portal:refresh"' in page.text
        assert 'href="/support/brightgrid/">See them in the work list' in page.text
