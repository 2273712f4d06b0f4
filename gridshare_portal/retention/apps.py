"""Registers the receivers of `retention`."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "gridshare_portal.retention"

    def ready(self) -> None:
        from gridshare_portal.retention import receivers  # noqa: F401
