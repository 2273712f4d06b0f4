"""Django configuration of the accounts package."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "gridshare_portal.accounts"

    def ready(self) -> None:
        from gridshare_portal.accounts import receivers  # noqa: F401
