"""Tell Django of the room that keeps readings."""

from __future__ import annotations

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """The cache of readings: what was fetched, what is missing, and what it adds up to."""

    name = "gridshare_portal.telemetry"
    label = "telemetry"
    verbose_name = "Readings"

    def ready(self) -> None:
        """Listen for homes whose sensors became known."""
        from gridshare_portal.telemetry import receivers  # noqa: F401  (needs the models, which stand only now)
