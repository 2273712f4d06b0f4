"""The room as Django knows it."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """The `telemetry` room."""

    name = "gridshare_portal.telemetry"
    label = "telemetry"
