"""Search for a home; the same URL answers with the list alone while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from gridshare_portal.access.finding import search as finding
from gridshare_portal.accounts import entry


@entry.require_right()
@require_safe
def search(request: entry.MemberRequest, slug: str) -> HttpResponse:
    """Show the homes found, or why the text cannot be searched for.

    While somebody types, an incomplete text is not an error: the list alone is never a 422.
    """
    text = request.GET.get("q", "")
    context: dict[str, object] = {"q": text[: finding.LONGEST]}
    status = 200
    try:
        query = finding.parse(text)
        context["results"] = finding.search(request.user, request.organization, query, now=timezone.now())
    except finding.SearchRefused as refusal:
        context["sentence"] = str(refusal)
        status = 422 if text.strip() and not request.htmx else 200
    template = "installer/_found.html" if request.htmx else "installer/search.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
