from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate

from gridshare_portal.upkeep import patience

AMONG_OTHERS = "accounts"  # Django tells it for every application that has models: once is enough


class Upkeep(AppConfig):
    name = "gridshare_portal.upkeep"

    def ready(self) -> None:
        sender = apps.get_app_config(AMONG_OTHERS)
        pre_migrate.connect(patience.begin, sender=sender)
        post_migrate.connect(patience.end, sender=sender)
