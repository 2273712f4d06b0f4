"""The homes table: each home once from first page to last, and what the filters leave."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.portfolio.models import Group, GroupSite, SiteRow
from gridshare_portal.portfolio.table import groups, listing
from gridshare_portal.portfolio.table import query as asking
from tests.portfolio.table.listed import QUERIES, read, walk


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


@pytest.mark.django_db
class TestRareHomes:
    @pytest.mark.parametrize("query", QUERIES)
    def test_stand_where_they_would_stand_among_many(self, admin, hundred, query, monkeypatch):
        few = walk(admin, hundred, query)
        monkeypatch.setattr(listing, "RARE", 0)

        assert walk(admin, hundred, query) == few

    def test_are_counted_to_a_thousand(self, hundred, monkeypatch):
        monkeypatch.setattr(listing, "COUNTED", 50)
        assert listing.count(hundred, read(""), now=timezone.now()) == "50+"

        monkeypatch.setattr(listing, "COUNTED", 1000)
        assert listing.count(hundred, read(""), now=timezone.now()) == f"{SiteRow.objects.count()}"

    def test_of_a_group_are_no_others(self, admin, hundred):
        pks = list(SiteRow.objects.order_by("-stored_key", "-site_id").values_list("site_id", flat=True)[3:9])
        group, _count = groups.add(organization=hundred, name="South", homes=pks)

        assert [pk for page in walk(admin, hundred, f"group={group.pk}&sort=-stored") for pk in page] == pks
