"""What an admin does with a run: start it, pause it, try again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from tests import people
from tests.retailer.runs.bulk import R, S, at

pytestmark = pytest.mark.django_db


class TestStarting:
    @pytest.mark.parametrize("typed", ["", "0", "99999", "all", "１"])
    def test_needs_the_number_of_homes(self, ready, admin, typed):
        page = admin.post(at("run_start", ready.pk), {"homes": typed})

        assert page.status_code == 422 and "Nothing was sent" in page.context["start"].errors["homes"][0]
        assert runs.Run.objects.get().state == R.CHECKED

    def test_happens_once_when_two_admins_do_it(self, ready, admin, brightgrid):
        other = people.staff("rolf@brightgrid.example", brightgrid, "admin")
        homes = {"homes": str(admin.get(at("run", ready.pk)).context["ready"])}
        first = admin.post(at("run_start", ready.pk), homes, follow=True)
        second = other.post(at("run_start", ready.pk), homes)

        assert "Started." in first.text
        assert second.status_code == 422 and "Rita has started this run already." in second.text
        assert runs.Run.objects.get().state == R.RUNNING

    def test_later_waits_for_its_moment(self, ready, admin):
        homes = str(admin.get(at("run", ready.pk)).context["ready"])
        later = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
        said = {"homes": homes, "at": f"{later:%Y-%m-%dT%H:%M}", "zone": "UTC"}
        page = admin.post(at("run_schedule", ready.pk), said, follow=True)

        assert runs.Run.objects.get().start_at == later and "Scheduled" in page.text
        admin.post(at("run_schedule", ready.pk), {"do": "unschedule"})
        assert runs.Run.objects.get().start_at is None

    @pytest.mark.parametrize(
        "moment", ["", "yesterday", "2020-01-01T10:00", "9999-12-31T23:59", "2026-13-01T10:00"]
    )
    def test_later_refuses_a_moment_at_its_field(self, ready, admin, moment):
        homes = str(admin.get(at("run", ready.pk)).context["ready"])
        page = admin.post(at("run_schedule", ready.pk), {"homes": homes, "at": moment, "zone": "UTC"})

        assert page.status_code == 422 and page.context["schedule"].errors["at"]
        assert runs.Run.objects.get().start_at is None


class TestARun:
    def test_calls_what_nobody_knows_unconfirmed_and_offers_no_second_try(self, ready, admin):
        ready.lines.filter(state=S.WAITING).update(state=S.UNCONFIRMED)
        runs.Run.objects.update(state=R.DONE, ended_at=timezone.now())
        page = admin.get(at("run", ready.pk))

        assert "nobody knows yet" in page.context["summary"] and "again</button>" not in page.text
        assert lifecycle.NO_FAILED in admin.post(at("run_retry", ready.pk)).text
        assert set(ready.lines.values_list("state", flat=True)) <= {S.UNCONFIRMED, S.SKIPPED}

    def test_tries_only_what_was_not_sent_again(self, ready, admin):
        first, *others = ready.lines.filter(state=S.WAITING)
        ready.lines.filter(pk=first.pk).update(state=S.FAILED)
        ready.lines.filter(pk__in=[line.pk for line in others]).update(state=S.UNCONFIRMED)
        runs.Run.objects.update(state=R.DONE, ended_at=timezone.now())
        assert "Try 1 home again" in admin.get(at("run", ready.pk)).text
        admin.post(at("run_retry", ready.pk))

        assert [line.pk for line in ready.lines.filter(state=S.WAITING)] == [first.pk]
        assert ready.lines.filter(state=S.UNCONFIRMED).count() == len(others)

    def test_is_paused_resumed_and_stopped(self, ready, admin):
        lifecycle.start(run=ready, actor=admin.user, now=timezone.now())
        for action, state in (("pause", R.PAUSED), ("resume", R.RUNNING), ("stop", R.STOPPED)):
            page = admin.post(at(f"run_{action}", ready.pk), follow=True)

            assert page.status_code == 200 and runs.Run.objects.get().state == state
        page = admin.post(at("run_stop", ready.pk))
        assert "This run was stopped." in page.text
        assert "were left alone when the run stopped" in page.context["summary"]

    def test_that_sent_no_plan_is_not_taken_back(self, ready, admin):
        runs.Run.objects.update(state=R.DONE)

        assert lifecycle.NO_PLANS in admin.post(at("run_cancel", ready.pk)).text
