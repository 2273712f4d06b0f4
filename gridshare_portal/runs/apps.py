"""Registers the receivers of `runs`."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "gridshare_portal.runs"

    def ready(self) -> None:
        from gridshare_portal.runs import receivers  # noqa: F401
