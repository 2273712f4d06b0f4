"""Who may see a homeowner's homes: the list, the search for organizations, sharing and ending."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridshare_portal.access import consents, policy, queries, return_address
from gridshare_portal.access import requests as access_requests
from gridshare_portal.accounts import entry
from gridshare_portal.accounts import models as accounts
from gridshare_portal.accounts.signing_in import proof
from gridshare_portal.homeowner import entry_points, forms, viewer
from gridshare_portal.homeowner.sharing import forms as sharing_forms
from gridshare_portal.homeowner.sharing import words
from gridshare_portal.lunar import queries as connections
from gridshare_portal.sites import models as sites

AT_MOST = 10
GIVEN = "{organization} can now {may} {home} {until}. Whatever they look at, you can read."
ENDED = "Stopped. {organization} can no longer see or change {home}."
WAS_OVER = "That had ended already."


@login_required
@require_safe
def sharing(request: entry.SignedInRequest) -> HttpResponse:
    now = timezone.now()
    homes = list(policy.current_sites(request.user).order_by("name", "pk"))
    given = queries.consents_for(request.user, now=now)
    form = sharing_forms.Search(request.GET)
    context = {
        "homes": words.by_home(homes, given, user=request.user, now=now),
        "requests": access_requests.waiting_for(request.user, now=now),
        **_found(form),
        **viewer.place(homes, now=now),
    }
    return render(request, "homeowner/sharing.html", context, status=422 if form.errors else 200)


@entry_points.part(staff=None)
@require_safe
def search(request: entry_points.HomeRequest) -> HttpResponse:
    now = timezone.now()
    homes = list(policy.own_sites(request.user)[:2])
    context = {**_found(sharing_forms.Search(request.GET)), **viewer.place(homes, now=now)}
    return render(request, "homeowner/_organizations.html", context)


@entry_points.page(staff=None)
@require_http_methods(["GET", "HEAD", "POST"])
@proof.required
def share(request: entry_points.HomeRequest, synth_id: str) -> HttpResponse:
    now = timezone.now()
    site = entry_points.site(request, synth_id, now=now)
    if request.method != "POST" and "organization" not in request.GET:
        return redirect("homeowner:sharing")
    slug = (request.POST if request.method == "POST" else request.GET).get("organization", "")
    slug = slug[:60].replace("\x00", "")
    terms = return_address.suggested(request.session, organization=slug, now=now)
    first = {"right": terms.right, "lasts": terms.lasts} if terms else {"right": "view", "lasts": "month"}
    form = sharing_forms.Share(forms.posted(request), initial=first)
    if request.method == "POST" and form.is_valid() and _given(request, form, site, terms, now):
        return redirect("homeowner:sharing")
    organization = get_object_or_404(accounts.Organization, slug=slug)
    given = queries.consents_for(request.user, now=now).filter(
        site=site, organization=organization, given_by=request.user
    )
    context = {
        "site": site,
        "organization": organization,
        "kind": words.KINDS.get(organization.kind, ""),
        "form": form,
        "suggested": words.suggestion(terms) if terms else "",
        "before": [words.worded(one, user=request.user, now=now) for one in given if one.holds],
        "now": now,
    }
    return render(request, "homeowner/share.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def consent_end(request: entry.SignedInRequest, pk: int) -> HttpResponse:
    """End a consent for an own home, whichever resident gave it."""
    now = timezone.now()
    consent = get_object_or_404(queries.consents_for(request.user, now=now), pk=pk)
    if consents.end(consent=consent, by=request.user, now=now):
        messages.success(request, ENDED.format(organization=consent.organization, home=consent.site))
    else:
        messages.info(request, WAS_OVER)
    return redirect("homeowner:sharing")


@require_http_methods(["GET", "HEAD", "POST"])
def share_link(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    organization = get_object_or_404(accounts.Organization, slug=slug)
    if request.method == "POST":
        return_address.remember(request.session, slug=organization.slug, now=now)
        return redirect("lunar_connect" if request.POST.get("by") == "lunar" else "account_login")
    homes = list(policy.current_sites(request.user).order_by("name", "pk"))
    context = {
        "organization": organization,
        "kind": words.KINDS.get(organization.kind, ""),
        "homes": homes,
        "loading": not homes and _is_connected(request.user),
        **viewer.place(homes, now=now),
    }
    return render(request, "homeowner/share_link.html", context)


def _given(
    request: entry_points.HomeRequest,
    form: sharing_forms.Share,
    site: sites.Site,
    terms: return_address.Suggested | None,
    now: datetime,
) -> bool:
    organization: accounts.Organization = form.cleaned_data["organization"]
    try:
        consent = consents.give(
            site=site,
            organization=organization,
            given_by=request.user,
            **form.terms(),
            through=terms,
            now=now,
        )
    except consents.ConsentRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    if terms:
        return_address.gave(request.session, terms=terms)
    may = consent.get_right_display().lower()
    until = words.until(consent.until_at, site=site, now=now)
    messages.success(request, GIVEN.format(organization=organization, may=may, home=site, until=until))
    if words.lacks_changes(request.user, [site], right=consent.right):
        messages.warning(request, words.LACKING.format(organization))
    return True


def _found(form: sharing_forms.Search) -> dict[str, object]:
    name = form.cleaned_data["q"] if form.is_valid() else ""
    found = list(queries.organizations_named(name)[: AT_MOST + 1])
    return {
        "form": form,
        "q": name,
        "found": [(one, words.KINDS.get(one.kind, "")) for one in found[:AT_MOST]],
        "more": len(found) > AT_MOST,
    }


def _is_connected(user: accounts.AnyUser) -> bool:
    return user.is_authenticated and connections.connected_of(user).exists()
