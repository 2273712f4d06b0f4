"""Staff look at an answer of Lunar's as it came: asked by a page, fetched by a worker, and by nobody who may not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import visits
from gridshare_portal.audit import queries as record
from gridshare_portal.cases import tasks
from gridshare_portal.sites import raw_responses
from gridshare_portal.sites.models import RawResponse
from tests import people
from tests.installer.diagnosis.answers import address, ask, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_worker_yet")]


class TestAnAnswer:
    @pytest.mark.parametrize("operation", list(raw_responses.OPERATIONS))
    def test_of_every_operation_that_reads_is_shown_as_it_came(
        self, opened_home, installer, sandbox, operation
    ):
        about = raw_responses.OPERATIONS[operation].about
        subject = {"sensor": opened_home.sensors.first().synth_id}.get(
            about, opened_home.devices.first().synth_id
        )
        page = ask(installer, opened_home, operation, subject)
        assert "Lunar is being asked" in page.text

        work()
        page = installer.get(page.request["PATH_INFO"])
        assert "Status 200" in page.text
        assert sandbox.calls(operation) >= 1
        assert opened_home.calls.get(operation=operation).status == 200

    def test_of_readings_is_of_one_local_day(self, opened_home, installer):
        today = timezone.now().astimezone(opened_home.zone).date()
        ask(
            installer,
            opened_home,
            "getDeviceTelemetry",
            opened_home.sensors.first().synth_id,
            str(today - timedelta(days=2)),
        )

        row = RawResponse.objects.get()
        assert row.start.astimezone(opened_home.zone).date() == today - timedelta(days=2)
        assert (row.end - row.start) in {timedelta(hours=hours) for hours in (23, 24, 25)}

    def test_renews_itself_until_it_is_there(self, opened_home, installer):
        path = ask(installer, opened_home).request["PATH_INFO"]
        part = installer.get(path, headers={"HX-Request": "true"})
        assert 'hx-trigger="load' in part.text and "<html" not in part.text

        work()
        assert "hx-trigger" not in installer.get(path, headers={"HX-Request": "true"}).text

    def test_leaves_a_line_for_the_homeowner(self, opened_home, installer):
        ask(installer, opened_home)

        event = record.events_of_site(opened_home.synth_id).get(name="answer_asked")
        assert event.organization_id == installer.organization.pk
        assert event.details == {"operation": "getDevice", "subject": opened_home.devices.first().synth_id}

    def test_never_holds_the_token(self, opened_home, homeowner, installer):
        token = homeowner.connection.access_token()
        path = ask(installer, opened_home).request["PATH_INFO"]
        work()

        assert token not in installer.get(path).text
        assert not any(token in str(value) for value in RawResponse.objects.values_list().get())

    @pytest.mark.parametrize(
        ("fault", "shown"),
        [
            ("bad_gateway_html", "&lt;h1&gt;502 Bad Gateway"),
            ("html_page", "Welcome to our network"),
            ("server_error", "Status 500"),
            ("forbidden_without_code", "Status 403"),
            ("refuse_connection", "No answer came that could be shown: ConnectionLost"),
            ("truncated", "Status 200"),
        ],
    )
    def test_that_says_no_is_shown_too(self, opened_home, installer, sandbox, fault, shown):
        sandbox.faults.switch_on("getDevice", fault)
        path = ask(installer, opened_home).request["PATH_INFO"]
        work()

        page = installer.get(path)
        assert page.status_code == 200 and shown in page.text

    def test_of_ten_megabytes_is_cut_or_not_read(self, opened_home, installer, sandbox):
        sandbox.faults.switch_on("getDevice", "wrong_types", replace={"x": "y" * 10_000_000})
        path = ask(installer, opened_home).request["PATH_INFO"]
        work()
        assert "larger than 10 MB" in installer.get(path).text

        RawResponse.objects.all().delete()
        sandbox.faults.clear()
        sandbox.faults.switch_on("getDevice", "wrong_types", replace={"x": "y" * 9_000_000})
        path = ask(installer, opened_home).request["PATH_INFO"]
        work()
        page = installer.get(path)
        assert "cut here" in page.text and len(page.text) < 400_000

    def test_is_forgotten_after_an_hour(self, opened_home, installer):
        path = ask(installer, opened_home).request["PATH_INFO"]
        work()
        RawResponse.objects.update(asked_at=timezone.now() - timedelta(minutes=61))
        assert installer.get(path).status_code == 404

        tasks.sweep_answers()
        assert not RawResponse.objects.exists()

    def test_that_nobody_took_up_is_taken_up_by_the_sweep(self, opened_home, installer, monkeypatch):
        ask(installer, opened_home)
        monkeypatch.setattr(tasks, "wake", lambda task, *args: task(*args))
        tasks.sweep_answers()

        assert RawResponse.objects.get().status == 200

    def test_is_fetched_once_however_often_a_worker_is_woken(self, opened_home, installer, sandbox):
        ask(installer, opened_home)
        before = sandbox.calls("getDevice")
        pk = RawResponse.objects.get().pk
        tasks.fetch_answer(pk)
        tasks.fetch_answer(pk)

        assert sandbox.calls("getDevice") == before + 1


class TestAQuestion:
    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"operation": ""},
            {"operation": "setDeviceOperationMode", "subject": "x"},
            {"operation": "patchDevice"},
            {"operation": "getDevice"},
            {"operation": "getDevice", "subject": "../../secret"},
            {"operation": "getDevice", "subject": "device\x00"},
            {"operation": "getDeviceTelemetry", "subject": ""},
            {"operation": "getDeviceTelemetry", "subject": "SENSOR", "day": "yesterday"},
            {"operation": "getDeviceTelemetry", "subject": "SENSOR", "day": "2999-01-01"},
            {"operation": "getDeviceTelemetry", "subject": "SENSOR", "day": "0001-01-01"},
            {"operation": "getDeviceTelemetry", "subject": "SENSOR", "day": "9999-99-99"},
            {"operation": "getDeviceTelemetry", "subject": "SENSOR", "day": "1" * 5000},
        ],
    )
    def test_that_makes_no_sense_is_answered_with_a_sentence(self, opened_home, installer, sandbox, sent):
        if sent.get("subject") == "SENSOR":
            sent = sent | {"subject": opened_home.sensors.first().synth_id}
        page = installer.post(address(installer, opened_home), sent)

        assert page.status_code == 422 and "errorlist" in page.text
        assert not RawResponse.objects.exists()

    def test_about_a_neighbor_s_device_is_refused(self, opened_home, neighbor, installer):
        page = ask(installer, opened_home, "getDevice", neighbor.site.devices.first().synth_id)

        assert page.status_code == 422 and "no such device or sensor" in page.text
        assert not RawResponse.objects.exists()

    def test_waits_for_the_one_before(self, opened_home, installer):
        ask(installer, opened_home)
        page = ask(installer, opened_home)

        assert page.status_code == 422 and "still on its way" in page.text
        assert RawResponse.objects.count() == 1

    def test_needs_a_visit(self, homeowner, installer):
        page = installer.post(address(installer, homeowner.site), {"operation": "listSites"})

        assert page.status_code == 403 and not RawResponse.objects.exists()

    def test_of_a_colleague_is_not_shown(self, opened_home, installer, viewer):
        path = ask(installer, opened_home).request["PATH_INFO"]
        visits.open(
            user=viewer.user, site=opened_home, organization=viewer.organization, reason="asked", words="",
            now=timezone.now(),
        )  # fmt: skip

        assert viewer.get(path).status_code == 404

    def test_of_one_home_is_not_shown_at_another(self, opened_home, neighbor, installer):
        people.share(neighbor.site, installer.organization, neighbor.user)
        visits.open(
            user=installer.user, site=neighbor.site, organization=installer.organization, reason="asked",
            words="", now=timezone.now(),
        )  # fmt: skip
        ask(installer, opened_home)

        there = address(installer, neighbor.site, "answer_shown", RawResponse.objects.get().pk)
        assert installer.get(there).status_code == 404
        assert installer.get(address(installer, opened_home, "answer_shown", 10**18)).status_code == 404
