"""The homes table: what the filters say, each home once from first page to last, and only those that are shared."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio.models import Group, GroupSite, SiteRow
from gridshare_portal.portfolio.projection import passes
from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as asking
from gridshare_portal.sites import models as sites
from tests import people

TABLE = "/portfolio/brightgrid/homes/"


def read(query):
    return asking.read(QueryDict(query))


def walk(visitor, organization, query, *, size=9):
    """Every page from the first to the last, by the links between them."""
    now, pages, following = timezone.now(), [], query
    while True:
        page = listing.page(visitor.user, organization, read(following), now=now, size=size)
        pages.append([line.site_id for line in page.lines])
        if not page.following:
            return pages
        following = page.following


@pytest.mark.django_db
class TestThePages:
    @pytest.mark.parametrize("order", asking.ORDERS)
    def test_hold_each_home_once_in_their_order(self, admin, hundred, order):
        found = [pk for page in walk(admin, hundred, f"sort={order}") for pk in page]
        key = read(f"sort={order}").key
        keys = dict(SiteRow.objects.filter(organization=hundred).values_list("site_id", key))

        assert len(found) == len(set(found)) == len(keys)
        sorted_keys = sorted(((keys[pk], pk) for pk in found), reverse=order.startswith("-"))
        assert [(keys[pk], pk) for pk in found] == sorted_keys

    def test_lead_back_from_the_last_to_the_first(self, admin, hundred):
        forward, now = walk(admin, hundred, "sort=-charge"), timezone.now()
        page = listing.page(admin.user, hundred, read("sort=-charge&before=end"), now=now, size=9)
        assert page.following == ""
        backward = [[line.site_id for line in page.lines]]
        while page.preceding:
            page = listing.page(admin.user, hundred, read(page.preceding), now=now, size=9)
            backward.append([line.site_id for line in page.lines])

        assert [pk for part in reversed(backward) for pk in part] == [pk for part in forward for pk in part]

    def test_cost_the_same_wherever_they_lie(self, admin, hundred):
        counts = []
        for query in ("", "?before=end", "?sort=-stored", "?q=a&state=active&has=battery"):
            with CaptureQueriesContext(connection) as asked:
                assert admin.get(TABLE + query).status_code == 200
            counts.append(len(asked))

        assert len(set(counts)) == 1

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
        ("query", "fits"),
        [
            ("q=HOME", lambda line: "home" in line.name_key),
            ("state=reconnect", lambda line: line.state == "reconnect"),
            ("right=control", lambda line: line.right == "control"),
            ("ask=yes", lambda line: line.right == "control" and line.ask_first),
            ("ask=no", lambda line: line.right == "control" and not line.ask_first),
            ("has=battery&has=ev", lambda line: line.has_battery and line.has_ev),
            ("lacks=battery", lambda line: not line.has_battery),
            ("charged=unknown", lambda line: line.has_battery and line.stored_wh is None),
            ("charged=known", lambda line: line.has_battery and line.stored_wh is not None),
            ("charge_from=30&charge_to=60", lambda line: line.charge_pct and 30 <= line.charge_pct <= 60),
            ("charge_to=60", lambda line: line.charge_pct is not None and line.charge_pct <= 60),
            ("zone=Europe/Berlin", lambda line: line.time_zone == "Europe/Berlin"),
            ("age=none", lambda line: line.last_reading_at is None),
            (
                "age=silent",
                lambda line: (
                    line.last_reading_at and timezone.now() - line.last_reading_at > timedelta(days=1)
                ),
            ),
        ],
    )
    def test_leave_what_fits_and_nothing_else(self, admin, hundred, query, fits):
        expected = {line.site_id for line in SiteRow.objects.filter(organization=hundred) if fits(line)}
        now = timezone.now()

        assert {pk for page in walk(admin, hundred, query) for pk in page} == expected != set()
        matching = listing.matching(admin.user, hundred, read(query), now=now)
        assert set(matching.values_list("pk", flat=True)) == expected
        assert listing.count(hundred, read(query), now=now) == str(len(expected))

    def test_of_ages_part_all_homes(self, admin, hundred):
        parts = [
            {pk for page in walk(admin, hundred, f"age={age}") for pk in page} for age in asking.FRESHNESS
        ]

        assert sum(map(len, parts)) == len(set().union(*parts)) == SiteRow.objects.count()

    def test_of_another_organization_s_group_find_nothing(self, admin, hundred, outsider):
        theirs = Group.objects.create(organization=outsider.organization, name="Theirs")
        GroupSite.objects.create(group=theirs, site_id=SiteRow.objects.first().site_id)

        assert walk(admin, hundred, f"group={theirs.pk}") == [[]]

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

    @given(
        st.dictionaries(
            st.sampled_from(
                ["q", "state", "charge_from", "group", "sort", "after", "before", "show", "zone"]
            ),
            st.text(max_size=30),
        )
    )
    def test_of_any_address_can_be_said_again(self, said):
        query = QueryDict(mutable=True)
        query.update(said)
        asked = asking.read(query)

        assert read(asked.address).address == asked.address


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
