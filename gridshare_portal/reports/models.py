"""Subscriptions to portfolio reports."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gridshare_portal.accounts import models as accounts


class Subscription(models.Model):
    """How often a member gets an organization's report, and when the next is due; also the queue."""

    class Every(models.TextChoices):
        NEVER = "", "Never"
        WEEK = "week", "Every Monday, about the week before"
        MONTH = "month", "On the first of a month, about the month before"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    every = models.CharField(max_length=8, choices=Every.choices, blank=True, default=Every.NEVER)
    time_zone = models.CharField(max_length=64, default="UTC")
    due_at = models.DateTimeField(null=True, db_index=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True)
    sent_about = models.CharField(max_length=24, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="reports_one_report")]

    def __str__(self) -> str:
        return f"{self.user_id} about {self.organization_id}"
