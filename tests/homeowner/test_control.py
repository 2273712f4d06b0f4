from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.control import models as control
from gridshare_portal.control import plans
from gridshare_portal.control import state as states
from gridshare_portal.sites import models as sites


@pytest.fixture
def mode_page(battery):
    return reverse("homeowner:mode", args=[battery.synth_id])


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
        assert "load delay:5s" not in settled.text

        sandbox.faults.lose_reply_to("setDeviceOperationMode")
        sandbox.faults.switch_on("getDeviceOperationMode", "server_error")
        unsettled = homeowner.post(mode_page, {"mode": "Simple"}, follow=True)
        assert "load delay:5s" in unsettled.text


class TestActivity:
    def test_says_who_did_what_what_was_before_after_and_the_outcome(self, homeowner, mode_page):
        homeowner.post(mode_page, {"mode": "Simple"})
        homeowner.post(mode_page, {"mode": "Smart"})

        page = homeowner.get(reverse("homeowner:activity", args=[homeowner.site.synth_id]))
        _kind, _at, newest = page.context["page"].object_list[0]

        assert (newest.who, newest.before, newest.asked, newest.after) == ("You", "Simple", "Smart", "Smart")
        assert newest.title == "Confirmed"

    def test_says_what_the_owner_renamed(self, homeowner):
        home = homeowner.site
        homeowner.post(
            reverse("homeowner:settings", args=[home.synth_id]), {"name": "Maple", "time_zone": "UTC"}
        )

        page = homeowner.get(reverse("homeowner:activity", args=[home.synth_id]))

        assert "Name: Maple, Time zone: UTC" in page.text

    def test_shows_the_last_page_for_a_page_that_is_not_there(self, homeowner):
        for number in ("-1", "1e9", "99999999999", "x", "٣"):
            page = homeowner.get(
                reverse("homeowner:activity", args=[homeowner.site.synth_id]), {"page": number}
            )
            assert page.status_code == 200


def known_plan(battery):
    stored = states.of(battery)
    return plans.from_json(stored.plan)


def an_hour(battery, *, start=2, **other):
    zone = battery.site.zone
    begins = (
        (timezone.now() + timedelta(hours=start)).astimezone(zone).replace(minute=0, second=0, microsecond=0)
    )
    return {
        "action": "charge",
        "start": f"{begins:%Y-%m-%dT%H:%M}",
        "end": f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "power_limit_w": "2000",
        **other,
    }


def sent(*rows, **other):
    fields = {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0", "do": "save"}
    for number, row in enumerate(rows):
        fields |= {f"rows-{number}-{name}": value for name, value in row.items()}
    return fields | other


@pytest.fixture
def plan_page(battery):
    states.refresh(device=battery, now=timezone.now())
    return reverse("homeowner:plan", args=[battery.synth_id])


class TestAPlan:
    def test_row_by_row_reaches_the_device(self, homeowner, battery, plan_page):
        page = homeowner.post(
            plan_page, sent(an_hour(battery), an_hour(battery, start=4, action="hold")), follow=True
        )

        assert "The device has your plan." in page.text
        assert [command.action for command in known_plan(battery).commands] == ["charge", "hold"]

    def test_is_refused_at_its_fields_in_plain_words(self, homeowner, battery, plan_page, sandbox):
        backwards = an_hour(battery) | {"end": an_hour(battery, start=1)["start"]}

        page = homeowner.post(plan_page, sent(backwards, an_hour(battery, start=5, power_limit_w="-1")))

        first, second = page.context["rows"].forms
        assert page.status_code == 422
        assert first.errors["end"] == ["The end must come after the start."]
        assert "cannot be below 0" in second.errors["power_limit_w"][0]
        assert sandbox.calls("setDeviceOverlayPlan") == 0

    @pytest.mark.parametrize(
        "watts",
        ["NaN", "Infinity", "1e309", "1e308", "1_000", "\uff11\uff12\uff13", "\u0663", "9" * 5000, "10000"],
    )
    def test_refuses_a_power_that_is_none(self, homeowner, battery, plan_page, sandbox, watts):
        page = homeowner.post(plan_page, sent(an_hour(battery, power_limit_w=watts)))

        assert page.status_code == 422
        assert page.context["rows"].forms[0].errors["power_limit_w"]
        assert sandbox.calls("setDeviceOverlayPlan") == 0

    @pytest.mark.parametrize(
        "moment",
        [
            "2026-02-30T10:00",
            "0001-01-01T00:00",
            "9999-12-31T23:59",
            "2026-06-01T10:00+25:00",
            "\uff12\uff10\uff12\uff16-06-01T10:00",
            "2026-06-01T10:00",
            "soon",
        ],
    )
    def test_refuses_a_start_that_is_none(self, homeowner, battery, plan_page, sandbox, moment):
        page = homeowner.post(plan_page, sent(an_hour(battery, start=2) | {"start": moment}))

        assert page.status_code == 422
        assert page.context["rows"].forms[0].errors["start"]
        assert sandbox.calls("setDeviceOverlayPlan") == 0

    def test_refuses_more_rows_than_a_plan_has(self, homeowner, battery, plan_page, sandbox):
        page = homeowner.post(plan_page, sent(*[an_hour(battery)] * 49))
        assert page.status_code == 422
        assert "at most 48 rows" in page.text

        many = homeowner.post(plan_page, sent(an_hour(battery)) | {"rows-TOTAL_FORMS": "100000"})
        assert many.status_code == 422
        assert sandbox.calls("setDeviceOverlayPlan") == 0

    def test_does_not_fall_over_a_form_that_was_tampered_with(self, homeowner, battery, plan_page):
        for total in ("", "x", "-1", "9" * 400):
            page = homeowner.post(plan_page, sent(an_hour(battery)) | {"rows-TOTAL_FORMS": total})
            assert page.status_code == 422

    def test_gets_another_row_without_a_script_and_keeps_what_was_typed(
        self, homeowner, battery, plan_page, sandbox
    ):
        page = homeowner.post(plan_page, sent(an_hour(battery, power_limit_w="abc")) | {"do": "add"})

        assert page.status_code == 200
        assert len(page.context["rows"].forms) == 2
        assert 'value="abc"' in page.text
        assert sandbox.calls("setDeviceOverlayPlan") == 0

    def test_leaves_out_a_row_that_is_removed(self, homeowner, battery, plan_page):
        removed = an_hour(battery, start=4, power_limit_w="NaN") | {"DELETE": "on"}

        homeowner.post(plan_page, sent(an_hour(battery), removed))

        assert len(known_plan(battery).commands) == 1

    def test_is_cancelled(self, homeowner, battery, plan_page):
        homeowner.post(plan_page, sent(an_hour(battery)))

        page = homeowner.post(plan_page, {"do": "cancel"}, follow=True)

        assert "The plan is gone." in page.text
        assert known_plan(battery).commands == ()

    def test_is_not_sent_over_a_plan_that_somebody_else_made_meanwhile(
        self, homeowner, co_owner, battery, plan_page, sandbox
    ):
        seen = homeowner.get(plan_page).context["seen"]
        co_owner.post(plan_page, sent(an_hour(battery, start=5)))

        page = homeowner.post(plan_page, sent(an_hour(battery), seen=seen), follow=True)

        assert "The plan was changed since you opened the page" in page.text
        assert sandbox.calls("setDeviceOverlayPlan") == 1


class TestAQuickStart:
    def test_charges_from_now_on(self, homeowner, battery, plan_page):
        homeowner.post(plan_page, {"quick": "charge", "hours": "2"})

        command = known_plan(battery).commands[0]
        assert command.action == "charge"
        assert command.end - command.start == timedelta(hours=2)

    def test_holds_until_a_time_of_the_home(self, homeowner, battery, plan_page):
        until = an_hour(battery, start=3)["start"]

        homeowner.post(plan_page, {"quick": "hold", "end": until})

        command = known_plan(battery).commands[0]
        assert command.action == "hold"
        assert f"{command.end.astimezone(battery.site.zone):%Y-%m-%dT%H:%M}" == until

    def test_discharges_with_the_power_that_the_device_has(self, homeowner, battery, plan_page):
        hour = an_hour(battery, start=3)

        homeowner.post(plan_page, {"quick": "discharge", "start": hour["start"], "end": hour["end"]})

        assert known_plan(battery).commands[0].power_limit_w == battery.power_limit_w

    @pytest.mark.parametrize(
        "asked",
        [
            {"quick": "hold"},
            {"quick": "hold", "end": "soon"},
            {"quick": "explode"},
            {"quick": "charge", "hours": "99"},
        ],
    )
    def test_says_what_is_missing(self, homeowner, plan_page, sandbox, asked):
        page = homeowner.post(plan_page, asked)

        assert page.status_code == 422
        assert page.context["quick"].errors
        assert sandbox.calls("setDeviceOverlayPlan") == 0
