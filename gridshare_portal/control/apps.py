"""Registers the receivers of `control`."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "gridshare_portal.control"

    def ready(self) -> None:
        from gridshare_portal.control import receivers  # noqa: F401
