"""The campaigns room as Django knows it."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Links by which homeowners come to share."""

    name = "gridshare_portal.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        """Listen to homes that are shared by way of a campaign."""
        from gridshare_portal.campaigns import receivers  # noqa: F401
