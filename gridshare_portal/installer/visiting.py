"""The door of every page about one home: shared with this organization, and opened for a reason.

Whoever may not see the home learns nothing. Whoever gave no reason is led to where one says it. Every look
leaves a line for the homeowner; whoever lives there oneself needs no reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access import policy, visits
from gridshare_portal.accounts import entry
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites

P = ParamSpec("P")


class HomeId:
    """The API's name of a home, as a part of an address."""

    regex = r"[^/\x00-\x1f\x7f\ud800-\udfff]{1,128}"

    def to_python(self, value: str) -> str:
        """Return the id as it stands in the address."""
        return value

    def to_url(self, value: str) -> str:
        """Return the id as it goes into an address."""
        return value


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A home that somebody looks at for an organization; `visit` is None for whoever lives there."""

    site: sites.Site
    organization: accounts.Organization
    consents: tuple[access.Consent, ...]
    visit: access.Visit | None
    now: datetime

    @property
    def consent(self) -> access.Consent:
        """Return the consent that reaches furthest."""
        return self.consents[0]

    @property
    def reason(self) -> str:
        """Say why the home was opened."""
        return visits.REASONS.get(self.visit.reason, self.visit.reason) if self.visit else ""


VisitView = Callable[Concatenate[entry.MemberRequest, str, Looked, P], HttpResponseBase]
HomeView = Callable[Concatenate[entry.MemberRequest, ...], HttpResponseBase]


def visited(word: str, *, download: bool = False) -> Callable[[VisitView[P]], HomeView]:
    """Hand the view the home it is about as `looked`, and leave a line under this word."""

    def closed(view: VisitView[P]) -> HomeView:
        @functools.wraps(view)
        def guarded(
            request: entry.MemberRequest, slug: str, synth_id: str, *args: P.args, **more: P.kwargs
        ) -> HttpResponseBase:
            looked = _looked(request, synth_id, timezone.now())
            if looked.visit is None and not _lives_there(request, looked):
                return _say_why(request, looked.site, download)
            if looked.visit is not None:
                _how(request, download)(visit=looked.visit, page=word, now=looked.now)
            return view(request, slug, looked, *args, **more)

        return guarded

    return closed


def _looked(request: entry.MemberRequest, synth_id: str, now: datetime) -> Looked:
    organization = request.organization
    shared = policy.shared_sites(request.user, now=now, organization=organization)
    site = get_object_or_404(shared, synth_id=synth_id)
    standing = policy.standing_of(request.user, site, now=now)
    if standing is None:  # what was shared a moment ago is shared no longer
        raise Http404
    at = standing.at(organization.pk)
    consents = at.consents or tuple(_consents(site, organization, now))
    visit = visits.current(request.user, site, now=now, standing=at)
    return Looked(site=site, organization=organization, consents=consents, visit=visit, now=now)


def _consents(site: sites.Site, organization: accounts.Organization, now: datetime) -> list[access.Consent]:
    holding = policy.holding(now=now).filter(site=site, organization=organization)
    return list(holding.select_related("given_by", "organization"))


def _lives_there(request: entry.MemberRequest, looked: Looked) -> bool:
    return policy.own_sites(request.user, now=looked.now).filter(pk=looked.site.pk).exists()


def _how(request: entry.MemberRequest, download: bool) -> Callable[..., None]:
    if download:
        return visits.note_export
    return visits.note_renewed if request.htmx or request.method == "POST" else visits.note


def _say_why(request: entry.MemberRequest, site: sites.Site, download: bool) -> HttpResponse:
    """Lead to where staff say why, and back; what cannot be led there is refused with a sentence."""
    is_page = request.method in ("GET", "HEAD") and not download
    back = request.htmx.current_url_abs_path if request.htmx else request.get_full_path() if is_page else ""
    query = f"?{urlencode({'next': back})}" if back else ""
    address = reverse("homeowner:visit", args=[site.synth_id]) + query
    if request.htmx:
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    if is_page:
        return redirect(address)
    return render(request, "homeowner/say_why.html", {"address": address}, status=403)
