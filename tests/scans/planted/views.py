"""Flaws planted for semgrep: never imported. Each marked line must be found, by the rule that is named there."""

import logging
import ssl
import time
import urllib.request
from pathlib import Path

import requests
from django.db import connection
from django.db.models.expressions import RawSQL
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt

from gridshare_portal.homeowner import addresses
from gridshare_portal.sites import models

log = logging.getLogger(__name__)


def certificates(session):
    session.get("https://lunar.example", verify=False)  # planted: certificate-not-checked
    ssl._create_unverified_context()  # planted: certificate-not-checked
    return ssl.CERT_NONE  # planted: certificate-not-checked


def markup(request):
    name = request.GET["name"]
    mark_safe(name)  # planted: markup-of-a-request
    mark_safe(escape(name))
    format_html(f"<b>{name}</b>")  # planted: markup-of-a-request
    format_html("<b>{}</b>", name)
    return HttpResponse(f"Hello {request.POST['name']}")  # planted: markup-of-a-request


def sql(request, known):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {known}")  # planted: sql-put-together
        cursor.execute("SELECT " + known)  # planted: sql-put-together
        cursor.execute("SELECT %s" % known)  # noqa: UP031  # planted: sql-put-together
        cursor.execute("SELECT %s", [known])
    models.Site.objects.raw("SELECT {}".format(known))  # noqa: UP032  # planted: sql-put-together
    return RawSQL(f"{known}", [])  # planted: sql-put-together


def leads(request):
    where = request.POST.get("next", "")
    if request.GET:
        return redirect(where)  # planted: redirect-of-a-request
    if request.POST:
        return HttpResponseRedirect(request.GET["next"])  # planted: redirect-of-a-request
    return redirect(where if addresses.is_ours(where, request) else "/")


def rows(request, pk, synth_id, mine):
    models.Site.objects.get(synth_id=synth_id)  # planted: row-of-anybody
    get_object_or_404(models.Device, pk=pk)  # planted: row-of-anybody
    get_object_or_404(models.Device.objects.select_related("site"), pk=pk)  # planted: row-of-anybody
    return get_object_or_404(mine, pk=pk)


def lines(token, connection):
    log.info("refreshed with %s", token)  # planted: secret-in-a-log
    log.warning("of %s", connection.refresh_token)  # planted: secret-in-a-log
    log.error(f"the code was {token}")  # planted: secret-in-a-log
    log.info("refreshed %s", connection.pk)


def slow(request):
    time.sleep(1)  # planted: view-that-sleeps


def calls(request):
    requests.get("https://gridshare.example", timeout=3)  # planted: call-without-a-deadline
    return urllib.request.urlopen("https://gridshare.example")  # planted: call-without-a-deadline


def files(request):
    open(request.GET["name"])  # noqa: SIM115  # planted: file-of-a-request
    Path("/data", request.GET["name"])  # planted: file-of-a-request
    return FileResponse(request.GET["name"])  # planted: file-of-a-request


@csrf_exempt  # planted: form-that-anybody-sends
def anybody(request):
    return HttpResponse("done")
