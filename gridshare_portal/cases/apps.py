"""The cases room as Django knows it."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What needs help at a home."""

    name = "gridshare_portal.cases"
    label = "cases"
