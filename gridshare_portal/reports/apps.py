"""The reports room as Django knows it."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What a retailer is sent about its portfolio."""

    name = "gridshare_portal.reports"
    label = "reports"
