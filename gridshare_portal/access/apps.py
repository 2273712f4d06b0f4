"""The room as Django knows it."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The `access` room."""

    name = "gridshare_portal.access"
    label = "access"

    def ready(self) -> None:
        """Listen to connections that end, to consents that are deleted, and to what homes are found by; know ids in addresses."""
        from gridshare_portal.access import receivers, site_pages  # noqa: F401
        from gridshare_portal.access.finding import indexing  # noqa: F401
