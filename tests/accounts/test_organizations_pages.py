"""An organization's pages, as its admin, its other members and everybody else meet them."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator

from gridshare_portal.accounts import models, rights
from gridshare_portal.accounts.organizations import members
from gridshare_portal.audit import names, record
from tests import people, streamed

pytestmark = pytest.mark.django_db

PAGE, RECORD = "/organizations/sunfix/", "/organizations/sunfix/record/"
MARKUP = "<script>alert(1)</script>\"'>&"


@pytest.fixture
def sunfix(db):
    return people.organization("installer", "SunFix")


@pytest.fixture
def igor(sunfix):
    return people.staff("igor@sunfix.example", sunfix, "admin")


@pytest.fixture
def ines(sunfix):
    return people.staff("ines@sunfix.example", sunfix, "operator")


def pk_of(visitor):
    return models.Membership.objects.get(user=visitor.user, organization=visitor.organization).pk


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

    @pytest.mark.parametrize("wish", ["?page=0", "?page=99999", "?page=x", "?page=" + "9" * 5000])
    def test_shows_the_nearest_page_of_members_whatever_is_asked(self, igor, wish):
        assert igor.get(PAGE + wish).status_code == 200

    def test_that_is_forged_does_not_exist(self, igor):
        other = people.staff("otto@roofworks.example", people.organization("installer", "RoofWorks"), "admin")
        for slug in ("roofworks", "SunFix", "nowhere", "-", "x" * 500):
            assert igor.get(f"/organizations/{slug}/").status_code == 404
        assert igor.post(f"{PAGE}members/{pk_of(other)}/role/", {"role": "viewer"}).status_code == 404
        assert igor.post(f"{PAGE}members/{pk_of(other)}/remove/").status_code == 404
        assert igor.post(f"/organizations/roofworks/members/{pk_of(other)}/remove/").status_code == 404
        assert igor.get(f"{PAGE}members/{10**30}/remove/").status_code == 404


class TestWhatAnAdminDoes:
    def test_gives_a_role_and_says_so(self, igor, ines):
        page = igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": "admin"}, follow=True)

        assert "Ines is admin now" in page.text
        assert models.Membership.objects.get(pk=pk_of(ines)).role == "admin"

    @pytest.mark.parametrize("role", ["", "owner", "x" * 10_000, MARKUP])
    def test_gives_no_role_that_does_not_exist(self, igor, ines, role):
        page = igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": role})

        assert page.status_code == 422 and "Choose one of the roles" in page.text
        assert f'id="refused-{pk_of(ines)}"' in page.text

    def test_cannot_demote_the_last_one(self, igor):
        page = igor.post(f"{PAGE}members/{pk_of(igor)}/role/", {"role": "viewer"})

        assert page.status_code == 422 and "would be left without an admin" in page.text

    def test_removes_after_a_question_and_signs_out_at_once(self, igor, ines):
        address = f"{PAGE}members/{pk_of(ines)}/remove/"
        assert "signed out in every browser" in igor.get(address).text
        assert ines.get(PAGE).status_code == 200

        assert "does not work for SunFix any more" in igor.post(address, follow=True).text
        gone = ines.get(PAGE)
        assert gone.status_code == 302 and gone["Location"].startswith("/accounts/login/")

    def test_removes_somebody_in_the_middle_of_a_page(self, igor, ines, now):
        members.remove(membership=models.Membership.objects.get(pk=pk_of(ines)), actor=igor.user, now=now)
        part = ines.get(PAGE, headers={"HX-Request": "true"})
        sent = ines.post(f"{PAGE}leave/")

        assert (part.status_code, part["HX-Refresh"], part.content) == (401, "true", b"")
        assert sent.status_code == 302 and sent["Location"].startswith("/accounts/login/")

    def test_is_asked_to_leave_instead_of_removing_himself(self, igor):
        assert igor.post(f"{PAGE}members/{pk_of(igor)}/remove/")["Location"] == f"{PAGE}leave/"

    def test_says_at_the_field_whom_it_cannot_invite(self, igor, ines):
        for email, said in [
            ("INES@sunfix.example", "works for SunFix already"),
            ("nobody", "Write an e-mail address"),
            ("", "Write the e-mail address"),
            ("x" * 10_000, "Write an e-mail address"),
        ]:
            page = igor.post(f"{PAGE}invite/", {"email": email, "role": "viewer"})
            assert page.status_code == 422 and said in page.text, email

    @pytest.mark.parametrize("role", ["owner", "", "Admin"])
    def test_invites_to_no_role_that_does_not_exist(self, igor, role):
        page = igor.post(f"{PAGE}invite/", {"email": "new@sunfix.example", "role": role})

        assert page.status_code == 422 and "Choose one of the roles" in page.text
        assert not models.Invitation.objects.exists()

    def test_describes_the_organization(self, igor, sunfix):
        igor.post(f"{PAGE}details/", {"name": "Sun\u202eFix =1+1", "about": "We repair.", "is_listed": "on"})
        sunfix.refresh_from_db()

        assert (sunfix.name, sunfix.about, sunfix.is_listed) == ("SunFix =1+1", "We repair.", True)

    def test_loses_nothing_that_is_too_long(self, igor, sunfix):
        page = igor.post(f"{PAGE}details/", {"name": "SunFix", "about": "y" * 10_000})

        assert page.status_code == 422 and "at most 300 letters" in page.text and "y" * 10_000 in page.text
        assert igor.post(f"{PAGE}details/", {"name": "\u202e", "about": ""}).status_code == 422


@pytest.mark.parametrize("role", ["viewer", "operator"])
class TestWhoeverIsNoAdmin:
    def test_is_refused_with_a_reason(self, igor, sunfix, role):
        somebody = people.staff("vera@sunfix.example", sunfix, role)
        invitation = models.Invitation.objects.create(
            organization=sunfix, email="a@b.example", role="viewer", digest="d",
            made_at=sunfix.created_at, expires_at=sunfix.created_at + timedelta(days=99),
        )  # fmt: skip
        wishes = {"email": "me2@sunfix.example", "role": "admin", "name": "Mine", "about": ""}
        for address in (
            "details/", "invite/", f"invitations/{invitation.pk}/withdraw/",
            f"members/{pk_of(igor)}/role/", f"members/{pk_of(igor)}/remove/", f"members/{pk_of(somebody)}/role/",
        ):  # fmt: skip
            page = somebody.post(PAGE + address, wishes)
            assert page.status_code == 403 and f"Your role at SunFix is {role}" in page.text, address
        for address in (RECORD, f"{PAGE}record.csv"):
            assert somebody.get(address).status_code == 403
        assert models.Invitation.objects.filter(withdrawn_at=None).count() == 1
        assert models.Membership.objects.filter(role="admin").count() == 1

    def test_leaves(self, igor, sunfix, role):
        somebody = people.staff("vera@sunfix.example", sunfix, role)
        assert "Leave" in somebody.get(f"{PAGE}leave/").text
        page = somebody.post(f"{PAGE}leave/", follow=True)

        assert "You do not work for SunFix any more" in page.text and somebody.get(PAGE).status_code == 404


class TestTheLastAdmin:
    def test_cannot_leave(self, igor):
        page = igor.post(f"{PAGE}leave/")

        assert page.status_code == 422 and "without an admin" in page.text

    def test_cannot_delete_the_account_before_another_one_is_there(self, igor, ines):
        page = igor.post("/account/delete/", {"email": igor.user.email})
        assert (
            page.status_code == 422 and "without an admin" in page.text and "Nothing was deleted" in page.text
        )

        igor.post(f"{PAGE}members/{pk_of(ines)}/role/", {"role": "admin"})
        igor.post("/account/delete/", {"email": igor.user.email})
        assert not models.User.objects.filter(pk=igor.user.pk).exists()
        assert list(models.Membership.objects.values_list("user", flat=True)) == [ines.user.pk]


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


class TestTheRecord:
    @pytest.fixture
    def events(self, sunfix, igor, ines, now):
        day = timedelta(days=1)
        for at, actor, name, details in [
            (now - 3 * day, ines.user, names.Name.SITE_VIEWED, {}),
            (now - 2 * day, ines.user, names.Name.CASE_CHANGED, {"note": "=HYPERLINK(1)"}),
            (now - day, igor.user, names.Name.MEMBER_INVITED, {"email": "@b", "role": "viewer"}),
            (now, None, names.Name.REPORT_SENT, {}),
        ]:
            record.add(name=name, at=at, actor=actor, organization=sunfix, site="-home-1", details=details)
        record.add(name=names.Name.SITE_VIEWED, at=now, actor=ines.user, organization=None)
        other = people.organization("retailer", "BrightGrid")
        record.add(name=names.Name.SITE_EXPORTED, at=now, actor=ines.user, organization=other)

    def test_says_details_briefly_on_the_page_and_whole_in_the_file(self, igor, sunfix, now):
        asked = {"start": "2026-11-23T17:00:00+00:00"}
        details = {"asked": asked, "after": asked, "before": None, "change": "0e328276", "kind": "plan"}
        record.add(name=names.Name.CHANGE_SETTLED, at=now, organization=sunfix, details=details)

        assert "<bdi>asked: start 2026-11-23 17:00 UTC; kind: plan</bdi>" in igor.get(RECORD).text
        whole = "after: start 2026-11-23T17:00:00+00:00; asked: start 2026-11-23T17:00:00+00:00; "
        assert self.rows(igor)[0][-1] == whole + "before: –; change: 0e328276; kind: plan"

    def rows(self, igor, query=""):
        page = igor.get(f"{PAGE}record.csv{query}")
        assert page["Content-Type"].startswith("text/csv") and "attachment" in page["Content-Disposition"]
        lines = streamed.rows(page)[1:]
        return [line for line in lines if line[2] != "downloaded a table"]  # of these files themselves

    def test_has_what_was_done_in_the_organization_s_name_and_nothing_else(self, igor, events):
        page = igor.get(RECORD).text

        for said in (
            "looked at the home",
            "worked on something",
            "invited somebody",
            "sent a portfolio report",
        ):
            assert f"<td>{said}" in page
        assert "<td>downloaded" not in page and len(self.rows(igor)) == 4

    def test_is_narrowed_by_person_kind_and_day(self, igor, ines, events, now):
        day = now.date()
        asked = [
            (f"?person={ines.user.pk}", 2),
            ("?person=0", 1),
            ("?kind=case_changed", 1),
            (f"?first={day - timedelta(days=1)}", 2),
            (f"?last={day - timedelta(days=2)}", 2),
            (f"?first={day - timedelta(days=2)}&last={day - timedelta(days=2)}&person={ines.user.pk}", 1),
            ("?kind=disconnected", 0),
        ]
        for query, count in asked:
            assert igor.get(RECORD + query).text.count("<td><time") == count, query
        for query, count in asked:
            assert len(self.rows(igor, query)) == count, query

    @pytest.mark.parametrize(
        "query",
        ["?person=x", "?person=999999", "?kind=owned", "?first=yesterday", "?last=9999-12-31", "?first=0001-01-01",
         "?first=2026-02-30", "?first=2026-11-22&last=2026-11-21", "?person=" + "9" * 6000, "?kind=%00"],
    )  # fmt: skip
    def test_says_at_the_field_what_it_cannot_look_for(self, igor, events, query):
        for address in (RECORD, f"{PAGE}record.csv"):
            page = igor.get(address + query)
            assert page.status_code == 422 and 'class="errorlist"' in page.text

    def test_has_no_cell_that_a_spreadsheet_takes_for_a_formula(self, igor, ines, events):
        models.User.objects.filter(pk=ines.user.pk).update(name="\t=cmd|' /C calc'!A0")
        ines.user.refresh_from_db()
        record.add(
            name=names.Name.SITE_VIEWED,
            at=ines.user.date_joined,
            actor=ines.user,
            organization=igor.organization,
        )
        cells = [cell for row in self.rows(igor) for cell in row]

        assert any("=cmd" in cell for cell in cells) and any("HYPERLINK" in cell for cell in cells)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]

    def test_says_who_left_and_who_was_removed(self, igor, ines, sunfix, now):
        zoe = people.staff("zoe@sunfix.example", sunfix, "viewer")
        members.leave(membership=models.Membership.objects.get(pk=pk_of(ines)), now=now)
        members.remove(membership=models.Membership.objects.get(pk=pk_of(zoe)), actor=igor.user, now=now)

        done = [(row[1], row[2]) for row in self.rows(igor)]
        assert done == [("Igor", "removed somebody from the organization"), ("Ines", "left the organization")]

    def test_costs_as_many_queries_for_a_full_page_as_for_one_line(
        self, igor, sunfix, now, django_assert_max_num_queries
    ):
        for _ in range(120):
            record.add(name=names.Name.SITE_VIEWED, at=now, actor=igor.user, organization=sunfix, site="h")
        with django_assert_max_num_queries(7):
            page = igor.get(f"{RECORD}?page=2&kind=site_viewed")

        assert "?page=3&amp;kind=site_viewed" in page.text and "?page=1&amp;kind=site_viewed" in page.text
