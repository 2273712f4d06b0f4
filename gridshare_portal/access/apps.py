"""The room as Django knows it."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The `access` room."""

    name = "gridshare_portal.access"
    label = "access"
