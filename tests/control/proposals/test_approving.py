"""A homeowner approves: one change, in the homeowner's name, while everything still holds."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database

from gridshare_portal.access import models as access
from gridshare_portal.control import changes, models, permission
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.lunar import models as lunar
from tests import people
from tests.control.proposals.asked import A_SECOND, DAY, HOUR, plan_from, told

MODE, PLAN = "setDeviceOperationMode", "setDeviceOverlayPlan"


@pytest.mark.django_db
class TestApproving:
    def test_makes_the_change_in_the_homeowners_name(self, propose, approve, homeowner, sandbox):
        proposal = propose()

        change = approve(proposal)

        assert (change.outcome, change.actor, change.consent) == ("confirmed", homeowner.user, None)
        assert (change.asked, change.reason) == ({"mode": "Smart"}, "Your tariff changed")
        proposal.refresh_from_db()
        assert (proposal.answer, proposal.answered_by, proposal.change) == (
            "approved",
            homeowner.user,
            change,
        )
        assert [event.name for event in told(homeowner.site)] == ["change_proposed", "proposal_approved"]
        assert sandbox.calls(MODE) == 1

    def test_twice_makes_one_change(self, propose, approve, co_owner, sandbox):
        proposal = propose()
        approve(proposal)

        for who in ({}, {"actor": co_owner.user}):
            with pytest.raises(proposals.Over):
                approve(proposal, **who)

        assert sandbox.calls(MODE) == models.Change.objects.count() == 1

    @pytest.mark.parametrize("who", ["installer", "installer_admin", "viewer", "outsider", "neighbor"])
    def test_is_for_those_who_live_there(self, propose, approve, who, request, sandbox):
        proposal = propose()

        with pytest.raises(permission.ChangeNotPermitted):
            approve(proposal, actor=request.getfixturevalue(who).user)

        proposal.refresh_from_db()
        assert proposal.answer == "open" and sandbox.calls(MODE) == 0

    def test_is_also_for_a_co_owner(self, propose, approve, co_owner):
        assert approve(propose(), actor=co_owner.user).actor == co_owner.user

    def test_needs_a_connection_that_may_do_it(self, propose, approve, homeowner):
        proposal = propose()
        lunar.Connection.objects.update(scopes="lunar/device.read")

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            approve(proposal)

        assert refused.value.scope == "lunar/device.write"
        assert models.Proposal.objects.get().answer == "open"

    def test_is_refused_a_second_after_access_ended(self, propose, approve, now, sandbox):
        proposal = propose()
        access.Consent.objects.update(ended_at=now - A_SECOND)

        with pytest.raises(proposals.Over) as over:
            approve(proposal)

        assert over.value.reason.startswith("SunFix no longer has access to this home")
        assert sandbox.calls(MODE) == 0 and models.Proposal.objects.get().answer == "open"

    def test_still_goes_when_the_homeowner_only_changed_the_terms(
        self, propose, approve, homeowner, installer, now
    ):
        proposal = propose()
        access.Consent.objects.update(ended_at=now)
        people.share(homeowner.site, installer.organization, homeowner.user, right="view", now=now)

        assert approve(proposal).outcome == "confirmed"

    def test_is_refused_after_a_day(self, propose, approve, now):
        proposal = propose()

        with pytest.raises(proposals.Over) as over:
            approve(proposal, now=now + DAY)

        assert "time to answer this has passed" in over.value.reason

    def test_is_refused_once_a_plans_start_has_passed(self, propose, approve, now, sandbox):
        proposal = propose(asked=plan_from(now + HOUR))
        models.Proposal.objects.update(expires_at=now + DAY)

        with pytest.raises(proposals.Unfit) as unfit:
            approve(proposal, now=now + HOUR + 6 * timedelta(minutes=1))

        assert unfit.value.reason == "This start has already passed."
        assert sandbox.calls(PLAN) == 0 and models.Proposal.objects.get().answer == "open"

    def test_leaves_it_open_while_another_change_is_on_its_way(self, propose, approve, battery, now):
        proposal = propose()
        models.Change.objects.create(
            device=battery, site=battery.site, kind="mode", asked={"mode": "Simple"}, made_at=now
        )

        with pytest.raises(changes.Busy):
            approve(proposal)

        assert models.Proposal.objects.get().answer == "open"


@pytest.mark.django_db(transaction=True)
class TestApprovingAtOnce:
    def test_makes_one_change(self, propose, homeowner, co_owner, now, sandbox):
        proposal, barrier, ends = propose(), threading.Barrier(6), []

        def answer(who):
            barrier.wait()
            try:
                ends.append(proposals.approve(proposal=proposal, actor=who.user, now=now).outcome)
            except (proposals.Over, changes.Busy):
                ends.append("over")
            finally:
                database.close()

        threads = [threading.Thread(target=answer, args=[who]) for who in (homeowner, co_owner) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(ends) == ["confirmed", *["over"] * 5]
        assert sandbox.calls(MODE) == models.Change.objects.count() == 1
