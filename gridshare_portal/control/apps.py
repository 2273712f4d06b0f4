"""The room as Django knows it."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    """The `control` room."""

    name = "gridshare_portal.control"
    label = "control"

    def ready(self) -> None:
        """Listen to homes that were read."""
        from gridshare_portal.control import receivers  # noqa: F401
