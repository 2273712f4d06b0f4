"""Register homes, their devices and sensors with Django."""

from __future__ import annotations

from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "gridshare_portal.sites"
    verbose_name = "Homes"

    def ready(self) -> None:
        from gridshare_portal.sites import receivers  # noqa: F401  (needs the models, ready only now)
