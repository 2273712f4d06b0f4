"""What is stored of readings: a sensor's days as packed columns, its newest reading, and what is due.

A Day is a UTC day. Until closed_at is set it is asked for again at ask_again_at, since services correct
readings and hand in late ones. A bit of `known` that is not set is a bucket that the API did not have so far.
A SiteDay says when anything of a home's day changed, and keeps what was made of it.
"""

from __future__ import annotations

from django.db import models


class Day(models.Model):
    """One UTC day of one sensor: packed columns, a bit per known bucket, and roll-ups for lists.

    Columns are in steps of step_s; told_s is how long the buckets were that the service told of that day.
    """

    sensor = models.ForeignKey("sites.Sensor", models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    step_s = models.PositiveIntegerField()
    packed = models.BinaryField()
    known = models.BinaryField()
    known_count = models.PositiveIntegerField()
    ask_again_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    in_wh = models.FloatField(null=True, blank=True)
    out_wh = models.FloatField(null=True, blank=True)
    peak_w = models.FloatField(null=True, blank=True)
    told_s = models.PositiveIntegerField(default=900, db_default=900)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="telemetry_day_once")]
        indexes = [
            models.Index(
                fields=["sensor", "ask_again_at"],
                condition=models.Q(ask_again_at__isnull=False),
                name="telemetry_day_again",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sensor_id} on {self.day}"


class SiteDay(models.Model):
    """One date of a home: a stamp of the readings stored of that UTC day, and the sums of that local day.

    `stamp` is another number after each change of any of the home's readings of the UTC day; 0, or without a
    row, there are none. `sums` hold as long as `made_of` names the stamps, and all else, that they are of.
    Rows of more than one of `days` have sums alone, of stretches of which more is known than of their days.
    """

    site = models.ForeignKey("sites.Site", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    days = models.PositiveSmallIntegerField(default=1, db_default=1)
    stamp = models.BigIntegerField()
    made_of = models.BinaryField(null=True, blank=True)
    sums = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "days"], name="telemetry_site_days_once")
        ]

    def __str__(self) -> str:
        return f"{self.site_id} on {self.day}"


class Latest(models.Model):
    """A sensor's newest reading in plain columns; its bucket may still be running."""

    sensor = models.OneToOneField("sites.Sensor", models.CASCADE, related_name="latest")
    at = models.DateTimeField()
    in_w = models.FloatField(null=True, blank=True)
    out_w = models.FloatField(null=True, blank=True)
    voltage_v = models.FloatField(null=True, blank=True)
    current_a = models.FloatField(null=True, blank=True)
    charge_pct = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=40, blank=True, default="")
    in_wh = models.FloatField(null=True, blank=True)
    out_wh = models.FloatField(null=True, blank=True)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.sensor_id} at {self.at}"


class Revision(models.Model):
    """What a service changed later of one sensor's local day, and when that was noticed last.

    `revised` buckets were corrected and `filled` ones handed in, counted each time. Energies are those of the
    day before the first change and after the last; None is unknown.
    """

    sensor = models.ForeignKey("sites.Sensor", models.CASCADE, related_name="revisions", db_index=False)
    day = models.DateField()
    noticed_at = models.DateTimeField()
    revised = models.PositiveIntegerField()
    filled = models.PositiveIntegerField()
    in_before_wh = models.FloatField(null=True, blank=True)
    in_after_wh = models.FloatField(null=True, blank=True)
    out_before_wh = models.FloatField(null=True, blank=True)
    out_after_wh = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="telemetry_revision_once")]

    def __str__(self) -> str:
        return f"{self.sensor_id} on {self.day}, noticed {self.noticed_at}"


class Meaning(models.Model):
    """How a sensor tells its readings, where that is known: what was found, and what an operator set.

    `found` holds for each property its value, the moment of the reading that showed it, and of a first one
    that showed another, and votes about stamps until they are decided; `chosen` holds values, and goes
    before. Both go by the names of `told.Told`. Days that are due since changed_at or before are as the
    portal restated them then.
    """

    sensor = models.OneToOneField("sites.Sensor", models.CASCADE, related_name="meaning")
    found = models.JSONField(default=dict, blank=True)
    chosen = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.sensor_id} as it tells its readings"


class Collection(models.Model):
    """The queue of readings: one row per home, due at a moment, run by one worker at a time.

    due_at is null while only the homeowner can help. The walk into the past goes from `cursor` down to
    `goal`; `filled_back_to` is the furthest it ever came, for the progress bar, and `walked_on` the
    day on which it left something out. `refused` holds the sensors
    that the API did not let be read the last time, by key, with a word for why. `stamped_at` is last_ok_at as
    whoever leaves stamps of days wrote it: where the two differ, a version without stamps has written.
    """

    site = models.OneToOneField("sites.Site", models.CASCADE, related_name="collection")
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until_at = models.DateTimeField(null=True, blank=True)
    watched_at = models.DateTimeField(null=True, blank=True)
    goal = models.DateField()
    cursor = models.DateField(null=True, blank=True)
    filled_back_to = models.DateField(null=True, blank=True)
    walked_on = models.DateField(null=True, blank=True)
    refused = models.JSONField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    stamped_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.site_id}, due {self.due_at}"
