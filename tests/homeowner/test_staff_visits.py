"""A home as staff see it: a reason first, a line for the homeowner after every look, and nothing of the owner's."""

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

PAGES = {  # address: what its id names, and the word in the homeowner's record
    "site": ("home", "home"),
    "telemetry": ("home", "history"),
    "devices": ("home", "devices"),
    "activity": ("home", "activity"),
    "control": ("home", "control"),
    "proposals": ("home", "proposals"),
    "device": ("device", "device"),
    "mode": ("device", "mode"),
    "plan": ("device", "plan"),
    "details": ("device", "details"),
}
PARTS = {"now": "home", "progress": "home", "telemetry_json": "home", "state": "device", "looking": "home"}
OWNERS = ("settings", "access_log", "access_log_csv", "share", "sensor_role", "disconnect", "loading")


@pytest.fixture(autouse=True)
def maple_street(homeowner):
    type(homeowner.site).objects.filter(pk=homeowner.site.pk).update(name="Maple Street")


@pytest.fixture
def at(homeowner, battery):
    """Return the address of a page of the homeowner's."""

    def address(name, **query):
        ids = {
            "device": battery.synth_id,
            "sensor": battery.sensors.first().pk,
            "connection": homeowner.connection.pk,
            "home": homeowner.site.synth_id,
        }
        named = (PAGES.get(name) or ("",))[0] or PARTS.get(name) or "home"
        named = {"sensor_role": "sensor", "disconnect": "connection", "loading": "connection"}.get(
            name, named
        )
        return reverse(f"homeowner:{name}", args=[ids[named]], query=query or None)

    return address


def come_in(visitor, homeowner, **said):
    return visitor.post(
        reverse("homeowner:visit", args=[homeowner.site.synth_id]), {"reason": "asked", "words": ""} | said
    )


@pytest.fixture
def inside(installer, homeowner):
    """The installer, who said why and looks at the home."""
    assert come_in(installer, homeowner, words="It does not charge").status_code == 302
    return installer


def seen_of(site):
    """What the homeowner reads of looking, oldest first."""
    named = {"site_opened", "site_viewed", "site_exported"}
    events = [event for event in record.events_of_site(site.synth_id) if event.name in named]
    return [(event.name, event.details.get("page", "")) for event in events][::-1]


def end_access(when=None):
    access.Consent.objects.update(ended_at=when or timezone.now() - timedelta(seconds=1))


class TestComingIn:
    @pytest.mark.parametrize("name", PAGES)
    def test_asks_why_first_and_comes_back(self, installer, homeowner, at, name):
        page = installer.get(at(name))

        assert page.status_code == 302
        assert page.headers["Location"] == at("visit", next=at(name))
        assert seen_of(homeowner.site) == []
        there = installer.post(at("visit"), {"reason": "fault", "words": "", "next": at(name)})
        assert (there.status_code, there.headers["Location"]) == (302, at(name))
        assert installer.get(at(name)).status_code == 200

    @pytest.mark.parametrize("name", [*PARTS, "telemetry_csv"])
    def test_refuses_parts_and_files_until_then(self, installer, homeowner, at, name):
        page = installer.get(at(name))

        assert page.status_code == 403
        assert "Say first why" in page.text and homeowner.site.name not in page.text
        assert seen_of(homeowner.site) == []

    def test_leads_a_part_that_renews_itself_to_the_question(self, installer, at):
        part = installer.get(
            at("now"), headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{at('site')}"}
        )

        assert part.status_code == 403
        assert part.headers["HX-Redirect"] == at("visit", next=at("site"))

    def test_refuses_a_form_that_was_sent_without(self, installer, at, sandbox):
        page = installer.post(at("mode"), {"mode": "Smart", "reason": "x"})

        assert page.status_code == 403 and at("visit", next=at("mode")).replace("&", "&amp;") in page.text
        assert sandbox.calls("setDeviceOperationMode") == 0

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "curious"}, "reason"),
            ({"reason": "other"}, "words"),
            ({"words": "a" * 10_000}, "words"),
            ({"reason": ["asked", "fault"]}, "reason"),
            ({"organization": "999999"}, None),
            ({"organization": "x"}, None),
        ],
    )
    def test_says_at_the_field_what_is_missing(self, installer, homeowner, said, field):
        page = come_in(installer, homeowner, **said)

        if field is None:  # the only organization there is needs no choice, and a forged one opens nothing
            assert page.status_code == 422
        else:
            assert page.status_code == 422 and page.context["form"].errors[field]
        assert not access.Visit.objects.exists()

    @pytest.mark.parametrize(
        "forged",
        [
            "//evil.example/",
            "https://evil.example/",
            "javascript:alert(1)",
            "\\\\evil.example",
            "/\\evil.example",
            "http:evil.example",
            " /homes/",
            "/homes/\r\nX: y",
            "/" + "a" * 5000,
            "evil",
        ],
    )
    def test_leads_to_no_other_place(self, installer, homeowner, at, forged):
        assert installer.get(at("visit"), {"next": forged}).status_code == 200
        page = come_in(installer, homeowner, next=forged)

        assert page.headers["Location"] == at("site")

    def test_shows_markup_as_text(self, installer, homeowner, at):
        come_in(installer, homeowner, words="<b>bold</b>\u202etxt")

        assert "&lt;b&gt;bold&lt;/b&gt;" in installer.get(at("site")).text

    def test_is_for_nobody_else(self, outsider, neighbor, homeowner, at):
        for visitor in (outsider, neighbor):
            assert visitor.get(at("visit")).status_code == 404
            assert come_in(visitor, homeowner).status_code == 404
        assert not access.Visit.objects.exists()

    def test_is_nothing_that_a_homeowner_meets(self, homeowner, at):
        assert homeowner.get(at("visit")).headers["Location"] == at("site")
        page = homeowner.get(at("site"))
        assert page.status_code == 200 and 'id="looking"' not in page.text

    def test_asks_for_whom_where_there_are_several(self, installer, retailer, homeowner, at):
        organization = retailer.organization
        accounts.Membership.objects.create(user=installer.user, organization=organization, role="viewer")

        assert come_in(installer, homeowner).status_code == 422
        assert come_in(installer, homeowner, organization=organization.pk).status_code == 302

        page = installer.get(at("mode"))
        assert "for <strong><bdi>BrightGrid" in page.text and not page.context["may"]
        assert installer.post(at("mode"), {"mode": "Smart", "reason": "x"}).status_code == 403


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


class TestTheEnd:
    @pytest.mark.parametrize("name", [*PAGES, *PARTS, "telemetry_csv", "visit", "settings"])
    def test_of_access_is_a_404_in_the_next_second(self, inside, at, name):
        end_access()

        assert inside.get(at(name)).status_code == 404

    @pytest.mark.parametrize("name", PARTS)
    def test_of_access_takes_what_is_stale_off_the_screen(self, inside, at, name):
        end_access()

        part = inside.get(at(name), headers={"HX-Request": "true"})

        assert part.status_code == 404 and part.headers["HX-Refresh"] == "true"

    def test_of_access_between_page_and_form_sends_nothing(self, inside, at, sandbox):
        assert inside.get(at("mode")).status_code == 200
        end_access()

        page = inside.post(at("mode"), {"mode": "Smart", "reason": "As agreed"})

        assert page.status_code == 404 and sandbox.calls("setDeviceOperationMode") == 0

    def test_of_a_visit_asks_why_again(self, inside, at):
        access.Visit.objects.update(until_at=timezone.now())

        assert inside.get(at("site")).headers["Location"] == at("visit", next=at("site"))

    def test_of_a_membership_is_a_404(self, inside, at):
        accounts.Membership.objects.filter(user=inside.user).delete()

        assert inside.get(at("site")).status_code == 404

    def test_comes_when_staff_leave(self, inside, at):
        page = inside.post(at("leave"))

        assert page.headers["Location"] == f"/support/{inside.organization.slug}/"
        assert inside.get(at("site")).status_code == 302

    def test_of_a_second_factor_is_a_404(self, inside, at):
        inside.user.authenticator_set.all().delete()

        assert inside.get(at("site")).status_code == 404


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
