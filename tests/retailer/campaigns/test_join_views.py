"""The page of an invitation, from the link to the form that shares a home."""

from datetime import date

import pytest
from django.urls import reverse

from gridshare_portal.access import models as access
from gridshare_portal.campaigns import lifecycle
from gridshare_portal.campaigns import models as campaigns
from tests import people


def counts():
    return [
        (one.opened, one.connected, one.consented)
        for one in campaigns.CampaignWeek.objects.order_by("-begins")
    ]


class TestTheColor:
    def test_is_worn_by_way_of_a_style_sheet(self, campaign, visitor):
        page = visitor.get(f"/join/{campaign.slug}/")
        sheet = visitor.get(f"/join/{campaign.slug}/brand.css")

        assert f'href="/join/{campaign.slug}/brand.css"' in page.text and "style=" not in page.text
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert sheet.headers["Content-Type"].startswith("text/css")
        assert "background: #0b6370;\n  color: #ffffff;" in sheet.text


class TestComing:
    def test_says_who_asks_for_what_before_anything_is_connected(self, campaign, visitor):
        page = visitor.get(f"/join/{campaign.slug}/")

        assert "BrightGrid</bdi> asks to see and change your home" in page.text
        assert "for a year" in page.text and "We do not keep who" in page.text

    def test_leads_through_signing_in_and_back(self, campaign, homeowner):
        address = f"/join/{campaign.slug}/"
        assert homeowner.post(address, {"by": "lunar"}).headers["Location"] == "/connect/?for=changes"

        assert homeowner.get("/").headers["Location"] == address

    def test_says_at_the_boxes_what_the_wish_needs_and_ticks_none(self, campaign, make_campaign, visitor):
        only_look = make_campaign(name="Only look", right="view")
        to_look = visitor.post(f"/join/{only_look.slug}/", {"by": "lunar"}).headers["Location"]
        to_change = visitor.post(f"/join/{campaign.slug}/", {"by": "lunar"}).headers["Location"]
        looking, changing = visitor.get(to_look).text, visitor.get(to_change).text

        needs = "That also needs the boxes under “Change”."
        assert needs not in looking and needs in changing
        assert changing.count("checked") == looking.count("checked") == 2

    def test_begins_the_share_form_with_what_is_asked(self, campaign, homeowner):
        homeowner.get(f"/join/{campaign.slug}/")
        page = homeowner.get(
            reverse("homeowner:share", args=[homeowner.site.synth_id]), {"organization": "brightgrid"}
        )

        assert 'value="control" checked' in page.text and 'value="year" checked' in page.text
        assert "asks to see and change this home for a year" in page.text

    def test_lets_no_address_widen_what_is_given(self, homeowner, retailer):
        page = homeowner.get(
            reverse("homeowner:share", args=[homeowner.site.synth_id]),
            {"organization": "brightgrid", "right": "control", "lasts": "open", "campaign": "x"},
        )

        assert 'value="view" checked' in page.text and 'value="month" checked' in page.text

    def test_leaves_the_choice_to_the_homeowner(self, campaign, homeowner):
        homeowner.get(f"/join/{campaign.slug}/")
        homeowner.post(
            reverse("homeowner:share", args=[homeowner.site.synth_id]),
            {"organization": "brightgrid", "right": "view", "lasts": "day"},
        )

        given = access.Consent.objects.filter(organization=campaign.organization, ended_at=None).get()
        assert given.right == "view" and given.until_at is not None

    def test_suggests_nothing_to_another_organization_nor_after_an_hour(self, campaign, homeowner, outsider):
        homeowner.get(f"/join/{campaign.slug}/")
        address = reverse("homeowner:share", args=[homeowner.site.synth_id])
        assert 'value="view" checked' in homeowner.get(address, {"organization": "roofworks"}).text
        session = homeowner.session
        session["suggested_terms"]["at"] -= 3601
        session.save()

        assert 'value="view" checked' in homeowner.get(address, {"organization": "brightgrid"}).text

    def test_ends_with_the_campaign(self, campaign, retailer, visitor):
        address = f"/join/{campaign.slug}/"
        retailer.post(f"/portfolio/brightgrid/campaigns/{campaign.slug}/end/")

        for page in (visitor.get(address), visitor.post(address, {"by": "lunar"})):
            assert page.status_code == 410 and "This invitation has ended" in page.text
        assert counts() == [] and "came_to_share_with" not in visitor.session
        again = retailer.post(f"/portfolio/brightgrid/campaigns/{campaign.slug}/end/", follow=True)
        assert lifecycle.OVER in again.text

    @pytest.mark.parametrize("slug", ["nowhere", "x" * 200])
    def test_does_not_exist_without_a_campaign(self, slug, visitor, db):
        assert visitor.get(f"/join/{slug}/").status_code == 404


class TestTheFunnel:
    def test_counts_a_browser_once_on_its_way(self, campaign, visitor, homeowner):
        address = f"/join/{campaign.slug}/"
        for _time in range(3):
            visitor.get(address)
        assert counts() == [(1, 0, 0)]
        homeowner.get(address)
        homeowner.get(address, headers={"hx-request": "true"})
        assert counts() == [(2, 1, 0)]
        share = reverse("homeowner:share", args=[homeowner.site.synth_id])
        for _time in range(2):
            homeowner.post(share, {"organization": "brightgrid", "right": "view", "lasts": "day"})
            homeowner.get(address)

        assert counts() == [(2, 1, 1)]

    def test_counts_for_the_week_in_which_the_link_was_opened(self, campaign, homeowner):
        homeowner.get(f"/join/{campaign.slug}/")
        session, week = homeowner.session, date(2026, 1, 5)
        session["campaigns"] = {campaign.slug: [week.isoformat(), ["opened"]]}
        session.save()
        campaigns.CampaignWeek.objects.update(begins=week, connected=0)
        homeowner.get(f"/join/{campaign.slug}/")

        assert counts() == [(1, 1, 0)]

    def test_does_not_count_staff_who_look_at_their_own_page(self, campaign, retailer, visitor):
        retailer.get(f"/join/{campaign.slug}/")
        visitor.head(f"/join/{campaign.slug}/")

        assert counts() == []

    def test_counts_no_consent_for_another_organization_s_campaign(self, campaign, homeowner):
        campaign.organization = people.organization("retailer", "Volta")
        homeowner.get(f"/join/{campaign.slug}/")
        campaigns.Campaign.objects.update(organization=campaign.organization)
        homeowner.post(
            reverse("homeowner:share", args=[homeowner.site.synth_id]),
            {"organization": "brightgrid", "right": "view", "lasts": "day"},
        )

        assert counts() == [(1, 1, 0)]
