"""The room as Django knows it."""

from django.apps import AppConfig


class HomeownerConfig(AppConfig):
    """The `homeowner` room."""

    name = "gridshare_portal.homeowner"
    label = "homeowner"
