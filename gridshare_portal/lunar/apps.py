"""Register Lunar accounts with Django."""

from django.apps import AppConfig


class LunarConfig(AppConfig):
    name = "gridshare_portal.lunar"

    def ready(self) -> None:
        from gridshare_portal.lunar import receivers  # noqa: F401
