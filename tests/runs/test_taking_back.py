"""A run that takes another back, where the plan is still its own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.control import changes, operations, state
from gridshare_portal.control.plans import rules
from gridshare_portal.runs import lifecycle, transitions
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.checks import eligibility
from gridshare_portal.sites import models as sites
from tests import plans

pytestmark = pytest.mark.django_db
S = runs.Line.State
HOUR = timedelta(hours=1)


@pytest.fixture
def charging(now):
    """A plan that every home can have, as a run keeps it."""
    return {"kind": "plan", "asked": rules.to_json(plans.charge_now(now=now, lasting=2 * HOUR))}


class TestTakingARunBack:
    def test_puts_back_what_was_there_where_the_plan_is_still_ours(self, fleet, charging, now):
        run = fleet.started(**charging)
        fleet.carry(run)
        own = plans.hold_until(now=now, until=now + HOUR)
        devices = [line.device for line in run.lines.select_related("device__site")]
        changes.make(
            actor=fleet.owners[0].user,
            device=devices[0],
            asked=operations.AskPlan(plan=own),
            now=timezone.now(),
        )

        back = fleet.checked(lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now()))
        assert [line.why for line in back.lines.all()] == ["changed_since", "", "", "", "", ""]
        fleet.carry(lifecycle.start(run=back, actor=fleet.admin, now=timezone.now()))

        assert fleet.states(back) == [S.SKIPPED] + [S.CONFIRMED] * 5
        there = [state.plan_of(state.refresh(device=device, now=timezone.now())) for device in devices]
        assert len(there[0].commands) == 1 and not any(plan.commands for plan in there[1:])

    def test_leaves_alone_what_changed_after_it_was_checked(self, fleet, charging, now):
        run = fleet.started(**charging)
        fleet.carry(run)
        back = fleet.checked(lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now()))
        device = run.lines.select_related("device__site").first().device
        own = operations.AskPlan(plan=plans.hold_until(now=now, until=now + HOUR))
        changes.make(actor=fleet.owners[0].user, device=device, asked=own, now=timezone.now())

        fleet.carry(lifecycle.start(run=back, actor=fleet.admin, now=timezone.now()))

        first = back.lines.first()
        assert (first.state, first.outcome_sentence) == (S.REFUSED, eligibility.CHANGED_SINCE)
        assert fleet.states(back)[1:] == [S.CONFIRMED] * 5

    def test_waits_for_homes_that_are_on_their_way(self, fleet, charging):
        run = fleet.started(**charging)
        fleet.carry(run)
        runs.Run.objects.filter(pk=run.pk).update(state=runs.Run.State.PAUSED)
        late = run.lines.first()
        run.lines.filter(pk=late.pk).update(state=S.TAKEN)
        assert refusal(lifecycle.cancel, run, fleet) == lifecycle.ON_THEIR_WAY

        run.lines.filter(pk=late.pk).update(state=S.CONFIRMED)
        back = fleet.checked(lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now()))
        assert back.lines.count() == run.lines.count()

    def test_once_more_takes_back_what_was_left_and_nothing_twice(self, fleet, charging):
        run = fleet.started(**charging)
        fleet.carry(run)
        late = run.lines.first()
        connection_sites = sites.ConnectionSite.objects.filter(site=late.site)
        connection_sites.update(lost_at=timezone.now())
        first = fleet.checked(lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now()))
        fleet.carry(lifecycle.start(run=first, actor=fleet.admin, now=timezone.now()))
        assert first.lines.exclude(state=S.CONFIRMED).get().site == late.site

        connection_sites.update(lost_at=None)
        second = fleet.checked(lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now()))
        assert {line.why for line in second.lines.exclude(site=late.site)} == {"changed_since"}
        fleet.carry(lifecycle.start(run=second, actor=fleet.admin, now=timezone.now()))
        assert second.lines.get(site=late.site).state == S.CONFIRMED

    def test_is_done_once_and_only_for_plans_that_were_sent(self, fleet, charging):
        modes = fleet.started()
        fleet.carry(modes)
        run = fleet.started(**charging)
        assert refusal(lifecycle.cancel, run, fleet) == lifecycle.STILL_RUNS
        fleet.carry(run)
        lifecycle.cancel(run=run, actor=fleet.admin, now=timezone.now())

        assert refusal(lifecycle.cancel, run, fleet) == lifecycle.CANCELED_ALREADY
        assert refusal(lifecycle.cancel, modes, fleet) == lifecycle.NO_PLANS


def refusal(action, run, fleet):
    with pytest.raises(transitions.RunRefused) as refused:
        action(run=run, actor=fleet.admin, now=timezone.now())
    return refused.value.reason
