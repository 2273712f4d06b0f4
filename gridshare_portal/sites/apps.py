"""Tell Django of the room that keeps homes, their devices and their sensors."""

from __future__ import annotations

from django.apps import AppConfig


class SitesConfig(AppConfig):
    """Homes as last read, and the way to them."""

    name = "gridshare_portal.sites"
    label = "sites"
    verbose_name = "Homes"

    def ready(self) -> None:
        """Listen for connections that begin and end."""
        from gridshare_portal.sites import receivers  # noqa: F401  (needs the models, which stand only now)
