"""Changes that are asked for twice or at once, and a process that dies over one."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction

from gridshare_portal.audit import models as audit
from gridshare_portal.control import changes, models, operations, outcomes, read_back
from tests.control.kept import events, plain_mode

pytestmark = pytest.mark.django_db
MODE, PLAN, DETAILS = "setDeviceOperationMode", "setDeviceOverlayPlan", "patchDevice"


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

        def ask():
            barrier.wait()
            try:
                ends.append(ask_smart().outcome)
            except changes.Busy:
                ends.append("busy")
            finally:
                database.close()

        threads = [threading.Thread(target=ask) for _ in range(8)]
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
