import contextlib
import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import consents
from gridshare_portal.access import models as access
from gridshare_portal.audit import models as audit
from gridshare_portal.campaigns import brand, funnel, lifecycle, qr
from gridshare_portal.campaigns import models as campaigns
from tests import people

NEW = "/portfolio/brightgrid/campaigns/new/"
WISH = {"name": "Spring letter", "text": "We even out the evening peak.", "right": "control", "lasts": "year"}
colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.fixture
def make(retailer):
    def make(organization=None, **wish):
        usual = {**WISH, "color": "#0b6370", "ends_at": None, "now": timezone.now(), **wish}
        return lifecycle.make(
            organization=organization or retailer.organization, actor=retailer.user, **usual
        )

    return make


@pytest.fixture
def campaign(make):
    return make()


def counts():
    return [
        (one.opened, one.connected, one.consented)
        for one in campaigns.CampaignWeek.objects.order_by("-begins")
    ]


class TestMaking:
    @pytest.mark.parametrize(
        ("wish", "field", "sentence"),
        [
            ({"name": "\u202e"}, "name", lifecycle.NO_NAME),
            ({"name": "x" * 81}, "name", lifecycle.LONG.format(80, 81)),
            ({"right": "own"}, "right", consents.NO_RIGHT),
            ({"lasts": "ever"}, "lasts", consents.NO_DURATION),
            ({"color": "red;}"}, "color", brand.NOT_A_COLOR),
            ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "ends_on", lifecycle.PAST),
        ],
    )
    def test_refuses_what_no_form_would_send(self, make, wish, field, sentence):
        with pytest.raises(consents.ConsentRefused, match=re.escape(sentence)) as refusal:
            make(**wish)

        assert refusal.value.field == field and not campaigns.Campaign.objects.exists()

    def test_gives_it_an_address_and_leaves_an_event(self, retailer):
        page = retailer.post(NEW, {**WISH, "color": "#0B6370"}, follow=True)

        made = campaigns.Campaign.objects.get()
        assert (made.slug, made.color, made.ends_at) == ("brightgrid-spring-letter", "#0b6370", None)
        assert f"/join/{made.slug}/" in page.text and "contrast of 6.9 to 1" in page.text
        event = audit.Event.objects.get(name="organization_changed")
        assert event.organization_id == retailer.organization.pk
        assert event.details["campaign"] == "Spring letter" and event.details["action"] == "made"
        record = retailer.get(reverse("accounts:record", args=["brightgrid"]))
        assert "action: made; campaign: Spring letter" in record.text

    def test_gives_a_second_of_the_same_name_another_address(self, make):
        assert [make().slug for _number in range(3)] == [
            "brightgrid-spring-letter", "brightgrid-spring-letter-2", "brightgrid-spring-letter-3",
        ]  # fmt: skip

    def test_lets_it_last_through_its_last_day(self, retailer, now):
        day = now.astimezone(UTC).date() + timedelta(days=3)
        retailer.post(NEW, {**WISH, "color": "#0b6370", "ends_on": day.isoformat()})

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
        page = retailer.post(NEW, {**WISH, "color": "#0b6370", field: value})

        assert page.status_code == 422 and said in page.text
        assert not campaigns.Campaign.objects.exists()

    def test_shows_markup_and_turned_text_as_it_is(self, retailer, make, visitor):
        made = make(name="<b>=1+1</b>\u202egnirpS", text="<script>alert(1)</script>\u202e")
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

    def test_shows_nothing_of_another_organization_s(self, make, retailer, db):
        other = make(organization=people.organization("retailer", "Volta"))
        for tail in ("", "qr.svg"):
            page = retailer.get(f"/portfolio/brightgrid/campaigns/{other.slug}/{tail}")
            assert page.status_code == 404
        assert retailer.post(f"/portfolio/brightgrid/campaigns/{other.slug}/end/").status_code == 404
        assert other.slug not in retailer.get("/portfolio/brightgrid/campaigns/").text


class TestTheColor:
    @given(colors)
    def test_bears_text_that_can_be_read(self, color):
        assert brand.contrast(brand.text_on(color), color) >= brand.READABLE
        assert brand.contrast(brand.ink(color), brand.WHITE) >= brand.READABLE

    @given(st.text(alphabet="#0aF9;} \n０", min_size=6, max_size=9))
    def test_is_nothing_but_a_color(self, text):
        with contextlib.suppress(brand.NotAColor):
            assert re.fullmatch("#[0-9a-f]{6}", brand.plain(text))

    def test_is_worn_by_way_of_a_style_sheet(self, campaign, visitor):
        page = visitor.get(f"/join/{campaign.slug}/")
        sheet = visitor.get(f"/join/{campaign.slug}/brand.css")

        assert f'href="/join/{campaign.slug}/brand.css"' in page.text and "style=" not in page.text
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        assert sheet.headers["Content-Type"].startswith("text/css")
        assert "background: #0b6370;\n  color: #ffffff;" in sheet.text

    def test_is_left_out_of_a_code_that_no_camera_would_read(self, make, retailer):
        pale = make(color="#ffee00")
        picture = retailer.get(f"/portfolio/brightgrid/campaigns/{pale.slug}/qr.svg")

        assert "#ffee00" not in picture.text and "#000000" in picture.text
        page = retailer.get(f"/portfolio/brightgrid/campaigns/{pale.slug}/")
        assert "The QR code is black" in page.text


class TestTheCode:
    def test_is_the_address_and_nothing_else(self):
        drawn = ElementTree.fromstring(qr.svg("https://portal.example/join/x/", color="#0b6370"))
        size = int(drawn.get("viewBox").split()[-1])
        path = drawn[1].get("d")
        dark = {tuple(map(int, one)) for one in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}

        assert len(drawn) == 2 and size >= 21 + 2 * qr.MARGIN
        corners = [
            (qr.MARGIN, qr.MARGIN),
            (size - qr.MARGIN - 1, qr.MARGIN),
            (qr.MARGIN, size - qr.MARGIN - 1),
        ]
        assert dark.issuperset(corners)
        assert all(qr.MARGIN <= x < size - qr.MARGIN and qr.MARGIN <= y < size - qr.MARGIN for x, y in dark)

    def test_is_a_picture_of_our_own(self, retailer, campaign):
        picture = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/qr.svg")

        assert picture.headers["Content-Type"] == "image/svg+xml"
        assert ElementTree.fromstring(picture.text).tag.endswith("svg")


class TestComing:
    def test_says_who_asks_for_what_before_anything_is_connected(self, campaign, visitor):
        page = visitor.get(f"/join/{campaign.slug}/")

        assert "BrightGrid</bdi> asks to see and change your home" in page.text
        assert "for a year" in page.text and "We do not keep who" in page.text

    def test_leads_through_signing_in_and_back(self, campaign, homeowner):
        address = f"/join/{campaign.slug}/"
        assert homeowner.post(address, {"by": "lunar"}).headers["Location"] == "/connect/?for=changes"

        assert homeowner.get("/").headers["Location"] == address

    def test_says_at_the_boxes_what_the_wish_needs_and_ticks_none(self, campaign, make, visitor):
        only_look = make(name="Only look", right="view")
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

    def test_keeps_nothing_about_who_it_was(self):
        kept = {field.name for field in campaigns.CampaignWeek._meta.get_fields()}

        assert kept == {"id", "campaign", "begins", "opened", "connected", "consented"}

    def test_counts_no_consent_for_another_organization_s_campaign(self, campaign, homeowner):
        campaign.organization = people.organization("retailer", "Volta")
        homeowner.get(f"/join/{campaign.slug}/")
        campaigns.Campaign.objects.update(organization=campaign.organization)
        homeowner.post(
            reverse("homeowner:share", args=[homeowner.site.synth_id]),
            {"organization": "brightgrid", "right": "view", "lasts": "day"},
        )

        assert counts() == [(1, 1, 0)]

    def test_shows_no_figure_about_few(self, campaign, retailer):
        campaigns.CampaignWeek.objects.create(
            campaign=campaign, begins=date(2026, 11, 9), opened=40, connected=4
        )
        page = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/")

        assert "too few to say" in page.text and ">40<" in page.text and ">4<" not in page.text

    @given(
        st.lists(
            st.lists(st.integers(0, 12), min_size=3, max_size=3).map(lambda n: sorted(n, reverse=True)),
            max_size=6,
        )
    )
    def test_lets_no_figure_about_few_follow(self, weeks):
        first = date(2026, 1, 5)
        total, found = funnel.shown([(first + timedelta(weeks=n), *one) for n, one in enumerate(weeks)])
        for step in (1, 2):
            name = funnel.STEPS[step]
            told = [getattr(one, name) for one in found]
            assert all(value is None or value == 0 or value >= 5 for value in told)
            whole, known = getattr(total, name), sum(week[step] for week in weeks)
            hidden = known - sum(value or 0 for value in told)
            if name in total.least:
                assert whole is None or whole == known - hidden
            elif whole is not None:
                assert whole == known and (hidden == 0 or hidden >= 5)

    def test_says_at_least_how_many_where_a_week_hides_few(self, campaign, retailer):
        for begins, connected in ((date(2026, 11, 9), 4), (date(2026, 11, 2), 20)):
            campaigns.CampaignWeek.objects.create(
                campaign=campaign, begins=begins, opened=40, connected=connected
            )

        page = retailer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/")
        assert "at least 20" in page.text and ">24<" not in page.text


class TestThePages:
    def test_cost_the_same_however_many_there_are(self, make, retailer, django_assert_max_num_queries):
        for number in range(12):
            made = make(name=f"Letter {number}")
            campaigns.CampaignWeek.objects.create(campaign=made, begins=date(2026, 11, 9), opened=1)
        with django_assert_max_num_queries(9):
            retailer.get("/portfolio/brightgrid/campaigns/")
        with django_assert_max_num_queries(9):
            retailer.get(f"/portfolio/brightgrid/campaigns/{made.slug}/")

    def test_ask_who_stands_there(self, installer, campaign):
        assert installer.get(f"/portfolio/brightgrid/campaigns/{campaign.slug}/").status_code == 404
        assert installer.get("/portfolio/sunfix/campaigns/").status_code == 404
