"""Every fault that a write or its read-back can meet, at each write: it ends in the true outcome, sent once."""

import json
from datetime import timedelta

import pytest

from gridshare_portal.control import operations, read_back, state
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, types
from gridshare_portal.gridshare.http import transport
from gridshare_portal.sandbox.api import faults
from tests import plans

pytestmark = pytest.mark.django_db
WRITES = {
    "mode": ("setDeviceOperationMode", "getDeviceOperationMode"),
    "plan": ("setDeviceOverlayPlan", "getDeviceOverlayPlan"),
    "details": ("patchDevice", "getDevice"),
}
LATER = timedelta(seconds=30)
TAKEN, NEVER, SAID_NO = "confirmed", "failed", "refused"
OF_WRITES = {  # what a write ends in that meets the fault once, when the device is read until it is known
    "latency": TAKEN,
    "lost_reply": TAKEN,
    "refuse_connection": NEVER,
    "too_many": NEVER,
    "server_error": NEVER,
    "unavailable": NEVER,
    "bad_gateway_html": NEVER,
    "html_page": NEVER,
    "truncated": TAKEN,
    "wrong_types": TAKEN,
    "drip": TAKEN,
    "redirect": NEVER,
    "token_expired": TAKEN,  # with a new token
    "token_revoked": TAKEN,
    "forbidden_without_code": SAID_NO,
    "wrong_route": NEVER,
}
OPTIONS = {
    "latency": {"ms": 20},
    "drip": {"pause_ms": 1},
    "too_many": {"retry_after": 0.01},
    "late_read": {"late_s": 12.0},
}
OF_READS = sorted(
    kind for kind, fitting in faults.FITTING.items() if {read for _, read in WRITES.values()} <= set(fitting)
)
RETOLD = [
    ("reordered", {}),
    ("without_limits", {}),
    ("rounded", {"value": 100.0}),
    ("rounded", {"value": 240.0}),
]
NO_PLAN = ["not_found", "null", "object", "nothing"]


@pytest.fixture
def asked(now, battery):
    """What each write asks for; none of it is so already."""
    start = now.replace(second=0, microsecond=0)
    hour = timedelta(hours=1)
    commands = (
        types.Command(start=start, end=start + hour, action="charge", power_limit_w=1540.0),
        types.Command(start=start + hour, end=start + 2 * hour, action="hold"),
    )
    return {
        "mode": operations.AskMode(mode="Smart"),
        "plan": operations.AskPlan(plan=types.Plan(commands=commands)),
        "details": operations.AskDetails(changes={"serial_number": "S-2"}),
    }


@pytest.fixture
def taken(sandbox, battery):
    """Count what the device took so far."""

    def count():
        _home, device = sandbox.world.device(battery.synth_id)
        ledger = sandbox.world.ledger(device)
        return len(ledger.modes) + len(ledger.plans) + len(ledger.details)

    return count


def to_the_end(change):
    """Look again as long as the change is looked for."""
    while change.read_again_at is not None:
        read_back.read_again(change_pk=change.pk, now=change.read_again_at)
        change.refresh_from_db()
    return change


class TestAFault:
    def test_of_writes_is_in_the_table(self):
        every = {write for write, _ in WRITES.values()}

        assert set(OF_WRITES) == {kind for kind, fitting in faults.FITTING.items() if every <= set(fitting)}

    @pytest.mark.parametrize("kind", WRITES)
    @pytest.mark.parametrize("fault", OF_WRITES)
    def test_of_a_write_ends_in_the_true_outcome(self, ask_smart, sandbox, asked, taken, kind, fault):
        before = taken()
        sandbox.faults.switch_on(WRITES[kind][0], fault, times=1, **OPTIONS.get(fault, {}))

        change = to_the_end(ask_smart(asked=asked[kind]))

        assert change.outcome == OF_WRITES[fault], change.sentence
        assert taken() - before == (1 if change.outcome == TAKEN else 0)
        if change.outcome == NEVER:
            assert "safe to try again" in change.sentence
            assert ask_smart(asked=asked[kind], now=change.settled_at).outcome == TAKEN

    @pytest.mark.parametrize("kind", WRITES)
    @pytest.mark.parametrize("fault", OF_READS)
    def test_of_the_read_back_ends_in_the_true_outcome(self, ask_smart, sandbox, asked, taken, kind, fault):
        before = taken()
        sandbox.faults.switch_on(WRITES[kind][1], fault, times=3, **OPTIONS.get(fault, {}))

        change = to_the_end(ask_smart(asked=asked[kind]))

        assert (change.outcome, taken() - before) == (TAKEN, 1), change.sentence

    @pytest.mark.parametrize("kind", WRITES)
    def test_that_lasts_leaves_it_unconfirmed_and_never_contradicted(
        self, ask_smart, sandbox, asked, taken, kind
    ):
        before = taken()
        sandbox.faults.switch_on(WRITES[kind][1], "wrong_types", replace=[])

        change = to_the_end(ask_smart(asked=asked[kind]))

        assert (change.outcome, taken() - before) == ("unconfirmed", 1)


class TestASlowDevice:
    @pytest.mark.parametrize("kind", WRITES)
    @pytest.mark.parametrize("late_s", [12, 50])
    def test_is_confirmed_late(self, ask_smart, sandbox, asked, taken, kind, late_s):
        before = taken()
        sandbox.faults.switch_on(WRITES[kind][1], "late_read", late_s=float(late_s))
        change = ask_smart(asked=asked[kind])
        assert change.outcome == "unconfirmed"

        sandbox.clock.advance(timedelta(seconds=late_s + 1))
        read_back.read_again(change_pk=change.pk, now=change.read_again_at)
        change.refresh_from_db()

        assert (change.outcome, taken() - before) == (TAKEN, 1)


class TestAPlan:
    @pytest.mark.parametrize(("how", "options"), RETOLD)
    def test_that_is_told_in_other_words_is_still_the_same(
        self, ask_smart, sandbox, asked, battery, now, how, options
    ):
        sandbox.faults.switch_on("getDeviceOverlayPlan", "retold_plan", how=how, **options)

        change = ask_smart(asked=asked["plan"])

        assert change.outcome == TAKEN
        assert ("no power limit" in change.sentence) == (how == "without_limits")
        shown = rules.fingerprint(state.plan_of(state.last_read(battery)))
        other = operations.AskPlan(plan=plans.hold_until(now=now, until=now + timedelta(hours=1)))
        assert ask_smart(asked=other, seen=shown, now=now + LATER).outcome == TAKEN

    @pytest.mark.parametrize("how", NO_PLAN)
    def test_that_is_gone_is_gone_however_that_is_said(self, ask_smart, sandbox, asked, battery, now, how):
        sandbox.faults.switch_on("getDeviceOverlayPlan", "no_plan_word", how=how)
        ask_smart(asked=asked["plan"])

        change = ask_smart(asked=operations.AskPlan(plan=rules.NO_PLAN), now=now + LATER)

        assert (change.outcome, change.after) == (TAKEN, {"commands": []})
        assert state.plan_of(state.last_read(battery)) == rules.NO_PLAN
        none = rules.fingerprint(rules.NO_PLAN)
        again = ask_smart(asked=asked["plan"], seen=none, now=now + 2 * LATER)
        assert again.outcome == TAKEN


class TestNotFound:
    """A device without a plan, and a device that is not there."""

    @pytest.fixture
    def client(self, monkeypatch):
        def made(**answers):
            def send(call, token, *, read, **_rest):
                answer = answers[call.operation]
                if isinstance(answer, type):
                    raise answer(call.operation, status=404)
                return read(json.loads(answer))

            monkeypatch.setattr(transport, "send", send)
            return gridshare.Client("http://127.0.0.1:9", lambda force=False: "token")

        return made

    def test_is_no_plan_where_the_device_is_there(self, client):
        there = client(getDeviceOverlayPlan=errors.NotFound, getDevice='{"synthId": "d1"}')

        assert there.get_device_overlay_plan("d1") == types.Plan()

    @pytest.mark.parametrize("error", [errors.NotFound, errors.Forbidden, errors.ServerError])
    def test_says_nothing_where_the_device_is_not_there_or_not_known(self, client, error):
        gone = client(getDeviceOverlayPlan=errors.NotFound, getDevice=error)

        with pytest.raises(errors.NotFound):
            gone.get_device_overlay_plan("d1")
