"""What is kept of enrolment and letters: campaigns with their counts, letters asked for, who gets reports.

No row says who opened a campaign's link: a week is counters and nothing else.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites


class Campaign(models.Model):
    """A link by which homeowners come to share a home with an organization.

    What it says stays as it was printed; who wants to say something else ends it and makes another.
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
        indexes = [models.Index(fields=["organization", "-made_at"], name="retailer_campaigns")]

    def __str__(self) -> str:
        return self.name

    def has_ended(self, *, now: datetime) -> bool:
        """Say whether its link leads on no more."""
        return self.ends_at is not None and self.ends_at <= now


class CampaignWeek(models.Model):
    """How many browsers opened a campaign's link in one week, and what came of these."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="weeks")
    begins = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    connected = models.PositiveIntegerField(default=0)
    consented = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-begins"]
        constraints = [models.UniqueConstraint(fields=["campaign", "begins"], name="retailer_week_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} in the week of {self.begins}"


class Reminder(models.Model):
    """Staff asked that a homeowner be written to about a connection that ended; the row is the queue."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["site", "-asked_at"], name="retailer_reminders")]

    def __str__(self) -> str:
        return f"about {self.site_id}, asked {self.asked_at}"


class Subscription(models.Model):
    """Whether a member gets the portfolio report of an organization, how often, and when the next is due."""

    class Every(models.TextChoices):
        NEVER = "", "Never"
        WEEK = "week", "Every Monday, about the week before"
        MONTH = "month", "On the first of a month, about the month before"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    every = models.CharField(max_length=8, choices=Every.choices, blank=True, default=Every.NEVER)
    time_zone = models.CharField(max_length=64, default="UTC")
    due_at = models.DateTimeField(null=True, db_index=True)
    taken_until_at = models.DateTimeField(null=True)
    sent_about = models.CharField(max_length=24, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="retailer_one_report")]

    def __str__(self) -> str:
        return f"{self.user_id} about {self.organization_id}"


class PortfolioDay(models.Model):
    """The energy of one UTC day over all homes of a retailer, as last counted.

    `figures` holds each energy's sum and number of homes; report_figures.py says what may be shown.
    """

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    day = models.DateField()
    figures = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "day"], name="retailer_day_once")]

    def __str__(self) -> str:
        return f"{self.organization_id} on {self.day}"
