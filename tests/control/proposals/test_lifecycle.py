"""A proposal from its making to its end, and where it stands at any moment."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.control import changes, models, operations, permission
from gridshare_portal.control.plans import rules
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.gridshare import types
from tests.control.proposals.asked import A_SECOND, DAY, HOUR, plan_from, told

MODE, PLAN = "setDeviceOperationMode", "setDeviceOverlayPlan"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.django_db
class TestProposing:
    def test_sends_nothing_and_leaves_an_event(self, propose, homeowner, installer, sandbox, now):
        proposal = propose()

        assert sandbox.calls(MODE) == 0 and not models.Change.objects.exists()
        assert (proposal.answer, proposal.expires_at) == ("open", now + DAY)
        assert proposal.proposer_label == "Ines (SunFix)"
        (event,) = told(homeowner.site)
        assert (event.actor_id, event.organization_id) == (installer.user.pk, installer.organization.pk)
        assert (event.details["asked"], event.details["reason"]) == ({"mode": "Smart"}, "Your tariff changed")

    @pytest.mark.parametrize("terms", [{"right": "view"}, {"ask_first": True}])
    def test_needs_no_right_to_control(self, propose, terms):
        access.Consent.objects.update(**terms)

        assert propose().answer == "open"

    @pytest.mark.parametrize("who", ["viewer", "outsider", "homeowner", "neighbor"])
    def test_is_for_staff_who_may(self, propose, who, request):
        with pytest.raises(permission.ChangeNotPermitted):
            propose(actor=request.getfixturevalue(who).user)

        assert not models.Proposal.objects.exists()

    def test_needs_a_consent_that_holds(self, propose, now):
        access.Consent.objects.update(ended_at=now - A_SECOND)

        with pytest.raises(permission.ChangeNotPermitted):
            propose()

    def test_needs_a_reason(self, propose):
        with pytest.raises(permission.NoReason):
            propose(reason="  ")

    def test_is_done_once_for_a_form_that_came_twice(self, propose):
        assert propose(key="k") == propose(key="k")
        with pytest.raises(changes.KeyReused):
            propose(key="k", asked=operations.AskMode(mode="Simple"))

        assert models.Proposal.objects.count() == 1

    def test_waits_for_the_answer_before_the_same_is_proposed_again(self, propose, installer_admin, now):
        propose()

        with pytest.raises(proposals.Waiting):
            propose(actor=installer_admin.user, asked=operations.AskMode(mode="Simple"))
        assert propose(asked=plan_from(now + HOUR)).answer == "open"
        assert propose(now=now + DAY).answer == "open"

    def test_refuses_a_plan_that_breaks_the_rules(self, propose, now):
        with pytest.raises(proposals.Unfit):
            propose(asked=plan_from(now - HOUR))


@pytest.mark.django_db
class TestOtherAnswers:
    def test_a_declined_proposal_changes_nothing(self, propose, approve, homeowner, now, sandbox):
        proposal = propose()

        proposals.decline(proposal=proposal, actor=homeowner.user, now=now)

        with pytest.raises(proposals.Over):
            approve(proposal)
        with pytest.raises(proposals.Over):
            proposals.decline(proposal=proposal, actor=homeowner.user, now=now)
        assert [event.name for event in told(homeowner.site)] == ["change_proposed", "proposal_declined"]
        assert sandbox.calls(MODE) == 0

    def test_staff_cannot_decline(self, propose, installer, now):
        with pytest.raises(permission.ChangeNotPermitted):
            proposals.decline(proposal=propose(), actor=installer.user, now=now)

    def test_a_colleague_withdraws_it(self, propose, approve, installer_admin, now):
        proposal = propose()

        proposals.withdraw(proposal=proposal, actor=installer_admin.user, now=now)

        with pytest.raises(proposals.Over) as over:
            approve(proposal)
        assert over.value.reason == "SunFix has withdrawn this proposal."

    @pytest.mark.parametrize("who", ["viewer", "outsider", "retailer", "homeowner", "neighbor"])
    def test_nobody_else_withdraws_it(self, propose, who, request, now):
        proposal = propose()

        with pytest.raises(permission.ChangeNotPermitted):
            proposals.withdraw(proposal=proposal, actor=request.getfixturevalue(who).user, now=now)

    def test_who_was_removed_withdraws_nothing(self, propose, installer, now):
        proposal = propose()
        accounts.Membership.objects.filter(user=installer.user).delete()

        with pytest.raises(permission.ChangeNotPermitted):
            proposals.withdraw(proposal=proposal, actor=installer.user, now=now)


moments = st.integers(-200_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds))


class TestWhereAProposalStands:
    @given(answer=st.sampled_from(["approved", "declined", "withdrawn"]), holds=st.booleans(), at=moments)
    def test_is_as_it_was_answered_for_good(self, answer, holds, at):
        assert proposals.state_of(answer, holds=holds, expires_at=NOON, now=at) == answer

    @given(holds=st.booleans(), at=moments)
    def test_is_open_only_in_time_and_with_access(self, holds, at):
        state = proposals.state_of("open", holds=holds, expires_at=NOON, now=at)

        assert (state == "open") == (holds and at < NOON)
        assert state == "open" or state in proposals.OVER

    @given(
        until=st.none() | moments, starts=st.lists(st.integers(0, 10_000), max_size=3), is_mode=st.booleans()
    )
    def test_ends_within_a_day_with_the_access_and_with_the_first_start(self, until, starts, is_mode):
        commands = tuple(
            types.Command(
                start=NOON + timedelta(minutes=at),
                end=NOON + timedelta(minutes=at + 1),
                action="hold",
                power_limit_w=None,
            )
            for at in starts
        )
        asked = (
            operations.AskMode(mode="Smart")
            if is_mode
            else operations.AskPlan(plan=types.Plan(commands=commands))
        )

        ends = proposals.expiry(asked, consent_until_at=until, now=NOON)

        bounds = [NOON + DAY, *([until] if until else [])]
        if not is_mode:
            bounds += [command.start + rules.LATE_AT_MOST for command in commands]
        assert all(ends <= bound for bound in bounds) and ends in bounds
