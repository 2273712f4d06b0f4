"""Operators read the queue of readings, and may have a home fetched anew."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from gridshare_portal.admin import LookOnly
from gridshare_portal.telemetry import collect, models


@admin.register(models.Collection)
class Collection(LookOnly):
    fields = ("site", "due_at", "last_ok_at", "last_error", "failures", "filled_back_to", "goal", "refused")
    list_display = ("site", "due_at", "last_ok_at", "last_error", "failures")
    search_fields = ("site__synth_id",)
    actions = ("refetch",)

    @admin.action(description="Fetch all readings anew", permissions=["view"])
    def refetch(self, request: HttpRequest, collections: QuerySet[models.Collection]) -> None:
        days = sum(collect.refetch(site=row.site, now=timezone.now()) for row in collections)
        self.message_user(request, f"{days} days will be asked for again, and everything before them.")


@admin.register(models.Meaning)
class Meaning(LookOnly):
    fields = ("sensor", "found", "chosen", "changed_at")
    list_display = fields
    search_fields = ("sensor__synth_id", "sensor__site__synth_id")
