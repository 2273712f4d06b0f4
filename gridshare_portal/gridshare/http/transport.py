"""One call to Gridshare: its attempts, its one deadline, its token, and the error it ends in.

A read is sent at most three times. A write is sent once, and again only if the connection was never made.
A refused token is renewed once. No error holds a request, which would hold a token.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import requests

from gridshare_portal.gridshare import errors, values
from gridshare_portal.gridshare.http import bearer_token, calls, responses
from gridshare_portal.outbound import circuit_breaker, transport_errors
from gridshare_portal.outbound import session as sessions

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 3
WRITE_WAITS_S = 2.0  # somebody waits for it: a longer pause is said at once


def send(
    call: calls.Call,
    token: calls.Token,
    *,
    read: Callable[[object], T],
    deadline_s: float,
    session: requests.Session | None = None,
    listener: calls.Listener | None = None,
) -> T:
    """Make the call and return what `read` makes of the JSON in its answer; an empty answer is None."""
    exchange = _Exchange(call, session, deadline_s)
    failure: errors.GridshareError
    try:
        answer = _understood(call, read, exchange.run(token))
    except errors.GridshareError as error:
        failure = error.with_traceback(None)
    else:
        exchange.tell(listener)
        return answer
    failure.__context__ = None
    exchange.tell(listener, failure)
    _log(failure, attempts=exchange.attempts, took_s=exchange.took_s)
    raise failure


def fetch(
    call: calls.Call,
    token: calls.Token,
    *,
    deadline_s: float,
    session: requests.Session | None = None,
    listener: calls.Listener | None = None,
) -> calls.Came:
    """Make a call that reads, and return its answer as it came, also one that says no."""
    if call.is_write:
        raise ValueError("only what reads can be looked at as it came")
    exchange = _Exchange(call, session, deadline_s)
    failure: errors.GridshareError | None = None
    try:
        exchange.run(token)
    except errors.GridshareError as error:
        failure = error.with_traceback(None)
        failure.__context__ = None
    exchange.tell(listener, failure)
    if exchange.came is None:
        raise failure or errors.ConnectionLost(call.operation)
    return exchange.came


class _Exchange:
    def __init__(self, call: calls.Call, session: requests.Session | None, deadline_s: float) -> None:
        self.call = call
        self.session = session
        self.breaker = circuit_breaker.for_host(call.host)
        self.started = time.monotonic()
        self.ends_at = self.started + deadline_s
        self.attempts = 0
        self.status: int | None = None
        self.came: calls.Came | None = None

    @property
    def took_s(self) -> float:
        return time.monotonic() - self.started

    def tell(self, listener: calls.Listener | None, failure: errors.GridshareError | None = None) -> None:
        """Say how the call went; a listener that fails costs nobody the answer."""
        if listener is None:
            return
        call, error = self.call, type(failure).__name__ if failure else ""
        status = failure.status if failure and failure.status else self.status
        heard = calls.Heard(
            operation=call.operation, subject=call.subject, status=status, error=error, took_s=self.took_s
        )
        try:
            listener(heard)
        except Exception as fault:
            logger.warning("nobody could be told of %s: %s", call.operation, type(fault).__name__)

    def run(self, token: calls.Token) -> object:
        try:
            return self._repeat(bearer_token.Bearer(token()))
        except errors.Unauthorized as refused:
            if refused.status is None:
                raise
        renewed = bearer_token.Bearer(token(force=True))
        if self._left_s() <= 0:
            raise errors.Unauthorized(self.call.operation, status=401)
        return self._repeat(renewed)

    def _repeat(self, bearer: bearer_token.Bearer) -> object:
        for pause_s in _pauses():
            self._pass_breaker()
            try:
                return self._attempt(bearer)
            except errors.GridshareError as error:
                bearer.scrub(error)
                wait_s = self._wait_s(error, pause_s)
                if wait_s is None:
                    raise
            time.sleep(wait_s)
        raise AssertionError("the last pause is None, which raises")

    def _pass_breaker(self) -> None:
        operation, paused_s = self.call.operation, self.breaker.paused_for_s()
        longest_s = min(self._left_s(), WRITE_WAITS_S) if self.call.is_write else self._left_s()
        if paused_s and paused_s >= longest_s:
            raise errors.Unavailable(operation, retry_after_s=paused_s)
        if paused_s:
            time.sleep(paused_s + random.uniform(0, 0.1))
        if not self.breaker.admits():
            raise errors.Unavailable(operation, retry_after_s=circuit_breaker.PROBE_EVERY_S)

    def _wait_s(self, error: errors.GridshareError, pause_s: float | None) -> float | None:
        """Return how long to wait before the next attempt; None when there must be none."""
        if pause_s is None or not _worth_repeating(error, self.call):
            return None
        wait_s = max(pause_s, self.breaker.paused_for_s())
        return wait_s if wait_s < self._left_s() else None

    def _attempt(self, bearer: bearer_token.Bearer) -> object:
        self.attempts += 1
        self.status = self.came = None
        if not self.breaker.enter(within_s=max(0.0, self._left_s())):
            raise errors.Unavailable(self.call.operation)
        try:
            answer = self._exchange(bearer)
        except errors.GridshareError as error:
            _tell_breaker(self.breaker, error)
            error.may_have_happened = self.call.is_write and error.may_have_happened
            raise
        finally:
            self.breaker.leave()
        self.breaker.answered()
        return answer

    def _exchange(self, bearer: bearer_token.Bearer) -> object:
        operation = self.call.operation
        request = _prepared(self.call)
        bearer.sign(operation, request)
        response = self._respond(request)
        self.status = response.status_code
        try:
            return self._read(response, bearer)
        except errors.GridshareError as error:
            error.may_have_happened = _may_have_happened(response.status_code)
            raise
        finally:
            response.close()

    def _respond(self, request: requests.PreparedRequest) -> requests.Response:
        left_s = self._left_s()
        if left_s <= 0:
            raise errors.Timeout(self.call.operation)
        try:
            return sessions.send(request, within_s=left_s, session=self.session)
        except sessions.FAILURES as error:
            kind = errors.Timeout if transport_errors.is_late(error) else errors.ConnectionLost
            failure = kind(self.call.operation, may_have_happened=transport_errors.was_connected(error))
        raise failure

    def _read(self, response: requests.Response, bearer: bearer_token.Bearer) -> object:
        operation, status = self.call.operation, response.status_code
        if 200 <= status < 300:
            return responses.content(operation, status, self._body(response, bearer))
        retry_after_s = responses.retry_after_s(response.headers.get("Retry-After"))
        try:
            raw = self._body(response, bearer)
        except errors.GridshareError:
            raw = b""
        raise responses.failure(operation, status, raw, retry_after_s=retry_after_s)

    def _body(self, response: requests.Response, bearer: bearer_token.Bearer) -> bytes:
        raw = responses.body(self.call.operation, response)
        headers = responses.headers(response, hide=bearer.hide)
        self.came = calls.Came(status=response.status_code, body=bearer.hide(raw), headers=headers)
        return raw

    def _left_s(self) -> float:
        return self.ends_at - time.monotonic()


def _understood(call: calls.Call, read: Callable[[object], T], answer: object) -> T:
    try:
        return read(answer)
    except values.Misshapen as error:
        where = str(error)
    raise errors.WrongShape(call.operation, message=where, may_have_happened=call.is_write)


def _pauses() -> Iterator[float | None]:
    for attempt in range(1, ATTEMPTS):
        yield random.uniform(0, 0.1 * 2**attempt)
    yield None


def _prepared(call: calls.Call) -> requests.PreparedRequest:
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "gridshare-portal"}
    data = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(call.body, allow_nan=False).encode()
    return requests.Request(call.method, call.url, headers=headers, params=call.query, data=data).prepare()


def _may_have_happened(status: int) -> bool:
    return status >= 500 or status < 400 or status == 408


def _worth_repeating(error: errors.GridshareError, call: calls.Call) -> bool:
    if isinstance(error, errors.Unreachable):
        return not (call.is_write and error.may_have_happened)
    if call.is_write:
        return False
    return isinstance(error, errors.ServerError | errors.Truncated | errors.TooManyRequests)


def _tell_breaker(breaker: circuit_breaker.Breaker, error: errors.GridshareError) -> None:
    if error.retry_after_s is not None and error.status in (429, 503):
        breaker.pause(for_s=error.retry_after_s)
    elif isinstance(error, errors.TooManyRequests):
        breaker.throttled()
    if isinstance(error, errors.ServerError | errors.Unreachable | errors.UnexpectedAnswer):
        breaker.failed()
    elif error.status is not None:
        breaker.answered()


def _log(error: errors.GridshareError, *, attempts: int, took_s: float) -> None:
    known = re.sub(r"[^A-Za-z0-9_.-]", "", error.code or "")[:60]
    logger.warning(
        "%s: %s status=%s code=%s attempts=%d took_ms=%d",
        error.operation,
        type(error).__name__,
        error.status,
        known,
        attempts,
        round(took_s * 1000),
    )
