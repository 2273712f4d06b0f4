"""Keeps the demonstration on this machine."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from gridshare_portal.demo import guard


class DemoConfig(AppConfig):
    name = "gridshare_portal.demo"

    def ready(self) -> None:
        """Refuse to start where any other machine could reach the portal."""
        fault = guard.fault(settings.ALLOWED_HOSTS, settings.PUBLIC_URL)
        if fault:
            raise ImproperlyConfigured(fault)
