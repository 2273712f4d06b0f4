from datetime import timedelta

import pytest

from gridshare_portal.audit import queries as record
from gridshare_portal.control import finalize, models, operations, outcomes, read_back, tasks
from gridshare_portal.sites import clients
from tests import plans
from tests.control.kept import events

pytestmark = pytest.mark.django_db
MODE = "setDeviceOperationMode"
LATER = timedelta(seconds=30)


@pytest.fixture
def unconfirmed(ask_smart, sandbox):
    sandbox.faults.lose_reply_to(MODE)
    return ask_smart()


@pytest.fixture
def stuck(battery, homeowner, now):
    """A change whose process was killed more than a minute ago."""

    def make(**fields):
        return models.Change.objects.create(
            **{
                "device": battery,
                "site": homeowner.site,
                "actor": homeowner.user,
                "kind": "mode",
                "asked": {"mode": "Smart"},
                "made_at": now - timedelta(seconds=61),
            }
            | fields
        )

    return make


def elsewhere(device, *, sandbox, **accepted):
    """Change the device without the portal, as Lunar's own app does."""
    _home, known = sandbox.world.device(device.synth_id)
    sandbox.world.accept(known, now=sandbox.clock.now(), **accepted)


def to_the_end(change):
    """Look as often as the change is due; return the outcome after each look."""
    found = []
    while change.read_again_at is not None:
        found.append(look(change, change.read_again_at))
    return found


def look(change, at):
    read_back.read_again(change_pk=change.pk, now=at)
    change.refresh_from_db()
    return change.outcome


class TestLookingAgain:
    def test_confirms_what_the_device_took_all_the_same(self, unconfirmed, sandbox, now):
        assert look(unconfirmed, now + timedelta(seconds=30)) == "confirmed"

        assert unconfirmed.after == {"mode": "Smart"}
        assert unconfirmed.read_again_at is None
        assert sandbox.calls(MODE) == 1

    def test_waits_until_it_is_due(self, unconfirmed, sandbox, now):
        read = sandbox.calls("getDeviceOperationMode")

        assert look(unconfirmed, now) == "unconfirmed"
        assert sandbox.calls("getDeviceOperationMode") == read

    def test_leaves_an_event_when_something_new_is_known(self, unconfirmed, now):
        look(unconfirmed, now + timedelta(seconds=30))

        told = record.events_of_site(unconfirmed.site.synth_id)
        assert [event.details["outcome"] for event in told if "outcome" in event.details] == [
            "confirmed",
            "unconfirmed",
            "open",
        ]

    @pytest.mark.parametrize("fault", ["server_error", "unavailable", "refuse_connection"])
    def test_says_failed_only_when_the_device_had_its_time(self, ask_smart, sandbox, now, fault):
        sandbox.faults.switch_on(MODE, fault, times=1)
        change = ask_smart()

        assert look(change, now + timedelta(seconds=20)) == "unconfirmed"
        assert look(change, now + timedelta(seconds=180)) == "failed"
        assert (change.sentence, change.after) == (outcomes.DID_NOT_TAKE, {"mode": "Simple"})
        assert change.sent_at is not None and change.accepted_at is None
        assert sandbox.calls(MODE) == 1

    def test_confirms_late_what_the_device_shows_late(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read", times=4)
        change = ask_smart()
        assert change.outcome == "unconfirmed"

        assert to_the_end(change) == ["unconfirmed", "confirmed"]
        assert (change.after, sandbox.calls(MODE)) == ({"mode": "Smart"}, 1)

    def test_says_failed_in_the_end_when_the_old_mode_stays(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read")
        change = ask_smart()

        assert to_the_end(change) == ["unconfirmed"] * 6 + ["failed"]
        assert change.settled_at - change.made_at > timedelta(minutes=30)
        assert sandbox.calls(MODE) == 1

    def test_contradicts_in_the_end_when_somebody_else_set_something_third(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read", times=3)
        change = ask_smart()
        elsewhere(change.device, mode="Schedule", sandbox=sandbox)

        assert to_the_end(change) == ["unconfirmed"] * 6 + ["contradicted"]
        assert change.after == {"mode": "Schedule"}

    def test_forgets_a_plan_that_was_over_before_it_could_be_looked_at(self, ask_smart, sandbox, now):
        asked = operations.AskPlan(plan=plans.charge_now(now=now, lasting=timedelta(minutes=2)))
        sandbox.faults.switch_on("getDeviceOverlayPlan", "truncated")
        change = ask_smart(asked=asked)

        assert look(change, now + timedelta(minutes=3)) == "unconfirmed"
        assert (change.sentence, change.read_again_at) == (outcomes.OVER_UNCONFIRMED, None)

    def test_grows_rarer_ends_and_says_so(self, unconfirmed, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "truncated")
        moments, at = [], now
        while unconfirmed.read_again_at is not None:
            at = unconfirmed.read_again_at
            moments.append(at)
            assert look(unconfirmed, at) == "unconfirmed"

        gaps = [
            round((later - earlier).total_seconds())
            for earlier, later in zip(moments, moments[1:], strict=False)
        ]
        assert gaps == [15, 40, 60, 180, 600, 1200]
        assert unconfirmed.sentence == outcomes.STAYS_UNCONFIRMED
        assert sandbox.calls(MODE) == 1

    def test_happens_once_however_many_workers_wake(self, unconfirmed, monkeypatch, now):
        seen = []
        monkeypatch.setattr(read_back, "_read", lambda change, asked, at: seen.append(change.pk))
        at = now + timedelta(seconds=30)

        look(unconfirmed, at), look(unconfirmed, at)

        assert len(seen) == 1

    def test_belongs_to_the_first_of_two_who_found_it_due(self, unconfirmed, monkeypatch, now):
        at, seen, real = now + timedelta(seconds=30), [], read_back._claim

        def somebody_is_faster(change, moment):
            monkeypatch.setattr(read_back, "_claim", real)
            read_back.read_again(change_pk=change.pk, now=moment)
            return real(change, moment)

        monkeypatch.setattr(read_back, "_read", lambda change, asked, moment: seen.append(change.pk))
        monkeypatch.setattr(read_back, "_claim", somebody_is_faster)

        assert look(unconfirmed, at) == "unconfirmed"
        assert (len(seen), unconfirmed.attempts) == (1, 1)

    def test_goes_on_while_nobody_is_let_in(self, unconfirmed, monkeypatch, now):
        def closed(*args, **kwargs):
            raise clients.NoAccessPath("ended")

        monkeypatch.setattr(clients, "for_site", closed)

        assert look(unconfirmed, now + timedelta(seconds=30)) == "unconfirmed"
        assert unconfirmed.attempts == 1


class TestALaterChange:
    def test_overtakes_what_was_not_confirmed_before_it(self, ask_smart, sandbox, homeowner, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read", times=3)
        first = ask_smart()
        second = ask_smart(asked=operations.AskMode(mode="Schedule"), now=now + LATER)
        first.refresh_from_db()

        assert (first.outcome, second.outcome) == ("overtaken", "confirmed")
        assert (first.sentence, first.read_again_at) == (outcomes.WAS_OVERTAKEN, None)
        assert events(homeowner.site)[-2:] == [
            ("change_settled", "confirmed"),
            ("change_settled", "overtaken"),
        ]

    def test_that_is_seen_first_by_the_look_for_the_earlier_one_overtakes_it(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "wrong_types", replace={})
        first = ask_smart()
        second = ask_smart(asked=operations.AskMode(mode="Schedule"), now=now + LATER)
        sandbox.faults.clear()

        assert look(first, now + 4 * LATER) == "overtaken"
        assert look(second, now + 4 * LATER) == "confirmed"

    def test_of_the_same_confirms_both(self, ask_smart, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "wrong_types", replace={}, times=3)
        first, second = ask_smart(), ask_smart(now=now + LATER)

        assert second.outcome == "confirmed"
        assert look(first, now + 4 * LATER) == "confirmed"

    @pytest.mark.parametrize("changes", [{"serial_number": "S-2"}, {"model": "M-2", "serial_number": "S-2"}])
    def test_of_other_details_leaves_the_earlier_to_itself(self, ask_smart, sandbox, now, changes):
        sandbox.faults.lose_reply_to("patchDevice", times=1)
        first = ask_smart(asked=operations.AskDetails(changes={"model": "M-2"}))
        ask_smart(asked=operations.AskDetails(changes=changes), now=now + LATER)

        assert look(first, now + 4 * LATER) == "confirmed"

    def test_of_another_kind_or_one_that_failed_overtakes_nothing(self, ask_smart, charging, sandbox, now):
        sandbox.faults.switch_on("getDeviceOperationMode", "stale_read", times=4)
        first = ask_smart()
        ask_smart(asked=charging, now=now + LATER)
        sandbox.faults.switch_on(MODE, "too_many", times=1)
        schedule = operations.AskMode(mode="Schedule")
        assert ask_smart(asked=schedule, now=now + 2 * LATER).outcome == "failed"

        assert look(first, now + 4 * LATER) == "confirmed"


class TestTheSweep:
    def test_settles_what_was_never_sent_as_failed(self, stuck, sandbox):
        change = stuck()

        tasks.sweep()

        change.refresh_from_db()
        assert (change.outcome, change.sentence) == ("failed", outcomes.NEVER_SENT)
        assert sandbox.calls(MODE) == 0

    def test_reads_back_what_was_sent_without_a_result(self, stuck, sandbox, now):
        change = stuck(sent_at=now - timedelta(seconds=61))

        read_back.settle_stuck(changes=models.Change.objects.all(), now=now)
        change.refresh_from_db()
        assert change.outcome == "unconfirmed"

        assert look(change, now + timedelta(seconds=5)) == "unconfirmed"
        assert look(change, now + timedelta(seconds=65)) == "contradicted"
        assert sandbox.calls(MODE) == 0

    def test_does_not_call_failed_what_was_sent_just_now(self, stuck, now, monkeypatch):
        change, real = stuck(), finalize.settle

        def while_it_is_sent(**how):
            models.Change.objects.filter(pk=change.pk).update(sent_at=now)
            return real(**how)

        monkeypatch.setattr(finalize, "settle", while_it_is_sent)
        read_back.settle_stuck(changes=models.Change.objects.all(), now=now)

        change.refresh_from_db()
        assert change.outcome == "open"

    def test_leaves_alone_what_is_on_its_way(self, stuck, now):
        young = stuck(made_at=now - timedelta(seconds=59))

        read_back.settle_stuck(changes=models.Change.objects.all(), now=now)

        young.refresh_from_db()
        assert young.outcome == "open"

    def test_wakes_what_is_due(self, stuck, now, monkeypatch):
        due = stuck(outcome="unconfirmed", read_again_at=now - timedelta(seconds=1))
        stuck(outcome="unconfirmed", read_again_at=now + timedelta(hours=1))
        woken = []
        monkeypatch.setattr(tasks, "wake", lambda task, *args: woken.append((task.name, *args)))

        tasks.sweep()

        assert woken == [("gridshare_portal.control.tasks.read_again", str(due.pk))]


class TestWhatIsKept:
    @pytest.mark.parametrize(
        "asked",
        [
            operations.AskMode(mode="Schedule"),
            operations.AskDetails(changes={"manufacturer": "Acme", "serial_number": ""}),
        ],
    )
    def test_is_the_wish_itself(self, asked):
        assert operations.from_json(asked.kind, asked.to_json()) == asked

    def test_is_the_plan_itself(self, charging):
        assert operations.from_json("plan", charging.to_json()) == charging
