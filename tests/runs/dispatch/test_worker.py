"""Several workers at one run at the same time, each with a database connection of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db import connections as databases
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.control import changes, models, read_back
from gridshare_portal.runs import lifecycle, sweeps
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.dispatch import slots, worker
from tests.runs.fleet import MODE

S = runs.Line.State
LATER = timedelta(minutes=3)


class Killed(BaseException):
    """A worker that is killed does nothing afterwards; no `except Exception` sees it."""


def carry(run, owner, side_by_side=2):
    """Carry a run as a worker's process does, and say whether it lived to the end."""
    how = {"clock": timezone.now, "for_s": 60, "side_by_side": side_by_side}
    try:
        worker.carry(run_pk=run.pk, owner=owner, **how)
    except Killed:
        return False
    finally:
        databases.close_all()
    return True


def writes(fleet):
    """Return how often each device took a mode."""
    return sorted(len(one["modes"]) for one in fleet.sandbox.world.packed()["devices"].values())


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    @pytest.fixture(autouse=True)
    def three_slots_and_short_steps(self, monkeypatch):
        monkeypatch.setattr(lifecycle, "wake", lambda *_task: None)  # nobody else carries the run
        monkeypatch.setattr(slots, "SLOTS", 3)
        monkeypatch.setattr(slots, "CHUNK", 1)

    def test_write_to_each_home_once_when_one_of_them_is_killed_in_the_middle(self, fleet, monkeypatch):
        run, real, guard, sent = fleet.started(), changes.send, threading.Lock(), []

        def send(*asked):
            real(*asked)
            with guard:
                sent.append(asked)
                if len(sent) == 3:
                    raise Killed

        monkeypatch.setattr(changes, "send", send)
        with ThreadPoolExecutor(3) as workers:
            lived = list(workers.map(carry, [run] * 3, ["one", "two", "three"], [1] * 3))

        assert sorted(lived) == [False, True, True] and fleet.sandbox.calls(MODE) == 6
        assert sorted(fleet.states(run)) == [S.CONFIRMED] * 5 + [S.TAKEN]
        read_back.settle_stuck(changes=models.Change.objects.all(), now=timezone.now() + LATER)
        sweeps.tidy(now=timezone.now() + LATER)
        fleet.carry(run, after=LATER + slots.DELAY)
        change = models.Change.objects.get(outcome="unconfirmed")
        read_back.read_again(change_pk=change.pk, now=timezone.now() + 2 * LATER)
        run.refresh_from_db()
        assert run.state == "done" and fleet.states(run) == [S.CONFIRMED] * 6
        assert fleet.sandbox.calls(MODE) == 6 and writes(fleet) == [1] * 6

    def test_never_hold_the_same_home(self, fleet):
        run, both = fleet.started(), threading.Barrier(3)

        def take(owner):
            try:
                both.wait(10)
                tries = (slots.take(run_pk=run.pk, owner=owner, now=timezone.now()) for _ in range(20))
                return [line.pk for _, lines in tries for line in lines]
            finally:
                databases.close_all()

        with ThreadPoolExecutor(3) as workers:
            taken = [pk for some in workers.map(take, ["one", "two", "three"]) for pk in some]

        assert sorted(taken) == sorted(run.lines.values_list("pk", flat=True))


@pytest.mark.django_db
class TestATurn:
    def test_costs_the_same_few_questions_and_counts_no_homes(self, fleet):
        run = fleet.started(stop_at_failure_pct=5)
        slots.take(run_pk=run.pk, owner="the first", now=timezone.now())

        with CaptureQueriesContext(connection) as asked:
            assert slots.take(run_pk=run.pk, owner="one", now=timezone.now())[1]

        assert len(asked) <= 12 and not any("GROUP BY" in one["sql"] for one in asked)

    def test_of_a_home_asks_the_database_seldom(self, fleet, lines, django_assert_max_num_queries):
        run, taken = slots.take(run_pk=fleet.started().pk, owner="one", now=timezone.now())

        with django_assert_max_num_queries(40):
            worker._change_home(run, taken[0], "one", timezone.now())

        assert lines()[0].state == S.CONFIRMED

    def test_that_goes_wrong_is_no_other_home_s_trouble(self, fleet, monkeypatch):
        run, real = fleet.started(), worker._change_home
        odd = run.lines.first().pk

        def carry_one(run, line, *rest):
            if line.pk == odd:
                raise ZeroDivisionError
            return real(run, line, *rest)

        monkeypatch.setattr(worker, "_change_home", carry_one)
        fleet.carry(run)

        assert fleet.states(run) == [S.TAKEN] + [S.CONFIRMED] * 5
