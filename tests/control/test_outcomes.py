from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.control import outcomes
from gridshare_portal.gridshare import errors, types, wire

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SMART, SIMPLE = types.Mode(name="Smart", raw="smart"), types.Mode(name="Simple", raw="Simple")


def command(start=0.0, end=1.0, action="charge", watts=None, **extra):
    return types.Command(
        start=NOW + start * HOUR, end=NOW + end * HOUR, action=action, power_limit_w=watts, extra=extra
    )


def plan(*commands):
    return types.Plan(commands=commands)


def every_error():
    waiting, found = [errors.GridshareError], []
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found


class TestOfSending:
    @pytest.mark.parametrize("kind", every_error())
    def test_is_unconfirmed_whenever_it_may_have_happened(self, kind):
        outcome = outcomes.of_sending(kind("setDeviceOperationMode", may_have_happened=True))

        assert outcome.name == outcomes.UNCONFIRMED
        assert "could not be confirmed" in outcome.sentence

    @pytest.mark.parametrize("kind", every_error())
    def test_is_refused_or_failed_whenever_it_did_not_happen(self, kind):
        outcome = outcomes.of_sending(kind("setDeviceOperationMode", status=422, message="No."))

        assert outcome.name in (outcomes.REFUSED, outcomes.FAILED)
        assert ("safe to try again" in outcome.sentence) == (outcome.name == outcomes.FAILED)

    @pytest.mark.parametrize(
        "kind",
        [errors.Forbidden, errors.Unprocessable, errors.Malformed, errors.NotFound, errors.Unauthorized],
    )
    def test_is_refused_when_lunar_said_no(self, kind):
        outcome = outcomes.of_sending(kind("setDeviceOperationMode", message="Not for this model", code="E7"))

        assert (outcome.name, outcome.message, outcome.code) == ("refused", "Not for this model", "E7")

    @pytest.mark.parametrize("kind", every_error())
    def test_speaks_plainly(self, kind):
        for may in (True, False):
            sentence = outcomes.of_sending(kind("op", status=503, may_have_happened=may)).sentence
            assert sentence.endswith(".")
            assert not any(
                word in sentence.lower() for word in ("success", "503", "http", "error", "timeout")
            )


class TestOfReading:
    def test_is_confirmed_when_the_device_says_so(self):
        assert outcomes.of_reading(SMART, SMART, now=NOW).name == "confirmed"

    def test_is_contradicted_when_it_says_otherwise(self):
        outcome = outcomes.of_reading(SMART, SIMPLE, now=NOW)

        assert outcome.name == "contradicted"
        assert "Simple" in outcome.sentence

    def test_is_unconfirmed_while_it_says_nothing(self):
        assert outcomes.of_reading(SMART, None, now=NOW).name == "unconfirmed"

    def test_is_unconfirmed_while_the_device_does_not_know_itself(self):
        unknown = types.Mode(name="Unknown", raw="Unknown")

        assert outcomes.of_reading(SMART, unknown, now=NOW).name == "unconfirmed"

    def test_waits_a_minute_for_a_write_whose_reply_was_lost(self):
        early = outcomes.of_reading(SMART, SIMPLE, now=NOW, lost_since=NOW - timedelta(seconds=59))
        late = outcomes.of_reading(SMART, SIMPLE, now=NOW, lost_since=NOW - timedelta(seconds=60))

        assert (early.name, late.name) == ("unconfirmed", "contradicted")

    def test_compares_only_the_details_that_were_to_change(self):
        device = types.Device(synth_id="d1", model="M2", manufacturer="Acme")

        assert outcomes.agrees({"model": "M2 "}, device, now=NOW)
        assert outcomes.agrees({"serial_number": ""}, device, now=NOW)
        assert not outcomes.agrees({"model": "M3"}, device, now=NOW)

    @pytest.mark.parametrize(
        ("asked", "read"),
        [
            ({"model": "M2"}, types.Device(synth_id="d1")),
            ({"model": "M2", "serial_number": "S"}, types.Device(synth_id="d1", model="M2")),
            (plan(command()), plan(command(action="unknown"))),
        ],
    )
    def test_is_unconfirmed_while_it_leaves_open_what_was_asked_for(self, asked, read):
        assert outcomes.of_reading(asked, read, now=NOW).name == "unconfirmed"

    @pytest.mark.parametrize("asked", [SMART, plan(command()), plan(), {"model": "x"}])
    def test_is_never_confirmed_by_something_else(self, asked):
        for read in (SIMPLE, plan(command(action="hold")), types.Device(synth_id="d1", model="y")):
            assert outcomes.of_reading(asked, read, now=NOW).name == "contradicted"


SAME = [
    (plan(), plan()),
    (plan(command()), plan(command(priority=1))),
    (plan(command(watts=900.0)), plan(command(watts=900.4))),
    (plan(command(watts=None)), plan(command(watts=5000.0))),
    (plan(command(0, 1)), plan(command(0.01, 1.01))),
    (plan(command(-2, -1), command(0, 1)), plan(command(0, 1))),
    (plan(command(-1, 1)), plan(command(-1, 1))),
    (plan(command(2, 3), command(0, 1)), plan(command(0, 1), command(2, 3))),
    (plan(command(0, 1), command(2, 3)), plan(command(0, 1), command(1, 2, "hold"), command(2, 3))),
    (plan(command(0, 1, "follow"), command(1, 2), command(2, 3, "follow")), plan(command(1, 2))),
    (plan(command(0, 1, "follow")), plan()),
]
OTHER = [
    (plan(command()), plan()),
    (plan(), plan(command())),
    (plan(command()), plan(command(action="discharge"))),
    (plan(command(0, 1)), plan(command(0, 1.02))),
    (plan(command(watts=900.0)), plan(command(watts=None))),
    (plan(command(watts=900.0)), plan(command(watts=902.0))),
    (plan(command(0, 1)), plan(command(0, 1), command(1, 2, "hold"))),
    (plan(command(0, 1), command(2, 3)), plan(command(0, 1), command(1, 2, "charge"), command(2, 3))),
    (plan(command(0, 1), command(1, 2, "follow"), command(2, 3)), plan(command(0, 1), command(2, 3))),
]


class TestPlans:
    @pytest.mark.parametrize(("asked", "read"), SAME)
    def test_are_the_same_when_they_ask_the_same_from_now_on(self, asked, read):
        assert outcomes.same_plan(asked, read, now=NOW)

    @pytest.mark.parametrize(("asked", "read"), OTHER)
    def test_are_not_the_same_when_the_device_would_do_something_else(self, asked, read):
        assert not outcomes.same_plan(asked, read, now=NOW)

    @given(
        st.lists(
            st.tuples(st.integers(0, 40), st.integers(1, 9), st.sampled_from(["charge", "hold", "follow"]))
        )
    )
    def test_agree_with_themselves(self, asked):
        asked = plan(*(command(start, start + length, action) for start, length, action in asked))

        assert outcomes.same_plan(asked, asked, now=NOW)


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 9), st.sampled_from(["charge", "discharge", "hold"])),
    max_size=8,
)


class TestThroughTheLiveForm:
    @given(ROWS, st.booleans(), st.booleans())
    def test_a_plan_that_the_device_took_agrees_with_the_one_asked_for(self, rows, first, last):
        commands, at = [], 0
        for gap, length, action in rows:
            commands.append(command(at + gap, at + gap + length, action, 900.0))
            at += gap + length
        if commands and first and rows[0][0]:
            commands.insert(0, command(0, rows[0][0], "follow"))
        if commands and last:
            commands.append(command(at, at + 1, "follow"))
        asked = plan(*commands)

        taken = wire.plan(wire.DIALECTS["live"].plan(asked, now=NOW))

        assert outcomes.same_plan(asked, taken, now=NOW)
        if rows:
            assert not outcomes.same_plan(asked, plan(*taken.commands[:-1]), now=NOW)


class TestLookingAgain:
    def test_grows_rarer_and_ends(self):
        looks = [outcomes.next_read_back_at(attempts, now=NOW) for attempts in range(6)]

        assert [look and (look - NOW).total_seconds() for look in looks] == [5, 15, 60, 300, 1800, None]
