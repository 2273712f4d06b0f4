"""The room as Django knows it."""

from django.apps import AppConfig


class LunarConfig(AppConfig):
    """The `lunar` room."""

    name = "gridshare_portal.lunar"
    label = "lunar"

    def ready(self) -> None:
        """Listen to who signs in, and to who is deleted."""
        from gridshare_portal.lunar import receivers  # noqa: F401
