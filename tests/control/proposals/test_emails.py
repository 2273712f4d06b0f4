"""The e-mail about a proposal."""

import pytest
from django.core import mail

from gridshare_portal.control.proposals import emails as proposal_emails
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.mail import sender
from tests.control.proposals.asked import HOUR, plan_from


@pytest.mark.django_db
class TestTheLetter:
    def test_is_sent_once_with_what_and_why_and_where_to_answer(
        self, propose, homeowner, now, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            proposal = propose()
        for pk in proposal_emails.due(now=now):
            proposal_emails.tell_homeowner(pk=pk, now=now)

        (message,) = mail.outbox
        assert message.to == [homeowner.user.email]
        assert message.subject == f"SunFix proposes a change in {homeowner.site.name}"
        for said in ("Ines (SunFix)", "mode Smart", "Your tariff changed", f"/proposals/{proposal.pk}/"):
            assert said in message.body

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
