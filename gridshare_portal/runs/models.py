"""What is kept about bulk runs: one row per run, one line per home, and what all workers share.

A line is the receipt of its home: why it was skipped, or the change that was made. The
lines are also the queue; nothing about a run stands anywhere else.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gridshare_portal.control import outcomes
from gridshare_portal.sites import models as sites

OTHER_PLAN = "The battery has another plan than was read before, so nothing was sent."


class Run(models.Model):
    """One wish for many homes of an organization, and how far it has come.

    While it is reading, its homes are being written down; `read_to` says how far that has come, in whatever
    whoever reads counts by, and one worker at a time is at it until `lease_until_at`. A draft is still being
    checked home by home, up to the position `read_to`. One that is checked waits for somebody to start it, or
    for `start_at`. One that came to nothing never had a home. `why` is a word and `sentence` says it in full
    where a run ended or paused by itself.
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
    """One home in a run. `asked` is what is asked of this very home, as absolute times.

    `undoes` is the change that a cancel takes back. A line that is taken belongs to one worker until
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
        FAILED = outcomes.FAILED, "Not sent"

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
    def stands(self) -> str:
        """Return the state as it is read in its run: what a new check has not reached is not checked yet."""
        is_beyond = self.run.state == Run.State.DRAFT and self.position > self.run.read_to
        return self.State.UNCHECKED if is_beyond else self.state

    @property
    def told(self) -> str:
        """Return what became of this home, as a sentence: the change's own once there is one."""
        if self.change is None or not self.change.sentence:
            return self.sentence
        return OTHER_PLAN if self.change.sentence == outcomes.PLAN_CHANGED else self.change.sentence


class DispatchSlot(models.Model):
    """A place for one worker at a time; there are fewer than workers, so that runs never take them all."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Slot {self.number}"


class RateLimit(models.Model):
    """When the next home may have its turn, for all runs and workers together: a single row."""

    number = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Next at {self.next_at}"


class TargetSelection(models.Model):
    """What was chosen for a run: a filter or a group, as an address says it, or a file.

    Of the file's `lines` that hold something `read` were read so far. `counts` says how many were left out
    for each reason, to the end, and `kept` how many of those stand beside this as rows.
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
        """Return how many lines were left out."""
        return sum(self.counts.values())


class RejectedRow(models.Model):
    """One line of a file that names no home for the run: what stands there, and a word for why."""

    choice = models.ForeignKey(TargetSelection, models.CASCADE, related_name="left", db_index=False)
    line = models.PositiveIntegerField()
    said = models.CharField(max_length=60, blank=True, default="")
    why = models.CharField(max_length=12)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["choice", "line"], name="runs_left_out_once")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"
