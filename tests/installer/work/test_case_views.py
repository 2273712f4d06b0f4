"""The page of a case, and who may do what there."""

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import queries as record
from gridshare_portal.cases import handling
from gridshare_portal.cases.models import Case
from tests import people
from tests.installer.work.case_pages import address, do

RTL = "\u202e"
ACTIONS = ["case_note", "case_snooze", "case_wake", "case_assign", "case_resolve"]


def events(case):
    return record.events_of_site(case.site.synth_id).filter(name="case_changed")


class TestThePageOfACase:
    def test_says_what_was_found_since_when_and_what_to_do(self, installer, case):
        page = installer.get(address(installer, case))

        assert "Nothing was heard from the home since" in page.text
        assert "What to do:" in page.text and case.site.name in page.text

    def test_does_not_exist_for_another_organization(self, outsider, retailer, case):
        assert outsider.get(address(outsider, case)).status_code == 404
        assert retailer.get(address(retailer, case)).status_code == 404
        assert outsider.get(f"/support/sunfix/cases/{case.pk}/").status_code == 404

    def test_does_not_exist_from_the_second_the_sharing_ends(self, installer, case):
        access.Consent.objects.update(ended_at=timezone.now())

        assert installer.get(address(installer, case)).status_code == 404

    def test_does_not_exist_when_only_somebody_else_shared_the_home_with_us(self, installer, case, make_case):
        """The case of one organization is not seen through the consent of another that one also works for."""
        other = people.organization("installer", "RoofWorks")
        accounts.Membership.objects.create(user=installer.user, organization=other, role="admin")
        foreign = make_case(case.site, other)

        assert installer.get(f"/support/roofworks/cases/{foreign.pk}/").status_code == 404
        assert installer.get(f"/support/sunfix/cases/{foreign.pk}/").status_code == 404

    @pytest.mark.parametrize("pk", ["0", "999999999", "9" * 30])
    def test_does_not_exist_for_a_number_that_nobody_has(self, installer, pk):
        assert installer.get(f"/support/sunfix/cases/{pk}/").status_code == 404

    def test_shows_a_viewer_everything_and_no_form(self, viewer, case):
        page = viewer.get(address(viewer, case))

        assert page.status_code == 200 and "case_note" not in page.text and 'name="words"' not in page.text

    def test_leads_back_to_the_list_as_it_was(self, installer, case):
        page = installer.get(address(installer, case), {"list": "severity=2&after=2001.7&evil=//example.org"})

        assert (
            f"?severity=2&amp;after=2001.7#case-{case.pk}" in page.text and 'href="//example' not in page.text
        )

    def test_costs_the_same_queries_however_long_its_timeline(
        self, installer, case, django_assert_max_num_queries
    ):
        for number in range(30):
            handling.note(case=case, actor=installer.user, words=f"Note {number}", now=timezone.now())

        with django_assert_max_num_queries(11):
            installer.get(address(installer, case))


class TestADeed:
    @pytest.mark.parametrize("name", ACTIONS)
    def test_is_not_for_a_viewer(self, name, viewer, case):
        before = Case.objects.values().get()
        page = viewer.post(
            reverse(f"installer:{name}", args=["sunfix", case.pk]), {"words": "x", "span": "day"}
        )

        assert page.status_code == 403
        assert Case.objects.values().get() == before and not case.notes.exists()

    @pytest.mark.parametrize("name", ACTIONS)
    def test_does_not_exist_for_another_organization_nor_under_its_name(self, name, outsider, case):
        for slug in ("roofworks", "sunfix"):
            page = outsider.post(
                reverse(f"installer:{name}", args=[slug, case.pk]), {"words": "x", "span": "day"}
            )
            assert page.status_code == 404
        assert not case.notes.exists()

    @pytest.mark.parametrize("name", ACTIONS)
    def test_is_only_posted(self, name, installer, case):
        assert installer.get(reverse(f"installer:{name}", args=["sunfix", case.pk])).status_code == 405

    def test_asks_again_in_the_same_moment_whether_it_may(self, installer, case):
        """The page was opened before; the sharing ended and the role changed since."""
        now = timezone.now()
        access.Consent.objects.update(ended_at=now)
        with pytest.raises(handling.CaseNotPermitted):
            handling.note(case=case, actor=installer.user, words="x", now=now)
        access.Consent.objects.update(ended_at=None)
        accounts.Membership.objects.filter(user=installer.user).update(role="viewer")
        with pytest.raises(handling.CaseNotPermitted):
            handling.note(case=case, actor=installer.user, words="x", now=now)

    def test_is_read_by_the_homeowner_with_its_words_and_for_whom_it_was_done(self, installer, case):
        do(installer, case, "note", **{"note-words": "Called, they switched the router on."})

        event = events(case).get()
        assert event.actor_id == installer.user.pk
        assert event.organization_id == installer.organization.pk
        assert event.details["words"] == "Called, they switched the router on."
        assert event.details["about"] == "Home silent"


class TestWriting:
    def test_adds_a_line_to_the_timeline(self, installer, case):
        page = installer.post(
            address(installer, case, "case_note"), {"note-words": "Line one\nline two"}, follow=True
        )

        assert "Line one<br>line two" in page.text
        assert case.notes.get().author == installer.user

    def test_takes_markup_as_letters_and_turns_no_line_around(self, installer, case):
        do(installer, case, "note", **{"note-words": f"<script>alert(1)</script>{RTL}abc"})
        page = installer.get(address(installer, case))

        assert "<script>alert(1)" not in page.text and "&lt;script&gt;" in page.text
        assert RTL not in page.text

    def test_of_ten_thousand_characters_is_refused_at_its_field_and_not_lost(self, installer, case):
        page = do(installer, case, "note", **{"note-words": "x" * 10_000})

        assert page.status_code == 422
        assert "Use at most 2,000 characters; these are 10,000." in page.text
        assert "x" * 10_000 in page.text
        assert not case.notes.exists()

    @pytest.mark.parametrize("words", ["", "   ", RTL * 3])
    def test_of_nothing_is_refused(self, words, installer, case):
        page = do(installer, case, "note", **{"note-words": words})

        assert page.status_code == 422 and "Write what the next person should know." in page.text

    def test_of_what_no_database_takes_is_refused(self, installer, case):
        assert do(installer, case, "note", **{"note-words": "a\x00b"}).status_code == 422

    def test_is_possible_also_after_the_case_was_closed(self, installer, case):
        Case.objects.update(closed_at=timezone.now(), closed_how="gone")

        assert do(installer, case, "note", **{"note-words": "It was the router."}).status_code == 302
