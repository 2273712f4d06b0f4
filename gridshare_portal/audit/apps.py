"""Register the audit log with Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "gridshare_portal.audit"
