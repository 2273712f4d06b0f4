from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.control import state as states
from gridshare_portal.control.plans import rules


def known_plan(battery):
    stored = states.last_read(battery)
    return rules.from_json(stored.plan)


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

        assert "The device reported this plan." in page.text
        assert [command.action for command in known_plan(battery).commands] == ["charge", "hold"]

    def test_is_refused_at_its_fields_in_plain_words(self, homeowner, battery, plan_page, sandbox):
        backwards = an_hour(battery) | {"end": an_hour(battery, start=1)["start"]}

        page = homeowner.post(plan_page, sent(backwards, an_hour(battery, start=5, power_limit_w="-1")))

        first, second = page.context["rows"].forms
        assert "Nothing was sent" in page.text
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

        assert "The device reported no plan" in page.text
        assert known_plan(battery).commands == ()

    def test_is_not_sent_over_a_plan_that_somebody_else_made_meanwhile(
        self, homeowner, co_owner, battery, plan_page, sandbox
    ):
        seen = homeowner.get(plan_page).context["seen"]
        co_owner.post(plan_page, sent(an_hour(battery, start=5)))

        page = homeowner.post(plan_page, sent(an_hour(battery), seen=seen), follow=True)

        assert "The plan was changed after the page was opened" in page.text
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
