"""Register the cache of readings with Django."""

from __future__ import annotations

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "gridshare_portal.telemetry"
    verbose_name = "Readings"

    def ready(self) -> None:
        from gridshare_portal.telemetry import receivers  # noqa: F401  (needs the models, ready only now)
