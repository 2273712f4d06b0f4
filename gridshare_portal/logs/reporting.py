"""Sends errors to a service that speaks Sentry's protocol, where SENTRY_DSN names one.

What is reported is what the log says at ERROR or above, with the places in the code and nothing else: of an
event only what is named here is sent on, and its texts are redacted as those of the log are. Requests,
people, variables and the environment are not in it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sentry_sdk
import urllib3
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import HttpTransport

from gridshare_portal.logs import redaction
from gridshare_portal.outbound import request_id

if TYPE_CHECKING:
    from sentry_sdk.consts import EndpointType
    from sentry_sdk.types import Event, Hint

DEADLINE_S = 5
WAITING_AT_MOST = 100  # events; more than these are dropped
ENDING_S = 2.0  # for which a program that ends waits for its last events
LONGEST = 2_000
SENT = {
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "release",
    "environment",
    "sdk",
    "server_name",
}
SENT_OF_A_PLACE = {"filename", "function", "module", "lineno", "in_app"}


class Transport(HttpTransport):
    """Sends once, to one host, and from a thread of its own, so that no page waits for it."""

    TIMEOUT = DEADLINE_S

    def _request(
        self, method: str, endpoint_type: EndpointType, body: Any, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        address = self._auth.get_api_url(endpoint_type)
        return self._pool.request(method, address, body=body, headers=headers, retries=False)


def start() -> None:
    """Begin to report; nothing happens where the setting is empty."""
    if not settings.SENTRY_DSN:
        return
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VERSION,
        environment="production",
        transport=Transport,
        http_proxy="",  # nothing from the environment has a say in where it is sent
        https_proxy="",
        transport_queue_size=WAITING_AT_MOST,
        shutdown_timeout=ENDING_S,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda _waiting, _timeout_s: None),
        ],
        before_send=scrubbed,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )


def scrubbed(event: Event, _hint: Hint) -> Event:
    """Return what may be sent of an event."""
    found: Mapping[str, Any] = event
    kept = {name: found[name] for name in SENT & found.keys()}
    said = found.get("logentry") or {}
    kept["logentry"] = {"formatted": _short(said.get("formatted") or found.get("message") or "")}
    if values := (found.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_error(value) for value in values]}
    kept["tags"] = {"request_id": request_id.current() or "none", "program": sys.argv[0].rpartition("/")[2]}
    return kept  # type: ignore[return-value]  # an event is a dictionary of which all names are optional


def _error(value: Mapping[str, Any]) -> dict[str, object]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    places = [{name: frame[name] for name in SENT_OF_A_PLACE & frame.keys()} for frame in frames]
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": _short(value.get("value") or ""),
        "stacktrace": {"frames": places},
    }


def _short(text: str) -> str:
    return redaction.redact(text)[:LONGEST]
