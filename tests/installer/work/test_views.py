"""The work list, the worst first, and the list of all homes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.cases import queries
from gridshare_portal.cases.models import Case
from gridshare_portal.sites import models as sites

HOUR = timedelta(hours=1)


def look(person, name="homes", **query):
    return person.get(reverse(f"installer:{name}", args=[person.organization.slug]), query)


def shown(page):
    return [line.case.pk for line in page.context["page"].lines]


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
