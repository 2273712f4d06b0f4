"""The work list by filters, and as a file."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import models as access
from gridshare_portal.cases import queries
from gridshare_portal.sites import models as sites
from tests.streamed import rows

HOUR = timedelta(hours=1)


def look(person, name="homes", **query):
    return person.get(reverse(f"installer:{name}", args=[person.organization.slug]), query)


def shown(page):
    return [line.case.pk for line in page.context["page"].lines]


class TestFilters:
    @pytest.fixture
    def some(self, installer, installer_admin, homeowner, sunfix, make_case):
        site, now = homeowner.site, timezone.now()
        return {
            "open": make_case(site, sunfix, "late", 3),
            "mine": make_case(site, sunfix, "site_silent", 2, assigned_to=installer.user),
            "theirs": make_case(site, sunfix, "refused", 2, assigned_to=installer_admin.user),
            "snoozed": make_case(site, sunfix, "balance_off", 3, snoozed_until_at=now + HOUR,
                                 data={"day": "2026-06-14", "through_wh": 9, "remainder_wh": 1, "off_pct": 11.0}),
            "back": make_case(site, sunfix, "connection_ended", 1, snoozed_until_at=now - HOUR),
            "closed": make_case(site, sunfix, "late", 3, closed_at=now, closed_how="gone"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "query, expected",
        [
            ({}, ["back", "mine", "theirs", "open"]),
            ({"show": "mine"}, ["mine"]),
            ({"show": "snoozed"}, ["snoozed"]),
            ({"show": "closed"}, ["closed"]),
            ({"cause": "late"}, ["open"]),
            ({"severity": "2"}, ["mine", "theirs"]),
            ({"severity": "2", "cause": "refused"}, ["theirs"]),
        ],
    )
    def test_stand_in_the_address(self, query, expected, installer, some):
        names = {case.pk: name for name, case in some.items()}
        found = [names[pk] for pk in shown(look(installer, **query))]

        assert sorted(found) == sorted(expected) and found[0] == expected[0]

    @pytest.mark.parametrize(
        "query",
        [
            {"show": "everything"},
            {"severity": "high"},
            {"severity": "99"},
            {"severity": "٢"},
            {"cause": "late' OR 1=1"},
            {"after": "x"},
            {"after": "1.2.3"},
            {"after": "-1.-1"},
            {"after": "٣.٣"},
            {"show": "\x00"},
        ],
    )
    def test_of_the_wrong_kind_are_the_usual(self, query, installer, some):
        assert len(shown(look(installer, **query))) == 4

    def test_of_a_place_that_cannot_be_are_harmless(self, installer, some):
        for show in ("open", "closed", "snoozed"):
            assert look(installer, show=show, after=f"{'9' * 18}.{'9' * 18}").status_code == 200

    @given(
        st.sampled_from(list(queries.SHOWS)),
        st.sampled_from(["", "late"]),
        st.sampled_from([None, 1, 3]),
        st.none() | st.tuples(st.integers(0, 10**17), st.integers(0, 10**17)),
    )
    def test_come_back_out_of_the_address_they_make(self, show, cause, severity, after):
        asked = queries.Filters(show=show, cause=cause, severity=severity, after=after)

        assert queries.filters(QueryDict(asked.here)) == asked


class TestTheFile:
    def test_has_the_same_lines_as_the_page(self, installer, case, make_case, sunfix):
        make_case(case.site, sunfix, "late", 3)
        found = rows(look(installer, "homes_csv", severity="2"))

        assert len(found) == 2
        assert dict(zip(*found, strict=True))["Cause"] == "Home silent"

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1"])
    def test_starts_no_cell_as_a_formula(self, name, installer, case):
        sites.Site.objects.update(name=name)
        (_heads, row) = rows(look(installer, "homes_csv"))

        assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
        assert row[0].startswith("'")

    def test_goes_past_the_first_pages(self, installer, make_case, sunfix, many_homes, monkeypatch):
        for site in many_homes(7):
            make_case(site, sunfix)
        whole = queries.page
        monkeypatch.setattr(queries, "page", lambda *a, size, **k: whole(*a, size=3, **k))

        assert len(rows(look(installer, "homes_csv"))) == 1 + 7

    def test_holds_nothing_of_a_home_that_is_no_longer_shared(self, installer, case):
        access.Consent.objects.update(ended_at=timezone.now())

        assert len(rows(look(installer, "homes_csv"))) == 1
