"""How a signed-in person is loaded for a request: in the same question, whether they work for anybody.

Most people work for no organization, and none of their pages has to ask twice to find that out.
"""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from gridshare_portal.accounts import models


class Backend(AuthenticationBackend):
    """allauth's own, which also signs in at the admin."""

    def get_user(self, user_id: int) -> models.User | None:
        """Return the person with `works`: whether there is an organization they belong to."""
        works = Exists(models.Membership.objects.filter(user=OuterRef("pk")))
        user = models.User.objects.annotate(works=works).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
