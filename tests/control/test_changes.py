import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction

from gridshare_portal.audit import models as audit
from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes, models, operations, outcomes, permission, read_back, state
from gridshare_portal.control.plans import rules
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from tests import plans

pytestmark = pytest.mark.django_db
MODE, PLAN, DETAILS = "setDeviceOperationMode", "setDeviceOverlayPlan", "patchDevice"
HOUR = timedelta(hours=1)


def events(site):
    return [(event.name, event.details.get("outcome")) for event in record.events_of_site(site.synth_id)][
        ::-1
    ]


class TestAMode:
    def test_is_confirmed_when_the_device_says_so(self, ask_smart, homeowner, battery, sandbox):
        change = ask_smart(reason="dearer power from tomorrow")

        assert (change.outcome, change.before, change.after) == (
            "confirmed",
            {"mode": "Simple"},
            {"mode": "Smart"},
        )
        assert change.sentence == "The device says that it is in Smart mode now."
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

    def test_is_contradicted_when_the_device_keeps_saying_otherwise(self, ask_smart, sandbox):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read")

        change = ask_smart()

        assert (change.outcome, change.after) == ("contradicted", {"mode": "Simple"})
        assert "Simple" in change.sentence

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
        assert sandbox.calls(MODE) == 0

    def test_is_failed_when_lunar_is_too_busy(self, ask_smart, sandbox):
        sandbox.faults.switch_on(MODE, "too_many", retry_after=600)

        first, second = ask_smart(), ask_smart()

        assert (first.outcome, second.outcome) == ("failed", "failed")
        assert sandbox.calls(MODE) == 1

    @pytest.mark.parametrize("mode", ["Unknown", "smart", "Ѕmart", "Smart\u200b", "", None])
    def test_that_does_not_exist_cannot_be_asked_for(self, mode):
        with pytest.raises(ValueError):
            operations.AskMode(mode=mode)


def plain_mode():
    return operations.AskMode(mode="Simple").wanted


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
        before = sum(sandbox.faults.all_calls().values())

        change = ask_smart(asked=late)

        assert (change.outcome, change.sentence) == ("refused", "This start has already passed.")
        assert sum(sandbox.faults.all_calls().values()) == before

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


class TestWhoMay:
    def test_does_not_include_a_neighbor(self, ask_smart, neighbor, homeowner, sandbox):
        with pytest.raises(permission.ChangeNotPermitted) as refused:
            ask_smart(actor=neighbor.user)

        assert refused.value.reason == "You cannot see this home."
        assert not models.Change.objects.exists()
        assert events(homeowner.site)[-1] == ("change_refused", None)
        assert sandbox.calls(MODE) == 0

    def test_names_the_permission_that_is_missing(self, reader, now):
        device = sites.Device.objects.filter(site=reader.site, sensors__role_found="battery").first()

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            changes.make(actor=reader.user, device=device, asked=operations.AskMode(mode="Smart"), now=now)

        assert refused.value.scope == "lunar/device.write"

    def test_is_asked_again_just_before_sending(self, ask_smart, homeowner, sandbox):
        real = operations.AskMode.look

        def look_while_disconnecting(self, client, synth_id):
            lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
            return real(self, client, synth_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(operations.AskMode, "look", look_while_disconnecting)
            change = ask_smart()

        assert (change.outcome, sandbox.calls(MODE)) == ("refused", 0)

    def test_is_nobody_any_more_once_the_account_is_gone(self, ask_smart, co_owner, now):
        change = ask_smart(actor=co_owner.user)
        co_owner.user.delete()
        change.refresh_from_db()

        refusal = permission.refusal_of(change, operations.AskMode(mode="Smart"), now=now)

        assert refusal == permission.ACCESS_ENDED

    def test_goes_through_ones_own_connection_and_not_a_co_owners(
        self, ask_smart, homeowner, co_owner, sandbox
    ):
        own = homeowner.connection
        lunar.Connection.objects.filter(pk=co_owner.connection.pk).update(access_sealed="broken")
        lunar.Connection.objects.filter(pk=own.pk).update(failures=5)

        assert ask_smart().outcome == "confirmed"


class TestTwiceAtOnce:
    def test_the_same_form_sent_twice_is_one_change(self, ask_smart, sandbox):
        first, second = ask_smart(key="form-1"), ask_smart(key="form-1")

        assert first.pk == second.pk
        assert sandbox.calls(MODE) == 1

    def test_the_same_form_with_another_wish_is_refused(self, ask_smart, co_owner, sandbox):
        ask_smart(key="form-1")

        with pytest.raises(changes.KeyReused):
            ask_smart(key="form-1", asked=operations.AskMode(mode="Simple"))
        assert ask_smart(key="form-1", actor=co_owner.user).outcome == "confirmed"

    def test_a_device_has_one_change_on_its_way(self, ask_smart, battery, homeowner, now):
        models.Change.objects.create(device=battery, site=homeowner.site, kind="mode", asked={}, made_at=now)

        with pytest.raises(changes.Busy):
            ask_smart()

    def test_a_change_that_got_stuck_does_not_hold_up_the_next(self, ask_smart, battery, homeowner, now):
        stuck = models.Change.objects.create(
            device=battery, site=homeowner.site, kind="mode", asked={}, made_at=now - read_back.STUCK_AFTER
        )

        assert ask_smart().outcome == "confirmed"
        stuck.refresh_from_db()
        assert stuck.outcome == "failed"


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    def test_of_eight_wishes_at_once_one_is_on_its_way(self, ask_smart, sandbox):
        sandbox.faults.switch_on("getDeviceOperationMode", "latency", times=1, ms=300)
        barrier, ends = threading.Barrier(8), []

        def wish():
            barrier.wait()
            try:
                ends.append(ask_smart().outcome)
            except changes.Busy:
                ends.append("busy")
            finally:
                database.close()

        threads = [threading.Thread(target=wish) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert len(ends) == 8
        assert sandbox.calls(MODE) == ends.count("confirmed") >= 1

    def test_nothing_is_asked_of_the_network_inside_a_transaction(self, ask_smart, charging, monkeypatch):
        inside, real = [], transaction.get_connection

        def noting(self, request, *args, **kwargs):
            inside.append(real().in_atomic_block)
            return send(self, request, *args, **kwargs)

        from gridshare_portal.outbound import sockets

        send = sockets.Adapter.send
        monkeypatch.setattr(sockets.Adapter, "send", noting)
        for asked in (
            operations.AskMode(mode="Smart"),
            charging,
            operations.AskDetails(changes={"model": "M2"}),
        ):
            assert ask_smart(asked=asked).outcome == "confirmed"

        assert len(inside) == 9
        assert not any(inside)


class TestAProcessThatDies:
    def test_before_sending_leaves_a_change_that_is_never_sent_late(self, ask_smart, sandbox, now):
        given_up = []

        def look_for_long(self, client, synth_id):
            late = now + read_back.STUCK_AFTER + timedelta(seconds=1)
            read_back.settle_stuck(changes=models.Change.objects.all(), now=late)
            given_up.append(models.Change.objects.get().outcome)
            return plain_mode()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(operations.AskMode, "look", look_for_long)
            change = ask_smart()

        assert given_up[0] == "failed"
        assert (change.outcome, change.sentence) == ("failed", outcomes.NEVER_SENT)
        assert sandbox.calls(MODE) == 0

    def test_leaves_every_event_in_place(self, ask_smart, homeowner):
        class Killed(BaseException):
            pass

        def die(*args, **kwargs):
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(changes, "send", die)
            with pytest.raises(Killed):
                ask_smart()

        change = models.Change.objects.get()
        assert (change.outcome, change.sent_at is None) == ("open", False)
        assert events(homeowner.site)[-1] == ("change_asked", "open")
        assert audit.Event.objects.filter(name="change_settled").count() == 0
