"""The page of a portfolio's sums: how old they are, and nothing about few."""

import re

import pytest

from gridshare_portal.portfolio import disclosure
from gridshare_portal.portfolio.models import Group, GroupSite, SiteRow

PAGE = "/portfolio/brightgrid/"


def member(group, lines):
    GroupSite.objects.bulk_create([GroupSite(group=group, site_id=line.site_id) for line in lines])


@pytest.mark.django_db
class TestAGroup:
    def test_below_the_smallest_size_shows_no_sum(self, hundred, counted, admin):
        lines = list(SiteRow.objects.filter(organization=hundred, charging_w__isnull=False)[:4])
        group = Group.objects.create(organization=hundred, name="Few")
        member(group, lines)
        counted()

        sums, page = disclosure.disclosed(hundred, group), admin.get(f"{PAGE}?group={group.pk}")

        assert sums.is_too_few and {one.value for one in sums.figures.values()} == {None}
        assert sums.charge_pct is None
        assert "Too few homes" in page.text and not re.search(r"\d\s*kWh", page.text)

    def test_of_another_organization_does_not_exist(self, admin, hundred, outsider):
        group = Group.objects.create(organization=outsider.organization, name="Theirs")

        for said in (group.pk, "x", "-1", "9" * 30, "²"):
            assert admin.get(f"{PAGE}?group={said}").status_code == 404


@pytest.mark.django_db
class TestThePage:
    def test_says_what_is_summed_how_old_and_of_which_day(self, admin, hundred):
        page = admin.get(PAGE)

        assert page.status_code == 200
        assert "Counted" in page.text and "in UTC" in page.text
        assert "?charged=unknown" in page.text
        assert str(disclosure.disclosed(hundred).homes) in page.text

    def test_before_the_first_count_says_so(self, admin):
        assert "are being counted" in admin.get(PAGE).text

    def test_renews_itself_and_is_kept_by_no_browser(self, admin, hundred):
        part = admin.get(f"{PAGE}now/")

        assert 'data-refresh-s="30"' in part.text and "<html" not in part.text
        assert part.headers["Cache-Control"] == "no-store"

    def test_is_where_a_retailer_s_member_arrives(self, admin):
        assert admin.get("/").headers["Location"] == PAGE

    def test_of_an_installer_does_not_exist(self, installer):
        assert installer.get("/portfolio/sunfix/").status_code == 404

    def test_escapes_a_group_s_name(self, admin, hundred):
        Group.objects.create(organization=hundred, name="<b>x</b>")

        assert "&lt;b&gt;x" in admin.get(PAGE).text and "<b>x" not in admin.get(PAGE).text
