"""Changes and their outcomes, staff's proposals, and each device's mode and plan as last read."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from gridshare_portal.access import models as access
from gridshare_portal.control import outcomes
from gridshare_portal.sites import models as sites


class Change(models.Model):
    """One write to a device and its outcome.

    `sent_at` is None as well where the write is known never to have reached Lunar; `accepted_at` is when
    Lunar took it, and None where its answer said otherwise or was lost.

    The row exists before anything is sent, so a process that dies in between leaves a change that can be
    settled and never one that is sent late. A device has one open change at a time.
    """

    class Kind(models.TextChoices):
        MODE = "mode", "Mode"
        PLAN = "plan", "Plan"
        DETAILS = "details", "Device details"

    class Outcome(models.TextChoices):
        OPEN = outcomes.OPEN, "On its way"
        CONFIRMED = outcomes.CONFIRMED, "Confirmed"
        CONTRADICTED = outcomes.CONTRADICTED, "The device says otherwise"
        UNCONFIRMED = outcomes.UNCONFIRMED, "Not confirmed"
        REFUSED = outcomes.REFUSED, "Refused"
        FAILED = outcomes.FAILED, "Failed"
        OVERTAKEN = outcomes.OVERTAKEN, "Overtaken"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device = models.ForeignKey(sites.Device, models.CASCADE, related_name="changes")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="changes")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="changes")
    actor_label = models.CharField(max_length=254, blank=True, default="")
    consent = models.ForeignKey(access.Consent, models.SET_NULL, null=True, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    asked = models.JSONField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.OPEN)
    sentence = models.TextField(blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    message = models.CharField(max_length=300, blank=True, default="")
    code = models.CharField(max_length=60, blank=True, default="")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    read_again_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=64, null=True)
    is_own: bool  # whether the home is the reader's own; annotated by policy.marked_own

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=models.Q(outcome="open"), name="control_one_open_change"
            ),
            models.UniqueConstraint(fields=["actor", "key"], name="control_one_change_per_key"),
        ]
        indexes = [
            models.Index(fields=["site", "-made_at"], name="control_by_site"),
            models.Index(fields=["outcome", "read_again_at"], name="control_to_settle"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_outcome_display()}"


class Proposal(models.Model):
    """A change that staff prepared for the homeowner to approve or decline; it expires by itself."""

    class Answer(models.TextChoices):
        OPEN = "open", "Waits for the homeowner"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device = models.ForeignKey(sites.Device, models.CASCADE, related_name="proposals")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="proposals")
    consent = models.ForeignKey(access.Consent, models.CASCADE, related_name="proposals")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    proposer_label = models.CharField(max_length=254)
    kind = models.CharField(max_length=8, choices=Change.Kind.choices)
    asked = models.JSONField()
    reason = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.OPEN)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    change = models.OneToOneField(Change, models.SET_NULL, null=True, related_name="proposal")
    told_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=64, null=True)
    is_own: bool  # whether the home is the reader's own; annotated by policy.marked_own
    holds: bool  # whether the access it rests on holds; annotated by queries.proposals_in

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposed_by", "key"], name="control_one_proposal_per_key")
        ]
        indexes = [models.Index(fields=["site", "-made_at"], name="control_proposals_of_site")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_answer_display()}"


class State(models.Model):
    """A device's mode and plan as last read; a missing `..._read_at` means never read."""

    device = models.OneToOneField(sites.Device, models.CASCADE, related_name="state")
    mode = models.CharField(max_length=60, blank=True, default="")
    mode_read_at = models.DateTimeField(null=True)
    plan = models.JSONField(null=True)
    plan_read_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=40, blank=True, default="")
    tried_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.device_id}: {self.mode or 'not known'}"
