"""Collecting a home's readings: the first load, and what is asked again."""

from datetime import timedelta

import pytest
from django.db.models import Max, Min
from django.utils import timezone

from gridshare_portal import celery as portal_celery
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect, latest, missing, queries, tasks
from gridshare_portal.telemetry.models import Day, Latest
from tests.telemetry.collected import collected, collection, set_back

pytestmark = pytest.mark.usefixtures("whole_history")
ASKED = "getDeviceTelemetry"


class TestTheFirstLoad:
    def test_begins_as_soon_as_the_sensors_are_known(self, homeowner):
        row = collection(homeowner)

        assert row.due_at <= timezone.now()
        assert (timezone.now().date() - row.goal).days == 400

    def test_goes_back_no_further_than_these_people_live_there(self, homeowner, sandbox):
        begun = sandbox.clock.now() - timedelta(days=5)
        site = homeowner.site
        sites.Site.objects.filter(pk=site.pk).update(begun_at=begun)
        site.collection.delete()
        collect.begin(site=homeowner.site, now=timezone.now())
        collected(homeowner)

        assert collection(homeowner).goal == begun.date()
        assert Day.objects.aggregate(first=Min("day"))["first"] == begun.date()

    def test_reads_the_last_48_hours_before_anything_else(self, month, sandbox):
        more = collected(month, seconds=0)

        assert more
        assert sandbox.calls(ASKED) == 3
        assert Latest.objects.count() == 3
        progress = queries.progress(month.site)
        assert progress.first_48h_done and not progress.done
        now = latest.now_of(month.site, now=timezone.now())
        assert now.home_w is not None and now.freshness == "fresh"

    def test_walks_back_to_its_goal_in_weeks(self, month, sandbox):
        assert not collected(month)

        assert queries.progress(month.site).done
        row = collection(month)
        span = Day.objects.aggregate(first=Min("day"), last=Max("day"))
        last_to_begin = row.last_ok_at - timedelta(minutes=15)  # of the buckets that had ended
        assert (span["first"], span["last"]) == (row.goal, last_to_begin.date())
        assert sandbox.calls(ASKED) == 3 * (1 + 4)
        assert row.due_at > timezone.now() + timedelta(minutes=10)
        assert (row.failures, row.last_error, row.lease_owner) == (0, "", "")

    def test_ends_where_a_month_brings_nothing(self, homeowner):
        today = timezone.now().date()
        collected(homeowner, seconds=0)
        set_back(homeowner, goal=today - timedelta(days=600), cursor=today - timedelta(days=385))
        collected(homeowner)

        oldest = Day.objects.filter(known_count__gt=0).aggregate(day=Min("day"))["day"]
        assert collection(homeowner).goal == oldest
        assert Day.objects.aggregate(day=Min("day"))["day"] > today - timedelta(days=460)

    def test_does_not_take_a_home_of_which_everything_is_refused_for_an_empty_one(self, homeowner, sandbox):
        homeowner.site.sensors.exclude(role_found="grid").delete()
        sites.Sensor.objects.update(synth_id="nobody")  # the sandbox knows no such sensor
        collected(homeowner)

        assert collection(homeowner).failures == 1
        assert not Day.objects.exists()


class TestAskingAgain:
    def test_leaves_alone_what_is_not_due_again(self, month, sandbox):
        collected(month)
        before, calls = dict(Day.objects.values_list("pk", "packed")), sandbox.calls(ASKED)
        now = timezone.now()
        later = now + timedelta(minutes=6)
        collected(month, now=later)

        again = Day.objects.filter(
            ask_again_at__range=(now, later)
        ).count()  # a turn may come in these minutes
        assert calls + 3 <= sandbox.calls(ASKED) <= calls + 3 + again
        assert all(before[row.pk] == row.packed for row in Day.objects.filter(day__lt=missing.day_of(now)))

    def test_asks_for_each_day_again_when_it_is_due(self, month, sandbox):
        collected(month)
        day = sandbox.clock.now().date()
        asked = 0
        for _ in range(35):
            sandbox.clock.advance(timedelta(days=1))
            before = dict(Day.objects.filter(day=day).values_list("sensor", "ask_again_at"))
            collected(month, now=sandbox.clock.now())
            after = dict(Day.objects.filter(day=day).values_list("sensor", "ask_again_at"))
            asked += before != after

        assert set(after.values()) == {None}
        assert set(Day.objects.filter(day=day).values_list("known_count", flat=True)) == {96}
        assert asked >= 3  # the first two of its turns may meet in one look

    def test_fetches_late_buckets_until_the_day_is_complete(self, month, sandbox):
        collected(month, seconds=0)
        start = sandbox.clock.now()
        for _ in range(9):
            sandbox.clock.advance(timedelta(hours=3))
            collected(month, now=sandbox.clock.now(), seconds=0)

        day = start.date()
        assert [row.known_count for row in Day.objects.filter(day=day)] == [96] * 3

    def test_fills_the_hole_that_a_long_silence_left(self, month, sandbox):
        collected(month)
        sandbox.clock.advance(timedelta(days=12))
        collected(month, now=sandbox.clock.now())

        last = sandbox.clock.now().date() - timedelta(days=3)
        for sensor in month.site.sensors.all():
            stored = sensor.days.filter(day__range=(collection(month).goal, last), known_count__gt=80)
            assert stored.count() == (last - collection(month).goal).days + 1

    def test_walks_once_more_for_a_sensor_that_was_added(self, month, sandbox):
        late = month.site.sensors.last()
        kept = {"synth_id": late.synth_id, "role_found": late.role_found, "kind": late.kind}
        late.delete()
        collected(month)
        calls = sandbox.calls(ASKED)
        site = month.site
        site.sensors.create(**kept)

        assert collect.begin(site=site, now=timezone.now())
        collected(month)

        assert sandbox.calls(ASKED) == calls + 3 + 4  # everybody's newest stretch, and four weeks of one
        assert site.sensors.get(synth_id=late.synth_id).days.filter(known_count__gt=0).count() > 28

    def test_is_not_done_by_two_at_once(self, month):
        set_back(month, lease_owner="another", lease_until_at=timezone.now() + timedelta(seconds=30))

        assert not collected(month)
        assert not Day.objects.exists()

    def test_is_not_done_before_it_is_due(self, month, sandbox):
        set_back(month, due_at=timezone.now() + timedelta(minutes=5))

        assert not collect.run(collection_pk=collection(month).pk, now=timezone.now(), owner="me")
        assert sandbox.calls(ASKED) == 0


class TestTheQueue:
    def test_hands_out_what_is_due_once(self, month):
        now = timezone.now()
        row = collection(month)

        assert collect.claim(now=now) == [row.pk]
        assert collect.claim(now=now) == []
        assert collect.claim(now=now + timedelta(seconds=61)) == [row.pk]

    def test_reads_a_home_more_often_while_somebody_looks(self, month):
        collect.watch(site=month.site, now=timezone.now())
        collected(month)

        assert collection(month).due_at < timezone.now() + timedelta(minutes=5)

    def test_heals_what_a_clock_that_was_a_day_ahead_did(self, month, sandbox, caplog):
        ahead = timezone.now() + timedelta(days=1)
        collected(month, now=ahead, seconds=0)
        row = collection(month)
        assert row.due_at > timezone.now() + timedelta(hours=23)
        set_back(month, lease_owner="ahead", lease_until_at=ahead + timedelta(seconds=30))

        tasks.sweep()
        now = timezone.now()
        row = collection(month)
        assert row.lease_owner == "" and row.due_at <= now + timedelta(minutes=1)
        assert collect.run(collection_pk=row.pk, now=now, owner="me", seconds=0)
        assert collection(month).last_ok_at < now + timedelta(minutes=1)
        assert "1 homes were due or held far in the future" in caplog.text

    def test_is_hurried_by_a_look_when_it_was_last_read_in_the_future(self, month):
        collected(month)
        now = timezone.now()
        set_back(month, last_ok_at=now + timedelta(days=1), due_at=now + timedelta(minutes=10))

        assert collect.watch(site=month.site, now=now)

    def test_is_hurried_by_a_look_at_old_readings(self, month):
        collected(month)
        now = timezone.now()
        assert not collect.watch(site=month.site, now=now)
        assert collect.watch(site=month.site, now=now + timedelta(minutes=6))
        assert collection(month).due_at == now + timedelta(minutes=6)

    def test_notes_a_look_once_a_minute(self, month, django_assert_num_queries):
        now, site, row = timezone.now(), month.site, collection(month)
        for seconds, asked in ((0, 1), (59, 0), (61, 1)):
            with django_assert_num_queries(asked):
                collect.watch(site=site, now=now + timedelta(seconds=seconds), row=row)
            row = collection(month)

        assert row.watched_at == now + timedelta(seconds=61)

    def test_is_not_hurried_past_a_failure(self, month):
        later = timezone.now() + timedelta(hours=1)
        set_back(month, last_ok_at=timezone.now() - timedelta(hours=2), failures=3, due_at=later)

        assert not collect.watch(site=month.site, now=timezone.now())
        assert collection(month).due_at == later

    def test_says_nothing_about_a_home_that_is_not_collected(self, home):
        assert not collect.watch(site=home.site, now=timezone.now())

    def test_is_swept_by_a_task(self, month, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.sweep()

        assert queries.progress(month.site).done

    def test_goes_on_by_itself_when_the_time_was_not_enough(self, month, monkeypatch):
        woken = []
        monkeypatch.setattr(tasks, "wake", lambda task, *given: woken.append((task.name, given)))
        monkeypatch.setattr(tasks, "SECONDS", 0.0)
        tasks.collect_site(collection(month).pk)

        assert woken == [("gridshare_portal.telemetry.tasks.collect_site", (collection(month).pk,))]

    def test_leaves_no_message_behind_for_homes_that_are_due_again(self, monkeypatch):
        sent = []
        monkeypatch.setitem(portal_celery.app.conf, "task_always_eager", False)
        monkeypatch.setattr(portal_celery.app, "send_task", lambda *_given, **how: sent.append(how))
        tasks.collect_sites.apply_async(([1, 2],))

        assert [how["expires"] for how in sent] == [collect.CLAIMED.total_seconds()]

    def test_begins_once_and_is_not_disturbed_by_later_syncs(self, month):
        collected(month)
        due_at = collection(month).due_at

        assert not collect.begin(site=month.site, now=timezone.now())
        assert collection(month).due_at == due_at
