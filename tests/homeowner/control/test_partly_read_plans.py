"""A plan of which one step cannot be read is shown as far as it is known, and never taken for none."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.control import outcomes, read_back
from gridshare_portal.control import state as states
from gridshare_portal.control.models import Change
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types
from gridshare_portal.outbound import circuit_breaker

UNREAD = "1 step that could not be read"


def step(hours, **other):
    hour = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = hour + timedelta(hours=hours)
    ends = begins + timedelta(hours=1)
    return {"action": "charge", "start": begins.isoformat(), "end": ends.isoformat()} | other


@pytest.fixture
def told(sandbox, battery):
    """Let the device answer with these commands, and have the portal read it."""

    def tell(*commands):
        sandbox.faults.switch_on("getDeviceOverlayPlan", "wrong_types", replace={"commands": list(commands)})
        states.refresh(device=battery, now=timezone.now())

    return tell


def pages(homeowner, battery):
    names = {"site": homeowner.site, "control": homeowner.site, "plan": battery}
    return {
        name: homeowner.get(reverse(f"homeowner:{name}", args=[of.synth_id])).text
        for name, of in names.items()
    }


class TestAPlanKnownInPart:
    def test_says_on_each_page_what_is_known_and_that_there_is_more(self, homeowner, battery, told):
        told(step(-1, end=(timezone.now() + timedelta(hours=1)).isoformat()), step(3, powerLimit_W="much"))

        for name, page in pages(homeowner, battery).items():
            assert UNREAD in page and "Charging by plan until" in page, name
            assert "No plan" not in page and "then back to" not in page, name

    def test_of_which_the_rest_is_over_is_not_called_none(self, homeowner, battery, told):
        told(step(-3), step(3, start=12))

        for name, page in pages(homeowner, battery).items():
            assert f"The plan has {UNREAD}, so nobody here knows all that it does." in page, name
            assert "No plan" not in page, name

    def test_can_be_cancelled_with_a_word_of_warning(self, homeowner, battery, told, sandbox):
        told(step(-3), step(3, start=12))
        address = reverse("homeowner:plan", args=[battery.synth_id])
        page = homeowner.get(address)
        assert f"takes the place of the whole one, and of the {UNREAD} too" in page.text
        seen = page.context["seen"]

        assert homeowner.post(address, {"do": "cancel", "seen": seen}).status_code == 302
        assert sandbox.calls("setDeviceOverlayPlan") == 1
        assert Change.objects.get().outcome == outcomes.UNCONFIRMED

        sandbox.faults.clear()
        circuit_breaker.forget()
        read_back.read_again(change_pk=Change.objects.get().pk, now=timezone.now() + timedelta(minutes=1))
        assert Change.objects.get().outcome == outcomes.CONFIRMED

    def test_is_not_sent_over_when_it_has_more_unread_steps_than_were_shown(
        self, homeowner, battery, told, sandbox
    ):
        told(step(2))
        seen = rules.fingerprint(states.plan_of(states.last_read(battery)))
        sandbox.faults.clear()
        told(step(2), step(3, start=12))
        states.models.State.objects.update(tried_at=None)

        page = homeowner.post(
            reverse("homeowner:plan", args=[battery.synth_id]), {"do": "cancel", "seen": seen}, follow=True
        )

        assert "The plan was changed after the page was opened" in page.text
        assert sandbox.calls("setDeviceOverlayPlan") == 0


class TestAStoredPlan:
    def test_remembers_how_many_steps_could_not_be_read(self):
        now = datetime(2026, 6, 1, tzinfo=UTC)
        command = types.Command(start=now, end=now + timedelta(hours=1), action="hold")
        known = types.Plan(commands=(command,))
        in_part = types.Plan(commands=(command,), unusable=(rules.UNREAD, rules.UNREAD))

        assert rules.from_json(rules.to_json(in_part)) == in_part
        assert rules.from_json(rules.to_json(known)) == known
        assert rules.fingerprint(in_part) != rules.fingerprint(known)

    def test_is_the_same_as_no_other_while_a_part_is_not_known(self):
        now = datetime(2026, 6, 1, tzinfo=UTC)
        in_part = types.Plan(unusable=(rules.UNREAD,))

        assert not outcomes.same_plan(rules.NO_PLAN, in_part, now=now)
        assert not outcomes.same_plan(in_part, in_part, now=now)
        sent = outcomes.Sent(at=now, was_accepted=True, looks_again=False)
        assert outcomes.of_reading(rules.NO_PLAN, in_part, sent=sent, now=now).name == outcomes.UNCONFIRMED
