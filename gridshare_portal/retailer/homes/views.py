"""The table of homes as page and as files, with its saved views and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gridshare_portal.access import policy
from gridshare_portal.accounts import entry, rights
from gridshare_portal.audit import downloads
from gridshare_portal.files import responses
from gridshare_portal.portfolio.models import Group, SiteRow
from gridshare_portal.portfolio.table import exports, groups, saved_views
from gridshare_portal.portfolio.table import listing as table
from gridshare_portal.portfolio.table import query as list_query
from gridshare_portal.retailer.homes import forms

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_SHARED_VIEWS = "Your role lets you keep views of your own, not change those that everybody shares."


@entry.require_right(kind="retailer")
@require_safe
def homes(request: entry.MemberRequest, slug: str) -> HttpResponse:
    return _table(request, list_query.read(request.GET))


@entry.require_right(rights.EXPORT, kind="retailer")
@require_safe
def homes_csv(request: entry.MemberRequest, slug: str) -> StreamingHttpResponse:
    return _file(request, "CSV", exports.csv, responses.CSV)


@entry.require_right(rights.EXPORT, kind="retailer")
@require_safe
def homes_xlsx(request: entry.MemberRequest, slug: str) -> StreamingHttpResponse:
    return _file(request, "XLSX", exports.xlsx, SHEET)


@entry.require_right(kind="retailer")
@require_POST
def keep_view(request: entry.MemberRequest, slug: str) -> HttpResponse:
    query, form = _list(request), forms.View(request.POST)
    if not form.is_valid():
        return _table(request, query, view_form=form)
    is_shared = form.cleaned_data["is_shared"]
    _check_sharing(request, is_shared)
    try:
        view = saved_views.keep(
            organization=request.organization,
            user=request.user,
            name=form.cleaned_data["name"],
            query=query.address,
            is_shared=is_shared,
        )
    except saved_views.TooMany as refusal:
        form.add_error("name", str(refusal))
        return _table(request, query, view_form=form)
    messages.success(request, f"Kept as “{view.name}”{' for everybody here' if is_shared else ''}.")
    return _back(request, query)


@entry.require_right(kind="retailer")
@require_safe
def view(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    found = get_object_or_404(saved_views.views_for(request.user, request.organization), pk=pk)
    return redirect(f"{reverse('retailer:homes', args=[slug])}?{found.query}")


@entry.require_right(kind="retailer")
@require_POST
def delete_view(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    found = get_object_or_404(saved_views.views_for(request.user, request.organization), pk=pk)
    _check_sharing(request, found.owner_id is None)
    found.delete()
    messages.success(request, f"“{found.name}” is deleted.")
    return redirect("retailer:homes", slug=slug)


@entry.require_right(rights.WORK, kind="retailer")
@require_POST
def group(request: entry.MemberRequest, slug: str) -> HttpResponse:
    query, now = _list(request), timezone.now()
    form = forms.Group(request.POST, homes=request.POST.getlist("home"))
    if not form.is_valid():
        return _table(request, query, group_form=form)
    try:
        _regroup(request, form, query, now)
    except groups.TooMany as refusal:
        form.add_error("group", str(refusal))
        return _table(request, query, group_form=form)
    return _back(request, query)


@entry.require_right(rights.WORK, kind="retailer")
@require_POST
def delete_group(request: entry.MemberRequest, slug: str, pk: int) -> HttpResponse:
    found = get_object_or_404(Group, organization=request.organization, pk=pk)
    found.delete()
    messages.success(request, f"The group “{found.name}” is deleted. Its homes stay as they are.")
    return redirect("retailer:homes", slug=slug)


def _table(
    request: entry.MemberRequest, query: list_query.ListQuery, **errors: forms.View | forms.Group
) -> HttpResponse:
    now, organization = timezone.now(), request.organization
    page = table.page(request.user, organization, query, now=now)
    context = {
        "asked": query,
        "page": page,
        "count": page.count,
        "groups": list(Group.objects.filter(organization=organization)),
        "views": list(saved_views.views_for(request.user, organization)),
        "may_work": rights.may(request.membership.role, rights.WORK),
        "may_run": rights.may(request.membership.role, rights.RUN),
        "words": list_query,
        "now": now,
        **errors,
    }
    return render(request, "retailer/homes.html", context, status=422 if errors else 200)


def _list(request: entry.MemberRequest) -> list_query.ListQuery:
    return list_query.read(QueryDict(request.POST.get("list", "")[: list_query.LONGEST]))


def _regroup(
    request: entry.MemberRequest, form: forms.Group, query: list_query.ListQuery, now: datetime
) -> None:
    chosen = form.cleaned_data
    if chosen["which"] == "all":
        found = table.matching(request.user, request.organization, query, now=now)
    else:
        shared = policy.shared_sites(request.user, now=now, organization=request.organization)
        found = shared.filter(pk__in=chosen["home"])
    pks = list(found.order_by().values_list("pk", flat=True))
    if chosen["do"] == "add":
        kept, count = groups.add(organization=request.organization, name=chosen["group"], homes=pks)
        where = f"now in “{kept.name}”"
    else:
        known = Group.objects.filter(organization=request.organization, name=chosen["group"]).first()
        count = groups.remove(group=known, homes=pks) if known else 0
        where = f"no longer in “{chosen['group']}”"
    messages.success(request, f"{'1 home is' if count == 1 else f'{count:,} homes are'} {where}.")


def _check_sharing(request: entry.MemberRequest, is_shared: bool) -> None:
    if is_shared and not rights.may(request.membership.role, rights.WORK):
        raise PermissionDenied(NOT_SHARED_VIEWS)


def _back(request: entry.MemberRequest, query: list_query.ListQuery) -> HttpResponse:
    return redirect(f"{reverse('retailer:homes', args=[request.organization.slug])}?{query.address}")


def _file(
    request: entry.MemberRequest,
    form: str,
    write: Callable[[Iterable[SiteRow]], Iterator[str] | Iterator[bytes]],
    content_type: str,
) -> StreamingHttpResponse:
    query, organization, now = list_query.read(request.GET), request.organization, timezone.now()
    if request.method == "GET":
        downloads.tell(
            table=downloads.HOMES,
            form=form,
            actor=request.user,
            organization=organization,
            asked=query.filter,
            details={"homes": table.listed(organization, query, now=now).count()},
            at=now,
        )
    lines = table.everything(request.user, organization, query, now=now)
    name = f"{organization.slug}-homes-{now:%Y-%m-%d}.{form.lower()}"
    return responses.download(write(lines), name=name, content_type=content_type)
