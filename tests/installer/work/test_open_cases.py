"""The part of a page that shows how many cases are open."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.cases import open_counts
from gridshare_portal.synthetic import examined, rows
from tests import people

PART = "/support/brightgrid/open-cases/"


def kept(organization):
    return {int(level): number for level, number in open_counts.last_counts(organization).levels}


class TestThePart:
    def test_leads_from_each_number_to_the_cases(self, brightgrid, admin, examined_at):
        open_counts.count(now=examined_at)
        page = admin.get(PART)

        assert page.status_code == 200
        for level, number in kept(brightgrid).items():
            assert f'href="/support/brightgrid/?severity={level}"' in page.text
            assert f"<strong>{number}</strong>" in page.text

    def test_says_so_before_the_first_count(self, admin):
        page = admin.get(PART)

        assert "counted within a few minutes" in page.text and 'href="/support/brightgrid/"' in page.text

    def test_asks_again_only_in_a_page_that_is_looked_at(self, admin, examined_at):
        page = admin.get(PART)

        assert 'hx-trigger="portal:refresh"' in page.text and "data-refresh-s" in page.text

    def test_costs_the_same_at_any_number_of_homes(self, brightgrid, admin, examined_at):
        open_counts.count(now=examined_at)
        with CaptureQueriesContext(connection) as few:
            admin.get(PART)
        list(rows.make(count=60, organization=brightgrid, now=examined_at))
        list(examined.make(now=examined_at))
        open_counts.count(now=examined_at)
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
