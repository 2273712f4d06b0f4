"""Store tokens when their owner signs in, and revoke them when a connection is deleted."""

from __future__ import annotations

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from gridshare_portal.lunar import connections, models
from gridshare_portal.lunar.login import adapter


@receiver(user_logged_in)
def on_signed_in(
    request: HttpRequest, user: AbstractBaseUser, sociallogin: SocialLogin | None = None, **_context: object
) -> None:
    """Store the tokens of a user who signed in or signed up through Lunar."""
    if sociallogin is not None and sociallogin.account.provider == connections.PROVIDER:
        adapter.finish(request, sociallogin, user, may_narrow=False)


@receiver(pre_delete, sender=models.Connection)
def on_deleted(instance: models.Connection, **_context: object) -> None:
    connections.record_before_delete(connection=instance, now=timezone.now())
