import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection as database
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes, models, operations, permission
from gridshare_portal.control.plans import rules
from gridshare_portal.control.proposals import emails as proposal_emails
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.gridshare import types
from gridshare_portal.lunar import models as lunar
from gridshare_portal.mail import sender
from tests import people

MODE, PLAN = "setDeviceOperationMode", "setDeviceOverlayPlan"
A_SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def propose(installer, battery, now):
    """Propose Smart as the installer, unless told otherwise."""

    def proposed(**other):
        wish = {
            "actor": installer.user,
            "device": battery,
            "asked": operations.AskMode(mode="Smart"),
            "reason": "Your tariff changed",
            "now": now,
        }
        return proposals.propose(**(wish | other))

    return proposed


@pytest.fixture
def approve(homeowner, now):
    def approved(proposal, **other):
        return proposals.approve(**({"proposal": proposal, "actor": homeowner.user, "now": now} | other))

    return approved


def told(site):
    named = ("change_proposed", "proposal_")
    events = record.events_of_site(site.synth_id)
    return [event for event in events if event.name.startswith(named)][::-1]


def plan_from(start, *, lasting=HOUR):
    command = types.Command(start=start, end=start + lasting, action="charge", power_limit_w=None)
    return operations.AskPlan(plan=types.Plan(commands=(command,)))


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


@pytest.mark.django_db
class TestTheLetter:
    def test_is_sent_once_with_what_and_why_and_where_to_answer(
        self, propose, homeowner, now, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            proposal = propose()
        for pk in proposal_emails.due(now=now):
            proposal_emails.tell_homeowner(pk=pk, now=now)

        (letter,) = mail.outbox
        assert letter.to == [homeowner.user.email]
        assert letter.subject == f"SunFix proposes a change in {homeowner.site.name}"
        for said in ("Ines (SunFix)", "mode Smart", "Your tariff changed", f"/proposals/{proposal.pk}/"):
            assert said in letter.body

    def test_says_a_plan_by_the_homes_clock(self, propose, homeowner, now):
        asked = plan_from(now.replace(minute=0, second=0, microsecond=0) + 3 * HOUR)

        proposal_emails.tell_homeowner(pk=str(propose(asked=asked).pk), now=now)

        start = asked.plan.commands[0].start.astimezone(homeowner.site.zone)
        assert "charge from" in mail.outbox[0].body and f"{start:%H:%M}" in mail.outbox[0].body

    def test_is_tried_again_after_a_failure(self, propose, now, monkeypatch, settings):
        proposal = propose()
        with monkeypatch.context() as broken:
            broken.setattr(sender, "_deliver", lambda *_: (_ for _ in ()).throw(OSError()))
            assert not proposal_emails.tell_homeowner(pk=str(proposal.pk), now=now)

        assert proposal_emails.due(now=now) == [str(proposal.pk)]
        assert proposal_emails.tell_homeowner(pk=str(proposal.pk), now=now)
        assert proposal_emails.due(now=now) == [] and len(mail.outbox) == 1

    def test_is_not_sent_about_what_is_over(self, propose, installer, now):
        proposal = propose()
        proposals.withdraw(proposal=proposal, actor=installer.user, now=now)

        assert proposal_emails.due(now=now) == [] and not proposal_emails.tell_homeowner(
            pk=str(proposal.pk), now=now
        )

    def test_holds_no_line_break_in_its_subject(self, propose, homeowner, now):
        homeowner.site.__class__.objects.update(name="Maple\nBcc: x@y.example")

        proposal_emails.tell_homeowner(pk=str(propose().pk), now=now)

        assert "\n" not in mail.outbox[0].subject


moments = st.integers(-200_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds))


class TestWhereAProposalStands:
    @given(answer=st.sampled_from(["approved", "declined", "withdrawn"]), holds=st.booleans(), at=moments)
    def test_is_as_it_was_answered_for_good(self, answer, holds, at):
        assert proposals.standing_of(answer, holds=holds, expires_at=NOON, now=at) == answer

    @given(holds=st.booleans(), at=moments)
    def test_is_open_only_in_time_and_with_access(self, holds, at):
        standing = proposals.standing_of("open", holds=holds, expires_at=NOON, now=at)

        assert (standing == "open") == (holds and at < NOON)
        assert standing == "open" or standing in proposals.OVER

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
