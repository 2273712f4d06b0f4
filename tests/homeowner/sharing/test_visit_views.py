"""Staff say why before they see a home, and it ends with their access."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from tests.homeowner.visiting import PAGES, PARTS, come_in, seen_of


@pytest.fixture(autouse=True)
def maple_street(homeowner):
    type(homeowner.site).objects.filter(pk=homeowner.site.pk).update(name="Maple Street")


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
