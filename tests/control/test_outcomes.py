from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.control import outcomes
from gridshare_portal.gridshare import errors, types, wire

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SMART, SIMPLE = types.Mode(name="Smart", raw="smart"), types.Mode(name="Simple", raw="Simple")
MODES = [SMART, SIMPLE, types.Mode(name="Schedule", raw="schedule")]


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


def of_reading(wanted, read, *, ago=600, accepted=True, looks_again=False, **known):
    """Return the outcome of a write that was sent so many seconds ago."""
    at = NOW - timedelta(seconds=ago)
    sent = outcomes.Sent(at=at, was_accepted=accepted, looks_again=looks_again, **known)
    return outcomes.of_reading(wanted, read, sent=sent, now=NOW)


class TestOfReading:
    @pytest.mark.parametrize("accepted", [True, False])
    @pytest.mark.parametrize("looks_again", [True, False])
    def test_is_confirmed_when_the_device_says_so(self, accepted, looks_again):
        for before, later in ((SIMPLE, ()), (None, (SIMPLE,)), (SMART, (SIMPLE,))):
            how = {"accepted": accepted, "looks_again": looks_again, "before": before, "later": later}
            assert of_reading(SMART, SMART, **how).name == "confirmed"

    def test_is_contradicted_when_it_says_otherwise_to_the_last(self):
        outcome = of_reading(SMART, SIMPLE)

        assert outcome.name == "contradicted"
        assert "Simple" in outcome.sentence

    def test_is_not_contradicted_while_lunar_took_it_and_the_device_may_be_slow(self):
        outcome = of_reading(SMART, SIMPLE, looks_again=True)

        assert outcome.name == "unconfirmed"
        assert "reported Simple mode" in outcome.sentence and "looks again" in outcome.sentence

    @pytest.mark.parametrize("accepted", [True, False])
    def test_failed_when_the_old_value_stays(self, accepted):
        outcome = of_reading(SMART, SIMPLE, accepted=accepted, before=SIMPLE)

        assert (outcome.name, outcome.sentence) == ("failed", outcomes.DID_NOT_TAKE)
        assert "safe to try again" in outcome.sentence

    @pytest.mark.parametrize("before", [plan(), plan(command(action="hold"))])
    def test_failed_when_the_old_plan_stays(self, before):
        assert of_reading(plan(command()), before, before=before).name == "failed"

    def test_is_contradicted_when_something_third_is_there(self):
        third = types.Mode(name="Schedule", raw="schedule")

        assert of_reading(SMART, third, before=SIMPLE).name == "contradicted"
        assert (
            of_reading(SMART, third, before=SIMPLE, accepted=False, looks_again=True).name == "contradicted"
        )

    def test_is_overtaken_when_a_later_change_is_there(self):
        assert of_reading(SMART, SIMPLE, looks_again=True, later=[SIMPLE]).name == "overtaken"
        assert of_reading(SMART, SIMPLE, before=SIMPLE, later=[SIMPLE]).name == "overtaken"

    def test_waits_for_the_later_change_too_and_then_is_overtaken(self):
        third = types.Mode(name="Schedule", raw="schedule")

        assert of_reading(SMART, third, looks_again=True, later=[SIMPLE]).name == "unconfirmed"
        assert of_reading(SMART, third, later=[SIMPLE]).name == "overtaken"

    def test_is_unconfirmed_while_it_says_nothing(self):
        assert of_reading(SMART, None, looks_again=True).sentence == outcomes.NOT_CONFIRMED
        assert of_reading(SMART, None).sentence == outcomes.STAYS_UNCONFIRMED

    def test_is_unconfirmed_while_the_device_does_not_know_itself(self):
        unknown = types.Mode(name="Unknown", raw="Unknown")

        assert of_reading(SMART, unknown).name == "unconfirmed"

    def test_waits_two_minutes_for_a_write_whose_reply_was_lost(self):
        lost = {"accepted": False, "looks_again": True, "before": SIMPLE}
        early, late = (of_reading(SMART, SIMPLE, ago=ago, **lost) for ago in (119, 120))

        assert (early.name, late.name) == ("unconfirmed", "failed")

    @pytest.mark.parametrize("ago", [1, 100_000])
    def test_does_not_take_no_plan_for_one_that_is_over(self, ago):
        over = plan(command(-2, -1), command(-1, 2, "follow"))
        outcome = of_reading(over, plan(), ago=ago, looks_again=True)

        assert (outcome.name, outcome.sentence) == ("unconfirmed", outcomes.OVER_UNCONFIRMED)

    @given(
        st.sampled_from(MODES),
        st.none() | st.sampled_from(MODES),
        st.lists(st.sampled_from(MODES), max_size=2),
        st.sampled_from(MODES),
        st.booleans(),
        st.booleans(),
        st.integers(0, 3000),
    )
    def test_says_nothing_that_is_not_so(self, wanted, before, later, read, accepted, looks_again, ago):
        name = of_reading(
            wanted, read, ago=ago, accepted=accepted, looks_again=looks_again, before=before, later=later
        ).name

        assert (name == "confirmed") == (wanted == read)
        if name == "failed":
            assert read == before and not later and not (accepted and looks_again)
        if name == "overtaken":
            assert later and (read in later or not looks_again or not accepted)
        if name == "contradicted":
            assert not later and read != before and not (accepted and looks_again)
        if name == "unconfirmed":
            assert looks_again and (accepted or ago < 120)

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
        assert of_reading(asked, read).name == "unconfirmed"

    @pytest.mark.parametrize("asked", [SMART, plan(command()), plan(), {"model": "x"}])
    def test_is_never_confirmed_by_something_else(self, asked):
        for read in (SIMPLE, plan(command(action="hold")), types.Device(synth_id="d1", model="y")):
            assert of_reading(asked, read).name == "contradicted"


SAME = [
    (plan(), plan()),
    (plan(command()), plan(command(priority=1))),
    (plan(command(watts=900.0)), plan(command(watts=900.4))),
    (plan(command(watts=None)), plan(command(watts=5000.0))),
    (plan(command(watts=900.0)), plan(command(watts=None))),
    (plan(command(watts=1550.0)), plan(command(watts=1500.0))),
    (plan(command(watts=1599.0)), plan(command(watts=1500.0))),
    (plan(command(0, 1), command(2, 3, "hold")), plan(command(2, 3, "hold"), command(0, 1))),
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
    (plan(command(watts=900.0)), plan(command(watts=1021.0))),
    (plan(command(watts=60.0)), plan(command(watts=0.0))),
    (plan(command(watts=0.0)), plan(command(watts=60.0))),
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


class TestTwoReadings:
    @pytest.mark.parametrize(
        ("earlier", "later"),
        [
            (plan(command(watts=900.0)), plan(command(watts=None))),
            (plan(command(watts=None)), plan(command(watts=900.0))),
            (plan(command(watts=900.0)), plan(command(watts=902.0))),
            (plan(command()), plan()),
        ],
    )
    def test_are_another_plan_where_a_limit_is_another(self, earlier, later):
        assert not outcomes.unchanged(earlier, later, now=NOW)

    @pytest.mark.parametrize("watts", [None, 0.0, 900.0])
    def test_are_one_plan_whatever_ended_meanwhile_and_in_any_order(self, watts):
        first, second = command(0, 1, watts=watts), command(2, 3, "hold")
        earlier = plan(command(-2, -1), first, second)

        assert outcomes.unchanged(earlier, plan(second, first), now=NOW)


class TestTheSentence:
    def test_says_that_a_limit_was_not_reported(self):
        asked = plan(command(watts=900.0))

        assert "no power limit" in of_reading(asked, plan(command())).sentence
        assert "limit" not in of_reading(asked, plan(command(watts=900.0))).sentence
        assert "limit" not in of_reading(plan(command()), plan(command())).sentence

    @pytest.mark.parametrize("asked", [SMART, plan(command()), plan(), {"model": "x"}])
    def test_of_a_receipt_stays_true_when_it_is_old(self, asked):
        same = types.Device(synth_id="d1", model="x") if isinstance(asked, dict) else asked

        assert " now" not in of_reading(asked, same).sentence


class TestLookingAgain:
    def test_grows_rarer_and_ends(self):
        looks = [outcomes.next_read_back_at(attempts, now=NOW) for attempts in range(8)]

        seconds = [look and (look - NOW).total_seconds() for look in looks]
        assert seconds == [5, 15, 40, 60, 180, 600, 1200, None]
