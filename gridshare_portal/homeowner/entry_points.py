"""Narrow by who asks, then look up: what one may not see does not exist.

Every view of a home says by a decorator whom it answers, beside its homeowners: staff who said why they
look, and who leave a line for the homeowner under the word given, or no staff (None). A look-up fails in a
view that said neither, so that no page can forget to ask.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, CharField, Exists, QuerySet, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from gridshare_portal import built
from gridshare_portal.access import lookups, policy, requests, site_pages, visits
from gridshare_portal.accounts import entry, rights
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.control import models as control
from gridshare_portal.control import queries as control_queries
from gridshare_portal.homeowner import viewer
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar import queries as connections
from gridshare_portal.sites import models as sites

P = ParamSpec("P")
Row = TypeVar("Row", sites.Device, sites.Sensor, control.Change, control.Proposal)

OWNERS_ONLY = "Only whoever lives here may do this. Nothing was changed."
NO_DOWNLOAD = "Your role does not include downloads."


class Unstated(Exception):
    """A view looks up a home and has not said whether staff may see it."""


class _ProveFirst(Exception):
    """Staff are about to make their first change in a session, without a recent proof of who they are."""


class _SayWhyFirst(Exception):
    def __init__(self, site: sites.Site) -> None:
        super().__init__(site)
        self.site = site


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Whom a view answers: staff under this word for the homeowner's record, or no staff; and how."""

    kind: site_pages.Kind
    staff: str | None


class HomeRequest(entry.SignedInRequest):
    """A request about a home or what is in it: how it is answered, and as whom where it is not one's own."""

    admission: Admission
    looking: viewer.Looking | None
    membership: accounts.Membership | None


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
HomeView = Callable[Concatenate[HomeRequest, P], HttpResponseBase]


def page(*, staff: str | None) -> Callable[[HomeView[P]], View[P]]:
    """Answer with a page: each look of staff leaves a line."""
    return functools.partial(_guarded, Admission(kind="page", staff=staff))


def part(*, staff: str | None) -> Callable[[HomeView[P]], View[P]]:
    """Answer with a part of a page that renews itself: staff leave a line now and then.

    Whoever is no longer signed in, or may no longer see it, gets the whole page again, and with it the
    sign-in or a 404, instead of something stale on the screen.
    """
    return functools.partial(_guarded, Admission(kind="part", staff=staff))


def download(*, staff: str | None) -> Callable[[HomeView[P]], View[P]]:
    """Answer with a file to take away; staff need the right to, and leave a line that says so."""
    return functools.partial(_guarded, Admission(kind="download", staff=staff))


def site(request: HomeRequest, synth_id: str, *, now: datetime) -> sites.Site:
    """Return a home that the visitor may see, or answer 404.

    It says what waits there for an answer, so that no page needs to ask for what is not there:
    `proposal_waits` and `request_waits`.
    """
    found = _SITES.first(request.user, now=now, synth_id=synth_id)
    if found is None:
        raise Http404
    _admit(request, found, found.is_own, now)
    return found


def device(request: HomeRequest, synth_id: str, *, now: datetime) -> tuple[sites.Device, sites.Site]:
    """Return a device that the visitor may see, with the home that it stands in, or answer 404."""
    return _in_home(request, _DEVICES, now, synth_id=synth_id)


def sensor(request: HomeRequest, pk: int, *, now: datetime) -> sites.Sensor:
    """Return a sensor that the visitor may see, or answer 404."""
    return _in_home(request, _SENSORS, now, pk=pk)[0]


def change(request: HomeRequest, pk: uuid.UUID, *, now: datetime) -> control.Change:
    """Return a change in a home that the visitor may see, or answer 404."""
    return _in_home(request, _CHANGES, now, pk=pk)[0]


def proposal(request: HomeRequest, pk: uuid.UUID, *, now: datetime) -> control.Proposal:
    """Return a proposal for a home that the visitor may see, or answer 404; staff see their own alone."""
    found, _site = _in_home(request, _PROPOSALS, now, pk=pk)
    if reader(request).organization_id not in (None, found.consent.organization_id):
        request.looking = None
        raise Http404
    return found


def connection(request: HomeRequest, pk: int, *, now: datetime) -> lunar.Connection:
    """Return a connection of the visitor's own; staff who see a home through it may not touch it."""
    _admission(request)
    found = get_object_or_404(lunar.Connection.objects.filter(pk=pk).only("pk"))
    mine = connections.connections_of(request.user).filter(pk=found.pk).first()
    if mine is not None:
        return mine
    if policy.shared_sites(request.user, now=now).filter(connection_sites__connection=found.pk).exists():
        raise PermissionDenied(OWNERS_ONLY)
    raise Http404


def threshold(
    request: HomeRequest, synth_id: str, *, now: datetime
) -> tuple[sites.Site, policy.AccessContext]:
    """Return a home as one may see it from outside, before saying why: that it is there, and as whom."""
    _admission(request)
    found = get_object_or_404(policy.sites_visible_to(request.user, now=now), synth_id=synth_id)
    context = policy.access_of(request.user, found, now=now)
    if context is None:
        raise Http404
    hosts = {consent.organization_id for consent in context.consents}
    if len(hosts) == 1:
        request.membership = _membership(request, *hosts)
    return found, context


def reader(request: HomeRequest) -> viewer.Reader:
    """Return as whom the visitor reads the page of the home that was looked up."""
    look = request.looking
    return viewer.Reader(
        user_id=request.user.pk, organization_id=look.visit.organization_id if look else None
    )


def _sites(user: accounts.User, now: datetime) -> QuerySet[sites.Site]:
    visible = policy.marked_own(policy.sites_visible_to(user, now=now), user)
    asked = Exists(requests.waiting_for(user, now=now).order_by())
    marked = control_queries.marked_waiting(visible, now=now).annotate(request_waits=asked)
    return marked.filter(synth_id=_SYNTH_ID)


def _devices(user: accounts.User, now: datetime) -> QuerySet[sites.Device]:
    visible = policy.devices_visible_to(user, now=now).select_related("site")
    return policy.marked_own(visible, user, home="site").filter(synth_id=_SYNTH_ID)


def _sensors(user: accounts.User, now: datetime) -> QuerySet[sites.Sensor]:
    visible = policy.sensors_visible_to(user, now=now).select_related("site", "device")
    return policy.marked_own(visible, user, home="site").filter(pk=built.Given("pk", BigIntegerField()))


def _changes(user: accounts.User, now: datetime) -> QuerySet[control.Change]:
    visible = control_queries.changes_in(policy.sites_visible_to(user, now=now))
    return policy.marked_own(visible, user, home="site").filter(pk=built.Given("pk", UUIDField()))


def _proposals(user: accounts.User, now: datetime) -> QuerySet[control.Proposal]:
    visible = control_queries.proposals_in(policy.sites_visible_to(user, now=now), now=now)
    return policy.marked_own(visible, user, home="site").filter(pk=built.Given("pk", UUIDField()))


_SYNTH_ID = built.Given("synth_id", CharField())
_SITES, _DEVICES, _SENSORS = lookups.Lookup(_sites), lookups.Lookup(_devices), lookups.Lookup(_sensors)
_CHANGES, _PROPOSALS = lookups.Lookup(_changes), lookups.Lookup(_proposals)


def _admission(request: HomeRequest) -> Admission:
    admission: Admission | None = getattr(request, "admission", None)
    if admission is None:
        raise Unstated
    return admission


def _in_home(
    request: HomeRequest, visible: lookups.Lookup[Row], now: datetime, **key: object
) -> tuple[Row, sites.Site]:
    """Return the row with this key in a home that the visitor may see, and that home, or answer 404."""
    found = visible.first(request.user, now=now, **key)
    if found is None or found.site is None:
        raise Http404
    _admit(request, found.site, found.is_own, now)
    return found, found.site


def _admit(request: HomeRequest, found: sites.Site, is_own: bool, now: datetime) -> None:
    admission = _admission(request)
    request.looking = None if is_own else _look(request, admission, found, now)


def _look(request: HomeRequest, admission: Admission, found: sites.Site, now: datetime) -> viewer.Looking:
    if admission.staff is None:
        raise PermissionDenied(OWNERS_ONLY)
    context = policy.access_of(request.user, found, now=now)
    if context is None:
        raise Http404
    visit = visits.current(request.user, found, now=now, context=context)
    if visit is None:
        raise _SayWhyFirst(found)
    if proof.lacks_first(request):
        raise _ProveFirst
    here = context.at(visit.organization_id)
    if admission.kind == "download" and not here.may(rights.EXPORT):
        raise PermissionDenied(NO_DOWNLOAD)
    site_pages.note_look(request, visit=visit, page=admission.staff, kind=admission.kind, now=now)
    request.membership = _membership(request, visit.organization_id)
    return viewer.Looking(visit=visit, context=here, now=now)


def _membership(request: HomeRequest, organization_id: int) -> accounts.Membership | None:
    works = entry.memberships(request)
    return next((one for one in works if one.organization_id == organization_id), None)


def _guarded(admission: Admission, view: HomeView[P]) -> View[P]:
    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asked = cast(HomeRequest, request)
        asked.admission = admission
        if asked.htmx and not asked.user.is_authenticated:
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        try:
            return login_required(view)(asked, *args, **kwargs)
        except _SayWhyFirst as first:
            return site_pages.say_why(asked, first.site, kind=admission.kind, post_leads_back=True)
        except _ProveFirst:
            return proof.ask(asked)
        except Http404:
            if asked.htmx:
                return HttpResponse(status=404, headers={"HX-Refresh": "true"})
            raise

    vars(guarded)["admission"] = admission  # so that all that pages say about staff can be listed
    return guarded
