"""What is done too often, by people at pages: where it ends, what they read, and whom it does not concern."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from gridshare_portal.limits import acts, counting, windows
from gridshare_portal.limits.acts import ACTS
from tests import people, threads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def patient(patient_cache):
    cache.clear()


@pytest.fixture
def few(monkeypatch):
    """Make the limits of one act small: at most so many an hour by whomever it counts."""

    def so_many(name, most):
        per = [one.per for one in ACTS[name].limits]
        limits = tuple(acts._by(one, (most, timedelta(hours=1))) for one in per)
        act = acts.Act(often=ACTS[name].often, limits=limits, keeps=ACTS[name].keeps)
        monkeypatch.setitem(ACTS, name, act)

    return so_many


class TestFilesToTakeAway:
    def test_are_twenty_in_ten_minutes_and_not_forty(self, homeowner):
        where = reverse("homeowner:access_log_csv", args=[homeowner.site.synth_id])
        pages = [homeowner.get(where) for _ in range(40)]

        assert [page.status_code for page in pages] == [200] * 20 + [429] * 20
        wait_s = int(pages[-1].headers["Retry-After"])
        assert 0 < wait_s <= 600
        assert "You have taken away many files in a short while." in pages[-1].text
        assert f"You can go on <strong>{windows.wait_in_words(wait_s)}</strong>" in pages[-1].text

    def test_are_counted_for_each_person(self, homeowner, co_owner, few):
        few("export", 1)
        where = reverse("homeowner:access_log_csv", args=[homeowner.site.synth_id])
        asked = [one.get(where).status_code for one in (homeowner, homeowner, co_owner)]

        assert asked == [200, 429, 200]

    def test_are_refused_to_whoever_may_not_have_them_as_before(self, neighbor, homeowner, few):
        few("export", 1)
        there = reverse("homeowner:access_log_csv", args=[homeowner.site.synth_id])
        nothing = reverse("homeowner:access_log_csv", args=["site-00000000-0000-0000-0000-000000000000"])

        assert [neighbor.get(one).status_code for one in (there, there)] == [404, 429]
        assert neighbor.get(nothing).status_code == 429


class TestWhatWasFilledIn:
    def test_is_kept_on_the_page_and_sent_again_from_there(self, installer, few):
        few("ask homeowners", 1)
        where = reverse("installer:requests", args=[installer.organization.slug])
        filled = {"whom": "email", "right": "view", "lasts": "day", "message": "Say “yes” & <we> come"}
        installer.post(where, filled)
        page = installer.post(where, filled)

        assert page.status_code == 429 and f'action="{where}"' in page.text
        assert 'name="message" value="Say “yes” &amp; &lt;we&gt; come"' in page.text
        assert page.text.count('name="csrfmiddlewaretoken"') >= 1

    def test_is_not_kept_where_it_is_a_code(self, visitor, few):
        few("typed code", 1)
        visitor.post("/accounts/login/code/confirm/", {"code": "SECRET-1"})
        page = visitor.post("/accounts/login/code/confirm/", {"code": "SECRET-1"})

        assert page.status_code == 429 and "SECRET-1" not in page.text and "Send it again" not in page.text


class TestAPartOfAPage:
    def test_says_it_in_its_own_place(self, installer, few):
        few("search", 1)
        where = reverse("installer:search", args=[installer.organization.slug])
        pages = [installer.get(where, {"q": "ada"}, headers={"HX-Request": "true"}) for _ in range(2)]

        assert [page.status_code for page in pages] == [200, 429]
        assert pages[1].headers["HX-Reswap"] == "innerHTML" and "Retry-After" in pages[1].headers
        assert "You have searched very often" in pages[1].text and "<html" not in pages[1].text


class TestCodesByEmail:
    def test_are_three_a_minute_to_one_mailbox_from_one_address(self):
        people.person("ada@portal.example")
        asked = [
            people.Visitor().post("/accounts/login/", {"login": one}).status_code
            for one in (
                "ada@portal.example",
                "ADA@portal.example ",
                "ada@portal.example",
                "ada@portal.example",
            )
        ]

        assert asked == [302, 302, 302, 429] and len(mail.outbox) == 3

    def test_come_to_whoever_lives_behind_a_mailbox_that_another_asks_for(self, monkeypatch):
        by_mailbox = acts._by(acts.Per.MAILBOX, (3, timedelta(hours=1)))
        monkeypatch.setitem(ACTS, "code", acts.Act(often="Often.", limits=(by_mailbox,)))
        people.person("ada@portal.example")
        ada = people.Visitor(REMOTE_ADDR="203.0.113.9")
        for _ in range(10):
            stranger = people.Visitor(REMOTE_ADDR="198.51.100.4")
            stranger.post("/accounts/login/", {"login": "ada@portal.example"})
            stranger.post("/accounts/signup/", {"email": "ada@portal.example"})

        assert ada.post("/accounts/login/", {"login": "ada@portal.example"}).status_code == 302
        assert len(mail.outbox) == 3 + 1

    def test_that_are_wrong_refuse_nobody_else_behind_the_same_address(self, db):
        people.person("ada@portal.example")
        other, ada = people.Visitor(), people.Visitor()
        other.post("/accounts/login/", {"login": "ben@portal.example"})
        for _ in range(10):
            other.post("/accounts/login/code/confirm/", {"code": "AAAA-AAAA"})
        ada.post("/accounts/login/", {"login": "ada@portal.example"})
        code = mail.outbox[-1].body
        right = next(line.strip() for line in code.splitlines() if len(line.strip()) == 9 and "-" in line)

        assert ada.post("/accounts/login/code/confirm/", {"code": right}).headers["Location"] == "/"


class TestAllauthsOwnLimits:
    def test_are_answered_with_our_page_and_when_it_goes_on(self, visitor, settings):
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/5m/ip"}
        pages = [visitor.post("/accounts/login/", {"login": f"a{one}@portal.example"}) for one in range(3)]

        assert [page.status_code for page in pages] == [302, 302, 429]
        wait_s = int(pages[2].headers["Retry-After"])
        assert 120 < wait_s <= 300
        assert "A little slower, please" in pages[2].text and windows.wait_in_words(wait_s) in pages[2].text

    def test_that_nobody_can_look_up_are_ten_minutes(self, settings):
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "confirm_email": "1/5m/key"}
        pages = [
            people.Visitor().post("/accounts/signup/", {"email": "new@portal.example"}) for _ in range(2)
        ]

        assert pages[1].status_code == 429 and pages[1].headers["Retry-After"] == "600"

    def test_that_speak_at_a_form_say_how_long_to_wait(self, settings):
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "request_login_code": "1/h/key"}
        people.person("ada@portal.example")
        asked = {"login": "ada@portal.example"}
        pages = [people.Visitor().post("/accounts/login/", asked) for _ in range(2)]

        assert "Wait an hour before you ask for another" in pages[1].text

    def test_on_second_factors_say_so_too_and_concern_one_person(self, installer, viewer):
        for member in (installer, viewer):
            member.sign_in()
            member.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
        pages = [installer.post("/accounts/2fa/reauthenticate/", {"code": "000000"}) for _ in range(6)]

        assert "Wait five minutes" in pages[-1].text
        assert "Wait five minutes" not in viewer.post("/accounts/2fa/reauthenticate/", {"code": "0"}).text


class TestStopping:
    def test_is_always_possible(self, retailer, few):
        for name in ACTS:
            few(name, 1)
        where = reverse("retailer:run_stop", args=[retailer.organization.slug, 1])

        assert {retailer.post(where).status_code for _ in range(5)} == {404}


class TestCounting:
    def test_lets_as_many_pass_as_the_limit_says_also_at_once(self, rf, few, now, transactional_db):
        few("export", 5)
        request = rf.get("/")
        request.user = AnonymousUser()
        waits = threads.at_once(*[lambda: counting.wait_s("export", request, {}, now=now)] * 12)

        assert sum(wait == 0 for wait in waits) == 5

    def test_goes_on_when_the_window_has_passed(self, rf, few, now):
        few("export", 2)
        request = rf.get("/")
        request.user = AnonymousUser()
        waits = [
            counting.wait_s("export", request, {}, now=now + timedelta(minutes=minutes))
            for minutes in (0, 10, 20, 59, 60, 61, 70)
        ]

        assert waits == [0, 0, 2_400, 60, 0, 540, 0]

    def test_keeps_nobody_s_address_and_no_mailbox(self, rf, monkeypatch, now):
        kept = []
        seen = SimpleNamespace(get=lambda key: None, set=lambda *what: kept.append(what))
        monkeypatch.setattr(counting, "cache", seen)
        request = rf.post("/", {"login": "ada@portal.example"}, REMOTE_ADDR="203.0.113.9")
        request.user = AnonymousUser()
        counting.wait_s("code", request, {}, now=now)

        assert len(kept) == 2 and not [one for one in kept if "ada@" in str(one) or "203.0.113" in str(one)]
