"""Rows per shared home, aggregates, groups, saved views, reminders and daily sums of a portfolio.

SiteRow and HomesAggregate are rebuilt in passes from other packages' rows, so that a page costs the same
however many homes there are. They are at most a pass old and grant nothing: access.policy decides who may see
a home whenever one is shown.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gridshare_portal.accounts import models as accounts
from gridshare_portal.portfolio.table import facets
from gridshare_portal.sites import models as sites


class Group(models.Model):
    """Homes that an organization put together under a name; a home may be in several."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="portfolio_group_once")]

    def __str__(self) -> str:
        return self.name


class GroupSite(models.Model):
    group = models.ForeignKey(Group, models.CASCADE, related_name="members", db_index=False)
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "site"], name="portfolio_in_group_once")]

    def __str__(self) -> str:
        return f"{self.site_id} in {self.group_id}"


class SavedView(models.Model):
    """A query of the homes table under a name; without an owner it is shared in the organization."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "owner", "name"], name="portfolio_own_view_once"),
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(owner=None),
                name="portfolio_shared_view_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SiteRow(models.Model):
    """A shared home in plain columns, as of the last pass; None is not known. The keys are for sorting.

    `day` is the UTC day that the energies (Wh) are of.
    """

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+", db_index=False)
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="+")
    name_key = models.CharField(max_length=160)
    time_zone = models.CharField(max_length=64)
    state = models.CharField(max_length=12)
    right = models.CharField(max_length=8)
    ask_first = models.BooleanField(default=False)
    shared_at = models.DateTimeField()
    last_reading_at = models.DateTimeField(null=True, blank=True)
    has_solar = models.BooleanField(default=False)
    has_battery = models.BooleanField(default=False)
    has_ev = models.BooleanField(default=False)
    charge_pct = models.FloatField(null=True, blank=True)
    capacity_wh = models.FloatField(null=True, blank=True)
    stored_wh = models.FloatField(null=True, blank=True)
    solar_w = models.FloatField(null=True, blank=True)
    charging_w = models.FloatField(null=True, blank=True)
    discharging_w = models.FloatField(null=True, blank=True)
    from_grid_w = models.FloatField(null=True, blank=True)
    to_grid_w = models.FloatField(null=True, blank=True)
    day = models.DateField()
    solar_wh = models.FloatField(null=True, blank=True)
    charged_wh = models.FloatField(null=True, blank=True)
    discharged_wh = models.FloatField(null=True, blank=True)
    from_grid_wh = models.FloatField(null=True, blank=True)
    to_grid_wh = models.FloatField(null=True, blank=True)
    last_reading_key = models.BigIntegerField(default=-1)
    shared_key = models.BigIntegerField(default=-1)
    charge_key = models.FloatField(default=-1)
    stored_key = models.FloatField(default=-1)
    facets = models.GeneratedField(
        expression=facets.expression(), output_field=models.SmallIntegerField(), db_persist=True
    )

    why_no_readings: str  # a sentence, as listing.page adds where there are none

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "site"], name="portfolio_home_once")]
        indexes = [
            models.Index(fields=["organization", "name_key", "site"], name="portfolio_by_name"),
            models.Index(fields=["organization", "last_reading_key", "site"], name="portfolio_by_reading"),
            models.Index(fields=["organization", "shared_key", "site"], name="portfolio_by_sharing"),
            models.Index(fields=["organization", "charge_key", "site"], name="portfolio_by_charge"),
            models.Index(fields=["organization", "stored_key", "site"], name="portfolio_by_stored"),
            models.Index(
                fields=[
                    "organization",
                    "facets",
                    "name_key",
                    "last_reading_key",
                    "charge_key",
                    "time_zone",
                    "site",
                ],
                name="portfolio_by_facets",
            ),
            models.Index(fields=["organization", "time_zone"], name="portfolio_by_zone"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} for {self.organization_id}"


class ProjectionPass(models.Model):
    """The queue of passes: one row per retailer, leased by one worker at a time.

    `cursor` is the last home of this pass that was written; a worker that dies costs one step.
    """

    organization = models.OneToOneField(accounts.Organization, models.CASCADE, related_name="round")
    due_at = models.DateTimeField(db_index=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True, blank=True)
    cursor = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.organization_id}, due {self.due_at}"


class HomesAggregate(models.Model):
    """The sums over all homes of a retailer (group null) or of one group, as of the last pass."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="aggregates")
    group = models.OneToOneField(Group, models.CASCADE, null=True, blank=True, related_name="aggregate")
    made_at = models.DateTimeField()
    began_at = models.DateTimeField()
    homes = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(group=None),
                name="portfolio_one_aggregate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.homes} homes at {self.made_at}"


class Reminder(models.Model):
    """A request by staff to e-mail a homeowner whose connection ended; the row is the queue."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["site", "-asked_at"], name="portfolio_reminders")]

    def __str__(self) -> str:
        return f"about {self.site_id}, asked {self.asked_at}"


class PortfolioDay(models.Model):
    """The energy of one UTC day over all homes of a retailer: `figures` is name -> {wh, homes}.

    Among them, without wh, are the homes whose readings of that day changed later.
    """

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    day = models.DateField()
    figures = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "day"], name="portfolio_day_once")]

    def __str__(self) -> str:
        return f"{self.organization_id} on {self.day}"
