"""What ends or changes while a run goes on leaves that home alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.control import changes, models, operations, quota
from gridshare_portal.control.plans import rules
from gridshare_portal.lunar import models as lunar
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.checks import eligibility
from gridshare_portal.runs.dispatch import slots
from tests import plans
from tests.runs.fleet import MODE, PLAN

pytestmark = pytest.mark.django_db
S = runs.Line.State


class TestWhatEndsInTheMiddle:
    def test_a_consent_leaves_its_home_alone_and_says_why(self, fleet, lines):
        run = fleet.started()
        access.Consent.objects.filter(pk=fleet.consents[0].pk).update(ended_at=timezone.now())

        fleet.carry(run)

        refused = [line for line in lines() if line.state == S.REFUSED]
        assert [line.site_id for line in refused] == [fleet.consents[0].site_id]
        assert "cannot see this home" in refused[0].outcome_sentence
        assert fleet.sandbox.calls(MODE) == 5

    def test_a_connection_leaves_its_home_alone_and_says_why(self, fleet, lines):
        run = fleet.started()
        lunar.Connection.objects.filter(user=fleet.owners[1].user).update(status="reconnect")

        fleet.carry(run)

        refused = [line for line in lines() if line.state == S.REFUSED]
        assert len(refused) == 1 and "has ended" in refused[0].outcome_sentence
        assert fleet.sandbox.calls(MODE) == 5

    def test_a_consent_between_the_look_and_the_sending_is_seen_too(self, fleet, monkeypatch):
        run = fleet.started()
        real = operations.AskMode.look

        def look(self, client, synth_id):
            access.Consent.objects.filter(pk=fleet.consents[0].pk).update(ended_at=timezone.now())
            return real(self, client, synth_id)

        monkeypatch.setattr(operations.AskMode, "look", look)
        fleet.carry(run)

        assert fleet.states(run).count(S.REFUSED) == 1 and fleet.sandbox.calls(MODE) == 5

    def test_the_admin_s_place_pauses_the_run_until_another_resumes_it(self, fleet):
        run = fleet.started()
        fleet.admin.memberships.all().delete()

        fleet.carry(run)
        assert (run.state, run.why) == ("paused", "no_admin") and fleet.sandbox.calls(MODE) == 0

        lifecycle.resume(run=run, actor=fleet.colleague, now=timezone.now())
        fleet.carry(run)
        assert fleet.states(run) == [S.CONFIRMED] * 6
        assert set(models.Change.objects.values_list("actor", flat=True)) == {fleet.colleague.pk}

    def test_its_organization_s_own_limit_leaves_a_home_alone_and_says_why(self, fleet, lines):
        run = fleet.started()
        device, now = lines()[0].device, timezone.now()
        many = quota.BY_AN_ORGANIZATION[0].most
        consent = access.Consent.objects.get(pk=fleet.consents[0].pk)
        known = {"device": device, "site": device.site, "kind": "plan", "asked": {}, "consent": consent}
        models.Change.objects.bulk_create(
            models.Change(made_at=now, sent_at=now, outcome="confirmed", **known) for _ in range(many)
        )

        fleet.carry(run)

        refused = [line for line in lines() if line.state == S.REFUSED]
        assert [(line.why, line.outcome_sentence) for line in refused] == [
            ("too_often", eligibility.TOO_OFTEN)
        ]
        assert fleet.sandbox.calls(MODE) == 5

    def test_a_homeowner_s_own_limit_is_nothing_to_it(self, fleet, lines):
        run = fleet.started()
        device, now = lines()[0].device, timezone.now()
        known = {"device": device, "site": device.site, "kind": "plan", "asked": {}}
        models.Change.objects.bulk_create(
            models.Change(made_at=now, sent_at=now, outcome="confirmed", actor=fleet.owners[0].user, **known)
            for _ in range(60)
        )

        fleet.carry(run)

        assert fleet.states(run) == [S.CONFIRMED] * 6

    def test_a_homeowner_s_own_change_goes_first(self, fleet, lines):
        run = fleet.started()
        device, owner = lines()[0].device, fleet.owners[0].user
        change = models.Change.objects.create(
            device=device, site=device.site, actor=owner, kind="mode", asked={"mode": "Simple"}, made_at=timezone.now()
        )  # fmt: skip

        fleet.carry(run)
        assert lines()[0].state == S.WAITING and fleet.states(run).count(S.CONFIRMED) == 5

        models.Change.objects.filter(pk=change.pk).update(outcome="confirmed")
        fleet.carry(run, after=slots.DELAY)
        assert fleet.states(run) == [S.CONFIRMED] * 6

    def test_a_mode_that_a_homeowner_chose_since_the_check_is_left_alone(self, fleet, lines):
        run = fleet.started()
        own = operations.AskMode(mode="Schedule")
        changes.make(actor=fleet.owners[0].user, device=lines()[0].device, asked=own, now=timezone.now())

        fleet.carry(run)

        assert (lines()[0].state, lines()[0].outcome_sentence) == (S.REFUSED, eligibility.CHOSEN_SINCE)
        assert fleet.states(run).count(S.CONFIRMED) == 5 and fleet.sandbox.calls(MODE) == 6
        device = fleet.sandbox.world.device(lines()[0].device.synth_id)[1]
        assert fleet.sandbox.world.ledger(device).modes[-1][1] == "Schedule"

    def test_a_mode_that_a_homeowner_chose_before_the_check_is_no_hindrance(self, fleet):
        draft = fleet.draft()
        device = draft.lines.first().site.devices.get()
        own = operations.AskMode(mode="Schedule")
        changes.make(actor=fleet.owners[0].user, device=device, asked=own, now=timezone.now())

        run = lifecycle.start(run=fleet.checked(draft), actor=fleet.admin, now=timezone.now())
        fleet.carry(run)

        assert fleet.states(run) == [S.CONFIRMED] * 6

    def test_a_plan_that_a_homeowner_made_since_is_left_alone(self, fleet, lines):
        now = timezone.now()
        ours = rules.to_json(plans.charge_now(now=now, lasting=timedelta(hours=2)))
        run = fleet.started(kind="plan", asked=ours)
        own = operations.AskPlan(plan=plans.charge_now(now=now, lasting=timedelta(hours=1)))
        changes.make(actor=fleet.owners[0].user, device=lines()[0].device, asked=own, now=now)

        fleet.carry(run)

        assert (lines()[0].state, lines()[0].outcome_sentence) == (S.REFUSED, eligibility.OWN_PLAN)
        assert fleet.sandbox.calls(PLAN) == 6
