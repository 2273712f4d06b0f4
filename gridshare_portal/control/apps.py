"""The room as Django knows it."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    """The `control` room."""

    name = "gridshare_portal.control"
    label = "control"
