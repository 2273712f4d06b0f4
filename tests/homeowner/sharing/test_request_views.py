"""What an organization asks, as its homeowner reads and answers it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, models, policy, requests
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import scopes
from tests.homeowner.sharing.given import SHARING, TERMS, held


def request_to(person, roofworks, outsider, **how):
    usual = {"right": "view", "lasts": "month", "now": timezone.now(), "email": person.user.email}
    return requests.ask(organization=roofworks, asked_by=outsider.user, **{**usual, **how})


class TestARequest:
    @pytest.fixture
    def asked(self, homeowner, roofworks, outsider):
        return request_to(homeowner, roofworks, outsider, message="=1+1 <b>Battery</b>\u202e")

    def answer(self, person, asked, **sent):
        address = reverse("homeowner:request", args=[asked.pk])
        usual = {"answer": "share", "homes": [homes(person)[0].synth_id], **TERMS}
        return person.post(address, {**usual, **sent}, follow=True)

    @pytest.mark.parametrize("answer", ["share", "decline"])
    def test_that_another_of_the_home_answers_at_that_moment_is_answered_once(
        self, homeowner, asked, answer, monkeypatch
    ):
        actions = {"share": requests.share, "decline": requests.decline}

        def late(*, request, now, **how):
            actions["decline"](request=models.Request.objects.get(pk=asked.pk), by=homeowner.user, now=now)
            return actions[answer](request=request, now=now, **how)

        with monkeypatch.context() as patch:
            patch.setattr(requests, answer, late)
            page = self.answer(homeowner, asked, answer=answer)

        assert page.status_code == 200 and not models.Consent.objects.exists()
        assert "has been answered" in page.text
        asked.refresh_from_db()
        assert asked.answer == "declined"

    def test_stands_on_the_sharing_page_and_on_the_home_s(self, homeowner, asked):
        home = reverse("homeowner:site", args=[homeowner.site.synth_id])

        for address in (SHARING, home, reverse("homeowner:sites")):
            page = homeowner.get(address)
            assert "RoofWorks asks to help with your home" in page.text.replace("<bdi>", "").replace(
                "</bdi>", ""
            )
            assert reverse("homeowner:request", args=[asked.pk]) in page.text

    def test_is_not_shown_on_a_home_that_one_looks_after(self, homeowner, installer, outsider, roofworks):
        request_to(installer, roofworks, outsider)
        page = installer.get(reverse("homeowner:site", args=[homeowner.site.synth_id]), follow=True)

        assert "asks to help" not in page.text

    def test_shows_the_message_as_text(self, homeowner, asked):
        page = homeowner.get(reverse("homeowner:request", args=[asked.pk]))

        assert "=1+1 &lt;b&gt;Battery&lt;/b&gt;" in page.text and "<b>Battery" not in page.text

    def test_is_answered_on_the_homeowner_s_terms(self, homeowner, asked):
        page = self.answer(homeowner, asked, right="control", lasts="hour", ask_first="on")

        (consent,) = held(homeowner.site)
        assert (consent.right, consent.ask_first) == ("control", True)
        assert "Shared with RoofWorks." in page.text
        assert "asks to help" not in homeowner.get(SHARING).text

    @pytest.mark.parametrize(("right", "is_said"), [("control", True), ("view", False)])
    def test_says_where_lunar_does_not_allow_what_was_shared(self, homeowner, asked, right, is_said):
        lunar.Connection.objects.filter(user=homeowner.user).update(scopes=" ".join(sorted(scopes.READING)))

        page = self.answer(homeowner, asked, right=right)

        assert ("can only look until you allow it" in page.text) is is_said

    def test_is_declined_without_a_word_to_them(self, homeowner, asked):
        page = homeowner.post(
            reverse("homeowner:request", args=[asked.pk]), {"answer": "decline"}, follow=True
        )

        assert "Not shared." in page.text and held(homeowner.site) == []

    def test_for_several_homes_shares_those_that_were_chosen(self, neighbor, roofworks, outsider):
        asked = request_to(neighbor, roofworks, outsider)
        first, second = homes(neighbor)
        self.answer(neighbor, asked, homes=[first.synth_id, second.synth_id])

        assert len(held(first)) == len(held(second)) == 1

    def test_shares_nothing_when_a_home_is_somebody_else_s(self, homeowner, neighbor, asked):
        page = self.answer(homeowner, asked, homes=[homeowner.site.synth_id, neighbor.site.synth_id])

        assert page.status_code == 422 and "Choose among your own homes." in page.text
        assert not models.Consent.objects.exists()

    @pytest.mark.parametrize("sent", [[], [""], ["x" * 10_000], ["a\x00b"]])
    def test_needs_a_home_that_exists(self, homeowner, asked, sent):
        page = self.answer(homeowner, asked, homes=sent)

        assert page.status_code == 422 and not models.Consent.objects.exists()

    def test_says_at_the_field_what_is_wrong(self, homeowner, asked):
        page = self.answer(homeowner, asked, lasts="forever")

        assert page.status_code == 422 and consents.NO_DURATION in page.text

    def test_does_not_exist_for_others(self, homeowner, neighbor, installer, outsider, asked):
        for person in (neighbor, installer, outsider):
            assert person.get(reverse("homeowner:request", args=[asked.pk])).status_code == 404

    def test_no_longer_exists_once_it_was_answered(self, homeowner, asked):
        self.answer(homeowner, asked)

        assert self.answer(homeowner, asked).status_code == 404
        assert len(held(homeowner.site)) == 1

    def test_of_somebody_without_a_home_leads_to_lunar(self, stranger, roofworks, outsider):
        asked = request_to(stranger, roofworks, outsider)
        page = stranger.get(reverse("homeowner:request", args=[asked.pk]))

        assert page.status_code == 200 and "Continue with Lunar" in page.text


def homes(person):
    return list(policy.own_sites(person.user).order_by("name", "pk"))
