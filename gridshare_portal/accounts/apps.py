"""The room as Django knows it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The `accounts` room."""

    name = "gridshare_portal.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to who comes and goes."""
        from gridshare_portal.accounts import receivers  # noqa: F401
