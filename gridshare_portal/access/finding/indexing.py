"""Signal receivers that update the search index in the transaction that changed an indexed value."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict, Unpack

from django.conf import settings
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import receiver

from gridshare_portal.access import consents, models
from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals


class Saved(TypedDict):
    """Keyword arguments of Django's post_save signal."""

    signal: ModelSignal
    using: str
    created: bool
    raw: bool
    update_fields: Collection[str] | None


@receiver(post_save, sender=models.Consent, dispatch_uid="access.indexed_consent")
def on_consent(sender: object, *, instance: models.Consent, raw: bool = False, **_rest: object) -> None:
    if not raw:
        entries.refresh(models.Consent.objects.filter(pk=instance.pk))


@receiver(signals.synced, dispatch_uid="access.indexed_home")
def on_synced(sender: object, *, site: sites.Site, **_rest: object) -> None:
    entries.refresh(consents.open_ones().filter(site=site))


@receiver(post_save, sender=sites.Site, dispatch_uid="access.indexed_name")
def on_site(sender: object, *, instance: sites.Site, **saved: Unpack[Saved]) -> None:
    if _is_about({"name"}, saved):
        entries.refresh(consents.open_ones().filter(site=instance))


@receiver(post_save, sender=sites.Device, dispatch_uid="access.indexed_device")
def on_device(sender: object, *, instance: sites.Device, **saved: Unpack[Saved]) -> None:
    if _is_about({"serial_number", "site", "gone_at"}, saved):
        entries.refresh(consents.open_ones().filter(site=instance.site_id))


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="access.indexed_person")
def on_person(sender: object, *, instance: accounts.User, **saved: Unpack[Saved]) -> None:
    if _is_about({"name", "email"}, saved):
        entries.refresh(consents.open_ones().filter(given_by=instance))


def _is_about(fields: set[str], saved: Saved) -> bool:
    """Return whether one of these fields of an existing row may have changed."""
    written = saved["update_fields"]
    return not (saved["created"] or saved["raw"]) and (written is None or bool(fields & {*written}))
