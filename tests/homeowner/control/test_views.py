"""Changing the mode and the details of a device, and the receipts of it."""

import pytest
from django.urls import reverse

from gridshare_portal.control import models as control
from gridshare_portal.sites import models as sites


@pytest.fixture
def details_page(battery):
    return reverse("homeowner:details", args=[battery.synth_id])


class TestChangingTheMode:
    def test_ends_with_a_receipt_that_says_what_the_device_says(self, homeowner, mode_page, sandbox):
        page = homeowner.post(mode_page, {"mode": "Smart", "reason": "New tariff"}, follow=True)

        assert "Confirmed" in page.text
        assert "The device says that it is in Smart mode now." in page.text
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
