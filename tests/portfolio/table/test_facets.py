"""What is yes or no of a home, as one number."""

import itertools

import pytest
from django.utils import timezone

from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.table import facets, listing
from gridshare_portal.portfolio.table import query as asking
from tests.portfolio.table.listed import read

ANSWERS = {
    "state": ["", *asking.STATES],
    "right": ["", *asking.RIGHTS],
    "ask": ["", *asking.ASK_FIRST],
    "has": ["", "solar", "ev"],
    "lacks": ["", "battery", "solar"],
    "charged": ["", *asking.CHARGED],
}


@pytest.mark.django_db
class TestTheFacets:
    def test_are_those_of_exactly_the_homes_that_the_filters_leave(self, hundred):
        for values in itertools.product(*ANSWERS.values()):
            said = "&".join(f"{name}={value}" for name, value in zip(ANSWERS, values, strict=True) if value)
            numbers = facets.numbers(read(said).answers)
            if numbers is None:
                assert not said
                continue
            lines = listing.listed(hundred, read(said), now=timezone.now())
            known = SiteRow.objects.filter(organization=hundred, facets__in=numbers)

            assert set(known.values_list("pk")) == set(lines.values_list("pk")), said

    def test_follow_what_is_written_without_being_written(self, hundred):
        line = SiteRow.objects.filter(state="active").first()
        SiteRow.objects.filter(pk=line.pk).update(state="reconnect")
        before, after = line.facets, SiteRow.objects.get(pk=line.pk).facets

        assert before - after == facets.BITS["active"][0]
