"""The page of the homes table: only homes that are shared, and groups of them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio.models import Group, GroupSite, SiteRow
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.portfolio.table import listing
from gridshare_portal.sites import models as sites
from tests import people
from tests.portfolio.table.listed import QUERIES

TABLE = "/portfolio/brightgrid/homes/"


@pytest.mark.django_db
class TestThePages:
    def test_cost_the_same_wherever_they_lie(self, admin, hundred):
        counts = []
        for query in ("", "?before=end", "?sort=-stored", "?q=a&state=active&has=battery"):
            with CaptureQueriesContext(connection) as asked:
                assert admin.get(TABLE + query).status_code == 200
            counts.append(len(asked))

        assert max(counts) - min(counts) <= 3  # to say of homes without readings why there are none

    def test_show_a_home_no_more_once_sharing_has_ended(self, admin, hundred):
        line = (
            SiteRow.objects.filter(organization=hundred)
            .order_by("name_key", "site_id")
            .select_related("site")[0]
        )
        assert line.site.synth_id in admin.get(TABLE).text
        Consent.objects.filter(site=line.site).update(ended_at=timezone.now(), ended_how="by hand")

        assert line.site.synth_id not in admin.get(TABLE).text

    def test_say_a_home_s_name_as_it_is_now_and_never_as_markup(self, admin, hundred):
        line = SiteRow.objects.filter(organization=hundred).order_by("name_key", "site_id")[0]
        sites.Site.objects.filter(pk=line.site_id).update(name="<script>x</script>")

        assert "&lt;script&gt;x" in admin.get(TABLE).text
        assert "<script>x" not in admin.get(TABLE).text


@pytest.mark.django_db
class TestTheFilters:
    @pytest.mark.parametrize(
        "query",
        [
            "page=-1",
            "after=-1",
            "after=1~",
            "after=x~y",
            "after=99999999999999999999~a",
            "before=-5~x",
            "sort=charge&after=1~nan",
            "sort=charge&after=1~inf",
            "sort=reading&after=1~1e5",
            "sort=reading&after=1~99999999999999999999999",
            "sort=--name",
            "sort=1;drop table",
            "charge_from=abc&charge_to=-5",
            "charge_from=1e999",
            "charge_from=90&charge_to=10",
            "group=abc",
            "group=-1",
            "group=²",
            "zone=Mars/Base",
            "q=%00",
            "q=%25_%27%22",
            "q=" + "x" * 5000,
            "has=roof&show=everything&state=&age=2",
            "show=charge&show=charge",
        ],
    )
    def test_of_wrong_types_are_the_usual(self, admin, hundred, query):
        assert admin.get(f"{TABLE}?{query}").status_code == 200


@pytest.mark.django_db
class TestTheGroups:
    def post(self, visitor, **said):
        form = {"do": "add", "which": "chosen", "group": "South", "list": "", **said}
        return visitor.post("/portfolio/brightgrid/groups/", form)

    def test_take_chosen_homes_in_and_out(self, admin, hundred):
        pks = list(SiteRow.objects.values_list("site_id", flat=True)[:3])

        assert self.post(admin, home=pks).status_code == 302
        assert self.post(admin, home=pks[:2]).status_code == 302  # twice is once
        group = Group.objects.get(organization=hundred, name="South")
        assert set(group.members.values_list("site", flat=True)) == set(pks)
        self.post(admin, home=pks[:1], do="remove")
        assert set(group.members.values_list("site", flat=True)) == set(pks[1:])

    def test_take_all_that_match(self, admin, hundred):
        self.post(admin, which="all", list="lacks=battery")

        kept = set(GroupSite.objects.values_list("site", flat=True))
        assert kept == set(SiteRow.objects.filter(has_battery=False).values_list("site", flat=True)) != set()

    def test_take_no_home_that_is_not_shared(self, admin, hundred, neighbor):
        self.post(admin, home=[neighbor.site.pk])

        assert not GroupSite.objects.exists()

    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"home": "x"},
            {"home": 1, "group": " "},
            {"home": 1, "group": "x" * 61},
            {"home": 1, "which": "?"},
        ],
    )
    def test_say_what_is_missing(self, admin, hundred, said):
        page = self.post(admin, **said)

        assert page.status_code == 422 and "errorlist" in page.text

    def test_are_not_made_by_a_viewer(self, viewer_there, hundred):
        assert self.post(viewer_there, which="all").status_code == 403
        assert viewer_there.get(TABLE).status_code == 200

    def test_are_deleted_without_their_homes(self, admin, hundred, outsider):
        self.post(admin, which="all")
        group, count = Group.objects.get(), sites.Site.objects.count()
        theirs = Group.objects.create(organization=outsider.organization, name="Theirs")

        assert admin.post(f"/portfolio/brightgrid/groups/{theirs.pk}/delete/").status_code == 404
        assert admin.post(f"/portfolio/brightgrid/groups/{group.pk}/delete/").status_code == 302
        assert list(Group.objects.all()) == [theirs] and sites.Site.objects.count() == count


@pytest.mark.django_db
class TestALine:
    def test_leads_to_the_home_which_asks_why(self, retailer):

        passes.whole(organization=retailer.organization, now=timezone.now())
        found = re.search(r'data-open href="([^"]+)"', retailer.get(TABLE).text)

        assert "/visit/" in retailer.get(found[1]).headers["Location"]

    def test_of_another_retailer_s_home_is_not_there(self, admin, hundred):
        other = people.organization("retailer", "OtherGrid")
        stranger = people.staff("olga@other.example", other, "admin")

        assert stranger.get(TABLE).status_code == 404
        assert "No home fits" in stranger.get("/portfolio/othergrid/homes/").text


@pytest.mark.django_db
class TestRareHomes:
    @pytest.mark.parametrize("query", QUERIES)
    def test_cost_as_many_questions_as_many_do(self, admin, hundred, query, monkeypatch):
        with CaptureQueriesContext(connection) as rare:
            page = admin.get(f"{TABLE}?{query}")
        monkeypatch.setattr(listing, "RARE", 0)
        with CaptureQueriesContext(connection) as common:
            assert admin.get(f"{TABLE}?{query}").text.count("data-row") == page.text.count("data-row")

        assert len(rare) <= len(common)
