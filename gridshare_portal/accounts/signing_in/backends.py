"""Loads the signed-in person together with whether they are a member of any organization.

Most people work for none, and their pages need no second query to find that out.
"""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from gridshare_portal.accounts import models


class Backend(AuthenticationBackend):
    def get_user(self, user_id: int) -> models.User | None:
        """Return the user annotated with `works`: whether they have a membership."""
        works = Exists(models.Membership.objects.filter(user=OuterRef("pk")))
        user = models.User.objects.annotate(works=works).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
