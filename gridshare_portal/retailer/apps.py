"""The room as Django knows it."""

from django.apps import AppConfig


class RetailerConfig(AppConfig):
    """The `retailer` room."""

    name = "gridshare_portal.retailer"
    label = "retailer"
