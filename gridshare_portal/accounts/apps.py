"""The room as Django knows it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The `accounts` room."""

    name = "gridshare_portal.accounts"
    label = "accounts"
