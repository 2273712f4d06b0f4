"""Answers that take the same time for everybody, so that nobody learns from it whether an address is known.

A page says by a header that its answer is steady. The server takes the header out and waits, on the event
loop and without a thread, until a whole number of steps has passed since the request came.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

STEP_S = 0.75
HEADER = "X-Steady"
STEADY = frozenset(
    {
        "account_login",
        "account_signup",
        "account_request_login_code",
        "account_confirm_login_code",
        "account_email_verification_sent",
        "account_reset_password",
        "socialaccount_signup",
    }
)


def mark(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Mark the answers to forms that take an e-mail address or a code of somebody who is not signed in.

    Not in the demonstration, whose people nobody has to find out: its first days walk through many sign-ins.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        if request.method == "POST" and match is not None and match.url_name in STEADY and not settings.DEMO:
            response.headers[HEADER] = str(STEP_S)
        return response

    return middleware


def wait_s(taken_s: float) -> float:
    """Return how long to wait, in seconds, until a whole number of steps has passed; at least one."""
    steps = max(1, math.ceil(taken_s / STEP_S))
    return steps * STEP_S - taken_s
