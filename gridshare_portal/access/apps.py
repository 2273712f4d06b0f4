"""Django configuration of the access package."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "gridshare_portal.access"

    def ready(self) -> None:
        from gridshare_portal.access import receivers, site_pages  # noqa: F401
        from gridshare_portal.access.finding import indexing  # noqa: F401
