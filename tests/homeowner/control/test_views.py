"""Changing the mode and the details of a device, and the receipts of it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from gridshare_portal.control import models as control
from gridshare_portal.control import models as states
from gridshare_portal.homeowner import viewer
from gridshare_portal.homeowner.control import current_state
from gridshare_portal.sites import models as sites


@pytest.fixture
def details_page(battery):
    return reverse("homeowner:details", args=[battery.synth_id])


class TestChangingTheMode:
    def test_ends_with_a_receipt_that_says_what_the_device_says(self, homeowner, mode_page, sandbox):
        page = homeowner.post(mode_page, {"mode": "Smart", "reason": "New tariff"}, follow=True)

        assert "Confirmed" in page.text
        assert "The device reported Smart mode." in page.text
        assert "New tariff" in page.text
        assert sandbox.calls("setDeviceOperationMode") == 1

    def test_does_not_exist_for_a_neighbor(self, neighbor, mode_page, sandbox):
        page = neighbor.post(mode_page, {"mode": "Smart"})

        assert page.status_code == 404
        assert sandbox.calls("setDeviceOperationMode") == 0

    def test_calls_a_lost_reply_unconfirmed_and_sends_once(self, homeowner, mode_page, sandbox):
        sandbox.faults.lose_reply_to("setDeviceOperationMode")
        sandbox.faults.switch_on("getDeviceOperationMode", "server_error")

        page = homeowner.post(mode_page, {"mode": "Smart"}, follow=True)

        assert "Not confirmed yet" in page.text
        assert "could not be confirmed" in page.text
        assert sandbox.calls("setDeviceOperationMode") == 1

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"mode": "Unknown"},
            {"mode": "smart"},
            {"mode": "\u0405mart"},
            {"mode": "Smart\u200b"},
            {"mode": ["Simple", "Smart"]},
        ],
    )
    def test_refuses_what_is_no_mode_at_the_field(self, homeowner, mode_page, sandbox, sent):
        page = homeowner.post(mode_page, sent)

        assert page.status_code == 422
        assert page.context["form"].errors["mode"]
        assert sandbox.calls("setDeviceOperationMode") == 0

    def test_is_done_once_when_the_form_is_sent_twice(self, homeowner, mode_page, sandbox):
        sent = {"mode": "Smart", "key": "6f1f8d1e-64a5-4b0e-93f5-0d6a2f0c8f5b"}

        homeowner.post(mode_page, sent)
        homeowner.post(mode_page, sent)

        assert sandbox.calls("setDeviceOperationMode") == 1

    def test_names_the_missing_permission_and_offers_to_add_it(self, reader):
        device = sites.Device.objects.get(site=reader.site)

        page = reader.get(reverse("homeowner:mode", args=[device.synth_id]))

        assert "A permission is missing: Change the mode" in page.text
        assert f"{reverse('lunar_connect')}?add=lunar/device.write" in page.text
        assert '<fieldset class="field" disabled>' in page.text

    def test_is_refused_without_the_permission(self, reader, sandbox):
        device = sites.Device.objects.get(site=reader.site)

        page = reader.post(reverse("homeowner:mode", args=[device.synth_id]), {"mode": "Smart"})

        assert page.status_code == 403
        assert "does not include this permission" in page.text
        assert sandbox.calls("setDeviceOperationMode") == 0

    def test_warns_before_schedule(self, homeowner, mode_page):
        assert "The weekly plan is made in Lunar’s own app" in homeowner.get(mode_page).text


class TestTheModeInForce:
    def test_is_read_from_the_device_after_the_page_is_there(self, homeowner, battery, mode_page, sandbox):
        before = sandbox.calls("getDeviceOperationMode")
        page = homeowner.get(mode_page)
        assert sandbox.calls("getDeviceOperationMode") == before

        fragment = reverse("homeowner:state", args=[battery.synth_id])
        assert f'hx-get="{fragment}"' in page.text
        homeowner.get(fragment)
        assert sandbox.calls("getDeviceOperationMode") == before + 1

    def test_says_that_the_device_does_not_answer(self, homeowner, battery, sandbox):
        sandbox.faults.switch_on("getDeviceOperationMode", "server_error")

        page = homeowner.get(reverse("homeowner:state", args=[battery.synth_id]))

        assert page.status_code == 200
        assert "does not answer at the moment" in page.text


class TestCorrectingDetails:
    def test_sends_only_what_is_different(self, homeowner, battery, details_page):
        sent = {
            "manufacturer": battery.manufacturer,
            "model": "Battery 30",
            "serial_number": battery.serial_number,
        }

        homeowner.post(details_page, sent)

        assert control.Change.objects.get(device=battery).asked == {"model": "Battery 30"}

    def test_sends_nothing_when_nothing_is_different(self, homeowner, battery, details_page, sandbox):
        same = {name: getattr(battery, name) for name in ("manufacturer", "model", "serial_number")}

        page = homeowner.post(details_page, same)

        assert page.status_code == 422
        assert "Nothing is different" in page.text
        assert sandbox.calls("patchDevice") == 0

    def test_ignores_fields_that_are_not_asked_for(self, homeowner, battery, details_page):
        homeowner.post(
            details_page,
            {
                "model": "Battery 30",
                "manufacturer": battery.manufacturer,
                "serial_number": battery.serial_number,
                "site_id": "other",
                "is_staff": "1",
            },
        )

        assert set(control.Change.objects.get(device=battery).asked) == {"model"}

    def test_shows_lunars_refusal_at_the_field(self, homeowner, battery, details_page, sandbox):
        sandbox.faults.switch_on("patchDevice", "server_error", status=422)

        page = homeowner.post(
            details_page,
            {
                "model": "Battery 31",
                "manufacturer": battery.manufacturer,
                "serial_number": battery.serial_number,
            },
        )

        assert page.status_code == 422
        assert "something broke" in str(page.context["form"].errors["model"])


class TestAReceipt:
    def test_does_not_exist_for_a_neighbor(self, homeowner, neighbor, mode_page):
        homeowner.post(mode_page, {"mode": "Smart"})
        change = control.Change.objects.get()

        assert neighbor.get(reverse("homeowner:change", args=[change.pk])).status_code == 404

    def test_looks_again_by_itself_only_while_it_is_open(self, homeowner, mode_page, sandbox):
        homeowner.post(mode_page, {"mode": "Smart"})
        settled = homeowner.get(reverse("homeowner:change", args=[control.Change.objects.get().pk]))
        assert "every 5s" not in settled.text

        sandbox.faults.lose_reply_to("setDeviceOperationMode")
        sandbox.faults.switch_on("getDeviceOperationMode", "server_error")
        unsettled = homeowner.post(mode_page, {"mode": "Simple"}, follow=True)
        assert "every 5s" in unsettled.text

    @pytest.mark.parametrize("fault", ["too_many", "forbidden_without_code"])
    def test_of_what_was_not_sent_names_no_time_of_sending(self, homeowner, mode_page, sandbox, fault):
        sandbox.faults.switch_on("setDeviceOperationMode", fault, times=1)

        page = homeowner.post(mode_page, {"mode": "Smart"}, follow=True)

        was_sent = fault == "forbidden_without_code"
        assert ("Not sent" in page.text, "<dt>Sent</dt>" in page.text) == (not was_sent, was_sent)
        assert "<dt>Accepted by Lunar</dt>" not in page.text

    def test_says_what_the_device_said_and_not_what_it_says_now(self, homeowner, mode_page):
        page = homeowner.post(mode_page, {"mode": "Smart"}, follow=True)

        assert "<dt>The device said</dt><dd>Smart</dd>" in page.text
        assert "<dt>Accepted by Lunar</dt>" in page.text
        assert "says now" not in page.text

    def test_that_may_still_be_confirmed_says_not_confirmed_yet(self, homeowner, mode_page, sandbox):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read")
        page = homeowner.post(mode_page, {"mode": "Smart"}, follow=True)

        assert "Not confirmed yet" in page.text and "every 5s" in page.text
        assert "The device says otherwise" not in page.text

    def test_ends_in_words_of_its_own(self, homeowner, mode_page):
        homeowner.post(mode_page, {"mode": "Smart"})
        change, found = control.Change.objects.get(), {}
        for outcome in ("unconfirmed", "overtaken", "contradicted", "failed"):
            control.Change.objects.filter(pk=change.pk).update(outcome=outcome)
            page = homeowner.get(reverse("homeowner:change", args=[change.pk]))
            found[outcome] = page.context["receipt"].title

        assert found == {
            "unconfirmed": "Not confirmed",
            "overtaken": "Overtaken",
            "contradicted": "The device says otherwise",
            "failed": "Did not take",
        }


class TestWhoSetIt:
    """The line under what is in force names the change that set it, or nobody."""

    def said(self, visitor, battery):
        return visitor.get(reverse("homeowner:mode", args=[battery.synth_id])).text

    def test_is_whoever_set_what_the_device_has(self, homeowner, battery, mode_page):
        homeowner.post(mode_page, {"mode": "Smart"})

        assert "Mode set here by you" in self.said(homeowner, battery)

    def test_is_nobody_here_once_the_device_has_something_else(self, homeowner, battery, mode_page, sandbox):
        homeowner.post(mode_page, {"mode": "Smart"})
        _home, device = sandbox.world.device(battery.synth_id)
        sandbox.world.accept(device, mode="Schedule", now=sandbox.clock.now())
        states.State.objects.filter(device=battery).update(mode="Schedule")

        assert "set here by" not in self.said(homeowner, battery)

    def test_of_no_plan_does_not_say_that_a_plan_was_set(self, homeowner, battery):
        plan_page = reverse("homeowner:plan", args=[battery.synth_id])
        homeowner.post(plan_page, {"quick": "charge", "hours": "2"})
        assert "Plan set here by you" in self.said(homeowner, battery)

        homeowner.post(plan_page, {"do": "cancel"})

        page = self.said(homeowner, battery)
        assert "No plan: the battery follows its mode." in page
        assert "Plan canceled here by you" in page and "Plan set here" not in page

    def test_of_a_plan_that_is_over_is_whoever_set_the_mode(self, homeowner, battery, mode_page, now):
        homeowner.post(mode_page, {"mode": "Smart"})
        homeowner.post(reverse("homeowner:plan", args=[battery.synth_id]), {"quick": "charge", "hours": "1"})
        found = current_state.states_of(
            homeowner.site, reader=viewer.Reader(user_id=homeowner.user.pk), now=now + timedelta(hours=2)
        )

        assert found[0]["set_by"].startswith("Mode set here by you")
