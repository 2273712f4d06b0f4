"""What every page about one home does, whichever audience it is for: its id in addresses, and staff who look.

Staff first say why they look; each look leaves a line for the homeowner. Whether somebody may see the home at
all is decided by the page, which looks it up among those that are visible.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import register_converter
from django.urls.converters import StringConverter

from gridshare_portal.access import models, visits
from gridshare_portal.accounts import entry
from gridshare_portal.audit import names
from gridshare_portal.mail import addresses
from gridshare_portal.sites import models as sites

Kind = Literal["page", "part", "download"]

LONGEST_ID = 255  # as many characters as the columns of ids hold
LONGEST_ADDRESS = 7_000  # web servers take lines of 8 KB


class SynthId(StringConverter):
    """Path converter of the API's name of a site or device, which may hold almost anything.

    Servers decode %2F before a path is looked up, so that an id's own slash would begin another segment. It
    is spelled ~2F, and the ~ itself ~7E; all else is percent-encoded as in any address.
    """

    regex = rf"(?:[^/~\x00-\x1f\x7f-\x9f\ud800-\udfff]|~2F|~7E){{1,{LONGEST_ID}}}"

    def to_python(self, value: str) -> str:
        return value.replace("~2F", "/").replace("~7E", "~")

    def to_url(self, value: str) -> str:
        return value.replace("~", "~7E").replace("/", "~2F")


register_converter(SynthId, "synth")


def note_look(
    request: entry.SignedInRequest, *, visit: models.Visit, page: str, kind: Kind, now: datetime
) -> None:
    """Leave a line for the homeowner: of each page that is opened and each file, now and then of the rest."""
    if kind == "download":
        visits.note(visit=visit, page=page, now=now, name=names.Name.SITE_EXPORTED)
    elif kind == "page" and not request.htmx and request.method in ("GET", "HEAD"):
        visits.note(visit=visit, page=page, now=now)
    else:
        visits.note_renewed(visit=visit, page=page, now=now)


def say_why(
    request: entry.SignedInRequest, site: sites.Site, *, kind: Kind, post_leads_back: bool
) -> HttpResponse:
    """Lead to where staff say why, and back; what cannot be led there is refused with a sentence."""
    is_opened = kind == "page" and request.method in ("GET", "HEAD")
    back = request.get_full_path() if is_opened else ""
    if post_leads_back and kind == "page" and request.method == "POST":
        back = request.path
    if request.htmx:
        back = request.htmx.current_url_abs_path or ""
    address = addresses.path("visit", site.synth_id)
    leading_back = f"{address}?{urlencode({'next': back})}" if back else address
    address = leading_back if len(leading_back) <= LONGEST_ADDRESS else address
    if request.htmx:
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    if is_opened:
        return redirect(address)
    return render(request, "access/say_why.html", {"address": address}, status=403)
