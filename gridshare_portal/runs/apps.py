"""The runs room as Django knows it."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Bulk runs: one change for many homes."""

    name = "gridshare_portal.runs"
    label = "runs"

    def ready(self) -> None:
        """Listen to changes that came to an end."""
        from gridshare_portal.runs import receivers  # noqa: F401
