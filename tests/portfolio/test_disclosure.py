"""Sums are never about too few homes, nor do they let few be worked out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio import disclosure
from gridshare_portal.portfolio.models import Group, GroupSite, SiteRow
from gridshare_portal.portfolio.projection import passes


def member(group, lines):
    GroupSite.objects.bulk_create([GroupSite(group=group, site_id=line.site_id) for line in lines])


class TestTheSmallestGroup:
    @given(st.integers(0, 40), st.lists(st.integers(0, 40), max_size=3))
    def test_is_kept_by_a_figure_and_by_every_difference(self, homes, more):
        around = [homes + one for one in more]

        if disclosure.is_enough(homes, around):
            assert homes >= 5
            assert not any(0 < larger - homes < 5 for larger in around)

    @given(st.lists(st.integers(0, 30), min_size=4, max_size=4).map(lambda some: sorted(some, reverse=True)))
    def test_is_kept_by_each_step_of_a_week_and_between_any_two(self, counts):
        shown = [one for one in disclosure.veiled(counts) if one is not None]

        assert not any(0 < one < 5 for one in shown)
        assert not any(0 < one - other < 5 for one, other in zip(shown, shown[1:], strict=False))

    def test_shows_a_week_in_which_nothing_happened(self):
        assert disclosure.veiled([0, 0, 0, 0]) == [0, 0, 0, 0]
        assert disclosure.veiled([12, 7, 6, 0]) == [12, 7, None, 0]


@pytest.mark.django_db
class TestAGroup:
    def test_that_leaves_too_few_out_shows_no_sum(self, hundred, counted):
        lines = list(SiteRow.objects.filter(organization=hundred))
        group = Group.objects.create(organization=hundred, name="All but two")
        told = [line for line in lines if line.charging_w is not None]
        member(group, [line for line in lines if line not in told[:2]])
        counted()

        assert disclosure.disclosed(hundred).figures["charging_w"].value is not None
        assert disclosure.disclosed(hundred, group).figures["charging_w"].is_hidden

    def test_beside_a_slightly_larger_one_shows_no_sum(self, hundred, counted):
        told = list(SiteRow.objects.filter(organization=hundred, charging_w__isnull=False)[:21])
        larger = Group.objects.create(organization=hundred, name="Larger")
        inner = Group.objects.create(organization=hundred, name="Inner")
        member(larger, told)
        member(inner, told[1:])
        counted()

        assert disclosure.disclosed(hundred, larger).figures["charging_w"].homes == 21
        assert disclosure.disclosed(hundred, larger).figures["charging_w"].value is not None
        assert disclosure.disclosed(hundred, inner).figures["charging_w"].value is None


@pytest.mark.django_db
class TestTheWeeks:
    def test_count_consents_by_the_week_in_which_they_began(self, brightgrid, hundred):
        now = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
        pks = list(Consent.objects.order_by("pk").values_list("pk", flat=True))
        Consent.objects.update(from_at=now - timedelta(days=400), ended_at=None, until_at=None)
        Consent.objects.filter(pk__in=pks[:12]).update(from_at=now - timedelta(days=1))
        Consent.objects.filter(pk__in=pks[12:20]).update(from_at=now - timedelta(days=8))
        passes.whole(organization=brightgrid, now=now)

        weeks = disclosure.disclosed(brightgrid).weeks

        assert [week.begins for week in weeks[:2]] == [date(2026, 11, 16), date(2026, 11, 9)]
        assert [week.counts[1] for week in weeks[:3]] == [12, 8, 0]
        assert weeks[0].counts[-1] == 0
