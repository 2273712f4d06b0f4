"""Campaigns and their weekly counters; no row says who opened a campaign's link."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts


class Campaign(models.Model):
    """A link by which homeowners come to share a home with an organization.

    Its terms never change, because the link may be printed; to change them, end it and make another.
    """

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="campaigns")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    right = models.CharField(max_length=8, choices=access.Right.choices)
    lasts = models.CharField(max_length=8)
    text = models.CharField(max_length=600, blank=True, default="")
    color = models.CharField(max_length=7)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["organization", "-made_at"], name="campaigns_newest")]

    def __str__(self) -> str:
        return self.name

    def has_ended(self, *, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class CampaignWeek(models.Model):
    """The steps of one week: browsers that opened the link, and what came of these."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="weeks")
    begins = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    connected = models.PositiveIntegerField(default=0)
    consented = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-begins"]
        constraints = [models.UniqueConstraint(fields=["campaign", "begins"], name="campaigns_week_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} in the week of {self.begins}"
