"""Homes by a piece of their name: all that have it, from the index alone, or word that it cannot tell."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import models
from gridshare_portal.access.finding import entries, lookups
from gridshare_portal.portfolio.projection.sources import name_key
from gridshare_portal.sites import models as sites
from gridshare_portal.synthetic import rows
from tests import people


@pytest.fixture
def everywhere(db):
    """A hundred and fifty homes."""
    organization = people.organization("retailer", "BrightGrid")
    list(rows.make(count=150, organization=organization, now=timezone.now()))
    return organization


def shared_names(organization):
    consents = organization.consents.filter(ended_at=None).select_related("site")
    return {consent.site_id: name_key(consent.site.name) for consent in consents}


class TestHomesByAPieceOfTheirName:
    def test_are_all_that_have_it(self, everywhere):
        names = shared_names(everywhere)
        pieces = {
            name[at : at + size] for name in names.values() for at in (0, 1, 3, 6) for size in (3, 5, 9)
        }
        told = 0
        for piece in pieces:
            found = lookups.homes_named(everywhere, piece, at_most=1000)
            expected = {site for site, name in names.items() if piece in name}

            assert found is None or expected <= set(found), piece
            told += found is not None
        assert told > len(pieces) / 2

    def test_are_few_where_few_have_it(self, everywhere):
        names = shared_names(everywhere)
        site, name = next((site, name) for site, name in names.items() if "cottage" in name and " " in name)

        assert site in lookups.homes_named(everywhere, name, at_most=300)
        assert len(lookups.homes_named(everywhere, "ottag", at_most=300)) < len(names) / 2

    @pytest.mark.parametrize("text", ["", "a", "17", "-2+3", "わ"])
    def test_are_not_told_where_the_index_has_no_such_piece(self, everywhere, text):
        assert lookups.homes_named(everywhere, text, at_most=300) is None

    def test_are_not_told_where_they_are_many(self, everywhere):
        assert lookups.homes_named(everywhere, "home", at_most=5) is None

    def test_of_another_organization_are_none(self, everywhere):
        assert lookups.homes_named(people.organization("retailer", "OtherGrid"), "home", at_most=300) == []

    def test_cost_three_questions(self, everywhere):
        with CaptureQueriesContext(connection) as asked:
            lookups.homes_named(everywhere, "cottage", at_most=300)

        assert len(asked) <= 3

    def test_are_found_by_what_their_names_are_now(self, everywhere):
        site = sites.Site.objects.get(pk=next(iter(shared_names(everywhere))))
        assert site.pk not in lookups.homes_named(everywhere, "anziba", at_most=300)
        sites.Site.objects.filter(pk=site.pk).update(name="Zanzibar")
        entries.refresh(models.Consent.objects.filter(site=site))

        assert lookups.homes_named(everywhere, "anziba", at_most=300) == [site.pk]
