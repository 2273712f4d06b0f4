"""Asking for a run answers at once, and the list of runs goes page by page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.portfolio.models import Group, GroupSite
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.targets import enumeration
from gridshare_portal.sites import models as sites
from tests.retailer.runs.bulk import at, new_run

pytestmark = pytest.mark.django_db


class TestTheRequest:
    def test_costs_the_same_for_few_homes_as_for_many_and_writes_no_line(self, hundred, admin):
        group = Group.objects.create(organization=hundred, name="Few")
        GroupSite.objects.create(group=group, site=sites.Site.objects.first())

        def queries(said):
            with CaptureQueriesContext(connection) as asked:
                assert admin.post(at("run_new"), said).status_code == 302
            return len(asked)

        queries(new_run(every="on"))  # the session's first change costs a note of its own
        few = queries(new_run(choose="group", group=str(group.pk)))
        assert few == queries(new_run(every="on")) and not runs.Line.objects.exists()

    def test_refuses_more_homes_than_a_run_may_have(self, hundred, admin, monkeypatch):
        monkeypatch.setattr(enumeration, "HOMES_AT_MOST", 50)
        page = admin.post(at("run_new"), new_run(every="on"))

        assert page.status_code == 422 and enumeration.TOO_MANY in page.context["form"].errors["choose"]
        assert not runs.Run.objects.exists()


class TestWhoMayRun:
    ACTIONS = ("start", "schedule", "check", "pause", "resume", "stop", "retry", "cancel")

    def test_read_all_runs_page_by_page(self, fleet, admin):
        now = timezone.now()
        kept = {"organization": fleet, "kind": "mode", "asked": {"mode": "Smart"}, "made_at": now}
        runs.Run.objects.bulk_create([runs.Run(name=f"Run {number}", **kept) for number in range(60)])
        first = admin.get(at("runs"))
        last = admin.get(at("runs"), {"before": first.context["following"]})

        assert (len(first.context["lines"]), len(last.context["lines"])) == (50, 10)
        assert admin.get(at("runs"), {"before": "x"}).status_code == 200
