"""The room as Django knows it."""

from django.apps import AppConfig


class RetailerConfig(AppConfig):
    """The `retailer` room."""

    name = "gridshare_portal.retailer"
    label = "retailer"

    def ready(self) -> None:
        """Listen to homes that are shared by way of a campaign."""
        from gridshare_portal.retailer import receivers  # noqa: F401
