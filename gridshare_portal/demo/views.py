"""One-click sign-in as a demo person, and the page of the e-mails that are written to files, not sent.

Each request must come from this machine, to this machine; else the page does not exist.
"""

from __future__ import annotations

import email
import email.policy
import functools
from collections.abc import Callable
from pathlib import Path

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth import get_user_model, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from gridshare_portal.demo import guard, people

SEPARATOR = b"-" * 79  # between the e-mails of a file
MOST = 30
View = Callable[..., HttpResponse]


def on_this_machine(view: View) -> View:
    """Raise Http404 unless the request comes from a loopback address to a loopback name."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **options: object) -> HttpResponse:
        host = request.get_host().rpartition(":")[0] or request.get_host()
        if not (guard.is_loopback(request.META.get("REMOTE_ADDR", "")) and guard.is_loopback(host)):
            raise Http404
        return view(request, *args, **options)

    return guarded


@require_GET
@on_this_machine
def index(request: HttpRequest) -> HttpResponse:
    known = {"homeowners": people.HOMEOWNERS, "staff": people.STAFF, "customers": people.CUSTOMERS}
    context = {**known, "emails": _emails(Path(settings.EMAIL_FILE_PATH))}
    return render(request, "demo/index.html", context)


@require_POST
@on_this_machine
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as the demo person; for staff the click replaces the second factor, too."""
    person = people.named(request.POST.get("email", ""))
    if person is None:
        raise Http404
    user = get_user_model().objects.get(email=person.email)
    logout(request)
    if person.organization is None:
        landed: HttpResponse = perform_login(request, user, redirect_url="/")
        return landed
    get_adapter().login(request, user)
    record_authentication(request, user, "mfa", type="totp", reauthenticated=True)
    return redirect("/")


def _emails(folder: Path) -> list[dict[str, str]]:
    """Return the newest e-mails of a folder of EMAIL_FILE_PATH, newest first."""
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    parts = [part for file in files[:MOST] for part in reversed(file.read_bytes().split(SEPARATOR))]
    return [_email(part.strip()) for part in parts if part.strip()][:MOST]


def _email(raw: bytes) -> dict[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    text = body.get_content().strip() if body else ""
    return {"to": message["To"], "subject": message["Subject"], "sent": message["Date"], "text": text}
