from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, models, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from tests import people

SHARING = "/sharing/"
TERMS = {"right": "view", "lasts": "day"}


@pytest.fixture
def roofworks(outsider):
    return outsider.organization


@pytest.fixture
def brightgrid(db):
    return people.organization("retailer", "BrightGrid")


def share(person, organization, site=None, **terms):
    address = reverse("homeowner:share", args=[(site or person.site).synth_id])
    return person.post(address, {"organization": organization.slug, **TERMS, **terms}, follow=True)


def held(site):
    return list(policy.holding(now=timezone.now()).filter(site=site))


class TestThePage:
    def test_says_who_may_do_what_until_when(self, homeowner, installer, retailer):
        page = homeowner.get(SHARING)

        assert "SunFix" in page.text and "Sees and changes this home <strong>until you stop it" in page.text
        assert "BrightGrid" in page.text and "Sees this home <strong>until you stop it" in page.text

    def test_says_that_nobody_was_let_in(self, homeowner):
        assert "Nobody was let in." in homeowner.get(SHARING).text

    def test_says_of_what_has_passed_that_it_ended_by_itself(self, homeowner, roofworks, now):
        consents.give(
            site=homeowner.site, organization=roofworks, given_by=homeowner.user, right="view",
            lasts="hour", ask_first=False, now=now - timedelta(hours=2),
        )  # fmt: skip
        page = homeowner.get(SHARING)

        assert "Ended by itself" in page.text and "Nobody was let in." in page.text

    def test_shows_what_the_other_homeowner_shared(self, homeowner, co_owner, roofworks):
        share(co_owner, roofworks)

        assert "Shared by Cora" in homeowner.get(SHARING).text

    def test_shows_nothing_that_somebody_shared_who_moved_out(self, homeowner, co_owner, roofworks):
        share(homeowner, roofworks)
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")

        assert "RoofWorks" not in co_owner.get(SHARING).text

    def test_shows_nothing_of_a_neighbor_s(self, homeowner, neighbor, installer):
        assert "SunFix" not in neighbor.get(SHARING).text

    def test_lists_no_home_that_is_only_shared_with_the_visitor(self, installer, homeowner):
        assert homeowner.site.synth_id not in installer.get(SHARING).text

    def test_costs_the_same_queries_however_much_was_shared(self, homeowner, roofworks, brightgrid, now):
        share(homeowner, roofworks)
        with CaptureQueriesContext(database) as few:
            homeowner.get(SHARING)
        for number in range(12):
            share(homeowner, people.organization("installer", f"Installer {number}"))
        share(homeowner, brightgrid)

        with CaptureQueriesContext(database) as many:
            homeowner.get(SHARING)
        assert len(many) <= len(few) <= 10

    def test_shows_names_as_they_were_written_and_runs_none_of_them(self, homeowner, db):
        name = "<script>alert(1)</script>\u202eevil"
        organization = accounts.Organization.objects.create(kind="installer", name=name, slug="evil")
        share(homeowner, organization)
        page = homeowner.get(SHARING)

        assert "<script>alert(1)" not in page.text
        assert "<bdi>&lt;script&gt;" in page.text

    def test_is_linked_from_the_menu(self, homeowner):
        assert f'href="{SHARING}"' in homeowner.get(reverse("homeowner:connection")).text


class TestFinding:
    def test_finds_by_any_part_of_the_name(self, homeowner, roofworks, brightgrid):
        page = homeowner.get(SHARING, {"q": "ofwor"})

        assert "RoofWorks" in page.text and "BrightGrid" not in page.text

    def test_leads_to_the_only_home_at_once(self, homeowner, roofworks):
        page = homeowner.get(reverse("homeowner:share_search"), {"q": "roof"})

        assert (
            f"{reverse('homeowner:share', args=[homeowner.site.synth_id])}?organization=roofworks"
            in page.text
        )

    def test_lets_choose_among_several(self, neighbor, roofworks):
        page = neighbor.get(reverse("homeowner:share_search"), {"q": "roof"})

        assert reverse("homeowner:share_link", args=["roofworks"]) in page.text

    @pytest.mark.parametrize("q", ["", " ", "o", "_", "%", "__", "%%", "\x00\x00"])
    def test_lists_nobody_for_next_to_nothing(self, homeowner, roofworks, q):
        assert "organization=roofworks" not in homeowner.get(SHARING, {"q": q}).text

    def test_shows_nobody_who_does_not_want_to_be_found(self, homeowner, roofworks):
        accounts.Organization.objects.update(is_listed=False)

        assert "organization=roofworks" not in homeowner.get(SHARING, {"q": "RoofWorks"}).text

    def test_shows_ten_at_most_and_says_so(self, homeowner, db):
        for number in range(12):
            people.organization("installer", f"Installer {number:02}")
        page = homeowner.get(SHARING, {"q": "installer"})

        assert "Installer 09" in page.text and "Installer 10" not in page.text
        assert "There are more." in page.text

    def test_refuses_an_endless_name_at_the_field(self, homeowner):
        page = homeowner.get(SHARING, {"q": "x" * 10_000})

        assert page.status_code == 422 and "Use at most 80 letters." in page.text


class TestGiving:
    def test_says_before_what_they_will_see_and_what_not(self, homeowner, roofworks):
        page = homeowner.get(
            reverse("homeowner:share", args=[homeowner.site.synth_id]), {"organization": "roofworks"}
        )

        assert "They will see" in page.text and "Your Lunar password" in page.text
        assert held(homeowner.site) == []

    def test_shares_and_says_until_when(self, homeowner, roofworks):
        page = share(homeowner, roofworks, right="control", lasts="hour", ask_first="on")

        (consent,) = held(homeowner.site)
        assert (consent.right, consent.ask_first, consent.given_by) == ("control", True, homeowner.user)
        assert "RoofWorks can now see and change" in page.text

    @pytest.mark.parametrize(("right", "granted", "is_said"), [
        ("control", scopes.READING, True),
        ("control", scopes.READING | {scopes.PLAN_WRITE}, False),
        ("view", scopes.READING, False),
    ])  # fmt: skip
    def test_says_where_lunar_does_not_allow_what_was_shared(
        self, homeowner, roofworks, right, granted, is_said
    ):
        connection = lunar.Connection.objects.get(user=homeowner.user)
        connection.scopes = " ".join(sorted(granted))
        connection.save()

        page = share(homeowner, roofworks, right=right)

        assert ("can only look until you allow it" in page.text) is is_said

    def test_lets_their_staff_in_at_once(self, homeowner, roofworks, outsider, now):
        share(homeowner, roofworks)

        assert homeowner.site in policy.sites_visible_to(outsider.user, now=timezone.now())

    def test_says_what_it_takes_the_place_of(self, homeowner, roofworks):
        share(homeowner, roofworks)
        page = homeowner.get(
            reverse("homeowner:share", args=[homeowner.site.synth_id]), {"organization": "roofworks"}
        )

        assert "takes the place of that" in page.text

    def test_does_not_exist_for_a_neighbor_s_home(self, homeowner, neighbor, roofworks):
        page = share(neighbor, roofworks, site=homeowner.site)

        assert page.status_code == 404 and held(homeowner.site) == []

    def test_is_refused_to_staff(self, homeowner, installer, roofworks):
        assert share(installer, roofworks, site=homeowner.site).status_code == 403
        assert not models.Consent.objects.filter(organization=roofworks).exists()

    @pytest.mark.parametrize("slug", ["nobody", "", "../admin", "x" * 400, "a\x00b"])
    def test_does_not_exist_with_an_organization_that_does_not(self, homeowner, slug):
        address = reverse("homeowner:share", args=[homeowner.site.synth_id])

        assert homeowner.get(address, {"organization": slug}).status_code == 404
        assert homeowner.post(address, {"organization": slug, **TERMS}).status_code == 404
        assert held(homeowner.site) == []

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"right": "own"}, consents.NO_RIGHT),
            ({"right": ""}, consents.NO_RIGHT),
            ({"lasts": "forever"}, consents.NO_DURATION),
            ({"lasts": "x" * 10_000}, consents.NO_DURATION),
            ({"right": ["view", "control"]}, "This was sent twice."),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, homeowner, roofworks, wrong, said):
        page = share(homeowner, roofworks, **wrong)

        assert page.status_code == 422 and said in page.text
        assert held(homeowner.site) == []

    def test_says_that_the_home_must_be_connected(self, homeowner, roofworks):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
        page = share(homeowner, roofworks)

        assert page.status_code == 422 and consents.NOT_CONNECTED in page.text


class TestStopping:
    def stop(self, person, consent):
        return person.post(reverse("homeowner:consent_end", args=[consent.pk]), follow=True)

    def test_is_one_tap_and_holds_at_once(self, homeowner, roofworks, outsider):
        share(homeowner, roofworks)
        page = self.stop(homeowner, held(homeowner.site)[0])

        assert "Stopped. RoofWorks can no longer see or change" in page.text
        assert held(homeowner.site) == []
        assert not policy.sites_visible_to(outsider.user, now=timezone.now()).exists()

    def test_twice_says_that_it_had_ended(self, homeowner, roofworks):
        share(homeowner, roofworks)
        consent = held(homeowner.site)[0]
        self.stop(homeowner, consent)

        assert "That had ended already." in self.stop(homeowner, consent).text

    def test_may_whoever_lives_there(self, homeowner, co_owner, roofworks):
        share(homeowner, roofworks)
        self.stop(co_owner, held(homeowner.site)[0])

        assert held(homeowner.site) == []
        assert "Stopped by Cora" in homeowner.get(SHARING).text

    def test_may_nobody_else(self, homeowner, neighbor, installer, outsider):
        consent = held(homeowner.site)[0]
        for person in (neighbor, installer, outsider):
            assert self.stop(person, consent).status_code == 404
        assert held(homeowner.site) == [consent]

    def test_does_not_happen_by_following_a_link(self, homeowner, sunfix):
        consent = held(homeowner.site)[0]

        assert homeowner.get(reverse("homeowner:consent_end", args=[consent.pk])).status_code == 405
        assert held(homeowner.site) == [consent]

    @pytest.mark.parametrize("pk", [0, 10**6, 10**30])
    def test_of_what_does_not_exist_is_not_found(self, homeowner, pk):
        assert homeowner.post(f"/sharing/{pk}/end/").status_code == 404


class TestAnOrganizationsLink:
    LINK = "/share/roofworks/"

    def test_says_who_asks_and_what_it_means_before_anybody_signs_in(self, visitor, roofworks):
        accounts.Organization.objects.update(about="We keep batteries well.")
        page = visitor.get(self.LINK)

        assert "RoofWorks" in page.text and "We keep batteries well." in page.text
        assert "They will see" in page.text and "Continue with Lunar" in page.text

    def test_leaves_no_session_by_being_looked_at(self, visitor, roofworks):
        visitor.get(self.LINK)

        assert "session" not in visitor.cookies

    def test_of_nobody_is_not_found(self, visitor, db):
        assert visitor.get("/share/nobody/").status_code == 404

    def test_works_for_who_does_not_want_to_be_found_by_name(self, visitor, roofworks):
        accounts.Organization.objects.update(is_listed=False)

        assert visitor.get(self.LINK).status_code == 200

    def test_lets_a_homeowner_choose_among_homes_of_their_own(self, neighbor, homeowner, roofworks):
        page = neighbor.get(self.LINK)

        assert page.text.count("?organization=roofworks") == 2
        assert homeowner.site.synth_id not in page.text

    def test_does_not_offer_homes_that_staff_look_after(self, installer, homeowner, roofworks):
        assert homeowner.site.synth_id not in installer.get(self.LINK).text

    @pytest.mark.parametrize(
        ("by", "to"), [("lunar", "/connect/"), ("email", "/accounts/login/"), ("", "/accounts/login/")]
    )
    def test_leads_on_and_back_again(self, visitor, homeowner, roofworks, by, to):
        assert visitor.post(self.LINK, {"by": by}).headers["Location"] == to

        visitor.force_login(homeowner.user)
        assert visitor.get("/").headers["Location"] == self.LINK
        assert visitor.get("/").headers["Location"] == reverse(
            "homeowner:site", args=[homeowner.site.synth_id]
        )

    @pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/admin/"])
    def test_goes_back_to_itself_whatever_the_address_says(self, visitor, homeowner, roofworks, next):
        visitor.post(f"{self.LINK}?next={next}", {"by": "lunar", "next": next})

        visitor.force_login(homeowner.user)
        assert visitor.get("/").headers["Location"] == self.LINK

    def test_is_forgotten_after_an_hour(self, homeowner, roofworks):
        homeowner.post(self.LINK, {"by": "lunar"})
        session = homeowner.session
        session["came_to_share_with"]["at"] -= 3601
        session.save()

        assert homeowner.get("/").headers["Location"] != self.LINK

    def test_says_that_the_home_is_on_its_way(self, stranger, sandbox, roofworks):
        people.connect(stranger.user, "eve", sandbox=sandbox)
        page = stranger.get(self.LINK)

        assert "Your home is on its way" in page.text and 'hx-trigger="every 3s"' in page.text
