"""Homes as search finds them, and another name for one."""

from django.utils import timezone

from gridshare_portal.access.finding import search
from gridshare_portal.sites import settings


def found(who, text, now=None):
    query = search.parse(text)
    return search.search(who.user, who.organization, query, now=now or timezone.now()).found


def only(who, text):
    [one] = found(who, text)
    return one


def shown(one):
    return "".join(f"[{part}]" if hit else part for part, hit in one.parts)


def rename(site, name):
    settings.rename(site=site, name=name, time_zone=site.time_zone, now=timezone.now())
