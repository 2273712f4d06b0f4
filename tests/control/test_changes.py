"""Changes of mode, plan and details, and what became of each."""

from datetime import timedelta

import pytest

from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes, operations, outcomes, state
from gridshare_portal.control.plans import rules
from gridshare_portal.sites import models as sites
from tests import plans
from tests.control.kept import events, plain_mode

pytestmark = pytest.mark.django_db
MODE, PLAN, DETAILS = "setDeviceOperationMode", "setDeviceOverlayPlan", "patchDevice"
HOUR = timedelta(hours=1)


class TestAMode:
    def test_is_confirmed_when_the_device_says_so(self, ask_smart, homeowner, battery, sandbox):
        change = ask_smart(reason="dearer power from tomorrow")

        assert (change.outcome, change.before, change.after) == (
            "confirmed",
            {"mode": "Simple"},
            {"mode": "Smart"},
        )
        assert change.sentence == "The device reported Smart mode."
        assert state.last_read(battery).mode == "Smart"
        assert sandbox.calls(MODE) == 1

    def test_leaves_two_events_with_what_was_asked_and_what_came_of_it(self, ask_smart, homeowner):
        ask_smart(reason="because")

        assert events(homeowner.site)[-2:] == [("change_asked", "open"), ("change_settled", "confirmed")]
        settled = record.events_of_site(homeowner.site.synth_id).first()
        assert settled.actor_id == homeowner.user.pk
        assert (settled.details["before"], settled.details["after"]) == (
            {"mode": "Simple"},
            {"mode": "Smart"},
        )
        assert settled.details["reason"] == "because"

    def test_is_unconfirmed_when_the_reply_was_lost_and_is_sent_once(self, ask_smart, sandbox, now):
        sandbox.faults.lose_reply_to(MODE)

        change = ask_smart()

        assert change.outcome == "unconfirmed"
        assert "could not be confirmed" in change.sentence
        assert sandbox.calls(MODE) == 1
        assert timedelta(0) < change.read_again_at - change.settled_at <= timedelta(seconds=5)

    def test_is_unconfirmed_when_the_server_failed_over_it(self, ask_smart, sandbox):
        sandbox.faults.switch_on(MODE, "server_error")

        assert ask_smart().outcome == "unconfirmed"
        assert sandbox.calls(MODE) == 1

    def test_is_unconfirmed_when_the_device_cannot_be_read_afterwards(self, ask_smart, sandbox, battery):
        ask_smart(asked=operations.AskMode(mode="Simple"))
        sandbox.faults.switch_on("getDeviceOperationMode", "truncated")

        change = ask_smart()

        assert (change.outcome, change.before) == ("unconfirmed", {"mode": "Simple"})

    def test_is_not_confirmed_yet_while_the_device_says_otherwise(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read")

        change = ask_smart()

        assert (change.outcome, change.after) == ("unconfirmed", {"mode": "Simple"})
        assert change.sentence == f"The device reported Simple mode. {outcomes.NOT_YET}"
        assert change.read_again_at > now and change.accepted_at is not None

    def test_is_confirmed_when_the_device_was_only_slow_to_say_so(
        self, ask_smart, sandbox, battery, homeowner
    ):
        plain = ask_smart(asked=operations.AskMode(mode="Simple"))
        assert plain.outcome == "confirmed"
        read = sandbox.calls("getDeviceOperationMode")
        real = operations.AskMode.look
        answers = iter([None, "old"])

        def slow(self, client, synth_id):
            if next(answers, None) == "old":
                return plain_mode()
            return real(self, client, synth_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(operations.AskMode, "look", slow)
            change = ask_smart()

        assert change.outcome == "confirmed"
        assert sandbox.calls("getDeviceOperationMode") - read == 2

    def test_is_refused_with_lunars_own_words(self, ask_smart, homeowner, sandbox):
        meter = sites.Device.objects.create(site=homeowner.site, synth_id="nobody-has-this")

        change = ask_smart(device=meter)

        assert (change.outcome, change.code) == ("refused", "Forbidden")
        assert change.message == "there is nothing with this id that you may see"

    def test_is_failed_when_lunar_cannot_be_reached(self, ask_smart, settings, sandbox):
        settings.GRIDSHARE_URL = "http://127.0.0.1:9"

        change = ask_smart()

        assert (change.outcome, change.sentence) == ("failed", outcomes.NEVER_SENT)
        assert (change.sent_at, change.accepted_at) == (None, None)
        assert sandbox.calls(MODE) == 0

    def test_is_failed_when_lunar_is_too_busy(self, ask_smart, sandbox):
        sandbox.faults.switch_on(MODE, "too_many", retry_after=600)

        first, second = ask_smart(), ask_smart()

        assert (first.outcome, second.outcome) == ("failed", "failed")
        assert (first.sent_at, second.sent_at) == (None, None)
        assert sandbox.calls(MODE) == 1

    @pytest.mark.parametrize("mode", ["Unknown", "smart", "Ѕmart", "Smart\u200b", "", None])
    def test_that_does_not_exist_cannot_be_asked_for(self, mode):
        with pytest.raises(ValueError):
            operations.AskMode(mode=mode)


class TestAPlan:
    def test_is_confirmed_and_can_be_cancelled(self, ask_smart, charging, battery, sandbox, now):
        change = ask_smart(asked=charging)
        assert (change.outcome, change.before) == ("confirmed", {"commands": []})
        assert rules.fingerprint(state.plan_of(state.last_read(battery))) == rules.fingerprint(charging.plan)

        cancelled = ask_smart(asked=operations.AskPlan(plan=rules.NO_PLAN))

        assert (cancelled.outcome, cancelled.after) == ("confirmed", {"commands": []})
        assert cancelled.before == charging.to_json()

    def test_is_not_sent_when_the_visitor_saw_another_one(self, ask_smart, charging, sandbox, now):
        seen = rules.fingerprint(rules.NO_PLAN)
        other = operations.AskPlan(plan=plans.hold_until(now=now, until=now + HOUR))
        assert ask_smart(asked=charging, seen=seen).outcome == "confirmed"

        change = ask_smart(asked=other, seen=seen)

        assert (change.outcome, change.sentence) == ("refused", outcomes.PLAN_CHANGED)
        assert sandbox.calls(PLAN) == 1

    def test_is_not_sent_blindly_when_the_visitor_saw_one(self, ask_smart, charging, sandbox):
        sandbox.faults.switch_on("getDeviceOverlayPlan", "truncated")

        change = ask_smart(asked=charging, seen=rules.fingerprint(rules.NO_PLAN))

        assert (change.outcome, sandbox.calls(PLAN)) == ("failed", 0)

    def test_that_breaks_a_rule_is_refused_before_anybody_is_asked(self, ask_smart, sandbox, now):
        late = operations.AskPlan(plan=plans.hold_until(now=now - HOUR, until=now + HOUR))
        before = sum(sandbox.faults.calls().values())

        change = ask_smart(asked=late)

        assert (change.outcome, change.sentence) == ("refused", "This start has already passed.")
        assert sum(sandbox.faults.calls().values()) == before

    def test_that_lunar_refuses_says_why(self, ask_smart, battery, sandbox, now):
        sites.Device.objects.filter(pk=battery.pk).update(power_limit_w=None)
        battery.refresh_from_db()
        strong = operations.AskPlan(plan=plans.charge_now(now=now, lasting=HOUR, power_limit_w=900_000.0))

        change = ask_smart(asked=strong, device=battery)

        assert change.outcome == "refused"
        assert "the power must be between 0 and" in change.message


class TestDetails:
    def test_are_sent_only_as_far_as_they_change(self, ask_smart, battery, sandbox):
        asked = operations.AskDetails(changes={"model": battery.model, "serial_number": "S-2"})

        change = ask_smart(asked=asked)

        battery.refresh_from_db()
        assert (change.outcome, battery.serial_number) == ("confirmed", "S-2")
        assert change.after == {"model": battery.model, "serial_number": "S-2"}

    def test_are_not_sent_when_nothing_changes(self, ask_smart, battery, sandbox):
        change = ask_smart(asked=operations.AskDetails(changes={"model": battery.model}))

        assert (change.outcome, change.sentence) == ("confirmed", changes.ALREADY_SO)
        assert sandbox.calls(DETAILS) == 0

    @pytest.mark.parametrize("wrong", [{}, {"siteId": "x"}, {"model": None}, {"model": "x" * 201}])
    def test_of_another_kind_cannot_be_asked_for(self, wrong):
        with pytest.raises(ValueError):
            operations.AskDetails(changes=wrong)
