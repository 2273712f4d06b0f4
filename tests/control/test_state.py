import time
from datetime import timedelta

import pytest

from gridshare_portal.control import models, queries, state, tasks
from gridshare_portal.control.plans import rules
from gridshare_portal.gridshare import types
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites

pytestmark = pytest.mark.django_db
MODE, PLAN = "getDeviceOperationMode", "getDeviceOverlayPlan"


class TestReading:
    def test_keeps_mode_and_plan_with_the_moment(self, battery, homeowner, now):
        known = state.refresh(device=battery, now=now)

        assert (known.mode, known.mode_read_at, known.plan_read_at) == ("Simple", now, now)
        assert state.plan_of(known) == rules.NO_PLAN
        assert list(queries.states_of(homeowner.site)) == [known]

    def test_takes_the_time_of_one_call_and_not_of_two(self, battery, sandbox, now):
        sandbox.faults.switch_on("*", "latency", ms=800)
        started = time.monotonic()
        state.refresh(device=battery, now=now)

        assert time.monotonic() - started < 1.5

    def test_asks_only_for_what_is_allowed(self, battery, homeowner, sandbox, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(scopes="lunar/device.read")
        models.State.objects.all().delete()
        calls = sandbox.calls(PLAN)

        known = state.refresh(device=battery, now=now)

        assert (known.mode, state.plan_of(known), known.last_error) == ("Simple", None, "missing_scope")
        assert sandbox.calls(PLAN) == calls

    def test_keeps_what_is_known_when_lunar_does_not_answer(self, battery, sandbox, now):
        state.refresh(device=battery, now=now)
        sandbox.faults.switch_on(MODE, "bad_gateway_html")

        later = now + timedelta(minutes=5)
        known = state.refresh(device=battery, now=later)

        assert (known.mode, known.mode_read_at, known.plan_read_at) == ("Simple", now, later)
        assert (known.last_error, known.tried_at) == ("ServerError", later)

    def test_is_never_undone_by_an_older_reading(self, battery, now):
        state.store(device=battery, read=types.Mode(name="Smart", raw="Smart"), now=now)
        state.store(
            device=battery, read=types.Mode(name="Simple", raw="Simple"), now=now - timedelta(seconds=1)
        )

        assert state.last_read(battery).mode == "Smart"

    def test_of_a_device_that_was_never_read_is_not_known(self, homeowner, now):
        device = sites.Device.objects.create(site=homeowner.site, synth_id="new")

        known = state.last_read(device)

        assert (known.pk, known.mode, known.mode_read_at, state.plan_of(known)) == (None, "", None, None)

    def test_of_a_device_of_no_home_brings_nothing_new(self, battery, now):
        state.refresh(device=battery, now=now)
        battery.site = None

        known = state.refresh(device=battery, now=now + timedelta(minutes=5))

        assert (known.mode, known.mode_read_at, known.tried_at) == ("Simple", now, now)


class TestLooking:
    def test_asks_the_device_once_in_ten_seconds_however_many_look(self, homeowner, battery, sandbox):
        models.State.objects.all().delete()
        before = sandbox.calls(MODE), sandbox.calls(PLAN)
        pages = [homeowner.get(f"/devices/{battery.synth_id}/state/") for _ in range(40)]

        assert {page.status_code for page in pages} == {200} and "Simple" in pages[-1].text
        assert (sandbox.calls(MODE) - before[0], sandbox.calls(PLAN) - before[1]) == (1, 1)

    def test_asks_again_after_that_and_also_when_a_clock_was_ahead(self, battery, sandbox, now):
        asked = []
        for at in (0, 9, 10, 3600, 3605, 20):
            before = sandbox.calls(MODE)
            state.refresh(device=battery, now=now + timedelta(seconds=at))
            asked.append(sandbox.calls(MODE) - before)

        assert asked == [1, 0, 1, 1, 0, 1]

    def test_is_claimed_before_anybody_is_asked(self, battery, sandbox, now, monkeypatch):
        seen = []
        gather = state.parallel.gather

        def meanwhile(reads):
            before = sandbox.calls(MODE)
            seen.append((state.refresh(device=battery, now=now).pk, sandbox.calls(MODE) - before))
            return gather(reads)

        monkeypatch.setattr(state.parallel, "gather", meanwhile)
        state.refresh(device=battery, now=now)

        assert [calls for _, calls in seen] == [0]


class TestWatching:
    def test_reads_again_at_most_once_a_minute(self, battery, homeowner, now, monkeypatch):
        models.State.objects.all().delete()
        woken = []
        monkeypatch.setattr(state, "wake", lambda task, pk: woken.append(pk))

        state.watch(site=homeowner.site, now=now)
        state.refresh(device=battery, now=now)
        state.watch(site=homeowner.site, now=now + timedelta(seconds=30))
        assert woken == [battery.pk]

        assert list(state.due(now=now + timedelta(seconds=61))) == [battery.pk]
        assert list(state.due(now=now + timedelta(minutes=5))) == []

    def test_notes_a_look_once_a_minute(
        self, battery, homeowner, now, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(state, "wake", lambda task, pk: None)
        site = homeowner.site
        state.watch(site=site, now=now)
        for seconds, asked in ((59, 0), (60, 1), (61, 0)):
            known = queries.battery_states_of(site)
            with django_assert_num_queries(asked):
                state.watch(site=site, now=now + timedelta(seconds=seconds), known=known)

        assert state.last_read(battery).watched_at == now + timedelta(seconds=60)

    def test_asks_lunar_nothing_in_the_page(self, homeowner, sandbox, now, monkeypatch):
        monkeypatch.setattr(state, "wake", lambda task, pk: None)
        calls = sum(sandbox.faults.calls().values())

        state.watch(site=homeowner.site, now=now)

        assert sum(sandbox.faults.calls().values()) == calls

    def test_begins_with_the_first_reading_of_a_home(self, homeowner, battery):
        models.State.objects.all().delete()

        tasks.refresh_states(homeowner.site.pk)
        tasks.refresh_state(battery.pk)

        assert state.last_read(battery).mode == "Simple"
