"""Staff propose on the pages of mode, plan and details; the homeowner reads, approves or declines."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.control import models as control
from gridshare_portal.lunar import models as lunar

MODE = "setDeviceOperationMode"


def local(moment, zone):
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


class TestProposing:
    def test_ends_on_its_page_and_sends_nothing(self, inside, proposed, sandbox):
        page = inside.get(proposed)

        assert "Waits for an answer" in page.text and "Withdraw" in page.text
        assert "Approve and change it now" not in page.text
        assert sandbox.calls(MODE) == 0

    @pytest.mark.parametrize(
        ("terms", "may"), [({}, True), ({"right": "view"}, False), ({"ask_first": True}, False)]
    )
    def test_is_offered_beside_the_direct_way_where_there_is_one(self, inside, mode_page, terms, may):
        access.Consent.objects.update(**terms)

        page = inside.get(mode_page).text

        assert "Propose to the homeowner" in page
        assert ("Change mode</button>" in page) == may

    @pytest.mark.parametrize("terms", [{"right": "view"}, {"ask_first": True}])
    def test_is_the_only_way_where_the_homeowner_said_so(self, inside, mode_page, terms, sandbox):
        access.Consent.objects.update(**terms)

        page = inside.post(mode_page, {"mode": "Smart", "reason": "x"})

        assert page.status_code == 403 and "ropose" in page.text
        assert sandbox.calls(MODE) == 0 and not control.Change.objects.exists()

    @pytest.mark.parametrize("propose", [{}, {"propose": "yes"}])
    def test_needs_a_reason_at_the_field(self, inside, mode_page, propose):
        page = inside.post(mode_page, {"mode": "Smart"} | propose)

        assert page.status_code == 422 and page.context["form"].errors["reason"]

    def test_takes_no_novel_for_a_reason(self, inside, mode_page):
        page = inside.post(mode_page, {"mode": "Smart", "reason": "a" * 10_000, "propose": "yes"})

        assert page.status_code == 422 and page.context["form"].errors["reason"]

    def test_is_not_for_a_viewer(self, viewer, homeowner, mode_page):
        said = {"reason": "asked", "words": ""}
        viewer.post(reverse("homeowner:visit", args=[homeowner.site.synth_id]), said)
        assert "Propose" not in viewer.get(mode_page).text

        for propose in ({}, {"propose": "yes"}):
            page = viewer.post(mode_page, {"mode": "Smart", "reason": "x"} | propose)
            assert page.status_code == 403
        assert not control.Proposal.objects.exists()

    def test_the_same_again_is_refused_at_the_form(self, inside, mode_page, proposed):
        page = inside.post(mode_page, {"mode": "Simple", "reason": "x", "propose": "yes"})

        assert page.status_code == 422 and "waits for the homeowner already" in page.text

    def test_twice_by_the_same_form_is_one_proposal(self, inside, mode_page):
        sent = {"mode": "Smart", "reason": "x", "propose": "yes", "key": str(uuid.uuid4())}

        first, second = inside.post(mode_page, sent), inside.post(mode_page, sent)

        assert first.headers["Location"] == second.headers["Location"]

    def test_a_plan_and_details_works_too(self, inside, battery, sandbox):
        zone, now = battery.site.zone, timezone.now()
        plan = {
            "quick": "discharge",
            "start": local(now + timedelta(hours=2), zone),
            "end": local(now + timedelta(hours=3), zone),
        }
        details = {name: getattr(battery, name) for name in ("manufacturer", "serial_number")}
        for name, sent in (("plan", plan), ("details", details | {"model": "Battery 31"})):
            address = reverse(f"homeowner:{name}", args=[battery.synth_id])
            page = inside.post(address, sent | {"reason": "x", "propose": "yes"}, follow=True)
            assert "Waits for an answer" in page.text, page.text

        kinds = set(control.Proposal.objects.values_list("kind", flat=True))
        assert kinds == {"plan", "details"} and not control.Change.objects.exists()

    def test_a_plan_keeps_the_refusals_at_their_fields(self, inside, battery):
        address = reverse("homeowner:plan", args=[battery.synth_id])
        page = inside.post(address, {"quick": "hold", "end": "soon", "reason": "x", "propose": "yes"})

        assert page.status_code == 422 and page.context["quick"].errors["end"]

    def test_a_homeowner_does_not_propose(self, homeowner, mode_page, sunfix):
        homeowner.post(mode_page, {"mode": "Smart", "propose": "yes"})

        assert control.Change.objects.exists() and not control.Proposal.objects.exists()


class TestTheHomeowner:
    def test_is_told_by_letter_on_the_home_page_and_on_control(
        self, homeowner, inside, mode_page, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            address = inside.post(mode_page, {"mode": "Smart", "reason": "x", "propose": "yes"}).headers[
                "Location"
            ]

        home, control_page = (
            homeowner.get(reverse(f"homeowner:{name}", args=[homeowner.site.synth_id])).text
            for name in ("site", "control")
        )
        assert "A change is waiting for your answer" in home
        assert "Waiting for your answer" in control_page and address in control_page
        assert address in mail.outbox[-1].body

    def test_reads_what_is_so_what_would_be_who_and_why(self, homeowner, proposed):
        page = homeowner.get(proposed).text

        for said in (
            "SunFix</bdi> proposes a change",
            "Smart",
            "Ines (SunFix)",
            "Your &lt;i&gt;tariff&lt;/i&gt;",
        ):
            assert said in page

    def test_approves_and_gets_the_receipt(self, homeowner, proposed, sandbox):
        page = homeowner.post(proposed, {"do": "approve"}, follow=True)

        assert "Confirmed" in page.text and "Proposed by" in page.text
        assert sandbox.calls(MODE) == 1
        assert "Approved" in homeowner.get(proposed).text

    def test_approves_once_in_two_tabs(self, homeowner, co_owner, proposed, sandbox):
        homeowner.post(proposed, {"do": "approve"})

        for visitor in (homeowner, co_owner):
            page = visitor.post(proposed, {"do": "approve"})
            assert page.status_code == 422 and "approved already" in page.text
        assert sandbox.calls(MODE) == 1

    def test_declines_and_nothing_happens(self, homeowner, inside, proposed, sandbox):
        page = homeowner.post(proposed, {"do": "decline"}, follow=True)

        assert "Nothing was changed" in page.text and sandbox.calls(MODE) == 0
        assert "Declined" in inside.get(proposed).text
        activity = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id])).text
        assert "declined a proposed change" in activity and "Mode: Smart" in activity

    @pytest.mark.parametrize("sent", [{}, {"do": "burn"}, {"do": ["approve", "decline"]}])
    def test_is_asked_again_for_an_answer_that_is_none(self, homeowner, proposed, sandbox, sent):
        page = homeowner.post(proposed, sent)

        assert page.status_code == 422 and "Choose what to do" in page.text
        assert sandbox.calls(MODE) == 0

    def test_reads_that_access_has_ended_and_approves_no_more(self, homeowner, proposed, sandbox):
        access.Consent.objects.update(ended_at=timezone.now() - timedelta(seconds=1))

        assert "SunFix no longer has access" in homeowner.get(proposed).text
        page = homeowner.post(proposed, {"do": "approve"})
        assert page.status_code == 422 and "SunFix no longer has access" in page.text
        assert sandbox.calls(MODE) == 0

    def test_reads_which_permission_is_missing(self, homeowner, proposed, sandbox):
        lunar.Connection.objects.update(scopes="lunar/device.read")

        page = homeowner.get(proposed).text

        assert "A permission is missing" in page
        assert homeowner.post(proposed, {"do": "approve"}).status_code == 403
        assert sandbox.calls(MODE) == 0


class TestForOthers:
    def test_there_is_no_proposal(self, proposed, outsider, neighbor, retailer, homeowner):
        said = {"reason": "asked", "words": ""}
        retailer.post(reverse("homeowner:visit", args=[homeowner.site.synth_id]), said)

        for visitor in (outsider, neighbor, retailer):
            assert visitor.get(proposed).status_code == 404
            for answer in ("approve", "decline", "withdraw"):
                assert visitor.post(proposed, {"do": answer}).status_code == 404
        listed = retailer.get(reverse("homeowner:proposals", args=[homeowner.site.synth_id])).text
        assert proposed not in listed

    @pytest.mark.parametrize("answer", ["approve", "decline"])
    def test_staff_cannot_answer(self, inside, proposed, answer, sandbox):
        assert inside.post(proposed, {"do": answer}).status_code == 403
        assert sandbox.calls(MODE) == 0

    def test_staff_withdraw_it_and_the_homeowner_reads_so(self, inside, homeowner, proposed):
        assert inside.post(proposed, {"do": "withdraw"}, follow=True).status_code == 200

        page = homeowner.post(proposed, {"do": "approve"})
        assert page.status_code == 422 and "SunFix has withdrawn this proposal" in page.text

    def test_a_homeowner_cannot_withdraw(self, homeowner, proposed):
        assert homeowner.post(proposed, {"do": "withdraw"}).status_code == 403

    def test_staff_follow_it_to_the_receipt(self, inside, homeowner, proposed):
        homeowner.post(proposed, {"do": "approve"})
        change = reverse("homeowner:change", args=[control.Change.objects.get().pk])

        assert change in inside.get(proposed).text
        receipt = inside.get(change).text
        assert "Confirmed" in receipt and "The homeowner" in receipt
