"""End a person's sessions, in every browser or in this one, and renew their keys.

A session holds a digest of its person's `sign_outs`, compared on every request: incrementing the counter ends
all sessions, including those that are listed nowhere. It also holds the number of `role_changes`: when that
has grown, the session goes on under another key, so that a key from before the change opens nothing. It takes
another key as well when its person proved who they are.
"""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from gridshare_portal.accounts import entry, models
from gridshare_portal.audit import names, record

ROLES = "role_changes"


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


def end_this(request: HttpRequest, user: models.User, *, why: str, now: datetime) -> None:
    """Sign the person out of this browser, because the session has ended by itself."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    record.add(name=names.Name.SIGNED_OUT, at=now, actor=user, subject=user, details={"why": why})
    request.session.flush()
    request.user = AnonymousUser()


def renew_key(request: HttpRequest, user: models.User) -> None:
    """Give the session another key if its person's role was changed since it was last asked for."""
    known = request.session.get(ROLES)
    if known == user.role_changes:
        return
    request.session[ROLES] = user.role_changes
    if known is not None:
        take_another_key(request)


def take_another_key(request: HttpRequest) -> None:
    """Let the session go on under another key; the one before opens nothing any more."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


def note_role_change(user: models.User) -> None:
    """Have every session of this person take another key with its next request."""
    models.User.objects.filter(pk=user.pk).update(role_changes=F("role_changes") + 1)
