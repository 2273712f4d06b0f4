"""Faults to inject, by kind and per operation, for a number of calls.

It also counts how often each operation was called, whatever became of the call.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from gridshare_portal.sandbox.api.misreadings import rules

READS = ("listSites", "getSiteTopology", "listDevices", "getDevice", "getDeviceTelemetry",
         "getDeviceOperationMode", "getDeviceOverlayPlan")  # fmt: skip
WRITES = ("patchDevice", "setDeviceOperationMode", "setDeviceOverlayPlan")
SIGN_IN = ("oauthAuthorize", "oauthToken", "oauthRevoke", "oauthUserInfo", "jwks", "logout")
OPERATIONS = (*READS, *WRITES, *SIGN_IN)

_API = (*READS, *WRITES)
FITTING: dict[str, tuple[str, ...]] = {  # each fault, with the operations that can fail so
    **dict.fromkeys(
        ("latency", "lost_reply", "refuse_connection", "too_many", "server_error", "unavailable",
         "bad_gateway_html", "html_page", "truncated", "wrong_types", "drip", "redirect"), OPERATIONS),
    **dict.fromkeys(("token_expired", "forbidden_without_code", "wrong_route"), _API),
    "token_revoked": (*_API, "oauthToken"),
    **dict.fromkeys(("stale_read", "late_read"),
                    ("getDevice", "getDeviceOperationMode", "getDeviceOverlayPlan")),
    **dict.fromkeys(("no_plan_word", "retold_plan"), ("getDeviceOverlayPlan",)),
    "silence": ("getDeviceTelemetry",),
    **dict.fromkeys(rules.RULES, ("getDeviceTelemetry",)),
    **dict.fromkeys(("invalid_grant", "token_rotated"), ("oauthToken",)),
    "invalid_client": ("oauthToken", "oauthRevoke"),
}  # fmt: skip


class Options(TypedDict, total=False):
    """Parameters of a fault; `every` lets it happen on every so many-th call only."""

    asked_from: str
    asked_until: str
    catch_up: bool
    counter: str
    counters: bool
    every: int
    fitting_length: bool
    grace_s: float
    handed_in_at: str
    how: str
    late_s: float
    minutes: float
    modulus: float
    ms: float
    parameter: str
    pause_ms: float
    replace: object
    retry_after: float | str | None
    sensor: str
    since: str
    site: str
    size: int
    status: int
    step: str
    to: str
    until: str
    value: float
    wh: float


@dataclass
class Fault:
    """One fault; `times` counts down, None never ends; `served` are the buckets that it let pass."""

    operation: str
    kind: str
    times: int | None = None
    options: Options = field(default_factory=Options)
    served: set[tuple[str, float, float]] = field(default_factory=set, repr=False)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The faults that hit one call: those of calls by their kind, those of readings one by one."""

    calls: dict[str, Options]
    readings: list[Fault]


class Faults:
    """The faults that are switched on. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: list[Fault] = []
        self._calls: Counter[str] = Counter()
        self._request_ids: deque[tuple[str, str]] = deque(maxlen=1000)

    def switch_on(
        self, operation: str, kind: str, *, times: int | None = None, **options: Unpack[Options]
    ) -> None:
        """Inject a fault into an operation, or into all that can fail so ("*"); else raise ValueError."""
        if kind not in FITTING or operation not in ("*", *FITTING[kind]):
            raise ValueError(f"{kind} cannot be switched on for {operation}")
        if kind in rules.RULES:
            rules.check(kind, options)
        with self._lock:
            self._on.append(Fault(operation, kind, times, options))

    def lose_reply_to(self, operation: str, *, times: int | None = None) -> None:
        """Carry out an operation and never answer."""
        self.switch_on(operation, "lost_reply", times=times)

    def clear(self) -> None:
        with self._lock:
            self._on.clear()

    def on(self) -> list[Fault]:
        with self._lock:
            return list(self._on)

    def take(self, operation: str, *, request_id: str = "") -> Taken:
        """Count a call and return the faults that hit it."""
        with self._lock:
            self._calls[operation] += 1
            self._request_ids.append((operation, request_id))
            taken = [fault for fault in self._on if self._meets(fault, operation)]
            for fault in taken:
                fault.times = None if fault.times is None else fault.times - 1
            self._on = [fault for fault in self._on if fault.times is None or fault.times > 0]
        return Taken(
            calls={fault.kind: fault.options for fault in taken if fault.kind not in rules.RULES},
            readings=[fault for fault in taken if fault.kind in rules.RULES],
        )

    def calls(self) -> dict[str, int]:
        with self._lock:
            return {operation: self._calls[operation] for operation in OPERATIONS}

    def request_ids(self) -> list[tuple[str, str]]:
        """Return the last calls, each with the request's id that its caller sent."""
        with self._lock:
            return list(self._request_ids)

    def forget_calls(self) -> None:
        with self._lock:
            self._calls.clear()
            self._request_ids.clear()

    def _meets(self, fault: Fault, operation: str) -> bool:
        if self._calls[operation] % fault.options.get("every", 1):
            return False
        return operation in (FITTING[fault.kind] if fault.operation == "*" else (fault.operation,))
