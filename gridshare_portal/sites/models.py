"""What is stored about homes: the connections that reach them, devices and sensors, and how calls went.

A home may be reached through several connections, and a connection may reach several homes; ConnectionSite is
that pair. Nothing is deleted because the API stopped listing it: it is marked as lost. When other people live
in a home, it gets a row of its own, and the row of those before them is left.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from gridshare_portal.gridshare import ids


class Role(models.TextChoices):
    """What a sensor measures, as energy is counted."""

    GRID = "grid", "Grid"
    BATTERY = "battery", "Battery"
    SOLAR = "solar", "Solar"
    EV = "ev", "Electric car"
    RELAY = "relay", "Switched load"
    HOME = "home", "Whole home"
    UNKNOWN = "unknown", "Not known"


class Site(models.Model):
    """One home as some people live in it, with the name and time zone that only they can tell.

    synth_id is the API's id in the row of whoever lives there now. A row that was left (left_at) gives it up
    and keeps it as former_id; the row after it begins at begun_at: nothing from before is fetched for it.
    record_id is the home's name in the audit log, where that is not synth_id.
    """

    synth_id = models.CharField(max_length=ids.LONGEST, unique=True)
    record_id = models.CharField(max_length=ids.LONGEST, blank=True, default="", db_default="")
    former_id = models.CharField(max_length=ids.LONGEST, blank=True, default="", db_default="")
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64)
    zone_confirmed_at = models.DateTimeField(null=True, blank=True)
    topology = models.JSONField(default=dict, blank=True)
    topology_read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    is_own: bool  # whether the home is the reader's own, as policy.marked_own annotates
    proposal_waits: bool  # whether a change waits for an answer, as control.queries.marked_waiting annotates
    needs_help: bool  # whether a case of it is open, as cases.queries.homes annotates
    was_examined: bool  # before which nobody can say that all is well; as needs_help

    class Meta:
        indexes = [
            models.Index(
                fields=["former_id"], name="sites_left_by_id", condition=models.Q(left_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def audit_id(self) -> str:
        """The name by which the audit log knows these people's home, whatever becomes of the API's id."""
        return self.record_id or self.synth_id


class ConnectionSite(models.Model):
    """A connection that lists a site; lost_at says since when it no longer does.

    is_kept says that the site was left while its person's connection had ended: nothing is reached through it
    any more, and its person goes on seeing what was stored.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="connection_sites")
    connection = models.ForeignKey("lunar.Connection", models.CASCADE, related_name="connection_sites")
    seen_at = models.DateTimeField()
    lost_at = models.DateTimeField(null=True, blank=True)
    is_kept = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "connection"], name="sites_reach_once")]

    def __str__(self) -> str:
        return f"{self.connection_id} → {self.site_id}"


class Device(models.Model):
    """A device as last read; gone_at says since when its site no longer lists it."""

    site = models.ForeignKey(Site, models.CASCADE, null=True, blank=True, related_name="devices")
    synth_id = models.CharField(max_length=ids.LONGEST, unique=True)
    kind = models.CharField(max_length=64, blank=True, default="")
    manufacturer = models.CharField(max_length=200, blank=True, default="")
    model = models.CharField(max_length=200, blank=True, default="")
    serial_number = models.CharField(max_length=200, blank=True, default="")
    capacity_wh = models.FloatField(null=True, blank=True)
    power_limit_w = models.FloatField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    details_read_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    is_own: bool  # whether the home is the reader's own, as policy.marked_own annotates

    def __str__(self) -> str:
        return self.model or self.kind or self.synth_id


class Sensor(models.Model):
    """A stream of readings, and what it measures: as found, unless the homeowner said otherwise.

    One that left the topology keeps its row, and with it its readings; gone_at says since when.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="sensors")
    device = models.ForeignKey(Device, models.SET_NULL, null=True, blank=True, related_name="sensors")
    synth_id = models.CharField(max_length=ids.LONGEST)
    kind = models.CharField(max_length=64, blank=True, default="")
    channels = models.JSONField(default=list, blank=True)
    role_found = models.CharField(max_length=16, choices=Role.choices, default=Role.UNKNOWN)
    role_set = models.CharField(max_length=16, choices=Role.choices, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    gone_at = models.DateTimeField(null=True, blank=True)
    is_own: bool  # whether the home is the reader's own, as policy.marked_own annotates

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["site", "synth_id"], name="sites_sensor_once")]

    def __str__(self) -> str:
        return self.synth_id

    @property
    def role(self) -> str:
        """The role that counts: the homeowner's correction goes before what was found."""
        return self.role_set or self.role_found


class Sync(models.Model):
    """The queue of reads: one row per connection, due at a moment, run by one worker at a time.

    `unread_sites` and `unread_devices` are the entries of the last lists whose ids could not be used.
    """

    class State(models.TextChoices):
        DUE = "due", "Due"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    connection = models.OneToOneField("lunar.Connection", models.CASCADE, related_name="sync")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    step = models.CharField(max_length=16, blank=True, default="")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, default="")
    unread_sites = models.PositiveIntegerField(default=0, db_default=0)
    unread_devices = models.PositiveIntegerField(default=0, db_default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.state}"


class Call(models.Model):
    """How one operation went when it was last called for a home: no token, and no content.

    Calls that were made together count as one; if any of them failed, they failed. since_at is when the
    failures in a row began.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="calls")
    operation = models.CharField(max_length=40)
    last_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True, default="")
    ms = models.PositiveIntegerField(default=0)
    ok_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    since_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["operation"]
        constraints = [
            models.UniqueConstraint(fields=["site", "operation"], name="sites_call_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.error or self.status}"


class RawResponse(models.Model):
    """A raw answer of the API that a person requested to look at; it is soon deleted.

    asked_for is the key of the organization on whose behalf: this package knows no organizations. taken_at
    says that a worker has it; came_at, that there is nothing more to wait for.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="answers")
    connection = models.ForeignKey("lunar.Connection", models.CASCADE, null=True, related_name="answers")
    operation = models.CharField(max_length=40)
    subject = models.CharField(max_length=ids.LONGEST, blank=True, default="")
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="answers")
    asked_for = models.PositiveBigIntegerField()
    asked_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True, default="")
    body = models.TextField(blank=True, default="")
    size = models.PositiveIntegerField(default=0)
    ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["site", "asked_for", "-asked_at"], name="sites_answers_of_site")]

    def __str__(self) -> str:
        return f"{self.operation} at {self.asked_at}"
