"""The entry point of a staff page, tried by each of the cast."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from gridshare_portal.accounts import entry, models, rights
from tests import people

pytestmark = pytest.mark.django_db


def knock(user, slug, *, right=rights.SEE, kind=None, htmx=False):
    request = RequestFactory().get(f"/support/{slug}/?page=2", headers={"HX-Request": "true"} if htmx else {})
    request.user, request._messages = user, _Messages()
    request.htmx = HtmxDetails(request)

    @entry.require_right(right, kind=kind)
    def inside(request, slug):
        return HttpResponse(f"{request.organization.name}, {request.membership.role}, {slug}")

    return inside(request, slug=slug)  # by name, as the resolver calls it


class _Messages(list):
    def add(self, level, message, extra_tags=""):
        self.append(message)


class TestADoor:
    def test_opens_for_a_member_and_says_for_whom(self, installer):
        assert knock(installer.user, "sunfix").text == "SunFix, operator, sunfix"

    def test_does_not_exist_for_others(self, outsider, homeowner, installer):
        for somebody in (outsider.user, homeowner.user):
            with pytest.raises(Http404):
                knock(somebody, "sunfix")

    def test_answers_alike_whether_or_not_the_organization_exists(self, installer):
        with pytest.raises(Http404):
            knock(installer.user, "roofworks")
        people.organization("installer", "RoofWorks")
        with pytest.raises(Http404):
            knock(installer.user, "roofworks")

    def test_is_of_one_kind_of_organization(self, installer, retailer):
        assert knock(installer.user, "sunfix", kind="installer").status_code == 200
        with pytest.raises(Http404):
            knock(retailer.user, "brightgrid", kind="installer")

    def test_refuses_a_role_without_the_right_and_says_why(self, viewer, installer_admin):
        assert knock(installer_admin.user, "sunfix", right=rights.MEMBERS).status_code == 200
        with pytest.raises(PermissionDenied, match="Your role at SunFix is viewer"):
            knock(viewer.user, "sunfix", right=rights.MEMBERS)

    @pytest.mark.parametrize("role", ["", "owner", "ADMIN", "admin "])
    def test_lets_nobody_in_by_a_role_that_does_not_exist(self, installer, role):
        models.Membership.objects.update(role=role)
        with pytest.raises(PermissionDenied):
            knock(installer.user, "sunfix")


class TestWithoutASecondFactor:
    @pytest.fixture
    def unproven(self, installer_admin):
        Authenticator.objects.filter(user=installer_admin.user).delete()
        return installer_admin.user

    def test_it_leads_to_where_one_is_set_up(self, unproven):
        answer = knock(unproven, "sunfix")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")

    def test_recovery_codes_alone_do_not_count(self, unproven):
        Authenticator.objects.create(user=unproven, type=Authenticator.Type.RECOVERY_CODES, data={})

        assert knock(unproven, "sunfix").status_code == 302

    def test_a_part_of_a_page_asks_for_the_whole_page(self, unproven):
        answer = knock(unproven, "sunfix", htmx=True)

        assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")


class TestSomebodySignedOut:
    def test_is_led_back_after_signing_in(self, sunfix):
        answer = knock(AnonymousUser(), "sunfix")

        assert answer["Location"] == "/accounts/login/?next=/support/sunfix/%3Fpage%3D2"

    def test_learns_nothing_of_which_organizations_exist(self, sunfix):
        assert (
            knock(AnonymousUser(), "nowhere").status_code
            == knock(AnonymousUser(), "sunfix").status_code
            == 302
        )

    def test_gets_the_whole_page_instead_of_a_part(self, sunfix):
        answer = knock(AnonymousUser(), "sunfix", htmx=True)

        assert (answer.status_code, answer["HX-Refresh"], answer.content) == (401, "true", b"")
