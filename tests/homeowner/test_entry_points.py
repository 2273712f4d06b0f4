"""A home as staff see it: a line for the homeowner after every look, and nothing of the owner's."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access import visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import queries as record
from gridshare_portal.homeowner import entry_points
from gridshare_portal.homeowner import urls as homeowner_urls
from gridshare_portal.lunar import models as lunar
from tests.homeowner.visiting import PAGES, come_in, seen_of

OWNERS = ("settings", "access_log", "access_log_csv", "share", "sensor_role", "disconnect", "loading")


@pytest.fixture(autouse=True)
def maple_street(homeowner):
    type(homeowner.site).objects.filter(pk=homeowner.site.pk).update(name="Maple Street")


class TestLooking:
    @pytest.mark.parametrize("name", PAGES)
    def test_stands_in_the_homeowners_record_in_the_same_request(self, inside, homeowner, at, name):
        before = timezone.now()
        page = inside.get(at(name))

        assert page.status_code == 200
        assert seen_of(homeowner.site) == [("site_opened", ""), ("site_viewed", PAGES[name][1])]
        line = record.events_of_site(homeowner.site.synth_id).first()
        assert before <= line.at <= timezone.now()
        assert (line.details["reason"], line.details["words"]) == ("asked", "It does not charge")

    @pytest.mark.parametrize("name", PAGES)
    def test_says_on_every_page_whose_home_it_is_as_whom_and_why(self, inside, at, name, homeowner):
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", inside.get(at(name)).text))

        for said in (
            "home of Ada",
            homeowner.user.email,
            "for SunFix until",
            "asked for help",
            "does not charge",
        ):
            assert said in text
        assert at("leave") in inside.get(at(name)).text

    def test_by_parts_that_renew_themselves_adds_a_line_after_ten_minutes(self, inside, homeowner, at):
        inside.get(at("site"))
        for _ in range(3):
            inside.get(at("now"), headers={"HX-Request": "true"})
        assert len(seen_of(homeowner.site)) == 2

        access.Visit.objects.update(noted_at=timezone.now() - timedelta(minutes=10))
        inside.get(at("now"), headers={"HX-Request": "true"})
        inside.get(at("looking"), headers={"HX-Request": "true"})
        assert seen_of(homeowner.site)[2:] == [("site_viewed", "home")]

    def test_by_a_download_says_so(self, inside, homeowner, at):
        assert inside.get(at("telemetry_csv")).status_code == 200
        assert seen_of(homeowner.site)[-1] == ("site_exported", "history")

    def test_shows_nothing_that_only_the_homeowner_may_do(self, inside, at):
        pages = [inside.get(at(name)).text for name in PAGES]

        for name in ("settings", "sensor_role", "access_log", "share"):
            assert not any(at(name) in page for page in pages), name
        assert not any("your home" in page.replace("Go to your home", "") for page in pages)

    @pytest.mark.parametrize("name", OWNERS)
    def test_is_refused_what_only_the_homeowner_may(self, inside, installer, outsider, at, name):
        method = "post" if name in ("sensor_role", "disconnect") else "get"

        assert getattr(inside, method)(at(name)).status_code == 403
        assert getattr(outsider, method)(at(name)).status_code == 404

    def test_lists_no_shared_home_among_one_s_own(self, inside, homeowner):
        assert homeowner.site.name not in inside.get(reverse("homeowner:sites")).text
        assert homeowner.site.synth_id not in inside.get(reverse("homeowner:delete_account")).text

    def test_says_what_staff_can_do_when_the_connection_has_ended(self, inside, at):
        lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now())

        page = inside.get(at("site")).text

        assert "Only Ada can renew it" in page and "Connect again" not in page
        assert reverse("lunar_connect") not in inside.get(at("mode")).text

    def test_costs_the_same_however_often(self, inside, at, django_assert_max_num_queries):
        inside.get(at("control"))
        for _ in range(12):
            inside.get(at("control"))
        with django_assert_max_num_queries(21):
            inside.get(at("control"))

    def test_names_no_other_organization_and_nobody_who_lives_there(self, inside, homeowner, retailer, at):
        come_in(retailer, homeowner)
        homeowner.post(at("mode"), {"mode": "Smart"})

        page = inside.get(at("activity")).text

        assert "The homeowner" in page and "Ines (SunFix)" not in page
        for hidden in ("BrightGrid", "Rita"):
            assert hidden not in page


class TestAView:
    def test_of_a_home_says_whether_staff_may_see_it(self):
        of_homes = [
            pattern
            for pattern in homeowner_urls.urlpatterns
            if re.match(r"(homes|devices|sensors|changes|proposals)/<", str(pattern.pattern))
        ]

        assert len(of_homes) > 20
        assert [pattern.name for pattern in of_homes if not hasattr(pattern.callback, "admission")] == []
        words = {pattern.callback.admission.staff for pattern in of_homes} - {None}
        assert words <= set(visits.PAGES)

    def test_that_said_nothing_can_look_up_nothing(self, rf, homeowner, now):
        request = rf.get("/")
        request.user = homeowner.user

        with pytest.raises(entry_points.Unstated):
            entry_points.site(request, homeowner.site.synth_id, now=now)


def test_a_person_who_lives_there_and_works_there_is_a_homeowner(homeowner, sunfix, at):
    accounts.Membership.objects.create(user=homeowner.user, organization=sunfix, role="admin")

    assert homeowner.get(at("settings")).status_code == 200
    assert 'id="looking"' not in homeowner.get(at("site")).text
