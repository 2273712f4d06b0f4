"""Cases with their notes, the queue of examinations, and who gets digests.

A case is one cause at one home as one organization handles it. What one organization writes about a home, no
other reads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from gridshare_portal.accounts import models as accounts
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.sites import models as sites

RANK_STEP = 10**12  # more than the seconds of any date


def rank_of(severity: int, since_at: datetime) -> int:
    """Return a case's position in the work list as one number: the worst first, then the oldest."""
    return severity * RANK_STEP + int(since_at.timestamp())


class Case(models.Model):
    """Something that needs help at a home, from when it was found until it is gone or resolved."""

    class Closed(models.TextChoices):
        NOT_YET = "", "Open"
        GONE = "gone", "The cause is gone"
        RESOLVED = "resolved", "Resolved"
        HIDDEN = "hidden", "Another cause hides it"
        UNSHARED = "unshared", "The home is no longer shared"

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="cases")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="cases")
    cause = models.CharField(max_length=24, choices=Cause.choices)
    subject = models.CharField(max_length=300, blank=True, default="")
    severity = models.PositiveSmallIntegerField(choices=Severity.choices)
    rank = models.BigIntegerField()
    data = models.JSONField(default=dict)
    since_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    again = models.BooleanField("was resolved before, and the cause was still found", default=False)
    snoozed_until_at = models.DateTimeField(null=True, blank=True)
    snoozed_at_severity = models.PositiveSmallIntegerField(null=True, blank=True)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_how = models.CharField(max_length=8, choices=Closed.choices, blank=True, default=Closed.NOT_YET)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["rank", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "site", "cause", "subject"],
                condition=models.Q(closed_at=None),
                name="cases_one_open_case",
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "rank", "id"],
                condition=models.Q(closed_at=None),
                name="cases_open_by_rank",
            ),
            models.Index(
                fields=["organization", "cause", "rank", "id"],
                condition=models.Q(closed_at=None),
                name="cases_open_by_cause",
            ),
            models.Index(
                fields=["organization", "assigned_to", "rank", "id"],
                condition=models.Q(closed_at=None, assigned_to__isnull=False),
                name="cases_open_by_person",
            ),
            models.Index(
                fields=["organization", "snoozed_until_at", "id"],
                condition=models.Q(closed_at=None, snoozed_until_at__isnull=False),
                name="cases_snoozed",
            ),
            models.Index(
                fields=["organization", "-closed_at", "-id"],
                condition=models.Q(closed_at__isnull=False),
                name="cases_closed",
            ),
            models.Index(fields=["site", "organization", "cause"], name="cases_of_home"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} at {self.site}"

    def save(self, *args: Any, **options: Any) -> None:
        self.rank = rank_of(self.severity, self.since_at)
        super().save(*args, **options)

    @property
    def level(self) -> Severity:
        return Severity(self.severity)

    def sleeps(self, *, now: datetime) -> bool:
        return self.closed_at is None and self.snoozed_until_at is not None and self.snoozed_until_at > now


class Note(models.Model):
    """One line of a case's timeline: what a person did or wrote, or what an examination found."""

    class Action(models.TextChoices):
        OPENED = "opened", "found it"
        REOPENED = "reopened", "found it again"
        WORSE = "worse", "found it worse"
        BETTER = "better", "found it better"
        GONE = "gone", "no longer finds it"
        HIDDEN = "hidden", "closed it: another cause hides it"
        UNSHARED = "unshared", "closed it: the home is no longer shared"
        NOTED = "noted", "wrote"
        SNOOZED = "snoozed", "set it aside"
        WOKEN = "woken", "took it up again"
        ASSIGNED = "assigned", "gave it to somebody"
        RESOLVED = "resolved", "resolved it"

    case = models.ForeignKey(Case, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=254, blank=True, default="")
    action = models.CharField(max_length=8, choices=Action.choices)
    words = models.CharField(max_length=2000, blank=True, default="")
    until_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "-at"], name="cases_notes_of_case")]

    def __str__(self) -> str:
        return f"{self.author_label or 'The portal'} {self.get_action_display()}"


class Examination(models.Model):
    """The queue of examinations: one row per home, leased by one worker at a time.

    `learned` holds what only whole days of readings tell (daily_statistics), so that they are read every few
    hours only.
    """

    site = models.OneToOneField(sites.Site, models.CASCADE, related_name="examination")
    due_at = models.DateTimeField(db_index=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True, blank=True)
    examined_at = models.DateTimeField(null=True, blank=True)
    learned = models.JSONField(default=dict)
    learned_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.site_id}, due {self.due_at}"


class Digest(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests")
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="digests")
    is_on = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    due_at = models.DateTimeField(db_index=True)
    told_at = models.DateTimeField(null=True, blank=True)
    sent_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="cases_one_digest")]

    def __str__(self) -> str:
        return f"{self.user} about {self.organization}"


class OpenCases(models.Model):
    """How many cases of an organization are open, by severity, at the last count."""

    organization = models.OneToOneField(accounts.Organization, models.CASCADE, related_name="open_cases")
    now = models.PositiveIntegerField(default=0)
    soon = models.PositiveIntegerField(default=0)
    watch = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.now}, {self.soon}, {self.watch}"

    @property
    def levels(self) -> list[tuple[Severity, int]]:
        return [(level, getattr(self, level.name.lower())) for level in Severity]
