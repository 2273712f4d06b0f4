"""An organization's record, as a page and as a file."""

from datetime import timedelta

import pytest

from gridshare_portal.accounts import models
from gridshare_portal.accounts.organizations import members
from gridshare_portal.audit import names, record
from tests import people, streamed
from tests.accounts.views.pages import PAGE, RECORD, pk_of

pytestmark = pytest.mark.django_db


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
