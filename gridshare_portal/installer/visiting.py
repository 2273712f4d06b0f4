"""The entry point of staff pages about one home: shared with this organization, and opened for a reason.

Whoever may not see the home learns nothing. Whoever gave no reason is led to where one says it. Every look
leaves a line for the homeowner; whoever lives there oneself needs no reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access import policy, site_pages, visits
from gridshare_portal.accounts import entry
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites

P = ParamSpec("P")


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
    def givers(self) -> set[int]:
        """Return the keys of those who share the home."""
        return {consent.given_by_id for consent in self.consents}

    @property
    def reason(self) -> str:
        """Say why the home was opened."""
        return visits.REASONS.get(self.visit.reason, self.visit.reason) if self.visit else ""


VisitView = Callable[Concatenate[entry.MemberRequest, str, Looked, P], HttpResponseBase]
HomeView = Callable[Concatenate[entry.MemberRequest, ...], HttpResponseBase]


def visited(word: str, *, kind: site_pages.Kind = "page") -> Callable[[VisitView[P]], HomeView]:
    """Hand the view the home it is about as `looked`, and leave a line under this word."""

    def closed(view: VisitView[P]) -> HomeView:
        @functools.wraps(view)
        def guarded(
            request: entry.MemberRequest, slug: str, synth_id: str, *args: P.args, **more: P.kwargs
        ) -> HttpResponseBase:
            looked = _looked(request, synth_id, timezone.now())
            own = policy.own_sites(request.user).filter(pk=looked.site.pk)
            if looked.visit is not None:
                site_pages.note_look(request, visit=looked.visit, page=word, kind=kind, now=looked.now)
            elif not own.exists():
                return site_pages.say_why(request, looked.site, kind=kind, post_leads_back=False)
            return view(request, slug, looked, *args, **more)

        return guarded

    return closed


def _looked(request: entry.MemberRequest, synth_id: str, now: datetime) -> Looked:
    organization = request.organization
    shared = policy.shared_sites(request.user, now=now, organization=organization)
    site = get_object_or_404(shared, synth_id=synth_id)
    context = policy.access_of(request.user, site, now=now)
    if context is None:  # what was shared a moment ago is shared no longer
        raise Http404
    at = context.at(organization.pk)
    holding = policy.holding(now=now).filter(site=site, organization=organization)
    consents = at.consents or tuple(holding.select_related("given_by", "organization"))
    visit = visits.current(request.user, site, now=now, context=at)
    return Looked(site=site, organization=organization, consents=consents, visit=visit, now=now)
