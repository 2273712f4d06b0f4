"""The people of the demonstration: staff whose second factor stands, passed by one click on this machine only."""

import re

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.http import Http404

from gridshare_portal.accounts import models, second_factors, staff
from gridshare_portal.demo import people, views
from gridshare_portal.demo.management.commands import prepare_demo
from tests import environment
from tests import portal as portals


@pytest.fixture
def prepared(db):
    prepare_demo.Command().handle()


class TestThePreparedPeople:
    def test_work_for_an_installer_and_a_retailer(self, prepared):
        rows = models.Membership.objects.values_list(
            "user__name", "organization__name", "organization__kind", "role"
        )

        assert set(rows) == {
            ("Ines", "SunFix", "installer", "operator"),
            ("Igor", "SunFix", "installer", "admin"),
            ("Vera", "SunFix", "installer", "viewer"),
            ("Rita", "BrightGrid", "retailer", "admin"),
        }

    def test_have_a_second_factor_that_nobody_else_has_and_that_is_sealed(self, prepared):
        kept = [one.data["secret"] for one in Authenticator.objects.all()]

        assert len({second_factors.unseal(secret) for secret in kept}) == len(people.STAFF)
        for person in people.STAFF:
            assert staff.standing_of(models.User.objects.get(email=person.email)).count() == 1

    def test_are_the_same_after_another_start(self, prepared):
        before = list(Authenticator.objects.values()), list(models.Membership.objects.values())
        prepare_demo.Command().handle()

        assert before == (list(Authenticator.objects.values()), list(models.Membership.objects.values()))


@pytest.mark.django_db
class TestOneClick:
    @pytest.mark.parametrize("where", ["10.0.0.1", "192.168.1.4", "", "::ffff:10.0.0.1"])
    @pytest.mark.parametrize("email", ["ines@demo.localhost", "ada@demo.localhost"])
    def test_does_not_exist_from_elsewhere(self, rf, prepared, where, email):
        with pytest.raises(Http404):
            views.sign_in(rf.post("/demo/sign-in/", {"email": email}, REMOTE_ADDR=where))

    def test_lets_the_customers_of_the_retailer_in_too(self, rf, prepared):
        known = models.User.objects.values_list("email", flat=True)

        assert {person.email for person in people.CUSTOMERS} < set(known)
        assert all(people.named(person.email) is person for person in people.EVERYBODY)

    @pytest.mark.parametrize("email", ["", "operator@portal.example", "INES@demo.localhost"])
    def test_is_for_demo_people_only(self, rf, prepared, email):
        models.User.objects.create_user("operator@portal.example")
        with pytest.raises(Http404):
            views.sign_in(rf.post("/demo/sign-in/", {"email": email}, REMOTE_ADDR="127.0.0.1"))


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    with portals.own_database(environment.GIVEN) as given:
        running = portals.Portal(data)
        running.start({**given, "TMPDIR": str(tmp_path_factory.mktemp("tmp"))})
        yield running
        running.stop()


class Browser(requests.Session):
    """A browser without a script: it sends the token that stood on the page."""

    def __init__(self, portal):
        super().__init__()
        self.portal = portal

    def open(self, path):
        return self.get(self.portal.url + path, timeout=10)

    def submit(self, page, path, **wish):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open(page).text)[1]
        return self.post(self.portal.url + path, {**wish, "csrfmiddlewaretoken": token}, timeout=10)


class TestTheRunningPortal:
    @pytest.mark.parametrize(
        ("name", "slug", "work"), [("ines", "sunfix", "support"), ("rita", "brightgrid", "portfolio")]
    )
    def test_lets_staff_in_with_one_click_past_the_second_step(self, portal, name, slug, work):
        browser = Browser(portal)
        arrived = browser.submit("/demo/", "/demo/sign-in/", email=f"{name}@demo.localhost")

        assert arrived.url == f"{portal.url}/{work}/{slug}/" and arrived.status_code == 200
        assert browser.open(f"/organizations/{slug}/").status_code == 200

    def test_asks_staff_who_come_by_e_mail_for_their_second_factor(self, portal):
        browser = Browser(portal)
        browser.submit("/accounts/login/", "/accounts/login/", login="vera@demo.localhost")
        code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", browser.open("/demo/").text, re.MULTILINE)[1]
        asked = browser.submit("/accounts/login/code/confirm/", "/accounts/login/code/confirm/", code=code)

        assert asked.url.startswith(f"{portal.url}/accounts/2fa/authenticate/")
        assert "/accounts/2fa/authenticate/" in browser.open("/organizations/sunfix/").url

    def test_offers_homeowners_and_staff_apart(self, portal):
        page = Browser(portal).open("/demo/").text

        assert (
            page.index("Sign in as Ada") < page.index("who helps homeowners") < page.index("Sign in as Ines")
        )
