"""The portfolio room as Django knows it."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Many homes as rows."""

    name = "gridshare_portal.portfolio"
    label = "portfolio"
