"""Errors as a service like Sentry receives them."""

import contextlib
import gzip
import http.server
import json
import logging
import threading

import brotli
import pytest
import sentry_sdk

from gridshare_portal.logs import reporting
from gridshare_portal.outbound import request_id

PLANTED = {  # each where it would be, were it sent
    "path": "Qx7pathpathpathpathpathpathpathpathpathpath",
    "query": "quiet-query-word",
    "header": "hidden-header-word",
    "cookie": "covered-cookie-word",
    "body": "buried-body-word",
    "local": "lost-local-word",
    "message": "gAAAAmessagemessagemessagemessage",
}


class Service(http.server.BaseHTTPRequestHandler):
    """Keeps each envelope that it is sent, head and all."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}[self.headers["Content-Encoding"]]
        self.server.envelopes.append((dict(self.headers), unpack(body).decode()))
        self.send_response(307 if self.server.elsewhere else 200)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def listening():
    """A service on this machine, and the address by which the portal reports to it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.envelopes, server.elsewhere = [], ""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server, f"http://public@127.0.0.1:{server.server_port}/7"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def service(settings):
    with listening() as (server, settings.SENTRY_DSN):
        reporting.start()
        yield server
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def events(service):
    """Return the events that were sent so far."""
    sentry_sdk.flush(5)
    return [json.loads(body.splitlines()[2]) for _head, body in service.envelopes]


class TestAnError:
    @pytest.fixture
    def answer(self, client, service, monkeypatch, db):
        def broken(*_arguments, **_options):
            remembered = PLANTED["local"]
            raise ValueError(f"cannot open {PLANTED['message']}" + remembered[:0])

        monkeypatch.setattr("gridshare_portal.accounts.views.invitation.render", broken)
        client.raise_request_exception = False
        client.cookies["session"] = PLANTED["cookie"]
        return client.post(
            f"/invitations/{PLANTED['path']}/?code={PLANTED['query']}",
            {"name": PLANTED["body"]},
            headers={"Authorization": f"Bearer {PLANTED['header']}", "X-Own": PLANTED["header"]},
        )

    def test_is_reported_with_its_place_and_its_request_s_id_and_nothing_secret(self, answer, service):
        [event] = events(service)
        [(_head, sent)] = service.envelopes

        assert answer.status_code == 500
        assert event["tags"]["request_id"] == answer.headers[request_id.HEADER]
        assert event["exception"]["values"][-1]["type"] == "ValueError"
        frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
        assert frame["function"] == "broken" and "vars" not in frame
        assert event["release"] == reporting.settings.VERSION
        assert [word for word in PLANTED.values() if word in sent] == []
        assert not {"request", "user", "extra", "breadcrumbs", "contexts", "modules"} & event.keys()

    def test_of_the_log_is_reported_too(self, service):
        with request_id.during("0123456789abcdef"):
            logging.getLogger("gridshare_portal.x").error("no key opens %s", PLANTED["message"])

        [event] = events(service)
        assert event["logentry"] == {"formatted": "no key opens [redacted]"}
        assert (event["level"], event["tags"]["request_id"]) == ("error", "0123456789abcdef")

    def test_is_reported_alone_and_warnings_are_not(self, service):
        logging.getLogger("gridshare_portal.x").warning("only a warning")

        assert events(service) == []


class TestReporting:
    def test_goes_to_no_other_host_and_only_once(self, service):
        with listening() as (other, address):
            service.elsewhere = f"{address.replace('public@', '')}/api/7/envelope/"
            logging.getLogger("gridshare_portal.x").error("broken")
            sentry_sdk.flush(5)

        assert (len(service.envelopes), other.envelopes) == (1, [])

    def test_is_off_without_an_address(self, settings):
        settings.SENTRY_DSN = ""
        reporting.start()

        assert not sentry_sdk.get_client().is_active()

    def test_keeps_nobody_waiting_where_the_service_is_away(self, settings, client, monkeypatch):
        settings.SENTRY_DSN = "http://public@127.0.0.1:9/7"
        reporting.start()
        try:
            logging.getLogger("gridshare_portal.x").error("broken")
            assert client.get("/healthz").status_code == 200
        finally:
            sentry_sdk.get_client().close(timeout=0)
            sentry_sdk.get_global_scope().set_client(None)
