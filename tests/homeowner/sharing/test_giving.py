"""Sharing a home with an organization that was found by name."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, models, policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from tests import people
from tests.homeowner.sharing.given import SHARING, TERMS, held, share


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
