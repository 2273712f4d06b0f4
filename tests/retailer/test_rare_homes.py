"""Homes that few filters leave: found by what makes them rare, and shown as every other home."""

import itertools

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.table import facets, groups, listing
from gridshare_portal.portfolio.table import query as asking
from tests.retailer.test_homes import TABLE, walk

ANSWERS = {
    "state": ["", *asking.STATES],
    "right": ["", *asking.RIGHTS],
    "ask": ["", *asking.ASKING],
    "has": ["", "solar", "ev"],
    "lacks": ["", "battery", "solar"],
    "charged": ["", *asking.CHARGED],
}
QUERIES = [
    "",
    "state=reconnect&sort=-shared",
    "ask=yes&has=battery&sort=charge",
    "charged=unknown&sort=-charge",
    "charged=known&sort=stored",
    "age=silent&sort=name",
    "q=home&right=view&sort=-reading",
    "zone=Europe/Berlin&lacks=ev&sort=-stored",
    "lacks=battery&charged=known",
]


def read(query):
    return asking.read(QueryDict(query))


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


@pytest.mark.django_db
class TestRareHomes:
    @pytest.mark.parametrize("query", QUERIES)
    def test_stand_where_they_would_stand_among_many(self, admin, hundred, query, monkeypatch):
        few = walk(admin, hundred, query)
        monkeypatch.setattr(listing, "RARE", 0)

        assert walk(admin, hundred, query) == few

    @pytest.mark.parametrize("query", QUERIES)
    def test_cost_as_many_questions_as_many_do(self, admin, hundred, query, monkeypatch):
        with CaptureQueriesContext(connection) as rare:
            page = admin.get(f"{TABLE}?{query}")
        monkeypatch.setattr(listing, "RARE", 0)
        with CaptureQueriesContext(connection) as common:
            assert admin.get(f"{TABLE}?{query}").text.count("data-row") == page.text.count("data-row")

        assert len(rare) <= len(common)

    def test_are_counted_to_a_thousand(self, hundred, monkeypatch):
        monkeypatch.setattr(listing, "COUNTED", 50)
        assert listing.count(hundred, read(""), now=timezone.now()) == "50+"

        monkeypatch.setattr(listing, "COUNTED", 1000)
        assert listing.count(hundred, read(""), now=timezone.now()) == f"{SiteRow.objects.count()}"

    def test_of_a_group_are_no_others(self, admin, hundred):
        pks = list(SiteRow.objects.order_by("-stored_key", "-site_id").values_list("site_id", flat=True)[3:9])
        group, _count = groups.add(organization=hundred, name="South", homes=pks)

        assert [pk for page in walk(admin, hundred, f"group={group.pk}&sort=-stored") for pk in page] == pks
