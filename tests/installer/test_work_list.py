import csv
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import models as access
from gridshare_portal.cases import queries
from gridshare_portal.cases.models import Case
from gridshare_portal.sites import models as sites
from tests import people

HOUR = timedelta(hours=1)


def look(person, name="homes", **query):
    return person.get(reverse(f"installer:{name}", args=[person.organization.slug]), query)


def shown(page):
    return [line.case.pk for line in page.context["page"].lines]


def rows(page):
    return list(csv.reader(io.StringIO(b"".join(page.streaming_content).decode())))


@pytest.fixture
def many_homes(homeowner, sunfix):
    """Return what shares more homes with SunFix, through the homeowner's own connection."""

    def make(count, name="Home"):
        found = []
        for number in range(count):
            site = sites.Site.objects.create(
                synth_id=f"{name}-{number}",
                name=f"{name} {number}",
                time_zone="UTC",
                created_at=timezone.now(),
            )
            site.connection_sites.create(connection=homeowner.connection, seen_at=timezone.now())
            people.share(site, sunfix, homeowner.user)
            found.append(site)
        return found

    return make


class TestTheWorkList:
    def test_stands_the_worst_first_and_then_the_oldest(self, installer, homeowner, sunfix, make_case):
        site = homeowner.site
        watch = make_case(site, sunfix, "late", 3, hours=90)
        new = make_case(site, sunfix, "site_silent", 2, hours=1)
        old = make_case(site, sunfix, "sensor_silent", 2, hours=50, subject="x", data={"role": "grid"})
        worst = make_case(site, sunfix, "connection_ended", 1, hours=2)

        assert shown(look(installer)) == [worst.pk, old.pk, new.pk, watch.pk]

    def test_says_of_each_case_whose_home_how_bad_since_when_and_what_to_do(self, installer, case):
        page = look(installer).text

        for said in (
            case.site.name,
            "Act soon",
            "Home silent",
            "5\u202fh",
            "Ask about power and internet",
        ):
            assert said in page
        assert f"/support/sunfix/cases/{case.pk}/" in page

    def test_is_of_one_organization(self, installer, retailer, case, make_case):
        theirs = make_case(case.site, retailer.organization)

        assert shown(look(installer)) == [case.pk]
        assert shown(look(retailer)) == [theirs.pk]

    def test_loses_a_home_in_the_second_its_sharing_ends(self, installer, case):
        sites.Site.objects.update(name="Maple Street")
        assert "Maple Street" in look(installer).text
        access.Consent.objects.update(until_at=timezone.now())

        page = look(installer)
        assert shown(page) == [] and "Maple Street" not in page.text
        assert page.context["counts"]["open"] == "0"

    def test_does_not_exist_for_others_nor_for_one_without_a_second_factor(self, outsider, installer, case):
        assert outsider.get("/support/sunfix/").status_code == 404
        installer.user.authenticator_set.all().delete()
        assert installer.get("/support/sunfix/").url == reverse("mfa_index")

    def test_takes_a_name_with_markup_as_letters(self, installer, case):
        sites.Site.objects.update(name="<img src=x onerror=1>")

        page = look(installer).text
        assert "<img src=x" not in page and "<bdi>&lt;img src=x" in page

    def test_costs_the_same_queries_for_one_line_and_for_fifty(
        self, installer, case, make_case, sunfix, many_homes
    ):
        with CaptureQueriesContext(connection) as one:
            look(installer)
        for site in many_homes(60):
            make_case(site, sunfix, assigned_to=installer.user)
        with CaptureQueriesContext(connection) as many:
            page = look(installer)

        assert len(shown(page)) == 50
        assert len(many) == len(one) <= 14

    def test_counts_to_ninety_nine_and_no_further(self, installer, make_case, sunfix, many_homes):
        for site in many_homes(101):
            make_case(site, sunfix)

        assert look(installer).context["counts"]["open"] == "99+"

    def test_has_one_open_case_for_one_cause(self, case, make_case, sunfix):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_case(case.site, sunfix)


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


class TestPages:
    @pytest.mark.parametrize("show", ["open", "mine", "snoozed", "closed"])
    def test_follow_on_each_other_without_loss_or_repetition(
        self, show, installer, make_case, sunfix, many_homes, monkeypatch
    ):
        monkeypatch.setattr(queries.page, "__kwdefaults__", {"size": 5})
        now = timezone.now()
        more = {
            "open": {},
            "mine": {"assigned_to": installer.user},
            "snoozed": {"snoozed_until_at": now + HOUR},
            "closed": {"closed_at": now, "closed_how": "gone"},
        }[show]
        for number, site in enumerate(many_homes(13)):  # many of them at one and the same moment
            make_case(site, sunfix, severity=2 + number % 2, since_at=now - number // 4 * HOUR, **more)

        seen, query = [], {"show": show}
        while True:
            page = look(installer, **query)
            seen += shown(page)
            if not page.context["page"].following:
                break
            query["after"] = page.context["page"].following

        whole = Case.objects.order_by(
            *{"snoozed": ["snoozed_until_at", "pk"], "closed": ["-closed_at", "-pk"]}.get(
                show, ["rank", "pk"]
            )
        )
        assert seen == [case.pk for case in whole]

    def test_stay_where_they_were_when_one_comes_back(self, installer, case):
        page = look(installer, severity="2")

        assert f"cases/{case.pk}/?list=severity%3D2" in page.text
        assert f'id="case-{case.pk}"' in page.text


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


class TestAllHomes:
    def test_are_those_that_are_shared_with_the_age_of_their_readings(self, installer, homeowner, neighbor):
        page = look(installer, "all_homes")

        assert homeowner.site.name in page.text and "none yet" in page.text
        assert neighbor.site.name not in page.text or neighbor.site.name == homeowner.site.name
        assert [site.pk for site, *_rest in page.context["lines"]] == [homeowner.site.pk]

    def test_are_called_well_only_after_somebody_looked(self, installer, homeowner, examined):
        assert "Not looked at yet" in look(installer, "all_homes").text
        examined()

        page = look(installer, "all_homes").text
        assert "Not looked at yet" not in page and "Well</span>" in page

    def test_can_be_those_that_need_help_or_those_that_do_well(self, installer, case, many_homes):
        (other,) = many_homes(1)

        def homes_of(state):
            return [site for site, *_rest in look(installer, "all_homes", state=state).context["lines"]]

        assert homes_of("help") == [case.site] and homes_of("well") == [other]
        assert homes_of("nonsense") == [other, case.site]

    def test_come_a_page_at_a_time(self, installer, many_homes, django_assert_max_num_queries):
        many_homes(60)
        with django_assert_max_num_queries(8):
            first = look(installer, "all_homes")
        second = look(installer, "all_homes", after=first.context["following"])

        seen = [site.pk for page in (first, second) for site, *_rest in page.context["lines"]]
        assert len(seen) == len(set(seen)) == 61 and seen == sorted(seen, reverse=True)
        for after in ("x", "-1", "9" * 30):
            assert look(installer, "all_homes", after=after).status_code == 200
