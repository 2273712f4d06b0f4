"""A request's id: on its answer, in its lines, in the tasks it wakes and in their calls to Lunar."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import signals
from celery.worker.request import Request
from django.http import HttpResponse

from gridshare_portal import asgi, celery, database_outage, wsgi
from gridshare_portal.celery import app, wake
from gridshare_portal.control import models as control
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.limits import visitors
from gridshare_portal.logs import request_ids
from gridshare_portal.lunar import tasks
from gridshare_portal.outbound import request_id
from gridshare_portal.runs.dispatch import pool

HEADER = request_id.HEADER
TASK, ID = tasks.finish_refreshes, celery.ID_HEADER
FROM_PROXY = "0123456789abcdef0123456789abcdef"
MODE = "getDeviceOperationMode"


def broken(*_arguments, **_options):
    raise ValueError("broken")


class TestAnAnswer:
    def test_says_the_id_of_its_lines(self, client, lines):
        page = client.get("/nothing-here/")

        said = lines.of(page.headers[HEADER])
        assert [line["says"] for line in said] == ["GET /nothing-here/"]
        assert said[0]["status"] == 404

    def test_has_an_id_of_its_own_each_time(self, client):
        assert client.get("/healthz").headers[HEADER] != client.get("/healthz").headers[HEADER]
        assert request_id.current() == ""

    def test_names_who_asked_by_number_alone(self, homeowner, lines):
        page = homeowner.get("/homes/")

        [line] = [line for line in lines.of(page.headers[HEADER]) if line["says"] == "GET /homes/"]
        assert line["user"] == homeowner.user.pk
        assert homeowner.user.email not in lines.getvalue()

    def test_of_a_file_is_no_line(self, client, lines):
        client.get("/static/css/tokens.css")

        assert lines.getvalue() == ""

    @pytest.mark.parametrize(
        "given", ["short", "x" * 65, "has space has space", "a/b/c/d/e/f/g/h/i/j", "ü" * 20, ""]
    )
    def test_believes_no_id_that_is_none(self, client, settings, given):
        settings.TRUSTED_PROXIES = visitors.trusted(["127.0.0.1"])

        assert client.get("/healthz", headers={HEADER: given}).headers[HEADER] != given

    def test_believes_the_proxy_and_nobody_else(self, client, settings):
        settings.TRUSTED_PROXIES = visitors.trusted(["127.0.0.1"])
        assert client.get("/healthz", headers={HEADER: FROM_PROXY}).headers[HEADER] == FROM_PROXY

        settings.TRUSTED_PROXIES = visitors.trusted(["10.0.0.1"])
        assert client.get("/healthz", headers={HEADER: FROM_PROXY}).headers[HEADER] != FROM_PROXY


class TestAnErrorPage:
    @pytest.fixture
    def visitor(self, client):
        client.raise_request_exception = False
        return client

    @pytest.mark.parametrize(("is_outage", "status"), [(False, 500), (True, 503)])
    def test_names_the_number_that_its_lines_bear(self, visitor, lines, monkeypatch, db, is_outage, status):
        monkeypatch.setattr("gridshare_portal.homeowner.entry.views.render", broken)
        monkeypatch.setattr(database_outage, "is_outage", lambda _error: is_outage)

        page = visitor.get("/")

        name = page.headers[HEADER]
        assert page.status_code == status
        assert f"name this number: <code>{name}</code>" in page.text
        assert any("ValueError" in line.get("trace", "") for line in lines.of(name))

    def test_about_an_unreadable_head_does_too(self):
        heard = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "SCRIPT_NAME": "/\xff",
            "SERVER_NAME": "localhost",
        }
        more = {"SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http"}
        [page] = wsgi.application(environ | more, lambda status, headers: heard.append(dict(headers)))

        assert f"<code>{heard[0][HEADER]}</code>" in page.decode()


def through_asgi(app, *, headers=(), body=b""):
    """Ask the ASGI application around `app`, and return what it sent."""

    async def run():
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        await asgi.WholeRequests(app)(
            {"type": "http", "headers": list(headers), "client": ("127.0.0.1", 1)}, receive, send
        )
        return sent

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, run()).result()


class TestTheServer:
    def test_gives_the_id_before_a_thread_has_the_request(self):
        seen = []

        async def app(_scope, _receive, _send):
            seen.append(
                (
                    request_id.current(),
                    await asyncio.to_thread(request_ids.for_request, "ignored" * 4, peer=""),
                )
            )

        through_asgi(app)

        [(on_the_loop, in_the_thread)] = seen
        assert on_the_loop and on_the_loop == in_the_thread

    @pytest.mark.parametrize(
        ("headers", "is_believed"),
        [([FROM_PROXY], True), ([FROM_PROXY, FROM_PROXY], False), ([], False), (["\xff" * 20], False)],
    )
    def test_believes_one_id_of_the_proxy(self, settings, headers, is_believed):
        settings.TRUSTED_PROXIES = visitors.trusted(["127.0.0.1"])
        seen = []

        async def app(_scope, _receive, _send):
            seen.append(request_id.current())

        through_asgi(app, headers=[(b"x-request-id", one.encode("latin-1")) for one in headers])

        assert (seen == [FROM_PROXY]) == is_believed

    def test_names_what_it_refuses_itself(self, monkeypatch, lines):
        monkeypatch.setattr(asgi, "LARGEST", 1)

        [start, _body] = through_asgi(None, body=b"xx")

        name = dict(start["headers"])[b"x-request-id"].decode()
        assert start["status"] == 413
        assert ["413" in line["says"] for line in lines.of(name)] == [True]


@pytest.fixture
def broker(settings):
    """Tasks go through Redis, as they do in production."""
    settings.CELERY_TASK_ALWAYS_EAGER = app.conf.task_always_eager = False
    with app.connection_for_read() as connection:
        queues = [app.amqp.queues[name].bind(connection.default_channel) for name in ("interactive", "sync")]
        for queue in queues:
            queue.declare()
            queue.purge()
        yield connection
        for queue in queues:
            queue.purge()
    app.conf.task_always_eager = True


def taken(broker, queue):
    """Take the next message of a queue from Redis, as a worker would."""
    waiting, until = app.amqp.queues[queue].bind(broker.default_channel), time.monotonic() + 10
    while not (message := waiting.get(no_ack=True)):
        assert time.monotonic() < until
        time.sleep(0.01)
    return Request(message, app=app, decoded=False)


@pytest.mark.django_db(transaction=True)
class TestATask:
    def test_woken_by_a_request_calls_lunar_under_its_id(self, homeowner, battery, broker, sandbox, lines):
        control.State.objects.update(tried_at=None)
        sandbox.faults.switch_on(MODE, "bad_gateway_html")
        sandbox.faults.forget_calls()

        page = homeowner.get(f"/homes/{homeowner.site.synth_id}/")
        taken(broker, "interactive").execute()

        name = page.headers[HEADER]
        calls = sandbox.faults.request_ids()
        assert len(calls) > 1 and {called for _operation, called in calls} == {name}
        said = [line["says"] for line in lines.of(name)]
        assert any(one.startswith(f"{MODE}: ServerError") for one in said)
        assert any("refresh_state" in one and "succeeded" in one for one in said)
        assert request_id.current() == ""

    def test_that_beat_wakes_begins_with_an_id_of_its_own(self, broker):
        for _ in range(2):
            app.send_task(TASK.name, queue="interactive")
        first, second = (taken(broker, "interactive").request_dict[ID] for _ in range(2))

        assert request_id.accepted(first) and request_id.accepted(second) and first != second

    def test_hands_its_id_on_to_the_tasks_it_wakes(self, broker):
        with request_id.during(FROM_PROXY):
            wake(TASK)

        assert taken(broker, "interactive").request_dict[ID] == FROM_PROXY

    def test_believes_no_id_that_is_none(self, broker):
        app.send_task(TASK.name, queue="interactive")
        task, seen = taken(broker, "interactive"), []
        task.request_dict[ID] = "no id\n"

        def note(**_options):
            seen.append(request_id.current())

        signals.task_success.connect(note)
        task.execute()
        signals.task_success.disconnect(note)

        assert request_id.accepted(seen[0])


class TestAThread:
    def test_of_parallel_calls_bears_the_id(self):
        with request_id.during(FROM_PROXY):
            assert set(parallel.gather([request_id.current] * 5)) == {FROM_PROXY}

    def test_of_a_bulk_run_bears_the_id(self):
        seen = []
        with request_id.during(FROM_PROXY), pool.WorkerPool(2) as workers:
            workers.give(lambda: seen.append((request_id.current(), threading.current_thread().name)))

        assert seen[0][0] == FROM_PROXY and seen[0][1] != threading.current_thread().name

    def test_does_not_keep_it(self):
        with ThreadPoolExecutor(1) as aside:
            with request_id.during(FROM_PROXY):
                aside.submit(request_id.carried(lambda: HttpResponse)).result()
            assert aside.submit(request_id.current).result() == ""
