"""Signal receivers that update the search index in the transaction that changed an indexed value."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Model
from django.db.models.signals import post_save
from django.dispatch import receiver

from gridshare_portal.access import consents, models
from gridshare_portal.access.finding import entries
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import signals

INDEXED: dict[type[Model], tuple[set[str], str]] = {  # searched fields, and a path from a consent
    sites.Site: ({"name"}, "site"),
    sites.Device: ({"serial_number", "site", "gone_at"}, "site__devices"),
    accounts.User: ({"name", "email"}, "given_by"),
}


@receiver(post_save, sender=models.Consent, dispatch_uid="access.indexed_consent")
def on_consent(sender: object, *, instance: models.Consent, raw: bool = False, **_rest: object) -> None:
    if not raw:
        entries.refresh(models.Consent.objects.filter(pk=instance.pk))


@receiver(signals.synced, dispatch_uid="access.indexed_home")
def on_synced(sender: object, *, site: sites.Site, **_rest: object) -> None:
    entries.refresh(consents.open_ones().filter(site=site))


def on_saved(
    sender: type[Model],
    *,
    instance: Model,
    created: bool,
    raw: bool,
    update_fields: Collection[str] | None,
    **_rest: object,
) -> None:
    """Refresh the keys where a searched field of an existing row may have changed."""
    fields, path = INDEXED[sender]
    if not (created or raw) and (update_fields is None or fields & {*update_fields}):
        entries.refresh(consents.open_ones().filter(**{path: instance}))


for model in INDEXED:
    post_save.connect(on_saved, sender=model, dispatch_uid=f"access.indexed_{model.__name__}")
