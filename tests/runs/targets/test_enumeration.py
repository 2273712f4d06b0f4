"""The worker finds a run's homes: some at a time, each once, also where a worker was killed in the middle."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import tasks as runs_tasks
from gridshare_portal.runs.targets import enumeration, selection, selectors, site_files
from gridshare_portal.sites import models as sites
from tests.retailer.runs.bulk import R, at, new_run, of_homes, worker

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """A worker that is killed does nothing afterwards; no `except Exception` sees it."""


@pytest.fixture
def small(monkeypatch):
    """Parts of thirty homes, so that a hundred homes are several."""
    monkeypatch.setattr(site_files, "TOGETHER", 30)
    monkeypatch.setattr(enumeration, "TOGETHER", 30)


@pytest.fixture
def kill(monkeypatch):
    """Kill the worker in its second part, with or without that part kept; return what ends its lease."""

    def at(module, name, *, before):
        real, calls = getattr(module, name), []

        def dying(*args, **how):
            calls.append(name)
            if len(calls) == 2 and before:
                raise Killed
            real(*args, **how)
            if len(calls) == 2:
                raise Killed

        monkeypatch.setattr(module, name, dying)
        with pytest.raises(Killed):
            worker()
        monkeypatch.setattr(module, name, real)

    return at


def shared(admin):
    holding = policy.holding(now=timezone.now()).filter(organization=admin.organization)
    return sites.Site.objects.filter(pk__in=list(holding.values_list("site_id", flat=True)))


def asked_by_file(admin):
    expected = list(shared(admin).order_by("-pk"))
    lines = [line for home in expected for line in (home.synth_id, "nobody", home.synth_id, "")]
    admin.post(at("run_new"), new_run(choose="file", file=of_homes("\n".join(lines))))
    return runs.Run.objects.get(), expected


def asked_by_filter(admin):
    admin.post(at("run_new"), new_run(every="on"))
    return runs.Run.objects.get(), list(shared(admin).order_by("pk"))


@pytest.mark.parametrize("ask", [asked_by_file, asked_by_filter])
class TestHomesOfARun:
    @pytest.mark.parametrize(("name", "before"), [("write", True), ("write", False), ("_update", False)])
    def test_are_found_to_the_end_by_another_worker_when_one_is_killed(
        self, hundred, admin, small, kill, ask, name, before
    ):
        run, expected = ask(admin)
        kill(enumeration, name, before=before)
        run.refresh_from_db()
        assert run.state == R.READING and run.homes == run.lines.count() < len(expected)

        run = worker("another")

        assert run.state == R.DRAFT and run.homes == len(expected) > 90
        assert [line.site for line in run.lines.select_related("site")] == expected
        assert [line.position for line in run.lines.all()] == list(range(1, run.homes + 1))
        if choice := runs.TargetSelection.objects.filter(way="file").first():
            assert choice.counts == dict.fromkeys([site_files.UNKNOWN, site_files.DOUBLE], run.homes)
            assert choice.read == 3 * run.homes == choice.lines and choice.blank == run.homes - 1
            assert runs.RejectedRow.objects.count() == choice.kept == 2 * run.homes

    def test_are_found_by_one_worker_at_a_time_until_its_lease_runs_out(self, hundred, admin, small, ask):
        run, expected = ask(admin)
        now = timezone.now()
        held = {"lease_owner": "one that was killed", "lease_until_at": now + enumeration.LEASE}
        runs.Run.objects.update(**held)

        assert worker().state == R.READING and not runs.Line.objects.exists()
        later = {
            "owner": "another",
            "clock": lambda: now + enumeration.LEASE + timedelta(seconds=1),
            "for_s": 30,
        }
        assert selection.find(run_pk=run.pk, **later) == R.DRAFT
        assert runs.Line.objects.count() == len(expected)

    def test_are_not_written_by_a_worker_that_was_taken_for_dead(
        self, hundred, admin, small, ask, monkeypatch
    ):
        run, expected = ask(admin)
        real = selection._parts

        def overtaken(*args):
            monkeypatch.setattr(selection, "_parts", real)
            runs.Run.objects.update(lease_until_at=timezone.now() - timedelta(seconds=1))
            assert worker("the other").state == R.DRAFT
            return real(*args)

        monkeypatch.setattr(selection, "_parts", overtaken)
        assert selection.find(run_pk=run.pk, owner="the slow one", clock=timezone.now, for_s=30) == ""

        assert [line.site for line in run.lines.select_related("site")] == expected

    def test_are_found_in_slices_of_time(self, hundred, admin, small, ask):
        run, expected = ask(admin)
        slices = 0
        while runs.Run.objects.get().state == R.READING:
            worker(for_s=-1)
            slices += 1

        assert slices > 3 and [line.site for line in run.lines.select_related("site")] == expected

    def test_are_not_found_for_somebody_who_left_meanwhile(self, hundred, admin, ask):
        run, _ = ask(admin)
        accounts.Membership.objects.filter(user=admin.user).delete()

        run = worker()
        assert (run.state, run.why, run.sentence) == (R.VOID, "no_admin", enumeration.NO_ADMIN)
        assert (
            not runs.Line.objects.exists() and not runs.TargetSelection.objects.exclude(packed=None).exists()
        )

    def test_are_only_those_that_are_shared_when_the_worker_looks(self, hundred, admin, ask):
        ask(admin)
        policy.holding(now=timezone.now()).update(ended_at=timezone.now())

        run = worker()
        sentences = {selectors.NO_HOME, site_files.NO_HOME}
        assert run.state == R.VOID and run.sentence in sentences and not runs.Line.objects.exists()


class TestTheSweep:
    def test_wakes_what_nobody_woke_until_it_is_checked(
        self, hundred, admin, django_capture_on_commit_callbacks
    ):
        run, expected = asked_by_file(admin)
        with django_capture_on_commit_callbacks(execute=True):
            runs_tasks.sweep_targets()

        run.refresh_from_db()
        assert (run.state, run.homes) == (R.CHECKED, len(expected))
