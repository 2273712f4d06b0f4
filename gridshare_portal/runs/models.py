"""Bulk runs: a row per run, a line per home, and what all workers share.

A line is the receipt of its home: why it was skipped, or its change. The lines are also the queue.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gridshare_portal.control import outcomes
from gridshare_portal.sites import models as sites

OTHER_PLAN = "The battery has another plan than was read before, so nothing was sent."


class Run(models.Model):
    """One operation on many homes of an organization, and its progress.

    READING: its homes are being written as lines; `read_to` counts in the unit of whatever is read, under a
    lease. DRAFT: being checked, up to the line position `read_to`. CHECKED: waits to be started, or for
    `start_at`. VOID: it never had a home. `why` is a key and `sentence` its text where a run ended or paused
    by itself.
    """

    class Kind(models.TextChoices):
        MODE = "mode", "Mode"
        PLAN = "plan", "Plan"

    class Times(models.TextChoices):
        ABSOLUTE = "absolute", "At the same moment everywhere"
        LOCAL = "local", "By each home's clock"

    class State(models.TextChoices):
        READING = "reading", "Finding the homes"
        VOID = "void", "Came to nothing"
        DRAFT = "draft", "Being checked"
        CHECKED = "checked", "Checked, not started"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        STOPPING = "stopping", "Stopping"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="runs")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    carried_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    asked = models.JSONField()
    times = models.CharField(max_length=8, choices=Times.choices, default=Times.ABSOLUTE)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    why = models.CharField(max_length=20, blank=True, default="")
    sentence = models.CharField(max_length=300, blank=True, default="")
    homes = models.PositiveIntegerField(default=0)
    canary = models.PositiveIntegerField(default=0)
    canary_passed_at = models.DateTimeField(null=True)
    stop_at_failure_pct = models.PositiveSmallIntegerField(default=100)
    start_at = models.DateTimeField(null=True)
    cancel_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="cancels")
    read_to = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-made_at"], name="runs_of_org"),
            models.Index(fields=["state", "start_at"], name="runs_by_state"),
        ]

    def __str__(self) -> str:
        return self.name


class Line(models.Model):
    """One home in a run. `asked` is the operation on this very home, in absolute times.

    `undoes` is the change that a cancel reverts. A line that is taken belongs to one worker until
    `lease_until_at`; once its change is written, the change alone says what is true.
    """

    class State(models.TextChoices):
        UNCHECKED = "unchecked", "Not checked yet"
        SKIPPED = "skipped", "Skipped"
        WAITING = "waiting", "Waiting"
        TAKEN = "taken", "On its way"
        CONFIRMED = outcomes.CONFIRMED, "Confirmed"
        CONTRADICTED = outcomes.CONTRADICTED, "The device says otherwise"
        UNCONFIRMED = outcomes.UNCONFIRMED, "Not confirmed"
        REFUSED = outcomes.REFUSED, "Refused"
        FAILED = outcomes.FAILED, "Failed"
        OVERTAKEN = outcomes.OVERTAKEN, "Overtaken"

    run = models.ForeignKey(Run, models.CASCADE, related_name="lines")
    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="run_lines")
    device = models.ForeignKey(sites.Device, models.SET_NULL, null=True, related_name="run_lines")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNCHECKED)
    why = models.CharField(max_length=20, blank=True, default="")
    sentence = models.CharField(max_length=300, blank=True, default="")
    asked = models.JSONField(null=True)
    undoes = models.ForeignKey("control.Change", models.SET_NULL, null=True, related_name="+")
    change = models.OneToOneField("control.Change", models.SET_NULL, null=True, related_name="line")
    attempt = models.PositiveSmallIntegerField(default=1)
    delays = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "site"], name="runs_line_once")]
        indexes = [
            models.Index(fields=["run", "position"], name="runs_lines_in_order"),
            models.Index(fields=["run", "state", "position"], name="runs_lines_by_state"),
            models.Index(fields=["state", "lease_until_at"], name="runs_lines_taken"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id}: {self.get_state_display()}"

    @property
    def shown_state(self) -> str:
        """The state as shown: what a new check has not reached is not checked yet."""
        is_beyond = self.run.state == Run.State.DRAFT and self.position > self.run.read_to
        return self.State.UNCHECKED if is_beyond else self.state

    @property
    def outcome_sentence(self) -> str:
        """The outcome at this home as a sentence: the change's own once there is one."""
        if self.change is None or not self.change.sentence:
            return self.sentence
        return OTHER_PLAN if self.change.sentence == outcomes.PLAN_CHANGED else self.change.sentence


class DispatchSlot(models.Model):
    """A lease for one worker; there are fewer slots than workers, so that runs never take them all."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Slot {self.number}"


class RateLimit(models.Model):
    """When the next home may be sent, for all runs and workers together: a single row."""

    number = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Next at {self.next_at}"


class TargetSelection(models.Model):
    """How a run's homes were chosen: a filter or group as a query string, or a file.

    `lines` of the file are not blank, and `read` of them were read so far. `counts` is reason -> lines left
    out, and `kept` how many of those are kept as RejectedRow.
    """

    class Way(models.TextChoices):
        FILTER = "filter", "A filter"
        GROUP = "group", "A group"
        FILE = "file", "A file"

    run = models.OneToOneField(Run, models.CASCADE, related_name="choice")
    way = models.CharField(max_length=8, choices=Way.choices)
    query = models.TextField(blank=True, default="")
    file_name = models.CharField(max_length=80, blank=True, default="")
    packed = models.BinaryField(null=True)
    lines = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    kept = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.get_way_display()} for {self.run_id}"

    @property
    def left_out(self) -> int:
        return sum(self.counts.values())


class RejectedRow(models.Model):
    """A line of a file that names no home for the run: its text, and a key of site_files.REASONS."""

    choice = models.ForeignKey(TargetSelection, models.CASCADE, related_name="left", db_index=False)
    line = models.PositiveIntegerField()
    said = models.CharField(max_length=60, blank=True, default="")
    why = models.CharField(max_length=12)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["choice", "line"], name="runs_left_out_once")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"
