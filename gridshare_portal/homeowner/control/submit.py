"""Submit a checked form as a change, and bring what control refuses back to the form.

Every page that changes a device ends here. control.changes decides; what it refuses before anything was sent
becomes a sentence at the form, and a missing right becomes a 403. Staff may propose the same change to the
homeowner instead.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from gridshare_portal.access import policy
from gridshare_portal.control import changes, operations, permission, quota
from gridshare_portal.control import models as control
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.homeowner import entry_points, forms
from gridshare_portal.limits import answers, windows
from gridshare_portal.lunar import scopes
from gridshare_portal.sites import models as sites
from gridshare_portal.templatetags import energy

Made = control.Change | control.Proposal
OFTEN = {
    quota.CHANGED: "{who} changed this device {most} times within {length}.",
    quota.TRIED: "{who} tried to change this device {most} times within {length}.",
    quota.PROPOSED: "{who} proposed {most} changes of this device within {length}.",
}
AGAIN = "Nothing was sent, and nothing is lost: you can do it again from {when} on."
TAKE_BACK = "Until then you can put back what was there before, or cancel the plan."
REFUSALS = (changes.Busy, changes.KeyReused, proposals.Unfit, proposals.Waiting)


def make(
    request: entry_points.HomeRequest,
    *,
    device: sites.Device,
    asked: operations.Ask,
    form: forms.ChangeForm,
    now: datetime,
) -> Made | None:
    """Make the change, or propose it; None means that it was refused at the form and nothing was sent."""
    known = form.cleaned_data
    act: Callable[..., Made] = partial(changes.make, seen=known.get("seen") or None)
    if request.looking is not None and "propose" in request.POST:
        act = proposals.propose
    try:
        return act(
            actor=request.user,
            device=device,
            asked=asked,
            reason=known["reason"],
            key=str(known["key"]) if known.get("key") else None,
            organization_id=_acts_for(request),
            now=now,
        )
    except permission.ChangeNotPermitted as refusal:
        raise PermissionDenied(refusal.reason) from refusal
    except permission.NoReason as refusal:
        form.add_error("reason", refusal.reason)
    except quota.TooOften as refusal:
        form.add_error(None, refused(request, refusal, device=device, now=now))
    except REFUSALS as refusal:
        form.add_error(None, refusal.reason)
    return None


def refused(
    request: entry_points.HomeRequest, refusal: quota.TooOften, *, device: sites.Device, now: datetime
) -> str:
    """Say what was done too often, and from when on it can be done again by the home's clock.

    The answer to the request will say the same to programs.
    """
    answers.mark(request, seconds=(refusal.until_at - now).total_seconds())
    zone = device.site.zone if device.site is not None else timezone.get_default_timezone()
    whole_minute = refusal.until_at + timedelta(seconds=59, microseconds=999_999)
    often = OFTEN[refusal.what].format(
        who="Your organization has" if refusal.by_organization else "You have",
        most=refusal.window.most,
        length=windows.length_in_words(refusal.window.length),
    )
    again = AGAIN.format(when=energy.moment(whole_minute, zone, now))
    return " ".join([often, again, *([TAKE_BACK] if refusal.can_take_back else [])])


def led_to(made: Made) -> HttpResponse:
    """Lead to the page that says what becomes of it."""
    name = "homeowner:proposal" if isinstance(made, control.Proposal) else "homeowner:change"
    return redirect(name, pk=made.pk)


def right(
    request: entry_points.HomeRequest, device: sites.Device, scope: str, *, now: datetime
) -> dict[str, object]:
    """Say whether the visitor may do this, and if not why, with the permission to add if that is it."""
    answer = policy.may_control(
        request.user, device, now=now, scope=scope, organization_id=_acts_for(request)
    )
    look = request.looking
    can_propose = look is not None and policy.proposing_consent(look.context) is not None
    return {
        "may": answer.allowed,
        "may_not_because": answer.reason,
        "missing_scope": scopes.find(answer.scope) if answer.scope and look is None else None,
        "can_propose": can_propose,
        "may_fill": answer.allowed or can_propose,
        "key": uuid.uuid4(),
    }


def _acts_for(request: entry_points.HomeRequest) -> int | None:
    return request.looking.visit.organization_id if request.looking is not None else None
