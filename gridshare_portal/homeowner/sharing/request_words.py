"""A request for access in words, as its homeowner reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gridshare_portal.access import durations, models
from gridshare_portal.accounts import models as accounts
from gridshare_portal.homeowner.sharing import words


@dataclass(frozen=True, kw_only=True)
class RequestWords:
    pk: int
    organization: accounts.Organization
    kind: str
    wish: str
    lasts: str
    message: str
    who: str
    made_at: datetime
    expires_at: datetime


def worded(request: models.Request, *, now: datetime) -> RequestWords:
    wish = "see and change" if request.right == models.Right.CONTROL else "see"
    return RequestWords(
        pk=request.pk,
        organization=request.organization,
        kind=words.KINDS.get(request.organization.kind, ""),
        wish=wish,
        lasts=durations.find(request.lasts).words,
        message=request.message,
        who=str(request.asked_by) if request.asked_by else "",
        made_at=request.made_at,
        expires_at=request.expires_at,
    )
