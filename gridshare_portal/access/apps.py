"""The room as Django knows it."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The `access` room."""

    name = "gridshare_portal.access"
    label = "access"

    def ready(self) -> None:
        """Register receivers, the search index and the path converter of ids."""
        from gridshare_portal.access import receivers, site_pages  # noqa: F401
        from gridshare_portal.access.finding import indexing  # noqa: F401
