"""What needs a sign-in of the last quarter of an hour, and how one proves it is still oneself."""

import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access.models import Consent
from gridshare_portal.accounts.signing_in import proof, session_limits
from gridshare_portal.audit.models import Event
from tests import people
from tests.accounts.conftest import code_from_mail, known
from tests.accounts.signing_in.test_session_limits import moved
from tests.homeowner.visiting import come_in

pytestmark = pytest.mark.django_db

ASK = "/accounts/reauthenticate/code/"
CONFIRM = "/accounts/reauthenticate/code/confirm/"
LATER = timedelta(minutes=16)


@pytest.fixture(autouse=True)
def _no_code_is_used_yet():
    cache.clear()


def ask_for_a_code(visitor, back):
    return visitor.post(ASK, {"recipient": visitor.user.email, "next": back})


def right_code(user):
    """Return what the person's authenticator app shows now, and for a while yet."""
    if (left_s := 30 - time.time() % 30) < 5:
        time.sleep(left_s)
    secret = totp.decrypt(user.authenticator_set.get(type="totp").data["secret"])
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


class TestGivingConsent:
    def give(self, homeowner, organization):
        address = reverse("homeowner:share", args=[homeowner.site.synth_id])
        return address, homeowner.post(
            address, {"organization": organization.slug, "right": "view", "lasts": "day"}
        )

    def test_needs_nothing_more_soon_after_the_sign_in(self, homeowner, roofworks):
        self.give(homeowner, roofworks)

        assert Consent.objects.filter(organization=roofworks).count() == 1

    def test_waits_for_a_code_by_e_mail_and_goes_on_with_what_was_chosen(self, homeowner, roofworks):
        address, answer = self.give(moved(homeowner, LATER), roofworks)
        assert answer["Location"] == f"/accounts/reauthenticate/code/?next={quote(address, safe='')}"
        assert not Consent.objects.filter(organization=roofworks).exists()

        page = homeowner.get(answer["Location"])
        assert "Is it still you?" in page.text and "Nothing that you filled in is lost" in page.text
        assert not mail.outbox  # opening the page sends nothing
        ask_for_a_code(homeowner, address)
        homeowner.post(CONFIRM, {"code": code_from_mail(), "next": address})

        assert Consent.objects.get(organization=roofworks).right == "view"

    def test_goes_on_under_another_key_of_the_session(self, homeowner, roofworks):
        address, _ = self.give(moved(homeowner, LATER), roofworks)
        ask_for_a_code(homeowner, address)
        before = homeowner.session.session_key
        homeowner.post(CONFIRM, {"code": code_from_mail(), "next": address})

        assert homeowner.session.session_key != before
        assert not Session.objects.filter(session_key=before).exists()
        assert homeowner.get("/sharing/").status_code == 200

    def test_takes_three_tries_and_no_old_code(self, homeowner, roofworks):
        address, _ = self.give(moved(homeowner, LATER), roofworks)
        ask_for_a_code(homeowner, address)
        right = code_from_mail()
        answers = [homeowner.post(CONFIRM, {"code": "AAAA-AAAA", "next": address}) for _ in range(3)]
        late = homeowner.post(CONFIRM, {"code": right, "next": address})

        assert [answer.status_code for answer in [*answers, late]] == [200, 200, 302, 302]
        assert {answer["Location"].partition("?")[0] for answer in (answers[-1], late)} == {ASK}
        assert not Consent.objects.filter(organization=roofworks).exists()

    def test_takes_no_code_after_three_minutes(self, homeowner, roofworks):
        address, _ = self.give(moved(homeowner, LATER), roofworks)
        ask_for_a_code(homeowner, address)
        session = homeowner.session
        session["account_email_reauthentication_code"]["at"] -= 200
        session.save()

        homeowner.post(CONFIRM, {"code": code_from_mail(), "next": address})

        assert not Consent.objects.filter(organization=roofworks).exists()

    def test_takes_no_empty_code_where_none_was_sent(self, homeowner, roofworks):
        address, _ = self.give(moved(homeowner, LATER), roofworks)
        for code in ("", " ", "None"):
            homeowner.post(CONFIRM, {"code": code, "next": address})

        assert not Consent.objects.filter(organization=roofworks).exists()

    def test_asks_whoever_has_an_app_for_its_code_and_not_for_an_e_mail(self, homeowner, roofworks):
        totp.TOTP.activate(homeowner.user, totp.generate_totp_secret())
        address, answer = self.give(moved(homeowner, LATER), roofworks)
        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/?next=")
        assert ask_for_a_code(homeowner, address).status_code == 302
        assert not mail.outbox
        homeowner.post("/accounts/2fa/reauthenticate/", {"code": right_code(homeowner.user), "next": address})

        assert Consent.objects.filter(organization=roofworks).count() == 1

    def test_never_leads_elsewhere(self, homeowner):
        moved(homeowner, LATER).post(ASK, {"recipient": homeowner.user.email, "next": "//evil.example/"})
        answer = homeowner.post(CONFIRM, {"code": code_from_mail(), "next": "//evil.example/"})

        assert answer["Location"] == "/"


class TestDeletingTheAccount:
    def test_waits_for_a_proof(self, stranger):
        answer = moved(stranger, LATER).post("/account/delete/", {"email": stranger.user.email})

        assert answer["Location"].startswith("/accounts/reauthenticate/code/")
        assert type(stranger.user).objects.filter(pk=stranger.user.pk).exists()


class TestStaff:
    def test_prove_it_before_their_first_change_and_not_again(self, installer_admin, sunfix):
        moved(installer_admin, LATER)
        details = {"name": "SunFix", "about": "We fix the sun.", "is_listed": "on"}
        first = installer_admin.post("/organizations/sunfix/details/", details)
        assert first["Location"].startswith("/accounts/2fa/reauthenticate/")
        where = {"code": right_code(installer_admin.user), "next": "/organizations/sunfix/details/"}
        installer_admin.post("/accounts/2fa/reauthenticate/", where)
        sunfix.refresh_from_db()
        assert sunfix.about == "We fix the sun."

        session = installer_admin.session
        session[session_limits.PROVEN] -= 3600
        session.save()
        installer_admin.post("/organizations/sunfix/details/", {**details, "about": "Still here."})
        sunfix.refresh_from_db()
        assert sunfix.about == "Still here."

    def test_read_without_being_asked(self, installer):
        assert moved(installer, LATER).get("/support/sunfix/").status_code == 200

    def test_are_asked_at_a_home_of_somebody_s_too(self, installer, homeowner, battery):
        people.share(homeowner.site, installer.organization, homeowner.user)
        come_in(installer, homeowner)
        moved(installer, LATER)
        address = reverse("homeowner:mode", args=[battery.synth_id])
        answer = installer.post(address, {"mode": "Simple", "reason": "As agreed"})

        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")

    def test_are_led_there_by_a_part_of_a_page_as_well(self, installer_admin, sunfix):
        moved(installer_admin, LATER)
        answer = installer_admin.post(
            "/organizations/sunfix/details/",
            {},
            headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/organizations/sunfix/"},
        )

        assert answer.status_code == 403
        assert answer["HX-Redirect"] == "/accounts/2fa/reauthenticate/?next=%2Forganizations%2Fsunfix%2F"

    def test_start_no_run_on_an_earlier_proof(self, retailer):
        """Each run is asked for anew, also where something was changed before."""
        session = retailer.session
        session[session_limits.WROTE] = session[session_limits.PROVEN] - 1
        session[session_limits.PROVEN] -= int(LATER.total_seconds())
        session.save()

        assert retailer.post("/portfolio/brightgrid/runs/1/start/", {})["Location"].startswith(
            "/accounts/2fa/"
        )


class TestSecondFactors:
    @pytest.mark.parametrize("address", ["totp/deactivate", "recovery-codes/generate", "webauthn/add"])
    def test_are_changed_only_after_a_proof(self, homeowner, address):
        totp.TOTP.activate(homeowner.user, totp.generate_totp_secret())
        answer = moved(homeowner, LATER).post(f"/accounts/2fa/{address}/", {})

        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
        assert homeowner.user.authenticator_set.count() == 1

    def test_are_begun_only_after_a_proof_by_whoever_has_none(self, homeowner):
        assert (
            moved(homeowner, LATER)
            .get("/accounts/2fa/totp/activate/")["Location"]
            .startswith("/accounts/reauthenticate/code/")
        )

    def test_every_page_that_changes_how_one_signs_in_is_in_the_table(self):
        from allauth.urls import urlpatterns
        from django.urls import URLPattern, URLResolver

        def names(patterns):
            for one in patterns:
                if isinstance(one, URLResolver):
                    yield from names(one.url_patterns)
                elif isinstance(one, URLPattern):
                    yield one.name

        harmless = {
            "mfa_index", "mfa_list_webauthn", "mfa_authenticate", "mfa_reauthenticate", "mfa_trust",
            "mfa_reauthenticate_webauthn", "mfa_login_webauthn", "mfa_signup_webauthn",
            "account_email_verification_sent", "account_confirm_email", "account_change_phone",
        }  # fmt: skip
        changing = {name for name in names(urlpatterns) if name and ("mfa" in name or "email" in name)}

        assert changing - harmless <= proof.POSTED | proof.OPENED


class TestTheAdmin:
    @pytest.fixture
    def operator(self, db):
        user = known("operator@portal.example", is_staff=True, is_superuser=True)
        totp.TOTP.activate(user, totp.generate_totp_secret())
        return people.known(user.email)

    def test_needs_a_proof_and_stays_open_while_it_is_used(self, operator):
        assert operator.get("/admin/").status_code == 200
        assert moved(operator, timedelta(minutes=14)).get("/admin/").status_code == 200
        assert moved(operator, timedelta(minutes=14)).get("/admin/accounts/user/").status_code == 200

        assert moved(operator, LATER).get("/admin/")["Location"].startswith("/accounts/2fa/reauthenticate/")

    def test_carries_out_what_was_sent_after_the_proof(self, operator):
        form = {"kind": "installer", "name": "Sun Fix", "invite": "igor@sunfix.example", "is_listed": "on"}
        address = "/admin/accounts/organization/add/"
        moved(operator, LATER).post(address, form)
        code = right_code(operator.user)
        operator.post("/accounts/2fa/reauthenticate/", {"code": code, "next": address})

        assert Event.objects.filter(name="organization_made").count() == 1


class TestWrongSecondFactors:
    def wrong(self, visitor, times):
        for _ in range(times):
            cache.clear()
            page = visitor.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
        return page

    def test_leave_an_event_and_a_line_each(self, installer, caplog):
        self.wrong(installer, 2)

        events = Event.objects.filter(name="second_factor_failed", subject_id=installer.user.pk)
        assert [event.details for event in events] == [{"kind": "totp"}] * 2
        assert f"wrong second factor (totp) of person {installer.user.pk}" in caplog.text
        assert "000000" not in caplog.text

    def test_lock_the_codes_after_ten_in_a_row_and_tell_the_person(
        self, installer, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            self.wrong(installer, 10)
        cache.clear()
        page = installer.post("/accounts/2fa/reauthenticate/", {"code": right_code(installer.user)})

        assert "Too many wrong codes. Until" in page.text and "a passkey works meanwhile" in page.text
        assert [one.subject for one in mail.outbox] == ["Too many wrong codes at Lunar home portal"]
        assert mail.outbox[0].to == [installer.user.email]

    def test_do_not_lock_when_a_right_one_came_between(self, installer):
        self.wrong(installer, 9)
        installer.post("/accounts/2fa/reauthenticate/", {"code": right_code(installer.user)})
        page = self.wrong(installer, 1)

        assert "Too many wrong codes" not in page.text

    def test_lock_nobody_else(self, installer, installer_admin):
        self.wrong(installer, 10)
        cache.clear()
        page = self.wrong(installer_admin, 1)

        assert "Too many wrong codes" not in page.text


class TestANewBrowser:
    def sign_in(self, client, user, **how):
        client.post("/accounts/login/", {"login": user.email}, **how)
        return client.post("/accounts/login/code/confirm/", {"code": code_from_mail()}, **how)

    FIREFOX = {
        "headers": {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"}
    }

    @pytest.fixture
    def ada(self, db):
        return known("ada@portal.example", date_joined=timezone.now() - timedelta(days=3))

    def test_is_told_of_once(self, client, ada, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            self.sign_in(client, ada, **self.FIREFOX)
        told = [one for one in mail.outbox if "new sign-in" in one.subject]
        assert len(told) == 1 and "Firefox on Windows, from 127.0.0.1" in told[0].body
        assert "/accounts/sessions/" in told[0].body

        client.post("/accounts/logout/")
        with django_capture_on_commit_callbacks(execute=True):
            self.sign_in(client, ada, **self.FIREFOX)
        assert len([one for one in mail.outbox if "new sign-in" in one.subject]) == 1

    def test_is_not_believed_when_its_cookie_was_made_up(
        self, client, ada, django_capture_on_commit_callbacks
    ):
        client.cookies["known"] = '["x"]:1:made-up'
        with django_capture_on_commit_callbacks(execute=True):
            self.sign_in(client, ada)

        assert [one for one in mail.outbox if "new sign-in" in one.subject]

    def test_of_another_person_is_new(self, client, ada, django_capture_on_commit_callbacks):
        self.sign_in(client, ada)
        client.post("/accounts/logout/")
        ben = known("ben@portal.example", date_joined=timezone.now() - timedelta(days=3))
        with django_capture_on_commit_callbacks(execute=True):
            self.sign_in(client, ben)

        assert [one.to for one in mail.outbox if "new sign-in" in one.subject] == [[ben.email]]

    def test_is_no_news_when_the_account_was_just_made(
        self, client, somebody, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            self.sign_in(client, somebody)

        assert not [one for one in mail.outbox if "new sign-in" in one.subject]
