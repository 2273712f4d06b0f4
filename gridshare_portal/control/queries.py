"""Queries on the changes and proposals of homes, and on their devices' modes and plans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet

from gridshare_portal import built
from gridshare_portal.access import policy
from gridshare_portal.control import models
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries

Rows = TypeVar("Rows", bound="QuerySet[Any]")  # homes, however they were narrowed
SET_LATELY = 20  # among so many changes lies the last one of each battery, unless a home has many

_HOME = built.Given("home", BigIntegerField())
_SET = built.Query(
    lambda: (
        models.Change.objects.filter(site=_HOME, outcome="confirmed", kind__in=("mode", "plan"))
        .select_related("consent")
        .order_by("-made_at", "-pk")[:SET_LATELY]
    )
)
_STATES = built.Query(lambda: models.State.objects.filter(device__site=_HOME))


def changes_in(homes: Iterable[sites.Site]) -> QuerySet[models.Change]:
    """Return the changes of these homes, newest first, each with consent, proposal and its organization."""
    beside = ("site", "device", "actor", "consent", "proposal__consent__organization")
    return models.Change.objects.filter(site__in=homes).select_related(*beside)


def set_lately(site: sites.Site) -> list[models.Change]:
    """Return a home's newest confirmed changes of a mode or plan, newest first, each with its consent."""
    return _SET.rows(home=site.pk)


def proposals_in(homes: Iterable[sites.Site], *, now: datetime) -> QuerySet[models.Proposal]:
    """Return the proposals for these homes, newest first; `holds` says whether access still holds."""
    beside = ("site", "device", "consent__organization", "change")
    proposals = models.Proposal.objects.filter(site__in=homes).select_related(*beside)
    return proposals.annotate(**{"holds": _holds(now)})  # by ** because the model declares its type


def waiting_of(site: sites.Site, *, now: datetime) -> QuerySet[models.Proposal]:
    """Return the proposals that a home's homeowner has to answer, the newest first."""
    return _waiting(proposals_in([site], now=now), now)


def marked_waiting(homes: Rows, *, now: datetime) -> Rows:
    """Mark each home with `proposal_waits`: whether the homeowner has a proposal to answer."""
    there = models.Proposal.objects.filter(site=OuterRef("pk"))
    marked: Rows = homes.annotate(proposal_waits=Exists(_waiting(there, now).order_by()))
    return marked


def _waiting(proposals: QuerySet[models.Proposal], now: datetime) -> QuerySet[models.Proposal]:
    return proposals.filter(_holds(now), answer=models.Proposal.Answer.OPEN, expires_at__gt=now)


def _holds(now: datetime) -> Exists:
    """Return whether the organization that proposed still has a consent that holds, from anybody there."""
    same = {"site": OuterRef("site"), "organization": OuterRef("consent__organization")}
    return Exists(policy.holding(now=now).filter(**same).order_by())


def states_of(site: sites.Site) -> QuerySet[models.State]:
    """Return what was last read of a home's devices, each with its device."""
    return models.State.objects.filter(device__site=site).select_related("device")


def battery_states_of(site: sites.Site, *, among: Iterable[sites.Sensor] | None = None) -> list[models.State]:
    """Return a State for each battery of a home, unsaved where it was never read.

    `among` are the home's sensors, where the caller has read them already.
    """
    devices = site_queries.battery_devices_of(site, among=among)
    read = {state.device_id: state for state in _STATES.rows(home=site.pk)} if devices else {}
    known = [read.get(device.pk) or models.State(device=device) for device in devices]
    for state, device in zip(known, devices, strict=True):
        device.site = site
        state.device = device
    return known
