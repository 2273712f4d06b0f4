"""The page of a case, and what staff do there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import queries as record
from gridshare_portal.cases import handling
from gridshare_portal.cases.models import Case
from tests import people

RTL = "\u202e"
ACTIONS = ["case_note", "case_snooze", "case_wake", "case_assign", "case_resolve"]


def address(person, case, name="case"):
    return reverse(f"installer:{name}", args=[person.organization.slug, case.pk])


def do(person, case, name, **said):
    return person.post(address(person, case, f"case_{name}"), said)


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


class TestSettingAside:
    @pytest.mark.parametrize("span, lasts", [("hour", 1), ("day", 24), ("week", 168)])
    def test_lasts_as_long_as_was_chosen(self, span, lasts, installer, case):
        do(installer, case, "snooze", span=span)
        case.refresh_from_db()

        left = case.snoozed_until_at - timezone.now()
        assert abs(left - timedelta(hours=lasts)) < timedelta(minutes=1)

    def test_until_a_day_ends_on_its_morning_at_the_home(self, installer, case):
        day = (timezone.now() + timedelta(days=10)).date()
        do(installer, case, "snooze", span="until", until=day.isoformat())
        case.refresh_from_db()

        local = case.snoozed_until_at.astimezone(case.site.zone)
        assert (local.date(), local.hour) == (day, 7)

    @pytest.mark.parametrize(
        "said, sentence",
        [
            ({"span": "until", "until": "2020-01-01"}, "Choose a moment that is still to come."),
            ({"span": "until", "until": "9999-12-31"}, "Choose a day within the next 90 days."),
            ({"span": "until", "until": ""}, "Choose a day."),
            ({"span": "until", "until": "tomorrow"}, "Write the day as 2026-12-31."),
            ({"span": "forever"}, "Choose for how long."),
            ({}, "Choose for how long."),
        ],
    )
    def test_refuses_what_cannot_be(self, said, sentence, installer, case):
        page = do(installer, case, "snooze", **said)

        assert page.status_code == 422 and sentence in page.text
        assert not case.notes.exists()

    def test_can_be_taken_back(self, installer, case):
        do(installer, case, "snooze", span="week")
        do(installer, case, "wake")
        case.refresh_from_db()

        assert case.snoozed_until_at is None
        assert list(case.notes.values_list("action", flat=True)) == ["woken", "snoozed"]


class TestAssigning:
    def test_gives_it_to_a_member_who_may_work(self, installer, installer_admin, case):
        do(installer, case, "assign", member=installer_admin.user.pk)
        case.refresh_from_db()

        assert case.assigned_to == installer_admin.user
        do(installer, case, "assign", member="")
        case.refresh_from_db()
        assert case.assigned_to is None

    def test_refuses_everybody_else(self, installer, viewer, outsider, homeowner, case):
        for somebody in (viewer.user.pk, outsider.user.pk, homeowner.user.pk, 10**9, "x", "9" * 40):
            page = do(installer, case, "assign", member=somebody)
            assert page.status_code == 422 and "Choose somebody who works on cases here." in page.text
        with pytest.raises(handling.CaseRefused):
            handling.assign(case=case, actor=installer.user, to=outsider.user, now=timezone.now())


class TestResolving:
    def test_closes_the_case_with_words(self, installer, case):
        do(installer, case, "resolve", **{"resolve-words": "New router."})
        case.refresh_from_db()

        assert (case.closed_how, case.resolved_by) == ("resolved", installer.user)
        assert case.notes.get().words == "New router."

    def test_needs_words(self, installer, case):
        page = do(installer, case, "resolve", **{"resolve-words": ""})

        assert page.status_code == 422 and "Write what was done" in page.text

    def test_of_what_closed_meanwhile_changes_nothing_and_says_so(self, installer, case):
        Case.objects.update(closed_at=timezone.now(), closed_how="gone")
        page = do(installer, case, "resolve", **{"resolve-words": "Done."})

        assert page.status_code == 422 and "This was closed meanwhile." in page.text
        case.refresh_from_db()
        assert case.closed_how == "gone"
