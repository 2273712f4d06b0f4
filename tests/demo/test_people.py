"""The people of the demonstration: staff whose second factor stands, passed by one click on this machine only."""

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import Http404

from gridshare_portal.accounts import models, staff
from gridshare_portal.accounts.signing_in import second_factors
from gridshare_portal.demo import people, views
from gridshare_portal.demo.management.commands import prepare_demo


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """The people as a start of the demonstration adds them, once for all tests of this file."""
    with django_db_blocker.unblock(), transaction.atomic():
        prepare_demo.Command().handle()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def prepared(kept, db):
    """The people, and a database that forgets what a test does to them."""


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

        assert len({second_factors.opened(secret) for secret in kept}) == len(people.STAFF)
        for person in people.STAFF:
            assert staff.active_memberships(models.User.objects.get(email=person.email)).count() == 1

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
