"""The link of an organization, by which a homeowner comes to share."""

import pytest
from django.urls import reverse

from gridshare_portal.accounts import models as accounts
from tests import people


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
