"""The pages of campaigns: making one, its code and its figures."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.audit import models as audit
from gridshare_portal.campaigns import brand, lifecycle
from gridshare_portal.campaigns import models as campaigns
from tests import people
from tests.portfolios import CAMPAIGN

NEW = "/portfolio/brightgrid/campaigns/new/"


class TestMaking:
    def test_gives_it_an_address_and_leaves_an_event(self, retailer):
        page = retailer.post(NEW, {**CAMPAIGN, "color": "#0B6370"}, follow=True)

        made = campaigns.Campaign.objects.get()
        assert (made.slug, made.color, made.ends_at) == ("brightgrid-spring-letter", "#0b6370", None)
        assert f"/join/{made.slug}/" in page.text and "contrast of 6.9 to 1" in page.text
        event = audit.Event.objects.get(name="organization_changed")
        assert event.organization_id == retailer.organization.pk
        assert event.details["campaign"] == "Spring letter" and event.details["action"] == "made"
        record = retailer.get(reverse("accounts:record", args=["brightgrid"]))
        assert "action: made; campaign: Spring letter" in record.text

    def test_lets_it_last_through_its_last_day(self, retailer, now):
        day = now.astimezone(UTC).date() + timedelta(days=3)
        retailer.post(NEW, {**CAMPAIGN, "color": "#0b6370", "ends_on": day.isoformat()})

        assert campaigns.Campaign.objects.get().ends_at == datetime.combine(
            day + timedelta(days=1), datetime.min.time(), UTC
        )

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("color", "red;}", brand.NOT_A_COLOR),
            ("color", "#0b6370;} body{display:none", brand.NOT_A_COLOR),
            ("color", "#０b6370", brand.NOT_A_COLOR),
            ("color", "", brand.NOT_A_COLOR),
            ("color", "x" * 10_000, brand.NOT_A_COLOR),
            ("name", " \u202e\u200b ", lifecycle.NO_NAME),
            ("name", "x" * 10_000, "Use at most 80 characters; these are 10,000."),
            ("text", "x" * 10_000, "Use at most 600 characters; these are 10,000."),
            ("right", "own", "Choose whether they may see"),
            ("lasts", "century", "Choose how long"),
            ("ends_on", "soon", "Write the day as 2026-12-31."),
            ("ends_on", "2020-01-01", lifecycle.PAST),
            ("ends_on", "9999-12-31", "Choose a day within three years."),
        ],
    )
    def test_refuses_what_makes_no_sense_at_the_field(self, retailer, field, value, said):
        page = retailer.post(NEW, {**CAMPAIGN, "color": "#0b6370", field: value})

        assert page.status_code == 422 and said in page.text
        assert not campaigns.Campaign.objects.exists()

    def test_shows_markup_and_turned_text_as_it_is(self, retailer, make_campaign, visitor):
        made = make_campaign(name="<b>=1+1</b>\u202egnirpS", text="<script>alert(1)</script>\u202e")
        texts = [
            visitor.get(f"/join/{made.slug}/").text,
            retailer.get("/portfolio/brightgrid/campaigns/").text,
            retailer.get(f"/portfolio/brightgrid/campaigns/{made.slug}/").text,
        ]
        for text in texts:
            assert "<script>alert(1)" not in text and "\u202e" not in text and "<b>=1+1" not in text

    def test_is_for_those_who_may_ask(self, retailer, campaign):
        viewer = people.staff("vic@brightgrid.example", retailer.organization, "viewer")
        end = f"/portfolio/brightgrid/campaigns/{campaign.slug}/end/"

        assert [viewer.get(NEW).status_code, viewer.post(end).status_code] == [403, 403]
        assert "New campaign" not in viewer.get("/portfolio/brightgrid/campaigns/").text
        assert not campaigns.Campaign.objects.get().has_ended(now=timezone.now())

    def test_shows_nothing_of_another_organization_s(self, make_campaign, retailer, db):
        other = make_campaign(organization=people.organization("retailer", "Volta"))
        for tail in ("", "qr.svg"):
            page = retailer.get(f"/portfolio/brightgrid/campaigns/{other.slug}/{tail}")
            assert page.status_code == 404
        assert retailer.post(f"/portfolio/brightgrid/campaigns/{other.slug}/end/").status_code == 404
        assert other.slug not in retailer.get("/portfolio/brightgrid/campaigns/").text


class TestTheColor:
    def test_is_left_out_of_a_code_that_no_camera_would_read(self, make_campaign, retailer):
        pale = make_campaign(color="#ffee00")
        picture = retailer.get(f"/portfolio/brightgrid/campaigns/{pale.slug}/qr.svg")

        assert "#ffee00" not in picture.text and "#000000" in picture.text
        page = retailer.get(f"/portfolio/brightgrid/campaigns/{pale.slug}/")
        assert "The QR code is black" in page.text


class TestTheCode:
    def test_is_a_picture_of_our_own(self, retailer, campaign):
        picture = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/qr.svg")

        assert picture.headers["Content-Type"] == "image/svg+xml"
        assert ElementTree.fromstring(picture.text).tag.endswith("svg")


class TestTheFunnel:
    def test_shows_no_figure_about_few(self, campaign, retailer):
        campaigns.CampaignWeek.objects.create(
            campaign=campaign, begins=date(2026, 11, 9), opened=40, connected=4
        )
        page = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/")

        assert "too few to say" in page.text and ">40<" in page.text and ">4<" not in page.text

    def test_says_at_least_how_many_where_a_week_hides_few(self, campaign, retailer):
        for begins, connected in ((date(2026, 11, 9), 4), (date(2026, 11, 2), 20)):
            campaigns.CampaignWeek.objects.create(
                campaign=campaign, begins=begins, opened=40, connected=connected
            )

        page = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/")
        assert "at least 20" in page.text and ">24<" not in page.text


class TestThePages:
    def test_cost_the_same_however_many_there_are(
        self, make_campaign, retailer, django_assert_max_num_queries
    ):
        for number in range(12):
            made = make_campaign(name=f"Letter {number}")
            campaigns.CampaignWeek.objects.create(campaign=made, begins=date(2026, 11, 9), opened=1)
        with django_assert_max_num_queries(9):
            retailer.get("/portfolio/brightgrid/campaigns/")
        with django_assert_max_num_queries(9):
            retailer.get(f"/portfolio/brightgrid/campaigns/{made.slug}/")

    def test_ask_who_stands_there(self, installer, campaign):
        assert installer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/").status_code == 404
        assert installer.get("/portfolio/sunfix/campaigns/").status_code == 404
