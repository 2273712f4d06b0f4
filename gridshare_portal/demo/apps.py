"""The room as Django knows it, and the guard that keeps it on this machine."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from gridshare_portal.demo import guard


class DemoConfig(AppConfig):
    """The `demo` room."""

    name = "gridshare_portal.demo"
    label = "demo"

    def ready(self) -> None:
        """Refuse to start where anyone but this machine could reach the portal."""
        fault = guard.fault(settings.ALLOWED_HOSTS, settings.PUBLIC_URL)
        if fault:
            raise ImproperlyConfigured(fault)
