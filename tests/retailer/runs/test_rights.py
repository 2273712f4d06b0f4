"""Who may start runs and who may look at them."""

import pytest
from django.urls import reverse

from gridshare_portal.runs import models as runs
from tests import people
from tests.retailer.runs.bulk import R, at, new_run

pytestmark = pytest.mark.django_db


class TestWhoMayRun:
    ACTIONS = ("start", "schedule", "check", "pause", "resume", "stop", "retry", "cancel")

    def test_are_admins_alone_and_viewers_may_look(self, ready, viewer_there):
        for name in ("run", "run_homes", "run_homes_csv"):
            assert viewer_there.get(at(name, ready.pk)).status_code == 200
        assert "What you can do" not in viewer_there.get(at("run", ready.pk)).text
        assert viewer_there.get(at("run_new")).status_code == 403
        assert viewer_there.post(at("run_new"), new_run(every="on")).status_code == 403
        for action in self.ACTIONS:
            assert viewer_there.post(at(f"run_{action}", ready.pk)).status_code == 403
        assert runs.Run.objects.get().state == R.CHECKED

    def test_are_not_those_of_another_organization(self, ready, brightgrid):
        other = people.staff("olga@other.example", people.organization("retailer", "Other"), "admin")
        for name in ("run", "run_homes", "run_homes_csv"):
            assert other.get(reverse(f"retailer:{name}", args=["other", ready.pk])).status_code == 404
            assert other.get(at(name, ready.pk)).status_code == 404
        for action in self.ACTIONS:
            address = reverse(f"retailer:run_{action}", args=["other", ready.pk])
            assert other.post(address, {"homes": "1"}).status_code == 404
        assert "Storm on Friday" not in other.get(reverse("retailer:runs", args=["other"])).text

    @pytest.mark.parametrize("pk", [0, 2**63, 10**40])
    def test_meet_no_run_of_an_impossible_number(self, fleet, admin, pk):
        assert admin.get(f"/portfolio/brightgrid/runs/{pk}/").status_code == 404
