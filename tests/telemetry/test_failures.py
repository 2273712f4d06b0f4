"""Collecting goes on after any failure, and loses nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gridshare_portal.lunar import models as lunar
from gridshare_portal.outbound import circuit_breaker
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect, days, queries
from gridshare_portal.telemetry.models import Day
from tests.telemetry.collected import collected, collection, set_back

pytestmark = pytest.mark.usefixtures("whole_history")
ASKED = "getDeviceTelemetry"


class Killed(BaseException):
    """As kill -9 does: nothing after it runs, not even what is said in an except clause."""


class TestWhenItFails:
    def test_goes_on_where_it_stopped(self, month, sandbox):
        collected(month, seconds=0)
        sandbox.faults.switch_on(ASKED, "server_error")
        assert not collected(month)
        row = collection(month)
        assert (row.failures, row.last_error) in [(1, "server_error"), (1, "unavailable")]
        assert timezone.now() < row.due_at < timezone.now() + timedelta(minutes=1)

        sandbox.faults.clear()
        circuit_breaker.forget()
        stored = set(Day.objects.values_list("sensor", "day"))
        asked = sandbox.calls(ASKED)
        collected(month)

        assert queries.progress(month.site).done
        assert sandbox.calls(ASKED) - asked == 3 * 4
        assert stored < set(Day.objects.values_list("sensor", "day"))
        assert collection(month).failures == 0

    def test_keeps_what_the_other_sensors_said(self, month, sandbox):
        collected(month, seconds=0)
        sandbox.faults.switch_on(ASKED, "html_page", times=1)
        collected(month)
        assert collection(month).last_error == "not_json"
        week = Day.objects.filter(day__lt=(timezone.now() - timedelta(days=5)).date())

        assert week.values("sensor").distinct().count() == 2

        collected(month)
        assert week.values("sensor").distinct().count() == 3
        assert queries.progress(month.site).done

    def test_is_tried_less_and_less_often(self, month, sandbox):
        sandbox.faults.switch_on(ASKED, "server_error")
        pauses = []
        for failures in (0, 2, 4, 20):
            circuit_breaker.forget()
            set_back(month, failures=failures, due_at=timezone.now())
            collected(month)
            pauses.append(collection(month).due_at - timezone.now())

        assert pauses == sorted(pauses)
        assert pauses[0] < timedelta(seconds=40)
        assert timedelta(hours=1.5) < pauses[-1] <= timedelta(hours=2.5)

    def test_waits_for_the_homeowner_when_the_connection_has_ended(self, month):
        lunar.Connection.objects.update(status="reconnect")
        collected(month)
        row = collection(month)
        assert (row.due_at, row.last_error, row.lease_owner) == (None, "ended", "")
        assert collect.claim(now=timezone.now() + timedelta(days=9)) == []

        lunar.Connection.objects.update(status="active")
        assert collect.begin(site=month.site, now=timezone.now())
        collected(month)
        assert queries.progress(month.site).done

    def test_names_the_permission_that_is_missing(self, month):
        lunar.Connection.objects.update(scopes="lunar/plan.read")
        collected(month)

        assert collection(month).last_error == "missing_scope"

    def test_is_not_stopped_by_one_sensor_that_is_refused(self, month, sandbox):
        site = month.site
        site.sensors.create(synth_id="0f8fad5b-d9cb-469f-a165-70867728950e__bb_agg", position=9)
        collected(month)

        row = collection(month)
        assert queries.progress(site).done
        assert (row.failures, row.last_error) == (0, "forbidden")
        assert not site.sensors.get(position=9).days.exists()  # a refusal says nothing about readings
        assert row.refused == {str(site.sensors.get(position=9).pk): "forbidden"}

    def test_is_not_put_off_by_days_of_a_refused_sensor_that_are_due_again(self, month, sandbox):
        collected(month)
        refused = month.site.sensors.last()
        sites.Sensor.objects.filter(pk=refused.pk).update(
            synth_id="0f8fad5b-d9cb-469f-a165-70867728950e__bb_agg"
        )
        refused.days.update(ask_again_at=timezone.now())
        collected(month, now=timezone.now() + timedelta(minutes=5))

        row = collection(month)
        assert (row.failures, row.last_error, list(row.refused)) == (0, "forbidden", [str(refused.pk)])
        assert refused.days.filter(ask_again_at__lte=timezone.now()).count() == refused.days.count()

    def test_walks_back_for_a_sensor_that_was_refused_as_soon_as_it_answers(self, month, sandbox):
        late = month.site.sensors.last()
        known = late.synth_id
        sites.Sensor.objects.filter(pk=late.pk).update(
            synth_id="0f8fad5b-d9cb-469f-a165-70867728950e__bb_agg"
        )
        collected(month)
        assert not late.days.exists()

        sites.Sensor.objects.filter(pk=late.pk).update(synth_id=known)
        collected(month, now=timezone.now() + timedelta(minutes=5))

        assert late.days.filter(known_count=96).count() >= 28
        assert collection(month).refused is None

    def test_leaves_out_a_week_that_fails_again_and_again(self, month, sandbox):
        collected(month, seconds=0)
        set_back(month, failures=collect.TRIES)
        sandbox.faults.switch_on(ASKED, "html_page", times=1)
        collected(month)

        assert queries.progress(month.site).done
        days_of_each = [sensor.days.count() for sensor in month.site.sensors.all()]
        assert sorted(days_of_each) == [max(days_of_each) - 7] + [max(days_of_each)] * 2

        collected(month, now=timezone.now() + timedelta(days=1))
        assert len({sensor.days.count() for sensor in month.site.sensors.all()}) == 1

    def test_loses_nothing_when_its_worker_is_killed(self, month, sandbox, monkeypatch):
        store, written = days.store, []

        def dies_at_the_third(merged):
            if len(written) == 2:
                raise Killed
            written.append(merged)
            store(merged)

        monkeypatch.setattr(days, "store", dies_at_the_third)
        with pytest.raises(Killed):
            collected(month)
        monkeypatch.undo()
        now = timezone.now()
        row = collection(month)
        assert row.lease_owner == "me"
        assert not collected(month, now=now + timedelta(seconds=15), owner="another")
        stored = {
            (day.sensor_id, day.day): bytes(day.packed) for day in Day.objects.filter(closed_at__isnull=False)
        }
        asked = sandbox.calls(ASKED)
        collected(month, now=now + timedelta(seconds=45), owner="another")

        assert queries.progress(month.site).done
        assert sandbox.calls(ASKED) - asked == 3 * 3  # the weeks that were not yet stored
        kept = {(day.sensor_id, day.day): bytes(day.packed) for day in Day.objects.all()}
        assert {key: kept[key] for key in stored} == stored

    def test_keeps_no_writer_waiting_while_it_merges(self, month, monkeypatch):
        inside, merge = [], days.merge

        def noting(answers, **given):
            inside.append(len(connection.savepoint_ids))
            return merge(answers, **given)

        monkeypatch.setattr(days, "merge", noting)
        outside = len(connection.savepoint_ids)
        collected(month)

        assert inside and set(inside) == {outside}

    def test_writes_nothing_when_another_has_taken_over(self, month, monkeypatch):
        fetch = collect.fetching.fetch

        def is_slow(*given):
            set_back(month, lease_owner="another", lease_until_at=timezone.now() + timedelta(minutes=1))
            return fetch(*given)

        monkeypatch.setattr(collect.fetching, "fetch", is_slow)

        assert not collected(month)
        assert not Day.objects.exists()
        assert collection(month).lease_owner == "another"
