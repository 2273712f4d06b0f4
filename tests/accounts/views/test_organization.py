"""An organization's page, as its admin, its other members and everybody else meet it."""

import re

import pytest
from allauth.mfa.models import Authenticator

from gridshare_portal.accounts import models, rights
from gridshare_portal.audit import names, record
from tests import people
from tests.accounts.views.pages import MARKUP, PAGE, RECORD, pk_of

pytestmark = pytest.mark.django_db


class TestThePage:
    def test_shows_everybody_and_what_an_admin_can_do(self, igor, ines):
        Authenticator.objects.filter(user=ines.user).delete()
        page = igor.get(PAGE).text

        for said in (
            "Ines",
            "ines@sunfix.example",
            "Missing: sees nothing yet",
            "Send the invitation",
            "(you)",
        ):
            assert said in page
        assert f"{PAGE}members/{pk_of(ines)}/remove/" in page

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_offers_members_nothing_that_is_the_admins(self, igor, sunfix, role):
        page = people.staff("vera@sunfix.example", sunfix, role).get(PAGE).text

        assert "Igor" in page and "Leave" in page
        for kept in ("Send the invitation", "/role/", "/remove/", "/record/", "What homeowners read"):
            assert kept not in page

    def test_is_written_by_nobody_s_name(self, igor, sunfix, ines, now):
        models.User.objects.filter(pk=ines.user.pk).update(name=MARKUP)
        models.Organization.objects.update(name=MARKUP, about=MARKUP)
        record.add(
            name=names.Name.CASE_CHANGED,
            at=now,
            actor=ines.user,
            organization=sunfix,
            details={MARKUP: MARKUP},
        )
        for address in (PAGE, RECORD, f"{PAGE}members/{pk_of(ines)}/remove/", f"{PAGE}leave/"):
            assert MARKUP not in igor.get(address).text

    def test_costs_as_many_queries_for_forty_members_as_for_two(
        self, igor, ines, sunfix, django_assert_max_num_queries
    ):
        for number in range(40):
            models.Membership.objects.create(
                user=people.person(f"n{number}@sunfix.example"), organization=sunfix, role="viewer"
            )
        with django_assert_max_num_queries(7):
            igor.get(PAGE)

    @pytest.mark.parametrize("query", ["?page=0", "?page=99999", "?page=x", "?page=" + "9" * 5000])
    def test_shows_the_nearest_page_of_members_whatever_is_asked(self, igor, query):
        assert igor.get(PAGE + query).status_code == 200

    def test_that_is_forged_does_not_exist(self, igor):
        other = people.staff("otto@roofworks.example", people.organization("installer", "RoofWorks"), "admin")
        for slug in ("roofworks", "SunFix", "nowhere", "-", "x" * 500):
            assert igor.get(f"/organizations/{slug}/").status_code == 404
        assert igor.post(f"{PAGE}members/{pk_of(other)}/role/", {"role": "viewer"}).status_code == 404
        assert igor.post(f"{PAGE}members/{pk_of(other)}/remove/").status_code == 404
        assert igor.post(f"/organizations/roofworks/members/{pk_of(other)}/remove/").status_code == 404
        assert igor.get(f"{PAGE}members/{10**30}/remove/").status_code == 404


class TestAsWhomOneActs:
    def test_stands_on_every_page_of_somebody_who_works_somewhere(self, igor):
        for address, acting in ((PAGE, "SunFix"), ("/homes/", "Yourself"), ("/accounts/email/", "Yourself")):
            nav = re.search(r'<nav class="acting".*?</nav>', igor.get(address).text, re.DOTALL)[0]
            now = re.findall(r"<a [^>]*aria-current[^>]*>.*?</a>", nav, re.DOTALL)
            assert len(now) == 1 and acting in now[0], address
            assert "SunFix" in nav and "Yourself" in nav

    def test_is_not_asked_of_homeowners(self, db):
        assert 'class="acting"' not in people.signed_in("ada@portal.example").get("/homes/").text

    def test_leads_to_work_whoever_has_no_home(self, igor):
        assert igor.get("/")["Location"] == "/support/sunfix/"

    def test_leads_home_whoever_has_one(self, homeowner, sunfix):
        models.Membership.objects.create(user=homeowner.user, organization=sunfix, role="viewer")

        assert homeowner.get("/")["Location"] == f"/homes/{homeowner.site.synth_id}/"


class TestTheRightsTable:
    def test_is_open_to_everybody(self, client, db):
        page = client.get("/organizations/rights/")

        assert page.status_code == 200
        for right in rights.RIGHTS:
            row = re.search(rf'<th scope="row">{re.escape(right.title)}</th>.*?</tr>', page.text, re.DOTALL)[
                0
            ]
            said = ["Yes</span>" in cell for cell in row.split("<td ")[1:]]
            assert said == [role in right.roles for role in models.Role.values]

    def test_stands_where_no_organization_can(self, igor, now):
        assert igor.get("/organizations/rights/").status_code == 200
