"""Celery tasks: read-backs, e-mails about proposals, reads of modes and plans. The rows are the queue."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from gridshare_portal.celery import wake
from gridshare_portal.control import models, read_back, state
from gridshare_portal.control.proposals import emails as proposal_emails
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import queries as site_queries


@shared_task
def read_again(change_pk: str) -> None:
    read_back.read_again(change_pk=change_pk, now=timezone.now())


@shared_task
def tell_homeowner(proposal_pk: str) -> None:
    proposal_emails.tell_homeowner(pk=proposal_pk, now=timezone.now())


@shared_task
def refresh_state(device_pk: int) -> None:
    device = sites.Device.objects.filter(pk=device_pk, site__isnull=False).select_related("site").first()
    if device is not None:
        state.refresh(device=device, now=timezone.now())


@shared_task
def refresh_states(site_pk: int) -> None:
    site = sites.Site.objects.filter(pk=site_pk).first()
    for device in site_queries.battery_devices_of(site) if site else []:
        state.refresh(device=device, now=timezone.now())


@shared_task
def sweep() -> None:
    """Settle stuck changes and wake whatever the rows say is due."""
    now = timezone.now()
    read_back.settle_stuck(changes=models.Change.objects.all(), now=now)
    for change_pk in read_back.due(now=now).values_list("pk", flat=True)[:200]:
        wake(read_again, str(change_pk))
    for device_pk in state.due(now=now)[:200]:
        wake(refresh_state, device_pk)
    for proposal_pk in proposal_emails.due(now=now):
        wake(tell_homeowner, proposal_pk)
