"""Bring a checked wish to the corridor, and the corridor's refusals back to the form.

Every page that changes a device ends here. The corridor decides; what it refuses before
anything was sent becomes a sentence at the form, and a missing right becomes a 403.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from gridshare_portal.access import policy
from gridshare_portal.control import changes
from gridshare_portal.control import models as control
from gridshare_portal.homeowner import forms
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import models as sites


def make(
    request: HttpRequest, *, device: sites.Device, asked: Any, form: forms.Wish, now: datetime
) -> control.Change | None:
    """Make the change; None means that it was refused at the form and nothing was sent."""
    known = form.cleaned_data
    try:
        return changes.make(
            actor=request.user,
            device=device,
            asked=asked,
            reason=known["reason"],
            key=str(known["key"]) if known.get("key") else None,
            seen=known.get("seen") or None,
            now=now,
        )
    except changes.NotPermitted as refusal:
        raise PermissionDenied(refusal.reason) from refusal
    except (changes.Busy, changes.KeyReused) as refusal:
        form.add_error(None, refusal.reason)
    return None


def right(request: HttpRequest, device: sites.Device, scope: str, *, now: datetime) -> dict[str, Any]:
    """Say whether the visitor may do this, and if not why, with the permission to add if that is it."""
    answer = policy.may_control(request.user, device, now=now, scope=scope)
    return {
        "may": answer.allowed,
        "may_not_because": answer.reason,
        "missing_scope": scopes.find(answer.scope) if answer.scope else None,
        "key": uuid.uuid4(),
    }
