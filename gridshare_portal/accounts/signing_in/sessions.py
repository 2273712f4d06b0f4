"""End a person's sessions in every browser.

A session holds a digest of its person's `sign_outs`, compared on every request: incrementing the counter ends
all sessions, including those that are listed nowhere.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from gridshare_portal.accounts import entry, models


def end_all(user: models.User) -> int:
    """Sign the person out of every browser; return the number of known sessions ended."""
    return _end(user, but="")


@transaction.atomic
def end_others(request: entry.SignedInRequest) -> None:
    """Sign the visitor out of every browser but this one."""
    user = request.user
    _end(user, but=request.session.session_key or "")
    user.refresh_from_db(fields=["sign_outs"])
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)


@transaction.atomic
def _end(user: models.User, *, but: str) -> int:
    models.User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    known = UserSession.objects.filter(user_id=user.pk).exclude(session_key=but)
    keys = list(known.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    known.filter(session_key__in=keys).delete()
    return len(keys)
