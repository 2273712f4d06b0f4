"""The room as Django knows it."""

from django.apps import AppConfig


class InstallerConfig(AppConfig):
    """The `installer` room."""

    name = "gridshare_portal.installer"
    label = "installer"
