"""The room as Django knows it."""

from django.apps import AppConfig


class LunarConfig(AppConfig):
    """The `lunar` room."""

    name = "gridshare_portal.lunar"
    label = "lunar"
