"""Registers the receivers of `campaigns`."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "gridshare_portal.campaigns"

    def ready(self) -> None:
        from gridshare_portal.campaigns import receivers  # noqa: F401
