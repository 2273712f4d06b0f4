"""Takes people and homes out of what stays, whoever deletes them."""

from __future__ import annotations

from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from gridshare_portal.accounts import models as accounts
from gridshare_portal.retention import erasure
from gridshare_portal.sites import models as sites


@receiver(pre_delete, sender=accounts.User, dispatch_uid="retention.person")
def on_person_deleted(instance: accounts.User, **_context: object) -> None:
    erasure.forget_person(instance)


@receiver(post_delete, sender=sites.Site, dispatch_uid="retention.home")
def on_home_deleted(instance: sites.Site, **_context: object) -> None:
    """Come last, after all that is recorded of the end of what the home had."""
    erasure.forget_home(instance)
