"""What staff do with a case: set it aside, assign it, resolve it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.cases import handling
from gridshare_portal.cases.models import Case
from tests.installer.work.case_pages import do


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
